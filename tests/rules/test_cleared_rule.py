"""Kind 3 where a line clears: an episode that another line ends."""

from __future__ import annotations

import pytest
from doubles.held_back import HeldBack
from doubles.rules import START, told
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logwatch.records import Alert
from logwatch.rules import fingerprint
from logwatch.rules.base import RuleSettings, Selector, Threshold
from logwatch.rules.cleared import MEMORY_SECONDS, MOST_CLOSINGS
from logwatch.rules.kinds import Cleared

HOUR = 3600.0
DAY = 86400.0


def rule(count: int = 1, window: float = 0.0, **changes) -> HeldBack:
    """A bench with a rule by port that a line clears, without cool-down."""
    kind = Cleared(
        count=count,
        window=window,
        levels=changes.pop("levels", ()),
        clear_count=changes.get("clear_count"),
        clear_window=changes.pop("clear_window", None),
        closing=Selector(match=("up",)),
        references=changes.pop("references", ()),
    )
    changes.pop("clear_count", None)
    max_keys = changes.pop("max_keys", 100_000)
    base = {"name": "link", "match": ("down",), "by": ("port",), "kind": kind, "cooldown": 0.0}
    return HeldBack(RuleSettings(**base | changes), max_keys=max_keys)


def down(bench: HeldBack, at: float, port: str = "eth0", **how) -> list[Alert]:
    """A line that opens."""
    return bench.line(at, f"link {port} down", part=1, port=port, **how)


def up(bench: HeldBack, at: float, port: str = "eth0", **how) -> list[Alert]:
    """A line that closes."""
    return bench.line(at, f"link {port} up", part=0, port=port, **how)


def test_it_fires_at_its_line_and_resolves_at_the_line_that_clears():
    """And tells both, the closing line last."""
    bench = rule()
    (fired,) = down(bench, 0)
    (over,) = up(bench, 250)
    assert told([fired, over]) == [("firing", 1, 1), ("resolved", 2, 1)]
    assert fired.message == "eth0: link eth0 down"
    assert over.message == "resolved after 4m10s: eth0: closed: link eth0 up"
    assert [line.text for line in over.lines] == ["link eth0 down", "link eth0 up"]
    assert over.id == fired.id
    assert bench.until(DAY) == []
    assert bench.rule.due() is None


def test_while_it_burns_lines_are_counted_and_not_told():
    """However long that takes, for only a line ends it."""
    bench = rule()
    down(bench, 0)
    assert [*down(bench, HOUR), *down(bench, 2 * HOUR), *bench.until(30 * DAY)] == []
    (over,) = up(bench, 31 * DAY)
    assert (over.status, over.count) == ("resolved", 3)


def test_each_key_has_its_own_episode():
    """What clears one ends no other."""
    bench = rule()
    down(bench, 0, "eth0")
    down(bench, 1, "eth1")
    assert up(bench, 2, "eth2") == []
    (over,) = up(bench, 3, "eth1")
    assert over.key == {"port": "eth1"}


def test_a_line_that_clears_nothing_tells_nothing_and_is_soon_forgotten():
    """It is kept for what may be read after it."""
    bench = rule()
    assert up(bench, 0) == []
    assert bench.until(MEMORY_SECONDS + 1) == []
    assert bench.rule.known_keys() == []


def test_what_is_down_again_is_another_episode():
    """With a name of its own."""
    bench = rule()
    (first,) = down(bench, 0)
    up(bench, 10)
    (second,) = down(bench, 20)
    assert first.id != second.id
    assert told(up(bench, 30)) == [("resolved", 2, 1)]


def test_a_key_may_be_what_the_closing_line_refers_to():
    """Beside `by`."""
    bench = rule(by=("host",), references=("port",))
    bench.line(0, "down", part=1, host="a", port="1")
    bench.line(0, "down", part=1, host="a", port="2")
    (over,) = bench.line(5, "up", part=0, host="a", port="2")
    assert over.key == {"host": "a", "port": "2"}


def test_words_are_filled_from_what_opened_and_then_from_what_closed():
    """So that the end reads as the beginning did."""
    bench = rule(say="{port} of {switch}: {why}, {took|-}")
    (fired,) = bench.line(0, "down", part=1, port="1", switch="core", why="cable")
    (over,) = bench.line(9, "up", part=0, port="1", why="plugged", took="9")
    assert fired.message == "1 of core: cable, -"
    assert over.message == "resolved after 9s: 1 of core: cable, 9"


