"""Silences: mutes that a person makes."""

from __future__ import annotations

import pytest
from doubles.alerts import alert
from doubles.conditions import asking
from doubles.muting import HOUR, Scene, at, ids

from logwatch.alerts import silences as module
from logwatch.alerts.conditions import parse_matcher, written_matcher
from logwatch.alerts.mutes import Released
from logwatch.alerts.silences import SilenceError
from logwatch.conditions import ConditionError

NOTHING = Released((), ())
SSH = asking(rule="ssh-*")


def silenced(scene: Scene, hour: float = 1, until: float | None = 3, **others: object) -> int:
    """Make a silence of the rule; its number."""
    scene.now = at(hour)
    wall = None if until is None else at(until).wall
    made = scene.mutes.silences.add(
        **({"where": SSH, "now": scene.now, "author": "root", "until": wall} | others)
    )
    scene.commit()
    return made.number


# -- what they hide ------------------------------------------------------------------------------


def test_a_silence_hides_until_its_end_and_then_what_burns_is_told():
    """As a mute that holds; events in one message."""
    scene = Scene()
    assert silenced(scene) == 1
    assert not scene.mutes.idle
    assert scene.give(2, alert(id="burns")) == "silence #1"
    assert scene.event(2, id="event") == "silence #1"
    assert scene.give(2, alert(id="other", rule="disk")) is None
    assert scene.mutes.deadline(at(2)) == HOUR
    assert scene.give(3, alert(id="after")) is None
    released = scene.expire(3)
    assert ids(released.alerts) == [("burns", 1, "firing")]
    (summary,) = released.summaries
    assert summary.alert.message.startswith("silence #1 is over: ")
    assert scene.mutes.idle


def test_a_person_may_end_it():
    """What still burns is told at once."""
    scene = Scene()
    number = silenced(scene)
    scene.give(2, alert())
    ended = scene.mutes.silences.end(number, now=at(2.5), author="alice")
    assert (ended.ended, ended.ended_by, ended.hid) == (at(2.5).wall, "alice", 1)
    assert scene.mutes.deadline(at(2.5)) == 0
    assert ids(scene.expire(2.5).alerts) == [("b4c1f0aa55aa55aa", 1, "firing")]


def test_the_end_of_what_people_know_goes_out():
    """The known wrong: resolved lost under a silence."""
    scene = Scene()
    scene.give(0.5, alert())
    silenced(scene)
    assert scene.give(2, alert(seq=2, status="updated")) == "silence #1"
    assert scene.give(2, alert(seq=3, status="resolved")) is None


def test_an_acknowledgement_ends_with_what_it_hid_at_its_making():
    """And with none of what came later."""
    scene = Scene()
    for name in ("a", "b"):
        scene.give(0.5, alert(id=name))
    silenced(scene, until=None, until_resolved=True, burning=scene.burning.values())
    assert scene.give(2, alert(id="c")) == "silence #1"
    scene.give(3, alert(id="a", seq=2, status="resolved"))
    scene.restart()
    assert scene.mutes.deadline(scene.now) is None
    assert scene.give(4, alert(id="b", seq=2, status="resolved")) is None
    assert scene.mutes.deadline(scene.now) == 0
    assert ids(scene.expire(4).alerts) == [("c", 1, "firing")]
    (one,) = scene.mutes.silences.listed(scene.now)
    assert (one.ended, one.ended_by) == (at(4).wall, "")


def test_an_acknowledgement_may_have_a_time_as_well():
    """Whichever comes first."""
    scene = Scene()
    scene.give(0.5, alert())
    silenced(scene, until=3, until_resolved=True, burning=scene.burning.values())
    assert scene.event(2, id="x") == "silence #1"
    assert scene.event(3, id="y") is None


def test_an_acknowledged_episode_that_ended_while_nothing_ran_ends_it():
    """Its rule was removed, say."""
    scene = Scene()
    scene.give(0.5, alert(id="a"))
    silenced(scene, until=None, until_resolved=True, burning=scene.burning.values())
    scene.give(2, alert(id="c"))
    del scene.burning["a"]
    scene.restart()
    assert ids(scene.expire(2).alerts) == [("c", 1, "firing")]


# -- restarts and clocks -------------------------------------------------------------------------


def test_silences_survive_a_restart_and_are_in_force_at_the_first_alert():
    """The known wrong: silences that a restart forgets, or that leak until they are read."""
    scene = Scene()
    silenced(scene)
    scene.give(2, alert(id="a"))
    scene.restart()
    assert scene.give(2, alert(id="b")) == "silence #1"
    (one,) = scene.mutes.silences.listed(at(2))
    assert (one.author, one.where, one.hid) == ("root", SSH, 2)
    assert len(scene.expire(3).alerts) == 2


def test_numbers_are_never_used_again():
    """Not after a week, and not after a restart."""
    scene = Scene()
    assert [silenced(scene), silenced(scene)] == [1, 2]
    scene.expire(24 * 9)
    assert list(scene.mutes.silences.listed(scene.now)) == []
    scene.restart()
    assert silenced(scene, hour=24 * 9, until=24 * 10) == 3


