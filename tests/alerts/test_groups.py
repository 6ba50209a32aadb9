"""Groups: which alerts are told together, and when, in virtual time."""

from __future__ import annotations

import pytest
from doubles.alerts import alert
from doubles.groups import GroupScene, group_of
from msgspec.structs import replace

from logwatch.alerts.route import RouteSettings
from logwatch.alerts.timers import RouteTimers


def test_without_wait_an_alert_is_told_at_once():
    """Only its name is that of the group."""
    scene = GroupScene(remind=3600.0)
    one = scene.fire()
    assert scene.line == [(0, "firing", 1, 1)]
    [message] = scene.messages
    assert message.message == one.message
    assert message.lines == one.lines
    assert message.id != one.id
    assert message.seq == 1
    assert scene.told[0][1].sinks == ("chat", "mail")


def test_wait_collects_from_the_first_alert_on():
    """Later alerts do not put it off."""
    scene = GroupScene(group=("source",), wait=30.0)
    scene.fire()
    scene.pass_time(20)
    scene.fire(rule="disk-error")
    scene.pass_time(60)
    assert scene.line == [(30, "firing", 2, 2)]
    [message] = scene.messages
    assert group_of(message).rules == {"ssh-guessing": 1, "disk-error": 1}
    assert group_of(message).by == {"source": "auth"}
    assert message.rule == "<several>"
    assert message.count == 10


def test_a_group_is_by_default_the_rule_and_its_key():
    """Each value of the key is told of by itself."""
    scene = GroupScene(wait=30.0)
    scene.fire(key={"ip": "192.0.2.1"})
    scene.fire(key={"ip": "192.0.2.2"})
    scene.fire(key={"ip": "192.0.2.2"})
    scene.fire(key={"ip": "192.0.2.2"}, rule="other")
    scene.pass_time(30)
    assert [group_of(message).by for message in scene.messages] == [
        {"rule": "ssh-guessing", "ip": "192.0.2.1"},
        {"rule": "ssh-guessing", "ip": "192.0.2.2"},
        {"rule": "other", "ip": "192.0.2.2"},
    ]
    assert [group_of(message).alerts for message in scene.messages] == [1, 2, 1]


def test_a_field_that_an_alert_lacks_is_a_value_of_its_own():
    """As for the keys of rules."""
    scene = GroupScene(group=("user", "zone"), wait=1.0)
    scene.event()
    scene.event(fields={"user": "root", "zone": "eu"})
    scene.pass_time(1)
    assert [group_of(message).by for message in scene.messages] == [
        {"user": "root", "zone": "<none>"},
        {"user": "root", "zone": "eu"},
    ]


def test_events_are_told_and_over():
    """The next one begins a new group, which waits anew and has another id."""
    scene = GroupScene(group=(), wait=30.0)
    scene.event()
    scene.event()
    scene.pass_time(30)
    scene.event()
    scene.pass_time(100)
    assert scene.line == [(30, "firing", 2, 0), (60, "firing", 1, 0)]
    assert scene.messages[0].id != scene.messages[1].id
    assert scene.messages[1].seq == 1
    assert scene.groups.deadline(scene.clock.moment()) is None
    assert scene.stored == {}


def test_a_changing_group_is_told_of_at_most_every_updates():
    """Counted from the last message, to the millisecond."""
    scene = GroupScene(group=(), wait=10.0, updates=300.0)
    one = scene.fire()
    scene.pass_time(15.25)
    scene.fire()
    scene.follow(one)
    scene.pass_time(600)
    scene.fire()
    scene.pass_time(600)
    assert scene.line == [(10, "firing", 1, 1), (310, "updated", 2, 2), (615.25, "updated", 3, 3)]
    assert [message.seq for message in scene.messages] == [1, 2, 3]
    assert len({message.id for message in scene.messages}) == 1


def test_updates_is_as_long_as_wait_unless_it_is_said():
    """One number is enough for both."""
    scene = GroupScene(group=(), wait=30.0)
    scene.fire()
    scene.pass_time(30)
    scene.fire()
    scene.pass_time(100)
    assert scene.times == [30, 60]


def test_events_do_not_come_more_often_than_updates_either():
    """Their groups are over at once, yet the next one waits: no noise by way of new groups."""
    scene = GroupScene(group=(), wait=10.0, updates=300.0)
    for _ in range(100):
        scene.event()
        scene.pass_time(12)
    scene.pass_time(1000)
    assert scene.times == [10, 310, 610, 910, 1210]
    assert sum(group_of(message).alerts for message in scene.messages) == 100
    assert len({message.id for message in scene.messages}) == 5


