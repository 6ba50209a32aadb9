"""Stamps of single families of programs, which a line may begin with beside the common forms.

Each can be told from all else by how it is written, so no setting is needed; what can be read in
two ways (`05/01/2026`) is left to the source's `time_format`. Most logs have none of them: this is
loaded for the first line that begins as one of `timestamps._OTHERS`.
"""

from __future__ import annotations

import re
from datetime import tzinfo

from logwatch.parsers.stamp_parts import seconds_of

_CLOCK = r"(?P<H>[0-9]{2}):(?P<M>[0-9]{2}):(?P<S>[0-5][0-9]|60)(?![0-9])"
_FRACTION = r"(?:[.,](?P<f>[0-9]+))?"
_ZONE = (
    r"(?P<z> ?[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9](?![0-9:])| (?:UTC|GMT)\b|Z\b"
    r"| [A-Z][A-Za-z]+/[A-Za-z0-9/_+-]+)?"
)
_DAY_FIRST = (
    r"(?:[0-9]{1,7}:[A-Z] |[A-Z][a-z]{2}, )?(?P<d>[0-9]{1,2})([-/ ])(?P<b>[A-Z][a-z]{2})"
    rf"(?:\2(?P<Y>[0-9]{{4}}))?[ :]{_CLOCK}{_FRACTION}{_ZONE}"
)
"""`05-Jan-2026` of BIND, Tomcat and PHP, `05 Jan 2026` of log4j, `05/Jan/2026` of Kerio; Redis has
its pid and its role before it, and had no year once; RFC 2822 the day of the week."""
_MONTH_FIRST = (
    r"(?P<b>[A-Z][a-z]{2}) (?P<d> ?[0-9]{1,2}),? (?P<Y>[0-9]{4}),? (?P<H>[0-9]{1,2})"
    rf":(?P<M>[0-9]{{2}}):(?P<S>[0-5][0-9]|60)(?![0-9]){_FRACTION}(?: (?P<p>[AP]M)\b)?"
)
"""`Jan 05, 2026 1:00:00 AM` of java.util.logging, `Jan 05 2026 01:00:00` of Cisco."""
_KLOG = rf"[IWEF](?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}}) {_CLOCK}\.(?P<f>[0-9]{{6}})(?![0-9])"
_WITHOUT_SEPARATORS = (
    r"(?P<Y>20[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})[-T_ ](?P<H>[0-9]{2})(:?)(?P<M>[0-9]{2})"
    rf"\5(?P<S>[0-5][0-9]|60)(?![0-9]){_FRACTION}{_ZONE}"
)
"""ISO 8601's `20260105T010000Z` and relatives."""
_EPOCH = r"(?P<s>[12][0-9]{9})(?:\.(?P<f>[0-9]{1,9})(?= )|(?=\] ))"
"""`1767571200.123 ` of squid, `[1767571200] ` of Nagios; a number with a 0 ahead is another."""
_AUDIT = r"(?:(?:node=[^ ]+ )?type=[^ ]+ msg=)?audit\((?P<s>[0-9]{10})\.(?P<f>[0-9]{3}):[0-9]+\)"
_FORMS = tuple(
    re.compile(form).match
    for form in (_DAY_FIRST, _MONTH_FIRST, _KLOG, _WITHOUT_SEPARATORS, _EPOCH, _AUDIT)
)
_TAI64N = re.compile(r"@(4000000[0-9a-f]{9})([0-3][0-9a-f]{7})(?![0-9a-f])").match
_TAI_EPOCH = 2**62 + 10
"""The label of 1970, as multilog and svlogd have it, which know of no leap seconds."""


def other_stamp(text: str, at: int, tz: tzinfo, now: float) -> float | None:
    """The stamp that begins at character `at`; `tz` and `now` tell a missing zone and year."""
    for form in _FORMS:
        if found := form(text, at):
            return seconds_of(found.groupdict(), tz, now)
    if found := _TAI64N(text, at):
        return int(found[1], 16) - _TAI_EPOCH + int(found[2], 16) / 1e9
    return None
