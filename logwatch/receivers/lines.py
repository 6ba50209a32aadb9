"""Bytes as they come -> whole lines or records, for sources that cannot be read a second time.

What is not complete waits here, in memory: a last line without its newline, and with `multiline` a
record that may go on. That is `max_line` bytes, or twice as many with `multiline`; a line that is
longer is handed out as its first `max_line` bytes and one more, so that whoever matches it sees
that it was cut, and the rest of it is passed over.
"""

from __future__ import annotations

from logwatch.tailer.multiline import Framed, Framer

NOTHING = Framed(b"", b"", frozenset())


class LineBuffer:
    """The unfinished end of one stream."""

    def __init__(self, *, max_line: int, framer: Framer | None = None) -> None:
        self._max_line = max_line
        self._framer = framer
        self._lines = bytearray()
        """Whole lines that may belong to a record that goes on."""
        self._rest = bytearray()
        """The beginning of a line."""
        self._passing = False
        """Whether the rest of an over-long line is passed over."""
        self._waits_since: float | None = None

    @property
    def waiting(self) -> int:
        """Bytes that are kept here."""
        return len(self._lines) + len(self._rest)

    @property
    def due_at(self) -> float | None:
        """Steady time at which a record is taken as it is; None: nothing waits for that."""
        if self._framer is None or self._waits_since is None:
            return None
        return self._waits_since + self._framer.timeout

    def feed(self, data: bytes, now: float) -> None:
        """Take what came at steady time `now`."""
        if self._passing:
            data = self._after_newline(data)
        end = data.rfind(b"\n") + 1
        if end:
            self._lines += self._rest
            self._lines += data[:end]
            self._rest.clear()
            self._waits_since = now
        self._rest += data[end:]
        if len(self._rest) > self._max_line:
            self._cut(now)

    def take(self, now: float, *, final: bool = False) -> Framed:
        """What is complete at steady time `now`; with `final` nothing comes any more.

        Without a framer `joined` is `data`.
        """
        if final and self._rest:
            self._lines += self._rest + b"\n"
            self._rest.clear()
        if not self._lines:
            return NOTHING
        data = bytes(self._lines)
        framed = Framed(data, data, frozenset()) if self._framer is None else self._framed(data)
        is_due = final or (self.due_at is not None and now >= self.due_at)
        if self._framer is not None and len(framed.data) < len(data):
            left = len(data) - len(framed.data)
            if is_due or left + len(self._rest) > 2 * self._max_line:
                framed = self._framer.frame(data, final=True)
        del self._lines[: len(framed.data)]
        if not self._lines:
            self._waits_since = None
        return framed

    def _framed(self, data: bytes) -> Framed:
        assert self._framer is not None
        return self._framer.frame(data)

    def _after_newline(self, data: bytes) -> bytes:
        end = data.find(b"\n")
        self._passing = end < 0
        return b"" if end < 0 else data[end + 1 :]

    def _cut(self, now: float) -> None:
        self._lines += self._rest[: self._max_line + 1] + b"\n"
        self._rest.clear()
        self._passing, self._waits_since = True, now