def test_an_episode_is_not_put_off_by_events_before_it():
    """It burns: `wait` is all that it waits, and what had come goes with it."""
    scene = GroupScene(group=(), wait=10.0, updates=300.0)
    scene.event()
    scene.pass_time(20)
    scene.event()
    scene.pass_time(20)
    scene.fire()
    scene.pass_time(30)
    assert scene.line == [(10, "firing", 1, 0), (50, "firing", 2, 1)]


def test_a_graver_event_is_not_put_off_by_events_before_it():
    """It is news of another kind."""
    scene = GroupScene(group=(), wait=10.0, updates=300.0)
    scene.event()
    scene.pass_time(20)
    scene.event(severity="critical")
    scene.pass_time(30)
    assert scene.times == [10, 30]


def test_remind_is_exact():
    """At the last message and so long; no tick rounds it, and an update sets it anew."""
    scene = GroupScene(group=(), wait=7.0, updates=60.0, remind=3601.5)
    one = scene.fire()
    scene.pass_time(4000)
    scene.follow(one)
    scene.pass_time(8000)
    assert scene.line == [
        (7, "firing", 1, 1),
        (3608.5, "updated", 1, 1),
        (4000, "updated", 1, 1),
        (7601.5, "updated", 1, 1),
        (11203, "updated", 1, 1),
    ]
    assert scene.messages[1].message.startswith("still burning: 5 failed logins")
    assert scene.messages[1].count == 0


def test_nothing_reminds_of_what_is_over():
    """Nor of events."""
    scene = GroupScene(group=(), remind=60.0)
    scene.event()
    one = scene.fire()
    scene.pass_time(30)
    scene.resolve(one)
    scene.pass_time(1000)
    assert scene.line == [(0, "firing", 1, 0), (0, "firing", 1, 1), (30, "resolved", 1, 0)]


def test_a_reminder_names_what_burns_and_counts_nothing_twice():
    """What is over by then is not in it."""
    scene = GroupScene(group=(), wait=1.0, remind=100.0)
    one = scene.fire(count=5)
    scene.fire(count=7, rule="other", message="the other one")
    scene.pass_time(10)
    scene.resolve(one, count=9)
    scene.pass_time(150)
    assert scene.line == [(1, "firing", 2, 2), (10, "updated", 2, 1), (110, "updated", 1, 1)]
    assert [message.count for message in scene.messages] == [12, 4, 0]
    assert scene.messages[2].message == "still burning: the other one"
    assert scene.messages[2].rule == "other"


def test_a_group_is_resolved_once_all_of_it_is():
    """The next alert of its key begins another group."""
    scene = GroupScene(group=(), wait=5.0)
    one, two = scene.fire(), scene.fire()
    scene.pass_time(20)
    scene.resolve(one)
    scene.pass_time(20)
    scene.resolve(two)
    scene.pass_time(20)
    scene.fire()
    scene.pass_time(20)
    assert scene.line == [
        (5, "firing", 2, 2),
        (20, "updated", 2, 1),
        (40, "resolved", 1, 0),
        (65, "firing", 1, 1),
    ]
    assert scene.messages[2].id != scene.messages[3].id


def test_what_is_over_before_it_was_told_of_does_not_make_an_event_look_resolved():
    """Of the event nobody has heard yet."""
    scene = GroupScene(group=(), wait=30.0)
    one = scene.fire()
    scene.follow(one, status="resolved")
    scene.event()
    scene.pass_time(100)
    assert scene.line == [(30, "firing", 2, 0)]
    assert not scene.messages[0].message.startswith("began and ended")


def test_an_end_goes_where_the_beginning_went_whatever_the_routes_say_now():
    """A group keeps the sinks and timers with which it was opened."""
    scene = GroupScene(group=(), wait=5.0)
    one = scene.fire()
    scene.pass_time(10)
    scene.route = RouteSettings(to=("pager",), timers=RouteTimers(wait=60.0))
    scene.resolve(one)
    scene.fire()
    scene.pass_time(100)
    assert [(at, out.sinks) for at, out in scene.told] == [
        (5, ("chat", "mail")),
        (10, ("chat", "mail")),
        (70, ("pager",)),
    ]


