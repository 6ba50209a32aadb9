"""Runs one history of lines without and with restarts, for the tests of all kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from doubles.rules import Bench
from logwatch.records import Alert, encode_alert
from logwatch.rules.base import RuleSettings


class Step(NamedTuple):
    """One line of a history: `gap` seconds after the one before, stamped `behind` earlier."""

    gap: float
    behind: float
    words: Mapping[str, Any]
    restart: bool = False
    """Whether the daemon starts anew just before this line."""


def histories(
    words: st.SearchStrategy[Mapping[str, Any]],
    *,
    gaps: Sequence[float] = (0, 0, 1, 2, 3, 10, 30, 61, 300),
    behind: Sequence[float] = (0, 0, 0, 0, 1, 15, 100, 400),
    most: int = 40,
) -> st.SearchStrategy[list[Step]]:
    """Lines with the `words` that `Bench.line` takes, now and then late, now and then a restart."""
    return st.lists(
        st.builds(Step, st.sampled_from(gaps), st.sampled_from(behind), words, st.booleans()),
        max_size=most,
    )


def alerts_of(
    settings: RuleSettings,
    history: Sequence[Step],
    *,
    restarts: bool,
    backlog: bool = False,
    max_keys: int = 100_000,
    rest: float = 100_000,
    feed: Callable[[Bench, float, Mapping[str, Any]], object] | None = None,
) -> list[Alert]:
    """Everything that a rule tells about a history, and for `rest` seconds after it."""
    bench = Bench(settings, max_keys=max_keys)
    clock = 0.0
    for step in history:
        clock += step.gap
        bench.until(clock)
        if restarts and step.restart:
            bench.restart()
        if feed is not None:
            feed(bench, clock - step.behind, step.words)
        else:
            bench.line(clock - step.behind, backlog=backlog, **step.words)
    if restarts:
        bench.restart()
    bench.until(clock + rest)
    return bench.alerts


def same_with_restarts(settings: RuleSettings, history: Sequence[Step], **options: Any) -> None:
    """Assert that restarts change not one byte of what is told."""
    without = alerts_of(settings, history, restarts=False, **options)
    with_them = alerts_of(settings, history, restarts=True, **options)
    assert list(map(encode_alert, with_them)) == list(map(encode_alert, without))
