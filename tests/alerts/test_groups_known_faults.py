"""What other alerting programs are known to get wrong about groups and their timers."""

from __future__ import annotations

import pytest
from doubles.groups import GroupScene, group_of


def test_the_end_is_not_lost_when_an_episode_flaps_within_wait():
    """Elsewhere a group that is empty again when its wait is over is not told of at all.

    And an episode that ended and began anew within the wait hides that it had ended.
    """
    scene = GroupScene(group=(), wait=30.0)
    scene.resolve(scene.fire(count=5), count=6)
    scene.pass_time(10)
    again = scene.fire(count=7)
    scene.pass_time(60)
    scene.resolve(again, count=7)
    scene.pass_time(60)
    assert scene.line == [(30, "firing", 2, 1), (70, "resolved", 1, 0)]
    assert [(member.id, member.status) for member in group_of(scene.messages[0]).members] == [
        ("episode-2", "firing"),
        ("episode-1", "resolved"),
    ]
    assert [message.count for message in scene.messages] == [13, 0]


def test_what_began_and_ended_within_wait_is_told_once():
    """Elsewhere it was never sent, or its end was sent without its beginning."""
    scene = GroupScene(wait=30.0)
    one = scene.fire(count=5)
    scene.pass_time(10)
    scene.resolve(one, count=9, message="5 failed logins, over after 10s")
    scene.pass_time(300)
    assert scene.line == [(30, "resolved", 1, 0)]
    [message] = scene.messages
    assert message.message == "began and ended: 5 failed logins, over after 10s"
    assert message.count == 9


def test_flapping_after_the_first_message_loses_no_end_either():
    """An end and a new beginning between two messages: both are in the next one."""
    scene = GroupScene(group=(), wait=10.0, updates=300.0)
    one = scene.fire()
    scene.pass_time(20)
    scene.resolve(one)
    scene.pass_time(20)
    two = scene.fire()
    scene.pass_time(300)
    scene.resolve(two)
    scene.pass_time(300)
    assert scene.line == [(10, "firing", 1, 1), (310, "updated", 2, 1), (610, "resolved", 1, 0)]
    assert {member.id: member.status for member in group_of(scene.messages[1]).members} == {
        one.id: "resolved",
        two.id: "firing",
    }


@pytest.mark.parametrize("updates", [300.0, 7.0, 0.0])
def test_reminders_are_not_rounded_up_to_a_multiple_of_updates(updates: float):
    """Elsewhere a reminder goes out at the first tick of the group's interval after it is due."""
    scene = GroupScene(wait=30.0, updates=updates, remind=1000.0)
    scene.fire()
    scene.pass_time(3500)
    assert scene.times == [30, 1030, 2030, 3030]


def test_a_change_right_after_a_tick_does_not_wait_for_the_next_one():
    """Elsewhere a group's interval runs on without news, and news waits for its end."""
    scene = GroupScene(group=(), wait=10.0, updates=300.0)
    scene.fire()
    scene.pass_time(311)
    scene.fire()
    scene.pass_time(300)
    assert scene.times == [10, 311]


def test_an_update_is_not_delayed_when_an_alert_gets_graver():
    """Elsewhere `critical` waits like everything else until the interval is over."""
    scene = GroupScene(group=(), wait=10.0, updates=3600.0)
    one = scene.fire()
    scene.pass_time(20)
    scene.follow(one, severity="critical")
    assert scene.line == [(10, "firing", 1, 1), (20, "updated", 1, 1)]
    assert scene.messages[1].severity == "critical"


def test_a_graver_newcomer_does_not_wait_for_updates():
    """It is more than all that was told of."""
    scene = GroupScene(group=(), wait=10.0, updates=3600.0)
    scene.fire(severity="error")
    scene.pass_time(20)
    scene.fire(severity="error")
    scene.pass_time(20)
    scene.fire(severity="critical")
    assert scene.line == [(10, "firing", 1, 1), (40, "updated", 3, 3)]


def test_an_alert_that_gets_milder_is_no_news_in_a_hurry():
    """Only up is at once, and up again is, too."""
    scene = GroupScene(group=(), wait=10.0, updates=3600.0)
    one = scene.fire(severity="critical")
    scene.pass_time(20)
    one = scene.follow(one, severity="warning")
    scene.pass_time(20)
    assert scene.times == [10]
    scene.follow(one, severity="error")
    assert scene.times == [10, 40]


def test_before_the_first_message_a_graver_alert_does_not_end_the_wait():
    """Nobody was told of anything yet; `wait` is short."""
    scene = GroupScene(group=(), wait=30.0)
    one = scene.fire()
    scene.pass_time(10)
    scene.follow(one, severity="critical")
    scene.pass_time(100)
    assert scene.times == [30]


def test_a_window_that_collects_neither_is_lost_nor_begins_anew_at_a_restart():
    """Elsewhere what was collected is gone, or the time begins again with the process."""
    scene = GroupScene(group=(), wait=600.0)
    scene.fire(count=3)
    scene.pass_time(500)
    scene.restart()
    scene.fire(count=4)
    scene.pass_time(1000)
    assert scene.times == [600]
    assert scene.messages[0].count == 7
    assert group_of(scene.messages[0]).alerts == 2


def test_a_window_that_ended_while_nobody_ran_is_told_at_the_start():
    """Its alerts are as old as they are, and no older for it."""
    scene = GroupScene(group=(), wait=600.0)
    scene.fire()
    scene.clock.advance(5000)
    scene.restart()
    scene.pass_time(10)
    assert scene.line == [(5000, "firing", 1, 1)]


def test_reminders_go_on_in_step_after_a_restart():
    """Elsewhere each start sends everything that burns once more."""
    scene = GroupScene(wait=10.0, remind=1000.0)
    scene.fire()
    scene.pass_time(500)
    scene.restart()
    scene.pass_time(1000)
    assert scene.times == [10, 1010]


def test_the_end_is_told_of_what_was_collected():
    """Elsewhere what goes out in a digest never gets a `resolved`."""
    scene = GroupScene(digest="hourly")
    episodes = [scene.fire(key={"ip": str(number)}) for number in range(50)]
    scene.pass_time(3600)
    for one in episodes:
        scene.resolve(one)
    scene.pass_time(3600)
    assert scene.line == [(3600, "firing", 50, 50), (7200, "resolved", 50, 0)]


def test_an_end_after_a_restart_finds_its_group():
    """And has its id, so that chat threads and incidents are closed."""
    scene = GroupScene(group=(), wait=10.0)
    one = scene.fire()
    scene.pass_time(10)
    scene.restart()
    scene.pass_time(1000)
    scene.resolve(one)
    scene.pass_time(10)
    assert scene.line == [(10, "firing", 1, 1), (1010, "resolved", 1, 0)]
    assert scene.messages[0].id == scene.messages[1].id
