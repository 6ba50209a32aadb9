"""All rules at work: in which order they tell, and what becomes of one that fails."""

from __future__ import annotations

from doubles.daemon import batch
from doubles.rules import START

from logwatch.clock import Moment
from logwatch.records import Match, StateChange
from logwatch.rules import make_rule
from logwatch.rules.base import PlainMatch, RuleSettings, Selector, Threshold
from logwatch.rules.kinds import Composite, Expect
from logwatch.rules.ruleset import Ruleset
from logwatch.rules.timeline import SETTLE_SECONDS

SLOW_SECONDS = 50.0


class Ears:
    """A set of rules, and what it told."""

    def __init__(self, *rules: RuleSettings) -> None:
        self.told: list[tuple[str, str, bool]] = []
        self.times: list[float] = []
        """When each of it took effect, in seconds after the start."""
        self.failed: list[str] = []
        self.working = [make_rule(each, host="web1") for each in rules]
        self.rules = Ruleset(
            self.working,
            tell=self._tell,
            failed=lambda name, _problem, _now: self.failed.append(name),
        )
        self.rules.begin(Moment(0.0, START))
        self.rules.go_live(Moment(0.0, START))

    def _tell(self, rule, alerts, at, *, absorbed_by=None) -> None:
        for alert in alerts:
            self.times.append(at - START)
            self.told.append((rule.name, alert.status, absorbed_by is not None))

    def line(self, at: float, *rules: int, behind: float = 0.0) -> None:
        """A line `at` seconds after the start that these rules take, `behind` seconds late."""
        one = batch(
            "boom",
            offset=round(at * 10),
            time=START + at,
            arrival=START + at + behind,
            matches=[Match(rule, 0) for rule in rules],
        )
        now = Moment(at + behind, START + at + behind)
        self.rules.feed(one, one.matches, now)
        self.rules.arrived(one)


def part(name: str) -> RuleSettings:
    """An episode with its first line."""
    return RuleSettings(name=name, kind=Threshold(count=1, window=60.0), cooldown=0.0)


BOTH = RuleSettings(
    name="both", kind=Composite(rules=("a", "b"), needed=2, within=300.0, absorbs=True)
)


def test_what_others_make_of_an_alert_is_told_after_it_and_it_is_absorbed():
    """They hear of it first, or nobody would know yet that it is absorbed."""
    ears = Ears(part("a"), part("b"), BOTH)
    ears.line(1, 0, 1)
    assert ears.told == [("a", "firing", False), ("b", "firing", True), ("both", "firing", False)]


def test_a_rule_that_failed_is_not_asked_again_when_its_source_falls_behind(monkeypatch):
    """Its deadlines are noted anew with the lag of its lines; those of a failed one are not."""
    ears = Ears(part("a"), part("b"))
    ears.line(1, 0, 1)
    asked = []

    def broken(*_):
        asked.append(1)
        raise ZeroDivisionError

    for name in ("feed", "due", "expire"):
        monkeypatch.setattr(ears.working[0], name, broken)
    ears.line(2, 0, 1)
    assert ears.failed == ["a"]
    assert ears.rules.quarantined == {"a"}
    ears.line(3, 0, 1, behind=SLOW_SECONDS)
    ears.rules.expire(Moment(1000.0, START + 1000))
    assert asked == [1]
    assert ears.told[-1] == ("b", "resolved", False)


def test_what_it_told_before_it_failed_stays_told(monkeypatch):
    """Alerts are taken one by one, as a rule makes them."""
    ears = Ears(part("a"))
    ears.line(1, 0)
    expire = ears.working[0].expire

    def fails_late(now):
        yield from expire(now)
        raise ZeroDivisionError

    monkeypatch.setattr(ears.working[0], "expire", fails_late)
    ears.rules.expire(Moment(500.0, START + 500))
    assert ears.told == [("a", "firing", False), ("a", "resolved", False)]
    assert [change.rule for change in ears.rules.changes()][:1] == ["a"]


def test_the_state_of_a_rule_that_is_no_more_is_passed_over():
    """Its rule was removed."""
    rules = Ruleset(
        [make_rule(RuleSettings(name="r", kind=PlainMatch()), host="web1")],
        tell=lambda *_, **__: None,
        failed=lambda *_: None,
    )
    rules.restore(StateChange("gone", "key", b"?"))
    rules.begin(Moment(0.0, START))
    assert not rules.seconds_to_deadline(Moment(0.0, START))


def test_a_deadline_takes_effect_at_its_time_however_near_one_was_that_moved_on():
    """What the first line had due at 120 moved on to the very next instant with the second one."""
    closing = Selector(match=("close",))
    job = RuleSettings(name="job", kind=Expect(closing=closing, within=60.0), cooldown=0.0)
    ears = Ears(job)
    ears.line(0, 1)
    ears.line(60, 0)
    ears.rules.expire(Moment(150.0, START + 150))
    assert ears.told == [("job", "firing", False)]
    assert [round(each, 4) for each in ears.times] == [120.0]


def test_a_rule_whose_deadline_does_not_move_on_is_asked_once_a_millisecond(monkeypatch):
    """The others have their turn, and time goes on."""
    ears = Ears(part("a"))
    asked = []
    monkeypatch.setattr(ears.working[0], "due", lambda: START + 1)
    monkeypatch.setattr(ears.working[0], "expire", lambda _now: asked.append(1) or ())
    ears.line(1, 0)
    ears.rules.expire(Moment(2.0, START + 1 + SETTLE_SECONDS + 0.5))
    assert 490 < len(asked) < 510
