"""The export format: whatever journald may hold, cut wherever a pipe may cut it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.receivers import export_format
from logwatch.receivers.export_format import Entry, ExportReader, fields_of

NAMES = st.from_regex(r"\A_{0,1}[A-Z][A-Z0-9_]{0,6}\Z").filter(lambda name: name != "MESSAGE")
VALUES = st.binary(max_size=30) | st.sampled_from([b"", b"\n", b"a\n\nb", b"X=1\n\n__CURSOR=s"])


def exported(fields: list[tuple[bytes, bytes]]) -> bytes:
    """One entry, as the format's page says."""
    parts = []
    for name, value in fields:
        if b"\n" in value or not value.isascii():
            parts.append(name + b"\n" + struct.pack("<Q", len(value)) + value + b"\n")
        else:
            parts.append(name + b"=" + value + b"\n")
    return b"".join(parts) + b"\n"


def addressed(number: int, *fields: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    return [
        (b"__CURSOR", b"s=aa;i=%x" % number),
        (b"__REALTIME_TIMESTAMP", b"1767600000000000"),
        *fields,
    ]


def read(data: bytes, cuts: list[int] | None = None) -> list[Entry]:
    reader, found, at = ExportReader(), [], 0
    for cut in [*sorted(cuts or []), len(data)]:
        found += reader.feed(data[at:cut])
        at = max(at, cut)
    assert not reader.passed_over
    return found


@given(
    entries=st.lists(
        st.tuples(VALUES, st.lists(st.tuples(NAMES, VALUES), max_size=4)), min_size=1, max_size=4
    ),
    cuts=st.lists(st.integers(0, 600), max_size=6),
)
def test_every_entry_is_read_wherever_the_stream_is_cut(entries, cuts):
    """Messages, and all fields, text or bytes."""
    written = [
        addressed(number, (b"MESSAGE", message), *[(n.encode(), v) for n, v in fields])
        for number, (message, fields) in enumerate(entries)
    ]
    data = b"".join(map(exported, written))
    found = read(data, [cut for cut in cuts if cut < len(data)])
    assert [entry.message for entry in found] == [message for message, _ in entries]
    assert [entry.cursor for entry in found] == [f"s=aa;i={n:x}" for n in range(len(entries))]
    for entry, fields in zip(found, written, strict=True):
        assert list(fields_of(entry)) == [
            (name.decode(), value.decode("utf-8", "backslashreplace"))
            for name, value in fields
            if not name.startswith(b"__")
        ]


def test_an_entry_has_the_time_at_which_the_journal_took_it():
    """In seconds, of microseconds."""
    (entry,) = read(exported(addressed(1, (b"MESSAGE", b"x"))))
    assert entry.time == 1_767_600_000.0


def test_an_entry_without_a_message_is_an_empty_text():
    """There are such; rules can look at their fields."""
    (entry,) = read(exported(addressed(1, (b"COREDUMP_PID", b"7"))))
    assert entry.message == b""


def test_what_journalctl_writes_for_people_is_no_entry():
    """It goes to stdout when there is nothing to export."""
    assert read(b"-- No entries --\n") == []
    assert len(read(b"-- No entries --\n" + exported(addressed(1)))) == 1


def test_an_entry_beyond_all_bounds_is_passed_over_and_counted(monkeypatch):
    """And the one behind it is read, whatever was in its bytes."""
    monkeypatch.setattr(export_format, "MOST_ENTRY", 1000)
    large = exported(addressed(1, (b"COREDUMP", b"\xff\n\n" * 2000)))
    reader, found = ExportReader(), []
    data = large + exported(addressed(2, (b"MESSAGE", b"after")))
    for at in range(0, len(data), 64):
        found += reader.feed(data[at : at + 64])
    assert [entry.message for entry in found] == [b"after"]
    assert reader.passed_over == 1


@pytest.mark.parametrize("mess", [b"MESSAGE=no address\n\n", b"__CURSOR=s=a;i=1\n\n"])
def test_an_entry_without_an_address_or_a_time_is_counted(mess):
    """There is no place to go on from behind it."""
    reader = ExportReader()
    assert reader.feed(mess) == []
    assert reader.passed_over == 1
