"""Kind 6: A not followed by B."""

from __future__ import annotations

from doubles.held_back import HeldBack
from doubles.rules import told
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logwatch.records import Alert
from logwatch.rules import fingerprint
from logwatch.rules.base import RuleSettings, Selector
from logwatch.rules.expect import MOST_OPENINGS
from logwatch.rules.kinds import Expect

DAY = 86400.0
HOUR = 3600.0


def expect(within: float = 2 * HOUR, **changes) -> HeldBack:
    """A bench with an expect rule by job, without cool-down."""
    kind = Expect(
        closing=Selector(match=("finished",)),
        within=within,
        references=changes.pop("references", ()),
    )
    max_keys = changes.pop("max_keys", 100_000)
    base = {"name": "backup", "match": ("started",), "by": ("job",), "kind": kind, "cooldown": 0.0}
    return HeldBack(RuleSettings(**base | changes), max_keys=max_keys)


def started(bench: HeldBack, at: float, job: str = "db", **how) -> list[Alert]:
    """A line that opens."""
    return bench.line(at, f"started job={job}", job=job, **how)


def finished(bench: HeldBack, at: float, job: str = "db", **how) -> list[Alert]:
    """A line that closes."""
    return bench.line(at, f"finished job={job}", part=1, job=job, **how)


def test_what_is_closed_in_time_tells_nothing():
    """And is forgotten soon."""
    bench = expect()
    started(bench, 0)
    finished(bench, HOUR)
    assert bench.until(DAY) == []
    assert bench.rule.due() is None


def test_what_is_not_closed_fires_at_the_deadline():
    """With what opened it, and since when."""
    bench = expect()
    started(bench, 0)
    assert bench.until(2 * HOUR) == []
    (alert,) = bench.until(2 * HOUR + 1)
    assert told([alert]) == [("firing", 1, 1)]
    assert alert.key == {"job": "db"}
    assert [line.text for line in alert.lines] == ["started job=db"]
    assert alert.message == ("db: not closed within 2h of 2026-01-05T00:00:00.000Z: started job=db")


def test_what_closes_exactly_at_the_deadline_is_in_time():
    """Two hours are not more than two hours."""
    bench = expect()
    started(bench, 0)
    finished(bench, 2 * HOUR)
    assert bench.until(DAY) == []


def test_what_closes_at_the_same_time_as_it_opens_is_in_time():
    """Whichever of the two is read first."""
    bench = expect()
    started(bench, 0)
    finished(bench, 0)
    finished(bench, 10)
    started(bench, 10)
    assert bench.until(DAY) == []


def test_each_key_has_its_own_deadline():
    """The end of one job does not close another."""
    bench = expect()
    started(bench, 0, "db")
    started(bench, 300, "web")
    finished(bench, HOUR, "web")
    (alert,) = bench.until(3 * HOUR)
    assert alert.key == {"job": "db"}


def test_an_opener_that_comes_again_does_not_put_the_deadline_off():
    """It is counted."""
    bench = expect()
    for at in (0, HOUR, 2 * HOUR - 1):
        started(bench, at)
    (alert,) = bench.until(2 * HOUR + 1)
    assert told([alert]) == [("firing", 1, 3)]
    assert ", opened 3 times: " in alert.message


def test_what_closes_ends_all_that_was_opened_before():
    """Three starts, one end."""
    bench = expect()
    for at in (0, HOUR, 2 * HOUR - 1):
        started(bench, at)
    finished(bench, 2 * HOUR)
    assert bench.until(DAY) == []


def test_what_closes_after_the_firing_resolves_and_says_how_late():
    """Twelve minutes."""
    bench = expect()
    started(bench, 0)
    bench.until(2 * HOUR + 1)
    (alert,) = finished(bench, 2 * HOUR + 720)
    assert told([alert]) == [("resolved", 2, 1)]
    assert alert.message == "resolved after 2h12m: db: closed 12m late: finished job=db"
    assert [line.text for line in alert.lines] == ["started job=db", "finished job=db"]
    assert bench.until(3 * DAY) == []


