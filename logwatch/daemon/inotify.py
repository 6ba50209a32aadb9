"""The waker that listens to the kernel: one inotify instance, one watch a directory.

Every directory in which the kernel looks up a name on the way to a file is watched, none of them
recursively, and never a file itself. A write wakes at once. Any other event on the way (a link
switched, a directory moved off and made anew, a file replaced) first has the way walked again
and new directories armed, then wakes.

What cannot be watched is polled, shown in `status`, warned of once and tried again. A reader
that died, or that does not answer the canary, is replaced and everyone woken; until then all is
polled. What may be lost: events of which the kernel makes none (docs/decisions/0005-waking.md); the
safety poll finds those.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from logwatch import telemetry
from logwatch.clock import Clock, Moment
from logwatch.daemon.arming import Arming
from logwatch.daemon.canary import Canary
from logwatch.daemon.event_reader import (
    DirectoryWatch,
    Doubts,
    Interest,
    Reader,
    explain,
)
from logwatch.daemon.known_ways import KnownWays
from logwatch.daemon.lookup import (
    Identity,
    identity_of,
    leads_on,
    steps,
)
from logwatch.daemon.lost_readers import LostReaders
from logwatch.daemon.places import GivenUp, Places
from logwatch.daemon.scheduler import Task
from logwatch.daemon.waker import NameChange, PolledDirectory, Wake, WakerStatus

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 60.0
OVERFLOW_EVERY_SECONDS = 1.0
_VERIFY_SHARE = 30
"""Each `check` compares this fraction of the watched directories with what is at their paths."""
_LOCK_WAIT_SECONDS = 0.05


class InotifyWaker:
    """See the module. `canary` is a file of our own whose events prove that the reader hears.

    Ways are walked by one thread at a time, which has `places.turn`; no lock but that is held
    while the file system is asked, for the answer may never come. `_lock` guards interests and
    directories; it comes after the turn and before the lock in `Reader`. The callbacks in the
    reader's thread take none of them, and `settle` there gives up soon rather than wait.
    """

    def __init__(
        self,
        clock: Clock,
        canary: Path | None = None,
        make_reader: Callable[[Clock, Callable[[Reader], None]], Reader] = Reader,
        *,
        places: Places | None = None,
        soon: Callable[[Task], object] | None = None,
    ) -> None:
        """Without `soon`, which has the scheduler call something, the reader walks the ways."""
        self._clock = clock
        self._places = places or Places()
        self._soon = soon
        self._is_asked = False
        self._changes = self._places.changes
        self._make_reader = make_reader
        self._canary = Canary(canary)
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._running = False
        self._arming = Arming()
        self._interests: dict[tuple[str, bool], Interest] = {}
        self._directories: dict[str, DirectoryWatch] = {}
        self._doubts = Doubts()
        self._known_ways = KnownWays(self._doubts)
        self._to_walk: dict[Interest, None] = {}
        self._to_wake: dict[Interest, None] = {}
        self._retry_at = 0.0
        self._retry_seconds = FIRST_RETRY_SECONDS
        self._verified = 0
        self._overflow_at = float("-inf")
        self._lost = LostReaders()
        self._overflows = 0

    def start(self) -> None:
        """See `Waker.start`."""
        with self._lock:
            if self._running:
                return
            self._running = True
            self._open_reader()
            interests = list(self._interests.values())
        with self._places.turn:
            for interest in interests:
                self._follow(interest)
        if self._canary.path:
            self._canary.write()
            self.watch(self._canary.path, self._canary.answer)

    def watch(self, path: str, wake: Wake) -> None:
        """See `Waker.watch`."""
        self._add(Interest(path, wake, entries=False))

    def watch_directory(self, directory: str, wake: Wake) -> None:
        """See `Waker.watch_directory`."""
        self._add(Interest(directory, wake, entries=True))

    def unwatch(self, path: str) -> None:
        """See `Waker.unwatch`."""
        with self._places.turn, self._lock:
            for entries in (False, True):
                interest = self._interests.pop((path, entries), None)
                if interest is not None:
                    self._forget(interest)

    def covers(self, path: str) -> bool:
        """See `Waker.covers`."""
        interest = self._interests.get((path, False)) or self._interests.get((path, True))
        return interest is not None and interest.covered

    def covers_all(self) -> bool:
        """See `Waker.covers_all`. No lock: files come with their directories, in one step."""
        return all(each.wd is not None for each in list(self._directories.values()))

    def changed_names(self) -> list[NameChange]:
        """See `Waker.changed_names`."""
        names = self._doubts.names
        return [names.popleft() for _ in range(len(names))]

    def check(self, now: Moment) -> None:
        """See `Waker.check`."""
        if not self._running:
            return
        self._lose_reader(now)
        with self._lock:
            if self._lost.is_due(now.steady):
                self._rebuild(now)
            self._lost.look(self._reader, now.steady)
            if now.steady >= self._retry_at:
                self._retry(now)
            if self._changes != self._places.changes:
                self._changes = self._places.changes
                self._doubts.arise()
                self._doubts.stale.extend(self._interests.values())
        self._verify()
        self._settle_all(now.steady)

    def status(self) -> WakerStatus:
        """See `Waker.status`."""
        with self._lock:
            needed = {
                interest.way[-1][0].path: interest.way[-1][0]
                for interest in self._interests.values()
                if interest.way and not interest.covered
            }
            return WakerStatus(
                mode="inotify",
                watched=sum(d.wd is not None for d in self._directories.values()),
                polled=tuple(
                    PolledDirectory(path, directory.reason, directory.remedy)
                    for path, directory in sorted(needed.items())
                ),
                reason="" if self._reader else self._arming.reason,
                rebuilds=self._lost.replaced,
                overflows=self._overflows,
            )

    def stop(self, timeout: float) -> None:
        """See `Waker.stop`."""
        with self._lock:
            reader, self._reader = self._reader, None
            self._running = False
            self._arming.reason = "stopped"
        if reader is not None:
            reader.let_go()
            reader.join(max(0.0, timeout))

    # Ways: interest -> directories

    def _add(self, interest: Interest) -> None:
        with self._places.turn:
            self._follow(interest)
        with self._lock:
            replaced = self._interests.get((interest.path, interest.entries))
            self._interests[interest.path, interest.entries] = interest
            if replaced is not None:
                self._forget(replaced)

    def _forget(self, interest: Interest) -> None:
        interest.active = False
        way, interest.way = interest.way, ()
        self._leave(interest, way)

    def _follow(self, interest: Interest) -> None:
        """Walk the way to the interest's path, arming each directory before looking into it."""
        way: dict[tuple[DirectoryWatch, bytes], None] = {}
        try:
            if interest.entries or not self._is_known(interest, way):
                self._walk(interest, way)
        except GivenUp:
            with self._lock:  # another walked it meanwhile
                self._leave(interest, (each for each in way if each not in interest.way))
            raise
        with self._lock:
            before, interest.way = interest.way, tuple(way)
            self._leave(interest, (each for each in before if each not in way))
            if not interest.active:  # forgotten while it was walked
                self._forget(interest)
            elif self._running and not interest.covered and not self._lost.awaited:
                self._warn(interest.way[-1][0])

    def _walk(self, interest: Interest, way: dict[tuple[DirectoryWatch, bytes], None]) -> None:
        as_of = self._doubts.latest
        for step in steps(interest.path, self._places.asking_here):
            if not step.name and not interest.entries:
                break
            name = os.fsencode(step.name)
            with self._lock:
                directory = self._armed(step.directory, step.identity)
                directory.add(name, interest)
            way[directory, name] = None
        self._known_ways.note(interest.path, tuple(way), as_of)

    def _is_known(self, interest: Interest, way: dict[tuple[DirectoryWatch, bytes], None]) -> bool:
        """Whether the way is known; then it is as if it had been walked just now."""
        known = self._known_ways.to(interest.path)
        with self._lock:
            for directory, name in known:
                directory.add(name, interest)
        way.update(dict.fromkeys(known))
        if known and self._known_ways.are_good:
            directory, name = known[-1]
            path = os.path.join(directory.path, os.fsdecode(name))  # noqa: PTH118 - as looked up
            if not leads_on(path, self._places.asking_here):
                return True
        with self._lock:
            self._leave(interest, (each for each in known if each not in interest.way))
        way.clear()
        return False

    def _leave(self, interest: Interest, way: Iterable[tuple[DirectoryWatch, bytes]]) -> None:
        for directory, name in way:
            directory.discard(name, interest)
            if directory.unused and self._directories.get(directory.path) is directory:
                del self._directories[directory.path]
                self._arming.disarm(directory, self._reader)

    # Watches: directory -> kernel

    def _armed(self, path: str, identity: Identity) -> DirectoryWatch:
        directory = self._directories.get(path)
        if directory is None:
            directory = DirectoryWatch(path, identity, self._doubts)
            self._directories[path] = directory
        if directory.identity != identity:
            self._arming.disarm(directory, self._reader)
            directory.identity = identity
        if directory.wd is None:
            self._arming.arm(directory, self._reader)
        return directory

    def _warn(self, directory: DirectoryWatch) -> None:
        if self._arming.warn(directory):
            self._retry_seconds = FIRST_RETRY_SECONDS
            self._retry_at = self._clock.steady() + FIRST_RETRY_SECONDS

    # After events

    def _settle(self, reader: Reader) -> None:
        if not (self._doubts.stale or self._doubts.overflowed) or reader is not self._reader:
            return
        if self._soon is None:
            self._settle_all(self._clock.steady())
        elif not self._is_asked:
            self._is_asked = True
            self._soon(self._walk_again)

    def _walk_again(self, now: Moment) -> None:
        self._is_asked = False
        self._settle_all(now.steady)

    def _settle_all(self, now: float) -> None:
        """Walk the ways that events made doubtful, and wake those who asked."""
        turn = self._places.turn
        if not turn.acquire(timeout=_LOCK_WAIT_SECONDS):
            return  # somebody is walking; `check` comes back to it within a second
        try:
            with self._lock:
                self._take_overflow(now)
            stale, to_walk = self._doubts.stale, self._to_walk
            to_walk.update((stale.popleft(), None) for _ in range(len(stale)))
            while to_walk:  # one by one: should a call not come back, another goes on from there
                interest = next(iter(to_walk))
                if interest.active:
                    self._follow(interest)
                    self._to_wake[interest] = None
                del to_walk[interest]
            walked, self._to_wake = self._to_wake, {}
        finally:
            turn.release()
        for interest in walked:
            interest.wake()

    def _take_overflow(self, now: float) -> None:
        if not self._doubts.overflowed or now - self._overflow_at < OVERFLOW_EVERY_SECONDS:
            return
        self._overflow_at = now
        self._overflows += 1
        self._doubts.overflowed = False
        self._doubts.arise()
        self._doubts.stale.extend(self._interests.values())
        telemetry.warning("waker.overflow", woken=len(self._interests))

    # Supervision, in the scheduler's thread

    def _problem(self, reader: Reader, now: Moment) -> str:
        if not reader.is_alive():
            return "the thread that reads events died"
        if self.covers(self._canary.path) and not self._canary.sings(now):
            return "no event came for the canary file"
        return ""

    def _lose_reader(self, now: Moment) -> None:
        """Let go of a reader that is of no use; from now on everything is polled."""
        reader = self._reader
        problem = self._problem(reader, now) if reader is not None else ""
        if reader is None or not problem:
            return
        with self._lock:
            if self._reader is not reader:
                return  # stopped meanwhile
            self._reader = None
            self._arming.reason, self._arming.remedy = self._lost.lose(reader, problem), ""
            for directory in self._directories.values():
                if directory.wd is not None:
                    directory.wd, directory.reason = None, self._arming.reason
            self._canary.forget()
        reader.let_go()

    def _rebuild(self, now: Moment) -> None:
        self._open_reader()
        self._lost.replace(now.steady)
        self._doubts.arise()
        self._doubts.stale.extend(self._interests.values())

    def _open_reader(self) -> None:
        if not self._running:
            return  # stopped meanwhile
        try:
            self._reader = self._make_reader(self._clock, self._settle)
            self._reader.start()
        except (OSError, RuntimeError) as error:  # RuntimeError: no thread can be started
            self._reader = None
            self._arming.reason, self._arming.remedy = explain(error)

    def _retry(self, now: Moment) -> None:
        self._retry_seconds = min(LONGEST_RETRY_SECONDS, self._retry_seconds * 2)
        self._retry_at = now.steady + self._retry_seconds
        self._arming.forget_kinds()
        self._doubts.arise()
        if self._reader is None and not self._lost.awaited:
            self._open_reader()
        for directory in list(self._directories.values()):
            if directory.wd is None:
                self._doubts.stale.extend(directory.everyone())

    def _verify(self) -> None:
        """See that some of the watches still are on what is at their paths (think of mounts)."""
        with self._lock:
            directories = list(self._directories.values())
        share = min(len(directories), max(16, len(directories) // _VERIFY_SHARE))
        first, self._verified = self._verified, self._verified + share
        for number in range(first, first + share):
            directory = directories[number % len(directories)]
            if directory.wd is None:
                continue
            identity = identity_of(directory.path, self._places.asking_here)
            if identity != directory.identity:
                self._doubts.arise()
                self._doubts.stale.extend(directory.everyone())
