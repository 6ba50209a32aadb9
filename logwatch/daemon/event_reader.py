"""The part of the waker that touches watchdog: one thread that reads the kernel's events.

Of watchdog 7.1 only `InotifyFD` and its `WatchCallback` are used. Its emitters, dispatcher and
recursive watches can die or go deaf without a sign. What this rests on is held by
tests/daemon/test_waker_contract.py, so that no upgrade changes it unnoticed.

What reading costs is bounded, whatever the writers do: past a burst the thread pauses a few
milliseconds before each read, and meanwhile the kernel merges the repeated events of a busy file;
what it cannot merge (several busy files in turn) is thinned out before it becomes Python objects.
A lone write is never delayed.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections import deque
from collections.abc import Callable
from typing import Literal

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchDescriptor,
)

from logwatch import telemetry
from logwatch.clock import Clock
from logwatch.daemon.lookup import Identity
from logwatch.daemon.waker import NameChange

# One mask for every watch: a second one on the same directory would replace the first. Neither
# IN_OPEN nor IN_CLOSE: our own reads would wake us.
MASK = Mask(
    InotifyConstants.IN_MODIFY
    | InotifyConstants.IN_ATTRIB
    | InotifyConstants.IN_CREATE
    | InotifyConstants.IN_MOVED_FROM
    | InotifyConstants.IN_MOVED_TO
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_ONLYDIR
)

PAUSE_SECONDS = 0.01
LONG_PAUSE_SECONDS = 0.02
_READS_PER_SECOND = 400.0
"""Each second without an event earns so many reads without a pause before them."""
_MOST_CREDIT = 100.0
_LEAST_CREDIT = -30.0
"""Here the pauses are long: this is no burst any more."""

_HEADER_BYTES = 16
MOST_NAMES = 100_000
"""Changes of names that are kept until somebody asks for them; the oldest are dropped."""

logging.getLogger("watchdog").addHandler(logging.NullHandler())  # the waker says it in its own way


_LIMITS = {
    errno.ENOSPC: ("watches", "sysctl -w fs.inotify.max_user_watches=1048576"),
    errno.EMFILE: ("instances", "sysctl -w fs.inotify.max_user_instances=1024"),
}


class Interest:
    """One path that somebody asked to be woken for, and the watches on the way to it."""

    def __init__(self, path: str, wake: Callable[[], None], *, entries: bool) -> None:
        self.path = path
        self.entries = entries
        """Whether any entry of the directory counts, rather than one file."""
        self.way: tuple[tuple[DirectoryWatch, bytes], ...] = ()
        self.active = True
        self._wake = wake
        self._failed = False

    @property
    def covered(self) -> bool:
        """Whether the directory that matters has a watch."""
        return bool(self.way) and self.way[-1][0].wd is not None

    def wake(self) -> None:
        """Wake who asked. Whatever they raise ends here, or it would end the reader's thread.

        That goes for SystemExit as well, which would end it without a word.
        """
        try:
            self._wake()
        except BaseException as error:  # noqa: BLE001 - a loop's edge, see above
            telemetry.count("waker.wake_failures")
            if not self._failed:
                self._failed = True
                telemetry.error("waker.wake_failed", path=self.path, exc_info=error)


class Doubts:
    """What events made doubtful, left by the callbacks for the waker to settle."""

    def __init__(self) -> None:
        self.names: deque[NameChange] = deque(maxlen=MOST_NAMES)
        """What became of names that nobody asked for by themselves."""
        self.stale: deque[Interest] = deque()
        """Whose way must be walked again."""
        self.overflowed = False
        """Whether the kernel dropped events: then anything may have happened."""
        self.latest = object()
        """Another one after each doubt, before anybody is asked whom it is about."""

    def arise(self) -> None:
        """Something may have happened to a way; call it before it is seen whose that is."""
        self.latest = object()


class DirectoryWatch:
    """One directory, its watch, and who cares for which of its names (a `WatchCallback`).

    The three callbacks run in the reader's thread and take no lock: they copy what they read in
    one step that the interpreter does not interrupt, before they go through it.
    """

    def __init__(self, path: str, identity: Identity, doubts: Doubts) -> None:
        self.path = path
        self.identity = identity
        self.wd: WatchDescriptor | None = None
        self.number = CallbackId(0)
        self.reason = ""
        self.remedy = ""
        self._doubts = doubts
        self._interests: dict[bytes, dict[Interest, None]] = {}

    def add(self, name: bytes, interest: Interest) -> None:
        """Let `interest` hear of `name`; the empty name means every entry."""
        self._interests.setdefault(name, {})[interest] = None

    def discard(self, name: bytes, interest: Interest) -> None:
        """Undo `add`."""
        interests = self._interests.get(name, {})
        interests.pop(interest, None)
        if not interests:
            self._interests.pop(name, None)

    @property
    def unused(self) -> bool:
        """Whether nobody cares for anything here."""
        return not self._interests

    def everyone(self) -> list[Interest]:
        """All who care for anything here."""
        return [interest for name in list(self._interests) for interest in self._of(name)]

    def _of(self, name: bytes) -> list[Interest]:
        return list(self._interests.get(name, ()))

    def on_event(self, event: InotifyEvent) -> None:
        """Something happened to the entry `event.name`, or to the directory itself."""
        if event.name and event.is_modify:
            for interest in self._of(event.name):
                interest.wake()
            return
        self._doubts.arise()
        if not event.name:
            self._doubts.stale.extend(self.everyone())
        else:
            self._doubts.stale.extend(self._of(event.name))
            everything = self._of(b"")
            self._doubts.stale.extend(everything)
            if everything and not event.is_directory:
                self._note_name(event)

    def _note_name(self, event: InotifyEvent) -> None:
        what: Literal["made", "deleted", "moved"]
        if event.is_create:
            what = "made"
        elif event.is_delete:
            what = "deleted"
        elif event.is_moved_from:
            what = "moved"
        else:
            return
        name = os.fsdecode(event.name)
        self._doubts.names.append(NameChange(f"{self.path.rstrip('/')}/{name}", what))

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """The directory is gone, or its file system, or the reader."""
        self._doubts.arise()
        if wd == self.wd:
            self.wd = None
        self._doubts.stale.extend(self.everyone())

    def on_queue_overflow(self) -> None:
        """The kernel dropped events; every watch is told."""
        self._doubts.arise()
        self._doubts.overflowed = True


def probe() -> OSError | None:
    """Why no inotify instance can be had right now; None when one can."""
    try:
        descriptor = InotifyFD._create_inotify_fd()  # noqa: SLF001 - cheaper than a thread
    except OSError as error:
        return error
    os.close(descriptor)
    return None


class Reader(InotifyFD):
    """One inotify instance and the thread that reads it.

    `settle` is called in the thread before each read: to do what the last events left to do.
    Raises OSError where no instance can be had. What is made must be started, then stopped.
    """

    def __init__(self, clock: Clock, settle: Callable[[Reader], None]) -> None:
        super().__init__()
        self.name = "waker"
        self._clock = clock
        self._settle = settle
        self._credit = _MOST_CREDIT
        self._last_read = self.made_at = clock.steady()
        self.has_read = False
        """Whether it ever read an event."""
        self.failure: BaseException | None = None
        """What ended the thread."""

    def start(self) -> None:
        """Start the thread. Raises RuntimeError where none is left; then nothing is kept open."""
        try:
            super().start()
        except RuntimeError:
            self._is_reading = False
            self.close()
            raise

    def let_go(self) -> None:
        """Stop, whatever has become of its descriptors."""
        try:
            self.stop()
        except OSError as error:  # they may be gone already, and so may we
            telemetry.debug("waker.close_failed", reason=error.strerror)

    def run(self) -> None:
        """Read until stopped. Whatever ends the thread is kept for the waker, which tells of it."""
        try:
            super().run()
        except BaseException as error:  # noqa: BLE001 - the loop's edge: noticed by `check`
            self.failure = error
        finally:
            with self._lock:  # from now on nobody reads: let `close` free the descriptors itself
                self._is_reading = False

    @classmethod
    def _create_inotify_fd(cls) -> int:
        descriptor = super()._create_inotify_fd()
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the system call's own signature
        return descriptor

    def _read_event_buffer(self, event_buffer_size: int) -> bytes:
        self._settle(self)
        self._pause_when_busy()
        events = distinct(super()._read_event_buffer(event_buffer_size))
        self.has_read = self.has_read or bool(events)
        return events

    def _pause_when_busy(self) -> None:
        earned = max(0.0, self._clock.steady() - self._last_read) * _READS_PER_SECOND
        self._credit = max(_LEAST_CREDIT, min(_MOST_CREDIT, self._credit + earned) - 1.0)
        if self._credit < 0.0:
            is_burst = self._credit > _LEAST_CREDIT
            self.stopped_event.wait(PAUSE_SECONDS if is_burst else LONG_PAUSE_SECONDS)
        # Only the wait for an event earns credit: a pause must not pay for the next read.
        self._last_read = self._clock.steady()


def distinct(events: bytes) -> bytes:
    """The inotify events in a buffer, each once, in the order of their first appearance.

    Source: inotify(7), struct inotify_event: watch, mask, cookie and length, then the name.
    """
    kept: dict[bytes, None] = {}
    start = 0
    while start < len(events):
        length = int.from_bytes(events[start + 12 : start + _HEADER_BYTES], sys.byteorder)
        end = start + _HEADER_BYTES + length
        kept[events[start:end]] = None
        start = end
    return b"".join(kept)


def explain(error: OSError | RuntimeError) -> tuple[str, str]:
    """Why an instance or a watch cannot be had, and what to do about it."""
    if isinstance(error, RuntimeError):
        return f"no thread for the event reader: {error}", "raise TasksMax= of the service"
    if error.errno in _LIMITS:
        what, remedy = _LIMITS[error.errno]
        return f"the limit of inotify {what} is reached", remedy
    return os.strerror(error.errno or 0), ""
