"""What one test came to: what happened in it, and where that is not what it expects."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from logwatch.config.problems import Place
from logwatch.config.rule_tests import ExpectedAlert, RuleTest
from logwatch.records import Alert, Status
from logwatch.units import format_duration

Section: TypeAlias = Literal["fires", "resolves", "sent_to", "muted_by", "at"]
"""The key of the test that a mismatch belongs to."""
Deed: TypeAlias = Literal["not matched", "matched", "fired", "updated", "resolved", "heard"]
"""What a line, or the clock, did."""


SAME_TIME_SECONDS = 0.0015
"""Times of alerts are told to the millisecond."""


class Happened(Struct, frozen=True, kw_only=True):
    """One alert of a test."""

    alert: Alert
    at: float
    """Event time at which it came about."""
    sinks: tuple[str, ...] = ()
    """Who would have been told."""
    muted_by: str | None = None
    """Why nobody was: a rule that absorbs it, or `shadow`."""


class Did(Struct, frozen=True):
    """One thing that a line did."""

    deed: Deed
    text: str


class Row(Struct, frozen=True, kw_only=True):
    """One row of the timeline."""

    at: float
    """Seconds since the epoch: when the line arrived, or what the clock had come to."""
    line: str | None
    """The text; None where nothing but time passed."""
    did: tuple[Did, ...]


class Difference(Struct, frozen=True, kw_only=True):
    """One value that is not what was expected."""

    name: str
    place: Place
    expected: str
    got: str | None
    """None: the alert has nothing of that name."""


class Mismatch(Struct, frozen=True, kw_only=True):
    """One thing that is not as the test says."""

    section: Section
    place: Place
    """The line of the expectation; where there is none, of the list that it is missing from."""
    expected: ExpectedAlert | None = None
    """None: nothing like `got` is listed."""
    got: Happened | None = None
    """None: nothing came."""
    differences: tuple[Difference, ...] = ()


class Outcome(Struct, frozen=True, kw_only=True):
    """One test that was run, or could not be."""

    test: RuleTest
    rows: tuple[Row, ...] = ()
    """What each line did; only of a test that failed, or where they were asked for."""
    events: tuple[Happened, ...] = ()
    """Every alert of the rule, and of those that it hears, in order."""
    mismatches: tuple[Mismatch, ...] = ()
    hints: tuple[str, ...] = ()
    """What may be the reason of a failure, or makes a success worthless, a sentence each."""
    trouble: str | None = None
    """Why it could not be run; it failed then, whatever came."""
    seconds: float = 0.0

    def of_status(self, *statuses: Status) -> tuple[Happened, ...]:
        """The alerts of the rule itself that say so."""
        return tuple(
            event
            for event in self.events
            if event.alert.rule == self.test.rule and event.alert.status in statuses
        )

    @property
    def fired(self) -> tuple[Happened, ...]:
        """Every firing of the rule, in order."""
        return self.of_status("firing")

    @property
    def compared(self) -> tuple[Happened, ...]:
        """What `fires` must list: every firing, and every update where it lists any of those."""
        if any(each.values.get("status") == "updated" for each in self.test.fires):
            return self.of_status("firing", "updated")
        return self.fired

    @property
    def resolved(self) -> tuple[Happened, ...]:
        """Every end of an episode of the rule, in order."""
        return self.of_status("resolved")

    @property
    def heard(self) -> tuple[Happened, ...]:
        """The alerts of rules that the rule hears."""
        return tuple(event for event in self.events if event.alert.rule != self.test.rule)

    @property
    def passed(self) -> bool:
        """Whether everything was as the test says."""
        return self.trouble is None and not self.mismatches


def offset_text(at: float, start: float) -> str:
    """`+2h`: the time of a test as its lines write it."""
    sign = "-" if at < start - 0.0005 else "+"
    return sign + format_duration(abs(at - start))


def may_be_taken(outcome: Outcome) -> bool:
    """Whether a failure is only in the values of what fired and what was resolved."""
    sections = {one.section for one in outcome.mismatches}
    if outcome.trouble is not None or not sections or not sections <= {"fires", "resolves"}:
        return False
    return "fires" not in sections or bool(outcome.test.fires and outcome.compared)
