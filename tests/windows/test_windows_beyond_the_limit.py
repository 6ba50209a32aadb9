"""What windows answer, and what they keep, when more comes than is kept one by one."""

from __future__ import annotations

import math
import random
import sys

import pytest
from msgspec import msgpack

from logwatch.windows.distinct_values import DistinctValues
from logwatch.windows.hyperloglog import HyperLogLog
from logwatch.windows.panes import PANES, leaves
from logwatch.windows.shares import Shares
from logwatch.windows.values import Values

EPOCH = 1_767_571_200.0
LIMIT = 200
WINDOW = 64.0


def some_item(kind, chance):
    if kind is DistinctValues:
        return f"10.{chance.randrange(256)}.{chance.randrange(256)}.1"
    if kind is Values:
        return chance.lognormvariate(0, 1)
    return chance.random() < 0.1


kinds = pytest.mark.parametrize(
    "kind", [DistinctValues, Values, Shares], ids=lambda kind: kind.__name__
)


def size(structure, now):
    return structure.counts(now)[1] if isinstance(structure, Shares) else structure.count(now)


def kept(structure):
    """How many entries and panes are in memory."""
    entries = 0 if structure._exact is None else len(structure._exact.times)
    panes = 0 if structure._coarse is None else len(structure._coarse.order)
    return entries, panes


def within(taken, now, window):
    return [item for time, item in taken if now - window < time <= now]


@kinds
def test_up_to_the_limit_a_window_is_exact_and_with_one_more_it_is_not(kind):
    """Though others before have left the window."""
    structure, chance = kind(WINDOW, LIMIT), random.Random(1)
    for number in range(3 * LIMIT):
        item = str(number) if kind is DistinctValues else some_item(kind, chance)
        structure.add(EPOCH + number * WINDOW / LIMIT, item)
        assert structure.exact
    assert size(structure, structure.newest) == LIMIT
    structure.add(structure.newest, "another" if kind is DistinctValues else item)
    assert not structure.exact
    assert size(structure, structure.newest) == pytest.approx(LIMIT, rel=0.08)


def test_beyond_the_limit_distinct_values_are_near_the_truth():
    """Between that of the window and that of the window and a pane, give or take the sketch."""
    structure, chance, taken = DistinctValues(WINDOW, LIMIT), random.Random(2), []
    for number in range(20_000):
        time, value = EPOCH + number / 100, some_item(DistinctValues, chance)
        structure.add(time, value)
        taken.append((time, value))
        if number % 1_999 == 1_998:
            longer = WINDOW * (1 + 1 / PANES)
            least = len(set(within(taken, time, WINDOW))) * 0.95
            most = len(set(within(taken, time, longer))) * 1.05
            assert least <= structure.count(time) <= most
    assert not structure.exact


