"""Kind 11, ratio: the share of some records among all of a rule per key within a time.

Both are counted over the sliding window (t - T, t]: all records that the rule looks at, and those
of them that `of` takes too. A record that is both is fed twice, first as one of the part.

When it fires and resolves is said in figure.py. Beyond 10,000 records a key the window reaches back
T/32 more at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from logwatch.records import Alert
from logwatch.rules.base import Hit, Now, RuleSettings
from logwatch.rules.figure import Bounds, Figure, FigureRule, FigureState
from logwatch.rules.kinds import Ratio
from logwatch.units import format_duration
from logwatch.windows.shares import Shares


class RatioState(FigureState, kw_only=True):
    """The records of one key."""

    window: Shares
    part: tuple[str, int] | None = None
    """File identity and offset of the latest record of the part: it comes again, as one of all."""


class RatioRule(FigureRule[RatioState]):
    """One rule and the records of each of its keys."""

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, Ratio)
        self._kind = kind = settings.kind
        super().__init__(settings, RatioState, kind.window, host=host)
        self.bounds = Bounds(kind.above, kind.below, max(1, kind.minimum))

    def fresh(self) -> RatioState:
        """See `KeyedRule.fresh`."""
        return RatioState(samples=[], window=Shares(self._length))

    def window_of(self, state: RatioState) -> Shares:
        """See `WindowedRule.window_of`."""
        return state.window

    def on_hit(self, key: str, state: RatioState, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_hit`."""
        place = (hit.batch.checkpoint.identity, hit.record.offset)
        if hit.part == 0:
            state.part = place
            return ()
        is_part = state.part == place
        state.part = None
        time = hit.record.time
        moments = self.moments(state, time, now)
        if not moments:
            return ()
        state.window.add(time, is_part)
        if is_part == (self._kind.above is not None):
            self.keep_line(state, hit)
        return self.joined(key, state, hit, moments, now)

    def figure_at(self, state: RatioState, at: float) -> Figure:
        """See `FigureRule.figure_at`."""
        part, total = state.window.counts(at)
        return Figure(part / total if total else 0.0, total, part)

    def next_loss(self, state: RatioState, at: float) -> float | None:
        """See `FigureRule.next_loss`."""
        return state.window.next_loss(at)

    def story(self, figure: Figure) -> str:
        """See `FigureRule.story`."""
        window = format_duration(self._kind.window)
        return f"{_percent(figure.number)} ({figure.part:,} of {figure.size:,}) in {window}"

    def bound_in_words(self, figure: Figure | None) -> str:
        """See `FigureRule.bound_in_words`."""
        above, below, _ = self.bounds
        if above is not None and below is not None:
            if figure is None or not self.bounds.broken_by(figure.number):
                return f"out of {_percent(below)} to {_percent(above)}"
            return (
                f"above {_percent(above)}" if figure.number > above else f"below {_percent(below)}"
            )
        return (
            f"above {_percent(above)}" if above is not None else f"below {_percent(below or 0.0)}"
        )

    def values(self, state: RatioState) -> Mapping[str, object]:
        """See `KeyedRule.values`."""
        figure = Figure(*state.figure) if state.figure is not None else None
        return {
            "share": _percent(figure.number) if figure is not None else None,
            "part": figure.part if figure is not None else 0,
            "total": figure.size if figure is not None else 0,
            "bound": self.bound_in_words(figure),
        }


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
