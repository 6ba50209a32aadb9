"""The journal through a journalctl of our own: positions, losses, programs that end."""

from __future__ import annotations

import select
from time import perf_counter

import pytest
from doubles.journal import Journal
from msgspec import UNSET

from logwatch.clock import Moment
from logwatch.receivers.journal import JournaldSettings, Match, parse_cursor, wanted
from logwatch.receivers.journald import JournaldReceiver
from logwatch.records import no_file
from logwatch.tailer.settings import SourceSettings


@pytest.fixture
def journal(tmp_path, monkeypatch) -> Journal:
    found = Journal(tmp_path / "journal")
    monkeypatch.setenv("PATH", found.path)
    return found


class Reader:
    """A receiver, driven as its thread does it, at a time of ours."""

    def __init__(self, known=(), *, start="beginning", form="plain", **settings) -> None:
        source = SourceSettings(
            name="system",
            paths=(),
            start=start,
            format=form,
            origin=JournaldSettings(**settings),
        )
        self.receiver = JournaldReceiver(source, known)
        self.now = 0.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.receiver.close()

    def until(self, done, seconds=60.0):
        """Blocks until `done(blocks)` holds."""
        blocks, deadline = [], perf_counter() + seconds
        while not done(blocks):
            assert perf_counter() < deadline, blocks
            block = self.receiver.read(Moment(self.now, 1e9))
            if block is not None:
                blocks.append(block)
                continue
            waiting = select.poll()
            for descriptor, events in self.receiver.descriptors().items():
                waiting.register(descriptor, events)
            waiting.poll(20)
        return blocks

    def texts(self, count):
        """Texts of the next records, so many at least, and the blocks."""
        blocks = self.until(lambda found: sum(b.data.count(b"\n") for b in found) >= count)
        return [line for b in blocks for line in b.records.split(b"\n")[:-1]], blocks

    def caught_up(self):
        return self.until(lambda _: self.receiver.past_opening())


def test_the_backlog_is_read_and_then_what_comes(journal):
    """In the order of the journal; what was there at the start is the backlog."""
    for number in range(3):
        journal.append(f"old {number}")
    with Reader() as reader:
        old, blocks = reader.texts(3)
        assert old == [b"old 0", b"old 1", b"old 2"]
        assert all(block.backlog for block in blocks)
        assert not reader.receiver.past_opening()
        reader.caught_up()
        journal.append("new")
        new, blocks = reader.texts(1)
        assert (new, blocks[0].backlog) == ([b"new"], False)
        assert reader.receiver.state().status == "following"


def test_reading_goes_on_behind_the_position_that_was_committed(journal):
    """Nothing twice and nothing left out, over a restart."""
    journal.append("one")
    with Reader() as reader:
        _, blocks = reader.texts(1)
    journal.append("two")
    with Reader([blocks[-1].checkpoint]) as reader:
        texts, _ = reader.texts(1)
        assert texts == [b"two"]
        assert reader.receiver.lost() == []


def test_a_place_is_the_number_that_the_journal_gave(journal):
    """So the same entry has the same place for ever, whatever is filtered out before it."""
    journal.append("no", _SYSTEMD_UNIT="b.service")
    journal.append("yes", _SYSTEMD_UNIT="a.service")
    journal.append("yes", _SYSTEMD_UNIT="a.service")
    with Reader(units=("a.service",)) as reader:
        _, (block, *_) = reader.texts(2)
    assert [block.offset(0), block.offset(4), block.offset(8)] == [2, 3, 4]
    assert [block.index(2), block.index(3)] == [0, 4]
    assert (block.start, block.end, block.checkpoint.offset) == (2, 4, 4)
    assert block.checkpoint.identity == "journald:system:a1.0"
    assert parse_cursor(block.checkpoint.cursor) == ("a1", 3)


def test_the_position_before_each_record_is_known(journal):
    """Half of a block may be committed: the rest is read again."""
    first = journal.append("one")
    second = journal.append("two")
    with Reader() as reader:
        _, (block, *_) = reader.texts(2)
    envelopes = block.envelopes
    assert [envelopes.cursor(0), envelopes.cursor(4)] == ["", first]
    assert block.checkpoint.cursor == second