# -- with a timer ----------------------------------------------------------------------------


def test_with_a_time_it_ends_by_whichever_comes_first():
    """The message says that nothing closed it."""
    bench = rule(clear_count=0, clear_window=HOUR)
    down(bench, 0)
    assert told(up(bench, 60)) == [("resolved", 2, 1)]
    down(bench, 100)
    down(bench, 1000)
    assert bench.until(1000 + HOUR - 1) == []
    (over,) = bench.until(1000 + HOUR)
    assert over.message == "resolved after 1h15m: eth0: not closed: link eth0 down"
    assert up(bench, 2 * HOUR) == []


# -- hold and cool-down ----------------------------------------------------------------------


def test_hold_keeps_it_burning_after_it_was_closed():
    """And what fires meanwhile makes it go on."""
    bench = rule(hold=600.0)
    down(bench, 0)
    assert up(bench, 10) == []
    assert bench.until(599) == []
    (over,) = bench.until(600)
    assert over.message == "resolved after 10m: eth0: closed: link eth0 up"
    down(bench, 1000)
    up(bench, 1010)
    assert down(bench, 1020) == []
    assert bench.until(2000) == []
    assert told(up(bench, 2001)) == [("resolved", 2, 2)]


def test_what_the_cool_down_holds_back_is_told_when_that_ends():
    """If nothing has closed it by then."""
    bench = rule(cooldown=60.0)
    down(bench, 0)
    up(bench, 5)
    assert down(bench, 10) == []
    assert up(bench, 20) == []
    assert bench.until(59) == []
    assert down(bench, 59) == []
    assert down(bench, 59.5) == []
    (fired,) = bench.until(61)
    assert told([fired]) == [("firing", 1, 2)]
    assert fired.suppressed == 2
    assert told(up(bench, 100)) == [("resolved", 2, 2)]


def test_what_is_closed_within_the_cool_down_is_not_told():
    """It is counted in the next firing."""
    bench = rule(cooldown=60.0)
    down(bench, 0)
    up(bench, 5)
    down(bench, 10)
    up(bench, 20)
    assert bench.until(HOUR) == []


def test_what_ends_by_timer_within_the_cool_down_is_not_told():
    """There would be nothing to tell when that ends."""
    bench = rule(cooldown=600.0, clear_count=0, clear_window=30.0)
    down(bench, 0)
    up(bench, 5)
    down(bench, 10)
    assert bench.until(HOUR) == []


# -- thresholds ------------------------------------------------------------------------------


def test_a_closing_line_begins_the_count_anew():
    """Two and two are not four, where something came between."""
    bench = rule(3, 60.0)
    down(bench, 0)
    down(bench, 1)
    up(bench, 2)
    assert [*down(bench, 3), *down(bench, 4)] == []
    (fired,) = down(bench, 5)
    assert (fired.count, fired.message) == (3, "eth0: 3x link eth0 down")
    assert [line.time[-6:] for line in fired.lines] == ["3.000Z", "4.000Z", "5.000Z"]
    assert bench.until(HOUR) == []
    (over,) = up(bench, HOUR)
    assert over.message == "resolved after 59m57s: eth0: closed: link eth0 up"
    assert [*down(bench, HOUR + 1), *down(bench, HOUR + 2)] == []
    (again,) = down(bench, HOUR + 3)
    assert [line.text for line in again.lines] == ["link eth0 down"] * 3


def test_levels_raise_what_burns():
    """Also what the cool-down holds back."""
    levels = ((2, "warning"), (4, "critical"))
    bench = rule(2, 60.0, levels=levels, cooldown=100.0)
    for at in (0, 1):
        down(bench, at)
    assert told(bench.alerts) == [("firing", 1, 2)]
    down(bench, 2)
    (raised,) = down(bench, 3)
    assert (raised.status, raised.severity) == ("updated", "critical")
    up(bench, 4)
    for at in (5, 6, 7, 8):
        assert down(bench, at) == []
    (fired,) = bench.until(200)
    assert (fired.status, fired.severity, fired.count) == ("firing", "critical", 4)


