"""Inhibition: one episode that burns explains others."""

from __future__ import annotations

import itertools

import pytest
from doubles.alerts import alert
from doubles.conditions import asking
from doubles.muting import Scene, ids, inhibit, mute

from logwatch.alerts.mutes import Released
from logwatch.records import Alert

NOTHING = Released((), ())
OUTAGE = inhibit(asking(rule="outage"), asking(source=("web", "app")), "host")


def outage(seq: int = 1, status: str = "firing", **others: object) -> Alert:
    """The episode that explains others on its host."""
    return alert(**({"id": "outage", "rule": "outage", "seq": seq, "status": status} | others))


def part(name: str = "part", seq: int = 1, status: str = "firing", **others: object) -> Alert:
    """An alert that may be explained."""
    return alert(**({"id": name, "source": "web", "seq": seq, "status": status} | others))


def test_while_one_burns_what_it_explains_is_not_told():
    """On the same host; others are."""
    scene = Scene(inhibits=[OUTAGE])
    assert not scene.mutes.idle
    assert scene.give(1, part("before")) is None
    assert scene.give(2, outage()) is None
    assert scene.give(3, part()) == "inhibit by outage"
    assert scene.give(3, part("other", host="web2")) is None
    assert scene.give(3, part("elsewhere", source="db")) is None


def test_when_the_last_inhibitor_ends_what_still_burns_is_told():
    """At once, and not before the last of them."""
    scene = Scene(inhibits=[OUTAGE])
    scene.give(1, outage())
    scene.give(1, outage(id="second"))
    scene.give(2, part())
    scene.give(3, outage(2, "resolved"))
    assert scene.mutes.deadline(scene.now) == 0
    assert scene.expire(3) == NOTHING
    assert scene.mutes.deadline(scene.now) is None
    scene.give(4, outage(2, "resolved", id="second"))
    assert scene.mutes.deadline(scene.now) == 0
    assert ids(scene.expire(4).alerts) == [("part", 1, "firing")]
    assert scene.rows == {}


def test_what_is_over_by_then_is_not_told():
    """Nor are events, which are counted."""
    scene = Scene(inhibits=[OUTAGE])
    scene.give(1, outage())
    scene.give(2, part())
    assert scene.give(2, part("event"), burns=False) == "inhibit by outage"
    assert scene.give(2.5, part(seq=2, status="resolved")) == "inhibit by outage"
    scene.give(3, outage(2, "resolved"))
    assert scene.expire(3) == NOTHING
    assert scene.mutes.hidden == {"inhibit by outage": 2}


def test_the_end_of_what_people_know_goes_out():
    """It began before the outage."""
    scene = Scene(inhibits=[OUTAGE])
    scene.give(1, part())
    scene.give(2, outage())
    assert scene.give(3, part(seq=2, status="updated")) == "inhibit by outage"
    assert scene.give(4, part(seq=3, status="resolved")) is None


def test_a_field_that_either_lacks_is_not_the_same():
    """The known wrong: labels that are absent on both sides equal one another."""
    settings = inhibit(asking(rule="outage"), asking(source="web"), "cluster")
    scene = Scene(inhibits=[settings])
    scene.give(1, outage())
    assert scene.give(2, part()) is None
    assert scene.give(2, part("with", labels={"cluster": "a"})) is None
    scene.give(3, outage(2, "updated", labels={"cluster": "a"}))
    assert scene.give(4, part("same", labels={"cluster": "a"})) == "inhibit by outage"
    assert scene.give(4, part("other", labels={"cluster": "b"})) is None
    assert scene.give(4, part("none")) is None


def test_without_same_every_such_alert_is_inhibited():
    """It must be written to be asked for."""
    scene = Scene(inhibits=[inhibit(asking(rule="outage"), asking(source="web"))])
    scene.give(1, outage())
    assert scene.give(2, part(host="any")) == "inhibit by outage"


def test_no_alert_inhibits_itself():
    """The known wrong: one that fits both sides."""
    both = inhibit(asking(severity=">= error"), asking(severity=">= error"), "host")
    scene = Scene(inhibits=[both])
    assert scene.give(1, part("first", severity="error")) is None
    assert scene.give(1, part("first", seq=2, status="updated", severity="critical")) is None
    assert scene.give(2, part("second", severity="error")) == "inhibit by ssh-guessing"
    assert scene.give(3, part("first", seq=3, status="updated", severity="critical")) is None


