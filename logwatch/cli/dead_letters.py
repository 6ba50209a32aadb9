"""Dead letters in words: messages that a sink will not take, or that became too old."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from logwatch.cli.figures import number
from logwatch.rules.explaining import on_clock
from logwatch.sinks.plain_text import visible
from logwatch.stamps import rfc3339
from logwatch.store.reader import DeadAlert


def in_words(letters: Sequence[DeadAlert], now: float) -> Iterator[str]:
    """A line for each, the oldest alert first, and how to send them again."""
    for each in reversed(letters):
        alert = each.alert
        when = f"{on_clock(each.at, now)}  " if each.at else ""
        name = f"{alert.id[:6]}:{alert.seq} {alert.status}"
        tries = number(each.attempts, "try", "tries")
        yield visible(f"{when}{each.sink}  {name}  given up after {tries}: {each.reason}")
        yield visible(f"    {alert.rule}: {alert.message}")
    sinks = sorted({each.sink for each in letters})
    if not sinks:
        yield "no dead letters: every sink took what it was sent, or still has to"
    for sink in sinks:
        yield f"once more: logwatch send {sink} --dead"


def as_builtins(letter: DeadAlert) -> dict[str, Any]:
    """What programs get of one."""
    return {
        "sink": letter.sink,
        "attempts": letter.attempts,
        "reason": letter.reason,
        "given_up": _stamp(letter.at),
        "alert": msgspec.to_builtins(letter.alert),
    }


def _stamp(at: float) -> str | None:
    return rfc3339(at) if at else None