def test_while_a_closed_threshold_is_held_it_takes_a_full_window_to_go_on():
    """A single line is none."""
    bench = rule(2, 60.0, hold=600.0)
    down(bench, 0)
    down(bench, 1)
    up(bench, 2)
    down(bench, 3)
    assert told(bench.until(700)) == [("resolved", 2, 3)]


def test_with_a_time_a_threshold_calms_down_as_it_does_without_a_line():
    """At most so many in the time of `clear`."""
    bench = rule(2, 60.0, clear_count=1, clear_window=100.0)
    for at in (0, 10, 20):
        down(bench, at)
    assert bench.until(109) == []
    assert told(bench.until(110)) == [("resolved", 2, 3)]


# -- order -----------------------------------------------------------------------------------


def test_a_line_that_does_both_closes():
    """And begins nothing."""
    bench = rule()
    down(bench, 0)
    for at in (5, 500):
        bench.line(at, "down, up", part=0, port="eth0")
        bench.line(at, "down, up", part=1, port="eth0", same_record=True)
    assert told(bench.alerts) == [("firing", 1, 1), ("resolved", 2, 1)]


def test_lines_of_one_time_count_in_the_order_of_the_file():
    """As stamps of whole seconds have it."""
    bench = rule()
    down(bench, 7)
    assert told(up(bench, 7)) == [("resolved", 2, 1)]
    assert told(down(bench, 7)) == [("firing", 1, 1)]


def test_a_closing_line_older_than_what_it_would_close_closes_nothing():
    """Also where it is read after it."""
    bench = rule()
    down(bench, 100)
    assert up(bench, 99, lag=5) == []
    assert told(up(bench, 101)) == [("resolved", 2, 1)]


def test_a_closing_line_between_two_others_ends_nothing_where_it_is_read_last():
    """It is down now, which is what counts."""
    bench = rule()
    down(bench, 100)
    down(bench, 110)
    assert up(bench, 105, lag=10) == []
    assert told(up(bench, 120)) == [("resolved", 2, 2)]


def test_a_pair_that_is_read_backwards_is_told_at_once():
    """As it would have been in the order of its times."""
    bench = rule()
    up(bench, 110)
    both = down(bench, 105, lag=10)
    assert told(both) == [("firing", 1, 1), ("resolved", 2, 1)]
    assert both[1].message == "resolved after 5s: eth0: closed: link eth0 up"
    assert down(bench, 106, lag=10) == []


def test_a_line_of_what_is_over_begins_nothing():
    """It is read after the line that closed it."""
    bench = rule()
    down(bench, 100)
    up(bench, 110)
    assert down(bench, 105, lag=10) == []
    assert bench.until(HOUR) == []


def test_a_line_of_the_time_at_which_it_was_over_begins_nothing():
    """Where it comes before the closing line, as one of an earlier source does."""
    bench = rule()
    down(bench, 100)
    up(bench, 110)
    assert down(bench, 110, source="aaa") == []
    assert told(down(bench, 110, source="zzz")) == [("firing", 1, 1)]


def test_a_late_closing_line_takes_what_was_before_it_out_of_the_count():
    """The window has only what is after it."""
    bench = rule(3, 60.0)
    down(bench, 0)
    down(bench, 8)
    up(bench, 5, lag=5)
    assert down(bench, 12) == []
    assert told(down(bench, 13)) == [("firing", 1, 3)]


def test_a_late_closing_line_takes_back_what_the_cool_down_holds():
    """Where too few are left."""
    bench = rule(2, 60.0, cooldown=600.0)
    down(bench, 0)
    down(bench, 1)
    up(bench, 2)
    down(bench, 10)
    down(bench, 20)
    up(bench, 15, lag=10)
    assert bench.until(HOUR) == []


def test_a_late_line_counts_nothing_towards_what_was_cleared_after_it():
    """In a threshold."""
    bench = rule(2, 60.0)
    down(bench, 5)
    up(bench, 10)
    assert down(bench, 8, lag=5) == []
    assert down(bench, 14) == []


