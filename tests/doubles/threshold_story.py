"""What a rule over a window tells, computed naively: the model of several kinds of rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def threshold_story(
    lines: list[tuple[float, Any]],
    seen: list[tuple[float, Any]],
    broken: Callable[[float], bool],
    window: float,
    *,
    hold: float,
    cooldown: float,
) -> list[tuple[str, float]]:
    """Status and event time of each message over `lines` in order.

    `broken` says whether the limit is broken at a time, of the lines in `seen`, which fills here.
    """
    news: list[tuple[str, float]] = []
    fired, burns, looked = None, False, -1.0

    def pass_to(upto: float) -> None:
        nonlocal burns
        assert fired is not None
        for at in sorted({fired + hold} | {time + window for time, _ in seen}):
            if burns and max(fired + hold, looked) <= at <= upto and at > fired and not broken(at):
                news.append(("resolved", at))
                burns = False

    for time, mark in lines:
        if burns:
            pass_to(time)
        seen.append((time, mark))
        looked = time
        if burns:
            if not broken(time) and time >= fired + hold:
                news.append(("resolved", time))
                burns = False
        elif broken(time) and (fired is None or time - fired >= cooldown):
            fired, burns = time, True
            news.append(("firing", time))
    if burns:
        pass_to(1e9)
    return news
