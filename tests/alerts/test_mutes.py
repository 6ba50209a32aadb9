"""Mutes: what they hide, and what is told once they are over."""

from __future__ import annotations

import pytest
from doubles.alerts import alert
from doubles.conditions import asking
from doubles.muting import HOUR, Scene, at, ids, inhibit, mute
from msgspec import UNSET

from logwatch.alerts import mutes as module
from logwatch.alerts import withheld
from logwatch.alerts.mutes import Released
from logwatch.records import StateChange
from logwatch.stamps import rfc3339

NOTHING = Released((), ())


# -- what is hidden, and when ----------------------------------------------------------------------


def test_without_mutes_nobody_need_ask():
    """The fast path of a configuration that has none."""
    scene = Scene()
    assert scene.mutes.idle
    assert scene.give(1, alert()) is None
    assert scene.mutes.deadline(at(1)) is None
    assert scene.expire(1) == NOTHING
    assert scene.rows == {}


def test_a_mute_hides_what_it_asks_for_in_its_hours_and_nothing_else():
    """From its first second up to, and without, the end."""
    scene = Scene(mute(condition=asking(host="web*"), then="drop"))
    assert not scene.mutes.idle
    assert scene.event(1.9999) is None
    assert scene.event(2) == "mute night"
    assert scene.event(2, host="db1") is None
    assert scene.event(3.9999) == "mute night"
    assert scene.event(4) is None
    assert scene.mutes.hidden == {"mute night": 2}


def test_a_mute_may_hold_from_a_time_until_a_time():
    """One-off; it never begins again."""
    scene = Scene(mute(every=None, begin=at(1).wall, end=at(2).wall, then="drop"))
    assert [scene.event(hour) for hour in (0.5, 1, 1.5, 2, 170)] == [
        *(None, "mute night", "mute night", None, None),
    ]


def test_hours_of_the_week_may_hold_from_a_time_until_a_time_only():
    """Both must hold."""
    scene = Scene(mute(every="01:00-02:00", begin=at(24).wall, end=at(49.5).wall, then="drop"))
    hidden = [hour for hour in (1.5, 25.5, 49.25, 49.75, 73.5) if scene.event(hour)]
    assert hidden == [25.5, 49.25]


# -- hold ----------------------------------------------------------------------------------------


def test_what_still_burns_at_the_end_of_a_mute_is_told_then():
    """The known wrong: a time interval whose end tells nobody what still burns."""
    scene = Scene(mute())
    assert scene.give(3, alert()) == "mute night"
    assert scene.mutes.deadline(at(3)) == HOUR
    assert scene.expire(3.9) == NOTHING
    released = scene.expire(4)
    assert ids(released.alerts) == [("b4c1f0aa55aa55aa", 1, "firing")]
    assert released.summaries == ()
    assert scene.mutes.deadline(at(4)) is None
    assert scene.expire(5) == NOTHING
    assert scene.rows == {}


def test_the_newest_message_of_what_burns_is_told_as_its_first():
    """It was worse than it began, and nobody has heard of it."""
    scene = Scene(mute())
    scene.give(3, alert())
    scene.give(3.5, alert(seq=2, status="updated", severity="critical"))
    (one,) = scene.expire(4).alerts
    assert (one.seq, one.status, one.severity) == (2, "firing", "critical")


def test_what_began_and_ended_under_a_mute_is_not_told():
    """It is in the history."""
    scene = Scene(mute())
    scene.give(3, alert())
    assert scene.give(3.5, alert(seq=2, status="resolved")) == "mute night"
    assert scene.expire(4) == NOTHING
    assert scene.rows == {}


def test_the_end_of_what_somebody_was_told_of_goes_out_under_a_mute():
    """The known wrong: resolved lost under a mute."""
    scene = Scene(mute())
    assert scene.give(1, alert()) is None
    assert scene.give(3, alert(seq=2, status="resolved")) is None
    assert scene.expire(4) == NOTHING


def test_an_update_under_a_mute_is_told_at_its_end():
    """As an update, to those who know that it burns."""
    scene = Scene(mute())
    scene.give(1, alert())
    assert scene.give(3, alert(seq=2, status="updated", severity="critical")) == "mute night"
    assert ids(scene.expire(4).alerts) == [("b4c1f0aa55aa55aa", 2, "updated")]


