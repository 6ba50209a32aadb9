"""A TCP stream of syslog -> messages: both framings of RFC 6587, told apart for each message.

Octet counting is `MSG-LEN SP MSG`, where a message begins with `<` (RFC 6587 section 3.4.1); what
does not begin so ends with a newline (section 3.4.2). A stream may change from one to the other.
Nothing a peer sends makes this hold more than `max_message` bytes and the header before them: a
longer message is handed out as its first `max_message` bytes and one more, by which whoever
matches it sees that it was cut, and the rest is passed over.
"""

from __future__ import annotations

import re

_COUNTED = re.compile(rb"([1-9][0-9]{0,8}) <")
_MAY_BE_COUNTED = re.compile(rb"[1-9][0-9]{0,8} ?\Z")


class SyslogFrames:
    """The unfinished end of one connection."""

    def __init__(self, max_message: int) -> None:
        self._most = max_message
        self._rest = bytearray()
        self._enough = 0
        """Bytes without which what is kept is no message, unless a newline comes, where one may."""
        self._ends_with_newline = True
        self._skip = 0
        """Bytes of a counted message that are still to be passed over."""
        self._to_newline = False
        """Whether all up to the next newline is to be passed over."""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete with `data`, without what framed them."""
        # A peer that dribbles must not have all that is kept looked at for each byte.
        may_end = self._ends_with_newline and b"\n" in data
        if self._rest and len(self._rest) + len(data) < self._enough and not may_end:
            self._rest += data
            return []
        data = bytes(self._rest) + data if self._rest else data
        self._enough = 0
        found: list[bytes] = []
        at: int | None = 0
        while at is not None and at < len(data):
            kept, at = at, self._next(data, at, found)
            if at is None:
                data = data[kept:]
                break
        else:
            data = b""
        self._rest = bytearray(data)
        return found

    def end(self) -> list[bytes]:
        """What is left where the peer has closed the connection: the beginning of a message."""
        rest, self._rest = bytes(self._rest), bytearray()
        counted = _COUNTED.match(rest)
        rest = rest[counted.end() - 1 :] if counted else rest
        return [rest] if rest.strip(b"\r\n\0 ") else []

    def _next(self, data: bytes, at: int, found: list[bytes]) -> int | None:
        """Go on behind one message or a part that is passed over; None: there is not enough."""
        if self._skip:
            step = min(self._skip, len(data) - at)
            self._skip -= step
            return at + step
        if self._to_newline:
            end = data.find(b"\n", at)
            self._to_newline = end < 0
            return len(data) if end < 0 else end + 1
        counted = _COUNTED.match(data, at)
        if counted is not None:
            begin = counted.end() - 1
            return self._counted(data, begin, int(counted[1]), begin - at, found)
        if _MAY_BE_COUNTED.match(data, at):
            return None
        return self._line(data, at, found)

    def _counted(
        self, data: bytes, at: int, size: int, head: int, found: list[bytes]
    ) -> int | None:
        """`head`: bytes of the length before the message."""
        taken = min(size, self._most + 1)
        if len(data) - at < taken:
            self._enough, self._ends_with_newline = head + taken, False
            return None
        found.append(data[at : at + taken])
        self._skip = size - taken
        return at + taken

    def _line(self, data: bytes, at: int, found: list[bytes]) -> int | None:
        end = data.find(b"\n", at)
        if end < 0 and len(data) - at <= self._most:
            self._enough, self._ends_with_newline = self._most + 1, True
            return None
        if 0 <= end - at <= self._most:
            found.append(data[at:end])
            return end + 1
        found.append(data[at : at + self._most + 1])
        self._to_newline = True
        return at + self._most + 1
