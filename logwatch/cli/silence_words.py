"""Silences in words, and as what programs get."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

from logwatch.alerts.conditions import written_matcher
from logwatch.alerts.silences import Silence
from logwatch.cli.figures import number, rough
from logwatch.rules.explaining import on_clock
from logwatch.stamps import rfc3339

if TYPE_CHECKING:
    from logwatch.cli.silence_preview import Preview  # loads what reads the configuration

MOST_NAMED = 5
"""Alerts that are named by their ids."""
SHORT = 6
"""Characters of an id, as `logwatch alerts` shows it."""


def preview_in_words(preview: Preview, *, would: bool = False) -> str:
    """`hides 1 firing alert now (7f3a02); in the last 7 days it would have hidden 6 of 53`."""
    if preview.problem:
        return f"what it hides is not known: {preview.problem}"
    verb = "would hide" if would else "hides"
    named = " ".join(each[:SHORT] for each in preview.firing[:MOST_NAMED])
    more = len(preview.firing) - MOST_NAMED
    names = f" ({named}{f' and {more:,} more' if more > 0 else ''})" if named else ""
    now = f"{verb} {number(len(preview.firing), 'firing alert')} now{names}"
    if not preview.firing:
        now = f"{verb} no firing alert now"
    hidden = f"{preview.last_7_days:,} of {preview.of:,}"
    return f"{now}; in the last 7 days it would have hidden {hidden}"


def made_in_words(silence: Silence, now: float) -> str:
    """What was made, and how to end it."""
    after = "What still burns then will be told."
    if silence.until is None:
        after = ""
    end = f"End it: logwatch silence end {silence.number}."
    return f"{silence.name} {_end(silence, now)}. {end} {after}".rstrip()


def ended_in_words(silence: Silence, *, told_now: bool) -> str:
    """What was ended, and what follows."""
    told = "now" if told_now else "with the next start: no daemon runs"
    hid = number(silence.hid, "message")
    return f"{silence.name} is over; it hid {hid}. What still burns is told {told}."


def listed_in_words(silences: Sequence[Silence], now: float, over: int) -> Iterator[str]:
    """A line for each."""
    for silence in silences:
        where = matchers(silence)
        why = f": {silence.comment}" if silence.comment else ""
        name = f"#{silence.number}"
        hid = number(silence.hid, "message")
        yield f"{name:<5}{_end(silence, now)}  {where}  hid {hid}  by {silence.author}{why}"
    if not silences:
        yield "no silence is in force" if over else "there is no silence"
    if over:
        yield f"{number(over, 'silence')} of the last 7 days over; --all lists them"


def matchers(silence: Silence) -> str:
    """Its conditions as they may be typed."""
    return shlex.join(written_matcher(condition) for condition in silence.where)


def as_builtins(silence: Silence, now: float) -> dict[str, Any]:
    """What programs get of it; times in RFC 3339."""
    ended = silence.ended
    return {
        "number": silence.number,
        "matchers": [written_matcher(condition) for condition in silence.where],
        "author": silence.author,
        "comment": silence.comment,
        "in_force": silence.in_force(now),
        "begin": rfc3339(silence.begin),
        "until": None if silence.until is None else rfc3339(silence.until),
        "until_resolved": silence.episodes,
        "ended": None if ended is None else rfc3339(ended),
        "ended_by": silence.ended_by,
        "hid": silence.hid,
    }


def _end(silence: Silence, now: float) -> str:
    """`until 17:12 (38m)`, `until 7f3a02 is resolved`, `ended 15:02:11 by ann`."""
    if not silence.in_force(now):
        ended = silence.until if silence.ended is None else silence.ended
        by = f" by {silence.ended_by}" if silence.ended_by else ""
        return f"ended {on_clock(ended or now, now)}{by}"
    ends = []
    if silence.until is not None:
        left = rough(ceil(silence.until - now))
        ends.append(f"{on_clock(silence.until, now).removesuffix(':00')} ({left})")
    if silence.episodes is not None:
        named = " ".join(each[:SHORT] for each in silence.episodes[:MOST_NAMED])
        more = len(silence.episodes) - MOST_NAMED
        others = f" and {more:,} more" if more > 0 else ""
        verb = "is" if len(silence.episodes) == 1 else "are"
        ends.append(f"{named}{others} {verb} resolved")
    return f"until {' or '.join(ends)}"