def test_the_end_of_an_episode_makes_its_muted_update_stale():
    """Only the end is told."""
    scene = Scene(mute())
    scene.give(1, alert())
    scene.give(3, alert(seq=2, status="updated"))
    assert scene.give(3.5, alert(seq=3, status="resolved")) is None
    assert scene.expire(4) == NOTHING


def test_what_grows_beyond_what_a_mute_asks_for_is_told_at_once():
    """A mute of warnings does not hide what became critical."""
    scene = Scene(mute(condition=asking(severity="warning")))
    assert scene.give(3, alert()) == "mute night"
    assert scene.give(3.1, alert(seq=2, status="updated", severity="critical")) is None
    assert scene.expire(4) == NOTHING


def test_events_under_a_mute_are_told_in_one_message_a_rule_with_exact_totals():
    """Sums of records, and of what cool-downs held back."""
    scene = Scene(mute())
    for number in range(12):
        scene.event(3, id=f"a{number}", rule="disk", count=2, suppressed=1)
    scene.event(3, id="b", rule="oom", count=7)
    released = scene.expire(4)
    assert released.alerts == ()
    disk, oom = (each.alert for each in released.summaries)
    assert (disk.rule, disk.count, disk.suppressed, disk.status) == ("disk", 24, 12, "firing")
    assert disk.group is not UNSET
    assert (disk.group.kind, disk.group.alerts, disk.group.burning) == ("mute", 12, 0)
    assert disk.group.by == {"mute": "night", "rule": "disk"}
    assert disk.message.startswith("mute night is over: ")
    assert disk.muted_by is UNSET
    assert (oom.rule, oom.count) == ("oom", 7)
    assert oom.message == "mute night is over: 5 failed logins from 203.0.113.9, last user root"
    assert all(each.burning == () for each in released.summaries)
    assert scene.rows == {}


def test_a_message_about_events_has_another_name_each_night():
    """Its id names it among all messages."""
    scene = Scene(mute(every="02:00-04:00"))
    names = set()
    for night in range(3):
        scene.event(24 * night + 3, id=f"{night}")
        names.update(each.alert.id for each in scene.expire(24 * night + 4).summaries)
    assert len(names) == 3


# -- summarise and drop --------------------------------------------------------------------------


def test_a_summary_tells_of_everything_that_nobody_was_told_of():
    """What burns, what is over and events, with exact totals; and ends are owed then."""
    scene = Scene(mute(then="summarise"))
    scene.give(2.1, alert(id="burns", count=5))
    scene.give(2.2, alert(id="over", count=6))
    scene.give(2.3, alert(id="over", seq=2, status="resolved", count=9))
    scene.event(2.4, id="event", rule="disk", count=1)
    assert scene.mutes.deadline(at(3)) == HOUR
    released = scene.expire(4)
    assert released.alerts == ()
    (summary,) = released.summaries
    one = summary.alert
    assert summary.burning == ("burns",)
    assert one.group is not UNSET
    assert (one.group.alerts, one.group.burning) == (3, 1)
    assert one.group.rules == {"ssh-guessing": 2, "disk": 1}
    assert (one.count, one.status, one.group.by) == (15, "firing", {"mute": "night"})
    assert scene.rows == {}
    assert scene.give(5, alert(id="burns", seq=2, status="resolved")) is None


def test_a_summary_of_what_is_over_says_so():
    """Nothing of it burns and nothing of it was an event."""
    scene = Scene(mute(then="summarise"))
    scene.give(2.2, alert())
    scene.give(2.3, alert(seq=2, status="resolved"))
    (summary,) = scene.expire(4).summaries
    assert summary.alert.status == "resolved"


def test_a_mute_under_which_nothing_came_is_not_told_of():
    """Nor is its end a deadline."""
    scene = Scene(mute(then="summarise"))
    scene.event(1)
    assert scene.mutes.deadline(at(3)) is None
    assert scene.expire(4) == NOTHING