def test_what_closed_in_time_but_was_read_late_resolves_and_says_so():
    """Its line came after the firing."""
    bench = expect()
    started(bench, 0)
    bench.until(2 * HOUR + 1)
    (alert,) = finished(bench, 2 * HOUR - 5, lag=60)
    assert "closed in time, but its line came late" in alert.message


def test_what_is_stamped_before_the_opener_closes_nothing():
    """Also where it is read after it."""
    bench = expect()
    started(bench, 100)
    finished(bench, 99, lag=5)
    bench.lag = 0.0
    assert told(bench.until(100 + 2 * HOUR + 1)) == [("firing", 1, 1)]
    assert finished(bench, 99, lag=8000) == []


def test_what_closes_may_be_read_before_what_opens():
    """Two sources, one of them behind by some seconds."""
    bench = expect()
    finished(bench, 10)
    started(bench, 9, lag=5, source="other")
    assert bench.until(DAY) == []


def test_an_opener_out_of_order_has_its_own_deadline():
    """The earlier one counts from its own time."""
    bench = expect()
    started(bench, 100)
    started(bench, 50, lag=60)
    bench.lag = 0.0
    assert bench.until(50 + 2 * HOUR) == []
    (alert,) = bench.until(50 + 2 * HOUR + 1)
    assert alert.first == "2026-01-05T00:00:50.000Z"


def test_what_closes_between_two_openers_leaves_the_later_one_open():
    """In whatever order they are read."""
    bench = expect()
    started(bench, 0)
    started(bench, 100)
    finished(bench, 50, lag=60)
    bench.lag = 0.0
    assert bench.until(100 + 2 * HOUR) == []
    assert len(bench.until(100 + 2 * HOUR + 1)) == 1


def test_an_opener_too_late_for_its_deadline_opens_nothing():
    """Its window is closed."""
    bench = expect(within=60.0)
    bench.until(1000)
    assert started(bench, 10, lag=990) == []
    assert bench.until(DAY) == []


def test_a_late_closer_that_is_known_before_the_deadline_takes_effect_after_it():
    """A lagging source holds event time back: first it fires, then it resolves."""
    bench = expect(within=60.0)
    started(bench, 0)
    bench.clock.advance(100)
    assert bench.early(90, 40, "finished late", part=1, job="db") == []
    assert [alert.status for alert in bench.until(100)] == ["firing", "resolved"]
    assert bench.alerts[-1].message.endswith("closed 30s late: finished late")


def test_an_opener_while_it_burns_brings_no_second_alert():
    """The night after, it fails again: one episode, until it ends well."""
    bench = expect()
    started(bench, 0)
    bench.until(DAY - 1)
    started(bench, DAY)
    assert bench.until(DAY + 3 * HOUR) == []
    (alert,) = finished(bench, DAY + 4 * HOUR)
    assert told([alert]) == [("resolved", 2, 2)]
    assert "closed 1d2h late" in alert.message
    assert bench.until(9 * DAY) == []


def test_an_opener_while_it_burns_that_is_closed_in_time_resolves():
    """The next run did what the one before did not."""
    bench = expect()
    started(bench, 0)
    bench.until(DAY - 1)
    started(bench, DAY)
    assert told(finished(bench, DAY + HOUR)) == [("resolved", 2, 2)]


def test_what_closes_only_the_earlier_run_does_not_end_an_episode_of_both():
    """The later one is still open."""
    bench = expect(within=60.0)
    started(bench, 0)
    started(bench, 100)
    bench.until(200)
    assert finished(bench, 90, lag=120) == []
    assert told(finished(bench, 300)) == [("resolved", 2, 2)]


def test_an_episode_is_given_up_after_a_day():
    """Nobody waits for ever; it says so."""
    bench = expect()
    started(bench, 0)
    alerts = bench.until(2 * HOUR + DAY + 1)
    assert [alert.status for alert in alerts] == ["firing", "resolved"]
    assert "given up, not closed within 2h" in alerts[1].message
    bench.until(2 * DAY)
    assert bench.rule.due() is None