def test_beyond_the_limit_numbers_are_those_of_the_panes():
    """All but the percentiles are exact for a window that is a pane longer at most."""
    structure, chance, taken = Values(WINDOW, LIMIT), random.Random(3), []
    for number in range(12_000):
        time, value = EPOCH + number / 50, some_item(Values, chance) - 0.5
        structure.add(time, value)
        taken.append((time, value))
        if number % 997 or number < 2 * LIMIT:
            continue
        pane = WINDOW / PANES
        start = (time - WINDOW) // pane * pane
        inside = sorted(value for time, value in taken if time >= start)
        assert len(within(taken, time, WINDOW)) <= len(inside)
        assert structure.count(time) == len(inside)
        assert structure.minimum(time) == inside[0]
        assert structure.maximum(time) == inside[-1]
        assert structure.total(time) == pytest.approx(sum(inside), rel=1e-12)
        assert structure.average(time) == pytest.approx(sum(inside) / len(inside), rel=1e-12)
        for percent in (0, 1, 50, 95, 99, 100):
            rank = max(1, -(-percent * len(inside) // 100))
            truth = inside[rank - 1]
            assert structure.percentile(time, percent) == pytest.approx(truth, rel=0.0101)
    assert not structure.exact


def test_beyond_the_limit_shares_are_those_of_the_panes():
    """Both numbers are exact for a window that is a pane longer at most."""
    structure, chance, taken = Shares(WINDOW, LIMIT), random.Random(4), []
    for number in range(12_000):
        time, part = EPOCH + number / 50, some_item(Shares, chance)
        structure.add(time, part)
        taken.append((time, part))
        if number % 997 == 0 and number > 2 * LIMIT:
            pane = WINDOW / PANES
            inside = [p for t, p in taken if t >= (time - WINDOW) // pane * pane]
            assert structure.counts(time) == (sum(inside), len(inside))
    assert not structure.exact


@kinds
def test_a_window_becomes_exact_again_when_few_have_come_for_a_whole_window(kind):
    """And then its answers are those of a list again."""
    structure, chance, taken = kind(WINDOW, LIMIT), random.Random(5), []
    time, calm_since, exact_since = EPOCH, None, None
    for number in range(3_000):
        time += 0.05 if number < 2_000 else 2.0
        item = some_item(kind, chance)
        structure.add(time, item)
        taken.append((time, item))
        if number == 2_000:
            assert not structure.exact
            calm_since = time
        if number > 2_000 and structure.exact:
            exact_since = exact_since or time
            inside = within(taken, time, WINDOW)
            if kind is DistinctValues:
                assert structure.count(time) == len(set(inside))
            elif kind is Values:
                assert structure.count(time) == len(inside)
                assert structure.percentile(time, 50) == sorted(inside)[(len(inside) - 1) // 2]
            else:
                assert structure.counts(time) == (sum(inside), len(inside))
    assert WINDOW <= exact_since - calm_since <= 2.2 * WINDOW
    assert kept(structure)[1] == 0


@kinds
def test_a_window_that_fills_again_while_it_becomes_exact_stays_a_row_of_panes(kind):
    """What was noted meanwhile is let go of."""
    structure, chance = kind(WINDOW, LIMIT), random.Random(6)
    time = EPOCH
    noted = []
    for number in range(9_000):
        time += 1.0 if number % 3_000 < 100 else 0.02
        structure.add(time, some_item(kind, chance))
        noted.append(kept(structure)[0])
        assert number < 1_000 or not structure.exact
    assert max(noted[1_000:]) > 0 == noted[-1]


@kinds
def test_memory_is_bounded_however_times_jump(kind):
    """To and fro, ever backwards, ever forwards, and all at once."""
    chance = random.Random(7)
    courses = {
        "jumping": lambda n: EPOCH + chance.choice([0, 1, 2, 50]) * 10 * WINDOW + n / 10,
        "backwards": lambda n: EPOCH - n * WINDOW / 3,
        "forwards": lambda n: EPOCH + n * WINDOW / 3,
        "at once": lambda n: EPOCH,
        "anywhere": lambda n: EPOCH + chance.uniform(-1e6, 1e6),
    }
    for course in courses.values():
        structure = kind(WINDOW, LIMIT)
        for number in range(4_000):
            structure.add(course(number), some_item(kind, chance))
            entries, panes = kept(structure)
            assert entries <= 4 * LIMIT + 1
            assert panes <= 3 * PANES + 1
        kind.load(structure.dump(), WINDOW, LIMIT)


@kinds
def test_what_has_left_the_window_goes_soon(kind):
    """Of what is kept, at most about an eighth is too old."""
    structure, chance = kind(WINDOW, 10_000), random.Random(8)
    for number in range(5_000):
        time = EPOCH + number * WINDOW / 500
        structure.add(time, str(number) if kind is DistinctValues else some_item(kind, chance))
        assert kept(structure)[0] <= 500 * 8 / 7 + 2
    for number in range(20):
        structure.add(EPOCH + 10_000 + number * WINDOW, some_item(kind, chance))
        # The first might be a stray time in the future.
        assert number == 0 or kept(structure)[0] <= 2


@kinds
def test_a_stray_time_in_the_future_does_not_empty_the_window(kind):
    """Others go on being counted as before, entries and panes alike."""
    for limit in (LIMIT, 5):
        structure, undisturbed = kind(WINDOW, limit), kind(WINDOW, limit)
        for number in range(100):
            item = str(number % 50) if kind is DistinctValues else float(number % 2)
            for each in (structure, undisturbed):
                each.add(EPOCH + number, item)
            if number == 50:
                structure.add(EPOCH + 86_400, "stray" if kind is DistinctValues else item)
            assert size(structure, EPOCH + number) == size(undisturbed, EPOCH + number)


@kinds
def test_the_moment_to_ask_about_is_the_newest_whose_window_has_the_entry(kind):
    """A late entry joins the open window; a stray time in the future opens none for others."""
    for limit in (LIMIT, 1):
        structure, item = kind(WINDOW, limit), "a" if kind is DistinctValues else 1.0
        assert structure.moment(EPOCH) == EPOCH
        structure.add(EPOCH, item)
        structure.add(EPOCH + 10, "b" if kind is DistinctValues else item)
        assert structure.exact is (limit == LIMIT)
        assert structure.moment(EPOCH + 11) == EPOCH + 11
        assert structure.moment(EPOCH + 3) == EPOCH + 10
        assert structure.moment(EPOCH + 10 - WINDOW) == EPOCH + 10 - WINDOW
        assert structure.moment(EPOCH + 10.25 - WINDOW) == EPOCH + 10


def calls(work):
    """How many functions it calls, of Python and of C."""
    counted = 0

    def count(frame, event, argument):
        nonlocal counted
        counted += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counted


@kinds
@pytest.mark.parametrize("limit", [100_000, 20])
def test_the_cost_of_an_entry_does_not_grow_with_the_window(kind, limit):
    """Four times as many entries in the window, the same number of calls for each."""
    costs = []
    for live in (500, 2_000):
        structure, chance = kind(WINDOW, limit), random.Random(9)
        items = [some_item(kind, chance) for _ in range(3 * live)]

        def work(structure=structure, items=items, live=live):
            for number, item in enumerate(items):
                time = EPOCH + number * WINDOW / live
                structure.add(time, item)
                size(structure, time)
                if isinstance(structure, Values):
                    structure.percentile(time, 95)
                    structure.average(time)

        costs.append(calls(work) / len(items))
    assert costs[1] < 1.3 * costs[0]
    assert costs[1] < 500


def test_long_and_odd_values_are_kept_as_digests():
    """They are told apart all the same, and count as one when they are the same."""
    structure = DistinctValues(WINDOW)
    values = ["x" * 128, "x" * 129, "y" * 5_000, "\ud800", "\ud801", "ü" * 128, "ü" * 129, ""]
    for number, value in enumerate(values * 2):
        structure.add(EPOCH + number / 100, value)
    assert structure.count(EPOCH + 1) == len(values)
    assert max(map(len, structure._exact.values)) == 128
    assert DistinctValues.load(structure.dump(), WINDOW).count(EPOCH + 1) == len(values)


def test_beyond_the_limit_a_count_falls_below_a_number_when_a_pane_leaves():
    """At that moment it has, and just before it had not."""
    structure, chance = DistinctValues(WINDOW, LIMIT), random.Random(10)
    for number in range(2_000):
        structure.add(EPOCH + number / 50, some_item(DistinctValues, chance))
    moment = structure.falls_below(1_000)
    assert structure.count(moment) < 1_000 <= structure.count(moment - 0.001)
    assert structure.falls_below(10**6) is None
    with pytest.raises(ValueError, match="nothing"):
        structure.falls_below(0)


def test_an_entry_has_left_at_the_moment_when_it_leaves():
    """Also where the sum of its time and the window is rounded down."""
    time, window = 725.85, 300.0
    assert time + window - window < time
    structure = DistinctValues(window, LIMIT)
    structure.add(time, "a")
    moment = structure.falls_below(1)
    assert moment == leaves(time, window)
    assert structure.count(moment) == 0


def test_numbers_that_are_none_are_refused():
    """So are percentages that are none."""
    structure = Values(WINDOW)
    for value in (float("nan"), float("inf"), float("-inf")):
        with pytest.raises(ValueError, match="no sample"):
            structure.add(EPOCH, value)
    for percent in (-1, 100.5, float("nan")):
        with pytest.raises(ValueError, match="no percentage"):
            structure.percentile(EPOCH, percent)
    assert structure.newest is None


@pytest.mark.parametrize("limit", [1, 1_000])
def test_totals_are_exact_whatever_the_order_and_size(limit):
    """Large numbers that cancel each other leave the small one."""
    structure = Values(WINDOW, limit)
    for number, value in enumerate([1e308, 1e308, 1.0, -1e308, -1e308] * 10):
        structure.add(EPOCH + number / 100, value)
    assert structure.total(EPOCH + 1) == 10.0
    assert structure.average(EPOCH + 1) == 0.2
    for value in (1e308, 1e308):
        structure.add(EPOCH + 1, value)
    assert structure.total(EPOCH + 1) == float("inf")
    assert structure.average(EPOCH + 1) == pytest.approx(1e308 / 26)


def test_a_percentile_is_the_nearest_rank():
    """The example of the definition: five values, and 0 and 100 % at the ends."""
    structure = Values(WINDOW)
    for value in (15, 20, 35, 40, 50):
        structure.add(EPOCH, float(value))
    ranks = {0: 15, 5: 15, 20: 15, 30: 20, 40: 20, 50: 35, 99: 50, 100: 50}
    assert {percent: structure.percentile(EPOCH, percent) for percent in ranks} == ranks


@kinds
def test_a_window_needs_a_length_and_room(kind):
    """Neither may be nothing."""
    for window, limit in ((0.0, 1), (-1.0, 1), (float("inf"), 1), (float("nan"), 1), (1.0, 0)):
        with pytest.raises(ValueError, match="a window has"):
            kind(window, limit)


def times_out_of_order(stored) -> None:
    stored[1][2], stored[1][3] = stored[1][3], stored[1][2]
    stored[2].clear()


def a_time_that_is_none(stored) -> None:
    stored[1].append(math.inf)


def parts_out_of_order(stored) -> None:
    stored[2].reverse()


def a_part_that_is_none_of_all(stored) -> None:
    stored[2].append(EPOCH + 99)


def a_part_oftener_than_all(stored) -> None:
    stored[2].insert(0, stored[2][0])


def neither_entries_nor_panes(stored) -> None:
    stored[1:4] = [], [], False


def entries_that_are_not_noted(stored) -> None:
    stored[3] = False


def entries_beside_the_panes_that_took_their_place(stored) -> None:
    newest = EPOCH + 3
    stored[3:] = False, 0, WINDOW, [newest, {math.floor(newest * PANES / WINDOW): [2, 4]}]


@pytest.mark.parametrize(
    "damage",
    [
        times_out_of_order,
        a_time_that_is_none,
        parts_out_of_order,
        a_part_that_is_none_of_all,
        a_part_oftener_than_all,
        neither_entries_nor_panes,
        entries_that_are_not_noted,
        entries_beside_the_panes_that_took_their_place,
    ],
)
def test_shares_that_were_damaged_are_refused(damage):
    """They would count wrongly, or fail at the next entry."""
    structure = Shares(WINDOW, LIMIT)
    for number in range(4):
        structure.add(EPOCH + number, number % 2 == 0)
    stored = msgpack.decode(structure.dump())
    Shares.load(msgpack.encode(stored), WINDOW, LIMIT)
    damage(stored)
    with pytest.raises(ValueError, match="no stored state of shares"):
        Shares.load(msgpack.encode(stored), WINDOW, LIMIT)


def none_left(panes) -> None:
    panes[1].clear()


def newest_in_another_pane(panes) -> None:
    panes[0] += WINDOW


def newest_that_is_none(panes) -> None:
    panes[0] = math.nan


def more_than_are_kept(panes) -> None:
    first = min(panes[1])
    panes[1].update({first - number: [0, 1] for number in range(1, 4 * PANES)})


def more_in_the_part_than_in_all(panes) -> None:
    panes[1][min(panes[1])] = [9, 1]


@pytest.mark.parametrize(
    "damage",
    [
        none_left,
        newest_in_another_pane,
        newest_that_is_none,
        more_than_are_kept,
        more_in_the_part_than_in_all,
    ],
)
def test_panes_that_were_damaged_are_refused(damage):
    """What is kept of them is bounded, and the newest one is that of the newest time."""
    structure = Shares(WINDOW, 2)
    for number in range(8):
        structure.add(EPOCH + number, number % 2 == 0)
    stored = msgpack.decode(structure.dump(), strict=False)
    Shares.load(msgpack.encode(stored), WINDOW, 2)
    damage(stored[-1])
    with pytest.raises(ValueError, match="no stored state of shares"):
        Shares.load(msgpack.encode(stored), WINDOW, 2)


def test_a_stored_pane_of_another_precision_is_refused():
    """It could not be merged with those to come."""
    structure = DistinctValues(WINDOW, 1)
    structure.add(EPOCH, "a")
    structure.add(EPOCH, "b")
    dumped = structure.dump()
    ours = next(iter(structure._coarse.kept.values())).dump()
    other = HyperLogLog(11)
    other.add("a")
    assert len(ours) <= 255
    start = dumped.index(ours)
    theirs = other.dump()
    broken = dumped[: start - 1] + bytes([len(theirs)]) + theirs + dumped[start + len(ours) :]
    with pytest.raises(ValueError, match="no stored state of distinct values"):
        DistinctValues.load(broken, WINDOW, 1)
