"""What one sink that writes for people is told of a backlog: a few alerts of a rule, or a digest.

What a rule says of lines that were written while nobody ran is held until all of them are read. Up
to 20 alerts of a rule go out by themselves then; more are one message with exact totals.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import msgspec
from msgspec import UNSET, Struct, field

from logwatch.alerts.bundle import Bundle
from logwatch.alerts.pace import Row
from logwatch.clock import Moment
from logwatch.records import Alert

MOST_SINGLE = 20
"""Alerts of a rule that are told by themselves."""


class _Some(Struct, array_like=True):
    """The alerts of one rule."""

    number: int = 0
    """How many came."""
    seed: str = ""
    """Names the first."""
    alerts: list[tuple[Alert, bool]] = field(default_factory=list)
    """All of them and whether they burn, while they are few."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Some).decode


class Backlog:
    """The alerts of a backlog, by rule."""

    def __init__(self, sink: str, *, host: str) -> None:
        self._sink = sink
        self._host = host
        self._rules: dict[str, tuple[_Some, Bundle]] = {}
        self._changed: set[str] = set()
        self._gone: list[Row] = []

    def __bool__(self) -> bool:
        return bool(self._rules)

    @property
    def waiting(self) -> int:
        """How many alerts are held; to look at, from any thread."""
        return sum(some.number for some, _ in list(self._rules.values()))

    def hold(self, alert: Alert, burns: bool) -> bool:  # noqa: FBT001 - as Bundle.add
        """Take `alert`, unless it is no business of the backlog; whether it was taken.

        That is a message about several alerts, and the end of what was told of before.
        """
        if alert.group is not UNSET:
            return False
        held = self._rules.get(alert.rule)
        if alert.status == "resolved" and (held is None or alert.id not in held[1].burning):
            return False
        if held is None:
            held = self._rules[alert.rule] = _Some(seed=f"{alert.id}:{alert.seq}"), Bundle()
        some, bundle = held
        some.number += 1
        if some.number <= MOST_SINGLE:
            some.alerts.append((alert, burns))
        else:
            some.alerts.clear()
        bundle.add(alert, burns)
        self._changed.add(alert.rule)
        return True

    def release(self, now: Moment) -> tuple[list[tuple[Alert, bool]], list[tuple[Alert, Bundle]]]:
        """All that was held: alerts to be told by themselves and whether they burn, and digests.

        With each digest comes what it stands for.
        """
        singles: list[tuple[Alert, bool]] = []
        digests = []
        for rule, (some, bundle) in self._rules.items():
            singles += some.alerts
            if not some.alerts:
                digests.append((self._digest(rule, some.seed, bundle, now), bundle))
            self._forget(rule, bundle)
        self._rules.clear()
        self._changed.clear()
        return singles, digests

    def changes(self) -> Iterator[Row]:
        """What changed since the last call."""
        gone, self._gone = self._gone, []
        yield from gone
        changed, self._changed = self._changed, set()
        for rule in changed:
            some, bundle = self._rules[rule]
            yield ("late", rule), _encode(some)
            for part, body in bundle.changes():
                yield ("late", rule, part), body

    def restore(self, name: tuple[str, ...], body: bytes) -> None:
        """Take back one row, named by what follows `late`. Raises msgspec.DecodeError."""
        rule, *part = name
        _, bundle = self._rules.setdefault(rule, (_Some(), Bundle()))
        if part:
            bundle.restore(part[0], body)
        else:
            self._rules[rule] = _decode(body), bundle

    def begin(self) -> None:
        """All rows were restored."""
        for _, bundle in self._rules.values():
            bundle.begin()

    def _digest(self, rule: str, seed: str, bundle: Bundle, now: Moment) -> Alert:
        text = f"backlog\0{self._sink}\0{seed}"
        return bundle.message(
            kind="backlog",
            id=blake2b(text.encode(errors="replace"), digest_size=8).hexdigest(),
            seq=1,
            status="firing",
            by={"rule": rule},
            at=now.wall,
            host=self._host,
        )

    def _forget(self, rule: str, bundle: Bundle) -> None:
        parts = {"", *bundle.burning, *(part for part, _ in bundle.changes())}
        self._gone += [(("late", rule, part), None) for part in parts]
        self._gone.append((("late", rule), None))
