"""Alerts of every kind, as changes to an ordinary one: what golden files show for each sink."""

from __future__ import annotations

from logwatch.records import AlertContext, AlertLine, Group, Member

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