def test_hosts_that_a_rule_tells_apart_inhibit_each_its_own():
    """Where logs of many come to one machine, that is not the host that is meant."""
    scene = Scene(inhibits=[inhibit(asking(rule="down"), asking(rule="late"), "host")])
    assert scene.give(1, part("1", rule="down", host="logs1", key={"host": "web1"})) is None
    late = part("2", rule="late", host="logs1", key={"host": "web2"})
    assert scene.give(2, late) is None
    late = part("3", rule="late", host="logs1", key={"host": "web1"})
    assert scene.give(3, late) == "inhibit by down"


def test_of_two_that_inhibit_one_another_the_first_is_told():
    """And when it is over, the other."""
    rules = [
        inhibit(asking(rule="a"), asking(rule="b"), "host"),
        inhibit(asking(rule="b"), asking(rule="a"), "host"),
    ]
    scene = Scene(inhibits=rules)
    assert scene.give(1, part("a", rule="a")) is None
    assert scene.give(2, part("b", rule="b")) == "inhibit by a"
    assert scene.give(3, part("a", seq=2, status="updated", rule="a")) is None
    scene.restart()
    assert scene.give(3, part("a", seq=3, status="updated", rule="a")) is None
    assert scene.give(4, part("a", seq=4, status="resolved", rule="a")) is None
    assert ids(scene.expire(4).alerts) == [("b", 1, "firing")]


@pytest.mark.parametrize("order", list(itertools.permutations("abcd")))
def test_of_a_ring_somebody_always_hears(order):
    """The known wrong: alerts that inhibit one another in a ring, so that nobody is told."""
    ring = [
        inhibit(asking(rule=name), asking(rule=other), "host")
        for name, other in zip("abcd", "bcda", strict=True)
    ]
    scene = Scene(inhibits=ring)
    told = [name for name in order if scene.give(1, part(name, rule=name)) is None]
    again = [
        name
        for name in order
        if scene.give(2, part(name, seq=2, status="updated", rule=name)) is None
    ]
    assert told[0] == order[0]
    assert order[0] in again


def test_an_inhibitor_that_is_itself_inhibited_or_muted_inhibits_all_the_same():
    """A chain: the data centre explains the rack, and the rack the host."""
    chain = [
        inhibit(asking(rule="centre"), asking(rule="rack")),
        inhibit(asking(rule="rack"), asking(rule="host")),
    ]
    scene = Scene(mute(every="Mon", condition=asking(rule="centre"), then="drop"), inhibits=chain)
    assert scene.give(1, part("1", rule="centre")) == "mute night"
    assert scene.give(2, part("2", rule="rack")) == "inhibit by centre"
    assert scene.give(3, part("3", rule="host")) == "inhibit by rack"


def test_an_event_inhibits_nothing():
    """It does not burn."""
    scene = Scene(inhibits=[OUTAGE])
    scene.give(1, outage(), burns=False)
    assert scene.give(2, part()) is None


def test_what_grows_milder_inhibits_no_more():
    """Its conditions are asked of its newest message."""
    scene = Scene(inhibits=[inhibit(asking(severity="critical"), asking(source="web"), "host")])
    scene.give(1, outage(severity="critical"))
    scene.give(2, part())
    scene.give(3, outage(2, "updated", severity="warning"))
    assert scene.mutes.deadline(scene.now) == 0
    assert ids(scene.expire(3).alerts) == [("part", 1, "firing")]


def test_inhibition_is_in_force_at_the_first_alert_after_a_restart():
    """The known wrong: for minutes after a start everything is told."""
    scene = Scene(inhibits=[OUTAGE])
    scene.give(1, outage())
    scene.give(2, part())
    scene.restart()
    assert scene.give(2, part("new")) == "inhibit by outage"
    assert scene.expire(2) == NOTHING
    scene.give(3, outage(2, "resolved"))
    assert len(scene.expire(3).alerts) == 2


def test_an_inhibitor_that_ended_while_nothing_ran_inhibits_no_more():
    """Its rule was removed."""
    scene = Scene(inhibits=[OUTAGE])
    scene.give(1, outage())
    scene.give(2, part())
    del scene.burning["outage"]
    scene.restart()
    assert scene.mutes.deadline(scene.now) == 0
    assert ids(scene.expire(2).alerts) == [("part", 1, "firing")]
    assert scene.rows == {}


def test_a_mute_goes_on_holding_what_nothing_inhibits_any_more():
    """And the other way round."""
    scene = Scene(mute(), inhibits=[OUTAGE])
    scene.give(1, outage())
    scene.give(1.5, part())
    scene.give(2.5, outage(2, "resolved"))
    assert scene.expire(2.5) == NOTHING
    scene.give(3, outage(id="again"))
    assert scene.expire(4) == Released((scene.burning["again"],), ())
    scene.give(5, outage(2, "resolved", id="again"))
    assert ids(scene.expire(5).alerts) == [("part", 1, "firing")]
