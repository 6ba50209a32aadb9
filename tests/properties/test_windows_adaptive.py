"""Sliding windows of distinct values, numbers and shares against naive lists."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.windows.distinct_values import DistinctValues
from logwatch.windows.shares import Shares
from logwatch.windows.values import Values

EPOCH = 1_767_571_200.0
"""A time of today's size: sums with it are rounded."""
times = st.integers(0, 400).map(lambda step: EPOCH + step / 4)
numbers = st.floats(-1e6, 1e6, allow_nan=False) | st.integers(-5, 5).map(float)
items = {
    DistinctValues: st.sampled_from("abcdefgh"),
    Values: numbers,
    Shares: st.booleans(),
}
kinds = pytest.mark.parametrize("kind", list(items), ids=lambda kind: kind.__name__)
WINDOWS = st.sampled_from([0.1, 1.0, 10.0, 33.3, 1000.0])


def entries(kind, size=60):
    return st.lists(st.tuples(times, items[kind]), max_size=size)


def added(kind, window, limit, taken):
    structure = kind(window, limit)
    for time, item in taken:
        structure.add(time, item)
    return structure


def answers(structure, now):
    """All that can be asked at one moment."""
    general = (
        structure.exact,
        structure.newest,
        structure.next_loss(now),
    )
    if isinstance(structure, DistinctValues):
        return general, structure.count(now), [structure.falls_below(n) for n in (1, 2, 5)]
    if isinstance(structure, Shares):
        return general, structure.counts(now)
    ranks = [structure.percentile(now, percent) for percent in (0, 50, 99.9, 100)]
    return (
        general,
        structure.count(now),
        structure.minimum(now),
        structure.maximum(now),
        structure.average(now),
        structure.total(now),
        ranks,
    )


def naive(kind, taken, window, now):
    """The same from a list, for an exact structure and a `now` not before the newest time."""
    inside = [(time, item) for time, item in taken if now - window < time <= now]
    if kind is DistinctValues:
        return len({value for _, value in inside})
    if kind is Shares:
        return sum(part for _, part in inside), len(inside)
    values = sorted(value for _, value in inside)
    count = len(values)
    if not count:
        return 0, None, None, None, 0.0, [None] * 4
    total = sum(map(Fraction, values))
    ranks = [max(1, ceil(Fraction(p) * count / 100)) for p in ("0", "50", "99.9", "100")]
    return (
        count,
        values[0],
        values[-1],
        float(total / count),
        float(total),
        [values[rank - 1] for rank in ranks],
    )


def asked(structure, now):
    """What `naive` says, asked of the structure."""
    _, *rest = answers(structure, now)
    if isinstance(structure, Values):
        return tuple(rest)
    return rest[0]


@kinds
@given(st.data())
def test_a_window_answers_as_a_list_of_all_would(kind, data):
    """At every later moment, with ties, out of order, and edges exactly at t - T and t."""
    taken, window = data.draw(entries(kind)), data.draw(WINDOWS)
    structure = kind(window, 1000)
    newest = -inf
    for number, (time, item) in enumerate(taken, start=1):
        structure.add(time, item)
        newest = max(newest, time)
        assert asked(structure, newest) == naive(kind, taken[:number], window, newest)
    for now in data.draw(st.lists(times)):
        if now >= newest:
            assert asked(structure, now) == naive(kind, taken, window, now)
    for time, _ in taken:
        now = max(newest, time + window)
        assert asked(structure, now) == naive(kind, taken, window, now)


