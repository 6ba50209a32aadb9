"""Kind 11, value: a figure of a numeric field per key within a time is out of bounds.

The figure is the least, greatest, average, sum or a percentile (nearest rank) of the field over the
sliding window (t - T, t]. A record is a sample where the field is a number, or one with a unit of
time or size, as `where` reads it: next to a bound with a unit a bare number stands for seconds or
bytes, and a unit of the other sort is no sample. Neither is `-`, `null`, any other text or a
missing field: such records are skipped and counted, and change nothing.

When it fires and resolves is said in figure.py. Beyond 10,000 samples a key, percentiles are off by
1 % of the value at most, and the window reaches back T/32 more at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite

from logwatch import telemetry
from logwatch.quantities import quantity
from logwatch.records import Alert
from logwatch.rules.base import Hit, Now, RuleSettings
from logwatch.rules.figure import Bounds, Figure, FigureRule, FigureState
from logwatch.rules.kinds import Value
from logwatch.units import format_duration
from logwatch.windows.values import Values

_LONGEST_SECONDS = 1e12
"""Beyond this a duration is no longer told in days."""
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


class ValueState(FigureState, kw_only=True):
    """The samples of one key."""

    window: Values
    skipped: int = 0
    """Records that were no samples, since the last episode began."""


class ValueRule(FigureRule[ValueState]):
    """One rule and the samples of each of its keys."""

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, Value)
        self._kind = kind = settings.kind
        super().__init__(settings, ValueState, kind.window, host=host)
        self.bounds = Bounds(kind.above, kind.below, max(1, kind.minimum))
        written = quantity(kind.bound)
        self._unit = written.unit if written is not None else ""
        percentile = kind.measure.startswith("p")
        self._percent = float(kind.measure[1:]) if percentile else None

    def fresh(self) -> ValueState:
        """See `KeyedRule.fresh`."""
        return ValueState(samples=[], window=Values(self._length))

    def window_of(self, state: ValueState) -> Values:
        """See `WindowedRule.window_of`."""
        return state.window

    def on_hit(self, key: str, state: ValueState, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_hit`."""
        number = self._number_of(hit)
        if number is None:
            state.skipped += 1
            telemetry.count("rules.values_skipped")
            return ()
        time = hit.record.time
        moments = self.moments(state, time, now)
        if not moments:
            return ()
        state.window.add(time, number)
        if self.bounds.broken_by(number):
            self.keep_line(state, hit)
        alerts = self.joined(key, state, hit, moments, now)
        if state.fired_at in moments:
            state.skipped = 0
        return alerts

    def figure_at(self, state: ValueState, at: float) -> Figure:
        """See `FigureRule.figure_at`."""
        window = state.window
        size = window.count(at)
        if size < self.bounds.minimum:
            return Figure(0.0, size)
        number: float | None
        if self._percent is not None:
            number = window.percentile(at, self._percent)
        else:
            match self._kind.measure:
                case "min":
                    number = window.minimum(at)
                case "max":
                    number = window.maximum(at)
                case "sum":
                    number = window.total(at)
                case _:
                    number = window.average(at)
        return Figure(0.0 if number is None else number, size)

    def next_loss(self, state: ValueState, at: float) -> float | None:
        """See `FigureRule.next_loss`."""
        return state.window.next_loss(at)

    def story(self, figure: Figure) -> str:
        """See `FigureRule.story`."""
        kind = self._kind
        samples = f"{figure.size:,} sample{'' if figure.size == 1 else 's'}"
        return (
            f"{kind.measure} of {kind.field} is {self._written(figure.number)}"
            f" in {format_duration(kind.window)} ({samples})"
        )

    def bound_in_words(self, figure: Figure | None) -> str:
        """See `FigureRule.bound_in_words`."""
        above, below, _ = self.bounds
        if above is not None and below is not None:
            if figure is None or not self.bounds.broken_by(figure.number):
                return f"out of {self._written(below)} to {self._written(above)}"
            if figure.number > above:
                return f"above {self._written(above)}"
            return f"below {self._written(below)}"
        side, limit = ("above", above) if above is not None else ("below", below)
        return f"{side} {self._kind.bound or self._written(limit or 0.0)}"

    def values(self, state: ValueState) -> Mapping[str, object]:
        """See `KeyedRule.values`."""
        figure = Figure(*state.figure) if state.figure is not None else None
        return {
            "figure": self._written(figure.number) if figure is not None else None,
            "number": figure.number if figure is not None else None,
            "bound": self.bound_in_words(figure),
            "samples": figure.size if figure is not None else 0,
            "skipped": state.skipped,
        }

    def remembers(self, key: str, state: ValueState, now: Now) -> list[str]:
        """See `KeyedRule.remembers`."""
        own = super().remembers(key, state, now)
        if not state.skipped:
            return own
        were = "record was" if state.skipped == 1 else "records were"
        return [*own, f"{state.skipped:,} {were} skipped: no number in {self._kind.field}"]

    def _number_of(self, hit: Hit) -> float | None:
        """The sample that a record is, None where it is none."""
        name = self._kind.field
        text = hit.match.captures.get(name) or hit.record.fields.get(name)
        measured = quantity(text) if text else None
        if measured is None or (measured.unit and self._unit and measured.unit != self._unit):
            return None
        number = float(measured.value)
        return number if isfinite(number) else None

    def _written(self, number: float) -> str:
        """A number for people, in the unit of the bound."""
        if self._unit == "time":
            return _seconds(number)
        if self._unit == "size":
            return _bytes(number)
        return f"{number:,.0f}" if number.is_integer() else f"{number:,.6g}"


def _seconds(number: float) -> str:
    size = abs(number)
    if size >= _LONGEST_SECONDS:
        return f"{number:.4g}s"
    if size >= 60:
        return f"{'-' if number < 0 else ''}{format_duration(round(size))}"
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if size * factor >= 1 or unit == "µs":
            return f"{number * factor:.4g}{unit}"
    raise AssertionError


def _bytes(number: float) -> str:
    power = 0
    while abs(number) >= 1024 and power < len(_SIZES) - 1:
        number /= 1024
        power += 1
    return f"{number:.4g}{_SIZES[power]}"