def test_an_update_of_what_people_know_is_told_by_itself_beside_a_summary():
    """Its records are its own."""
    scene = Scene(mute(then="summarise"))
    scene.give(1, alert(id="known"))
    scene.give(3, alert(id="known", seq=2, status="updated", count=8))
    scene.give(3, alert(id="new", count=3))
    released = scene.expire(4)
    assert ids(released.alerts) == [("known", 2, "updated")]
    assert [each.alert.count for each in released.summaries] == [3]


def test_a_drop_tells_nothing_and_keeps_nothing():
    """But the end of what people know, and what comes after."""
    scene = Scene(mute(then="drop"))
    scene.give(1, alert(id="known"))
    scene.give(3, alert(id="new"))
    scene.event(3, id="event")
    assert scene.rows == {}
    assert scene.give(3, alert(id="known", seq=2, status="resolved")) is None
    assert scene.expire(4) == NOTHING
    assert scene.give(5, alert(id="new", seq=2, status="updated")) is None


# -- several at once -----------------------------------------------------------------------------


def test_another_mute_that_is_in_force_goes_on_holding():
    """Episodes and events; told once, when the last is over."""
    scene = Scene(mute("a", "Mon 02:00-04:00"), mute("b", "Mon 03:00-06:00"))
    scene.give(2.5, alert(id="burns"))
    scene.event(2.5, id="event", rule="disk")
    assert scene.expire(4) == NOTHING
    assert scene.mutes.deadline(at(4)) == 2 * HOUR
    scene.restart()
    released = scene.expire(6)
    assert ids(released.alerts) == [("burns", 1, "firing")]
    assert [each.alert.rule for each in released.summaries] == ["disk"]
    assert scene.rows == {}


def test_of_several_the_one_that_tells_most_decides():
    """Dropped is only what every mute drops."""
    some = [mute("drop", then="drop"), mute("sum", then="summarise"), mute("hold")]
    assert Scene(*some).event(3) == "mute hold"
    assert Scene(*some[:2]).event(3) == "mute sum"
    assert Scene(some[0]).event(3) == "mute drop"


def test_what_was_promised_is_told_after_a_mute_that_drops():
    """It began under another."""
    scene = Scene(mute("a", "Mon 02:00-04:00"), mute("b", "Mon 03:00-06:00", then="drop"))
    scene.give(2.5, alert(id="burns"))
    assert scene.expire(4) == NOTHING
    assert scene.give(5, alert(id="burns", seq=2, status="updated")) == "mute b"
    assert ids(scene.expire(6).alerts) == [("burns", 2, "firing")]


def test_a_mute_of_what_is_graver_does_not_delay_a_summary_of_what_burns():
    """One alert among many would drag all the others along."""
    scene = Scene(
        mute("sum", "Mon 02:00-04:00", then="summarise"),
        mute("grave", "Mon 03:00-06:00", condition=asking(severity="critical")),
    )
    scene.event(2.5, id="grave", severity="critical")
    scene.give(2.5, alert(id="mild"))
    (summary,) = scene.expire(4).summaries
    assert (summary.burning, summary.alert.severity) == (("mild",), "critical")


# -- restarts, reloads, bounds -------------------------------------------------------------------


def test_a_restart_in_the_middle_tells_the_same_as_none():
    """The known wrong: what was silenced is forgotten at a restart."""
    told = []
    for restarts in (False, True):
        scene = Scene(mute(), mute("sum", condition=asking(rule="disk"), then="summarise"))
        for hour, one, burns in (
            (2.1, alert(id="a"), True),
            (2.2, alert(id="a", seq=2, status="updated", count=9), True),
            (2.3, alert(id="b", rule="disk"), False),
            (2.4, alert(id="c", rule="oom"), False),
            (2.5, alert(id="c2", rule="oom"), False),
        ):
            scene.give(hour, one, burns=burns)
            if restarts:
                scene.restart()
        told.append(scene.expire(4))
    assert told[0] == told[1]
    assert len(told[0].summaries) == 2


def test_a_mute_is_in_force_at_the_first_alert_after_a_restart():
    """The known wrong: alerts leak in the first minutes after a start."""
    scene = Scene(mute())
    scene.give(2.5, alert(id="a"))
    scene.restart()
    assert scene.give(2.5001, alert(id="b")) == "mute night"
    assert scene.give(2.5001, alert(id="a", seq=2, status="updated")) == "mute night"
    assert len(scene.expire(4).alerts) == 2


