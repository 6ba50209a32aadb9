"""Kinds 2 and 3: threshold, levels, clear."""

from __future__ import annotations

from doubles.examples import examples
from doubles.rules import Bench, told
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from logwatch.rules import fingerprint
from logwatch.rules.base import RuleSettings, Threshold


def threshold(count: int = 3, window: float = 10.0, **changes) -> Bench:
    """A bench with a threshold rule without cool-down."""
    kind = Threshold(
        count=count,
        window=window,
        levels=changes.pop("levels", ()),
        clear_count=changes.pop("clear_count", None),
        clear_window=changes.pop("clear_window", None),
    )
    max_keys = changes.pop("max_keys", 100_000)
    base = {"name": "many", "kind": kind, "cooldown": 0.0}
    return Bench(RuleSettings(**base | changes), max_keys=max_keys)


def test_it_fires_at_the_nth_match_within_the_window():
    """Not before, and with the first of the N as its first."""
    bench = threshold()
    assert bench.line(0) == bench.line(4) == []
    (alert,) = bench.line(9)
    assert told([alert]) == [("firing", 1, 3)]
    assert (alert.first, alert.last) == ("2026-01-05T00:00:00.000Z", "2026-01-05T00:00:09.000Z")


def test_the_window_is_open_at_its_old_end():
    """(t - T, t]: a match exactly T ago is outside."""
    bench = threshold()
    for at in (0, 5, 10):
        bench.line(at)
    assert bench.alerts == []
    bench.line(14.999)
    assert told(bench.alerts) == [("firing", 1, 3)]


def test_it_quotes_lines_of_the_window_that_is_full_and_of_none_before():
    """Nor those of an episode that is over."""
    bench = threshold(count=2)
    for at in (0, 9, 10, 40, 55):
        bench.line(at, f"line {at}")
    (alert,) = bench.line(56, "line 56")
    assert [line.text for line in alert.lines] == ["line 55", "line 56"]
    (first, *_) = bench.alerts
    assert [line.text for line in first.lines] == ["line 0", "line 9"]
    bench = threshold(count=1)
    bench.line(0, "line 0")
    assert [line.text for line in bench.line(40, "line 40")[-1].lines] == ["line 40"]


def test_it_does_not_fire_again_while_it_burns():
    """One episode, however many matches."""
    bench = threshold()
    for at in range(30):
        bench.line(at)
    assert told(bench.alerts) == [("firing", 1, 3)]


def test_it_resolves_by_timer_when_it_was_calm_for_a_whole_window():
    """Below N from one window after the N-th last match; resolved one window later."""
    bench = threshold()
    for at in (0, 1, 2):
        bench.line(at)
    assert bench.until(19.5) == []
    (alert,) = bench.until(20)
    assert told([alert]) == [("resolved", 2, 3)]
    assert alert.message.startswith("resolved after 20s: ")
    assert alert.id == bench.alerts[0].id


def test_a_match_on_the_way_keeps_it_burning():
    """The deadline moves with the matches."""
    bench = threshold()
    for at in (0, 1, 2, 12, 13, 14):
        bench.line(at)
    assert bench.until(31.5) == []
    assert told(bench.until(32)) == [("resolved", 2, 6)]


def test_clear_says_when_it_resolves():
    """`clear: 0 in 30s`: thirty seconds without a match."""
    bench = threshold(clear_count=0, clear_window=30.0)
    for at in (0, 1, 2, 20):
        bench.line(at)
    assert bench.until(49.5) == []
    assert told(bench.until(50)) == [("resolved", 2, 4)]


def test_clear_may_allow_a_few():
    """`clear: 1 in 10s`: at most one in any ten seconds."""
    bench = threshold(clear_count=1, clear_window=10.0)
    for at in (0, 1, 2, 9):
        bench.line(at)
    assert bench.until(11.5) == []
    assert told(bench.until(12)) == [("resolved", 2, 4)]


def test_a_backlog_resolves_and_fires_again_as_the_live_log_did():
    """Deadlines that a record's own time has passed take effect before it."""
    bench = threshold()
    bench.clock.advance(86_400)
    for at in (0, 1, 2, 100, 101, 102):
        bench.line(at, backlog=True)
    assert [alert.status for alert in bench.alerts] == ["firing", "resolved", "firing"]
    assert bench.alerts[0].id == bench.alerts[1].id != bench.alerts[2].id


