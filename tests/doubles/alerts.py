"""Alerts made up for tests."""

from __future__ import annotations

from typing import Any

from logwatch.records import SCHEMA, Alert, AlertLine, Member


def alert(**changes: Any) -> Alert:
    """An alert like the one in the contract, with `changes`."""
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "id": "b4c1f0aa55aa55aa",
        "seq": 1,
        "status": "firing",
        "rule": "ssh-guessing",
        "severity": "warning",
        "message": "5 failed logins from 203.0.113.9, last user root",
        "source": "auth",
        "path": "/var/log/auth.log",
        "host": "web1",
        "key": {"ip": "203.0.113.9"},
        "fields": {"user": "root", "ip": "203.0.113.9"},
        "count": 5,
        "suppressed": 0,
        "first": "2026-01-05T01:00:00.000Z",
        "last": "2026-01-05T01:01:30.000Z",
        "at": "2026-01-05T01:01:30.012Z",
        "late": False,
        "lines": [AlertLine("/var/log/auth.log", 1234, "2026-01-05T01:01:30.000Z", "Failed …")],
    }
    return Alert(**values | changes)


MEMBER = Member(
    id="m1",
    seq=1,
    status="firing",
    rule="disk-error",
    severity="critical",
    message="I/O error, dev sdb",
    source="kern",
    host="db1",
    key={"dev": "sdb"},
    count=12,
    first="2026-01-05T01:00:00.000Z",
    last="2026-01-05T01:01:30.000Z",
)
"""One of those that a message for several stands for."""
