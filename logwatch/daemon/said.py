"""Says the same of many messages at most once a second, and of how many it is true."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from logwatch import telemetry
from logwatch.records import Notification

SAY_SECONDS = 1.0


class Said:
    """What one sink's thread says of messages that do not go their way."""

    def __init__(self, *, sink: str) -> None:
        self._sink = sink
        self._said_at: dict[str, float] = {}
        """Event -> steady time at which it was said."""
        self._unsaid: dict[str, tuple[Callable[..., None], dict[str, Any]]] = {}

    def error(self, event: str, batch: Sequence[Notification], now: float, **why: str) -> None:
        """Say `event` of `batch` as an error, now or together with others."""
        self._say(telemetry.error, event, batch, now, why)

    def warning(self, event: str, batch: Sequence[Notification], now: float, **why: str) -> None:
        """Say `event` of `batch` as a warning, now or together with others."""
        self._say(telemetry.warning, event, batch, now, why)

    def flush(self, now: float | None = None) -> None:
        """Say what has waited for long enough, or (None) all."""
        for event in list(self._unsaid):
            if now is None or now >= self._said_at[event] + SAY_SECONDS:
                say, fields = self._unsaid.pop(event)
                say(event, **fields)
                self._said_at[event] = self._said_at[event] if now is None else now

    def deadline(self) -> float | None:
        """When there is something to `flush`."""
        return min((self._said_at[event] + SAY_SECONDS for event in self._unsaid), default=None)

    def _say(
        self,
        say: Callable[..., None],
        event: str,
        batch: Sequence[Notification],
        now: float,
        why: dict[str, str],
    ) -> None:
        before = self._unsaid.pop(event, (say, {"count": 0}))[1]["count"]
        fields = {"sink": self._sink, "alert": batch[-1].idempotency_key, **why}
        self._unsaid[event] = say, {**fields, "count": before + len(batch)}
        self._said_at.setdefault(event, now - SAY_SECONDS)
        self.flush(now)
