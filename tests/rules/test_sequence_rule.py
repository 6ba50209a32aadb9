"""Kind 5: sequence."""

from __future__ import annotations

from itertools import product

import pytest
from doubles.held_back import HeldBack
from doubles.rules import START, told
from hypothesis import given
from hypothesis import strategies as st

from logwatch.records import Alert, AlertLine
from logwatch.rules.base import RuleSettings, Selector
from logwatch.rules.chains import best_chain
from logwatch.rules.kinds import Heard, Sequence
from logwatch.rules.message import about_logwatch
from logwatch.rules.samples import Sample
from logwatch.rules.sequence import MOST_RECORDS
from logwatch.rules.sight import Sight

GUESSING = Heard(rule="ssh-guessing")
DAY = 86400.0


def sequence(*steps, within: float = 600.0, **changes) -> HeldBack:
    """A bench with a sequence by ip, without cool-down; by default of three matches."""
    selectors = tuple(Selector(match=(word,)) for word in ("one", "two", "three"))
    kind = Sequence(
        steps=steps or selectors, within=within, references=changes.pop("references", ())
    )
    max_keys = changes.pop("max_keys", 100_000)
    base = {"name": "chain", "kind": kind, "by": ("ip",), "cooldown": 0.0}
    return HeldBack(RuleSettings(**base | changes), max_keys=max_keys)


def step(bench: HeldBack, at: float, number: int, **how) -> list[Alert]:
    """A line of a step, the first of which is 0."""
    how.setdefault("ip", "10.0.0.1")
    return bench.line(at, f"step {number} at {at}", part=number, **how)


def test_it_fires_when_all_steps_came_in_order():
    """With a line of each, and the elapsed time."""
    bench = sequence()
    assert step(bench, 0, 0) == step(bench, 60, 1) == []
    (alert,) = step(bench, 200, 2)
    assert told([alert]) == [("firing", 1, 1)]
    assert alert.key == {"ip": "10.0.0.1"}
    assert [line.text for line in alert.lines] == ["step 0 at 0", "step 1 at 60", "step 2 at 200"]
    assert alert.message == (
        "10.0.0.1: 3 steps in 3m20s: step 0 at 0 -> step 1 at 60 -> step 2 at 200"
    )
    assert (alert.first, alert.last) == ("2026-01-05T00:00:00.000Z", "2026-01-05T00:03:20.000Z")


def test_it_does_not_fire_out_of_order():
    """Two before one is no sequence."""
    bench = sequence()
    for at, number in ((0, 1), (1, 0), (2, 2)):
        assert step(bench, at, number) == []


def test_equal_times_are_in_order():
    """Stamps of whole seconds do not say which came first."""
    bench = sequence()
    for number in (2, 0):
        step(bench, 5, number)
    assert told(step(bench, 5, 1)) == [("firing", 1, 1)]


def test_within_is_from_the_first_to_the_last_both_included():
    """Ten minutes are not more than ten minutes."""
    bench = sequence()
    step(bench, 0, 0)
    step(bench, 1, 1)
    assert len(step(bench, 600, 2)) == 1
    bench = sequence()
    step(bench, 0, 0)
    step(bench, 1, 1)
    assert step(bench, 600.001, 2) == []


def test_keys_are_joined():
    """The steps of one address do not complete those of another."""
    bench = sequence()
    step(bench, 0, 0)
    step(bench, 1, 1, ip="10.0.0.2")
    assert step(bench, 2, 2) == []


def test_a_later_first_step_serves_where_the_earlier_one_is_too_old():
    """The latest that is viable is taken."""
    bench = sequence()
    step(bench, 0, 0)
    step(bench, 500, 0)
    step(bench, 550, 1)
    (alert,) = step(bench, 900, 2)
    assert alert.first == "2026-01-05T00:08:20.000Z"


def test_steps_that_are_read_out_of_order_count_by_their_times():
    """Two sources, of which one is behind."""
    bench = sequence()
    step(bench, 2, 1)
    step(bench, 3, 2)
    (alert,) = step(bench, 1, 0, lag=10, source="other")
    assert [line.text for line in alert.lines] == ["step 0 at 1", "step 1 at 2", "step 2 at 3"]


def test_a_step_that_is_too_late_finds_no_chain_that_is_over():
    """Its window is closed."""
    bench = sequence(within=60.0)
    step(bench, 2, 1)
    step(bench, 3, 2)
    bench.until(500)
    assert step(bench, 1, 0, lag=499) == []


