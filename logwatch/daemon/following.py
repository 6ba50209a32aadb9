"""Which files are followed now: starts a monitor for each path, lets go of those that are gone.

Its jobs run in the scheduler's thread. `rescan` asks discovery for the paths; `poll` is the safety
net under the events: one look at each handle, every second for a file that is busy or that events
do not reach, every ten for one that is idle. What is in a place that does not answer (places.py) is
left alone until that does: its monitor would only hang as well. A monitor that died is started
again from the last position that it handed on, later each time.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Protocol

from logwatch import telemetry
from logwatch.clock import Clock, Moment
from logwatch.daemon.departures import Departures
from logwatch.daemon.futexes import Futexes
from logwatch.daemon.held_files import HeldFiles
from logwatch.daemon.intake import LetGo, Message
from logwatch.daemon.monitor import Monitor
from logwatch.daemon.pacing import Pacing
from logwatch.daemon.places import NotAnsweringError, Places, is_beneath
from logwatch.daemon.revivals import Revivals
from logwatch.daemon.short_lives import ShortLives
from logwatch.daemon.thread_room import ThreadRoom
from logwatch.daemon.unread import Unread
from logwatch.daemon.waker import Waker
from logwatch.records import Checkpoint
from logwatch.tailer.claims import Claims
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.settings import HeldLimits
from logwatch.tailer.tail import Tail

BUSY_SECONDS = 30.0
IDLE_POLLS = 10
"""An idle file is polled at every tenth tick."""
BUSY_POLLS = 1_000
"""So many busy files that events reach are polled at each tick; of more of them each less often:
4,000 took 4 % of a core for half a minute, though events tell of nearly all that is found."""
COVERED_RESCANS = 6
"""Where events reach every directory, every sixth rescan looks for files all the same."""
ENDED_AT_ONCE = 32
ENDING_SECONDS = 0.1
"""How long the end of some monitors is waited for before the next ones are told."""
FIRST_LOOK_SECONDS = 0.005
"""The next monitor is started when those before it had their first look; where none has got on for
so long, on a disk that is slow, several look at the same time."""
LEISURE_TICKS = 5
"""What is told after a minute, or has a limit of hours, is looked at each fifth tick."""
HUNG_TICKS = 10
"""Ticks, a second apart, in which one read is found under way before its file is said to hang."""


class MakeMonitor(Protocol):
    """Makes the monitor of one path from its sources and the positions known near it."""

    def __call__(
        self,
        path: str,
        sources: tuple[str, ...],
        known: list[Checkpoint],
        *,
        at_start: bool,
        files: int,
    ) -> Monitor:
        """`at_start`: what the file holds is its backlog. `files`: how many there are in all."""
        ...


class Following:
    """The monitors of one daemon."""

    def __init__(
        self,
        *,
        discovery: Discovery,
        make_monitor: MakeMonitor,
        waker: Waker,
        clock: Clock,
        claims: Claims,
        stored: Iterable[Checkpoint],
        tell: Callable[[Message], bool],
        waited_for: Container[str] = (),
        places: Places | None = None,
        pacing: Pacing | None = None,
        held: HeldLimits | None = None,
        receivers: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """`tell` hands a message to the consumer without waiting; False: not now.

        `waited_for` are the sources of whose silence somebody wants to know. `receivers` are those
        that are no files, by what stands for the path.
        """
        self._discovery = discovery
        self._receivers = dict(receivers or {})
        self._make_monitor = make_monitor
        self._waker = waker
        self._clock = clock
        self._claims = claims
        claims.handles.wake = self._wake
        self._tell = tell
        self._unread = Unread(tell, waited_for)
        self._departures = Departures(tell)
        self._revivals = Revivals(tell, self._start_again)
        self._short_lives = ShortLives(lambda path: bool(discovery.sources_of(path)))
        self._places = places or Places()
        self._pacing = pacing
        self._futexes, self._room = Futexes(), ThreadRoom(tell, waker.unwatch)
        self._changes = self._places.changes
        self._reads: dict[str, tuple[float, int]] = {}
        """Reads that take long: since when, and in how many ticks."""
        self._held = HeldFiles(held or HeldLimits(), tell, self._places.asking)
        self._stored: dict[str, list[Checkpoint]] = {}
        for each in stored:
            self._stored.setdefault(each.path, []).append(each)
        self._monitors: dict[str, Monitor] = {}
        self._directories: set[str] = set()
        self._problems: Mapping[str, str] = {}
        self._unlisted: list[tuple[str, str, str]] = []
        self._ticks = self._rescans = 0
        self._busy_polls = 1
        """Ticks from one poll of a busy file to the next."""
        self._rescan_now = False
        self._ended = False
        self._unstarted: dict[str, Monitor] = {}

    @property
    def monitors(self) -> list[Monitor]:
        """All monitors now; a copy, for other threads."""
        return list(self._monitors.values())

    @property
    def problems(self) -> Mapping[str, str]:
        """Why places where files may be cannot be looked at; from any thread."""
        return self._problems

    def prepare(self) -> set[str]:
        """Make, but do not start, the monitors of the files that are there.

        Returns the paths of those that can be read now, as far as is known.
        """
        self._scan(at_start=True)
        return {path for path in self._monitors if not self._places.where(path)}

    def start(self) -> None:
        """Arm the watches, then start all monitors: in this order nothing falls between."""
        self._futexes.make_room(len(self._monitors))
        ready = [each for path, each in self._unstarted.items() if not self._places.where(path)]
        ready.sort(key=lambda each: each.path not in self._stored)  # known ones, if not all can
        for monitor in self._room.begin_all(ready, self._begin):
            del self._unstarted[monitor.path]

    def rescan(self, _now: Moment) -> None:
        """Find paths that came, and let go of those that went."""
        self._rescans += 1
        if self._ended or not (self._rescan_now or self._rescan_due()):
            return
        self._rescan_now = True  # should this be given up half-way, it is done once more
        wanted = self._scan(at_start=False)
        self._rescan_now = False
        self.start()
        self._let_go_but(wanted)

    def poll(self, now: Moment) -> None:
        """Wake the monitors that have something to do, though no event said so."""
        self._ticks += 1
        self._see_what_answers()
        all_covered, busy = self._waker.covers_all(), 0
        for number, monitor in enumerate(self.monitors):
            if monitor.not_answering:
                continue
            look_at = monitor.look_at
            if look_at is not None and look_at <= now.steady:
                monitor.look_at = None
                monitor.wake()
                continue
            turn = number + self._ticks
            due = turn % IDLE_POLLS == 0
            if now.steady - monitor.active_at < BUSY_SECONDS:
                busy += 1
                due = due or turn % self._busy_polls == 0
            # Most files are in none of these cases, each second.
            if not (due or not (all_covered or self._waker.covers(monitor.path))):
                continue
            if self._has_changed(monitor):
                monitor.wake()
        self._busy_polls = max(1, -(-busy // BUSY_POLLS))
        if self._pacing is not None:
            self._pacing.check(now.steady)
        self._departures.look(now)
        self._revivals.look(self.monitors, now)
        if self._ticks % LEISURE_TICKS == 0:
            self._unread.look(self.monitors, now, self._unanswering(), self._unlisted)
            self._held.look(self.monitors, now)
            self.start()
        self._share_handles()
        self._short_lives.look(self._waker.changed_names(), self._monitors, now)
        if self._rescan_now:
            self.rescan(now)

    def end(self, *, deadline: float, hurry: Callable[[], None] = lambda: None) -> list[Monitor]:
        """Stop all monitors until steady time `deadline`; returns those that did not end.

        `hurry` is called once all are told to stop, to have those look up that wait for room. They
        are woken a few at a time (pacing.py); those that hang come last, and are not waited for
        longer than all others.
        """
        self._ended = True
        monitors = sorted(self.monitors, key=lambda each: each.waits_for_others())
        for monitor in monitors:
            monitor.stopping.set()
        hurry()
        for first in range(0, len(monitors), ENDED_AT_ONCE):
            some = monitors[first : first + ENDED_AT_ONCE]
            for monitor in some:
                monitor.end()
            until = min(deadline, self._clock.steady() + ENDING_SECONDS)
            for monitor in some:
                monitor.join(until - self._clock.steady())
        return [each for each in monitors if not each.join(deadline - self._clock.steady())]

    def _share_handles(self) -> None:
        """Have those lend their handle that were at rest for longest, where others wait for one."""
        wanted = self._claims.handles.wanted
        if wanted:
            may = [
                each
                for each in self.monitors
                if isinstance(each.tail, Tail) and each.tail.may_park and not each.not_answering
            ]
            for monitor in sorted(may, key=lambda each: each.active_at)[: 2 * wanted]:
                monitor.wake()

    def _wake(self, path: str) -> None:
        monitor = self._monitors.get(path)
        if monitor is not None:
            monitor.wake()

    def _begin(self, monitor: Monitor) -> None:
        """Arm the watch, then start: nothing falls between. Raises RuntimeError: no thread."""
        if not monitor.is_file:
            monitor.start()
            return
        if self._pacing is not None:
            monitor.pace(self._pacing)
        self._waker.watch(monitor.path, monitor.wake)
        monitor.wake()  # first: its thread has not to be woken when it is its turn anyway
        monitor.start()
        if self._pacing is not None:
            self._pacing.rest_until_done(monitor, FIRST_LOOK_SECONDS)

    # -- what does not answer -----------------------------------------------------------------

    def _has_changed(self, monitor: Monitor) -> bool:
        try:
            with self._places.asking(monitor.path):
                return monitor.tail.changed()
        except NotAnsweringError:
            return False

    def _see_what_answers(self) -> None:
        """Mark the monitors that wait for a disk or server, and wake those whose is back."""
        changes = self._places.changes
        if self._changes != changes:
            self._rescan_now = True
            for monitor in self.monitors:
                place = self._places.where(monitor.path)
                was, monitor.not_answering = monitor.not_answering, _in_words(place)
                if was and not place:
                    monitor.wake()
            self.start()
            self._changes = changes
        self._judge_reads()

    def _judge_reads(self) -> None:
        """One read that takes long is a file that hangs, whatever the rest of its disk does."""
        reads = {}
        for monitor in self.monitors:
            if (since := monitor.reading_since) is not None:
                before, ticks = self._reads.get(monitor.path, (since, 0))
                reads[monitor.path] = since, ticks + 1 if before == since else 0
        for path in self._reads.keys() | reads.keys():
            monitor_of = self._monitors.get(path)
            if monitor_of is None or self._places.where(path):
                continue
            hangs = path in reads and reads[path][1] >= HUNG_TICKS
            if hangs and not monitor_of.not_answering:
                telemetry.warning("daemon.file_not_answering", path=path)
            elif monitor_of.not_answering and not hangs:
                telemetry.info("daemon.file_answers", path=path)
            monitor_of.not_answering = "a read of it does not come back" if hangs else ""
        self._reads = reads

    def _unanswering(self) -> list[tuple[str, str]]:
        return [
            (place, source)
            for place in self._places.dead
            for source in self._discovery.sources_in(place)
        ]

    # -- what there is --------------------------------------------------------------------------

    def _scan(self, *, at_start: bool) -> Container[str]:
        """Make a monitor for each new path; all the paths. Done twice it does no harm."""
        found = self._discovery.scan()
        self._note_problems(found.problems)
        self._unlisted = found.unlisted
        for directory in found.directories - self._directories:
            self._waker.watch_directory(directory, self._rescan_soon)
        for directory in self._directories - found.directories:
            # Where a folder could not be listed nobody knows what in it is gone.
            if not any(is_beneath(directory, each) for each in found.problems):
                self._waker.unwatch(directory)
                self._directories.remove(directory)
        self._directories |= found.directories
        wanted = found.files | self._receivers
        departed = self._discovery.departed(self._stored, wanted) if at_start else {}
        for path, sources in (wanted | departed).items():
            if path in self._monitors:
                continue
            known = self._stored.get(path, [])
            monitor = self._make_monitor(
                path, sources, known, at_start=at_start, files=len(found.files)
            )
            monitor.sources = sources
            monitor.not_answering = _in_words(self._places.where(path))
            if path in departed and not monitor.not_answering:
                monitor.departure = self._departures.expect(sources[0])
            self._monitors[path] = self._unstarted[path] = monitor
        return wanted

    def _rescan_soon(self) -> None:
        # Called by the waker's thread: only a flag, the scheduler's next tick does the work.
        self._rescan_now = True

    def _rescan_due(self) -> bool:
        """Looking for a thousand files takes longer than all else that an idle daemon does."""
        return self._rescans % COVERED_RESCANS == 0 or not all(
            self._waker.covers(directory) for directory in self._directories
        )

    def _let_go_but(self, wanted: Container[str]) -> None:
        """End the monitors whose file is gone and whose path no source names any more."""
        for path, monitor in list(self._monitors.items()):
            is_needed = path in wanted or monitor.tail.identities() or not monitor.caught_up
            if is_needed or not self._tell(LetGo(path)):
                continue  # it is awaited until it has said that there is nothing to wait for
            self._waker.unwatch(path)
            monitor.end()
            del self._monitors[path]
            self._short_lives.let_go(path, active_at=monitor.active_at)
            self._unstarted.pop(path, None)
            self._revivals.forget(path)
            telemetry.info("daemon.file_let_go", path=path)

    def _start_again(self, dead: Monitor) -> None:
        """A new monitor that reads on where the dead one had handed on its last block."""
        path = dead.path
        for position in dead.positions_in_hand():
            self._claims.note(position)
        known, files = self._stored.get(path, []), len(self._monitors)
        fresh = self._make_monitor(path, dead.sources, known, at_start=False, files=files)
        fresh.sources, fresh.departure = dead.sources, dead.departure
        fresh.not_answering = _in_words(self._places.where(path))
        self._monitors[path] = self._unstarted[path] = fresh
        self.start()

    def _note_problems(self, problems: Mapping[str, str]) -> None:
        for path, text in problems.items():
            if self._problems.get(path) != text:
                telemetry.warning("tailer.cannot_look", path=path, reason=text)
        self._problems = dict(problems)


def _in_words(place: str) -> str:
    return f"{place} does not answer" if place else ""
