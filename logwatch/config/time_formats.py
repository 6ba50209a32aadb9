"""`time_format:` of a source: what is wrong with it, and whether its log is written so."""

from __future__ import annotations

import os
from datetime import UTC
from glob import iglob
from itertools import islice
from pathlib import Path

from logwatch import parsers
from logwatch.config.found import Found
from logwatch.config.keys import SourceKeys
from logwatch.config.own_formats import parser_of
from logwatch.config.problems import Report, shown, split_remedy
from logwatch.parsers.time_formats import TimeFormatError, pattern_of
from logwatch.tailer.settings import SourceSettings, is_excluded
from logwatch.tailer.text_encoding import is_wide

_FORMATS = ("plain", "json", "logfmt")
_MOST_FILES = 20
_END_BYTES = 65_536
_MOST_LINES = 200


def check_time_format(found: Found[SourceKeys], report: Report) -> bool:
    """Whether each of its formats can be."""
    keys = found.value
    is_known = parsers.inner(keys.format) in parsers.FORMATS
    if is_known and keys.format not in _FORMATS:
        report.error(
            found.key("time_format"),
            "bad-value",
            f"format {keys.format!r} has stamps of its own",
            "remove 'time_format', or set format: plain, json or logfmt",
        )
        return False
    sound = [_check(found, number, text, report) for number, text in enumerate(keys.time_format)]
    return all(sound)


def _check(found: Found[SourceKeys], number: int, text: str, report: Report) -> bool:
    try:
        pattern_of(text)
    except TimeFormatError as problem:
        place = found.inside(("time_format", number), problem.at, problem.length)
        report.error(place, "bad-value", *split_remedy(str(problem)))
        return False
    return True


def look_at_lines(found: Found[SourceKeys], source: SourceSettings, report: Report) -> None:
    """Warn where no line at the end of a log of `source` is of its own format, or time format."""
    is_own = parsers.is_own(source.format)
    if is_wide(source.encoding):
        return
    end = _end(source)
    if end is None:
        return
    path, lines, written = end
    parser = parser_of(source, UTC)
    whole = [line for line in lines if not line[:1].isspace()] or lines
    parsed = [parser.parse(line, written) for line in lines]
    if is_own and not any(one.fields for one in parsed):
        key = "format"
    elif source.time_format and all(one.time is None for one in parsed):
        key = "time_format"
    else:
        return
    report.warning(
        found.place(key),
        "no-match",
        f"none of the last lines of {path} is written so",
        f"one of them is {shown(whole[-1])}",
    )


def _end(source: SourceSettings) -> tuple[Path, list[str], float] | None:
    """The last lines of the first log that holds any, and when it was written."""
    paths = (each for glob in source.paths for each in iglob(glob, recursive=True))  # noqa: PTH207  # absolute
    for path in map(Path, islice(paths, _MOST_FILES)):
        if is_excluded(str(path), source.exclude) or not path.is_file():
            continue
        try:
            with path.open("rb") as file:
                found = os.fstat(file.fileno())
                file.seek(max(found.st_size - _END_BYTES, 0))
                lines = file.read(_END_BYTES).decode(source.encoding, "replace").splitlines()
        except OSError:
            continue
        if lines:
            return path, lines[-_MOST_LINES:], found.st_mtime
    return None