def test_fields_and_time_come_from_the_journal(journal):
    """Also under the names that syslog has for them; bytes are told as escapes."""
    journal.append(
        "denied",
        PRIORITY="3",
        _SYSTEMD_UNIT="sshd.service",
        SYSLOG_IDENTIFIER="sshd",
        _PID="7",
        BLOB=[255, 10, 65],
        at=1_767_600_000_500_000,
    )
    with Reader() as reader:
        _, (block, *_) = reader.texts(1)
    time, fields = block.envelopes.told(0)
    assert time == 1_767_600_000.5
    assert (
        fields.items()
        >= {
            "PRIORITY": "3",
            "severity": "err",
            "program": "sshd",
            "pid": "7",
            "unit": "sshd.service",
            "BLOB": "\\xff\nA",
            "message": "denied",
        }.items()
    )


def test_a_message_of_several_lines_is_one_record(journal):
    """And one of bytes is a record too."""
    journal.append("first\nsecond\n")
    journal.append([104, 105, 10, 255])
    journal.append("plain")
    with Reader() as reader:
        texts, (block, *_) = reader.texts(3)
    assert texts == [b"first\x0bsecond", b"hi\x0b\xff", b"plain"]
    assert block.data == b"first\nsecond\nhi\n\xff\nplain\n"
    assert block.envelopes.told(13)[1]["message"] == "hi\n\\xff"


def test_with_the_format_syslog_an_entry_is_the_line_that_rsyslog_writes(journal):
    """So the rules for /var/log/syslog do for the journal as they stand."""
    sshd = {"_HOSTNAME": "web1", "SYSLOG_IDENTIFIER": "sshd", "_PID": "7"}
    journal.append("Failed\nand more", **sshd, at=1_767_600_000_500_000)
    journal.append("oom", _HOSTNAME="web1", SYSLOG_IDENTIFIER="kernel", _PID="0", at=0)
    journal.append("x", at=0)
    with Reader(form="syslog") as reader:
        texts, _ = reader.texts(3)
    assert texts == [
        b"2026-01-05T08:00:00.500000+00:00 web1 sshd[7]: Failed\x0band more",
        b"1970-01-01T00:00:00.000000+00:00 web1 kernel: oom",
        b"1970-01-01T00:00:00.000000+00:00 - -: x",
    ]


def test_a_new_source_may_begin_at_the_end(journal):
    """That place is handed on at once, so that the next start knows it."""
    journal.append("old")
    with Reader(start="end") as reader:
        blocks = reader.caught_up()
        assert [(block.data, block.checkpoint.offset) for block in blocks] == [(b"", 2)]
        journal.append("new")
        assert reader.texts(1)[0] == [b"new"]


def test_at_the_end_of_an_empty_journal_all_is_new(journal):
    """There is no entry to begin behind."""
    with Reader(start="end") as reader:
        reader.caught_up()
        journal.append("first")
        assert reader.texts(1)[0] == [b"first"]


def test_what_the_journal_has_forgotten_is_told_with_its_number(journal):
    """At most so many: some of them may not have been asked for."""
    journal.append("one")
    with Reader() as reader:
        _, blocks = reader.texts(1)
    for number in range(5):
        journal.append(f"missed {number}")
    journal.append("there")
    journal.forget(6)
    with Reader([blocks[-1].checkpoint]) as reader:
        assert reader.texts(1)[0] == [b"there"]
        (sentence,) = reader.receiver.lost()
        assert "up to 5 entries are lost" in sentence


def test_a_journal_that_was_emptied_is_told(journal):
    """Nobody knows how much was in it."""
    journal.append("one")
    with Reader() as reader:
        _, blocks = reader.texts(1)
    journal.forget(1)
    with Reader([blocks[-1].checkpoint]) as reader:
        reader.caught_up()
        (sentence,) = reader.receiver.lost()
        assert "an unknown number of entries" in sentence


