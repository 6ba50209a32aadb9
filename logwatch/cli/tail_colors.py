"""What stands out in a line without any configuration: level, time, address, id, path, key.

What is looked for in a line has a bound: a number of characters, and then a time, after which the
rest of the line is plain. Every pattern takes a time that grows with the line only. The text must
be harmless already. Sources: ECMA-48 for the colours, RFC 3339, RFC 3164 and the Common Log Format
for the stamps, RFC 9562 for UUIDs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from logwatch.clock import thread_seconds

LONGEST_HIGHLIGHTED = 2_000
"""Characters of a line in which anything is looked for."""
BUDGET_SECONDS = 0.001
"""CPU time for one line."""
_CHECK_EVERY = 16

LEVELS = ("trace", "debug", "info", "notice", "warning", "error", "critical")
"""From mild to grave."""
_SAME = {
    **dict.fromkeys(("trace", "finest", "verbose", "10"), "trace"),
    **dict.fromkeys(("debug", "dbg", "finer", "fine", "20", "7"), "debug"),
    **dict.fromkeys(("info", "information", "inf", "config", "log", "30", "6", "i"), "info"),
    **dict.fromkeys(("notice", "5"), "notice"),
    **dict.fromkeys(("warn", "warning", "wrn", "40", "4", "w"), "warning"),
    **dict.fromkeys(("error", "err", "severe", "50", "3", "e"), "error"),
    **dict.fromkeys(("crit", "critical", "fatal", "panic", "alert", "emerg"), "critical"),
    **dict.fromkeys(("emergency", "60", "2", "1", "0", "f"), "critical"),
}
"""Names of levels as programs write them; numbers are those of pino and of RFC 5424."""
LEVEL_COLORS = {
    "trace": "2",
    "debug": "2",
    "info": "32",
    "notice": "36",
    "warning": "33",
    "error": "1;31",
    "critical": "1;37;41",
}
DIM = "2"
EMPHASIS = "1;4"
MOST_PARTS = 8
LEAST_PART = 2
"""Characters; of fewer it is hard to say which are meant."""
_COLORS = {"time": DIM, "url": "4", "ip": "36", "id": "35", "path": "34", "key": DIM}
_COLORS |= {"failed": "1;31", "refused": "33"}

_LOUD = (
    "FATAL|CRITICAL|CRIT|PANIC|EMERG(?:ENCY)?|ALERT|SEVERE|ERROR|ERR|WARN(?:ING)?|WRN"
    "|NOTICE|INFO|INF|DEBUG|DBG|TRACE|FINEST|FINER|FINE"
)
_SOFT = "emerg|alert|crit|error|err|warning|warn|notice|info|debug|trace"
_KEYS = r"(?:level|lvl|severity|levelname|loglevel|log\.level)"
_LEVEL = (
    rf"(?<![\w-])(?:{_LOUD})(?![\w-])"
    rf"|(?<=\[)(?:{_SOFT})(?=\])"
    rf"|(?<=:)(?:{_SOFT})(?=\])"
    rf"|(?<=level=)\w{{3,9}}|(?<=lvl=)\w{{3,9}}|(?<=<)(?:{_SOFT})(?=>)"
)
_TIME = (
    r"(?<!\d)\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z|[ ]?[+-]\d\d:?\d\d)?"
    r"|\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d[ ][+-]\d{4}"
    r"|(?<!\w)(?:[A-Z][a-z]{2}[ ])?[A-Z][a-z]{2}[ ][ \d]\d[ ]\d\d:\d\d:\d\d(?:[ ]\d{4})?"
    r"|(?<![\d:])\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?![\d:])"
)
_IP = (
    r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{1,5})?(?![\w.])"
    r"|(?<![\w:.])(?=[0-9a-fA-F:]{6,39}(?![\w:]))[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*:[0-9a-fA-F]+"
)
_ID = (
    r"(?<![\w-])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![\w-])"
    r"|(?<![\w-])(?=[0-9a-f]{0,63}\d)(?=[0-9]{0,63}[a-f])[0-9a-f]{12,64}(?![\w-])"
)
_TOKENS = (
    rf"(?P<time>{_TIME})|(?P<level>{_LEVEL})|(?P<url>\bhttps?://[^\s\"'<>]{{1,500}})"
    rf"|(?P<id>{_ID})|(?P<ip>{_IP})"
    r"|(?P<path>(?<![\w./:<])/[\w.@%+~-]{1,100}(?:/[\w.@%+~-]{0,100}){0,30})"
    r"|(?P<key>(?<![\w.-])[A-Za-z_@][\w.-]{0,60}=)"
)
_PLAIN = re.compile(_TOKENS)
_REQUEST = re.compile(
    rf"(?P<failed>(?<=[ ])5\d\d(?=[ ]|$))|(?P<refused>(?<=[ ])4\d\d(?=[ ]|$))|{_TOKENS}"
)

_LEVEL_FIRST = re.compile(
    rf"(?<![\w-])({_LOUD})(?![\w-])|[\[:<]({_SOFT})[\]>]|{_KEYS}\"?[ ]?[=:][ ]?\"?([A-Za-z]\w*|\d0)"
)
_LEVEL_WITHIN = 400
"""Characters of a line within which its level stands."""


def canonical(name: str) -> str:
    """One of `LEVELS` for a name of a level; empty for what is none."""
    return _SAME.get(name.lower(), "")


def level_of(line: str) -> str:
    """The level that a line names, one of `LEVELS`; empty where it names none."""
    for found in _LEVEL_FIRST.finditer(line, 0, _LEVEL_WITHIN):
        if level := canonical(found[1] or found[2] or found[3]):
            return level
    return ""


def paint(color: str, text: str) -> str:
    """`text` in a colour."""
    return f"\x1b[{color}m{text}\x1b[0m" if text else ""


def highlight(
    line: str, *, request: bool = False, clock: Callable[[], float] = thread_seconds
) -> str:
    """`line` with colours; `request`: it is one of a web server, so 502 is a status.

    `clock` gives CPU seconds. What is not reached within the budget stays plain.
    """
    pattern = _REQUEST if request else _PLAIN
    shown: list[str] = []
    at = 0
    until = clock() + BUDGET_SECONDS
    for number, found in enumerate(pattern.finditer(line, 0, LONGEST_HIGHLIGHTED), 1):
        kind, text = found.lastgroup or "", found[0]
        color = LEVEL_COLORS.get(canonical(text), "") if kind == "level" else _COLORS[kind]
        if color:
            shown += (line[at : found.start()], paint(color, text))
            at = found.end()
        if number % _CHECK_EVERY == 0 and clock() > until:
            break
    shown.append(line[at:])
    return "".join(shown)


def emphasise(line: str, parts: Sequence[str], *, request: bool = False) -> str:
    """`line` with colours, and the first place of each of `parts` underlined."""
    spans: list[tuple[int, int]] = []
    for part in parts[:MOST_PARTS]:
        start = line.find(part) if len(part) >= LEAST_PART else -1
        end = start + len(part)
        if start >= 0 and all(end <= left or right <= start for left, right in spans):
            spans.append((start, end))
    shown: list[str] = []
    at = 0
    for start, end in sorted(spans):
        shown += (highlight(line[at:start], request=request), paint(EMPHASIS, line[start:end]))
        at = end
    shown.append(highlight(line[at:], request=request))
    return "".join(shown)


def worse_than(level: str) -> str:
    r"""A pattern that finds in a line that it is of `level` or worse.

    Raises KeyError where there is no such level.
    """
    meant = LEVELS[LEVELS.index(_SAME[level.lower()]) :]
    words = "|".join(_WORDS[name] for name in meant)
    numbers = "".join(f"|{_NUMBERS[name]}" for name in meant if name in _NUMBERS)
    return (
        rf"(?:^|[^\w-])(?:{words})(?:[^\w-]|$)|[\[:<](?i:{words})[\]>]"
        rf'|{_KEYS}"?\s?[=:]\s?"?(?i:{words}{numbers})(?:\W|$)'
    )


_WORDS = {
    "trace": "TRACE|FINEST|VERBOSE",
    "debug": "DEBUG|DBG|FINER?",
    "info": "INFO?|INFORMATION",
    "notice": "NOTICE",
    "warning": "WARN(?:ING)?|WRN",
    "error": "ERR(?:OR)?|SEVERE",
    "critical": "CRIT(?:ICAL)?|FATAL|PANIC|ALERT|EMERG(?:ENCY)?",
}
_NUMBERS = {"trace": 10, "debug": 20, "info": 30, "warning": 40, "error": 50, "critical": 60}
