"""As many monitors as there may be threads; the others wait for room, and a person is told.

A service has a limit of its threads (`TasksMax=`), a container and a user as well. The last
`SPARE_THREADS`, or half of what there is where that is less, are left to what comes after the
monitors: a copy of the store, a reload, `status`. A file without a thread is not read: it is shown
as in trouble, and tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from logwatch import telemetry
from logwatch.daemon.intake import CaughtUp, Message
from logwatch.daemon.monitor import Monitor

SPARE_THREADS = 16
FEW_MONITORS = 32
"""So many are started without a look at what is left."""
REMEDY = "raise TasksMax= of the service, the limit of pids of its container, or `ulimit -u`"
NO_THREAD = f"no thread is left for it: {REMEDY}"


class ThreadRoom:
    """For one thread, which starts monitors."""

    def __init__(self, tell: Callable[[Message], bool], unwatch: Callable[[str], object]) -> None:
        """`tell` hands a message to the consumer without waiting; False: not now.

        `unwatch` has nobody be woken for a path.
        """
        self._tell = tell
        self._unwatch = unwatch
        self._is_short = False

    def begin_all(
        self, monitors: Sequence[Monitor], begin: Callable[[Monitor], None]
    ) -> Iterator[Monitor]:
        """Call `begin`, which raises RuntimeError where no thread is left; those that began."""
        begun = 0
        try:
            many = len(monitors) > FEW_MONITORS or self._is_short
            with _kept(SPARE_THREADS if many else 0, or_half=not self._is_short):
                for monitor in monitors:
                    begin(monitor)
                    begun += 1
                    if monitor.not_answering == NO_THREAD:
                        monitor.not_answering = ""
                    yield monitor
        except RuntimeError as error:
            self._have_wait(monitors[begun:], str(error))
        else:
            self._is_short = False

    def _have_wait(self, monitors: Sequence[Monitor], reason: str) -> None:
        for monitor in monitors:
            self._unwatch(monitor.path)
            monitor.stand_down()  # behind that: a turn that an event gives it now would be lost
            if monitor.not_answering != NO_THREAD:
                monitor.not_answering = NO_THREAD
                self._tell(CaughtUp(monitor.path))  # deadlines must not wait for it
        if not self._is_short:
            self._is_short = True
            telemetry.warning(
                "daemon.too_few_threads", reason=reason, not_read=len(monitors), remedy=REMEDY
            )


@contextmanager
def _kept(number: int, *, or_half: bool) -> Iterator[None]:
    """Have so many threads that do nothing, until it is over; or half of those that there are.

    Raises RuntimeError where there are fewer.
    """
    kept: list[tuple[Event, Thread]] = []
    try:
        try:
            while len(kept) < number:
                kept.append(_idle())
        except RuntimeError:
            if not or_half:
                raise
            _end(kept[len(kept) // 2 :])
            del kept[len(kept) // 2 :]
        yield
    finally:
        _end(kept)


def _idle() -> tuple[Event, Thread]:
    over = Event()
    thread = Thread(target=over.wait, name="spare", daemon=True)
    thread.start()
    return over, thread


def _end(kept: Sequence[tuple[Event, Thread]]) -> None:
    for over, thread in kept:
        over.set()
        thread.join()
