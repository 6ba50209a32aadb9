"""Alerts as sinks get them."""

from __future__ import annotations

from logwatch.records import SCHEMA, Alert, AlertLine, Notification, encode_alert


def make_alert(**changes) -> Alert:
    values = {
        "schema": SCHEMA,
        "id": "b4c1f0",
        "seq": 1,
        "status": "firing",
        "rule": "ssh-guessing",
        "severity": "warning",
        "message": "5 failed logins from 203.0.113.9",
        "source": "auth",
        "path": "/var/log/auth.log",
        "host": "web1",
        "key": {"ip": "203.0.113.9"},
        "fields": {"ip": "203.0.113.9"},
        "count": 5,
        "suppressed": 0,
        "first": "2026-01-05T01:00:00.000Z",
        "last": "2026-01-05T01:01:30.000Z",
        "at": "2026-01-05T01:01:30.012Z",
        "late": False,
        "lines": [AlertLine("/var/log/auth.log", 1234, "2026-01-05T01:01:30.000Z", "Failed")],
    }
    return Alert(**(values | changes))


def make_notification(**changes) -> Notification:
    alert = make_alert(**changes)
    return Notification(alert.seq, encode_alert(alert))
