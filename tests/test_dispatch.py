"""Mutes, routes, groups and rates together: who is told of what, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from doubles.alerts import alert
from doubles.conditions import asking
from doubles.examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from logwatch.alerts.mute_settings import InhibitSettings, MuteSettings
from logwatch.alerts.rates import SinkPace
from logwatch.alerts.route import Router, RouteSettings
from logwatch.alerts.timers import RouteTimers
from logwatch.clock import Moment
from logwatch.dispatch import Dispatch
from logwatch.records import Alert, StateChange, decode_alert, encode_alert
from logwatch.stamps import rfc3339
from logwatch.store.writer import Addressed, Burning
from logwatch.units import Rate

START = 1_767_571_200.0


ROUTES = (
    RouteSettings(
        to=("grouped",),
        condition=asking(rule="g*"),
        timers=RouteTimers(group=("rule",), wait=10.0, updates=30.0, remind=120.0),
        also=True,
    ),
    RouteSettings(to=("direct", "paced")),
)
MUTES = (MuteSettings(name="night", condition=asking(k="m"), begin=START + 60, end=START + 200),)
INHIBITS = (InhibitSettings(source=asking(rule="big"), target=asking(rule="g*")),)
PACES = {"paced": SinkPace(rate=Rate(3, 60.0))}


@dataclass
class Scene:
    """A dispatch, the store behind it, and what every sink was sent."""

    options: dict[str, Any] = field(default_factory=dict)
    routes: Sequence[RouteSettings] = ROUTES
    rows: dict[tuple[str, str], StateChange] = field(default_factory=dict)
    burning: dict[str, Burning] = field(default_factory=dict)
    sent: dict[str, list[tuple[float, Alert]]] = field(default_factory=dict)
    kept: list[Alert] = field(default_factory=list)
    time: float = START

    def __post_init__(self) -> None:
        self.begin()

    @property
    def now(self) -> Moment:
        return Moment(self.time, self.time)

    def begin(self) -> None:
        """Start with what was committed, nothing else is known."""
        router = Router(self.routes, sinks=("direct", "paced", "grouped", "other"), to_by_rule={})
        self.dispatch = Dispatch(router, host="web1", **self.options)
        for row in self.rows.values():
            self.dispatch.restore(row)
        self.dispatch.restored()
        open_alerts = [each.alert for each in self.burning.values()]
        groups = [each for each in open_alerts if each.group is not UNSET]
        assert all(self.dispatch.watches(each) for each in groups)
        self.dispatch.begin(self.burning.values(), self.now)
        self.commit(self.dispatch.go_live(self.now))

    def commit(self, some) -> None:
        """As the store does: alerts, what burns, states."""
        for one in some:
            self.kept.append(one.alert)
            for sink in one.sinks:
                self.sent.setdefault(sink, []).append((self.time - START, one.alert))
            if one.burns:
                self.burning[one.alert.id] = Burning(_stored(one.alert), one.told)
            elif one.alert.status == "resolved":
                self.burning.pop(one.alert.id, None)
        for episode, told in self.dispatch.owed().items():
            if episode in self.burning:
                self.burning[episode] = Burning(self.burning[episode].alert, told)
        for row in self.dispatch.changes():
            if row.body is None:
                self.rows.pop((row.rule, row.key), None)
            else:
                self.rows[row.rule, row.key] = row

    def tell(self, one: Alert, *, burns: bool = False, avoid: str = "") -> Addressed:
        """A rule made an alert."""
        made = Addressed(one, self.time, (), burns)
        routed = self.dispatch.route(made, self.now, avoid=avoid)
        self.commit([routed, *self.dispatch.expire(self.now)])
        return routed

    def episode(self, name: str, status: str, rule: str = "g1", **changes: Any) -> Addressed:
        """A message of an episode."""
        seq = {"firing": 1, "updated": 2, "resolved": 3}[status]
        stamp = rfc3339(self.time)
        one = alert(id=name, seq=seq, status=status, rule=rule, at=stamp, last=stamp, **changes)
        return self.tell(one, burns=status != "resolved")

    def event(self, name: str, rule: str = "plain", **changes: Any) -> Addressed:
        """An alert that is over at once."""
        stamp = rfc3339(self.time)
        return self.tell(alert(id=name, seq=1, rule=rule, count=1, at=stamp, last=stamp, **changes))

    def pass_time(self, seconds: float) -> None:
        """Let every deadline within `seconds` take effect at its time."""
        end = self.time + seconds
        while (wait := self.dispatch.seconds_to_deadline(self.now)) is not None:
            if self.time + wait > end:
                break
            self.time += max(wait, 1e-6)
            self.commit(self.dispatch.expire(self.now))
        self.time = end

    def told(self, sink: str) -> list[tuple[str, str]]:
        """Id and status of every message that a sink was sent."""
        return [(one.id, one.status) for _, one in self.sent.get(sink, ())]


def _stored(one: Alert) -> Alert:
    return decode_alert(encode_alert(one))


FULL = {"mutes": MUTES, "inhibits": INHIBITS, "paces": PACES}


def test_a_reminder_is_hidden_by_what_is_in_force_now_alone():
    """Whenever the lines of what burns are from."""
    scene = Scene({"mutes": MUTES})
    scene.time = START + 300
    late = {"late": True, "last": rfc3339(START + 100), "key": {"k": "m"}}
    scene.tell(alert(id="a", seq=1, rule="g1", **late), burns=True)
    scene.pass_time(300)
    assert len(scene.told("grouped")) == 3


def test_a_configuration_without_any_of_it_goes_the_direct_way():
    assert Scene(routes=ROUTES[1:]).dispatch.direct
    assert not Scene().dispatch.direct
    assert not Scene({"paces": PACES}, routes=ROUTES[1:]).dispatch.direct
    assert not Scene({"mutes": MUTES}, routes=ROUTES[1:]).dispatch.direct


def test_an_alert_goes_at_once_where_a_route_says_so_and_with_others_where_one_collects():
    scene = Scene()
    routed = scene.episode("a", "firing")
    assert routed.sinks == ("direct", "paced")
    assert routed.collected == ("grouped",)
    scene.episode("b", "firing")
    assert scene.told("grouped") == []
    scene.pass_time(10.0)
    ((at, message),) = scene.sent["grouped"]
    assert at == pytest.approx(10.0)
    assert message.group is not UNSET
    assert message.group.alerts == 2


def test_the_end_goes_to_those_who_were_told_of_the_beginning_though_routes_would_not():
    scene = Scene(routes=(RouteSettings(to=("direct",), condition=asking(severity="critical")),))
    scene.episode("a", "firing", severity="critical")
    scene.episode("a", "resolved", severity="warning")
    assert scene.told("direct") == [("a", "firing"), ("a", "resolved")]


def test_what_a_mute_hides_is_kept_with_its_name_and_told_when_it_ends_and_it_burns_still():
    scene = Scene(FULL, routes=ROUTES[1:])
    scene.pass_time(70.0)
    routed = scene.episode("a", "firing", key={"k": "m"})
    assert routed.sinks == ()
    assert routed.alert.muted_by == "mute night"
    scene.pass_time(200.0)
    assert scene.told("direct") == [("a", "firing")]
    assert scene.sent["direct"][0][0] == pytest.approx(200.0)
    scene.episode("a", "resolved", key={"k": "m"})
    assert scene.told("direct") == [("a", "firing"), ("a", "resolved")]


def test_what_began_and_ended_under_a_mute_is_told_to_nobody():
    scene = Scene(FULL, routes=ROUTES[1:])
    scene.pass_time(70.0)
    scene.episode("a", "firing", key={"k": "m"})
    scene.episode("a", "resolved", key={"k": "m"})
    scene.pass_time(300.0)
    assert scene.told("direct") == []


def test_the_end_of_what_was_told_before_a_mute_goes_out_under_it():
    scene = Scene(FULL, routes=ROUTES[1:])
    scene.episode("a", "firing", key={"k": "m"})
    scene.pass_time(70.0)
    scene.episode("a", "resolved", key={"k": "m"})
    assert scene.told("direct") == [("a", "firing"), ("a", "resolved")]


def test_a_group_does_not_remind_of_what_is_muted():
    scene = Scene(FULL)
    scene.episode("a", "firing", key={"k": "m"})
    scene.pass_time(190.0)
    assert [round(at) for at, _ in scene.sent["grouped"]] == [10]
    scene.pass_time(100.0)
    assert [round(at) for at, _ in scene.sent["grouped"]] == [10, 250]


def test_of_several_a_group_reminds_unless_each_of_them_is_muted():
    """Whatever they do not have in common."""
    together = RouteTimers(group=(), wait=10.0, remind=60.0)
    routes = (RouteSettings(to=("grouped",), timers=together),)
    for other, reminders in (({"k": "m", "x": "2"}, [250]), ({"x": "2"}, [70, 130, 190, 250])):
        scene = Scene(FULL, routes=routes)
        scene.episode("a", "firing", rule="g1", key={"k": "m", "x": "1"})
        scene.episode("b", "firing", rule="g2", key=other)
        scene.pass_time(300.0)
        assert [round(at) for at, _ in scene.sent["grouped"]] == [10, *reminders]


def test_a_group_does_not_remind_where_each_is_muted_for_another_reason():
    """What they have in common is muted by nothing."""
    mutes = tuple(
        MuteSettings(name=rule, condition=asking(rule=rule), begin=START + 60, end=START + 200)
        for rule in ("g1", "g2")
    )
    together = RouteTimers(group=(), wait=10.0, remind=60.0)
    scene = Scene({"mutes": mutes}, routes=(RouteSettings(to=("grouped",), timers=together),))
    scene.episode("a", "firing", rule="g1")
    scene.episode("b", "firing", rule="g2")
    scene.pass_time(300.0)
    assert [round(at) for at, _ in scene.sent["grouped"]] == [10, 250]


def test_what_an_outage_explains_is_told_when_the_outage_is_over():
    scene = Scene(FULL)
    scene.episode("o", "firing", rule="big")
    assert scene.episode("a", "firing").alert.muted_by == "inhibit by big"
    scene.pass_time(20.0)
    scene.episode("o", "resolved", rule="big")
    scene.pass_time(10.0)
    assert ("a", "firing") in scene.told("direct")
    assert len(scene.sent["grouped"]) == 1


def test_an_alert_of_a_rule_in_shadow_mode_goes_nowhere_and_its_end_neither():
    scene = Scene()
    scene.episode("a", "firing", muted_by="shadow")
    routed = scene.episode("a", "resolved", muted_by="shadow")
    assert routed.alert.muted_by == "shadow"
    scene.pass_time(1000.0)
    assert scene.sent == {}


def test_the_sums_over_a_storm_are_those_of_its_alerts():
    scene = Scene(FULL, routes=ROUTES[1:])
    for number in range(50):
        scene.event(f"e{number}")
    scene.pass_time(300.0)
    messages = [one for _, one in scene.sent["paced"]]
    assert len(messages) == 3
    assert sum(one.count + one.suppressed for one in messages) == 50
    assert len(scene.sent["direct"]) == 50


def test_a_sink_in_trouble_is_not_told_so_itself_but_its_fallback_is():
    scene = Scene({"fallbacks": {"direct": "other"}}, routes=ROUTES[1:])
    trouble = alert(id="t", rule="logwatch.sink-down", key={"sink": "direct"})
    assert scene.tell(trouble, burns=True, avoid="direct").sinks == ("other", "paced")
    over = alert(
        id="t", seq=2, rule="logwatch.sink-down", key={"sink": "direct"}, status="resolved"
    )
    assert scene.tell(over, avoid="direct").sinks == ("other", "paced")


def test_trouble_of_a_sink_that_there_still_is_goes_on_over_a_restart():
    burning = [
        alert(id="a", rule="logwatch.sink-down", key={"sink": "direct"}),
        alert(id="b", rule="logwatch.sink-down", key={"sink": "gone"}),
        alert(id="c", rule="other", key={"sink": "direct"}),
    ]
    dispatch = Scene().dispatch
    assert [each.id for each in burning if dispatch.watches(each)] == ["a"]


def test_a_group_that_burns_is_known_to_burn_until_its_last_message():
    scene = Scene()
    scene.episode("a", "firing")
    scene.pass_time(10.0)
    ((_, message),) = scene.sent["grouped"]
    assert scene.burning[message.id].told == ("grouped",)
    scene.begin()
    assert scene.dispatch.watches(message)
    scene.episode("a", "resolved")
    scene.pass_time(100.0)
    assert scene.burning == {}
    assert not scene.dispatch.watches(message)


def test_who_took_over_hears_of_the_end_too():
    scene = Scene(routes=ROUTES[1:])
    scene.episode("a", "firing")
    scene.dispatch.moved("other", ["a", "never-heard-of"])
    assert scene.episode("a", "resolved").sinks == ("direct", "paced", "other")


@pytest.mark.parametrize(
    "timers", [RouteTimers(group=(), wait=30.0), RouteTimers(digest="daily 08:00")]
)
def test_no_end_overtakes_the_summary_that_told_of_the_beginning(timers):
    """So it waits in no group and for no digest."""
    summing = (MuteSettings(name="m", begin=START, end=START + 60, then="summarise"),)
    routes = (RouteSettings(to=("grouped",), timers=timers),)
    scene = Scene({"mutes": summing}, routes=routes)
    scene.episode("a", "firing")
    scene.pass_time(61.0)
    scene.episode("a", "resolved")
    scene.pass_time(100.0)
    (_, summary), (_, end) = scene.sent["grouped"]
    assert (summary.group.kind, summary.group.burning) == ("mute", 1)
    assert (end.id, end.status) == ("a", "resolved")


def test_what_is_muted_no_more_begins_for_those_who_are_told_then():
    dropping = (MuteSettings(name="m", condition=asking(severity="warning"), then="drop"),)
    scene = Scene({"mutes": dropping}, routes=ROUTES[1:])
    scene.episode("a", "firing", severity="warning")
    scene.episode("a", "updated", severity="critical")
    assert scene.told("direct") == [("a", "firing")]
    scene.episode("a", "updated", severity="error")
    assert scene.told("direct") == [("a", "firing"), ("a", "updated")]


def test_who_was_told_of_a_mute_in_anothers_place_hears_of_ends_after_a_restart_too():
    summing = (MuteSettings(name="m", begin=START, end=START + 60, then="summarise"),)
    scene = Scene({"mutes": summing}, routes=ROUTES[1:])
    scene.episode("a", "firing")
    scene.pass_time(61.0)
    assert scene.burning["a"].told == ("direct", "paced")
    scene.dispatch.moved("other", ["a"])
    scene.commit([])
    scene.begin()
    assert scene.episode("a", "resolved").sinks == ("direct", "paced", "other")


def test_a_group_whose_sinks_are_gone_goes_where_the_routes_lead_now():
    scene = Scene()
    scene.episode("a", "firing")
    gone = RouteSettings(
        to=("renamed",), condition=ROUTES[0].condition, timers=ROUTES[0].timers, also=True
    )
    before = Scene(routes=(gone, ROUTES[1]))
    before.episode("a", "firing")
    after = Scene(routes=ROUTES[1:], rows=before.rows, burning=before.burning, time=before.time)
    after.pass_time(10.0)
    assert [at for at, _ in after.sent["direct"]] == [pytest.approx(10.0)]


def test_at_the_end_of_a_single_run_nothing_waits_for_more():
    scene = Scene(FULL)
    scene.episode("a", "firing")
    for number in range(9):
        scene.event(f"e{number}")
    scene.commit(scene.dispatch.hasten(scene.now))
    assert len(scene.sent["grouped"]) == 1
    messages = [one for _, one in scene.sent["paced"]]
    assert len(messages) == 3
    assert sum(one.count for one in messages if one.id != "a") >= 9


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["fire", "update", "resolve", "event", "wait", "restart"]),
        st.integers(0, 3),
        st.sampled_from(["g1", "g2", "big", "plain"]),
        st.sampled_from(["m", "n"]),
        st.sampled_from([0.0, 1.0, 15.0, 45.0, 200.0]),
    ),
    max_size=40,
)


def play(steps, *, restarts: bool) -> Scene:
    """Episodes and events of some rules and keys, and time that passes."""
    scene = Scene(FULL)
    open_now: dict[str, str] = {}
    for number, (what, which, rule, key, seconds) in enumerate(steps):
        place = f"{rule}-{key}-{which}"
        name = open_now.get(place, f"{place}-{number}")
        if what == "fire" and place not in open_now:
            open_now[place] = name
            scene.episode(name, "firing", rule=rule, key={"k": key}, count=2)
        elif what == "update" and place in open_now:
            scene.episode(name, "updated", rule=rule, key={"k": key}, count=5)
        elif what == "resolve" and place in open_now:
            del open_now[place]
            scene.episode(name, "resolved", rule=rule, key={"k": key}, count=5)
        elif what == "event":
            scene.event(f"event-{number}", rule="plain", key={"k": key})
        elif what == "wait":
            scene.pass_time(seconds)
        elif what == "restart" and restarts:
            scene.begin()
    for place, name in open_now.items():
        rule, key, _ = place.split("-")
        scene.episode(name, "resolved", rule=rule, key={"k": key}, count=5)
    scene.pass_time(3000.0)
    return scene


@given(STEPS)
@settings(max_examples=examples(150))
def test_restarts_at_any_point_change_nothing_of_what_anybody_is_told(steps):
    without, with_them = play(steps, restarts=False), play(steps, restarts=True)
    assert with_them.sent == without.sent
    assert with_them.kept == without.kept


@given(STEPS)
@settings(max_examples=examples(150))
def test_whoever_is_told_that_an_episode_began_is_told_once_that_it_ended(steps):
    scene = play(steps, restarts=True)
    told = scene.told("direct")
    singles = {one.id for _, one in scene.sent.get("direct", ()) if one.group is UNSET}
    for name in singles:
        ends = [status for each, status in told if each == name and status == "resolved"]
        is_event = name.startswith("event")
        assert len(ends) == (0 if is_event else 1), (name, told)


@given(STEPS)
@settings(max_examples=examples(150))
def test_a_sink_with_a_rate_gets_no_more_than_that_in_any_span(steps):
    times = [at for at, _ in play(steps, restarts=True).sent.get("paced", ())]
    for first, fourth in zip(times, times[3:], strict=False):
        assert fourth - first >= 60.0 - 1e-3
