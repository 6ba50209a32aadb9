"""Backlogs of several files in one order: against a sort of everything."""

from __future__ import annotations

import sys

from doubles.rules import checkpoint
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logwatch import merging
from logwatch.merging import MANY_MATCHES, MOST_AHEAD, Merger
from logwatch.records import Batch, Match, Record


def batch(path: str, records: list[tuple[int, float]], last_time: float) -> Batch:
    """A batch of `path` with records at (offset, time); each is matched once, every fifth twice."""
    matches = []
    for number, (offset, _) in enumerate(records):
        matches += [Match(rule, number) for rule in range(1 + (offset % 5 == 0))]
    return Batch(
        source=path[0],
        checkpoint=replace(checkpoint(0, path), path=path),
        start=0,
        end=10,
        arrival=0.0,
        last_time=last_time,
        records=[Record(offset, "x", time) for offset, time in records],
        matches=matches,
    )


def taken(merger: Merger) -> list[tuple[float, str, int, int]]:
    """Time, path, offset and rule of every match that is ready, in the order it comes."""
    found = []
    for one, first, end in merger.ready():
        for match in one.matches[first:end]:
            record = one.records[match.record]
            found.append((record.time, one.checkpoint.path, record.offset, match.rule))
    return found


files = st.lists(
    st.lists(  # one file: batches
        st.lists(st.integers(0, 30), max_size=4),  # one batch: seconds since the record before
        max_size=5,
    ),
    min_size=1,
    max_size=4,
)


@given(files, st.randoms(use_true_random=False))
def test_records_come_in_the_order_of_event_time_however_the_files_are_read(shape, random):
    """Each once; ties by source, file and offset; nothing stays behind once all is read."""
    queues, everything = {}, []
    for number, batches in enumerate(shape):
        path, time, offset, made = f"{'fg'[number % 2]}{number}", 0.0, 0, []
        for gaps in batches:
            records = []
            for gap in gaps:
                time, offset = time + gap, offset + 1
                records.append((offset, time))
            time += random.choice((0, 0, 1, 5))  # lines that no rule took
            made.append(batch(path, records, time))
        queues[path] = made
        everything += [
            (record.time, path, record.offset, match.rule)
            for one in made
            for match in one.matches
            for record in [one.records[match.record]]
        ]
    merger, order = Merger(), []
    merger.expect(queues)
    while queues:
        held = merger.held().paths
        path = random.choice(sorted(queues))
        if path in held:
            assert merger.laggards()
            continue
        if queues[path]:
            merger.put(queues[path].pop(0))
        else:
            merger.finish(path)
            del queues[path]
        order += taken(merger)
    assert order == sorted(everything)
    assert merger.empty


def test_a_file_whose_stamps_go_back_keeps_its_own_order():
    """And what it had to say late comes at once."""
    merger = Merger()
    merger.expect(["a", "b"])
    merger.put(batch("a", [(1, 10.0), (2, 5.0), (3, 30.0)], 30.0))
    merger.put(batch("b", [(1, 20.0)], 40.0))
    assert [(source, offset) for _, source, offset, _ in taken(merger)] == [
        ("a", 1),
        ("a", 2),
        ("b", 1),
        ("a", 3),
    ]


def test_nothing_comes_before_every_file_was_heard_of():
    """One that is silent may bring what is older than all."""
    merger = Merger()
    merger.expect(["a", "b"])
    merger.put(batch("a", [(1, 1.0)], 1.0))
    assert taken(merger) == []
    assert merger.laggards() == ["b"]
    merger.finish("b")
    assert len(taken(merger)) == 1
    assert merger.laggards() == []


def test_a_block_without_bytes_says_nothing_of_how_far_a_file_was_read():
    """A file that begins is one, and it is dated now."""
    merger = Merger()
    merger.expect(["a", "b"])
    merger.put(replace(batch("a", [], 1e9), end=0))
    merger.put(batch("b", [(1, 5.0)], 9.0))
    assert taken(merger) == []
    assert merger.laggards() == ["a"]


