"""What every kind with a state per key shares: keys, deadlines, episodes, bounds, persistence.

A kind says what a record and a deadline mean for one key; how many keys there may be, which one is
forgotten, when a deadline is looked at, how an episode is named, counted, held and worded, and what
goes into the store is the same for all of them, and is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import ClassVar, Generic, TypeVar

import msgspec
from msgspec import Struct

from logwatch import telemetry
from logwatch.records import SCHEMA, Alert, Severity, StateChange, Status
from logwatch.rules.base import Basis, Hit, Now, RuleSettings, Told
from logwatch.rules.deadlines import Deadlines
from logwatch.rules.explaining import burning_since, cooling_down
from logwatch.rules.live_keys import LiveKeys
from logwatch.rules.message import Keyed, Wording, episode_id, headline, lasting
from logwatch.rules.samples import QUOTED_LINES, Sample, sample
from logwatch.stamps import rfc3339

LOOKED_AT = 64
"""Keys, seen longest ago, among which one that does not burn is looked for when one must go."""


class KeyState(Struct, array_like=True, kw_only=True, gc=False):
    """What is remembered of one key by every kind; a kind adds its own fields.

    The fields of this struct are the first in the stored array: a kind's come after them. It never
    refers to itself, so the garbage collector has nothing to find in it.
    """

    seen: float = 0.0
    """Event time of the latest record."""
    turn: int = 0
    """Counts the records of the rule; the order in which keys are forgotten."""
    anchor: tuple[str, int] | None = None
    """File identity and offset of the first record of the episode to come: it names the episode."""
    episode: str | None = None
    """Id of the burning episode."""
    seq: int = 0
    severity: Severity = "warning"
    count: int = 0
    """Records of the burning episode, or of the one to come."""
    suppressed: int = 0
    """Firings that the cool-down held back."""
    first: float = 0.0
    """Event time of the first record of the episode."""
    last: float = 0.0
    fired_at: float | None = None
    """Event time of the last firing."""
    late: bool = False
    samples: list[Sample] = []


S = TypeVar("S", bound=KeyState)


class KeyedRule(Generic[S]):
    """One rule with a state for each of its keys. A kind overrides what is under "the kind"."""

    basis: Basis = "event"
    thawed_share: ClassVar[float] = 1.0
    """See `LiveKeys`."""

    def __init__(self, settings: RuleSettings, state: type[S], *, host: str) -> None:
        self.settings = settings
        self._state = state
        self._host = host
        self._keyed = Keyed(settings.by)
        self._wording = Wording(settings)
        self._labels = self._wording.labels()
        self._states = LiveKeys(self.encode, self.decode, _burns, share=self.thawed_share)
        self._turns: dict[str, int] = {}
        """Of keys that were restored, until `begin`."""
        self._deadlines = Deadlines()
        self._evicted = 0
        self._turn = 0
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(state)

    # -- the kind ----------------------------------------------------------------------------

    def on_hit(self, key: str, state: S, hit: Hit, now: Now) -> Iterable[Alert]:
        """A record of `key`. Every deadline of the key up to `now.event` has taken effect."""
        raise NotImplementedError

    def on_deadline(self, key: str, state: S, at: float, now: Now) -> Iterable[Alert]:
        """The deadline `at` of `key` came; `deadline` must be another one, or None, after this."""
        raise NotImplementedError

    def deadline(self, state: S) -> float | None:
        """When something must be done about a key if nothing comes; also to forget it."""
        raise NotImplementedError

    def is_idle(self, state: S, at: float) -> bool:
        """Whether at event time `at` nothing needs to be remembered of the key any more."""
        raise NotImplementedError

    def fresh(self) -> S:
        """The state of a key that was not known."""
        return self._state(samples=[])

    def severity_of(self, state: S) -> Severity:
        """How severe an episode is that begins."""
        return self.settings.severity

    def owed(self, key: str, state: S, now: Now) -> Iterable[Alert]:
        """What is told of a key that must go for another: the end of its episode."""
        return [self.resolve(key, state, state.last, now)] if state.episode is not None else []

    def encode(self, state: S) -> bytes:
        """The state as it is stored."""
        return self._encoder.encode(state)

    def decode(self, body: bytes) -> S:
        """The reverse of `encode`. Raises ValueError or msgspec.DecodeError for what is none."""
        return self._decoder.decode(body)

    def key_of(self, hit: Hit) -> str:
        """Which key a record belongs to."""
        return self._keyed.key(hit)

    def stock_message(self, key: str, state: S, status: Status) -> str:
        """What an alert says where the rule has no `say`; `resolved after ...` is put before it."""
        text = state.samples[-1].line.text if state.samples else self.settings.name
        return f"{state.count:,}x {headline(text)}"

    def values(self, state: S) -> Mapping[str, object]:
        """What `say` may use beside the fields and the usual names."""
        return {}

    def remembers(self, key: str, state: S, now: Now) -> list[str]:
        """What a kind tells of a key when it is asked why; see `Explaining.explain`."""
        raise NotImplementedError

    def dispensable(self) -> str:
        """The key to forget for a new one: seen long ago, and rather one that does not burn."""
        states = self._states
        candidates = islice(states, LOOKED_AT)
        return next((key for key in candidates if not states.burns(key)), next(iter(states)))

    # -- see `Rule` --------------------------------------------------------------------------

    def feed(self, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `Rule.feed`."""
        key = self.key_of(hit)
        alerts: list[Alert] = []
        state = self._touch(key, hit.record.time, now, alerts)
        if not self._take_deadlines(key, state, now.event, now, alerts):
            state = self._touch(key, hit.record.time, now, alerts)
        alerts += self.on_hit(key, state, hit, now)
        self.plan(key, state)
        return alerts

    def hear(self, told: Told, now: Now) -> Iterable[Alert]:
        """See `Rule.hear`. Most kinds listen to nobody."""
        raise NotImplementedError

    def due(self) -> float | None:
        """See `Rule.due`."""
        return self._deadlines.first()

    def expire(self, now: Now) -> Iterable[Alert]:
        """See `Rule.expire`."""
        alerts: list[Alert] = []
        limit = now.event if self.basis == "event" else now.pause
        while (key := self._deadlines.pop(limit)) is not None:
            state = self._states[key]
            if self._take_deadlines(key, state, limit, now, alerts):
                self.plan(key, state)
            self._states.settle()
        return alerts

    def changes(self) -> Iterable[StateChange]:
        """See `Rule.changes`."""
        for key, body in self._states.changes():
            yield StateChange(self.settings.name, key, body)

    def restore(self, change: StateChange) -> None:
        """See `Rule.restore`."""
        assert change.body is not None
        state = self._states.restore(change.key, change.body)
        self._turns[change.key] = state.turn
        self.plan(change.key, state)

    def begin(self, now: Now) -> None:
        """See `Rule.begin`. Keys come back in the order in which they were last seen."""
        turns, self._turns = self._turns, {}
        self._states.arrange(sorted(turns, key=turns.__getitem__))
        self._turn = max(turns.values(), default=self._turn)

    def burning(self) -> Iterable[str]:
        """See `Rule.burning`."""
        return [each.episode for each in self._states.burning() if each.episode is not None]

    # -- see `Explaining` --------------------------------------------------------------------

    def key_fields(self) -> tuple[str, ...]:
        """See `Explaining.key_fields`."""
        return self._keyed.names

    def known_keys(self) -> list[str]:
        """See `Explaining.known_keys`."""
        states = self._states
        seen = {key: states.peek(key).seen for key in states}
        return sorted(seen, key=lambda key: (not states.burns(key), -seen[key], key))

    def standing(self, now: Now) -> list[str]:
        """See `Explaining.standing`."""
        return []

    def explain(self, key: str, now: Now) -> list[str]:
        """See `Explaining.explain`."""
        if key not in self._states:
            return []
        state = self._states.peek(key)
        own = self.remembers(key, state, now)
        if state.episode is not None:
            since, count = state.fired_at, state.count
            return [burning_since(since, state.severity, count, state.episode, now), *own]
        until = None if state.fired_at is None else state.fired_at + self.settings.cooldown
        return [*own, *cooling_down(until, state.suppressed, now.event, now)]

    # -- keys --------------------------------------------------------------------------------

    def _touch(self, key: str, time: float, now: Now, alerts: list[Alert]) -> S:
        """The state of `key`, made where there is none; another key may have to go for it."""
        state = self._states.see(key)
        if state is None:
            if len(self._states) >= self.settings.max_keys:
                alerts += self._evict(now)
            state = self.fresh()
            self._states.add(key, state)
        self._turn += 1
        state.turn = self._turn
        state.seen = max(state.seen, time)
        return state

    def _take_deadlines(
        self, key: str, state: S, limit: float, now: Now, alerts: list[Alert]
    ) -> bool:
        """Let the deadlines of `key` up to `limit` take effect; False when it was forgotten."""
        while (at := self.deadline(state)) is not None and at <= limit:
            self._states.changed.add(key)
            alerts += self.on_deadline(key, state, at, now)
            if state.episode is None and self.is_idle(state, at):
                self.forget(key)
                return False
        return True

    def plan(self, key: str, state: S) -> None:
        """Look at `key` again at its deadline. One that moved on is found out when it comes up."""
        at = self.deadline(state)
        planned = self._deadlines.at(key)
        if at is None:
            if planned is not None:
                self._deadlines.drop(key)
        elif planned is None or at < planned:
            self._deadlines.put(key, at)

    def forget(self, key: str) -> None:
        """Remember nothing of `key` any more."""
        self._states.forget(key)
        self._deadlines.drop(key)

    def _evict(self, now: Now) -> Iterable[Alert]:
        """Forget one key for another; if it burns, it is resolved."""
        key = self.dispensable()
        state = self._states[key]
        owed = self.owed(key, state, now)
        self.forget(key)
        self._evicted += 1
        telemetry.count("rules.keys_evicted")
        if self._evicted == 1:
            telemetry.warning(
                "rules.too_many_keys", rule=self.settings.name, max=self.settings.max_keys
            )
        return owed

    # -- episodes ----------------------------------------------------------------------------

    def note(self, state: S, hit: Hit) -> None:
        """Remember a record as one of the episode that burns, or of the one to come."""
        record = hit.record
        if state.anchor is None:
            state.anchor = (hit.batch.checkpoint.identity, record.offset)
            state.first = state.last = record.time
            state.count = 0
            state.samples.clear()
        state.first = min(state.first, record.time)
        state.last = max(state.last, record.time)
        state.count += 1
        state.late = hit.batch.backlog
        state.samples.append(sample(hit))
        del state.samples[:-QUOTED_LINES]

    def start_over(self, state: S) -> None:
        """The next record is the first of another episode. Its samples stay until it comes."""
        state.anchor = None
        state.count = 0

    def fire(self, key: str, state: S, at: float, now: Now) -> Iterable[Alert]:
        """Begin an episode at event time `at`; nothing, but counted, within the cool-down."""
        if state.fired_at is not None and 0 <= at - state.fired_at < self.settings.cooldown:
            state.suppressed += 1
            return ()
        anchor = state.anchor or ("", round(at * 1000))
        state.episode = episode_id(self.settings.name, key, *anchor)
        state.seq = 0
        state.fired_at = at
        state.severity = self.severity_of(state)
        alert = self._alert(key, state, now, "firing", at)
        state.suppressed = 0
        return (alert,)

    def update(self, key: str, state: S, at: float, now: Now) -> Alert:
        """Tell more of the burning episode."""
        return self._alert(key, state, now, "updated", at)

    def resolve(self, key: str, state: S, at: float, now: Now) -> Alert:
        """End the burning episode at event time `at`."""
        alert = self._alert(key, state, now, "resolved", at)
        state.episode = None
        self.start_over(state)
        return alert

    def held_until(self, state: S, at: float) -> float:
        """When an episode may resolve that could at `at`: it burns at least for `hold`."""
        return max(at, (state.fired_at or at) + self.settings.hold) if self.settings.hold else at

    def _alert(self, key: str, state: S, now: Now, status: Status, at: float) -> Alert:
        state.seq += 1
        assert state.episode is not None
        newest = state.samples[-1] if state.samples else None
        return Alert(
            schema=SCHEMA,
            id=state.episode,
            seq=state.seq,
            status=status,
            rule=self.settings.name,
            severity=state.severity,
            message=self._message(key, state, newest, status, at),
            source=newest.source if newest else ",".join(self.settings.sources or ()),
            path=newest.line.path if newest else "",
            host=self._host,
            key=self._keyed.named(key),
            fields=newest.fields if newest else {},
            count=state.count,
            suppressed=state.suppressed,
            first=rfc3339(state.first),
            last=rfc3339(state.last),
            at=rfc3339(now.wall),
            late=state.late,
            lines=[each.line for each in state.samples],
            labels=self._labels,
        )

    def _message(self, key: str, state: S, newest: Sample | None, status: Status, at: float) -> str:
        name = key.replace("\x1f", ", ")
        lasted = lasting(max(0.0, at - state.first))
        stock = self.stock_message(key, state, status)
        fields = newest.fields if newest else {}
        log_file = newest.line.path if newest else ""
        text = self._wording.message(
            f"{name}: {stock}" if name else stock,
            {
                **self._keyed.named(key),
                **fields,
                "count": state.count,
                "key": name,
                "rule": self.settings.name,
                "severity": state.severity,
                "source": newest.source if newest else "",
                "path": fields.get("path", log_file),
                "log_file": log_file,
                "host": fields.get("host", self._host),
                "first": rfc3339(state.first),
                "last": rfc3339(state.last),
                "duration": lasted,
                "suppressed": state.suppressed,
                **self.values(state),
                **{name: fields[name] for name in (newest.captured if newest else ())},
            },
        )
        return f"resolved after {lasted}: {text}" if status == "resolved" else text


def _burns(state: KeyState) -> bool:
    return state.episode is not None
