"""Entries of the journal, over a real datagram socket."""

from __future__ import annotations

import array
import fcntl
import os
import socket
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.records import Alert, AlertLine, Delivered, Group, Member, Retry
from logwatch.sinks import sink_from_url
from logwatch.sinks.journald import (
    LONGEST_VALUE,
    MESSAGE_IDS,
    MOST_NAMED,
    JournaldSettings,
    JournaldSink,
    field_name,
    fields_of,
    format_entry,
)
from logwatch.sinks.plain_text import visible


def read_entry(data: bytes) -> list[tuple[str, bytes]]:
    """The native protocol as its document says, read by a second hand."""
    fields = []
    while data:
        first, newline, data = data.partition(b"\n")
        assert newline
        name, equals, value = first.partition(b"=")
        if not equals:
            length = int.from_bytes(data[:8], "little")
            value, data = data[8 : 8 + length], data[8 + length :]
            assert data[:1] == b"\n"
            data = data[1:]
        fields.append((name.decode(), value))
    return fields


class Journal:
    """The receiving end; a big entry comes as a memory file."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(60)
        self.socket.bind(self.path)

    def raw(self) -> tuple[bytes, int | None]:
        data, ancillary, _, _ = self.socket.recvmsg(1_000_000, socket.CMSG_LEN(4))
        files = array.array("i")
        for _, _, payload in ancillary:
            files.frombytes(payload)
        return data, files[0] if files else None

    def fields(self) -> list[tuple[str, bytes]]:
        data, file = self.raw()
        assert file is None
        return read_entry(data)

    def entry(self) -> dict[str, str]:
        return {name: value.decode() for name, value in self.fields()}


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path / "socket")
    yield made
    made.socket.close()


@pytest.fixture
def sink(journal):
    made = JournaldSink(JournaldSettings(path=journal.path))
    yield made
    made.close()


def test_an_entry_has_the_journals_fields_and_ours(sink, journal, notification):
    assert isinstance(sink.deliver([notification(labels={"team": "web"})]), Delivered)
    assert journal.entry() == {
        "MESSAGE": "5 failed logins from 203.0.113.9",
        "PRIORITY": "4",
        "MESSAGE_ID": "b625863c01b9475b9e1af66d06aad54d",
        "SYSLOG_IDENTIFIER": "logwatch",
        "LOGWATCH_RULE": "ssh-guessing",
        "LOGWATCH_ID": "b4c1f0",
        "LOGWATCH_SEQ": "1",
        "LOGWATCH_STATUS": "firing",
        "LOGWATCH_SEVERITY": "warning",
        "LOGWATCH_SOURCE": "auth",
        "LOGWATCH_PATH": "/var/log/auth.log",
        "LOGWATCH_HOST": "web1",
        "LOGWATCH_COUNT": "5",
        "LOGWATCH_SUPPRESSED": "0",
        "LOGWATCH_FIRST": "2026-01-05T01:00:00.000Z",
        "LOGWATCH_LAST": "2026-01-05T01:01:30.000Z",
        "LOGWATCH_AT": "2026-01-05T01:01:30.012Z",
        "LOGWATCH_KEY_IP": "203.0.113.9",
        "LOGWATCH_FIELD_IP": "203.0.113.9",
        "LOGWATCH_LABEL_TEAM": "web",
        "LOGWATCH_LINE": "Failed",
    }


@pytest.mark.parametrize("status", ["firing", "updated", "resolved"])
def test_each_status_has_a_message_id_of_its_own_for_ever(sink, journal, notification, status):
    sink.deliver([notification(status=status)])
    assert journal.entry()["MESSAGE_ID"] == MESSAGE_IDS[status]
    assert len(set(MESSAGE_IDS.values())) == 3


@pytest.mark.parametrize(
    ("severity", "priority"), [("info", "6"), ("warning", "4"), ("error", "3"), ("critical", "2")]
)
def test_the_priority_is_of_the_severity(sink, journal, notification, severity, priority):
    sink.deliver([notification(severity=severity)])
    assert journal.entry()["PRIORITY"] == priority


def test_a_message_of_several_alerts_says_so_and_names_them(sink, journal, notification):
    member = Member(
        id="77", seq=2, status="firing", rule="disk", severity="error", message="disk\nfull",
        source="s", host="h", key={}, count=1, first="", last="",
    )  # fmt: skip
    group = Group(
        kind="digest", by={}, alerts=12, burning=3, rules={"disk": 12}, members=(member, member)
    )
    sink.deliver([notification(group=group)])
    fields = journal.fields()
    assert ("LOGWATCH_GROUP", b"digest") in fields
    assert ("LOGWATCH_GROUP_ALERTS", b"12") in fields
    assert ("LOGWATCH_GROUP_BURNING", b"3") in fields
    assert fields.count(("LOGWATCH_MEMBER", "77:2 disk␊full".encode())) == 2


def test_a_record_of_several_lines_keeps_them_and_forges_no_field(sink, journal, notification):
    hostile = "Traceback\n  \x1b[2Jtwo\nPRIORITY=0\n_UID=0\n"
    line = AlertLine("/var/log/app.log", 0, "", hostile)
    sink.deliver([notification(lines=[line, line], message="a\nPRIORITY=0")])
    fields = journal.fields()
    shown = hostile.replace("\x1b", "␛").encode()
    assert [value for name, value in fields if name == "LOGWATCH_LINE"] == [shown, shown]
    assert ("MESSAGE", "a␊PRIORITY=0".encode()) in fields
    assert [value for name, value in fields if name == "PRIORITY"] == [b"4"]
    assert "_UID" not in dict(fields)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("user.name", "LOGWATCH_KEY_USER_NAME"),
        ("ß=\n", "LOGWATCH_KEY_SS__"),
        ("é", "LOGWATCH_KEY__"),
        ("x" * 100, "LOGWATCH_KEY_" + "X" * 51),
    ],
)
def test_a_name_that_the_journal_would_not_take_is_bent(name, shown):
    assert field_name(f"LOGWATCH_KEY_{name}") == shown


def test_an_entry_that_is_too_big_for_a_datagram_comes_as_a_sealed_file(
    sink, journal, notification
):
    lines = [AlertLine("/var/log/app.log", n, "", "€" * 60_000) for n in range(20)]
    assert isinstance(sink.deliver([notification(lines=lines)]), Delivered)
    data, file = journal.raw()
    assert data == b""
    with os.fdopen(file, "rb") as opened:
        seals = fcntl.fcntl(file, fcntl.F_GET_SEALS)
        opened.seek(0)
        fields = read_entry(opened.read())
    wanted = (fcntl.F_SEAL_SHRINK, fcntl.F_SEAL_GROW, fcntl.F_SEAL_WRITE, fcntl.F_SEAL_SEAL)
    assert all(seals & seal for seal in wanted)
    assert fields.count(("LOGWATCH_LINE", ("€" * 60_000).encode())) == 20
    assert fields[0] == ("MESSAGE", b"5 failed logins from 203.0.113.9")


def test_an_entry_is_bounded(alert):
    many = {f"name{n}": "x" for n in range(2000)}
    lines = [AlertLine("p", n, "", "y" * 100_000) for n in range(2000)]
    entry = format_entry(
        fields_of(
            alert(key=many, fields=many, labels=many, lines=lines, message="z" * 100_000), "x"
        )
    )
    fields = read_entry(entry)
    assert len(fields) < 1024
    assert sum(name.startswith("LOGWATCH_KEY_") for name, _ in fields) == MOST_NAMED
    assert max(len(value) for _, value in fields) < LONGEST_VALUE + 50


def test_entries_come_in_order(sink, journal, notification):
    sink.deliver([notification(seq=n) for n in range(1, 6)])
    assert [journal.entry()["LOGWATCH_SEQ"] for _ in range(5)] == ["1", "2", "3", "4", "5"]


def test_no_journal_is_worth_another_try_and_it_is_found_when_it_comes(tmp_path, notification):
    path = tmp_path / "socket"
    sink = JournaldSink(JournaldSettings(path=str(path)))
    outcome = sink.deliver([notification()])
    assert isinstance(outcome, Retry)
    assert outcome.reason == f"journal at {path}: No such file or directory"
    journal = Journal(path)
    assert isinstance(sink.deliver([notification()]), Delivered)
    assert journal.entry()["LOGWATCH_SEQ"] == "1"
    sink.close()
    journal.socket.close()


def test_a_journal_that_starts_anew_is_found_again(sink, journal, notification):
    sink.deliver([notification()])
    journal.socket.close()
    Path(journal.path).unlink()
    second = Journal(journal.path)
    assert isinstance(sink.deliver([notification(seq=2)]), Retry)
    assert isinstance(sink.deliver([notification(seq=2)]), Delivered)
    assert second.entry()["LOGWATCH_SEQ"] == "2"
    second.socket.close()


def test_a_journal_that_is_stuck_is_worth_another_try(sink, journal, notification, monkeypatch):
    monkeypatch.setattr("logwatch.sinks.journald.TIMEOUT", 0.05)
    outcome = sink.deliver([notification()] * 1000)
    assert isinstance(outcome, Retry)
    assert outcome.reason.endswith("timed out")


text = st.text(st.characters(codec=None))


@given(text, text, st.dictionaries(text, text, max_size=3), st.lists(text, max_size=3))
def test_whatever_the_texts_the_entry_is_well_formed(message, host, key, lines):
    alert = msgspec.convert(
        {"schema": 1, "id": "i", "seq": 1, "status": "firing", "rule": host, "severity": "error",
         "message": message, "source": "", "path": message, "host": host, "key": key, "fields": {},
         "count": 1, "suppressed": 0, "first": "", "last": "", "at": "", "late": False,
         "lines": [AlertLine("", 0, "", line) for line in lines]},
        Alert,
    )  # fmt: skip
    fields = read_entry(format_entry(fields_of(alert, "logwatch")))
    assert [name for name, _ in fields].count("MESSAGE_ID") == 1
    assert len(fields) == 17 + len(key) + len(lines)
    for _, value in fields:
        shown = value.decode().replace("\n", "")
        assert visible(shown) == shown


@pytest.mark.parametrize(
    "settings",
    [{"path": "socket"}, {"path": "/" + "x" * 200}, {"path": "/a\0b"}, {"identifier": "two words"}],
)
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(ValueError):
        JournaldSettings(**settings)


def test_a_url_names_the_journal():
    assert sink_from_url("journald:") == ("journald", JournaldSettings())
    assert sink_from_url("journald:/run/x") == ("journald", JournaldSettings(path="/run/x"))
