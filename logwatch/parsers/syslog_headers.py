"""How lines of syslog begin beside the two usual ways: with network devices, OpenWrt, `journalctl`.

All that is read here is what these write unasked or by one documented switch. Most logs have none
of it: this is loaded for the first line that begins so.
"""

from __future__ import annotations

import re
from datetime import tzinfo

from logwatch.parsers.stamp_parts import seconds_of
from logwatch.parsers.syslog import LEVEL
from logwatch.parsers.timestamps import StampReader

_BSD = re.compile(
    # Numbers, name and place, of Cisco as the mark of a clock that is not set.
    r"(?:(?:[0-9]{0,10}: ){1,2}(?:[A-Za-z][\w.-]*: )?)?(?:RP/[^ :]+:)?[*.]?"
    r"(?:[A-Z][a-z]{2} (?=[A-Z]))?(?:(?P<Y>[0-9]{4}) )?"
    r"(?P<b>[A-Z][a-z]{2}) {1,2}(?P<d>[0-9]{1,2}) (?:(?P<Y2>[0-9]{4}) )?"
    r"(?P<H>[0-9]{2}):(?P<M>[0-9]{2}):(?P<S>[0-5][0-9]|60)(?![0-9])(?:\.(?P<f>[0-9]+))?"
    r"(?: (?P<Y3>20[0-9]{2})(?= ))?(?: (?P<Z>[A-Z]{2,5})(?=: (?:[^ :\[]+\[[0-9]+\]: )?%))?"
).match
"""`45: *Feb  7 01:00:00.123 UTC` of IOS, `2026 Feb  7 01:00:00` of NX-OS, `Feb 07 2026 01:00:00` of
ASA, `Feb  7 01:00:00.123 2026` of Junos, `Sat Feb  7 01:00:00 2026` of OpenWrt; and `Feb 7`."""
_EPOCH = re.compile(r"(?P<s>[0-9]{10})\.(?P<f>[0-9]{6})(?= )").match
"""`journalctl -o short-unix`."""
_DAY_AND_ISO = re.compile(r"[A-Z][a-z]{2} (?=20[0-9]{2}-)").match
_ZONE = re.compile(r" [A-Z]{2,5}(?= )").match
"""`Sat 2026-02-07 01:00:00 CET`: `journalctl -o short-full`."""
_LEVEL = re.compile(rf"(?: \[[0-9]{{10}}\.[0-9]{{3}}\])? {LEVEL}(?= )").match


def other_header(
    text: str, at: int, stamps: StampReader, tz: tzinfo, now: float
) -> tuple[float | None, int]:
    """The stamp that begins at character `at`, and where it ends, a level behind it included."""
    if found := _DAY_AND_ISO(text, at):
        time, end = stamps.iso_with_end(text, found.end())
        zone = _ZONE(text, end)
        return time, zone.end() if zone else end
    found = _BSD(text, at) or _EPOCH(text, at)
    if found is None:
        return None, at
    parts = found.groupdict()
    parts["Y"] = parts.get("Y") or parts.get("Y2") or parts.get("Y3")
    level = _LEVEL(text, found.end())
    return seconds_of(parts, tz, now), (level or found).end()