def test_a_clock_that_is_put_back_neither_undoes_nor_revives_one():
    """What is over stays over."""
    scene = Scene()
    silenced(scene)
    assert scene.give(0.5, alert(id="a")) == "silence #1"
    scene.expire(3)
    assert scene.give(2, alert(id="b")) is None


def test_a_backlog_is_hidden_by_a_silence_that_was_in_force_then():
    """And told at once, as at its end."""
    scene = Scene()
    silenced(scene)
    late = {"late": True, "last": "2026-01-05T02:00:00.000Z"}
    assert scene.give(5, alert(id="a", **late)) == "silence #1"
    assert scene.give(5, alert(id="b")) is None
    assert ids(scene.expire(5).alerts) == [("a", 1, "firing")]


# -- the list ------------------------------------------------------------------------------------


def test_those_in_force_are_listed_first_and_those_over_for_a_week():
    """The newest of each first."""
    scene = Scene()
    for until in (2, 9, 3, 8):
        silenced(scene, until=until)
    assert [each.number for each in scene.mutes.silences.listed(at(4))] == [4, 2, 3, 1]
    week = 24 * 7
    assert [each.number for each in scene.mutes.silences.listed(at(week + 2.5))] == [4, 3, 2]
    scene.commit()
    assert {key for _, key in scene.rows} == {"next", "2", "3", "4"}


def test_a_preview_says_what_it_would_hide():
    """Nothing changes."""
    alerts = [alert(id="a"), alert(id="b", rule="disk"), alert(id="c")]
    hidden = Scene().mutes.silences.would_hide(SSH, alerts)
    assert [each.id for each in hidden] == ["a", "c"]


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"where": ()}, "it must say what it hides: rule=ssh-guessing"),
        ({"until": None}, "it must have an end: --for 2h, --until 17:00 or --until-resolved"),
        ({"until": 1}, "its end lies in the past"),
        (
            {"until_resolved": True, "burning": [alert(rule="disk")]},
            "nothing burns now that it would hide; give it a time: --for 2h",
        ),
    ],
)
def test_what_cannot_be_silenced_is_refused(changes, message):
    """In words for the person who asked."""
    scene = Scene()
    with pytest.raises(SilenceError) as caught:
        silenced(scene, **changes)
    assert str(caught.value) == message
    assert scene.rows == {}


def test_only_what_is_in_force_can_be_ended():
    """Once."""
    scene = Scene()
    number = silenced(scene)
    silences = scene.mutes.silences
    silences.end(number, now=at(2), author="root")
    with pytest.raises(SilenceError, match="#1 is over already"):
        silences.end(number, now=at(2), author="root")
    with pytest.raises(SilenceError, match="no silence #9"):
        silences.end(9, now=at(2), author="root")
    silenced(scene, hour=2)
    with pytest.raises(SilenceError, match="#2 is over already"):
        silences.end(2, now=at(4), author="root")


def test_there_is_a_bound(monkeypatch):
    """Of those in force, and of those kept."""
    monkeypatch.setattr(module, "MOST_IN_FORCE", 2)
    monkeypatch.setattr(module, "MOST_OVER", 1)
    scene = Scene()
    silenced(scene, until=2)
    silenced(scene, until=3)
    with pytest.raises(SilenceError, match="2 silences are in force"):
        silenced(scene)
    assert silenced(scene, hour=3, until=4) == 3
    assert [each.number for each in scene.mutes.silences.listed(at(5))] == [3]


# -- matchers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "field", "test"),
    [
        ("rule=ssh-*", "rule", ("=", "ssh-*")),
        ("ip!=10.0.0.1", "ip", ("!=", "10.0.0.1")),
        ("host=~^web\\d+$", "host", ("~", "^web\\d+$")),
        ("host~^web=1", "host", ("~", "^web=1")),
        ("host!~db", "host", ("!~", "db")),
        ("severity>=error", "severity", (">=", "error")),
        ("status<500", "status", None),
        ("size>3MiB", "size", (">", "3MiB")),
        ("a.b=c=d", "a.b", ("=", "c=d")),
        ("key = two words", "key", ("=", "two words")),
        ("ip in 10.0.0.0/8", "ip", ("in", "10.0.0.0/8")),
        (" ip !in 10.0.0.0/8 ::1", "ip", ("!in", "10.0.0.0/8 ::1")),
        ("say=seen in 10.0.0.7", "say", ("=", "seen in 10.0.0.7")),
        ("state=in 10.0.0.7", "state", ("=", "in 10.0.0.7")),
    ],
)
def test_a_matcher_is_one_word_of_a_command_line(text, field, test):
    """Field, operator, value."""
    if test is None:
        with pytest.raises(ConditionError):
            parse_matcher(text)
        return
    condition = parse_matcher(text)
    assert condition.field == field
    assert [(each.operator, each.operand) for each in condition.tests] == [test]
    assert parse_matcher(written_matcher(condition)) == condition


@pytest.mark.parametrize(
    "text", ["", "rule", "=x", "rule=", "severity>=bad", "size>big", "ip in 10/8"]
)
def test_what_is_no_matcher_is_refused(text):
    """With what to type."""
    with pytest.raises(ConditionError) as caught:
        parse_matcher(text)
    assert caught.value.remedy
