"""Feeds hits to one rule, as the pipeline would: the double that the tests of all kinds use."""

from __future__ import annotations

from msgspec.structs import replace

from logwatch.clock import ManualClock
from logwatch.records import Alert, Batch, Checkpoint, Marker, Match, Record, StateChange
from logwatch.rules import make_rule
from logwatch.rules.base import Hit, Now, RuleSettings, Told

START = 1_767_571_200.0  # 2026-01-05T00:00:00Z


class Bench:
    """One rule, a clock, and lines that arrive at stated seconds after the start."""

    def __init__(self, settings: RuleSettings, *, max_keys: int = 100_000) -> None:
        self.settings = replace(settings, max_keys=max_keys)
        self.clock = ManualClock(START)
        self.stored: dict[tuple[str, str], StateChange] = {}
        self.now = Now(START, START, START)
        self.rule = make_rule(self.settings, host="web1")
        self.rule.begin(self.now)
        self.offset = 0
        self.lag = 0.0
        self.alerts: list[Alert] = []

    def line(
        self,
        at: float,
        text: str = "boom",
        *,
        backlog: bool = False,
        lag: float = 0,
        part: int = 0,
        source: str = "app",
        identity: str = "1.2.0",
        fields: dict[str, str] | None = None,
        same_record: bool = False,
        **captures: str,
    ):
        """A line stamped `at` seconds after the start that the rule took; returns its alerts.

        It arrives `lag` seconds after that; out of order where the clock is past that already.
        `same_record`: another part of the rule took the record before, too.
        """
        self.lag = min(lag, 120.0) if lag > 1 else 0.0
        if not backlog and START + at + lag > self.clock.wall():
            self.until(at + lag)
        if same_record:
            self.offset -= len(text) + 1
        record = Record(self.offset, text, START + at, fields or {})
        self.offset += len(text) + 1
        batch = Batch(
            source=source,
            checkpoint=checkpoint(self.offset, identity),
            start=record.offset,
            end=self.offset,
            arrival=self.clock.wall(),
            last_time=record.time,
            backlog=backlog,
        )
        hit = Hit(batch, record, Match(0, 0, captures), part)
        self._set(max(self.now.event, START + at))
        new = list(self.rule.feed(hit, self.now))
        self.alerts += new
        return new

    def heard(self, at: float, alert: Alert, *, burns: bool = True) -> list[Alert]:
        """Another rule told `alert`, at event time `at` seconds after the start.

        `burns`: it is of an episode, and no event.
        """
        if START + at > self.clock.wall():
            self.until(at)
        self._set(max(self.now.event, START + at))
        new = list(self.rule.hear(Told(alert, START + at, burns), self.now))
        self.alerts += new
        return new

    def until(self, at: float) -> list[Alert]:
        """Let time pass to `at` seconds after the start, deadlines taking effect on the way."""
        new: list[Alert] = []
        by_date = self.rule.basis == "event"
        while (due := self.rule.due()) is not None:
            wait = due + self.lag - self.clock.wall() if by_date else due - self.clock.steady()
            if wait > START + at - self.clock.wall():
                break
            self.clock.advance(max(0.0, wait))
            self._set(due if by_date else max(self.now.event, START + at))
            new += self.rule.expire(self.now)
            again = self.rule.due()
            assert again is None or again > due, f"the deadline {due - START} does not go away"
        self.clock.advance(max(0.0, START + at - self.clock.wall()))
        self._set(max(self.now.event, START + at - self.lag))
        self.alerts += new
        return new

    def restart(self) -> None:
        """Store the rule's state, and go on with a new rule that was given it back."""
        for change in self.rule.changes():
            if change.body is None:
                self.stored.pop((change.rule, change.key), None)
            else:
                self.stored[change.rule, change.key] = change
        self.rule = make_rule(self.settings, host="web1")
        for _, change in sorted(self.stored.items()):
            self.rule.restore(change)
        self.rule.begin(self.now)

    def _set(self, event: float) -> None:
        self.now.event = event
        self.now.pause = self.clock.steady()
        self.now.wall = self.clock.wall()
        self.now.in_order_from = event - 120.0


def checkpoint(offset: int = 0, identity: str = "1.2.0") -> Checkpoint:
    """A position in some file."""
    return Checkpoint(
        identity=identity,
        path="/var/log/app.log",
        device=1,
        inode=1,
        birth=2,
        epoch=0,
        offset=offset,
        head=Marker(0, 0, ""),
    )


def told(alerts: list[Alert]) -> list[tuple[str, int, int]]:
    """Status, seq and count of each alert."""
    return [(alert.status, alert.seq, alert.count) for alert in alerts]