def test_a_line_that_is_very_late_is_told_all_the_same():
    """Each line of a plain match is."""
    bench = rule()
    bench.line(5000, "other", part=1, port="eth9")
    (alert,) = bench.line(1, "link eth0 down", part=1, port="eth0", lag=5000)
    assert alert.status == "firing"
    assert alert.first.startswith("2026-01-05T00:00:01")
    assert told(up(bench, 6000)) == [("resolved", 2, 1)]


@given(st.permutations(range(8)), st.lists(st.booleans(), min_size=8, max_size=8),
       st.sampled_from([0.0, 20.0]))  # fmt: skip
def test_what_burns_in_the_end_is_the_same_in_whatever_order_lines_are_read(order, opens, cooldown):
    """As if they had been read in the order of their times."""
    bench = rule(cooldown=cooldown)
    for number in order:
        (down if opens[number] else up)(bench, 10.0 * number, lag=max(0, 80 - 10 * number))
    bench.until(500)
    assert bool([*bench.rule.burning()]) == opens[-1]
    by_id: dict[str, list[str]] = {}
    for each in bench.alerts:
        by_id.setdefault(each.id, []).append(each.status)
    assert all(statuses in (["firing"], ["firing", "resolved"]) for statuses in by_id.values())


gaps = st.lists(
    st.tuples(st.sampled_from([0, 1, 5, 9, 20, 70, 200]), st.sampled_from([0, 0, 6, 90, 150]))
)


SHAPES = [(2, 10.0, None), (3, 60.0, (3, 5)), (2, 20.0, (2, 3)), (3, 300.0, None)]


@given(gaps, st.sampled_from(SHAPES), st.sampled_from([0.0, 30.0]))
def test_without_a_closing_line_it_is_the_threshold_that_it_is_made_of(gaps, shape, hold):
    """To the second, and with the same lines."""
    count, window, levels = shape
    steps = tuple(zip(levels, ("warning", "critical"), strict=True)) if levels else ()
    threshold = Threshold(
        count=count, window=window, levels=steps, clear_count=1, clear_window=window * 2
    )
    cleared = Cleared(
        count=count,
        window=window,
        levels=steps,
        clear_count=1,
        clear_window=window * 2,
        closing=Selector(match=("up",)),
    )
    stories = []
    for kind, part in ((threshold, 0), (cleared, 1)):
        bench = HeldBack(RuleSettings(name="r", kind=kind, cooldown=0.0, hold=hold))
        at = 0.0
        for gap, behind in gaps:
            at += gap
            bench.line(max(0.0, at - behind), part=part, lag=behind)
        bench.until(at + 1000)
        stories.append(
            [
                (
                    a.id,
                    a.status,
                    a.severity,
                    a.count,
                    a.first,
                    a.last,
                    a.at,
                    [x.time for x in a.lines],
                )
                for a in bench.alerts
            ]
        )
    assert stories[0] == stories[1]


@pytest.mark.parametrize("part", [0, 1])
def test_a_line_at_the_very_edge_of_its_window_is_quoted_where_it_is_the_only_one_left(part):
    """Stamps are told in milliseconds, and lines that were too late took the places of others."""
    closing = Selector(match=("up",))
    kinds = [Threshold(count=2, window=10.0), Cleared(count=2, window=10.0, closing=closing)]
    bench = HeldBack(RuleSettings(name="r", kind=kinds[part], cooldown=0.0))
    for at in (110.0, 40.0, 30.0):
        bench.line(at, part=part, lag=110 - at)
    (fired,) = bench.line(100.0004, "at the edge", part=part, lag=10)
    assert [line.text for line in fired.lines] == ["at the edge"]


# -- bounds, restarts, reloads ---------------------------------------------------------------


def test_only_the_latest_closing_lines_are_remembered():
    """Memory does not grow with them."""
    bench = rule()
    for at in range(100):
        up(bench, at)
    assert len(bench.rule._states.peek("eth0").closings) == MOST_CLOSINGS


def test_a_rule_that_is_full_resolves_what_must_go():
    """And rather forgets what does not burn."""
    bench = rule(max_keys=2)
    down(bench, 0, "eth0")
    up(bench, 1, "eth1")
    assert told(down(bench, 2, "eth2")) == [("firing", 1, 1)]
    gone, fired = down(bench, 3, "eth3")
    assert gone.message == "resolved after 0s: eth0: not closed: link eth0 down"
    assert (gone.key, fired.key) == ({"port": "eth0"}, {"port": "eth3"})


