"""Stage 2, lines -> fields: what a line says of its time and its parts, one file per format."""

from __future__ import annotations

from collections.abc import Callable

from logwatch.parsers import access_log, syslog
from logwatch.parsers.access_log import AccessLogParser
from logwatch.parsers.base import Parser, ParserSettings
from logwatch.parsers.json_lines import JsonParser
from logwatch.parsers.logfmt import LogfmtParser
from logwatch.parsers.plain import PlainParser
from logwatch.parsers.syslog import SyslogParser

FORMATS: dict[str, Callable[[ParserSettings], Parser]] = {
    "plain": PlainParser,
    "syslog": SyslogParser,
    "json": JsonParser,
    "logfmt": LogfmtParser,
    "combined": AccessLogParser,
}
"""How a source's `format` is made."""

_FIELD_NAMES: dict[str, tuple[str, ...] | None] = {
    "plain": (),
    "syslog": syslog.FIELDS,
    "combined": access_log.FIELDS,
}


def make_parser(format: str, settings: ParserSettings) -> Parser:  # noqa: A002 - the name in YAML
    """The parser of `format`, a name in `FORMATS`. Raises KeyError for another."""
    return FORMATS[format](settings)


def field_names(format: str) -> tuple[str, ...] | None:  # noqa: A002 - the name in YAML
    """The names that fields of `format` can have; None where the lines decide (json, logfmt).

    syslog may have structured data under further, dotted names.
    """
    return _FIELD_NAMES.get(format)