def test_an_episode_of_several_routes_is_followed_in_each():
    """And each of its groups is told by its own timers."""
    scene = GroupScene(group=(), wait=5.0)
    one = scene.fire()
    other = RouteSettings(to=("pager",), timers=RouteTimers(wait=1.0))
    scene.groups.add(other, one, True, scene.clock.moment())
    scene.pass_time(3)
    assert scene.groups.told(one.id) == ("pager",)
    scene.pass_time(3)
    assert scene.groups.told(one.id) == ("chat", "mail", "pager")
    scene.resolve(one)
    scene.pass_time(10)
    assert [(at, out.alert.status, out.sinks) for at, out in scene.told] == [
        (1, "firing", ("pager",)),
        (5, "firing", ("chat", "mail")),
        (6, "resolved", ("pager",)),
        (10, "resolved", ("chat", "mail")),
    ]
    assert not scene.groups.burning()


def test_the_same_message_added_after_it_was_followed_counts_once():
    """So that an update may go to its groups and then to what routes want it besides."""
    scene = GroupScene(group=(), wait=5.0)
    one = scene.fire(count=5)
    scene.pass_time(5)
    more = scene.follow(one, count=8, suppressed=2)
    scene.groups.add(scene.route, more, True, scene.clock.moment())
    scene.pass_time(50)
    assert [message.count for message in scene.messages] == [5, 3]
    assert [message.suppressed for message in scene.messages] == [0, 2]


def test_an_episode_stays_in_its_group_though_the_key_would_be_another_now():
    """A group by severity, say, of an episode that gets graver."""
    scene = GroupScene(group=("severity",), wait=5.0)
    one = scene.fire()
    scene.pass_time(10)
    worse = replace(one, seq=2, status="updated", severity="critical")
    scene.groups.add(scene.route, worse, True, scene.clock.moment())
    scene.collect()
    scene.resolve(worse)
    scene.pass_time(50)
    assert scene.line == [(5, "firing", 1, 1), (10, "updated", 1, 1), (15, "resolved", 1, 0)]


def test_what_is_not_in_a_group_is_not_followed():
    """Then the routes say who is told."""
    scene = GroupScene()
    assert not scene.groups.follow(alert(status="resolved"), scene.clock.moment())


def test_nobody_was_told_of_what_still_waits():
    """Its end is then told together with its beginning."""
    scene = GroupScene(wait=30.0)
    one = scene.fire()
    assert scene.groups.told(one.id) == ()
    assert set(scene.groups.burning()) == {one.id}
    scene.pass_time(30)
    assert scene.groups.told(one.id) == ("chat", "mail")


def test_a_newcomer_to_a_told_group_is_not_told_of_yet():
    """Until the next message."""
    scene = GroupScene(group=(), wait=30.0)
    scene.fire()
    scene.pass_time(30)
    two = scene.fire()
    assert scene.groups.told(two.id) == ()
    scene.pass_time(30)
    assert scene.groups.told(two.id) == ("chat", "mail")


def test_a_closing_note_alone_is_an_update():
    """The event that it is about was told of before."""
    scene = GroupScene(wait=30.0)
    one = scene.event(count=1)
    scene.pass_time(60)
    note = replace(one, seq=2, status="updated", count=18, suppressed=17, message="17 more")
    scene.groups.add(scene.route, note, False, scene.clock.moment())
    scene.pass_time(60)
    assert scene.line == [(30, "firing", 1, 0), (90, "updated", 1, 0)]
    assert [message.count for message in scene.messages] == [1, 17]
    assert scene.messages[1].suppressed == 17


def test_beyond_the_most_groups_the_rest_of_a_route_is_told_together():
    """And the message says why."""
    scene = GroupScene(wait=30.0, most_groups=3)
    episodes = [scene.fire(key={"ip": str(number)}) for number in range(8)]
    assert len(scene.groups) == 4
    scene.pass_time(30)
    assert scene.line == [(30, "firing", 1, 1)] * 3 + [(30, "firing", 5, 5)]
    assert scene.messages[3].message.startswith(
        "more than 3 groups are open, so all others of this route are told together: 5 alerts"
    )
    for one in episodes:
        scene.resolve(one)
    scene.pass_time(60)
    assert len(scene.groups) == 0
    assert scene.stored == {}


def test_a_group_that_only_rests_makes_room():
    """What is over is forgotten before anything is joined."""
    scene = GroupScene(wait=0.0, updates=300.0, most_groups=2)
    for number in range(5):
        scene.event(key={"ip": str(number)})
    assert len(scene.groups) == 2
    assert scene.times == [0] * 5


