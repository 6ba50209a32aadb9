"""What a log is: its format, its stamps, its encoding, where its messages and levels are.

Each format's own parser is tried over the lines; what it cannot read is not of that format. Lines
that go on with the record before (a stack trace) are no proof against a format.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta, timezone, tzinfo
from itertools import pairwise

from msgspec import Struct

from logwatch import parsers
from logwatch.parsers.base import Parser, ParserSettings
from logwatch.tailer.traces import Preset

MOST_LINES = 2_000
"""So many lines, evenly taken, are tried."""
LEAST_SHARE = 0.6
"""Of the lines that begin a record so many must be of the format."""
LEAST_PAIRS = 2
_DAY_SECONDS = 86_400.0
_CLOCKS = ("%I:%M:%S %p", "%H:%M:%S.%f", "%H:%M:%S,%f", "%H:%M:%S")
_YEARS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d", "%d/%b/%Y")
_SHORT_YEARS, _NO_YEARS = ("%y/%m/%d", "%y%m%d"), ("%m-%d", "%b %d")
_TIME_FORMATS = tuple(
    tuple(f"{date} {clock}" for date in dates)
    for dates in (_YEARS, _SHORT_YEARS, _NO_YEARS)
    for clock in _CLOCKS
)
"""What is tried on lines whose stamps are not among the usual ones, or not at their beginning: in
this order, for what fits the later ones is a part of what fits the earlier."""
_FAR = timezone(timedelta(hours=5, minutes=45))
"""A zone: what is read otherwise in it names no zone itself."""

MESSAGE_FIELDS = ("message", "msg", "log", "MESSAGE", "event", "text", "error")
LEVEL_FIELDS = ("level", "severity", "lvl", "levelname", "loglevel", "log.level", "Level", "s")

_CONTINUES = re.compile(r"\s|Traceback \(most|Caused by:|\.\.\. \d+ more|$")
_TRACES: dict[Preset, re.Pattern[str]] = {
    "python": re.compile(r"Traceback \(most recent call last\):"),
    "java": re.compile(r"\s+at [\w.$/<>@]+\("),
    "go": re.compile(r"goroutine \d+ \["),
}
_LEAST_INDENTED = 1 / 100
"""So many lines must begin with white space to be more than an odd one."""
_LOUD_LEVEL = re.compile(
    r"(?<![\w-])(?:(FATAL|CRITICAL|CRIT|PANIC|EMERG(?:ENCY)?|ALERT|SEVERE|ERROR|ERR"
    r"|WARN(?:ING)?|NOTICE|INFO|DEBUG|TRACE)(?![\w-])"
    r"|\[(emerg|alert|crit|error|warn|notice|info|debug)\])"
)
_LEVEL_WITHIN = 160
"""Characters of a line within which its level stands."""


class Form(Struct, frozen=True, kw_only=True):
    """What was recognised."""

    format: str
    share: float
    """Of the lines that begin a record, those that are of the format."""
    encoding: str = "utf-8"
    time_field: str | None = None
    """Which field holds the time, where the parser does not find it by itself."""
    time_format: str | None = None
    """How its stamps are written, where they are not among the usual ones."""
    stamped: float = 0.0
    """Share of the lines that have a time."""
    in_order: float = 1.0
    """Share of the lines that are not older than the one before."""
    names_zone: bool = True
    """Whether its stamps say of which zone they are."""
    message: str | None = None
    """The field with the message; None: the whole line."""
    level: str | None = None
    """The field with the level."""
    traces: int = 0
    """Lines that go on with the record before."""
    preset: Preset | None = None
    """What puts such lines together to records, where they are those of a language."""

    @property
    def time_formats(self) -> tuple[str, ...]:
        """As a source has them."""
        return () if self.time_format is None else (self.time_format,)


def continues(line: str) -> bool:
    """Whether a line belongs to the record before it: a stack trace, an indented text."""
    return _CONTINUES.match(line) is not None


def recognise(lines: Sequence[str], now: float) -> Form:
    """What `lines` are; `now` is when the newest of them was written, seconds since the epoch."""
    tried = evenly(lines, MOST_LINES)
    begins = [line for line in tried if not continues(line)] or tried
    shares = {name: _share(name, begins, now) for name in ("json", "combined", "syslog", "logfmt")}
    name = next((name for name, share in shares.items() if share >= LEAST_SHARE), "plain")
    parser, time_field = _with_time(name, begins, now)
    time_format = None
    if name == "plain" and _stamped(parser, begins, now) < LEAST_SHARE:
        time_format = _time_format(begins, now)
        if time_format is not None:
            parser = _parser(name, time_formats=(time_format,))
    counts = Counter(field for line in begins[:500] for field in parser.parse(line, now).fields)
    common = [field for field, count in counts.items() if count >= len(begins[:500]) / 3]
    return Form(
        format=name,
        share=shares.get(name, 1.0),
        time_field=time_field,
        time_format=time_format,
        stamped=_stamped(parser, begins, now),
        in_order=_in_order(parser, begins, now),
        names_zone=time_format is None and _names_zone(name, time_field, begins, now),
        message=next((field for field in MESSAGE_FIELDS if field in common), None),
        level=next((field for field in LEVEL_FIELDS if field in common), None),
        traces=len(tried) - len(begins),
        preset=_preset(tried),
    )


def _preset(lines: Sequence[str]) -> Preset | None:
    counts = {
        name: sum(pattern.match(line) is not None for line in lines)
        for name, pattern in _TRACES.items()
    }
    name = max(counts, key=counts.__getitem__)
    if counts[name]:
        return name
    indented = sum(line[:1] in (" ", "\t") for line in lines)
    return "indent" if 0 < len(lines) * _LEAST_INDENTED <= indented < len(lines) / 2 else None


def encoding_of(data: bytes) -> str:
    """utf-8, else latin-1, which any bytes are."""
    try:
        data.decode()
    except UnicodeDecodeError as problem:
        # A character that is cut in two at the end is no proof.
        return "utf-8" if problem.start >= len(data) - 3 else "latin-1"
    return "utf-8"


def level_of(form: Form, fields: Mapping[str, str], line: str) -> str:
    """The level of a record in small letters; empty where it has none."""
    if form.level is not None and form.level in fields:
        return fields[form.level].lower()
    if form.format == "combined":
        return ""
    found = _LOUD_LEVEL.search(line, 0, _LEVEL_WITHIN)
    return (found[1] or found[2]).lower() if found is not None else ""


def parser_of(form: Form) -> Parser:
    """What reads lines of this form."""
    return _parser(form.format, form.time_field, time_formats=form.time_formats)


def evenly(lines: Sequence[str], most: int) -> Sequence[str]:
    """`most` of `lines`, evenly taken."""
    step = max(1, -(-len(lines) // most))
    return lines[::step]


def _parser(
    name: str,
    time_field: str | None = None,
    zone: tzinfo = UTC,
    time_formats: tuple[str, ...] = (),
) -> Parser:
    settings = ParserSettings(tz=zone, time_field=time_field, time_format=time_formats)
    return parsers.make_parser(name, settings)


def _share(name: str, lines: Sequence[str], now: float) -> float:
    if not lines:
        return 0.0
    parser = _parser(name)
    return sum(_is_of(name, parser.parse(line, now).fields, line) for line in lines) / len(lines)


def _is_of(name: str, fields: Mapping[str, str], line: str) -> bool:
    if name == "syslog":
        return "program" in fields
    if name == "logfmt":
        # A word alone is a pair, too: a sentence is not meant.
        pairs = sum(f"{field}=" in line for field in fields)
        return pairs >= LEAST_PAIRS and pairs * 2 > len(fields)
    return bool(fields)


def _with_time(name: str, lines: Sequence[str], now: float) -> tuple[Parser, str | None]:
    """The parser, and which field it must be told to take the time from."""
    parser = _parser(name)
    if name not in ("json", "logfmt") or _stamped(parser, lines, now) >= LEAST_SHARE:
        return parser, None
    fields = dict.fromkeys(field for line in lines[:20] for field in parser.parse(line, now).fields)
    for field in fields:
        told = _parser(name, field)
        if _stamped(told, lines, now) >= LEAST_SHARE:
            return told, field
    return parser, None


def _time_format(lines: Sequence[str], now: float) -> str | None:
    """How the stamps of plain lines are written; None where that can be read in several ways.

    Of several ways the one counts by which the newest line was written with the file.
    """
    tried = (*evenly(lines, 50), *lines[-1:])
    for formats in _TIME_FORMATS:
        newest = {}
        for each in formats:
            parser = _parser("plain", time_formats=(each,))
            times = [time for line in tried if (time := parser.time(line, now)) is not None]
            if len(times) >= max(len(tried) * LEAST_SHARE, 1) and max(times) <= now + _DAY_SECONDS:
                newest[each] = max(times)
        if newest:
            found = min(newest, key=lambda each: abs(now - newest[each]))
            twin = found.translate({ord("d"): "m", ord("m"): "d"})
            is_sure = len(set(newest.values())) == 1 or abs(now - newest[found]) <= _DAY_SECONDS
            is_twofold = twin != found and newest.get(twin) == newest[found]
            return found if is_sure and not is_twofold else None
    return None


def _stamped(parser: Parser, lines: Sequence[str], now: float) -> float:
    if not lines:
        return 0.0
    return sum(parser.time(line, now) is not None for line in lines) / len(lines)


def _in_order(parser: Parser, lines: Sequence[str], now: float) -> float:
    times = [time for line in lines if (time := parser.time(line, now)) is not None]
    steps = list(pairwise(times))
    return sum(late >= early for early, late in steps) / len(steps) if steps else 1.0


def _names_zone(name: str, field: str | None, lines: Sequence[str], now: float) -> bool:
    here, far = _parser(name, field), _parser(name, field, _FAR)
    return all(here.time(line, now) == far.time(line, now) for line in lines[:20])