def test_a_chain_uses_its_records_up():
    """Another last step does not fire again with the same first one."""
    bench = sequence()
    for number in range(3):
        step(bench, number, number)
    assert step(bench, 10, 2) == []
    assert told(bench.alerts) == [("firing", 1, 1)]


def test_a_further_chain_while_it_burns_is_an_update():
    """One episode, with the lines of the latest chain."""
    bench = sequence()
    for at, number in ((0, 0), (1, 1), (2, 2), (300, 0), (310, 1)):
        step(bench, at, number)
    (alert,) = step(bench, 320, 2)
    assert told([alert]) == [("updated", 2, 2)]
    assert ", 2 times now: step 0 at 300" in alert.message


def test_it_resolves_when_nothing_completed_it_for_a_while():
    """One `within` after the last step; a chain at that very time still belongs to it."""
    bench = sequence()
    for number in range(3):
        step(bench, number, number)
    assert bench.until(602) == []
    (alert,) = bench.until(603)
    assert told([alert]) == [("resolved", 2, 1)]
    assert "no more for 10m, 1 in all" in alert.message
    bench.until(DAY)
    assert bench.rule.due() is None


def test_a_chain_exactly_at_its_end_belongs_to_the_episode():
    """Not a second one."""
    bench = sequence()
    for at, number in ((0, 0), (1, 1), (2, 2), (600, 0), (601, 1), (602, 2)):
        step(bench, at, number)
    assert told(bench.alerts) == [("firing", 1, 1), ("updated", 2, 2)]


def test_hold_keeps_it_burning():
    """An hour at least."""
    bench = sequence(hold=3600.0)
    for number in range(3):
        step(bench, number, number)
    assert bench.until(3602) == []
    assert told(bench.until(3603)) == [("resolved", 2, 1)]


def test_the_cooldown_counts_what_it_holds_back():
    """The next firing says how many."""
    bench = sequence(within=10.0, cooldown=600.0)
    for start in (0, 100, 601):
        for number in range(3):
            step(bench, start + number, number)
    assert [(each.status, each.suppressed) for each in bench.alerts if each.status == "firing"] == [
        ("firing", 0),
        ("firing", 1),
    ]


def test_one_record_takes_one_step_only():
    """Also where several steps match it."""
    bench = sequence(Selector(match=("x",)), Selector(match=("x",)))
    step(bench, 0, 0)
    assert bench.line(0, "step 0 at 0", part=1, same_record=True, ip="10.0.0.1") == []
    step(bench, 1, 0)
    (alert,) = bench.line(1, "step 0 at 1", part=1, same_record=True, ip="10.0.0.1")
    assert alert.count == 1


def test_a_record_of_a_chain_does_not_begin_another():
    """What completed one as its first step is not its second, too."""
    bench = sequence(Selector(match=("x",)), Selector(match=("x",)))
    bench.line(5, "later", part=1, ip="10.0.0.1")
    assert len(bench.line(4, "now", part=0, lag=2, ip="10.0.0.1")) == 1
    assert bench.line(4, "now", part=1, lag=2, same_record=True, ip="10.0.0.1") == []
    assert bench.line(3, "before", part=0, lag=3, ip="10.0.0.1") == []


def test_fields_of_all_steps_are_told_the_later_before_the_earlier():
    """`say` knows them all."""
    bench = sequence(say="{user} of {host} in {elapsed}, {steps} steps, {ip}")
    step(bench, 0, 0, user="root", host="web1")
    step(bench, 1, 1, user="admin")
    (alert,) = step(bench, 2, 2)
    assert alert.message == "admin of web1 in 2s, 3 steps, 10.0.0.1"
    assert alert.fields == {"ip": "10.0.0.1", "user": "admin", "host": "web1"}


def test_a_reference_must_be_equal_to_the_earlier_capture():
    """The third step is that of the same job as the first; the second says nothing of jobs."""
    bench = sequence(references=((), (), ("job",)))
    step(bench, 0, 0, job="db")
    step(bench, 1, 0, job="web")
    step(bench, 2, 1)
    assert step(bench, 3, 2, job="log") == []
    (alert,) = step(bench, 4, 2, job="db")
    assert alert.lines[0].text == "step 0 at 0"


def test_a_reference_to_what_no_earlier_step_has_matches_nothing():
    """Nothing is equal to it."""
    bench = sequence(references=((), (), ("job",)))
    for number in range(3):
        assert step(bench, number, number, **({"job": "db"} if number == 2 else {})) == []


