"""What each sink for people sends, byte for byte as somebody last looked at it.

`LOGWATCH_WRITE_GOLDEN=1 pytest tests/sinks/test_golden_messages.py` writes the files anew.
"""

from __future__ import annotations

import json

import msgspec
import pytest
from doubles import golden
from doubles.alerts import alert
from doubles.scripted_server import answer

from logwatch.records import AlertContext, AlertLine, Group, Member, Notification, encode_alert
from logwatch.sinks import KINDS

SETTINGS = {
    "slack": lambda url: {"url": url},
    "teams": lambda url: {"url": url},
    "discord": lambda url: {"url": url},
    "telegram": lambda url: {"token": "1:a", "chat_id": -100, "url": url},
    "ntfy": lambda url: {"topic": "ops", "tags": ["logwatch"], "url": url},
}
LINES = [
    AlertLine("/var/log/kern.log", 900, "2026-01-05T01:00:00.000Z", "sdb: I/O error, sector 7 <1>"),
    AlertLine("/var/log/kern.log", 980, "2026-01-05T01:00:02.000Z", "sdb: *hard* resetting link"),
]
DISK = {
    "rule": "disk-error",
    "severity": "critical",
    "message": "I/O error, dev sdb",
    "source": "kern",
    "path": "/var/log/kern.log",
    "host": "db1",
    "key": {"dev": "sdb"},
    "fields": {"dev": "sdb", "sector": "7"},
    "count": 12,
    "lines": LINES,
    "labels": {"team": "storage", "runbook": "https://wiki.example.org/disk?x=1&y=2"},
    "context": AlertContext(
        before=(AlertLine("/var/log/kern.log", 820, "", "sdb: link is slow to respond"),),
        after=(AlertLine("/var/log/kern.log", 940, "", "sdb: timing out command"),),
    ),
}


def member(number, **changes):
    values = {
        "id": f"m{number}",
        "seq": 1,
        "status": "firing",
        "rule": "ssh-guessing",
        "severity": "warning",
        "message": f"5 failed logins from 203.0.113.{number}",
        "source": "auth",
        "host": "db1",
        "key": {"ip": f"203.0.113.{number}"},
        "count": 5,
        "first": "2026-01-05T01:00:00.000Z",
        "last": "2026-01-05T01:01:30.000Z",
    }
    return Member(**values | changes)


CASES = {
    "firing": DISK,
    "updated": DISK | {"status": "updated", "seq": 2, "count": 40, "suppressed": 3},
    "resolved": DISK
    | {"status": "resolved", "seq": 3, "message": "resolved after 12m: I/O error, dev sdb"}
    | {"lines": [], "context": AlertContext()},
    "group": {
        "rule": "<several>",
        "severity": "critical",
        "message": "12 alerts: ssh-guessing 10, disk-error 2; newest: I/O error, dev sdb",
        "source": "<several>",
        "path": "<several>",
        "host": "db1",
        "key": {},
        "fields": {},
        "count": 74,
        "lines": LINES,
        "group": Group(
            kind="group",
            by={"host": "db1"},
            alerts=12,
            burning=2,
            rules={"ssh-guessing": 10, "disk-error": 2},
            members=(
                member(
                    1,
                    rule="disk-error",
                    severity="critical",
                    message="I/O error, dev sdb",
                    source="kern",
                    count=12,
                ),
                member(7),
                member(8, status="resolved", message="resolved after 30s: 5 failed logins"),
            ),
        ),
    },
    "test": {
        "rule": "logwatch.test",
        "severity": "info",
        "message": "[TEST] a test message",
        "source": "logwatch",
        "path": "",
        "host": "db1",
        "key": {},
        "fields": {},
        "count": 1,
        "lines": [],
        "labels": {"test": "true"},
        "first": "2026-01-05T01:00:00.000Z",
        "last": "2026-01-05T01:00:00.000Z",
    },
}


@pytest.mark.parametrize("case", sorted(CASES))
@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_message_is_as_it_was(name, case, server):
    receiver = server(answer(200, body=b"ok"))
    kind = KINDS[name]
    sink = kind.make(msgspec.convert(SETTINGS[name](receiver.url("")), kind.settings))
    sink.deliver([Notification(1, encode_alert(alert(**CASES[case])))])
    sink.close()
    (request,) = receiver.requests
    body = json.dumps(json.loads(request.body), indent=2, ensure_ascii=False)
    golden.check(f"{name}-{case}.json", f"{body}\n")


def test_no_file_is_left_of_what_is_not_sent():
    names = {f"{name}-{case}.json" for name in SETTINGS for case in CASES}
    ours = {path.name for path in golden.FOLDER.iterdir() if path.name.split("-")[0] in SETTINGS}
    assert ours == names