@kinds
@given(st.data())
def test_what_is_remembered_of_large_windows_agrees_with_a_list(kind, data):
    """The dictionary of many values, the sorted copy and the sum of many numbers."""
    taken, window = data.draw(entries(kind)), data.draw(WINDOWS)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("logwatch.windows.latest_seen._SEARCHED", 1)
        patched.setattr("logwatch.windows.samples._FEW", 1)
        structure = kind(window, 1000)
        for number, (time, item) in enumerate(taken, start=1):
            if data.draw(st.booleans()):
                structure = kind.load(structure.dump(), window, 1000)
            structure.add(time, item)
            answers(structure, time)
            newest = structure.newest
            assert asked(structure, newest) == naive(kind, taken[:number], window, newest)
            later = newest + data.draw(st.sampled_from([0, window / 2, window]))
            assert asked(structure, later) == naive(kind, taken[:number], window, later)


@kinds
@pytest.mark.parametrize("limit", [1, 3, 7])
@given(st.data())
def test_a_window_that_says_it_is_exact_is(kind, limit, data):
    """Also one that was not for a while; and up to the limit it always is."""
    taken, window = data.draw(entries(kind)), data.draw(WINDOWS)
    structure, crowded = kind(window, limit), False
    newest = -inf
    for number, (time, item) in enumerate(taken, start=1):
        structure.add(time, item)
        newest = max(newest, time)
        truth = naive(kind, taken[:number], window, newest)
        crowded = crowded or number > 4 * limit or size_of(kind, truth) > limit
        assert structure.exact or crowded
        if structure.exact:
            assert asked(structure, newest) == truth
        elif kind is not DistinctValues:
            longer = naive(kind, taken[:number], window * (1 + 1 / 32) + 1e-6, newest)
            least, most = size_of(kind, truth), size_of(kind, longer)
            assert least <= size_of(kind, asked(structure, newest)) <= most


def size_of(kind, answer):
    """How many entries an answer is about."""
    return {DistinctValues: lambda: answer, Values: lambda: answer[0], Shares: lambda: answer[1]}[
        kind
    ]()


@kinds
@given(st.data())
def test_the_order_of_arrival_changes_nothing(kind, data):
    """Answers at the newest time and later are those of the entries in order."""
    taken, window = data.draw(entries(kind)), data.draw(WINDOWS)
    shuffled = data.draw(st.permutations(taken))
    one, other = added(kind, window, 1000, taken), added(kind, window, 1000, shuffled)
    newest = max((time for time, _ in taken), default=EPOCH)
    for now in (newest, newest + window / 2, newest + window):
        assert asked(one, now) == asked(other, now)


@kinds
@given(st.data())
def test_an_earlier_moment_counts_no_more_than_there_was(kind, data):
    """What was forgotten may be missing, and nothing else is counted."""
    taken, window, now = data.draw(entries(kind)), data.draw(WINDOWS), data.draw(times)
    structure = added(kind, window, 1000, taken)
    truth = naive(kind, taken, window, now)
    if kind is DistinctValues:
        assert structure.count(now) <= truth
    elif kind is Values:
        assert structure.count(now) <= truth[0]
    else:
        assert all(map(int.__le__, structure.counts(now), truth))


@kinds
@pytest.mark.parametrize("limit", [2, 5, 1000])
@given(st.data())
def test_a_dump_goes_on_as_the_original(kind, limit, data):
    """Wherever it is taken: with entries, with panes, and with both."""
    window = data.draw(WINDOWS)
    original = kind(window, limit)
    restored = kind.load(original.dump(), window, limit)
    for time, item in data.draw(entries(kind)):
        if data.draw(st.booleans()):
            restored = kind.load(restored.dump(), window, limit)
        original.add(time, item)
        restored.add(time, item)
        if data.draw(st.booleans()):
            now = data.draw(times)
            assert answers(original, now) == answers(restored, now)
        assert answers(original, time) == answers(restored, time)
        assert original.dump() == restored.dump()


@kinds
@pytest.mark.parametrize("limit", [3, 1000])
@given(st.data())
def test_questions_and_dumps_change_nothing(kind, limit, data):
    """One that is asked all the time is the same as one that is never asked."""
    window = data.draw(WINDOWS)
    silent, asked_often = kind(window, limit), kind(window, limit)
    for time, item in data.draw(entries(kind)):
        silent.add(time, item)
        asked_often.add(time, item)
        answers(asked_often, data.draw(times))
        asked_often.dump()
    assert silent.dump() == asked_often.dump()