def test_a_rule_that_is_full_forgets_what_is_closed_before_what_burns():
    """However many burn that were seen before it, and after a restart."""
    bench = rule(max_keys=100)
    for number in range(80):
        down(bench, number, f"eth{number}")
    for number in range(60):
        assert up(bench, 100 + number, f"fiber{number}") == []
        if number == 40:
            bench.restart()
    assert len([*bench.rule.burning()]) == 80
    (fired,) = down(bench, 200, "wlan0")
    assert fired.status == "firing"


def story(bench: HeldBack, *, restarts: bool) -> list[Alert]:
    """Some of everything."""
    steps = [
        (down, 0), (up, 5), (down, 10), (down, 70), (up, 80), (up, 200), (down, 190), (down, 300),
        (down, 301), (up, 290), (down, 302), (up, 303), (down, 304), (up, 1000), (down, 5000),
    ]  # fmt: skip
    for step, at in steps:
        step(bench, at)
        if restarts:
            bench.restart()
    bench.until(DAY)
    return bench.alerts


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("changes", [
    {}, {"hold": 30.0}, {"cooldown": 60.0}, {"clear_count": 0, "clear_window": 100.0},
])  # fmt: skip
def test_restarts_anywhere_change_nothing(count, changes):
    """Not a byte."""
    make = {"count": count, "window": 60.0} | changes
    assert story(rule(**make), restarts=True) == story(rule(**make), restarts=False)


def test_another_closing_pattern_keeps_what_burns_and_another_key_does_not():
    """Nor does another window."""
    kind = Cleared(count=2, window=60.0, closing=Selector(match=("up",)))
    settings = RuleSettings(name="link", kind=kind)
    same = fingerprint(settings)

    def other(**changes) -> str:
        return fingerprint(replace(settings, kind=replace(kind, **changes)))

    assert other(closing=Selector(match=("ok",))) == same
    assert other(count=3, clear_count=0, clear_window=9.0) == same
    assert other(references=("port",)) != same
    assert other(window=61.0) != same


def test_when_the_date_is_set_back_what_is_ahead_is_forgotten_and_what_burns_burns_on():
    """Or each line would be older than it."""
    bench = rule()
    down(bench, 1000, "eth0")
    up(bench, 1000, "eth1")
    bench.rule.set_back(bench.now.wall - 500)
    assert bench.rule.known_keys() == ["eth0"]


def test_when_the_date_is_set_back_what_burns_is_closed_by_a_line_of_the_new_date():
    """Or it would burn until the old date comes again, or for ever."""
    for seconds in (60, 500):
        bench = rule()
        up(bench, 950)
        down(bench, 1000)
        bench.rule.set_back(START + 1000 - seconds)
        bench.restart()
        assert told(up(bench, 1010 - seconds)) == [("resolved", 2, 1)]
        assert told(down(bench, 1015 - seconds)) == [("firing", 1, 1)]


def test_what_was_opened_by_a_stamp_ahead_of_the_date_is_closed_by_the_next_line():
    """Whatever its time; a writer whose clock is ahead is not waited for."""
    bench = rule()
    bench.early(7200, 0, "link eth0 down", part=1, port="eth0")
    assert [each.status for each in bench.alerts] == ["firing"]
    assert told(up(bench, 60)) == [("resolved", 2, 1)]
    assert told(down(bench, 70)) == [("firing", 1, 1)]
    assert told(up(bench, 80)) == [("resolved", 2, 1)]


# -- asked why -------------------------------------------------------------------------------


def test_it_tells_what_it_waits_for():
    """In whatever state it is."""
    bench = rule(cooldown=60.0, hold=30.0, clear_count=0, clear_window=HOUR)

    def said() -> str:
        return "; ".join(bench.rule.explain("eth0", bench.now))

    up(bench, 0)
    assert said().startswith("last closed at ")
    down(bench, 1)
    assert "burns until 'up' comes, or at " in said()
    up(bench, 2)
    assert "closed, and burns on until " in said()
    bench.until(40)
    down(bench, 41)
    assert "fires at " in said()
    assert " if 'up' does not come before" in said()
    assert "within its cool-down until " in said()
