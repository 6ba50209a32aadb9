"""What a deliverer reports becomes part of the consumer's next transaction.

A message leaves the outbox with the commit that knows what became of it, and never before.
"""

from __future__ import annotations

from logwatch.clock import Moment
from logwatch.daemon.intake import Report
from logwatch.outbox.policy import Dead, Done, Later, Moved
from logwatch.pipeline import Pipeline
from logwatch.recipients import told_of_by
from logwatch.store import due
from logwatch.store.forwarding import Forwarded
from logwatch.store.outgoing import DeadLetter, Postponed
from logwatch.store.writer import Store


def record(report: Report, pipeline: Pipeline, store: Store, now: Moment) -> None:
    """Add what `report` says to what `pipeline` will have committed; in the consumer's thread."""
    pending, sink = pipeline.pending, report.sink
    for parcel, position in due.taken(report.notifications).items():
        pending.taken[sink, parcel] = position
    match report.verdict:
        case Done():
            pending.delivered.extend((sink, row) for row in due.alone(report.notifications))
        case Later(next_try_at, reason):
            pending.postponed.extend(
                Postponed(
                    sink, one.row, one.name.id, next_try_at, reason, reason is not None, one.since
                )
                for one in report.notifications
            )
        case Dead(reason):
            pending.dead.extend(
                DeadLetter(sink, one.row, one.attempts + 1, reason) for one in report.notifications
            )
        case Moved(to, _):
            _move(report, to, pipeline, store, now)
    pending.forwarded.extend(report.copies)
    if report.state is not None:
        pending.states[report.state.rule, report.state.key] = report.state


def _move(report: Report, to: str, pipeline: Pipeline, store: Store, now: Moment) -> None:
    """Send what `report` is of on its way to the sink `to`, as fast as that may be told."""
    paces = pipeline.paces(to)
    for one in report.notifications:
        goes = True
        if paces and (to == report.sink or not store.is_told(to, one.row)):
            goes = pipeline.pace(one.alert, to, now)
        pipeline.pending.forwarded.append(
            Forwarded(report.sink, to, one.row, one.name.id, is_collected=not goes)
        )
    if to != report.sink:
        told = {name for one in report.notifications for name in told_of_by(one.alert)}
        pipeline.moved(to, told)
