"""When each rule is asked about its deadlines: in the order of event time, over all rules.

In a backlog, a replay or a test time comes with the records; live it passes by the clock. What that
means is said in timeline.py, and what is due next on either clock is in agenda.py: this joins them,
and sets the clock that the rules read before one of them is asked. It makes no alerts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from logwatch.clock import Moment
from logwatch.records import Batch
from logwatch.rules.agenda import Agenda, Limits
from logwatch.rules.base import Datable, Rule
from logwatch.rules.kinds import SOURCE_QUIET
from logwatch.rules.timeline import DEFAULT_LATE_SECONDS, SETTLE_SECONDS, Timeline

LEAST_STEP = 0.001
"""Seconds after which a rule is asked again whose deadline did not move on when it took effect."""


class Timekeeper:
    """The clock of the rules, and the deadlines that they have on it.

    A rule is known by its index. `expire_rule` lets what one has due take effect, at event time
    and at a moment, and gives whether the rule goes on.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        late: Mapping[str, float],
        *,
        before: Callable[[float], object] | None,
        expire_rule: Callable[[int, float, Moment], bool],
    ) -> None:
        """`late`, in seconds by source, and `before`: see `Ruleset`."""
        self._rules = rules
        self._index = {rule.settings.name: index for index, rule in enumerate(rules)}
        self._before = before
        self._expire_rule = expire_rule
        self.timeline = Timeline([rule.settings for rule in rules], late)
        self.clock = self.timeline.now
        """What the rules read: one object, changed in place."""
        self._agenda = Agenda(len(rules))
        self.noted = self._agenda.noted
        """The deadline that is noted of each rule, by its index; infinity without one."""
        self._stopped: set[int] = set()
        self.live = False
        """Whether time passes by the clock; False while the backlog is read."""
        self.is_held = False
        """Whether lines move no time until `expire` does, for those of other files are older."""

    def begin(self, now: Moment) -> None:
        """Everything was restored, and the first record may come."""
        self.clock.event, self.clock.pause, self.clock.wall = now.wall, now.steady, now.wall
        self.timeline.begin(now.wall)

    def go_live(self, now: Moment) -> None:
        """The backlog is read: from now on time passes by the clock."""
        for index in range(len(self._rules)):
            self.note(index)
        self.clock.wall = now.wall

    def reach(self, time: float, source: str, now: Moment) -> None:
        """A record of this event time is next: what was due before it takes effect first."""
        timeline, clock = self.timeline, self.clock
        if self.live and timeline.position > now.wall + DEFAULT_LATE_SECONDS:
            timeline.set_back(now.wall)
            for rule in self._rules:
                if isinstance(rule, Datable):
                    rule.set_back(now.wall)
        timeline.reach(time, source)
        if self.live:
            if not self.is_held:
                timeline.position = max(timeline.position, min(time, now.wall))
            return
        if self._before is None:  # nothing can be due by a stamp that is ahead of the date
            time = min(time, now.wall)
        if time > timeline.position:
            if time >= self._agenda.next:
                self._expire(Limits(time, time), now)
            timeline.position = time
            if self._before is not None:
                self._before(time)
        clock.pause = timeline.position
        if self._before is not None:
            clock.wall = timeline.position

    def arrived(self, batch: Batch) -> None:
        """A live batch is taken: how late its source is now decides when rules are asked."""
        for index in self.timeline.arrived(batch):
            if self._rules[index].basis == "event":
                self._agenda.forget(index)
                self.note(index)

    def expire(self, now: Moment) -> None:
        """It is live: let the deadlines up to `now` take effect."""
        limit = now.wall - SETTLE_SECONDS
        self.is_held = False
        self._expire(Limits(limit, now.steady), now)
        self.timeline.position = max(self.timeline.position, limit)

    def run_until(self, time: float) -> None:
        """Let virtual time pass up to `time`, with no line until then."""
        self._expire(Limits(time, time), Moment(time, time))
        self.timeline.position = max(self.timeline.position, time)
        if self._before is not None:
            self._before(time)

    def seconds_to_deadline(self, now: Moment) -> float | None:
        """Live: seconds from `now` until `expire` has something to do; None without a deadline."""
        event, pause = self._agenda.first("event"), self._agenda.first("pause")
        waits = [event + SETTLE_SECONDS - now.wall] if event is not None else []
        waits += [pause - now.steady] if pause is not None else []
        return max(0.0, min(waits)) if waits else None

    def settle(self, names: Iterable[str], at: float) -> None:
        """What rules of these names have due by `at` takes effect before one is told of a firing.

        Or an episode that is over would hold with one that begins, only because its end waits for
        lines that find their way here, or because of the names of the rules.
        """
        clock = self.clock
        before = clock.event, clock.pause, clock.wall
        for name in names:
            index = self._index.get(name)
            if index is None or self._rules[index].basis != "event":
                continue
            while self.noted[index] + self._lag(index) <= at:
                self._agenda.drop(name, "event")
                self._expire_one(index, at, Moment(before[1], before[2]))
        clock.event, clock.pause, clock.wall = before

    def note(self, index: int, *, asked: float = -math.inf) -> None:
        """Remember when the rule has something to do, if that is sooner than what is noted.

        `asked`: the deadline that took effect just now.
        """
        if index in self._stopped:
            return
        rule = self._rules[index]
        is_asked = self.live or rule.settings.name != SOURCE_QUIET  # in a backlog nobody knows
        at = rule.due() if is_asked else None
        if at is None:
            return
        if at <= asked:
            at = asked + LEAST_STEP
        if at < self.noted[index]:
            self._agenda.note(index, rule.settings.name, rule.basis, at, self._lag(index))

    def stop(self, index: int) -> None:
        """The rule is not asked any more."""
        self._stopped.add(index)
        self._agenda.forget(index)
        self._agenda.drop(self._rules[index].settings.name, self._rules[index].basis)

    def _expire(self, limits: Limits, now: Moment) -> None:
        """Let deadlines take effect, the earliest first."""
        while (due := self._agenda.pop(limits)) is not None:
            name, limit = due
            self._expire_one(self._index[name], limit, now)

    def _expire_one(self, index: int, limit: float, now: Moment) -> None:
        at = self._agenda.forget(index)
        if at + self._lag(index) > limit:  # it fell behind since this was noted
            self.note(index)
            return
        self._turn_to(at, now, self._rules[index])
        if self._expire_rule(index, at, now):
            self.note(index, asked=at)

    def _turn_to(self, at: float, now: Moment, rule: Rule) -> None:
        """Set the clock for a deadline of `rule`, which is `at` on the clock of its basis."""
        clock = self.clock
        if self._before is not None:
            self._before(at)
        clock.event, clock.pause, clock.wall = at, now.steady, now.wall
        if not self.live:
            clock.pause = at
            clock.wall = now.wall if self._before is None else at
        elif rule.basis == "pause":
            clock.event, clock.pause = self.timeline.position, at

    def _lag(self, index: int) -> float:
        """Seconds by which the deadlines of a rule take effect later, for its lines come late."""
        return self.timeline.lags[index] if self._rules[index].basis == "event" else 0.0
