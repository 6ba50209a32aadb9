"""From entries of the journal to a batch: what stands beside their texts."""

from __future__ import annotations

from datetime import UTC
from typing import NamedTuple

import pytest
from doubles.rules import checkpoint
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logwatch.daemon.reading import LONGEST_BESIDE, Reading
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.redaction import MASK, Redactor
from logwatch.matching.stock_secrets import STOCK_PATTERNS
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import EventClock
from logwatch.receivers.journal import plain_names
from logwatch.records import Block

ANYTHING = Matcher([RulePatterns(match=("",))], records=True)
EVENTS = EventClock(make_parser("plain", ParserSettings(tz=UTC)), source="system")
NOW = 1_767_574_800.0


class Beside(NamedTuple):
    """See `Envelopes`."""

    fields: dict[str, str]

    def told(self, index: int) -> tuple[float, dict[str, str]]:
        assert index == 0
        return NOW, plain_names(self.fields)

    def cursor(self, index: int) -> str:
        assert index == 0
        return ""


def batch_of(fields, arrival=NOW, matcher=ANYTHING, redactor=None):
    """The batch of one entry, which is read at `arrival`."""
    data = fields["MESSAGE"].encode() + b"\n"
    block = Block(
        path="journald:system",
        data=data,
        joined=data,
        start=0,
        end=1,
        checkpoint=checkpoint(),
        backlog=True,
        envelopes=Beside(fields),
    )
    reading = Reading(
        source="system", matcher=matcher, rules=(0,), events=EVENTS, redactor=redactor
    )
    return reading.batch(block, arrival)


def record_of(fields, *patterns):
    """The record of an entry, told without what these patterns take for a secret."""
    redactor = Redactor(patterns) if patterns else None
    (record,) = batch_of(fields, redactor=redactor).records
    return record


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("_CMDLINE", "app --password=s3cret -v", f"app --password={MASK} -v"),
        ("DB_PASSWORD", "s3cret", MASK),
        ("_EXE", "/usr/bin/app", "/usr/bin/app"),
    ],
)
def test_secrets_beside_a_text_are_told_to_nobody(name, value, shown):
    """Command lines have most of them, and the message says nothing of it."""
    record = record_of({"MESSAGE": "started", name: value}, *STOCK_PATTERNS)
    assert (record.text, record.fields[name]) == ("started", shown)


def test_a_secret_that_begins_in_the_name_is_the_whole_value():
    """As a pattern without a group finds it."""
    assert record_of({"MESSAGE": "x", "TOKEN": "abc"}, r"TOKEN=\w+").fields["TOKEN"] == MASK


def test_a_secret_in_the_text_is_hidden_in_its_fields():
    """Wherever it stands."""
    fields = {"MESSAGE": "login password=s3cret", "ARGUMENT": "s3cret"}
    record = record_of(fields, *STOCK_PATTERNS)
    assert "s3cret" not in str(record)
    assert record.fields["message"] == f"login password={MASK}"


@given(st.integers(0, 3 * LONGEST_BESIDE), st.integers(0, 3 * LONGEST_BESIDE))
def test_fields_are_kept_as_long_as_a_text_may_be(length, longer):
    """A dump of a process beside one line would be kept for each key of a rule."""
    message = "m" * length
    record = record_of({"MESSAGE": message, "COREDUMP_PROC_MAPS": "f" * longer})
    assert record.fields["message"] == message
    kept = record.fields["COREDUMP_PROC_MAPS"]
    assert len(kept) == min(longer, max(length, LONGEST_BESIDE))
    assert kept.endswith("…") == (longer > len(kept))


def test_the_time_of_an_entry_is_the_one_that_its_source_tells():
    """Of a record, and of a block whose last entry no rule takes; not when it was read."""
    found = batch_of({"MESSAGE": "started"}, NOW + 60)
    assert (found.records[0].time, found.last_time) == (NOW, NOW)
    assert batch_of({"MESSAGE": "started"}, NOW + 60, Matcher([], records=True)).last_time == NOW


def test_a_text_that_somebody_gives_has_what_its_source_has_beside_it():
    """Also where the block has no envelope, for it is of a file."""
    reading = Reading(
        source="system",
        matcher=ANYTHING,
        rules=(0,),
        events=EVENTS,
        beside=lambda text, time: {"of": f"{text} {time - NOW:g}"},
    )
    assert reading.given("started\n  more", NOW + 1)[1] == {"of": "started\n  more 1"}
    json = EventClock(make_parser("json", ParserSettings(tz=UTC)), source="system")
    _, fields = replace(reading, events=json).given('{"level":"info"}\n  more', NOW)
    assert (fields["level"], "of" in fields) == ("info", True)
    block = Block(
        path="/given",
        data=b"started\n",
        joined=b"started\n",
        start=0,
        end=8,
        checkpoint=checkpoint(),
        backlog=True,
    )
    (record,) = reading.batch(block, NOW + 1).records
    assert record.fields == {"of": "started 1"}