def test_a_file_that_is_ahead_is_held_and_the_one_that_is_behind_is_not():
    """Or what waits would be as long as the files."""
    merger = Merger()
    merger.expect(["a", "b"])
    for number in range(1, MOST_AHEAD + 1):
        assert merger.held().paths == frozenset()
        merger.put(batch("a", [(number, 100.0 + number)], 100.0 + number))
    assert merger.held().paths == {"a"}
    merger.put(batch("b", [(1, 1.0)], 1.0))
    assert len(taken(merger)) == 1
    assert merger.held().paths == {"a"}
    merger.finish("b")
    assert merger.held().paths == frozenset()


def test_where_every_line_is_a_match_a_file_may_be_ahead_by_one_batch_only():
    """What waits is bounded by what it weighs."""
    merger = Merger()
    merger.expect(["a", "b"])
    records = [(offset, 50.0) for offset in range(1, MANY_MATCHES, 1)]
    merger.put(batch("a", records, 60.0))
    assert merger.held().paths == {"a"}


def test_while_that_many_wait_each_file_is_awaited_once_it_is_taken(monkeypatch):
    """Told one by one: there may be thousands."""
    monkeypatch.setattr(merging, "MANY_MATCHES", 8)
    monkeypatch.setattr(merging, "FEW_MATCHES", 2)
    merger = Merger()
    merger.expect(["a", "b", "c"])
    merger.put(batch("a", [(number, 50.0) for number in range(1, 5)], 60.0))
    assert merger.held() == (set(), False)
    merger.put(batch("b", [(number, 55.0) for number in range(1, 5)], 56.0))
    held = merger.held()
    assert held == ({"a", "b"}, True)
    merger.put(batch("c", [(1, 54.0)], 55.0))
    assert [path for _, path, *_ in taken(merger)] == [*"aaaac"]
    assert merger.held() is held
    assert merger.emptied() == ["a", "c"]
    assert merger.emptied() == []
    merger.finish("a")
    merger.finish("c")
    assert len(taken(merger)) == 4
    assert merger.held() == (set(), False)


def test_batches_without_matches_come_at_once_but_never_before_those_of_their_file():
    """They only move its position, which must not pass what is still to be taken."""
    merger = Merger()
    merger.expect(["a", "b"])
    merger.put(batch("a", [], 5.0))
    assert [len(one.matches) for one, _, _ in merger.ready()] == [0]
    merger.put(batch("a", [(1, 6.0)], 6.0))
    merger.put(batch("a", [], 9.0))
    assert list(merger.ready()) == []
    merger.finish("b")
    assert [len(one.matches) for one, _, _ in merger.ready()] == [1, 0]


def test_the_records_of_a_batch_may_be_taken_in_parts():
    """What is between two records of another file comes between them, and says where it ends."""
    merger = Merger()
    merger.expect(["a", "b"])
    merger.put(batch("a", [(1, 1.0), (2, 3.0)], 3.0))
    merger.put(batch("b", [(1, 2.0)], 4.0))
    slices = [(one.checkpoint.path, first, end) for one, first, end in merger.ready()]
    assert slices == [("a", 0, 1), ("b", 0, None), ("a", 1, None)]


class Counted(list[Record]):
    """Records that count how often somebody went through all of them."""

    times = 0

    def __iter__(self):
        self.times += 1
        return super().__iter__()


def test_a_batch_is_gone_through_once_however_often_files_alternate():
    """Or the cost of two files that were written at the same time grew with its square."""
    merger = Merger()
    merger.expect(["a", "b"])
    for path, first in (("a", 0.0), ("b", 0.5)):
        one = batch(path, [(number, number + first) for number in range(500)], 500.0)
        merger.put(replace(one, records=Counted(one.records)))
    merger.finish("a")
    merger.finish("b")
    slices = list(merger.ready())
    assert len(slices) > 900
    assert all(one.batch.records.times <= 1 for one in slices)


