"""When to look again: who is told that a file may have changed.

The promise is small on purpose. A wake says "look" and never what happened; one may come late,
twice or for nothing, and where the kernel is blind (another machine's writes to NFS, a writer
with mmap, a full queue, a limit reached) none comes at all. Everything still works then, at the
pace of the scheduler's safety poll: events make logwatch fast, never right.

The lost-wakeup rule belongs to who is woken: clear the Event first, then read to the end of the
file, then wait. What is written after the clear sets the Event again.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from logwatch import telemetry
from logwatch.clock import Clock, Moment, SystemClock
from logwatch.daemon.places import Places
from logwatch.daemon.scheduler import Task

Wake = Callable[[], None]
"""Sets an Event, or the like: called in the waker's thread, it must be quick and take no lock."""


class PolledDirectory(Struct, frozen=True):
    """A directory from which no event comes, for now or for good."""

    directory: str
    reason: str
    remedy: str = ""
    """What to type or change; empty where nothing need be done."""


class NameChange(NamedTuple):
    """What became of one path in a directory of `Waker.watch_directory`."""

    path: str
    what: Literal["made", "deleted", "moved"]


class WakerStatus(Struct, frozen=True, kw_only=True):
    """What `logwatch status` shows of the waker."""

    mode: Literal["inotify", "poll"]
    watched: int = 0
    """Directories with a watch, those on the way to the files included."""
    polled: tuple[PolledDirectory, ...] = ()
    reason: str = ""
    """Why nothing is woken by events, where that is so."""
    rebuilds: int = 0
    """How often the event reader died or went deaf and was made anew."""
    overflows: int = 0
    """How often the kernel dropped events, and everyone was woken for it."""


class Waker(Protocol):
    """Wakes whoever asked. Every method may be called from any thread."""

    def start(self) -> None:
        """Begin; `watch` may come before or after. Never raises: what fails is polled."""
        ...

    def watch(self, path: str, wake: Wake) -> None:
        """Call `wake` when the file at `path` may have changed, come, or gone.

        `path` is absolute. It need not exist, nor its directories: the nearest one that exists
        is watched. Symbolic links on the way are followed, and watched too. A later call for
        the same path replaces the earlier one. On return the watch is armed, so what the
        caller reads from now on plus the wakes to come leave no gap.
        """
        ...

    def watch_directory(self, directory: str, wake: Wake) -> None:
        """Call `wake` when an entry of `directory`, or that itself, may have come or gone."""
        ...

    def unwatch(self, path: str) -> None:
        """Forget `path`, from `watch` or `watch_directory`. One wake may still be under way."""
        ...

    def covers(self, path: str) -> bool:
        """Whether events are to be expected for `path`; if not, poll it at short intervals."""
        ...

    def covers_all(self) -> bool:
        """Whether events are to be expected for every path watched; if not, ask for each."""
        ...

    def changed_names(self) -> list[NameChange]:
        """What became of paths in the directories of `watch_directory` since the last call.

        In order, as far as events told of it. For one thread.
        """
        ...

    def check(self, now: Moment) -> None:
        """See that all is well, and mend what is not; called each second by the scheduler."""
        ...

    def status(self) -> WakerStatus:
        """How it is now."""
        ...

    def stop(self, timeout: float) -> None:
        """End, within `timeout` seconds; a second call does nothing."""
        ...


class PollWaker:
    """Wakes nobody: whatever happens is found by the scheduler's safety poll."""

    def __init__(self, reason: str = "the configuration asks for it") -> None:
        self._reason = reason

    def start(self) -> None:
        """See `Waker.start`."""

    def watch(self, path: str, wake: Wake) -> None:
        """See `Waker.watch`."""

    def watch_directory(self, directory: str, wake: Wake) -> None:
        """See `Waker.watch_directory`."""

    def unwatch(self, path: str) -> None:
        """See `Waker.unwatch`."""

    def covers(self, path: str) -> bool:  # noqa: ARG002 - the contract's signature
        """See `Waker.covers`: never."""
        return False

    def covers_all(self) -> bool:
        """See `Waker.covers_all`."""
        return False

    def changed_names(self) -> list[NameChange]:
        """See `Waker.changed_names`: nobody knows."""
        return []

    def check(self, now: Moment) -> None:
        """See `Waker.check`."""

    def status(self) -> WakerStatus:
        """See `Waker.status`."""
        return WakerStatus(mode="poll", reason=self._reason)

    def stop(self, timeout: float) -> None:
        """See `Waker.stop`."""


class ManualWaker:
    """Wakes when a test says so, in the test's own thread."""

    def __init__(self) -> None:
        self.files: dict[str, Wake] = {}
        self.directories: dict[str, Wake] = {}
        self.running = False
        self._lock = threading.Lock()

    def touch(self, path: str) -> int:
        """Wake whoever watches `path`, as file or as directory; how many those were."""
        with self._lock:
            found = [watched[path] for watched in (self.files, self.directories) if path in watched]
        for wake in found:
            wake()
        return len(found)

    def start(self) -> None:
        """See `Waker.start`."""
        self.running = True

    def watch(self, path: str, wake: Wake) -> None:
        """See `Waker.watch`."""
        with self._lock:
            self.files[path] = wake

    def watch_directory(self, directory: str, wake: Wake) -> None:
        """See `Waker.watch_directory`."""
        with self._lock:
            self.directories[directory] = wake

    def unwatch(self, path: str) -> None:
        """See `Waker.unwatch`."""
        with self._lock:
            self.files.pop(path, None)
            self.directories.pop(path, None)

    def covers(self, path: str) -> bool:
        """See `Waker.covers`."""
        return path in self.files or path in self.directories

    def covers_all(self) -> bool:
        """See `Waker.covers_all`."""
        return True

    def changed_names(self) -> list[NameChange]:
        """See `Waker.changed_names`."""
        return []

    def check(self, now: Moment) -> None:
        """See `Waker.check`."""

    def status(self) -> WakerStatus:
        """See `Waker.status`."""
        return WakerStatus(mode="inotify", watched=len({Path(path).parent for path in self.files}))

    def stop(self, timeout: float) -> None:  # noqa: ARG002 - the contract's signature
        """See `Waker.stop`."""
        self.running = False


def make_waker(
    mode: Literal["auto", "inotify", "poll"] = "auto",
    clock: Clock | None = None,
    canary: Path | None = None,
    *,
    places: Places | None = None,
    soon: Callable[[Task], object] | None = None,
) -> Waker:
    """The waker for this machine.

    `canary` is a file, made where it is missing, in a directory of our own: a byte written to it
    now and then must come back as an event. `auto` polls where there is no inotify at all, and
    says so. Under `inotify`, and under `auto` where a limit is reached, whatever cannot be
    watched is polled and tried again. `soon` has the scheduler call something, which then is the
    thread that asks the file system, as `places` has it; without it the waker does so itself.
    """
    if mode == "poll":
        return PollWaker()
    try:
        # Where the C library has no inotify this import fails, and watchdog with it.
        from logwatch.daemon.event_reader import probe  # noqa: PLC0415
        from logwatch.daemon.inotify import InotifyWaker  # noqa: PLC0415
    except ImportError as error:
        return _polling(f"this system has no inotify: {error}")
    problem = probe()
    if mode == "auto" and problem is not None and problem.errno in (errno.ENOSYS, errno.EPERM):
        return _polling(f"inotify is not available: {os.strerror(problem.errno)}")
    return InotifyWaker(clock or SystemClock(), canary, places=places, soon=soon)


def _polling(reason: str) -> PollWaker:
    telemetry.warning("waker.polling", reason=reason)
    return PollWaker(reason)