def firing(ip: str = "10.0.0.1", rule: str = "ssh-guessing", **changes) -> Alert:
    """What another rule tells."""
    alert = about_logwatch(
        rule, "5x Failed password", id="f00", severity="warning", wall=START, host="web1"
    )
    line = AlertLine("/var/log/auth.log", 77, alert.first, "Failed password for root")
    base = {"key": {"ip": ip}, "lines": [line], "fields": {"user": "root"}}
    return Alert(
        **{name: getattr(alert, name) for name in alert.__struct_fields__} | base | changes
    )


def test_a_step_may_be_the_firing_of_another_rule():
    """Its last line is quoted, and its key joins."""
    bench = sequence(GUESSING, Selector(match=("Accepted",)))
    assert bench.heard(10, firing()) == []
    (alert,) = bench.line(20, "Accepted password for root", ip="10.0.0.1")
    assert [line.text for line in alert.lines] == [
        "Failed password for root",
        "Accepted password for root",
    ]
    assert alert.fields == {"user": "root", "ip": "10.0.0.1"}
    assert "2 steps in 10s" in alert.message


def test_a_key_that_the_other_rule_does_not_have_is_taken_from_its_fields():
    """By user, where it is by address."""
    bench = sequence(GUESSING, Selector(match=("Accepted",)), by=("user",))
    bench.heard(10, firing())
    assert len(bench.line(20, "Accepted", user="root")) == 1


@pytest.mark.parametrize("status", ["updated", "resolved"])
def test_only_the_firing_counts(status):
    """That it goes on, or is over, is no step."""
    bench = sequence(GUESSING, Selector(match=("Accepted",)))
    bench.heard(10, firing(status=status))
    assert bench.line(20, "Accepted", ip="10.0.0.1") == []


def test_the_firing_of_a_rule_without_lines_is_quoted_by_its_message():
    """Of a host that was never seen there is none."""
    bench = sequence(GUESSING, Selector(match=("Accepted",)))
    bench.heard(10, firing(lines=[]))
    (alert,) = bench.line(20, "Accepted", ip="10.0.0.1")
    assert alert.lines[0].text == "5x Failed password"


def test_the_last_step_may_be_heard():
    """And two rules make a sequence without a pattern."""
    bench = sequence(GUESSING, Heard(rule="new-sudo"))
    bench.heard(10, firing())
    (alert,) = bench.heard(20, firing(rule="new-sudo", id="f01"))
    assert told([alert]) == [("firing", 1, 1)]
    bench.heard(700, firing(rule="new-sudo", id="f02"))
    assert [each.status for each in bench.alerts] == ["firing", "resolved"]


def test_the_same_rule_twice_needs_two_firings():
    """One record takes one step."""
    bench = sequence(GUESSING, GUESSING)
    assert bench.heard(10, firing()) == []
    assert len(bench.heard(20, firing(id="f01"))) == 1
    assert bench.settings.kind.hears() == ("ssh-guessing",)


def test_of_each_step_the_latest_records_are_kept():
    """A flood of first steps neither fills the memory nor hides the sequence."""
    bench = sequence()
    for number in range(5 * MOST_RECORDS):
        step(bench, number, 0)
    (change,) = bench.rule.changes()
    assert len(bench.rule.decode(change.body).steps[0]) == MOST_RECORDS
    step(bench, 100, 1)
    assert len(step(bench, 101, 2)) == 1


def test_a_full_rule_forgets_the_key_seen_longest_ago():
    """And one that burns is resolved."""
    bench = sequence(max_keys=1)
    for number in range(3):
        step(bench, number, number)
    (alert,) = step(bench, 10, 0, ip="10.0.0.2")
    assert (alert.key["ip"], alert.status) == ("10.0.0.1", "resolved")


# -- against a naive matcher --------------------------------------------------------------------

RECORDS = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.sets(st.integers(0, 2), min_size=1, max_size=2),
        st.sampled_from(["", "db", "web"]),
    ),
    max_size=10,
)
REFERENCES = st.sampled_from([(), ((), ("job",)), ((), (), ("job",)), ((), ("job",), ("job",))])


def made(number: int, time: int, job: str) -> Sight:
    """A record."""
    line = AlertLine("p", number, "", str(number))
    return Sight(float(time), "1.2.0", Sample.of(line, "app", {"job": job} if job else {}, ()))


