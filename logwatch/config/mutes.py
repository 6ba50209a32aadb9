"""`mutes:` -> what is not told, and when; hours and times checked, and whether it ever holds."""

from __future__ import annotations

from logwatch.alerts.mute_settings import MuteSettings
from logwatch.config.alert_conditions import Asked
from logwatch.config.dates import date_time
from logwatch.config.found import Found
from logwatch.config.keys import MuteKeys
from logwatch.config.names import Names
from logwatch.config.problems import Report
from logwatch.schedule import Schedule, parse_schedule

_END = "write until: 2026-01-06T04:00:00+01:00"


def build_mute(asked: Asked[MuteKeys], names: Names, report: Report) -> MuteSettings | None:
    """The settings of one mute; None after reporting why it cannot be."""
    found, keys = asked.found, asked.found.value
    sound = not found.broken
    if found.sound("name") and "name" in found.given:
        sound &= names.add(keys.name, found.place("name"), report)
    else:
        names.complete = False
    every, every_known = found.read("every", keys.every, parse_schedule, report)
    begin, begin_known = found.read("from", keys.begin, date_time, report)
    end, end_known = found.read("until", keys.until, date_time, report)
    if not (sound and every_known and begin_known and end_known) or asked.where is None:
        return None
    if begin is not None and end is not None and end <= begin:
        place = found.place("until")
        report.error(place, "bad-value", "the mute ends before it begins", "exchange the two")
        return None
    return MuteSettings(
        name=keys.name,
        condition=asked.where,
        every=every,
        begin=begin,
        end=end,
        then=keys.then,
        defined_at=found.place().short,
    )


def warn_of_mute(
    found: Found[MuteKeys], mute: MuteSettings, now: float | None, report: Report
) -> None:
    """Warn of a mute that never holds, and of one that never ends.

    `now` is wall time, where it is known.
    """
    name, from_now = f"mute {mute.name!r}", [time for time in (mute.begin, now) if time is not None]
    if mute.end is not None and now is not None and mute.end <= now:
        message = f"{name} is over and never holds again"
        report.warning(found.place("until"), "unused", message, "remove it, or give it a later end")
    elif mute.end is not None and from_now and not _holds_after(mute, max(from_now)):
        message = f"none of these hours lies before the end of {name}"
        report.warning(found.place("every"), "unused", message, "give it a later end, or others")
    elif mute.end is None and _is_always(mute.every):
        message = f"{name} never ends{'' if mute.begin is None else ', once it has begun'}"
        place = found.place("every") if mute.every else found.place("name")
        report.warning(place, "no-end", message, f"{_END}, or every: 'Tue 02:00-04:00'")


def _is_always(every: Schedule | None) -> bool:
    """Whether the hours are all that there are."""
    return every is None or (every.covers(0.0) and every.next_change(0.0) is None)


def _holds_after(mute: MuteSettings, time: float) -> bool:
    return mute.covers(time) or mute.next_change(time) is not None
