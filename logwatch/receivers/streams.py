"""Sources that are a stream of bytes: what is common to `stdin`, `pipe` and `exec`, and the first.

Lines, or with `multiline` records, are handed out as soon as they are complete; an unfinished last
line when the stream ends. While rules cannot keep up nothing is read, so whoever writes waits. What
was read and not committed is lost at a kill.
"""

from __future__ import annotations

import os
import select
from collections.abc import Mapping, Sequence

from logwatch.clock import Moment
from logwatch.receivers.base import BLOCK_BYTES, Receiver
from logwatch.receivers.child import CHUNK, widen
from logwatch.receivers.course import Course
from logwatch.receivers.lines import LineBuffer
from logwatch.records import Block, Checkpoint
from logwatch.tailer.settings import SourceSettings

STDIN = 0


class StreamReceiver(Receiver):
    """Bytes -> records; each kind says how to read some, and when there are no more."""

    _is_backlog = True
    """Whether all that comes in a single run is old: it was written for that run."""

    def __init__(self, source: SourceSettings, known: Sequence[Checkpoint]) -> None:
        super().__init__(source.address)
        self._course = Course(self.path, known, os.urandom(8).hex())
        self._lines = LineBuffer(max_line=source.max_line, framer=source.framer)
        self._joins = source.multiline is not None

    def read(self, now: Moment) -> Block | None:
        """See `Receiver.read`."""
        taken = 0
        while taken < BLOCK_BYTES and (chunk := self._more(now)):
            self._lines.feed(chunk, now.steady)
            taken += len(chunk)
        return self._hand_out(now, final=self._is_at_end(now))

    def drain(self, now: Moment) -> Block | None:
        """See `Receiver.drain`."""
        return self.read(now)

    def next_look(self, now: Moment) -> float | None:
        """See `Receiver.next_look`."""
        del now
        return self._lines.due_at

    def past_opening(self) -> bool:
        """See `Receiver.past_opening`: a single run goes to the end."""
        return self.ended or not self.once

    def _more(self, now: Moment) -> bytes:
        """What is there now, some of it at least; nothing where there is nothing."""
        raise NotImplementedError

    def _is_at_end(self, now: Moment) -> bool:
        """Whether what was read so far is all of a stream, and its last line is whole."""
        raise NotImplementedError

    def _hand_out(self, now: Moment, *, final: bool) -> Block | None:
        framed = self._lines.take(now.steady, final=final)
        if not framed.data:
            return None
        joined = framed.joined if self._joins else None
        block = self._course.block(
            framed.data, joined=joined, cut=framed.cut, backlog=self.once and self._is_backlog
        )
        self._show(self._course.offset)
        return block


class StdinReceiver(StreamReceiver):
    """What is written to this process, until whoever writes it closes it."""

    def __init__(self, source: SourceSettings, known: Sequence[Checkpoint]) -> None:
        super().__init__(source, known)
        self._at_end = False
        self._waiting = select.poll()
        self._waiting.register(STDIN, select.POLLIN)
        widen(STDIN)
        self._say("following")

    @property
    def ended(self) -> bool:
        """See `Receiver.ended`."""
        return self._at_end and not self._lines.waiting

    def descriptors(self) -> Mapping[int, int]:
        """See `Receiver.descriptors`."""
        return {} if self._at_end else {STDIN: select.POLLIN}

    def _more(self, now: Moment) -> bytes:
        del now
        # It may be shared with others, for whom it must go on to wait: so it is asked each time.
        if self._at_end or not self._waiting.poll(0):
            return b""
        try:
            chunk = os.read(STDIN, CHUNK)
        except OSError as problem:
            self._say("error", f"stdin cannot be read: {problem.strerror}")
            chunk = b""
        if not chunk:
            self._at_end = True
            if self._state.status == "following":
                self._say("waiting", "stdin has ended")
        return chunk

    def _is_at_end(self, now: Moment) -> bool:
        del now
        return self._at_end
