"""`format:` of a source that is a pattern of its own, and what reads the texts of any source."""

from __future__ import annotations

from datetime import tzinfo

from logwatch import parsers
from logwatch.config.found import Found
from logwatch.config.keys import SourceKeys
from logwatch.config.patterns import remedy, warn_of_pattern
from logwatch.config.problems import Report, shown, suggestion
from logwatch.matching.field_searches import FieldSearches
from logwatch.matching.pattern import PatternError, capture_names
from logwatch.parsers.base import Parser, ParserSettings
from logwatch.tailer.settings import SourceSettings


def check_own_format(found: Found[SourceKeys], report: Report) -> bool:
    """Whether lines can be read by the pattern, and whether `time` is one of its groups."""
    keys = found.value
    pattern = parsers.inner(keys.format)
    try:
        names = capture_names(pattern)
    except PatternError as error:
        before = len(keys.format) - len(pattern)
        position = error.position or 0
        place = found.inside(("format",), before + position)
        report.error(place, "bad-pattern", f"bad pattern: {error.message}", remedy(error))
        return False
    if not names:
        report.error(
            found.place("format"),
            "bad-value",
            "this pattern names no field",
            r"name what it takes: '(?P<client>\S+)'",
        )
        return False
    if keys.time is not None and keys.time not in names:
        report.error(
            found.place("time"),
            "unknown-field",
            f"'time' names {shown(keys.time)}, which 'format' does not capture",
            suggestion(keys.time, names, of="captured field"),
        )
        return False
    warn_of_pattern(found, ("format",), pattern, report)
    return True


def parser_of(source: SourceSettings, tz: tzinfo) -> Parser:
    """What reads single texts of `source`, stamps without a zone in `tz`."""
    own = parsers.inner(source.format) if parsers.is_own(source.format) else None
    settings = ParserSettings(
        tz=tz,
        time_field=source.time,
        time_format=source.time_format,
        make_search=FieldSearches((), own=own).search,
    )
    return parsers.make_parser(source.format, settings)