@kinds
@given(st.data())
def test_any_order_in_one_window_gives_the_same_bytes(kind, data):
    """Ties have an order of their own."""
    taken = data.draw(entries(kind))
    shuffled = data.draw(st.permutations(taken))
    one, other = added(kind, 1000.0, 1000, taken), added(kind, 1000.0, 1000, shuffled)
    assert one.dump() == other.dump()


@given(st.data())
def test_any_order_gives_the_same_panes(data):
    """Once there are panes, the bytes tell the entries and not when they came."""
    taken = data.draw(entries(DistinctValues))
    shuffled = data.draw(st.permutations(taken))
    first = [(EPOCH + 100, letter) for letter in "abcdefgh"]
    one = added(DistinctValues, 1000.0, 3, first + taken)
    other = added(DistinctValues, 1000.0, 3, first + shuffled)
    assert one.dump() == other.dump()


@kinds
@pytest.mark.parametrize("limit", [2, 1000])
@given(st.data())
def test_the_next_loss_is_the_first_moment_at_which_something_is_gone(kind, limit, data):
    """Between now and then nothing changes, so that one timer is enough."""
    taken, window = data.draw(entries(kind)), data.draw(WINDOWS)
    structure = added(kind, window, limit, taken)
    now = max((time for time, _ in taken), default=EPOCH)
    for _ in range(100):
        loss = structure.next_loss(now)
        if loss is None:
            break
        assert loss > now
        before = nextafter(loss, 0)
        if structure.exact:
            assert asked(structure, before) == asked(structure, now)
            gone, here = asked(structure, loss), asked(structure, now)
            assert gone != here
        now = loss
    assert structure.next_loss(now) is None


@given(st.data())
def test_the_moment_at_which_a_count_falls_below_a_number_is_exact(data):
    """The count holds right up to it."""
    taken, window = data.draw(entries(DistinctValues)), data.draw(WINDOWS)
    structure = added(DistinctValues, window, 1000, taken)
    number = data.draw(st.integers(1, 9))
    moment = structure.falls_below(number)
    newest = structure.newest
    if moment is None:
        assert newest is None or structure.count(newest) < number
    else:
        assert structure.count(max(moment, newest)) < number
        if moment > newest:
            assert structure.count(nextafter(moment, 0)) >= number


@kinds
@given(st.data())
def test_a_broken_dump_is_a_value_error(kind, data):
    """Cut off, or with other bytes: refused, or something that works."""
    window, limit = 10.0, data.draw(st.sampled_from([2, 1000]))
    dumped = bytearray(added(kind, window, limit, data.draw(entries(kind, 20))).dump())
    for place, byte in data.draw(
        st.lists(st.tuples(st.integers(0, len(dumped) - 1), st.integers(0, 255)), max_size=3)
    ):
        dumped[place] = byte
    cut = data.draw(st.integers(0, len(dumped)))
    try:
        structure = kind.load(bytes(dumped[:cut]), window, limit)
    except ValueError:
        return
    structure.add(EPOCH + 100, data.draw(items[kind]))
    answers(structure, EPOCH + 100)
    kind.load(structure.dump(), window, limit)


@kinds
@given(st.data())
def test_the_dump_of_another_window_or_kind_is_refused(kind, data):
    """Panes of another width mean nothing."""
    taken = [(EPOCH + number, data.draw(items[kind])) for number in range(9)]
    taken += [(EPOCH, value) for value in ("abcdefgh" if kind is DistinctValues else "")]
    dumped = added(kind, 1000.0, 2, taken).dump()
    for other in items:
        with pytest.raises(ValueError):
            other.load(dumped, 999.0 if other is kind else 1000.0, 2)