def test_an_episode_with_a_long_deadline_is_given_up_after_as_long():
    """A week for what may take a week."""
    bench = expect(within=7 * DAY)
    started(bench, 0)
    assert told(bench.until(14 * DAY)) == [("firing", 1, 1)]
    assert told(bench.until(14 * DAY + 1)) == [("resolved", 2, 1)]


def test_hold_keeps_it_burning():
    """Closed late, it resolves when `hold` is over."""
    bench = expect(within=60.0, hold=600.0)
    started(bench, 0)
    bench.until(61)
    assert finished(bench, 100) == []
    assert bench.until(660) == []
    (alert,) = bench.until(661)
    assert "closed 40s late" in alert.message


def test_another_deadline_that_passes_under_hold_keeps_it_burning():
    """One episode, for nobody was told that it was over."""
    bench = expect(within=60.0, hold=600.0)
    started(bench, 0)
    bench.until(61)
    finished(bench, 100)
    started(bench, 200)
    assert bench.until(2000) == []
    assert told(finished(bench, 2000)) == [("resolved", 2, 2)]


def test_what_the_cooldown_holds_back_fires_when_it_is_over():
    """If it is still open."""
    bench = expect(within=60.0, cooldown=600.0)
    started(bench, 0)
    finished(bench, 100)
    started(bench, 200)
    assert bench.until(660) == []
    (alert,) = bench.until(661)
    assert (alert.status, alert.suppressed, alert.first) == (
        "firing",
        1,
        "2026-01-05T00:03:20.000Z",
    )


def test_what_is_closed_before_the_cooldown_is_over_is_only_counted():
    """The next firing says how many."""
    bench = expect(within=60.0, cooldown=600.0)
    started(bench, 0)
    finished(bench, 100)
    started(bench, 200)
    finished(bench, 400)
    started(bench, 605)
    (alert,) = bench.until(700)
    assert (alert.status, alert.suppressed) == ("firing", 1)


def test_references_that_are_no_key_are_part_of_it():
    """By host, and each job of it on its own."""
    bench = expect(by=("host",), references=("job",))
    bench.line(0, "started db", host="web1", job="db")
    bench.line(0, "started log", host="web1", job="log")
    bench.line(60, "finished log", part=1, host="web1", job="log")
    (alert,) = bench.until(3 * HOUR)
    assert alert.key == {"host": "web1", "job": "db"}


def test_the_deadline_survives_a_restart():
    """It is not put off."""
    bench = expect()
    started(bench, 0)
    bench.until(HOUR)
    bench.restart()
    bench.until(2 * HOUR)
    bench.restart()
    assert told(bench.until(2 * HOUR + 1)) == [("firing", 1, 1)]
    bench.restart()
    assert told(finished(bench, 3 * HOUR)) == [("resolved", 2, 1)]


def test_another_pattern_leaves_open_what_is_open():
    """The state means the same; with another `within` it does not."""
    settings = expect().settings
    other = replace(settings.kind, closing=Selector(match=("done",)))
    assert fingerprint(replace(settings, kind=other)) == fingerprint(settings)
    assert fingerprint(expect(within=1.0).settings) != fingerprint(settings)


def test_a_full_rule_forgets_what_is_closed_before_what_is_open():
    """A flood of ends without starts does not take the place of what waits."""
    bench = expect(max_keys=3)
    started(bench, 0, "db")
    started(bench, 1, "web")
    for number in range(20):
        finished(bench, 10, f"other{number}")
    assert [alert.key["job"] for alert in bench.until(3 * HOUR)] == ["db", "web"]


def test_a_full_rule_of_open_keys_forgets_the_oldest():
    """And one that burns is resolved."""
    bench = expect(within=60.0, max_keys=2)
    started(bench, 0, "db")
    started(bench, 1, "web")
    bench.until(100)
    (alert,) = started(bench, 100, "log")
    assert (alert.key["job"], alert.status) == ("db", "resolved")
    assert "given up" in alert.message