def test_the_group_that_has_rested_longest_makes_room_after_a_restart_too():
    """So that events of a key that was just told of go on waiting."""
    scene = GroupScene(wait=0.0, updates=300.0, most_groups=4)
    for number in range(4):
        scene.event(key={"ip": str(number)})
        scene.pass_time(1)
    scene.restart()
    scene.event(key={"ip": "new"})
    scene.event(key={"ip": "0"})
    assert scene.times == [0, 1, 2, 3, 4, 4]
    for number in (2, 3):
        scene.event(key={"ip": str(number)})
    assert len(scene.told) == 6
    assert len(scene.groups) == 4


def test_groups_opened_after_a_restart_come_after_those_before():
    """The order in which sinks were told of an episode stays."""
    scene = GroupScene(group=())
    one = scene.fire()
    routes = [RouteSettings(to=(f"sink-{n}",), timers=RouteTimers(group=())) for n in range(6)]
    for route in routes[:3]:
        scene.groups.add(route, one, True, scene.clock.moment())
    scene.collect()
    scene.restart()
    for route in routes[3:]:
        scene.groups.add(route, one, True, scene.clock.moment())
    scene.collect()
    before = scene.groups.told(one.id)
    assert before == ("chat", "mail", *(f"sink-{n}" for n in range(6)))
    scene.restart()
    assert scene.groups.told(one.id) == before


def test_a_group_that_came_and_went_between_two_commits_is_never_stored():
    """A storm of events that are told at once writes no state."""
    scene = GroupScene(group=("ip",))
    for number in range(10):
        one = scene.make(key={"ip": str(number)})
        scene.groups.add(scene.route, one, False, scene.clock.moment())
    assert len(scene.groups.expire(scene.clock.moment())) == 10
    assert list(scene.groups.changes()) == []


def test_a_hastened_group_does_not_wait():
    """A run that ends with its files tells what it has; updates and digests keep their time."""
    scene = GroupScene(group=("ip",), wait=30.0, updates=60.0)
    scene.fire(key={"ip": "told"})
    scene.pass_time(30)
    scene.fire(key={"ip": "told"})
    scene.fire(key={"ip": "waits"})
    scene.route = RouteSettings(to=("mail",), timers=RouteTimers(digest="hourly"))
    scene.event()
    scene.groups.hasten(scene.clock.moment())
    scene.collect()
    assert [message.key for message in scene.messages] == [{"ip": "told"}, {"ip": "waits"}]
    scene.pass_time(3600)
    assert scene.times == [30, 30, 90, 3600]


def test_in_many_groups_few_members_are_kept():
    """Memory is bounded by groups times members."""
    scene = GroupScene(wait=30.0)
    scene.event(key={"ip": "first"})
    for number in range(1000):
        scene.event(key={"ip": str(number)})
    for _ in range(30):
        scene.event(key={"ip": "first"})
        scene.event(key={"ip": "999"})
    scene.pass_time(30)
    quoted = {
        message.key["ip"]: (group_of(message).alerts, len(group_of(message).members))
        for message in scene.messages
    }
    assert quoted["first"] == (31, 20)
    assert quoted["999"] == (31, 3)


def test_a_route_without_timers_has_no_groups():
    """Its sinks are told at once, by whoever asks here."""
    scene = GroupScene()
    with pytest.raises(ValueError, match="at once"):
        scene.groups.add(RouteSettings(to=("x",)), alert(), False, scene.clock.moment())


def test_whatever_byte_of_a_state_is_damaged_the_rest_is_taken_back():
    """No start fails by that, as the next ones would, too."""
    scene = GroupScene(wait=30.0)
    scene.fire(key={"ip": "1"})
    scene.fire(key={"ip": "2"})
    whole = dict(scene.stored)
    for key, body in whole.items():
        for at in range(0, len(body), 3):
            scene.stored = whole | {key: body[:at] + b"\xff" + body[at + 1 :]}
            scene.restart()
            assert len(scene.groups) >= 1


def test_a_state_that_cannot_be_read_is_forgotten():
    """The daemon starts all the same, and the rest is taken back."""
    scene = GroupScene(wait=30.0)
    scene.fire(key={"ip": "1"})
    scene.fire(key={"ip": "2"})
    broken = min(key for key in scene.stored if "/" not in key)
    scene.stored[broken] = b"\xc1"
    scene.restart()
    assert len(scene.groups) == 1
    scene.collect()
    assert not [key for key in scene.stored if key.startswith(broken)]
    scene.pass_time(30)
    assert scene.times == [30]
