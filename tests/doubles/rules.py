"""Feeds hits to one rule, as the consumer would: the double that the tests of all kinds use."""

from __future__ import annotations

from logwatch.clock import ManualClock
from logwatch.records import Alert, Batch, Checkpoint, Marker, Match, Record, StateChange
from logwatch.rules import make_rule
from logwatch.rules.base import Hit, RuleSettings

START = 1_767_571_200.0  # 2026-01-05T00:00:00Z


class Bench:
    """One rule, a clock, and lines that arrive at stated seconds after the start."""

    def __init__(self, settings: RuleSettings, *, max_keys: int = 100_000) -> None:
        self.settings = settings
        self.clock = ManualClock(START)
        self.stored: dict[tuple[str, str], StateChange] = {}
        self.max_keys = max_keys
        self.rule = make_rule(settings, host="web1", max_keys=max_keys)
        self.offset = 0
        self.alerts: list[Alert] = []

    def line(
        self,
        at: float,
        text: str = "boom",
        *,
        backlog: bool = False,
        lag: float = 0,
        **captures: str,
    ):
        """A line stamped `at` seconds after the start that the rule took; returns its alerts.

        It arrives `lag` seconds after that; out of order where the clock is past that already.
        """
        if not backlog and START + at + lag > self.clock.wall():
            self.until(at + lag)
        record = Record(self.offset, text, START + at)
        self.offset += len(text) + 1
        batch = Batch(
            ruleset="r",
            source="app",
            checkpoint=checkpoint(self.offset),
            start=record.offset,
            end=self.offset,
            arrival=self.clock.wall(),
            last_time=record.time,
            backlog=backlog,
        )
        hit = Hit(batch, record, Match(0, 0, captures))
        new = list(self.rule.feed(hit, self.clock.moment()))
        self.alerts += new
        return new

    def until(self, at: float) -> list[Alert]:
        """Let time pass to `at` seconds after the start, deadlines taking effect on the way."""
        new: list[Alert] = []
        while True:
            wait = self.rule.due(self.clock.moment())
            left = START + at - self.clock.wall()
            if wait is None or wait > left + 1e-6:
                self.clock.advance(max(0.0, left))
                break
            self.clock.advance(wait)
            new += self.rule.expire(self.clock.moment())
        self.alerts += new
        return new

    def restart(self) -> None:
        """Store the rule's state, and go on with a new rule that was given it back."""
        for change in self.rule.changes():
            if change.body is None:
                self.stored.pop((change.rule, change.key), None)
            else:
                self.stored[change.rule, change.key] = change
        self.rule = make_rule(self.settings, host="web1", max_keys=self.max_keys)
        for change in self.stored.values():
            self.rule.restore(change)


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
