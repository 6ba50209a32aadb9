"""Stage 2, lines -> fields: what a line says of its time and its parts, one file per format.

The file of a format is loaded when lines of that format are to be read.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol

from logwatch.conditions import Where
from logwatch.expressions import compiled
from logwatch.parsers.field_names import FIELDS, VALUES

if TYPE_CHECKING:
    from logwatch.parsers.base import Parser, ParserSettings
    from logwatch.parsers.needles import Enumerated, Needle, Writing

__all__ = [
    "FORMATS",
    "can_have",
    "field_names",
    "field_values",
    "is_format",
    "make_parser",
    "needle",
]

FORMATS: Final = {
    "plain": "plain",
    "syslog": "syslog",
    "json": "json_lines",
    "logfmt": "logfmt",
    "combined": "access_log",
}
"""What a source's `format` may be -> the file beside this one that reads it."""


class _File(Protocol):
    """What the file of a format offers."""

    PARSER: Callable[[ParserSettings], Parser]

    def writing(self, field: str) -> Writing | Enumerated | None:
        """How a line has `field`; None where nothing is sure."""
        ...


RECEIVED = "*received "
"""Before a format: its records came over a network, with the address of the sender. Like JOURNALD
it begins as neither the name of a format nor a pattern can."""
JOURNALD = "*journald "
"""Before a format of texts beside which the journal has fields of its own."""
PEER = "peer"
"""The field for that address, which no text has."""

WRAPPINGS = ("docker", "cri")
"""Formats of lines that wrap lines of a program; `docker+json` where those are of a format, too."""
_AROUND = (JOURNALD, *(f"{each}+" for each in WRAPPINGS))
"""Before a format that is not all that gives fields."""


def inner(format: str) -> str:  # noqa: A002 - the name in YAML
    """What the lines of the program are, where `format` wraps them; else itself."""
    outer, _, own = format.partition("+")
    return (own or "plain") if outer in WRAPPINGS else format


def own_pattern(format: str) -> str | None:  # noqa: A002 - as `Origin.told_as` has it
    """The pattern by which alone the fields of `format` are found; None where there is more."""
    text = format.removeprefix(RECEIVED)
    return text if is_own(text) and not text.startswith(_AROUND) else None


def is_own(format: str) -> bool:  # noqa: A002 - the name in YAML
    """Whether `format` is no name but a pattern, whose named groups are the fields."""
    return "(?P<" in format


def is_format(format: str) -> bool:  # noqa: A002 - the name in YAML
    """Whether `format`, wrapped or not, can be read."""
    return inner(format) in FORMATS or is_own(format)


def make_parser(format: str, settings: ParserSettings) -> Parser:  # noqa: A002 - the name in YAML
    """The parser of `format`, which is a name in `FORMATS` or a pattern, wrapped or not.

    Raises KeyError for another, and re.error for a pattern that is none.
    """
    if is_own(format):
        from logwatch.parsers.own_format import OwnFormatParser  # noqa: PLC0415 - as `_file`

        return OwnFormatParser(inner(format), settings)
    return _file(FORMATS[inner(format)]).PARSER(settings)


def field_names(format: str) -> tuple[str, ...] | None:  # noqa: A002 - the name in YAML
    """The names that fields of `format` can have; None where the lines decide (json, logfmt).

    syslog may have structured data under further, dotted names.
    """
    own = own_pattern(format)
    names = (
        FIELDS.get(format.removeprefix(RECEIVED))
        if own is None
        else tuple(compiled(own).groupindex)
    )
    return (*names, PEER) if names is not None and format.startswith(RECEIVED) else names


def field_values(format: str, field: str) -> tuple[str, ...] | None:  # noqa: A002 - the name in YAML
    """All values that a field of `format` can have; None where they are without number."""
    return VALUES.get(format.removeprefix(RECEIVED), {}).get(field)


def can_have(format: str, field: str) -> bool:  # noqa: A002 - the name in YAML
    """Whether a line of `format` can have `field`."""
    names = field_names(format)
    is_syslog = format.removeprefix(RECEIVED) == "syslog"
    return names is None or field in names or (is_syslog and "." in field)


def needle(format: str, where: Where) -> Needle | None:  # noqa: A002 - the name in YAML
    """What every line of `format` contains that fulfils `where`; None where nothing is sure."""
    from logwatch.parsers.needles import NEVER, Needle, best  # noqa: PLC0415 - few have conditions

    for condition in where:
        if not condition.passes_missing and not can_have(format, condition.field):
            return Needle((NEVER,), 0)
    if format.startswith(RECEIVED):  # what is not in the text says nothing of it
        where = tuple(each for each in where if each.field != PEER)
        format = format.removeprefix(RECEIVED)  # noqa: A001 - the name in YAML
    own = own_pattern(format)
    if own is not None:
        from logwatch.parsers.own_format import writings  # noqa: PLC0415 - as `_file`

        return best(where, writings(own).get)
    return best(where, _file(FORMATS[format]).writing) if format in FORMATS else None


def _file(name: str) -> _File:
    file: _File = import_module(f"logwatch.parsers.{name}")
    return file
