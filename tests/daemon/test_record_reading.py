"""From a block of records of several lines to a batch, and to positions in the store."""

from __future__ import annotations

from datetime import UTC

from doubles.daemon import Bench
from doubles.rules import checkpoint
from msgspec import UNSET
from msgspec.structs import replace

from logwatch.daemon.reading import Reading
from logwatch.daemon.stamps import Stamps
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import EventClock
from logwatch.records import Block
from logwatch.tailer.multiline import Framer, MultilineSettings

FRAMER = Framer(MultilineSettings(preset="indent", max_lines=3), encoding="utf-8", max_line=4096)
STAMP = 1_767_574_800.0
"""2026-01-05T01:00:00Z."""


def reading_of(format_, *patterns):
    events = EventClock(make_parser(format_, ParserSettings(tz=UTC)), source="app")
    matcher = Matcher([RulePatterns(match=patterns)], records=True)
    return Reading(source="app", matcher=matcher, rules=(0,), events=events, framer=FRAMER)


def block_of(data, **others):
    framed = FRAMER.frame(data, final=True)
    return Block(
        path="/app.log",
        data=framed.data,
        joined=framed.joined,
        cut=framed.cut,
        start=100,
        end=100 + len(data),
        checkpoint=checkpoint(),
        backlog=True,
        **others,
    )


def test_time_and_fields_are_those_of_the_first_line():
    data = (
        b'{"time":"2026-01-05T01:00:00Z","level":"error"}\n  {"level":"info"}\n'
        b'{"time":"2026-01-05T01:00:09Z"}\n  x\n'
    )
    batch = reading_of("json", r"error(?s:.*)info").batch(block_of(data), STAMP + 60)
    (record,) = batch.records
    assert (record.time, record.fields["level"], record.offset) == (STAMP, "error", 100)
    assert record.text.count("\n") == 1
    assert batch.last_time == STAMP + 9


def test_the_time_of_the_first_record_is_told_where_it_is_asked_for():
    """And there is another behind it, and the block was read as it was written."""
    one = b"2026-01-05T01:00:00Z a\n 2026-01-05T09:00:00Z in it\n"
    several = one + b"2026-01-05T01:00:09Z b\n 2026-01-05T08:00:00Z\n"
    unasked = reading_of("plain", "a")
    asked = replace(unasked, is_spanned=True)

    def first(reading, data, **changes):
        block = replace(block_of(data), backlog=False, **changes)
        return reading.batch(block, STAMP + 10).first_time

    assert first(asked, several) == STAMP
    assert first(asked, one) is UNSET
    assert first(asked, several, joined=None) == STAMP
    assert asked.batch(block_of(several), STAMP + 10).first_time is UNSET
    assert first(unasked, several) is UNSET


def test_a_record_that_was_cut_is_marked():
    data = b"a\n 1\n 2\n 3\nb\n"
    records = reading_of("plain", ".").batch(block_of(data), STAMP).records
    assert [(one.text, one.truncated) for one in records] == [
        ("a\n 1\n 2", True),
        (" 3", False),
        ("b", False),
    ]


def test_the_stamp_of_a_record_without_one_is_that_of_the_record_before():
    """And no line within a record has a say in it."""
    data = b"2026-01-05T01:00:00Z a\n 2026-01-05T09:00:00Z in it\nno stamp\n 2026-01-05T08:00:00Z\n"
    stamps = Stamps(reading_of("plain", "stamp"))
    batch = stamps.batch(block_of(data), STAMP + 86_000)
    assert [one.time for one in batch.records] == [STAMP]
    assert batch.last_time == STAMP


def test_both_positions_of_a_record_in_two_files_are_committed(tmp_path):
    """In one transaction, with what the record brought about."""
    bench = Bench(tmp_path)
    old, new = checkpoint(), replace(checkpoint(), identity="other", offset=7)
    block = replace(block_of(b"boom\n x\n"), also=new, checkpoint=old)
    batch = reading_of("plain", "boom").batch(block, bench.clock.wall())
    assert batch.also == new
    bench.take(batch)
    assert {each.identity for each in bench.store.checkpoints()} == {old.identity, "other"}
    assert len(bench.due()) == 1


def test_a_batch_of_one_file_has_one_position():
    assert reading_of("plain", "x").batch(block_of(b"x\n"), STAMP).also is UNSET
