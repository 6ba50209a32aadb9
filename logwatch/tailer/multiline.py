r"""Lines -> records of several lines: which newlines are inside a record, and where it ends.

A record is cut out of whole lines that begin where a record begins. Nothing is remembered from one
call to the next: what is not complete is looked at again with what has come meanwhile. So the
records are the same wherever the log was cut into blocks, and an offset that is handed on is always
that of a record's beginning.

A record is complete when the first line behind it that is not blank begins the next one, when its
`end` was seen, or when there is no room for another line: it has `max_lines` lines and `max_line`
bytes at most. One that is ended for want of room is named in `Framed.cut`, and the next line begins
a record whatever it is; so no line is lost. A line of more than `max_line` bytes is a record by
itself. Blank lines between two records are records of their own, so that none ends with a newline.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple, Protocol

from msgspec import Struct

from logwatch.expressions import search_or_none
from logwatch.tailer.traces import Preset, trace

JOINT = b"\x0b"
"""Stands for a newline inside a record, where each record is to be one line: a vertical tab."""
MAX_LINES = 500
TIMEOUT_SECONDS = 2.0
LOOKED_AT = 4096
"""Bytes of a line in which `start` and `end` are looked for, so that no search takes long."""
_LEAST_PIECE = 1 << 10
_MOST_PIECE = 1 << 14
"""Bytes of lines that are decoded together, to be looked at one by one."""


class MultilineSettings(Struct, frozen=True, kw_only=True):
    """How the lines of a source are put together. Either `preset`, or `start` or `end` or both."""

    preset: Preset | None = None
    start: str | None = None
    """Pattern of Python's `re` that is found in the first line of a record.

    Like `end` it must be one that cannot take long on any line.
    """
    end: str | None = None
    """Pattern that is found in the last line of a record."""
    max_lines: int = MAX_LINES
    timeout: float = TIMEOUT_SECONDS
    """Seconds without a further line after which a record is taken as it is."""


@lru_cache(maxsize=256)
def framer_of(settings: MultilineSettings, encoding: str, max_line: int) -> Framer:
    """The framer of a source, shared by all its files. Raises re.error for a bad pattern."""
    return Framer(settings, encoding=encoding, max_line=max_line)


class Framed(NamedTuple):
    """The records at the beginning of some data that are complete."""

    data: bytes
    """Their lines, as they are in the file."""
    joined: bytes
    """The same, with a vertical tab for each newline inside a record."""
    cut: frozenset[int]
    """Offsets of the records among them that were ended for want of room."""

    def through(self, offset: int) -> Framed:
        """Those of the records that begin before `offset`."""
        end = self.joined.find(b"\n", offset - 1) + 1 if offset else 0
        if end in (0, len(self.data)) and offset:
            return self
        cut = frozenset(start for start in self.cut if start < end)
        return Framed(self.data[:end], self.joined[:end], cut)


class _Found(NamedTuple):
    """A record of several lines, or one that a further line may make one."""

    start: int
    end: int
    """Just after its last newline."""
    is_complete: bool
    """Whether no line behind it can belong to it."""


class _Shape(Protocol):
    def next(self, data: bytes, at: int) -> _Found | None:
        """The first such record from `at` on, where a record begins; None where there is none."""
        ...


class Framer:
    """Puts together the lines of one source; shared by the threads that read its files."""

    def __init__(self, settings: MultilineSettings, *, encoding: str, max_line: int) -> None:
        """Raises re.error for a bad pattern."""
        self.timeout = settings.timeout
        self.max_line = max_line
        self._max_lines = settings.max_lines
        self._max_line = max_line
        self._failures: deque[str] = deque()
        if settings.preset is not None:
            self._shape: _Shape = _Trace(settings.preset, settings.max_lines)
        else:
            self._shape = _Own(settings, encoding, max_line, self._failures)

    def failures(self) -> Iterator[str]:
        """Patterns in which Python's engine failed since somebody last asked, each told once.

        They count as not found in such a line.
        """
        while self._failures:
            try:
                yield self._failures.popleft()
            except IndexError:  # another thread took it
                return

    def frame(self, data: bytes, *, final: bool = False) -> Framed:
        """The complete records of `data`, whole lines of which the first begins a record.

        With `final` nothing comes behind them: all records are complete, and the last line may lack
        its newline.
        """
        whole = data if data.endswith(b"\n") or not data else data + b"\n"
        spans: list[tuple[int, int]] = []
        cut: list[int] = []
        end, at = len(data), _past_blanks(whole, 0)
        while at < len(whole) and (found := self._shape.next(whole, at)) is not None:
            start, stop = found.start, found.end
            room = self._room(whole, start, stop)
            if room < stop:
                stop = _without_blanks(whole, start, room)
                is_long = room - 1 - start > self._max_line  # that shows anyway
                if stop == room == _past_blanks(whole, room) and not is_long:
                    cut.append(start)
            at = _past_blanks(whole, stop)
            if at == len(whole) and not (final or found.is_complete) and self._fits(whole, start):
                end = start
                break
            if whole.find(b"\n", start) + 1 < stop:
                spans.append((start, stop - 1))
        kept = data if end == len(data) else data[:end]
        return Framed(kept, _joined(kept, spans), frozenset(cut))

    def _fits(self, data: bytes, start: int) -> bool:
        """Whether all from `start` on may be one record."""
        size = len(data) - start
        return size - 1 <= self._max_line and (
            size <= self._max_lines or data.count(b"\n", start) <= self._max_lines
        )

    def _room(self, data: bytes, start: int, stop: int) -> int:
        """Where a record from `start` to `stop` must end at the latest."""
        size = stop - start
        if size - 1 <= self._max_line and (
            size <= self._max_lines or data.count(b"\n", start, stop) <= self._max_lines
        ):
            return stop
        end = data.find(b"\n", start) + 1
        for _ in range(self._max_lines - 1):
            newline = data.find(b"\n", end, stop)
            if newline < 0 or newline - start > self._max_line:
                break
            end = newline + 1
        return end


_BLANKS = re.compile(rb"(?>(?:\r?\n)*)")


def _past_blanks(data: bytes, at: int) -> int:
    """Where the first line from `at` on begins that is not blank, else the end."""
    found = _BLANKS.match(data, at)
    return found.end() if found else at


def _without_blanks(data: bytes, start: int, end: int) -> int:
    """`end`, but before the blank lines that are there; the line at `start` is none."""
    while True:
        line = data.rfind(b"\n", start, end - 1) + 1
        if not line or data[line:end] not in (b"\n", b"\r\n"):
            return end
        end = line


def _last_line(data: bytes, start: int, end: int) -> int:
    """Where the last line before `end` begins that is not blank; the one at `start` counts."""
    end = _without_blanks(data, start, end)
    return data.rfind(b"\n", start, end - 1) + 1 or start


def _joined(data: bytes, spans: list[tuple[int, int]]) -> bytes:
    """`data` with a joint for each newline within one of `spans`; made in one copy."""
    if not spans:
        return data
    view, parts, at = memoryview(data), list[bytes | memoryview](), 0
    for start, stop in spans:
        parts += (view[at:start], data[start:stop].replace(b"\n", JOINT))
        at = stop
    parts.append(view[at:])
    return b"".join(parts)


class _Trace:
    """One of the presets: any record may go on, whatever it is so far."""

    def __init__(self, preset: Preset, max_lines: int) -> None:
        self._record, self._hint = trace(preset, max_lines)

    def next(self, data: bytes, at: int) -> _Found | None:
        """See `_Shape.next`."""
        while at < len(data):
            found = self._from(data, at)
            if found is not None:
                return found
            hint = self._hint.search(data, at)
            if hint is None:
                break
            line = hint.start() + 1
            before = _last_line(data, at, line)
            found = self._from(data, before)
            if found is not None and found.end > line:
                return found
            at = line
        return _last(data, at)

    def _from(self, data: bytes, start: int) -> _Found | None:
        """The record at `start`, if it has several lines."""
        match = self._record.match(data, start)
        if match is None or match.end() <= data.find(b"\n", start) + 1:
            return None
        return _Found(start, match.end(), is_complete=False)


class _Own:
    """Patterns of a configuration.

    With `start` alone, or `end` alone, each line belongs to a record that begins or ends so. With
    both, lines between an end and the next start are each a record of their own.
    """

    def __init__(
        self, settings: MultilineSettings, encoding: str, max_line: int, failures: deque[str]
    ) -> None:
        self._start = None if settings.start is None else search_or_none(settings.start, failures)
        self._end = None if settings.end is None else search_or_none(settings.end, failures)
        self._encoding = encoding
        self._max_line = max_line
        self._max_lines = settings.max_lines
        self._longest = min(max_line, LOOKED_AT)
        surely = None
        if settings.start is not None and self._end is None:
            surely = surely_begins(settings.start, self._longest)
        self._unsure = None
        if surely is not None:
            self._unsure = re.compile(rb"\n(?!" + surely + rb"|\r?\n|\Z)").search

    def next(self, data: bytes, at: int) -> _Found | None:
        """See `_Shape.next`."""
        while at < len(data):
            if self._end is None:
                line = self._continuation(data, at)
                if line is None:
                    return _last(data, at)
                found = self._from(data, _last_line(data, at, line))
            else:
                line = self._first(data, at, self._is_open)
                if line is None:
                    return None
                found = self._from(data, line)
            if data.find(b"\n", found.start) + 1 < found.end:
                return found
            at = _past_blanks(data, found.end)
            if at == len(data) and not found.is_complete:
                return found
        return None

    def _continuation(self, data: bytes, at: int) -> int | None:
        """The first line behind the one at `at` that does not begin a record, or may not."""
        if self._unsure is not None:
            unsure = self._unsure(data, at)
            return None if unsure is None else unsure.start() + 1
        second = _past_blanks(data, data.find(b"\n", at) + 1)
        return self._first(data, second, self._continues)

    def _continues(self, text: str) -> bool:
        assert self._start is not None
        return bool(text) and not self._start(text)

    def _is_open(self, text: str) -> bool:
        """Whether a record that begins with this line goes on."""
        begins = bool(text) if self._start is None else self._start(text)
        return bool(begins) and not (self._end is not None and self._end(text))

    def _first(self, data: bytes, at: int, wanted: Callable[[str], bool]) -> int | None:
        """Where the first line from `at` on begins that is wanted."""
        size = _LEAST_PIECE
        while at < len(data):
            stop = data.find(b"\n", at + size) + 1 or len(data)
            size = min(2 * size, _MOST_PIECE)
            lines = data[at : stop - 1].split(b"\n")
            for line, text in zip(lines, self._texts(data[at : stop - 1], lines), strict=True):
                if wanted(text):
                    return at
                at += len(line) + 1
        return None

    def _texts(self, piece: bytes, lines: list[bytes]) -> list[str]:
        """The texts of the lines of a piece of data; to decode them together costs half as much."""
        if b"\r" not in piece and max(map(len, lines)) <= self._longest:
            return piece.decode(self._encoding, "backslashreplace").split("\n")
        return [self._text_of(line) for line in lines]

    def _from(self, data: bytes, start: int) -> _Found:
        """The record at `start`; of one that is longer than it may be, a little more than that."""
        at = end = data.find(b"\n", start) + 1
        if self._end is not None:
            first = self._text(data, start, end)
            if self._end(first) or (self._start is not None and not self._start(first)):
                return _Found(start, end, is_complete=True)
        for _ in range(self._max_lines):
            stop = data.find(b"\n", at) + 1
            if not stop or at - 1 - start > self._max_line:
                break
            text = self._text(data, at, stop)
            if self._start is not None and self._start(text):
                return _Found(start, end, is_complete=True)
            end = stop if text else end
            if self._end is not None and self._end(text):
                return _Found(start, end, is_complete=True)
            at = stop
        return _Found(start, end, is_complete=False)

    def _text(self, data: bytes, start: int, stop: int) -> str:
        return self._text_of(data[start : stop - 1])

    def _text_of(self, line: bytes) -> str:
        text = line[: self._longest].decode(self._encoding, "backslashreplace")
        return text.removesuffix("\r")


def _last(data: bytes, at: int) -> _Found:
    """The last line from `at` on that is not blank; more may come."""
    end = _without_blanks(data, at, len(data))
    start = data.rfind(b"\n", at, end - 1) + 1 or at
    return _Found(start, end, is_complete=False)


_TOKEN = re.compile(
    r"(?P<one>[A-Za-z0-9 _:/,<>=#@!%&~;\"'-]|\\[dw]|\\[^\w\s]|(?P<any>\.)"
    r"|\[(?:[A-Za-z0-9 _:/,<>=#@!%&~;\"'().|*+?-]|\\[dw\-\]\[])+\])"
    r"(?P<times>\{\d{1,3}(?:,\d{1,3})?\}|[+*?])?"
    r"|(?P<group>\(\?:|\)\??|\|)"
)
_PLAIN_CHARACTER = b"[\\x00-\\x09\\x0b\\x0c\\x0e-\\x7f]"
_TIMES = {"": "", "?": "?", "+": "{1,200}", "*": "{0,200}"}
"""A repeat is never longer."""


def surely_begins(start: str, longest: int) -> bytes | None:
    r"""A pattern over bytes, of which a match at the beginning of a line means one of `start`.

    None where `start` is not simple enough to tell. A line that it does not match may begin so all
    the same: one with other letters than those of ASCII does. No match goes beyond its line, or
    beyond `longest` bytes.
    """
    if not start.startswith("^"):
        return None
    at, depth, most, parts = 1, 0, 0, list[bytes]()
    while at < len(start):
        token = _TOKEN.match(start, at)
        if token is None:
            return None
        group, times = token["group"], token["times"] or ""
        if group:
            depth += {"(": 1, ")": -1, "|": 0}[group[0]]
            if depth < 0 or (group == "|" and not depth):
                return None
            parts.append(group.encode())
        else:
            one = _PLAIN_CHARACTER if token["any"] else token["one"].encode()
            times = _TIMES.get(times, times)
            parts.append(one + times.encode())
            most += int(times.strip("{}").rpartition(",")[2]) if times.endswith("}") else 1
        at = token.end()
    return b"".join(parts) if most <= longest else None
