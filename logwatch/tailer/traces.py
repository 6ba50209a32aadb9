r"""What continues a record: the shapes of stack traces, as patterns over the bytes of a log.

For each preset there are two patterns. `record` matches a record from the beginning of its first
line to the end of its last one, and decides line by line: whether a line continues the record
depends on the lines before it and on itself, on nothing behind it. So it is the same record
wherever the log was cut before it was looked at. Blank lines belong to a record where a line behind
them does. `hint` matches the newline before any line that can continue a record of one ordinary
line. In most logs there are few, so that most lines are never looked at one by one.

No repeat is gone back into, and none is longer than the longest record that is asked for: what a
match takes grows with the record only. A repeated group is atomic, and only what is simpler is
possessive: before 3.11.5 Python went on at a wrong place behind a possessive group that can match
in several ways (https://github.com/python/cpython/issues/106052), and Debian 12 has such a Python.

Sources of the shapes: the Java manual, `Throwable.printStackTrace`; Python's manual, `traceback`,
and PEP 654 for groups of exceptions; the Go sources, `runtime/panic.go`, `runtime/traceback.go`.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

Preset: TypeAlias = Literal["java", "python", "go", "indent"]

_LINE = rb"[^\n]*+\n"
_BLANK = rb"(?>(?:\r?\n)*)"
_END = rb"[ \t]*+\r?+\n"
_INDENTED = rb"[ \t]"


def _one(begins: bytes) -> bytes:
    """A line that begins so, and blank ones before it."""
    return _BLANK + rb"(?=" + begins + rb")" + _LINE


def _any(lines: bytes) -> bytes:
    """These lines, any number of times."""
    return rb"(?>(?:" + lines + rb"){0,MOST})"


def _some(begins: bytes) -> bytes:
    """Lines that begin so, and blank ones before each."""
    return _any(_one(begins))


def _perhaps(lines: bytes) -> bytes:
    return rb"(?>(?:" + lines + rb")?)"


# Java: the class of an exception stands in a line of its own below the message of the log, unless
# it was printed without one; so a second such line is the next record.
_CLASS = rb"(?>(?:[a-z_$][\w$]*+\.)+)[A-Z][\w$.]*+(?::[ \t\r\n]|" + _END + rb")"
_AT = _INDENTED + rb"|Suppressed: |\.\.\. \d++ (?:more|common frames)"
# java.util.logging tells when and where in one line, and what in the next.
_LEVEL = rb"(?:SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): "
# A message of several lines, in front of frames that are sure to come.
_MESSAGE = rb"(?!" + _CLASS + rb")[a-z(*'\"-]"
_DATED = rb"[A-Z][a-z]{2} \d{1,2}, \d{4},? \d{1,2}:\d\d:\d\d [AP]M "

_THROWN = _one(_CLASS) + _some(_MESSAGE)
_CAUSE = _one(rb"Caused by: |Wrapped by: ") + _some(_MESSAGE)

_JAVA = (
    rb"(?:(?=" + _CLASS + rb")" + _THROWN
    + rb"|(?=" + _DATED + rb")" + _LINE + _perhaps(_one(_LEVEL)) + _perhaps(_THROWN)
    + rb"|" + _LINE + _perhaps(_THROWN)
    + rb")" + _any(_CAUSE + rb"|" + _one(_AT))
)  # fmt: skip

# Python: frames are indented, and one line behind them names the exception.
_TRACEBACK = rb"Traceback \(most recent call last\):" + _END
_ERROR = rb"[A-Za-z_\x80-\xff][\w.<>\x80-\xff]*+(?::|" + _END + rb")"
_GROUP = rb" *+\+ Exception Group Traceback \(most recent call last\):" + _END
_CHAIN = (
    rb"(?:During handling of the above exception, another exception occurred"
    rb"|The above exception was the direct cause of the following exception):" + _END
)
# What asyncio says of a task that failed, and how messages of SQLAlchemy and PostgreSQL go on.
_CONTEXT = (
    rb"(?:future|task|handle|transport|protocol|asyncgen|socket): <|source_traceback: Object "
)
_DETAIL = rb"\[SQL: |\[parameters: |\(Background on this error at: |DETAIL:  |HINT:  |LINE \d++: "
_STACK = rb"(?:Stack \(most recent call last\)|Call stack):" + _END

_FRAMES = _some(rb"(?!" + _GROUP + rb")" + _INDENTED)
_FAILURE = (
    rb"(?:" + _one(_TRACEBACK) + _FRAMES
    + _perhaps(_one(_ERROR) + _some(rb"(?!" + _GROUP + rb")" + _INDENTED + rb"|" + _DETAIL))
    + rb"|" + _one(_GROUP) + _FRAMES
    + rb")"
)  # fmt: skip
_PYTHON = (
    rb"(?:" + _FAILURE
    + rb"|" + _LINE + _some(rb"(?!" + _GROUP + rb")" + _INDENTED + rb"|" + _CONTEXT)
    + _perhaps(_FAILURE)
    + rb")"
    + _any(_one(_CHAIN) + _perhaps(_FAILURE))
    + _perhaps(_one(_STACK) + _FRAMES + _some(rb"Message: |Arguments: "))
)  # fmt: skip

# Go: a frame is two lines, what was called, in one word up to its parenthesis, and where.
_GOROUTINE = rb"(?:goroutine (?:\d++|running)[ \[]|runtime stack:)"
_CALL = (
    rb"[^\s(]++\([^\n]*\)" + _END
    + rb"|created by |\.\.\.(?:additional|\d)|\[originating from |exit status \d"
    + rb"|[re][a-z0-9]{1,5} ++0x|[cdefgs]s ++0x"
)  # fmt: skip
# The stacks of zap and of pkg/errors begin without a word on the goroutine.
_FUNCTION = rb"[A-Za-z_](?>(?:[\w.~-]*+/)*)[\w~-]*+\.[\w.()*\[\]]++" + _END
_SIGNAL = rb"\[signal |\[recovered|PC=0x"

_GO = (
    _LINE + _some(_INDENTED + rb"|" + _SIGNAL + rb"|" + _FUNCTION)
    + _perhaps(_one(_GOROUTINE) + _some(_INDENTED + rb"|" + _GOROUTINE + rb"|" + _CALL))
)  # fmt: skip

_SHAPES: dict[Preset, tuple[bytes, bytes]] = {
    "java": (_JAVA, _AT + rb"|Caused by: |Wrapped by: |" + _LEVEL + rb"|" + _CLASS),
    "python": (
        _PYTHON,
        rb"|".join((_INDENTED, _TRACEBACK, _GROUP, _CHAIN, _CONTEXT, _STACK)),
    ),
    "go": (_GO, _INDENTED + rb"|" + _GOROUTINE + rb"|" + _SIGNAL + rb"|" + _FUNCTION),
    "indent": (_LINE + _some(_INDENTED), _INDENTED),
}


class Trace(NamedTuple):
    """The patterns of one preset."""

    record: re.Pattern[bytes]
    """A whole record, from its first line on."""
    hint: re.Pattern[bytes]
    """The newline before a line that can be the second of a record."""


def trace(preset: Preset, max_lines: int) -> Trace:
    """The patterns of `preset`; a match of `record` goes beyond `max_lines` where there are more.

    By how much is not said, but what it takes is bounded.
    """
    record, hint = _SHAPES[preset]
    sized = record.replace(b"MOST", b"%d" % max_lines)
    return Trace(re.compile(sized), re.compile(rb"\n(?=" + hint + rb")"))
