"""Which places do not answer: calls that do not come back from the file system, and going on.

A call to a network mount whose server is gone, or to a disk that is dying, may not come back for
hours, and nobody can interrupt it. One thread, the scheduler's, makes the calls that are not about
one followed file alone, and announces each here. `check`, called by another thread, gives up a call
that takes longer than `PATIENCE` seconds: its thread is left where it is, and another takes over
its work (timed_work.py). That one first finds out where it was that the call got stuck: the whole
mount, or one directory. Nobody asks there again until the stuck call comes back by itself, or the
mounts of the machine change.

So a place that dies costs the files of all others one delay of some seconds, and a thread or two.
What is not promised: with more than `MOST_STUCK` calls under way nothing is given up any more, and
the watchdog goes hungry.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import NamedTuple

from logwatch import telemetry
from logwatch.daemon.lookup import mount_points, mount_table, steps

PATIENCE = 3
"""Checks, a second apart, in which a call is found under way before it is given up. They are
counted, since a process that was stopped for a while must not take that for a call that hangs."""
CHECK_SECONDS = 1.0
MOST_STUCK = 32
MANY_SIBLINGS = 3
"""Places in one directory that do not answer before the directory is taken for the place."""
WAYS_SECONDS = 30.0
"""For how long it is remembered which paths lead through a place that does not answer."""

_NOTHING = nullcontext()


class NotAnsweringError(OSError):
    """Raised instead of a call to a place that does not answer."""

    def __init__(self, place: str) -> None:
        super().__init__(errno.ETIMEDOUT, f"{place} does not answer")
        self.place = place


class GivenUp(BaseException):
    """Raised in a thread whose call came back after another thread had taken its work over.

    It is no Exception, for nothing but the end of the thread may follow.
    """


class _Call(AbstractContextManager[None]):
    """One call that is under way. Whoever takes its token decides: it ended, or it is given up."""

    __slots__ = ("_places", "path", "token")

    def __init__(self, places: Places, path: str) -> None:
        self._places = places
        self.path = path
        self.token = [True]

    def __enter__(self) -> None:
        self._places.under_way = self

    def __exit__(self, *_: object) -> None:
        try:
            self.token.pop()  # in one step, as all of a list's: no lock at each call
        except IndexError:
            self._places.came_back(self)
            raise GivenUp from None
        self._places.under_way = None


class _Dead(NamedTuple):
    """A place that does not answer, and the calls that are stuck there."""

    calls: frozenset[_Call]
    mounts: str
    """Of the machine, when it was given up."""


class Places:
    """What answers and what does not; one for a daemon.

    `_lock` guards the changes and is held for a few lines that ask nothing; readers need none.
    """

    def __init__(self, mounts: Callable[[], str] = mount_table) -> None:
        """`mounts` is the machine's table of mounts as it is now; it must not hang."""
        self._mounts = mounts
        self._lock = threading.Lock()
        self._asker: int | None = None
        self._stuck: set[_Call] = set()
        self._suspect: _Call | None = None
        self._dead: dict[str, _Dead] = {}  # replaced, never changed: see above
        self._ways: dict[str, str] = {}
        self._ways_until = 0.0
        self._watched: _Call | None = None
        self._checks = 0
        self._checked_at = float("-inf")
        self._too_many_said = False
        self.under_way: _Call | None = None
        """The call that the asking thread is making now."""
        self.turn = threading.Lock()
        """For one thread at a time that does a piece of work with many calls in it. A thread that
        is given up keeps the one it has, and there is another."""
        self.changes = 0
        """Grows when a place stops answering, and when it answers again."""

    @property
    def dead(self) -> Mapping[str, object]:
        """The places that do not answer, without links in their paths; from any thread."""
        return self._dead

    # -- asking -----------------------------------------------------------------------------

    def enroll(self) -> None:
        """From now on this thread is the one whose calls are given up if they hang."""
        self._asker = threading.get_ident()

    def asking(self, path: str) -> AbstractContextManager[None]:
        """Enter it around a call that names `path`. Raises NotAnsweringError where that would hang.

        On leaving it GivenUp is raised where somebody else does this thread's work by now.
        """
        if self._dead:
            place = self.where(path)
            if place:
                raise NotAnsweringError(place)
        return self._announced(path)

    def asking_here(self, path: str) -> AbstractContextManager[None]:
        """Like `asking`, for a path that has no link on the way to its last name."""
        place = self._place_of(path)
        if place:
            raise NotAnsweringError(place)
        return self._announced(path)

    def where(self, path: str) -> str:
        """The place on the way to `path` that does not answer; empty where there is none."""
        if not self._dead:
            return ""
        found = self._ways.get(path)
        if found is None:
            found = self._ways[path] = self._walk(path)
        return found

    def _announced(self, path: str) -> AbstractContextManager[None]:
        # Others than the scheduler's thread wait for their own calls, as ever.
        return _Call(self, path) if threading.get_ident() == self._asker else _NOTHING

    def _walk(self, path: str) -> str:
        for step in steps(path, self.asking_here):
            place = self._place_of(step.full)
            if place:
                return place
        return ""

    def _place_of(self, path: str) -> str:
        return next((each for each in self._dead if is_beneath(path, each)), "")

    # -- giving up, in a thread that makes no such calls ----------------------------------------

    def check(self, now: float) -> bool:
        """Look at the call under way at steady time `now`.

        True: it was given up just now, and another thread must take over and call `enroll` and
        `locate` before anything else.
        """
        if self._dead:
            self._look_at_mounts()
        if now >= self._ways_until:
            self._ways_until = now + WAYS_SECONDS
            self._ways = {}
        call = self.under_way
        if call is None or call is not self._watched:
            self._watched, self._checks, self._checked_at = call, 0, now
            return False
        if now - self._checked_at < CHECK_SECONDS:
            return False
        self._checked_at = now
        self._checks += 1
        return self._checks >= PATIENCE and self._give_up(call)

    def _give_up(self, call: _Call) -> bool:
        with self._lock:
            if len(self._stuck) >= MOST_STUCK:
                self._say_too_many()
                return False
            try:
                call.token.pop()
            except IndexError:
                return False  # it has come back this very moment
            self._stuck.add(call)
            self.under_way = self._watched = None
            self.turn = threading.Lock()
            if self._suspect is None:
                self._suspect = call
            else:  # the thread that looked where the first one got stuck is stuck there as well
                self._condemn(call.path, {call, self._suspect})
                self._suspect = None
        return True

    def _say_too_many(self) -> None:
        if not self._too_many_said:
            self._too_many_said = True
            telemetry.error("daemon.too_many_stuck_calls", number=len(self._stuck))

    def locate(self) -> None:
        """Find out where the call got stuck that was given up last; call it as the one who asks.

        This walks the same way in small steps, and asks each mount by itself. Where it does not
        come back either, that is the place; where it does, it is what was asked for.
        """
        suspect = self._suspect
        if suspect is None:
            return
        place, mounts = suspect.path, mount_points(self._mounts())
        for step in steps(suspect.path, self.asking_here):
            place = step.full
            if place in mounts:
                with suppress(OSError), self.asking_here(place):
                    os.statvfs(place)
        with self._lock:
            self._suspect = None
            if suspect in self._stuck:
                self._condemn(place, {suspect})

    def _condemn(self, place: str, calls: set[_Call]) -> None:
        parent = place.rpartition("/")[0]
        siblings = [each for each in self._dead if each.rpartition("/")[0] == parent]
        if parent and len(siblings) + 1 >= MANY_SIBLINGS:
            place = parent
        covered = {each: dead for each, dead in self._dead.items() if is_beneath(each, place)}
        calls = calls.union(*(dead.calls for dead in covered.values()))
        kept = {each: dead for each, dead in self._dead.items() if each not in covered}
        self._change(kept | {place: _Dead(frozenset(calls), self._mounts())})
        telemetry.warning(
            "daemon.place_not_answering",
            place=place,
            asked_for=", ".join(sorted({call.path for call in calls})),
            remedy="does its disk or server answer? Other files are read meanwhile",
        )

    # -- trying again -----------------------------------------------------------------------

    def came_back(self, call: _Call) -> None:
        """A call that was given up has ended after all, in its own thread."""
        with self._lock:
            self._stuck.discard(call)
            answering = {each for each, dead in self._dead.items() if call in dead.calls}
            self._revive(answering, "daemon.place_answers")

    def _look_at_mounts(self) -> None:
        mounts = self._mounts()
        with self._lock:
            changed = {each for each, dead in self._dead.items() if dead.mounts != mounts}
            self._revive(changed, "daemon.place_tried_again")

    def _revive(self, places: set[str], event: str) -> None:
        if not places:
            return
        self._change({each: dead for each, dead in self._dead.items() if each not in places})
        for each in sorted(places):
            telemetry.info(event, place=each)

    def _change(self, dead: dict[str, _Dead]) -> None:
        self._dead = dead
        self._ways = {}
        self.changes += 1


def is_beneath(path: str, place: str) -> bool:
    """Whether `path` is `place`, or in it."""
    return path == place or path.startswith(f"{place.rstrip('/')}/")