def is_chain(chain, within: float, references) -> bool:
    """Whether these records, one for each step, are a chain: the definition."""
    if len({each.name for each in chain}) < len(chain):
        return False
    times = [each.time for each in chain]
    if times != sorted(times) or times[-1] - times[0] > within:
        return False
    for index, names in enumerate(references):
        for name in names:
            before = [
                each.sample.fields[name] for each in chain[:index] if name in each.sample.fields
            ]
            if not before or chain[index].sample.fields.get(name) != before[-1]:
                return False
    return True


def naive_best(steps, new: Sight, number: int, within: float, references):
    """The best of all chains with `new`, by trying all."""
    choices = [[new] if index == number else kept for index, kept in enumerate(steps)]
    chains = [chain for chain in product(*choices) if is_chain(chain, within, references)]
    if not chains:
        return None
    latest = max(chain[0].order for chain in chains)
    return min(
        (chain for chain in chains if chain[0].order == latest),
        key=lambda chain: tuple(each.order for each in reversed(chain)),
    )


@given(RECORDS, REFERENCES, st.integers(0, 12))
def test_the_chain_is_the_best_of_all_that_there_are(records, references, within):
    """Every set of records, in any order; one record may match several steps."""
    steps: list[list[Sight]] = [[], [], []]
    for number, (time, parts, job) in enumerate(records):
        new = made(number, time, job)
        for part in sorted(parts):
            steps[part].append(new)
            found = best_chain(steps, part, new, within, references)
            assert found == naive_best(steps, new, part, within, references)


@given(RECORDS, REFERENCES, st.integers(0, 12), st.booleans())
def test_it_tells_what_a_naive_matcher_tells(records, references, within, is_sorted):
    """Records are used up as they are by trying all chains at each record."""
    if is_sorted:
        records = sorted(records, key=lambda record: record[0])
    bench = sequence(within=float(within), references=references, by=())
    bench.clock.advance(60)
    steps: list[list[Sight]] = [[], [], []]
    expected = []
    used: set[tuple[str, int]] = set()
    for time, parts, job in records:
        captures = {"job": job} if job else {}
        for nth, part in enumerate(sorted(parts)):
            bench.early(time, 0, "x", part=part, same_record=nth > 0, **captures)
            new = made(bench.offset - 2, START + time, job)
            if new.name in used:
                continue
            steps[part].append(new)
            chain = naive_best(steps, new, part, within, references)
            if chain is not None:
                used |= {each.name for each in chain}
                steps = [[each for each in kept if each.name not in used] for kept in steps]
                expected.append([each.sample.line.offset for each in chain])
    assert [[line.offset for line in alert.lines] for alert in bench.alerts] == expected


@given(RECORDS, st.integers(0, 12))
def test_it_fires_if_and_only_if_there_is_a_chain(records, within):
    """Whatever the order in which they are read."""
    steps: list[list[Sight]] = [[], [], []]
    bench = sequence(within=float(within), by=())
    bench.clock.advance(60)
    for number, (time, parts, _) in enumerate(records):
        for nth, part in enumerate(sorted(parts)):
            steps[part].append(made(number, time, ""))
            bench.early(time, 0, "x", part=part, same_record=nth > 0)
    exists = any(is_chain(chain, within, ()) for chain in product(*steps))
    assert bool(bench.alerts) == exists


@given(
    st.lists(
        st.tuples(
            st.integers(0, 100),
            st.sampled_from("abc"),
            st.integers(0, 2),
            st.sampled_from([0, 0, 0, 1, 10, 50]),
        ),
        max_size=40,
    ).map(lambda lines: sorted(lines, key=lambda line: line[0] + line[3])),
    st.sets(st.integers(0, 40)),
    st.sampled_from([0.0, 25.0]),
    st.sampled_from([0.0, 40.0]),
    st.integers(1, 3),
)
def test_restarts_change_nothing(lines, restarts, cooldown, hold, max_keys):
    """Partial chains, updates, evictions, cool-down, hold: the same bytes."""
    told_by = []
    for stops in (set(), restarts):
        bench = sequence(within=15.0, cooldown=cooldown, hold=hold, max_keys=max_keys)
        for number, (at, ip, part, lag) in enumerate(lines):
            if number in stops:
                bench.restart()
            bench.line(at, f"{number}", lag=lag, part=part, ip=ip)
        if stops:
            bench.restart()
        bench.until(DAY)
        told_by.append(bench.alerts)
    assert told_by[0] == told_by[1]