def test_levels_raise_the_severity_of_the_same_episode():
    """An `updated` message at each higher level, none on the way down."""
    bench = threshold(levels=((3, "warning"), (5, "critical")))
    for at in (0, 1, 2, 3, 4, 5):
        bench.line(at)
    assert [(a.status, a.severity, a.count) for a in bench.alerts] == [
        ("firing", "warning", 3),
        ("updated", "critical", 5),
    ]
    assert bench.until(60)[0].severity == "critical"


def test_each_key_has_its_own_window():
    """Matches of two keys do not add up."""
    bench = threshold(by=("ip",))
    for at, ip in ((0, "a"), (1, "b"), (2, "a"), (3, "b")):
        bench.line(at, ip=ip)
    assert bench.alerts == []
    (alert,) = bench.line(4, ip="b")
    assert alert.key == {"ip": "b"}


def test_after_it_resolved_the_cooldown_holds_it_back():
    """The same key fires no sooner than `cooldown` after its last firing; held ones are counted."""
    bench = threshold(cooldown=60.0)
    for at in (0, 1, 2, 30, 31, 32, 33):
        bench.line(at)
    assert [a.status for a in bench.alerts] == ["firing", "resolved"]
    (alert,) = bench.line(62.5) or bench.line(63) or bench.line(64)
    assert alert.status == "firing"
    assert alert.suppressed == 2


def test_a_late_line_joins_the_window_that_is_still_open():
    """Out of order within the window, the answer is that of the sorted times."""
    bench = threshold()
    bench.line(5)
    bench.line(9)
    (alert,) = bench.line(3)
    assert told([alert]) == [("firing", 1, 3)]


def test_a_line_from_long_ago_joins_no_open_window():
    """A line older than the window cannot make it fire."""
    bench = threshold()
    bench.line(50)
    bench.line(51)
    assert bench.line(20) == []


def test_the_message_is_in_the_rules_own_words():
    """`say` sees count, key and the last captures."""
    bench = threshold(by=("ip",), say="{count} failed logins from {ip}, last user {user}")
    for at, user in enumerate(("root", "admin", "bob")):
        bench.line(at, ip="203.0.113.9", user=user)
    assert bench.alerts[0].message == "3 failed logins from 203.0.113.9, last user bob"


def test_calm_keys_are_forgotten():
    """State does not grow with keys that have nothing in their window."""
    bench = threshold(by=("ip",))
    for number in range(50):
        bench.line(number, ip=str(number))
    bench.until(3600)
    bench.restart()
    assert bench.stored == {}


def test_the_number_of_keys_is_bounded_and_a_burning_one_stays():
    """The key seen longest ago goes first, but not one that owes a `resolved`."""
    bench = threshold(by=("k",), count=2, window=1e6, max_keys=5)
    bench.line(0, k="burns")
    bench.line(0, k="burns")
    for number in range(20):
        bench.line(number, k=str(number))
    bench.restart()
    assert ("many", "burns") in bench.stored
    assert len(bench.stored) == 5


events = st.lists(
    st.tuples(st.floats(0, 25).map(lambda gap: round(gap, 3)), st.sampled_from("ab")), max_size=60
)


@settings(max_examples=examples(200), deadline=None)
@given(events, st.data())
def test_restarts_at_any_point_give_the_same_alerts(gaps, data):
    """Byte-identical alerts with and without restarts, live, whatever the times."""
    make = lambda: threshold(  # noqa: E731 - two of the same
        by=("k",), cooldown=20.0, levels=((3, "warning"), (6, "error"))
    )
    calm, restarted = make(), make()
    at = 0.0
    for gap, key in gaps:
        at += gap
        calm.line(at, k=key)
        restarted.line(at, k=key)
        if data.draw(st.booleans()):
            restarted.restart()
    calm.until(at + 1000)
    restarted.until(at + 1000)
    assert restarted.alerts == calm.alerts


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(st.integers(0, 48).map(lambda eighths: eighths / 8), max_size=80))
def test_it_burns_exactly_while_a_naive_count_says_so(gaps):
    """The model: keep every time, count naively; fire at N, resolve when below N for a window."""
    bench = threshold(count=3, window=10.0)
    times: list[float] = []
    expected: list[tuple[str, float]] = []
    burning = False
    at = 0.0
    for gap in gaps:
        at += gap
        if burning and at >= sorted(times)[-3] + 20:
            expected.append(("resolved", sorted(times)[-3] + 20))
            burning = False
        times.append(at)
        if not burning and sum(at - 10 < t <= at for t in times) >= 3:
            expected.append(("firing", at))
            burning = True
        bench.line(at)
    if burning:
        expected.append(("resolved", sorted(times)[-3] + 20))
    bench.until(at + 1000)
    assert [a.status for a in bench.alerts] == [status for status, _ in expected]