def test_what_a_file_has_of_one_second_is_taken_in_one_piece():
    """Stamps are no finer than that, and files are written at the same time."""
    merger = Merger()
    for path in ("a2", "a1"):
        merger.put(batch(path, [(number, number // 10) for number in range(1, 40)], 4.0))
    slices = [
        (one.batch.checkpoint.path, one.batch.matches[one.first].record) for one in merger.ready()
    ]
    assert slices == [
        ("a1", 0),
        ("a2", 0),
        ("a1", 9),
        ("a2", 9),
        ("a1", 19),
        ("a2", 19),
        ("a1", 29),
        ("a2", 29),
    ]


def test_a_record_waits_for_a_file_that_may_bring_one_of_the_same_time_and_before_it():
    merger = Merger()
    merger.expect(["a", "b"])
    merger.put(batch("a", [], 7.0))  # its next line may be of the same second
    merger.put(batch("b", [(0, 7.0)], 7.0))
    assert taken(merger) == []
    merger.put(batch("a", [(0, 7.0)], 7.0))
    merger.finish("a")
    merger.finish("b")
    assert [source for _, source, _, _ in taken(merger)] == ["a", "a", "b", "b"]


def test_a_file_that_was_passed_over_comes_at_once_when_it_is_back():
    """Nobody waits for more of it, and it waits for nobody that is not behind."""
    merger = Merger()
    merger.expect(["a", "b"])
    merger.put(batch("b", [(1, 5.0)], 5.0))
    merger.finish("a")
    assert len(taken(merger)) == 1
    merger.put(batch("a", [(1, 1.0)], 1.0))
    merger.put(batch("a", [(2, 9.0)], 9.0))
    assert [time for time, *_ in taken(merger)] == [1.0]
    assert merger.laggards() == ["b"]
    merger.finish("b")
    assert [time for time, *_ in taken(merger)] == [9.0]
    assert merger.empty


def test_what_was_not_taken_comes_when_it_is_asked_for_again():
    """Whoever stopped in the middle goes on with the next one."""
    merger = Merger()
    merger.put(batch("a", [(1, 1.0)], 1.0))
    merger.put(batch("a", [], 2.0))
    merger.put(batch("a", [(2, 3.0)], 3.0))
    merger.put(batch("b", [(1, 2.0)], 2.0))
    seen = []
    while not merger.empty:
        one = next(merger.ready())
        seen.append((one.batch.source, one.batch.last_time))
    assert seen == [("a", 1.0), ("a", 2.0), ("b", 2.0), ("a", 3.0)]


class Lines:
    """Counts the lines of code of the merger that are run."""

    def __enter__(self):
        self.run = 0
        self._before = sys.gettrace()
        sys.settrace(self._count)
        return self

    def __exit__(self, *_):
        sys.settrace(self._before)

    def _count(self, frame, event, _argument):
        if frame.f_code.co_filename != merging.__file__:
            return None
        self.run += event == "line"
        return self._count


def lines_a_step(files: int) -> float:
    """Lines run when one file after the other brings a block, of more than one that is taken."""
    merger = Merger()
    merger.expect(f"f{number:05}" for number in range(files))
    taken, steps = 0, 0
    with Lines() as lines:
        for round_ in range(3):
            for number in range(files):
                at = 1000.0 * round_ + number
                merger.put(batch(f"f{number:05}", [(round_, at)], at))
                taken += sum(1 for _ in merger.ready())
                steps += 1
                assert merger.is_held_up
                assert not merger.held().paths
                assert not merger.empty
    assert taken > files
    return lines.run / steps


def test_the_cost_of_a_step_does_not_grow_with_the_files():
    """Ten thousand files took ten thousand times ten thousand looks to catch up."""
    assert lines_a_step(600) < 1.1 * lines_a_step(60)


def test_the_last_file_that_was_behind_lets_all_go_at_the_cost_of_what_goes():
    """Each slice costs as little among many files as among few."""

    def lines_a_slice(files: int) -> float:
        merger = Merger()
        merger.expect(f"f{number:05}" for number in range(files))
        for number in range(1, files):
            merger.put(batch(f"f{number:05}", [(1, 100.0 + number)], 100.0 + number))
        merger.finish("f00000")
        assert not list(merger.ready())[1:]  # any of them may bring more of the time of the first
        for number in range(1, files):
            merger.finish(f"f{number:05}")
        with Lines() as lines:
            slices = len(list(merger.ready()))
        assert slices == files - 2
        return lines.run / slices

    assert lines_a_slice(1000) <= lines_a_slice(100) + 1
