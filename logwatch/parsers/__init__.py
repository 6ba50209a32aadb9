"""Stage 2, lines -> fields: what a line says of its time and its parts, one file per format."""

from __future__ import annotations

from collections.abc import Callable

from logwatch.conditions import Where
from logwatch.parsers import access_log, json_lines, logfmt, syslog
from logwatch.parsers.access_log import AccessLogParser
from logwatch.parsers.base import Parser, ParserSettings
from logwatch.parsers.json_lines import JsonParser
from logwatch.parsers.logfmt import LogfmtParser
from logwatch.parsers.needles import NEVER, Enumerated, Needle, Writing, best
from logwatch.parsers.plain import PlainParser
from logwatch.parsers.syslog import SyslogParser

__all__ = [
    "FORMATS",
    "NEVER",
    "can_have",
    "field_names",
    "field_values",
    "make_parser",
    "needle",
]

FORMATS: dict[str, Callable[[ParserSettings], Parser]] = {
    "plain": PlainParser,
    "syslog": SyslogParser,
    "json": JsonParser,
    "logfmt": LogfmtParser,
    "combined": AccessLogParser,
}
"""How a source's `format` is made."""

RECEIVED = "received "
"""Before the name of a format: its records came over a network, with the address of the sender."""
PEER = "peer"
"""The field for that address, which no text has."""

_FIELD_NAMES: dict[str, tuple[str, ...] | None] = {
    "plain": (),
    "syslog": syslog.FIELDS,
    "combined": access_log.FIELDS,
}

_WRITING: dict[str, Callable[[str], Writing | Enumerated | None]] = {
    "syslog": syslog.writing,
    "json": json_lines.writing,
    "logfmt": logfmt.writing,
    "combined": access_log.writing,
}


WRAPPINGS = ("docker", "cri")
"""Formats of lines that wrap lines of a program; `docker+json` where those are of a format, too."""


def inner(format: str) -> str:  # noqa: A002 - the name in YAML
    """What the lines of the program are, where `format` wraps them; else itself."""
    outer, _, own = format.partition("+")
    return (own or "plain") if outer in WRAPPINGS else format


def make_parser(format: str, settings: ParserSettings) -> Parser:  # noqa: A002 - the name in YAML
    """The parser of `format`, a name in `FORMATS`, wrapped or not. Raises KeyError for another."""
    return FORMATS[inner(format)](settings)


def field_names(format: str) -> tuple[str, ...] | None:  # noqa: A002 - the name in YAML
    """The names that fields of `format` can have; None where the lines decide (json, logfmt).

    syslog may have structured data under further, dotted names.
    """
    names = _FIELD_NAMES.get(format.removeprefix(RECEIVED))
    return (*names, PEER) if names is not None and format.startswith(RECEIVED) else names


def field_values(format: str, field: str) -> tuple[str, ...] | None:  # noqa: A002 - the name in YAML
    """All values that a field of `format` can have; None where they are without number."""
    return syslog.VALUES.get(field) if format.removeprefix(RECEIVED) == "syslog" else None


def can_have(format: str, field: str) -> bool:  # noqa: A002 - the name in YAML
    """Whether a line of `format` can have `field`."""
    names = field_names(format)
    is_syslog = format.removeprefix(RECEIVED) == "syslog"
    return names is None or field in names or (is_syslog and "." in field)


def needle(format: str, where: Where) -> Needle | None:  # noqa: A002 - the name in YAML
    """What every line of `format` contains that fulfils `where`; None where nothing is sure."""
    for condition in where:
        if not condition.passes_missing and not can_have(format, condition.field):
            return Needle((NEVER,), 0)
    if format.startswith(RECEIVED):  # what is not in the text says nothing of it
        where = tuple(each for each in where if each.field != PEER)
        format = format.removeprefix(RECEIVED)  # noqa: A001 - the name in YAML
    writing_of = _WRITING.get(format)
    return None if writing_of is None else best(where, writing_of)
