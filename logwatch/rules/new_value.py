"""Kind 8, new value: the first sight of a value that was not seen for a long time.

A value is one field, or several that are one value together, for each key of `by`. It is new when
it was not seen in (t - forget, t], or never where there is no `forget`. A record with none of the
fields is no sight of anything; where only some are missing, they read `<none>`.

From the rule's first record on, for `learn`, values are only remembered. Afterwards each new one is
an event. For one `cooldown` after an event, further new values of its key are counted; a closing
note at its end says how many there were and which.

Bounds: `max_keys` values; that seen least recently is forgotten for another, which is counted and
said once: it would be new again. A late record of a value that `forget` has done with already by
then is passed over. One that comes more than `KEPT_LONGER_SECONDS` late may be taken for new.

Words for `say`: `value`, which is the values of the fields.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from logwatch import telemetry
from logwatch.records import MISSING, Alert, StateChange
from logwatch.rules.base import Basis, Hit, Now, RuleSettings, Told
from logwatch.rules.deadlines import Deadlines
from logwatch.rules.explaining import ago, cooling_down, on_clock
from logwatch.rules.first_sight import LONGEST_NAME, Sighting, Teller
from logwatch.rules.kinds import NewValue
from logwatch.rules.message import Keyed, headline, shortened
from logwatch.units import format_duration

KEPT_LONGER_SECONDS = 3600.0
"""How long a value is kept when `forget` is over, for records that come late."""

# What a state key opens with, by what it is; no two can be equal, for "learn" has no separator.
_LEARN: Final = "learn"
_VALUE: Final = "value\x1f"
_TOLD: Final = "told\x1f"


_encode = msgspec.msgpack.Encoder().encode
_decode_time = msgspec.msgpack.Decoder(float).decode
_decode_told = msgspec.msgpack.Decoder(Sighting).decode


class NewValueRule:
    """One rule and the values that it knows."""

    basis: Basis = "event"

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, NewValue)
        self.settings = settings
        self._kind = settings.kind
        self._names = (*settings.by, *self._kind.value)
        self._keyed, self._valued = Keyed(settings.by), Keyed(self._names)
        self._teller = Teller(settings, host=host)
        self._keep_seconds = (self._kind.forget or 0.0) + KEPT_LONGER_SECONDS
        self._seen: dict[str, float] = {}
        """Event time at which each value was seen last."""
        self._oldest = Deadlines()
        """Until when each value is kept, and so which one goes for another."""
        self._told: dict[str, Sighting] = {}
        """The last event of each key that is within its cool-down."""
        self._cool_at = Deadlines()
        self._began: float | None = None
        """Event time of the first record of all."""
        self._changed: set[str] = set()
        self._evicted = 0

    def feed(self, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `Rule.feed`."""
        self._forget_old(now)
        value, at = self._value_of(hit), hit.record.time
        if value is None or self._is_over(at, now):
            return ()
        if self._began is None:
            self._set_began(at)
        if not self._see(value, at) or self._learns(at):
            return ()
        return self._tell(hit, value, now)

    def hear(self, told: Told, now: Now) -> Iterable[Alert]:
        """See `Rule.hear`. It listens to nobody."""
        raise NotImplementedError

    def due(self) -> float | None:
        """See `Rule.due`."""
        forgets_at = self._oldest.first() if self._kind.forget is not None else None
        due = [at for at in (self._cool_at.first(), forgets_at) if at is not None]
        return min(due, default=None)

    def expire(self, now: Now) -> Iterable[Alert]:
        """See `Rule.expire`."""
        self._forget_old(now)
        alerts: list[Alert] = []
        while (key := self._cool_at.pop(now.event)) is not None:
            alerts += self._close(key, now)
        return alerts

    def changes(self) -> Iterable[StateChange]:
        """See `Rule.changes`."""
        changed, self._changed = self._changed, set()
        for key in changed:
            yield StateChange(self.settings.name, key, self._body(key))

    def restore(self, change: StateChange) -> None:
        """See `Rule.restore`. Raises msgspec.DecodeError for what is no state of such a rule."""
        assert change.body is not None
        key = change.key
        if key == _LEARN:
            self._began = _decode_time(change.body)
        elif key.startswith(_VALUE):
            self._remember(key, _decode_time(change.body))
        else:
            told = self._told[key] = _decode_told(change.body)
            self._cool_at.put(key, told.at + self.settings.cooldown)
        self._changed.discard(key)

    def begin(self, now: Now) -> None:
        """See `Rule.begin`. Where there may be fewer values than before, the oldest go."""
        self._make_room(0)

    def burning(self) -> Iterable[str]:
        """See `Rule.burning`. An event is over at once."""
        return ()

    # -- to teach it -------------------------------------------------------------------------

    def learn(self, hit: Hit) -> bool:
        """Take what a record shows as known and tell nobody; whether it was new.

        The record counts as one of the rule's: `learn` is reckoned from the first of all.
        """
        value, at = self._value_of(hit), hit.record.time
        if value is None:
            return False
        if self._began is None or at < self._began:
            self._set_began(at)
        return self._see(value, at)

    def accept(self, fields: Mapping[str, str], at: float) -> str:
        """Take a value as seen at `at`, event time in seconds; it is given back in words.

        `fields` holds the fields of `by` and of the value; what it lacks is `<none>`.
        """
        self._see(_VALUE + self._valued.joined(map(fields.get, self._names)), at)
        return ", ".join(fields.get(name) or MISSING for name in self._kind.value)

    def forget(self, fields: Mapping[str, str]) -> bool:
        """Let a value be new again; False where it is not known. `fields` as for `accept`."""
        value = _VALUE + self._valued.joined(map(fields.get, self._names))
        if value not in self._seen:
            return False
        self._oldest.drop(value)
        self._drop(value)
        return True

    def __len__(self) -> int:
        """How many values it knows."""
        return len(self._seen)

    # -- see `Explaining` --------------------------------------------------------------------

    def key_fields(self) -> tuple[str, ...]:
        """See `Explaining.key_fields`: a key here is a value, with its `by`."""
        return self._names

    def known_keys(self) -> list[str]:
        """See `Explaining.known_keys`."""
        seen = sorted(self._seen, key=lambda value: (-self._seen[value], value))
        return [value.removeprefix(_VALUE) for value in seen]

    def standing(self, now: Now) -> list[str]:
        """See `Explaining.standing`."""
        if self._began is None:
            return ["no record yet; it learns from the first on"] if self._kind.learn else []
        until, began = self._began + self._kind.learn, on_clock(self._began, now.wall)
        if self._kind.learn and now.event < until:
            return [f"learning until {on_clock(until, now.wall)}, since {began}: nothing fires"]
        return [f"first record at {began}; {len(self):,} values known"]

    def explain(self, key: str, now: Now) -> list[str]:
        """See `Explaining.explain`."""
        last, forget = self._seen.get(_VALUE + key), self._kind.forget
        if last is None:
            return []
        lines = [f"known, last seen {ago(last, now.event)}, at {on_clock(last, now.wall)}"]
        if forget is not None:
            lines[0] += f"; new again from {on_clock(last + forget, now.wall)} on"
        values = self._valued.named(key)
        told = self._told.get(_TOLD + self._keyed.joined(map(values.get, self.settings.by)))
        if told is not None:
            until = told.at + self.settings.cooldown
            lines += cooling_down(until, told.untold, now.event, now)
        return lines

    # -- values ------------------------------------------------------------------------------

    def _value_of(self, hit: Hit) -> str | None:
        """The state key of the value that a record shows; None where it shows none."""
        captures, fields = hit.match.captures, hit.record.fields
        if not any(captures.get(name) or fields.get(name) for name in self._kind.value):
            return None
        return _VALUE + self._valued.key(hit)

    def _see(self, value: str, at: float) -> bool:
        """Note that `value` was seen at `at`; whether it is new."""
        last, forget = self._seen.get(value), self._kind.forget
        if last is None:
            self._make_room(1)
        if last is None or at > last:
            self._remember(value, at)
        return last is None or (forget is not None and at - last >= forget)

    def _remember(self, value: str, at: float) -> None:
        self._seen[value] = at
        self._oldest.put(value, at + self._keep_seconds)
        self._changed.add(value)

    def _make_room(self, wanted: int) -> None:
        """Forget the values seen least recently where there are too many."""
        while len(self._seen) > max(0, self.settings.max_keys - wanted):
            value = self._oldest.pop(math.inf)
            assert value is not None
            self._drop(value)
            self._evicted += 1
            telemetry.count("rules.keys_evicted")
            if self._evicted == 1:
                telemetry.warning(
                    "rules.too_many_keys", rule=self.settings.name, max=self.settings.max_keys
                )

    def _forget_old(self, now: Now) -> None:
        if self._kind.forget is not None:
            while (value := self._oldest.pop(now.event)) is not None:
                self._drop(value)

    def _drop(self, value: str) -> None:
        del self._seen[value]
        self._changed.add(value)

    def _is_over(self, at: float, now: Now) -> bool:
        """Whether a record comes so late that its value would be forgotten again by now."""
        forget = self._kind.forget
        return forget is not None and at < now.in_order_from and at + forget <= now.event

    def _set_began(self, at: float) -> None:
        self._began = at
        self._changed.add(_LEARN)

    def _learns(self, at: float) -> bool:
        learn = self._kind.learn
        return learn > 0 and self._began is not None and at < self._began + learn

    # -- alerts ------------------------------------------------------------------------------

    def _tell(self, hit: Hit, value: str, now: Now) -> Iterable[Alert]:
        """Tell of a new value, or count it within the cool-down of its key."""
        key, at, cooldown = _TOLD + self._keyed.key(hit), hit.record.time, self.settings.cooldown
        alerts: list[Alert] = []
        if (told := self._told.get(key)) is not None:
            if told.at + cooldown > now.event and told.hold_back(at, cooldown):
                told.hold(", ".join(_texts(hit, self._kind.value).values()), at)
                self._changed.add(key)
                return ()
            alerts += self._close(key, now)
        texts = _texts(hit, self._kind.value)
        alert, told = self._teller.event(
            hit,
            now.wall,
            self._stock(hit, texts),
            thing=value,
            found={},
            words={"value": ", ".join(texts.values())},
        )
        if cooldown > 0:
            alerts += self._open(key, told, now)
        return [*alerts, alert]

    def _stock(self, hit: Hit, texts: Mapping[str, str]) -> str:
        forget = self._kind.forget
        value = ", ".join(f"{name}={text}" for name, text in texts.items())
        unseen = f" (not seen for {format_duration(forget)})" if forget is not None else ""
        return f"new {value}{unseen}: {headline(hit.record.text)}"

    def _open(self, key: str, told: Sighting, now: Now) -> Iterator[Alert]:
        """The cool-down of `key` begins; where there are too many, the first to end does now."""
        while len(self._told) >= self.settings.max_keys:
            soonest = self._cool_at.pop(math.inf)
            assert soonest is not None
            yield from self._close(soonest, now)
        self._told[key] = told
        self._cool_at.put(key, told.at + self.settings.cooldown)
        self._changed.add(key)

    def _close(self, key: str, now: Now) -> Iterable[Alert]:
        """The cool-down of `key` is over."""
        told = self._told.pop(key)
        self._cool_at.drop(key)
        self._changed.add(key)
        return (
            (self._teller.note(told, now.wall, "new value", "new values"),) if told.untold else ()
        )

    def _body(self, key: str) -> bytes | None:
        if key == _LEARN:
            return _encode(self._began)
        kept = self._seen.get(key) if key.startswith(_VALUE) else self._told.get(key)
        return _encode(kept) if kept is not None else None


def _texts(hit: Hit, names: Iterable[str]) -> dict[str, str]:
    """What a record has in the fields `names`, short enough to be read."""
    captures, fields = hit.match.captures, hit.record.fields
    return {
        name: shortened(captures.get(name) or fields.get(name) or MISSING, LONGEST_NAME)
        for name in names
    }
