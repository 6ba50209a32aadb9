"""docs/routing.md: the message on the page is what the route on the page gives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import yaml
from doubles.groups import GroupScene

from logwatch.alerts.digest import parse_calendar
from logwatch.records import encode_alert
from logwatch.units import parse_duration

PAGE = (Path(__file__).parents[2] / "docs/routing.md").read_text()


def test_the_message_on_the_page_is_what_its_route_gives():
    """Five failed logins, and 12 s later a disk error."""
    [shown, *_] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    [route, *_] = re.findall(r"```yaml\n(routes:.*?)```", PAGE, re.DOTALL)
    entry: dict[str, Any] = yaml.safe_load(route)["routes"][0]
    durations = {name: parse_duration(entry[name]) for name in ("wait", "updates", "remind")}
    scene = GroupScene(group=tuple(entry["group"]), **durations)
    logins: dict[str, Any] = {
        "first": "2026-01-05T00:00:00.000Z",
        "last": "2026-01-05T00:00:00.000Z",
        "lines": [],
    }
    disk: dict[str, Any] = {
        "rule": "disk-error",
        "severity": "error",
        "source": "kern",
        "path": "/var/log/kern.log",
        "message": "I/O error, dev sda, sector 2048",
        "key": {"device": "sda"},
        "fields": {"device": "sda"},
        "count": 1,
        "first": "2026-01-05T00:00:12.000Z",
        "last": "2026-01-05T00:00:12.000Z",
        "lines": [],
    }
    scene.fire(id="5c1e0f7a9b3d2e48", **logins)
    scene.pass_time(12)
    scene.event(id="0d9b64f1c27a8e35", **disk)
    scene.pass_time(18)
    [message] = scene.messages
    told = msgspec.json.decode(encode_alert(message))
    page = msgspec.json.decode(shown.encode())
    assert told | {"id": ""} == page | {"id": ""}
    assert len(page["id"]) == len(told["id"])


def test_each_calendar_on_the_page_is_one():
    """As it is written there."""
    written = re.findall(r"`((?:hourly|daily|weekly)[^`]*)`", PAGE)
    assert len(written) >= 6
    for text in written:
        assert parse_calendar(text).text == text