def test_a_restart_does_not_change_what_was_promised():
    """Another mute has begun since, under which it would have been held."""
    scene = Scene(mute("sum", "Mon 02:00-04:00", then="summarise"), mute("hold", "Mon 03:00-06:00"))
    scene.give(2.5, alert(id="a"))
    scene.now = at(3.5)
    scene.restart()
    scene.give(3.6, alert(id="a", seq=2, status="resolved"))
    assert scene.expire(4) == NOTHING  # the summary waits for the other mute
    assert [each.alert.status for each in scene.expire(6).summaries] == ["resolved"]


def test_what_a_removed_mute_held_is_told_at_once():
    """After a reload; its `then` is remembered."""
    scene = Scene(mute(then="summarise"))
    scene.give(2.5, alert(id="a"))
    scene.event(2.5, id="b")
    scene.restart(mute("other", "Sat"))
    assert scene.mutes.deadline(at(2.6)) == 0
    (summary,) = scene.expire(2.6).summaries
    assert summary.burning == ("a",)


def test_an_episode_that_ended_while_nothing_ran_is_not_owed():
    """Its rule was removed, say."""
    scene = Scene(mute())
    scene.give(2.5, alert(id="a"))
    scene.burning.clear()
    scene.restart()
    assert scene.expire(4) == NOTHING
    assert scene.rows == {}


def test_a_backlog_is_hidden_as_it_would_have_been_then():
    """What came in the night is no news in the morning, and told as the mute says."""
    scene = Scene(mute())
    then = rfc3339(at(3).wall)
    late = {"late": True, "first": then, "last": then}
    assert scene.event(9, id="a", **late) == "mute night"
    assert scene.event(9, id="b", **late) == "mute night"
    assert scene.give(9, alert(id="c", **late)) == "mute night"
    assert scene.event(9, id="d") is None
    assert scene.mutes.deadline(at(9)) == 0
    released = scene.expire(9)
    assert ids(released.alerts) == [("c", 1, "firing")]
    assert [each.alert.count for each in released.summaries] == [10]


def test_nothing_is_let_go_before_the_backlog_is_read():
    """What ended meanwhile is not told as firing, and a night is one message."""
    scene = Scene(mute())
    scene.give(3, alert(id="a"))
    scene.give(3, alert(id="b"))
    scene.restart()
    scene.mutes.await_backlog()
    late = {"late": True, "last": rfc3339(at(3.5).wall)}
    for name in ("x", "y"):
        scene.event(9, id=name, **late)
        assert scene.mutes.deadline(at(9)) is None
        assert scene.expire(9) == NOTHING
    scene.give(9, alert(id="a", seq=2, status="resolved", **late))
    scene.mutes.go_live()
    assert scene.mutes.deadline(at(9)) == 0
    released = scene.expire(9)
    assert ids(released.alerts) == [("b", 1, "firing")]
    assert [each.alert.count for each in released.summaries] == [10]


def test_a_backlog_that_is_read_under_a_mute_is_held_as_well():
    """People sleep now."""
    scene = Scene(mute())
    then = rfc3339(at(-20).wall)
    assert scene.event(3, late=True, first=then, last=then) == "mute night"


def test_few_are_let_go_at_once(monkeypatch):
    """The next follow at once, in the order in which they came."""
    monkeypatch.setattr(module, "MOST_AT_ONCE", 3)
    scene = Scene(mute())
    for number in (5, 3, 1, 4, 2, 7, 6):
        scene.give(3, alert(id=f"{number}"))
    assert [one.id for one in scene.expire(4).alerts] == ["5", "3", "1"]
    assert scene.mutes.deadline(at(4)) == 0
    scene.restart()
    assert [one.id for one in scene.expire(4).alerts] == ["4", "2", "7"]
    assert [one.id for one in scene.expire(4).alerts] == ["6"]
    assert scene.mutes.deadline(at(4)) is None


