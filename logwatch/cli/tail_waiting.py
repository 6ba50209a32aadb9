"""Wait until something may have come: an event of a file, bytes in a pipe, a reader that has gone.

One call of poll(2) waits for all of them, so nothing is late and nothing is busy. Where no events
come from a file, the time between two looks is what finds what it got.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

from logwatch.cli.tail_output import Output
from logwatch.clock import Moment, SystemClock
from logwatch.daemon import signals


class Waker(Protocol):
    """Tells of changes: `daemon.waker`, which takes time to load."""

    def watch(self, path: str, wake: Callable[[], None]) -> None:
        """Call `wake` when something may have changed at `path`."""
        ...

    def unwatch(self, path: str) -> None:
        """Forget `path`."""
        ...

    def covers_all(self) -> bool:
        """Whether events are to be expected for all that is watched."""
        ...

    def check(self, now: Moment) -> None:
        """See that it still hears, and mend it where it does not."""
        ...

    def stop(self, timeout: float) -> None:
        """End, within `timeout` seconds."""
        ...


class _Deaf:
    """Hears nothing."""

    def watch(self, path: str, wake: Callable[[], None]) -> None: ...

    def unwatch(self, path: str) -> None: ...

    def covers_all(self) -> bool:
        return False

    def check(self, now: Moment) -> None: ...

    def stop(self, timeout: float) -> None: ...


SAFETY_SECONDS = 5.0
"""Between two looks where events come: events make it fast, never right."""
_CHECK_SECONDS = 1.0
"""Between two looks at whether events come at all, at least."""


class Waiting:
    """What is waited for. `close` ends the thread that hears the events."""

    def __init__(self, interval: float, *, output: Output | None) -> None:
        """`interval` in seconds; `output`: a pipe whose reader may go."""
        self._interval = interval
        self._poll = select.poll()
        self._bell = -1
        self._waker: Waker = _Deaf()
        self._clock = SystemClock()
        self._check_at = 0.0
        self._output = output
        self._pipes: set[int] = set()
        self._hung: set[int] = set()
        """FIFOs without a writer: they would be ready for ever, so they are only looked at."""
        if output is not None:
            self._poll.register(output.fd, 0)  # errors are always told

    def hear(self, paths: Iterable[str]) -> str:
        """Have the kernel tell of changes at `paths`; why it does not, else nothing."""
        with signals.held():
            from logwatch.daemon.waker import make_waker  # noqa: PLC0415 - not before the first line

            waker = make_waker("auto")
            if waker.status().reason and waker.status().mode == "poll":
                return waker.status().reason
            self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            self._poll.register(self._bell, select.POLLIN)
            waker.start()
            self._waker = waker
        self.watch(paths)
        return ""

    def watch(self, paths: Iterable[str]) -> None:
        """Hear of these, too."""
        for path in paths:
            self._waker.watch(_absolute(path), self._ring)

    def renew(self, paths: Iterable[str]) -> None:
        """Walk the ways to these anew: what lies on them may have been replaced, too."""
        for path in paths:
            self._waker.unwatch(_absolute(path))
            self.watch((path,))

    def also_for(self, fds: Iterable[int]) -> None:
        """Wait for bytes in these, and in no others."""
        wanted = set(fds)
        self._hung &= wanted
        wanted -= self._hung
        for fd in self._pipes - wanted:
            with suppress(KeyError):
                self._poll.unregister(fd)
        for fd in wanted - self._pipes:
            self._poll.register(fd, select.POLLIN)
        self._pipes = wanted

    def wait(self, most: float | None = None) -> None:
        """Wait, at most `most` seconds. Raises BrokenPipeError when the reader has gone."""
        now = self._clock.moment()
        if now.steady >= self._check_at:
            self._check_at = now.steady + _CHECK_SECONDS
            self._waker.check(now)
        deaf = bool(self._hung) or not self._waker.covers_all()
        seconds = self._interval if deaf else max(self._interval, SAFETY_SECONDS)
        if most is not None:
            seconds = min(seconds, most)
        for fd, event in self._poll.poll(seconds * 1000):
            if fd == self._bell:
                os.eventfd_read(self._bell)
            elif self._output is not None and fd == self._output.fd:
                if event & (select.POLLERR | select.POLLHUP):
                    raise BrokenPipeError
            elif event & (select.POLLHUP | select.POLLERR | select.POLLNVAL):
                self._poll.unregister(fd)
                self._pipes.discard(fd)
                self._hung.add(fd)

    def close(self) -> None:
        """Hear no more."""
        if self._bell >= 0:
            self._waker.stop(1.0)
            self._waker = _Deaf()
            self._poll.unregister(self._bell)
            os.close(self._bell)
            self._bell = -1

    def _ring(self) -> None:
        # Called by the waker's thread; a bell that rings already needs no more.
        with suppress(BlockingIOError, OSError):
            os.eventfd_write(self._bell, 1)


def _absolute(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - paths here are plain strings


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
