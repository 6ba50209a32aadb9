"""Tells that the store cannot be written, without the store: `logwatch.store-degraded`.

An alert is stored before it is sent; this one cannot be. It is handed to the sinks of its routes
from memory, past groups, rates and mutes, once nothing could be committed for some seconds. When
the store is back the same message is stored for the history and for whoever has not taken it, and
its end is told like any other. A daemon that is stopped before knows nothing of it any more: then
nobody tells the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from logwatch import telemetry
from logwatch.clock import Moment
from logwatch.daemon.unstored import Unstored
from logwatch.pipeline import Pipeline
from logwatch.records import Notification, encode_alert
from logwatch.rules.self_reports import SelfReport
from logwatch.stamps import rfc3339
from logwatch.units import format_duration

AFTER_SECONDS = 5.0
"""What is over sooner is nobody's business."""


class StoreTrouble:
    """What is told of the store at `path`; the consumer's thread alone calls it."""

    def __init__(self, path: Path, pipeline: Pipeline, sinks: Mapping[str, Unstored]) -> None:
        self._path = path
        self._pipeline = pipeline
        self._sinks = sinks
        self._since: Moment | None = None
        self._told: SelfReport | None = None

    @property
    def sinks(self) -> set[str]:
        """Names of all sinks."""
        return set(self._sinks)

    def goes_on(self, reason: str, now: Moment) -> bool:
        """Nothing could be committed; whether sinks have just been told."""
        if self._since is None:
            self._since = now
        if self._told is not None or now.steady < self._since.steady + AFTER_SECONDS:
            return False
        self._told = report = self._report(reason)
        one = self._pipeline.address_unstored(report, self._since)
        message = Notification(0, encode_alert(one.alert))
        for name in one.sinks:
            if name in self._sinks:
                self._sinks[name].put(message)
        telemetry.warning("store.trouble_told", sinks=list(one.sinks), note="not stored")
        return True

    def is_over(self, now: Moment) -> bool:
        """Something was committed; whether there is something to commit about that."""
        since, told, self._since, self._told = self._since, self._told, None, None
        if since is None or told is None:
            return False
        self._pipeline.report(told, since)
        self._withhold_what_was_taken()
        lasted = format_duration(round(now.steady - since.steady))
        text = f"the store {self._path} can be written again, after {lasted}; nothing was lost"
        self._pipeline.report(replace(told, status="resolved", message=text), now)
        return True

    def _report(self, reason: str) -> SelfReport:
        assert self._since is not None
        return SelfReport(
            what="store-degraded",
            severity="critical",
            message=f"{reason}, since {rfc3339(self._since.wall)}; logs wait to be read on and"
            " alerts to be sent until that is mended",
            path=str(self._path),
            episode=rfc3339(self._since.wall),
        )

    def _withhold_what_was_taken(self) -> None:
        """The message that was just put into the outbox is for those who have not seen it."""
        pending = self._pipeline.pending.alerts
        one = pending[-1]
        key = f"{one.alert.id}:{one.alert.seq}"
        for each in self._sinks.values():
            each.drop()
        left = tuple(s for s in one.sinks if s not in self._sinks or self._sinks[s].taken != key)
        pending[-1] = replace(one, sinks=left)
