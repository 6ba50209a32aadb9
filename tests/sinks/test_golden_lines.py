"""What the sinks that speak no HTTP write, byte for byte as somebody last looked at it.

`LOGWATCH_WRITE_GOLDEN=1 pytest tests/sinks/test_golden_lines.py` writes the files anew.
"""

from __future__ import annotations

import io
import time
from email import message_from_bytes, policy

import pytest
from doubles import golden
from doubles.alerts import alert
from doubles.golden_cases import CASES

from logwatch.records import Notification, encode_alert
from logwatch.sinks.console import ConsoleSettings, ConsoleSink
from logwatch.sinks.journald import fields_of, format_entry
from logwatch.sinks.mail_message import Mailbox, compose
from logwatch.sinks.syslog import format_message
from logwatch.sinks.wording import words


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def console(one):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    sink = ConsoleSink(ConsoleSettings(), stream, color=False)
    sink.deliver([Notification(1, encode_alert(one))])
    return stream.buffer.getvalue().decode()


def smtp(one):
    mail = compose(
        one,
        words(one),
        sender=Mailbox("logwatch@web1.example.org", "logwatch"),
        recipients=[Mailbox("ops@example.org")],
        wall=1_767_574_890.0,
    )
    # As a mail program reads it: how lines are folded is up to the version of Python.
    read = message_from_bytes(mail.as_bytes(), policy=policy.default)
    headers = [f"{name}: {value}" for name, value in read.items()]
    bodies = [read.get_body((kind,)).get_content() for kind in ("plain", "html")]
    return "\n\n".join(["\n".join(headers), *bodies]).replace("\r\n", "\n")


def journald(one):
    return format_entry(fields_of(one, "logwatch")).decode()


def syslog(one):
    shown = format_message(one, facility=3, app_name="logwatch", process=812).decode()
    return f"{shown}\n"


MADE = {"console": console, "smtp": smtp, "journald": journald, "syslog": syslog}


@pytest.mark.parametrize("case", sorted(CASES))
@pytest.mark.parametrize("name", sorted(MADE))
def test_what_is_written_is_as_it_was(name, case):
    golden.check(f"{name}-{case}.txt", MADE[name](alert(**CASES[case])))


def test_no_file_is_left_of_what_is_not_written():
    ours = {path.name for path in golden.FOLDER.iterdir() if path.name.split("-")[0] in MADE}
    assert ours == {f"{name}-{case}.txt" for name in MADE for case in CASES}
