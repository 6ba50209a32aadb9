"""`quiet_after` of a source."""

from __future__ import annotations

from doubles.rules import START
from hypothesis import given
from hypothesis import strategies as st

from logwatch.records import Alert
from logwatch.rules.base import Now
from logwatch.rules.quiet_sources import QuietSources


class Desk:
    """The rule, with time that goes on from line to line."""

    def __init__(self, **limits: float) -> None:
        self.limits = limits
        self.stored: dict[str, object] = {}
        self.now = Now(START, START, START)
        self.rule = QuietSources(limits, host="web1")
        self.rule.begin(self.now)
        self.alerts: list[Alert] = []

    def lines(self, source: str, at: float, path: str = "/var/log/app.log") -> list[Alert]:
        """Lines of `source` whose last one is stamped `at`."""
        self.until(at)
        alerts = list(self.rule.heard(source, START + at, path, self.now))
        self.alerts += alerts
        return alerts

    def until(self, at: float) -> list[Alert]:
        """Deadlines up to `at` take effect."""
        alerts: list[Alert] = []
        while (due := self.rule.due()) is not None and due <= START + at:
            self.now.event = self.now.wall = due
            alerts += self.rule.expire(self.now)
        self.now.event = self.now.wall = max(self.now.event, START + at)
        self.alerts += alerts
        return alerts

    def restart(self, **limits: float) -> None:
        """Another process takes over, with these limits."""
        for change in self.rule.changes():
            self.stored[change.key] = change
            if change.body is None:
                del self.stored[change.key]
        self.limits = limits or self.limits
        self.rule = QuietSources(self.limits, host="web1")
        for change in self.stored.values():
            self.rule.restore(change)
        self.rule.begin(self.now)


def test_a_source_without_a_line_fires_and_resolves_with_the_next():
    """It says which, for how long, and where the last line was."""
    desk = Desk(app=1200.0)
    desk.lines("app", 60)
    assert desk.until(1260) == []
    (alert,) = desk.until(1261)
    assert (alert.rule, alert.status) == ("logwatch.source-quiet", "firing")
    assert (alert.key, alert.source) == ({"source": "app"}, "app")
    assert (alert.path, alert.lines) == ("/var/log/app.log", [])
    assert alert.message == (
        "app: no line for 20m, though it is never quiet for 20m;"
        " since 2026-01-05T00:01:00.000Z, last in /var/log/app.log"
    )
    (back,) = desk.lines("app", 1500)
    assert (back.id, back.status) == (alert.id, "resolved")
    assert back.message == "resolved after 24m: app: lines come again, after 24m"


def test_a_source_that_never_had_a_line_fires_from_the_start():
    """It is armed at the start, and restarts do not put it off."""
    desk = Desk(app=60.0)
    for at in (20, 40):
        desk.until(at)
        desk.restart()
    (alert,) = desk.until(61)
    assert (alert.source, alert.path) == ("app", "")
    assert "none since the start" in alert.message


def test_each_source_has_its_own_limit():
    """And one without a limit is not looked at."""
    desk = Desk(app=60.0, web=10.0)
    assert desk.lines("kern", 1) == []
    assert [alert.source for alert in desk.until(100)] == ["web", "app"]


def test_a_source_that_is_no_longer_watched_is_resolved():
    """After a reload without its `quiet_after`."""
    desk = Desk(app=60.0, web=60.0)
    desk.until(100)
    desk.restart(web=60.0)
    (alert,) = desk.until(101)
    assert (alert.source, alert.status) == ("app", "resolved")
    assert alert.message.endswith("app: no longer watched for silence")


def test_a_source_seen_before_that_is_no_longer_watched_is_resolved_too():
    """At once, and not after a week: nobody waits for it."""
    desk = Desk(app=60.0, web=1e9)
    desk.lines("app", 1)
    desk.until(100)
    desk.restart(web=1e9)
    assert [(alert.source, alert.status) for alert in desk.until(101)] == [("app", "resolved")]


def test_a_source_that_is_no_longer_watched_before_it_is_quiet_is_forgotten():
    """Nothing is told of it."""
    desk = Desk(app=60.0, web=1e9)
    desk.lines("app", 1)
    desk.restart(web=1e9)
    assert desk.until(1000) == []


@given(
    st.lists(st.tuples(st.integers(0, 100), st.sampled_from(["app", "web"])), max_size=20),
    st.sets(st.integers(0, 20)),
)
def test_restarts_change_nothing(lines, restarts):
    """The same bytes."""
    told = []
    for stops in (set(), restarts):
        desk = Desk(app=10.0, web=20.0)
        for number, (at, source) in enumerate(sorted(lines)):
            if number in stops:
                desk.restart()
            desk.lines(source, at)
        desk.until(1000)
        told.append(desk.alerts)
    assert told[0] == told[1]
