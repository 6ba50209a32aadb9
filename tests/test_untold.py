"""What the dispatch says of itself: silences, mutes, groups, and what waits."""

from __future__ import annotations

from doubles.alerts import alert
from doubles.conditions import asking

from logwatch.alerts.conditions import parse_matcher
from logwatch.alerts.mute_settings import MuteSettings
from logwatch.alerts.rates import SinkPace
from logwatch.alerts.route import Router, RouteSettings
from logwatch.alerts.timers import RouteTimers
from logwatch.clock import Moment
from logwatch.dispatch import Dispatch
from logwatch.store.writer import Addressed
from logwatch.units import Rate

START = 1_767_571_200.0
NOW = Moment(START, START)


def dispatch() -> Dispatch:
    """One route that collects, one sink with a rate, one mute."""
    collects = RouteSettings(
        to=("mail",),
        condition=asking(rule="grouped"),
        timers=RouteTimers(wait=30.0),
    )
    routes = (collects, RouteSettings(to=("chat",)))
    made = Dispatch(
        Router(routes, sinks=("mail", "chat"), to_by_rule={}),
        host="web1",
        mutes=(MuteSettings(name="night", condition=asking(rule="muted"), end=START + 60),),
        paces={"chat": SinkPace(rate=Rate(2, 3600.0))},
    )
    made.begin((), NOW)
    made.go_live(NOW)
    return made


def come(it: Dispatch, number: int, *, rule: str, burns: bool = True) -> None:
    """A new alert."""
    it.route(Addressed(alert(id=f"{number:016x}", rule=rule), START, (), burns), NOW)


def test_nothing_is_untold_at_first_but_that_a_mute_is_in_force():
    assert dispatch().untold(START) == ((), ("night",), {}, 0, 0, {})
    assert dispatch().untold(START + 60).mutes == ()


def test_what_is_hidden_collected_and_paced_is_counted():
    """Each where it waits, until it is told."""
    it = dispatch()
    silences = it.silences
    made = silences.add(
        (parse_matcher("rule=silent"),), now=NOW, author="ann", until=START + 120, comment="why"
    )
    for number, rule in enumerate(("muted", "silent", "grouped", *["paced"] * 5)):
        come(it, number, rule=rule)
    untold = it.untold(START)
    assert untold.silences == tuple(silences.now(START))
    assert untold.silences[0].number == made.number
    assert untold.hidden == {"mute night": 1, "silence #1": 1}
    assert (untold.withheld, untold.groups) == (2, 1)
    assert untold.paced == {"chat": 4}
    later = Moment(START + 200, START + 200)
    list(it.expire(later))
    assert it.untold(START + 200).silences == ()
    assert it.untold(START + 200).withheld == 0
