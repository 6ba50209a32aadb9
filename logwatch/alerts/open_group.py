"""An open group with its alerts: when it is due, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

from logwatch.alerts.bundle import RANK, Bundle
from logwatch.alerts.digest import parse_calendar
from logwatch.alerts.group_state import GroupState, decode_group
from logwatch.clock import Moment
from logwatch.records import Alert, Status


class OpenGroup(NamedTuple):
    """Whom it tells and when, and what of."""

    state: GroupState
    bundle: Bundle

    def due_with(self, alert: Alert, now: Moment, *, burns: bool) -> float:
        """When it is told of, now that `alert` comes into it: steady, a digest by wall time."""
        state, bundle = self
        timers = state.timers
        if timers.digest:
            if bundle and state.due is not None:
                return state.due
            return parse_calendar(timers.digest).next_after(now.wall)
        before = bundle.severity_of(alert.id)
        is_graver = RANK[alert.severity] > (state.worst if before is None else RANK[before])
        due = inf if state.due is None else state.due
        if state.seq:
            return now.steady if is_graver else min(due, state.told_at + timers.between_updates)
        usual = now.steady + timers.wait
        if not burns and not is_graver and state.told_at:  # of a group before this one
            usual = max(usual, state.told_at + timers.between_updates)
        return min(due, usual)

    def message(self, host: str, most_groups: int, now: Moment) -> Alert:
        """The next message, which is counted as sent."""
        state, bundle = self
        status = self._status()
        state.seq += 1
        prefix = ""
        if state.overflow:
            prefix = (
                f"more than {most_groups:,} groups are open,"
                " so all others of this route are told together: "
            )
        if not bundle:
            prefix += "still burning: "
        elif status == "resolved" and state.seq == 1:
            prefix += "began and ended: "
        return bundle.message(
            kind="digest" if state.timers.digest else "group",
            id=state.id,
            seq=state.seq,
            status=status,
            by=state.by,
            at=now.wall,
            host=host,
            prefix=prefix,
        )

    def _status(self) -> Status:
        state, bundle = self
        if bundle.burning:
            return "updated" if state.seq else "firing"
        if state.has_episodes and (state.seq or not state.has_events):
            return "resolved"
        return "firing" if state.has_firings else "updated"


def opened_with(state: GroupState) -> OpenGroup:
    """A group without alerts."""
    bundle = Bundle(standing=not state.timers.digest, most_members=state.most_members)
    return OpenGroup(state, bundle)


def opened_from(parts: Mapping[str, bytes]) -> OpenGroup:
    """A group from its state, named "", and the parts of its bundle, each after a slash.

    Raises msgspec.DecodeError, UnicodeDecodeError.
    """
    opened = opened_with(decode_group(parts.get("", b"")))
    for part, body in parts.items():
        if part:
            opened.bundle.restore(part[1:], body)
    opened.bundle.begin()
    return opened
