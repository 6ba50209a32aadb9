"""What value and ratio share: a figure of a key's window, and the bounds that it must keep.

The figure is looked at when a record joins the window, once the window holds `minimum` of them. So
a window that has not been watched for the whole of its length may fire as soon as that many came.
It fires when the figure is above `above` or below `below`, both exclusive, and resolves when the
figure is back within the bounds, or when fewer than `minimum` records are left ("no data"): at a
record, or when the window loses something, with no line needed.

An alert quotes lines that are themselves beyond the bound, where there are any, and the one that
made it fire. Its `count` is the number of records in the window when it fires, and grows by one
with each record after that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from logwatch.records import Alert, Status
from logwatch.rules.base import Hit, Now
from logwatch.rules.explaining import on_clock
from logwatch.rules.windowed import WindowedRule, WindowedState


class Bounds(NamedTuple):
    """What the figure of a window must keep within."""

    above: float | None
    below: float | None
    minimum: int
    """Records without which there is no figure; at least one."""

    def broken_by(self, figure: float) -> bool:
        """Whether the figure is beyond a bound; the bounds themselves are within."""
        if self.above is not None and figure > self.above:
            return True
        return self.below is not None and figure < self.below


class Figure(NamedTuple):
    """What a window comes to."""

    number: float
    size: int
    """Records in the window."""
    part: int = 0
    """Of a ratio: how many of them are of the part."""


class FigureState(WindowedState):
    """What is remembered of one key."""

    looked: float = 0.0
    """Event time at which the burning episode was looked at last."""
    figure: tuple[float, int, int] | None = None
    """What was told or is to be told, None for no data."""


F = TypeVar("F", bound=FigureState)


class FigureRule(WindowedRule[F]):
    """One rule that looks at a figure of each of its keys."""

    bounds: Bounds

    def figure_at(self, state: F, at: float) -> Figure:
        """What the window that ends at `at` comes to; its number is not asked for where empty."""
        raise NotImplementedError

    def next_loss(self, state: F, at: float) -> float | None:
        """When the window that ends at `at` first loses something, None for an empty one."""
        raise NotImplementedError

    def story(self, figure: Figure) -> str:
        """What the window comes to, in words."""
        raise NotImplementedError

    def bound_in_words(self, figure: Figure | None) -> str:
        """Which bound is broken, `above 800ms`; for None or a figure within them, what they are."""
        raise NotImplementedError

    def joined(
        self, key: str, state: F, hit: Hit, moments: tuple[float, ...], now: Now
    ) -> Iterable[Alert]:
        """Look at the window that a record has joined."""
        if state.episode is not None:
            self.go_on_with(state, hit)
            return self._look_again(key, state, moments[-1], now)
        for at in moments:
            figure = self.figure_at(state, at)
            if self._breaks(figure):
                state.figure, state.looked = figure, at
                return self.begin_with(key, state, hit, at, now, count=figure.size)
        return ()

    def on_deadline(self, key: str, state: F, at: float, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_deadline`."""
        return self._look_again(key, state, at, now) if state.episode is not None else ()

    def ends_at(self, state: F) -> float:
        """See `WindowedRule.ends_at`: the next moment at which the figure may change."""
        soonest = self.held_until(state, state.looked)
        if soonest > state.looked:
            return soonest
        loss = self.next_loss(state, state.looked)
        return state.looked if loss is None else loss

    def stock_message(self, key: str, state: F, status: Status) -> str:
        """See `KeyedRule.stock_message`."""
        if state.figure is None:
            return f"no data: fewer than {self.bounds.minimum:,} records are left"
        figure = Figure(*state.figure)
        bound = self.bound_in_words(figure)
        within = "" if self.bounds.broken_by(figure.number) else "no longer "
        return f"{self.story(figure)}, {within}{bound}"

    def remembers(self, key: str, state: F, now: Now) -> list[str]:
        """See `KeyedRule.remembers`."""
        figure, minimum = self.figure_at(state, now.event), self.bounds.minimum
        newest = self.window_of(state).newest
        last = "" if newest is None else f", the last at {on_clock(newest, now.wall)}"
        if figure.size < minimum:
            return [
                f"{figure.size:,} of the {minimum:,} records without which nothing is said{last}"
            ]
        return [f"{self.story(figure)}, fires {self.bound_in_words(None)}{last}"]

    def _look_again(self, key: str, state: F, at: float, now: Now) -> Iterable[Alert]:
        state.looked = at
        figure = self.figure_at(state, at)
        if self._breaks(figure):
            state.figure = figure
            return ()
        if self.held_until(state, at) > at:
            return ()
        state.figure = figure if figure.size >= self.bounds.minimum else None
        return [self.end(key, state, at, now)]

    def _breaks(self, figure: Figure) -> bool:
        return figure.size >= self.bounds.minimum and self.bounds.broken_by(figure.number)