def test_what_the_pattern_captures_comes_before_what_logwatch_names():
    """As for a plain rule."""
    bench = threshold(count=1, say="{path} {count}")
    assert bench.line(0, path="/checkout")[0].message == "/checkout 1"


def test_a_restart_does_not_change_the_count_of_what_was_held_back():
    """More than the threshold lie in the window when the cool-down ends: all are counted."""

    def story(*, restart: bool) -> list[tuple[str, int, int]]:
        kind = Threshold(count=2, window=100.0, clear_count=0, clear_window=1.0)
        bench = Bench(RuleSettings(name="many", kind=kind, cooldown=50.0))
        for at in (0, 0.5, *range(10, 45, 2)):
            bench.line(at)
        if restart:
            bench.restart()
        bench.line(52)
        bench.until(1000)
        return told(bench.alerts)

    assert story(restart=True) == story(restart=False)
    assert ("firing", 1, 21) in story(restart=False)


def test_a_key_that_must_be_forgotten_while_it_burns_is_resolved():
    """Where every key burns the one seen longest ago goes, and the new one fires once."""
    bench = Bench(
        RuleSettings(name="many", kind=Threshold(count=1, window=100.0), by=("k",), cooldown=0.0),
        max_keys=2,
    )
    for at, key in enumerate("abccc"):
        bench.line(at, k=key)
    assert [(alert.key["k"], alert.status) for alert in bench.alerts] == [
        ("a", "firing"),
        ("b", "firing"),
        ("a", "resolved"),
        ("c", "firing"),
    ]
    bench.restart()
    assert sorted(key for _, key in bench.stored) == ["b", "c"]


def test_what_is_remembered_of_a_key_is_short_however_long_its_line():
    """Two long keys that differ at their ends are two keys all the same."""
    bench = threshold(by=("k",), count=1)
    for end in "ab":
        bench.line(0, "x" * 200_000, k="y" * 200_000 + end, other="z" * 200_000)
    assert len({alert.id for alert in bench.alerts}) == 2
    assert all(len(value) <= 1024 for alert in bench.alerts for value in alert.fields.values())
    bench.restart()
    assert all(len(state.body) < 30_000 for state in bench.stored.values())
    assert all(len(key) < 300 for _, key in bench.stored)


def test_a_log_that_comes_late_by_its_own_stamps_fires_and_resolves_all_the_same():
    """Shipped in batches, or written under another clock: its windows are those of its stamps."""
    bench = threshold()
    for at in (0, 1, 2, 3):
        bench.line(at, lag=40)
    assert told(bench.alerts) == [("firing", 1, 3)]
    assert bench.until(60.5) == []
    assert told(bench.until(61)) == [("resolved", 2, 4)]


def test_lines_far_apart_in_arrival_find_their_window_while_they_are_not_too_late():
    """A key is not forgotten before the latest line that may belong to its window."""
    bench = threshold(cooldown=0.0)
    bench.line(0, lag=100)
    bench.line(1, lag=110)
    bench.restart()
    assert told(bench.line(2, lag=115)) == [("firing", 1, 3)]


def test_another_count_asks_the_times_that_are_known():
    """A rule keeps what it remembers while its window is the same."""
    three = RuleSettings(name="many", kind=Threshold(count=3, window=10.0), cooldown=0.0)
    two = replace(three, kind=Threshold(count=2, window=10.0, levels=((2, "error"),)))
    longer = replace(three, kind=Threshold(count=3, window=11.0))
    assert fingerprint(two) == fingerprint(three) != fingerprint(longer)
    bench = Bench(three)
    bench.line(0)
    bench.settings = two
    bench.restart()
    (alert,) = bench.line(1)
    assert (alert.count, alert.severity) == (2, "error")


def test_an_episode_burns_on_under_another_count():
    """With more needed than are known it ends, at the latest, two windows after the last match."""
    bench = threshold(count=2, window=10.0)
    bench.line(0)
    bench.line(1)
    bench.settings = replace(bench.settings, kind=Threshold(count=500, window=10.0))
    bench.restart()
    assert told(bench.until(1000)) == [("resolved", 2, 2)]
