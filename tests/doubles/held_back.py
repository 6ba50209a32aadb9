"""A bench on which event time stays where it is, as when one of the sources of a rule lags."""

from __future__ import annotations

from doubles.rules import START, Bench
from logwatch.records import Alert
from logwatch.rules.base import RuleSettings


class HeldBack(Bench):
    """Takes records of any time while event time stands still, until it is let go."""

    def __init__(self, settings: RuleSettings, *, max_keys: int = 100_000) -> None:
        self.held: float | None = None
        super().__init__(settings, max_keys=max_keys)

    def early(self, at: float, event: float, text: str = "boom", **how) -> list[Alert]:
        """A record of `at` that comes while event time has only come to `event`."""
        self.held = event
        alerts = self.line(at, text, backlog=True, **how)
        self.held, self.lag = None, 0.0
        return alerts

    def _set(self, event: float) -> None:
        super()._set(event if self.held is None else START + self.held)
