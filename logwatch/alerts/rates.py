"""What each sink is sent now, and what later: its rate, and the backlog as digests.

A sink gets no more messages than its rate allows (pace.py). One that writes for people is not sent
each alert of a backlog: those of a rule are held until the backlog is read (backlog.py). Ends of
episodes of which somebody was told before are not held. Nothing is lost; all of it is state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from logwatch.alerts.backlog import Backlog
from logwatch.alerts.outgoing import Outgoing
from logwatch.alerts.pace import Pace, Row, SinkPace
from logwatch.clock import Moment
from logwatch.records import Alert, StateChange

__all__ = ["NAME", "Rates", "SinkPace"]

NAME = "logwatch.rates"
"""Under which what waits is kept among the states of rules."""

_BETWEEN = "\x1f"


class _Gate:
    """What one sink is sent."""

    def __init__(self, sink: str, settings: SinkPace, *, host: str) -> None:
        self.pace = Pace(sink, settings.rate, host=host)
        self.backlog = Backlog(sink, host=host) if settings.for_people else None

    def changes(self) -> Iterator[Row]:
        yield from self.pace.changes()
        if self.backlog is not None:
            yield from self.backlog.changes()


class Rates:
    """The rates of all sinks that have one, or that write for people.

    `host` is where the daemon runs, for messages about alerts of several hosts.
    """

    def __init__(self, sinks: Mapping[str, SinkPace], *, host: str) -> None:
        self._host = host
        self._gates = {name: _Gate(name, settings, host=host) for name, settings in sinks.items()}
        self._touched: set[str] = set()
        self._live = False

    @property
    def idle(self) -> bool:
        """Whether no sink has a rate, and nothing waits."""
        return not self._gates

    def waiting(self) -> dict[str, int]:
        """By sink how many alerts wait, where any do; to look at, from any thread."""
        found = {
            sink: gate.pace.waiting + (gate.backlog.waiting if gate.backlog is not None else 0)
            for sink, gate in self._gates.items()
        }
        return {sink: number for sink, number in found.items() if number}

    def has(self, sink: str) -> bool:
        """Whether what a sink is sent is decided here."""
        return sink in self._gates

    def gate(
        self,
        alert: Alert,
        sinks: tuple[str, ...],
        burns: bool,  # noqa: FBT001 - as Bundle.add
        now: Moment,
    ) -> tuple[str, ...]:
        """Those of `sinks` that are sent `alert` now; the others are told later.

        `burns`: its episode goes on, to be ended by a later message.
        """
        gates = self._gates
        if not gates:
            return sinks
        told = []
        for sink in sinks:
            gate = gates.get(sink)
            if gate is None:
                told.append(sink)
                continue
            self._touched.add(sink)
            if self._holds_back(gate, alert, burns=burns):
                continue
            if gate.pace.offer(alert, burns, now):
                told.append(sink)
        return tuple(told)

    def go_live(self, now: Moment) -> Iterator[Outgoing]:
        """The backlog is read: what of it goes out now. Digests wait for a slot as others do."""
        self._live = True
        for sink, gate in self._gates.items():
            if gate.backlog is None or not gate.backlog:
                continue
            self._touched.add(sink)
            singles, digests = gate.backlog.release(now)
            for alert, burns in singles:
                if gate.pace.offer(alert, burns, now):
                    yield Outgoing(alert, (sink,))
            for digest, bundle in digests:
                gate.pace.queue(digest)
                gate.pace.adopt(bundle)
        yield from self.expire(now)

    def expire(self, now: Moment) -> Iterator[Outgoing]:
        """What must go out now, for there is room."""
        for sink, gate in self._gates.items():
            if gate.pace.waits:
                self._touched.add(sink)
                for alert in gate.pace.expire(now):
                    yield Outgoing(alert, (sink,))

    def hasten(self, now: Moment) -> None:
        """Let no digest wait for more, where there is room for it."""
        for gate in self._gates.values():
            gate.pace.hasten(now.steady)

    def deadline(self, now: Moment) -> float | None:
        """Seconds from `now` until `expire` has something to do, 0 when overdue; None: nothing."""
        waits = [gate.pace.deadline(now.steady) for gate in self._gates.values()]
        return min((each for each in waits if each is not None), default=None)

    def restore(self, state: StateChange) -> None:
        """Take back one row, before `begin`. Raises msgspec.DecodeError or ValueError."""
        if state.body is None:
            return
        sink, *name = state.key.split(_BETWEEN)
        gate = self._gates.get(sink)
        if gate is None:  # it has no rate any more: what waits for it goes out
            gate = self._gates[sink] = _Gate(sink, SinkPace(for_people=True), host=self._host)
        if name and name[0] == "late":
            if gate.backlog is None:
                gate.backlog = Backlog(sink, host=self._host)
            gate.backlog.restore(tuple(name[1:]), state.body)
        else:
            gate.pace.restore(tuple(name), state.body)

    def begin(self) -> None:
        """All rows were restored."""
        for gate in self._gates.values():
            gate.pace.begin()
            if gate.backlog is not None:
                gate.backlog.begin()

    def changes(self) -> Iterator[StateChange]:
        """The state that changed since the last call."""
        touched, self._touched = self._touched, set()
        for sink in touched:
            for name, body in self._gates[sink].changes():
                yield StateChange(NAME, _BETWEEN.join((sink, *name)), body)

    def _holds_back(self, gate: _Gate, alert: Alert, *, burns: bool) -> bool:
        """Whether it waits for the end of the backlog."""
        if self._live or not alert.late or gate.backlog is None:
            return False
        return gate.backlog.hold(alert, burns)