def test_only_the_entry_of_the_position_gone_is_no_loss(journal):
    """It was read; the next one follows it."""
    journal.append("one")
    with Reader() as reader:
        _, blocks = reader.texts(1)
    journal.append("two")
    journal.forget(1)
    with Reader([blocks[-1].checkpoint]) as reader:
        assert reader.texts(1)[0] == [b"two"]
        assert reader.receiver.lost() == []


def test_another_filter_is_no_loss(journal):
    """The entry of the position is there, and only not asked for any more."""
    journal.append("one", _SYSTEMD_UNIT="a.service")
    with Reader(units=("a.service",)) as reader:
        _, blocks = reader.texts(1)
    journal.append("two", _SYSTEMD_UNIT="b.service")
    with Reader([blocks[-1].checkpoint], units=("b.service",)) as reader:
        assert reader.texts(1)[0] == [b"two"]
        assert reader.receiver.lost() == []


def test_entries_of_another_numbering_go_on_under_its_name(journal):
    """After the journal was made anew; the former position is closed with the first block."""
    journal.append("one")
    with Reader() as reader:
        _, (first, *_) = reader.texts(1)
        reader.caught_up()
        journal.next = 1
        journal.append("other", space="b2")
        _, (other, *_) = reader.texts(1)
    assert other.checkpoint.identity == "journald:system:b2.0"
    assert (other.also.identity, other.also.closed) == (first.checkpoint.identity, True)
    with Reader([other.also, other.checkpoint]) as reader:
        journal.append("more", space="b2")
        assert reader.texts(1)[0] == [b"more"]


def test_a_journalctl_that_ends_is_started_again_later_each_time(journal):
    """Behind the last entry; what it said is why, and nothing is read twice."""
    journal.append("one")
    journal.flag("ends")
    with Reader() as reader:
        reader.texts(1)
        reader.until(lambda _: reader.receiver.state().status == "error")
        assert "ended with status 0" in reader.receiver.state().detail
        assert reader.receiver.next_look(Moment(reader.now, 0)) == 1.0
        reader.now = 1.0
        reader.until(lambda _: reader.receiver.next_look(Moment(reader.now, 0)) == 3.0)
        journal.flag("ends", on=False)
        journal.append("two")
        reader.now = 3.0
        assert reader.texts(1)[0] == [b"two"]
        assert reader.receiver.state().status == "following"


def test_a_journalctl_that_fails_is_told_in_its_own_words(journal):
    """And the source is in error until it works."""
    journal.say("Failed to open journal: nobody knows\n")
    journal.flag("fails")
    with Reader() as reader:
        reader.until(lambda _: reader.receiver.state().status == "error")
        assert reader.receiver.state().detail == "Failed to open journal: nobody knows"


def test_a_machine_without_journalctl_is_told(journal, monkeypatch):
    """It may be installed later."""
    monkeypatch.setenv("PATH", str(journal.folder))
    with Reader() as reader:
        reader.until(lambda _: reader.receiver.state().status == "error")
        assert reader.receiver.state().detail == "there is no program journalctl"


def test_what_is_asked_for_cannot_be_taken_for_something_else():
    """Each value follows its equals sign."""
    settings = JournaldSettings(
        units=("--output=cat",),
        identifiers=("-f",),
        priority="err",
        boot="current",
        matches=(Match("_UID", ("0", "1")),),
        directory="/j",
    )
    assert wanted(settings) == [
        *("journalctl", "--output=export", "--no-pager", "--directory=/j"),
        *("--unit=--output=cat", "--identifier=-f", "--priority=err", "--boot"),
        *("_UID=0", "_UID=1"),
    ]


@pytest.mark.parametrize("text", ["", "x", "s=a", "i=1", "s=a;i=", "s=a;i=" + "f" * 17])
def test_what_is_no_cursor_has_no_parts(text):
    """It may come from a journal that was written to by hand."""
    assert parse_cursor(text) is None


def test_a_position_of_our_own_has_no_cursor():
    """Those of files neither."""
    assert no_file("stdin:x", "stdin:x:0.0").cursor is UNSET
