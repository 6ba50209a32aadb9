"""Signals without handlers: blocked everywhere, read by the main thread when it is ready.

A handler that sets an Event can deadlock with a wait on the same Event, because the handler runs
in the main thread between two of its bytecodes. So no handler exists: `block` comes before the
first thread, every thread inherits the mask, and the main thread calls `wait`.

A blocked mask outlives fork and exec: a child would ignore SIGTERM for ever. So programs are
started with `posix_spawn`, which gives them an empty mask and every default (receivers/child.py,
sinks/command.py). An unblocked moment in the daemon would not do: a SIGTERM that arrived just
then would kill it without a commit. Nor would `preexec_fn`, which runs Python after fork and
deadlocks on other threads' locks.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1})
"""TERM and INT stop, HUP reloads, USR1 logs every thread's stack."""


def block() -> frozenset[signal.Signals]:
    """Block `SIGNALS` in this thread and in all that it starts from now on, and return them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    return SIGNALS


def wait(timeout: float) -> signal.Signals | None:
    """The next of `SIGNALS`, None after `timeout` seconds. For the main thread, after `block`."""
    found = signal.sigtimedwait(SIGNALS, max(0.0, timeout))
    # Stopped and continued past its time-out, CPython's call comes back with no signal's number.
    if found is None or found.si_signo not in SIGNALS:
        return None
    return signal.Signals(found.si_signo)


def die_of(number: int) -> None:
    """End as a process does that this signal kills, so that a shell sees which one it was.

    The signal is for this thread: one for the process may go to another of its threads, and come
    there only after this one has ended with status 0.
    """
    signal.signal(number, signal.SIG_DFL)  # noqa: TID251 - there is no handler to come
    signal.raise_signal(number)


INTERRUPT = int(signal.SIGINT)
BROKEN_PIPE = int(signal.SIGPIPE)


class EndedError(KeyboardInterrupt):
    """Raised in the main thread of a command when a signal asks it to end, after `end_in_order`."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_asked: list[int] = []


def end_in_order(numbers: Iterable[int] = ENDINGS) -> None:
    """Let each of these signals raise EndedError in the main thread.

    For a command that has something to put away or to say at its end; a daemon blocks its signals
    instead. What is raised while Python is in a callback of its own (of an import, of a weak
    reference, of garbage collection) is thrown away by the interpreter, and the command would go
    on. So whoever waits calls `end_if_asked` before, and nothing is printed of it.
    """

    def end(number: int, _frame: object) -> None:
        _asked.append(number)
        raise EndedError(number)

    for number in numbers:
        signal.signal(number, end)  # noqa: TID251 - it sets no Event, so nothing can deadlock
    sys.unraisablehook = partial(_say_unless_asked, sys.unraisablehook)


def _say_unless_asked(
    say: Callable[[sys.UnraisableHookArgs], object], what: sys.UnraisableHookArgs
) -> None:
    if what.exc_type is not EndedError:
        say(what)


@contextmanager
def held() -> Iterator[None]:
    """Let signals wait until the block ends; a thread that is started in it never gets one.

    For imports: what is raised in the middle of one can come out as another error.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_if_asked() -> None:
    """Raise EndedError if a signal came since `end_in_order`, for it may have been thrown away."""
    if _asked:
        raise EndedError(_asked[0])