def test_many_openers_are_remembered_as_a_few():
    """All of them are counted."""
    bench = expect()
    for at in range(3 * MOST_OPENINGS):
        started(bench, at)
    (alert,) = bench.until(2 * HOUR + 1)
    assert alert.count == 3 * MOST_OPENINGS


def test_its_words():
    """`say` knows the limit and by how much it was missed."""
    bench = expect(say="{job}: {within} {overdue}")
    started(bench, 0)
    (fired,) = bench.until(2 * HOUR + 1)
    (ended,) = finished(bench, 2 * HOUR + 720)
    assert fired.message == "db: 2h 0s"
    assert ended.message == "resolved after 2h12m: db: 2h 12m"


STEPS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from("ab"), st.booleans()), max_size=14)


def naive(lines, within: float) -> list[tuple[str, float, str]]:
    """What is told of these lines, from the times alone."""
    expected = []
    for key in "ab":
        opened = sorted(at for at, job, is_end in lines if job == key and not is_end)
        closed = sorted(at for at, job, is_end in lines if job == key and is_end)
        passed = [at for at in opened if not any(at <= end <= at + within for end in closed)]
        while passed:
            fires = passed[0]
            end = next((end for end in closed if end >= fires), None)
            # B ends the episode unless another A passed its deadline without it.
            expected.append((key, fires, "firing"))
            if end is None:
                break
            expected.append((key, fires, "resolved"))
            passed = [at for at in passed if at > end]
    return expected


def got(alerts: list[Alert]) -> list[tuple[str, float, str]]:
    """The same of alerts."""
    stamps = {f"2026-01-05T00:{at // 60:02}:{at % 60:02}.000Z": at for at in range(61)}
    return [(alert.key["job"], stamps[alert.first], alert.status) for alert in alerts]


@given(STEPS, st.randoms(use_true_random=False))
def test_it_tells_what_a_naive_reading_of_the_times_tells(lines, random):
    """In whatever order they are read before the deadlines take effect."""
    lines = [(at, job, is_end) for at, job, is_end in lines]
    shuffled = list(lines)
    random.shuffle(shuffled)
    for order, is_held in ((sorted(lines, key=lambda each: each[0]), False), (shuffled, True)):
        bench = expect(within=10.0)
        bench.clock.advance(60 if is_held else 0)
        for at, job, is_end in order:
            part = 1 if is_end else 0
            if is_held:
                bench.early(at, 0, part=part, job=job)
            else:
                bench.line(at, part=part, job=job)
        bench.until(HOUR)
        assert sorted(got(bench.alerts)) == sorted(naive(lines, 10.0))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 100),
            st.sampled_from("abc"),
            st.booleans(),
            st.sampled_from([0, 0, 0, 1, 10, 50]),
        ),
        max_size=30,
    ).map(lambda lines: sorted(lines, key=lambda line: line[0] + line[3])),
    st.sets(st.integers(0, 30)),
    st.sampled_from([0.0, 25.0]),
    st.sampled_from([0.0, 25.0]),
    st.integers(1, 3),
)
def test_restarts_change_nothing(lines, restarts, cooldown, hold, max_keys):
    """Deadlines, evictions, cool-down, hold, lines out of order: the same bytes."""
    told_by = []
    for stops in (set(), restarts):
        bench = expect(within=10.0, cooldown=cooldown, hold=hold, max_keys=max_keys)
        for number, (at, job, is_end, lag) in enumerate(lines):
            if number in stops:
                bench.restart()
            bench.line(at, f"{number}", lag=lag, part=1 if is_end else 0, job=job)
        if stops:
            bench.restart()
        bench.until(3 * DAY)
        told_by.append(bench.alerts)
    assert told_by[0] == told_by[1]
    open_at_the_end = {alert.id for alert in told_by[0] if alert.status == "firing"} - {
        alert.id for alert in told_by[0] if alert.status == "resolved"
    }
    assert not open_at_the_end