def test_episodes_beyond_the_bound_are_counted(monkeypatch):
    """Exactly, in a message of their rule; ends and updates are known."""
    monkeypatch.setattr(withheld, "MOST_EPISODES", 2)
    scene = Scene(mute())
    for number in range(5):
        scene.give(3, alert(id=f"{number}", count=1))
    scene.give(3, alert(id="4", seq=2, count=4, status="updated"))
    scene.give(3.1, alert(id="0", seq=2, status="resolved"))
    scene.restart()
    scene.give(3.1, alert(id="4", seq=3, count=6, status="updated"))
    scene.give(3.2, alert(id="3", seq=2, count=1, status="resolved"))
    released = scene.expire(4)
    assert [one.id for one in released.alerts] == ["1"]
    (summary,) = released.summaries
    assert sorted(summary.burning) == ["2", "4"]
    assert summary.alert.group is not UNSET
    assert (summary.alert.group.alerts, summary.alert.group.burning) == (3, 2)
    assert summary.alert.count == 1 + 1 + 6
    assert scene.rows == {}


def test_of_very_many_episodes_the_lines_are_not_kept(monkeypatch):
    """Memory is bounded; the message is told all the same."""
    monkeypatch.setattr(withheld, "MOST_WHOLE", 1)
    scene = Scene(mute())
    scene.give(3, alert(id="a"))
    scene.give(3, alert(id="b"))
    assert [len(one.lines) for one in scene.expire(4).alerts] == [1, 0]


@pytest.mark.parametrize("key", ["episode/a", "pool/a/b", "part/a/b/", "order/a", "what/a"])
def test_a_row_that_nobody_can_read_is_refused(key):
    """The caller forgets it and says so."""
    with pytest.raises(Exception, match=r".+"):
        Scene().mutes.restore(StateChange(module.NAME, key, b"\xc1"))


# -- what is not told for reasons of its own -----------------------------------------------------


def test_what_another_rule_absorbs_is_owed_no_more():
    """Its end passes by, too."""
    scene = Scene(mute())
    scene.give(3, alert(id="a"))
    scene.give(3, alert(id="b"))
    absorbed = alert(id="a", seq=2, status="updated", muted_by="outage")
    scene.mutes.pass_by(absorbed, burns=True, now=at(3.5))
    end = alert(id="b", seq=2, status="resolved", muted_by="outage")
    scene.mutes.pass_by(end, burns=False, now=at(3.5))
    assert scene.expire(4) == NOTHING
    assert scene.rows == {}


def test_what_is_absorbed_inhibits_until_its_end_and_what_is_in_shadow_does_not():
    """It burns all the same."""
    scene = Scene(inhibits=[inhibit(asking(rule="db"), asking(rule="web"))])
    scene.mutes.pass_by(alert(id="s", rule="db", muted_by="shadow"), burns=True, now=at(1))
    assert scene.give(1, alert(id="a", rule="web")) is None
    scene.mutes.pass_by(alert(id="d", rule="db", muted_by="outage"), burns=True, now=at(1))
    assert scene.give(1, alert(id="b", rule="web")) == "inhibit by db"
    end = alert(id="d", rule="db", seq=2, status="resolved", muted_by="outage")
    scene.mutes.pass_by(end, burns=False, now=at(2))
    assert scene.mutes.deadline(at(2)) == 0
    assert ids(scene.expire(2).alerts) == [("b", 1, "firing")]


def test_what_is_in_shadow_does_not_inhibit_after_a_restart_either():
    """Though it burns on."""
    scene = Scene(inhibits=[inhibit(asking(rule="db"), asking(rule="web"))])
    tried = alert(id="s", rule="db", muted_by="shadow")
    scene.mutes.pass_by(tried, burns=True, now=at(1))
    scene.burning["s"] = tried
    scene.restart()
    assert scene.give(2, alert(id="a", rule="web")) is None


def test_an_acknowledgement_ends_with_an_episode_that_was_absorbed():
    """However its end was told."""
    scene = Scene()
    scene.give(0.5, alert(id="a"))
    scene.mutes.silences.add(
        asking(rule="*"),
        now=at(1),
        author="root",
        until_resolved=True,
        burning=scene.burning.values(),
    )
    end = alert(id="a", seq=2, status="resolved", muted_by="outage")
    scene.mutes.pass_by(end, burns=False, now=at(2))
    assert scene.give(3, alert(id="b")) is None
