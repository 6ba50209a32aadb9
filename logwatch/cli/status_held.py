"""Silences, mutes and what waits to be told, for the screen of `logwatch status`."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from logwatch.cli.figures import epoch, number, rough
from logwatch.daemon.health import HeldStatus

_NAMED = 3
"""Alerts that are named where there may be many."""


def silences_in_words(held: HeldStatus, now: float) -> Iterator[str]:
    """A line for each silence in force."""
    for each in held.silences:
        ends = [f"ends in {rough(ceil(epoch(each.until) - now))}"] if each.until else []
        if each.until_resolved:
            names = " ".join(name[:6] for name in each.until_resolved[:_NAMED])
            more = len(each.until_resolved) - _NAMED
            ends.append(f"ends with {names}" + (f" and {more:,} more" if more > 0 else ""))
        about = f"{' '.join(each.matchers)}, by {each.author}"
        why = f": {each.comment}" if each.comment else ""
        yield f"#{each.number} {' or '.join(ends)}; {about}{why}"


def held_in_words(held: HeldStatus) -> Iterator[str]:
    """What is not told now, in one line; nothing where all is."""
    parts = [f"mute {name} is in force" for name in held.mutes]
    if held.withheld:
        parts.append(f"{number(held.withheld, 'alert')} hidden that {_burn(held.withheld)}")
    if held.groups:
        parts.append(f"{number(held.groups, 'group')} open")
    for sink, waiting in held.paced.items():
        verb = "waits" if waiting == 1 else "wait"
        parts.append(f"{number(waiting, 'alert')} for {sink} {verb} for its rate or the backlog")
    if parts:
        yield ", ".join(parts)


def _burn(count: int) -> str:
    return "burns" if count == 1 else "burn"
