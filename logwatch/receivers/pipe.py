"""`pipe`: a named pipe, which many may write to, one after the other or at once.

It is made where there is none. When the last writer has closed it, it is opened anew *before* it is
closed here: so there is always a reader, no writer gets SIGPIPE, and nothing written in between is
lost. When it was removed and made again, the new one is found within seconds.
"""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress

from logwatch.clock import Moment
from logwatch.receivers.back_off import BackOff
from logwatch.receivers.child import CHUNK, widen
from logwatch.receivers.stream_settings import PipeSettings
from logwatch.receivers.streams import StreamReceiver
from logwatch.records import Checkpoint
from logwatch.tailer.settings import SourceSettings

LOOK_SECONDS = 5.0
"""How often it is looked whether the name is still that of the open pipe."""
MODE = 0o660
"""Of a pipe that is made here."""


class PipeReceiver(StreamReceiver):
    """See the module."""

    _is_backlog = False

    def __init__(self, source: SourceSettings, known: Sequence[Checkpoint]) -> None:
        super().__init__(source, known)
        assert isinstance(source.origin, PipeSettings)
        self._place = source.origin.place
        self._pipe: int | None = None
        self._writer_left = False
        self._back_off = BackOff()
        self._look_at = 0.0

    def descriptors(self) -> Mapping[int, int]:
        """See `Receiver.descriptors`."""
        return {} if self._pipe is None else {self._pipe: select.POLLIN}

    def next_look(self, now: Moment) -> float | None:
        """See `Receiver.next_look`."""
        if self._pipe is None:
            return self._back_off.again_at
        due = super().next_look(now)
        return self._look_at if due is None else min(due, self._look_at)

    def past_opening(self) -> bool:
        """See `Receiver.past_opening`: nobody knows whether another writer comes."""
        return True

    def close(self) -> None:
        """See `Receiver.close`."""
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None

    def _more(self, now: Moment) -> bytes:
        if self._pipe is None and not self._open(now):
            return b""
        if now.steady >= self._look_at:
            self._look_at = now.steady + LOOK_SECONDS
            if not self._is_in_place():
                self._open(now)
        assert self._pipe is not None
        try:
            chunk = os.read(self._pipe, CHUNK)
        except BlockingIOError:
            return b""
        if not chunk and _has_hung_up(self._pipe):
            self._writer_left = True
            self._open(now)
        return chunk

    def _is_at_end(self, now: Moment) -> bool:
        del now
        left, self._writer_left = self._writer_left, False
        return left

    def _open(self, now: Moment) -> bool:
        """Open it, and only then close what was open before."""
        if now.steady < self._back_off.again_at:
            return False
        try:
            fresh = _opened(self._place)
        except OSError as problem:
            self._back_off.failed(now.steady)
            denied = isinstance(problem, PermissionError)
            text = f"{self._place}: {problem.strerror or problem}"
            self._say("denied" if denied else "error", text)
            self.close()
            return False
        self.close()
        self._pipe = fresh
        self._back_off.began(now.steady)
        self._say("following", self._place)
        return True

    def _is_in_place(self) -> bool:
        assert self._pipe is not None
        try:
            return os.path.samestat(os.stat(self._place), os.fstat(self._pipe))  # noqa: PTH116
        except OSError:
            return False


def _opened(place: str) -> int:
    """Raises OSError."""
    with suppress(FileExistsError):
        os.mkfifo(place)
        os.chmod(place, MODE)  # noqa: PTH101 - a plain string; the umask allows nobody anything
    # What it is first: to open a device may do something, and to read a file is not meant.
    if not stat.S_ISFIFO(os.stat(place).st_mode):  # noqa: PTH116 - as above
        raise OSError(f"{place} is no named pipe")
    pipe = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    widen(pipe)
    return pipe


def _has_hung_up(pipe: int) -> bool:
    """Whether there was a writer, and there is none now."""
    asking = select.poll()
    asking.register(pipe, select.POLLIN)
    return any(events & select.POLLHUP for _, events in asking.poll(0))
