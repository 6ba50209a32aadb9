"""Kind 1, plain match: every matching record is an event, told once per cool-down and key.

The first record of a key fires. Records that follow within `cooldown` are counted, not told; when
it ends and there were any, one closing note says how many. With `cooldown: 0` every record is an
alert of its own and the rule remembers nothing.

The cool-down runs on the steady clock while the daemon follows live, and in event time over a
backlog, so that reading yesterday's file tells what yesterday's daemon would have told.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import msgspec
from msgspec import UNSET, Struct

from logwatch import telemetry
from logwatch.records import NO_CONTEXT, SCHEMA, Alert, AlertLine, StateChange, Status
from logwatch.rules.base import Basis, Hit, Now, RuleSettings, Told
from logwatch.rules.deadlines import Deadlines
from logwatch.rules.explaining import cooling_down, on_clock
from logwatch.rules.message import NO_KEY, Keyed, Wording, as_told, episode_id, headline
from logwatch.stamps import rfc3339


class Held(Struct, array_like=True):
    """A key within its cool-down. `until` is in the same seconds as both clocks."""

    until: float
    episode: str
    first: float
    last: float
    source: str
    fields: dict[str, str]
    line: AlertLine
    late: bool
    suppressed: int = 0
    turn: int = 0
    """Counts the firings of the rule; the order in which keys are forgotten."""

    def in_force(self, now: Now, cooldown: float) -> bool:
        """Whether it began live and goes on: an older line of some backlog does not end it."""
        return not self.late and now.pause < self.until <= now.pause + cooldown


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Held).decode


def _in_backlog(time: float, now: Now) -> float:
    """The clock of the cool-down of a record of a backlog that has this time.

    One that is a little out of order neither begins a cool-down in the past nor cuts one short: it
    is taken when those around it are. One that is far behind has its own time, or a single stamp
    from the future would hold back all that comes after it.
    """
    return now.pause if 0.0 <= now.pause - time <= now.late else time


class MatchRule:
    """One plain rule and the keys that are within their cool-down."""

    basis: Basis = "pause"

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        self.settings = settings
        self._host = host
        self._max_keys = settings.max_keys
        self._cooldown = settings.cooldown
        self._is_keyed = bool(settings.by)
        self._keyed = Keyed(settings.by)
        self._wording = Wording(settings)
        self._own_words = self._wording.own
        self._labels = self._wording.labels()
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._deadlines = Deadlines()
        self._changed: set[str] = set()
        self._evicted = 0
        self._turn = 0

    def feed(self, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `Rule.feed`."""
        key = self._keyed.key(hit) if self._is_keyed else ""
        cooldown = self._cooldown
        if cooldown <= 0:
            return (self._fired(hit, key, now),)
        clock = _in_backlog(hit.record.time, now) if hit.batch.backlog else now.pause
        held = self._held.get(key)
        alerts: list[Alert] = []
        if held is not None:
            if held.until > clock + cooldown and not held.in_force(now, cooldown):
                held.until = clock + cooldown  # a stamp from the future must not hold for ever
                self._deadlines.put(key, held.until)
            if clock < held.until:
                held.suppressed += 1
                held.last = hit.record.time
                self._changed.add(key)
                return ()
            if held.suppressed:
                alerts.append(self._closing_note(key, held, now))
        fired = self._fired(hit, key, now)
        alerts.append(fired)
        alerts += self._hold(key, hit, fired, clock + cooldown, now)
        return alerts

    def hear(self, told: Told, now: Now) -> Iterable[Alert]:
        """See `Rule.hear`. It listens to nobody."""
        raise NotImplementedError

    def due(self) -> float | None:
        """See `Rule.due`."""
        return self._deadlines.first()

    def expire(self, now: Now) -> Iterable[Alert]:
        """See `Rule.expire`."""
        alerts = []
        while (key := self._deadlines.pop(now.pause)) is not None:
            held = self._held.pop(key)
            if held.suppressed:
                alerts.append(self._closing_note(key, held, now))
            self._changed.add(key)
        return alerts

    def changes(self) -> Iterable[StateChange]:
        """See `Rule.changes`."""
        changed, self._changed = self._changed, set()
        for key in changed:
            held = self._held.get(key)
            yield StateChange(self.settings.name, key, _encode(held) if held else None)

    def restore(self, change: StateChange) -> None:
        """See `Rule.restore`."""
        assert change.body is not None
        held = _decode(change.body)
        self._held[change.key] = held
        self._deadlines.put(change.key, held.until)

    def begin(self, now: Now) -> None:
        """See `Rule.begin`. Keys come back in the order in which they were last told."""
        for key in sorted(self._held, key=lambda key: self._held[key].turn):
            self._held.move_to_end(key)
            self._turn = self._held[key].turn

    def burning(self) -> Iterable[str]:
        """See `Rule.burning`. An event is over at once."""
        return ()

    def key_fields(self) -> tuple[str, ...]:
        """See `Explaining.key_fields`."""
        return self._keyed.names

    def known_keys(self) -> list[str]:
        """See `Explaining.known_keys`."""
        return sorted(self._held, key=lambda key: (-self._held[key].last, key))

    def standing(self, now: Now) -> list[str]:
        """See `Explaining.standing`."""
        return []

    def explain(self, key: str, now: Now) -> list[str]:
        """See `Explaining.explain`."""
        held = self._held.get(key)
        if held is None:
            return []
        fired = f"fired at {on_clock(held.first, now.wall)}, event {held.episode}"
        over = [] if held.suppressed else ["its cool-down is over: the next match fires"]
        return [*(cooling_down(held.until, held.suppressed, now.pause, now) or over), fired]

    def _hold(self, key: str, hit: Hit, fired: Alert, until: float, now: Now) -> Iterable[Alert]:
        self._turn += 1
        self._held[key] = Held(
            until=until,
            episode=fired.id,
            first=hit.record.time,
            last=hit.record.time,
            source=hit.batch.source,
            fields=fired.fields,
            line=fired.lines[0],
            late=hit.batch.backlog,
            turn=self._turn,
        )
        self._held.move_to_end(key)
        self._deadlines.put(key, until)
        self._changed.add(key)
        return self._evict(now) if len(self._held) > self._max_keys else ()

    def _evict(self, now: Now) -> Iterable[Alert]:
        """Forget the key held longest; what it has held back is told, as at its end."""
        key, held = self._held.popitem(last=False)
        self._deadlines.drop(key)
        self._changed.add(key)
        self._evicted += 1
        telemetry.count("rules.keys_evicted")
        if self._evicted == 1:
            telemetry.warning("rules.too_many_keys", rule=self.settings.name, max=self._max_keys)
        return (self._closing_note(key, held, now),) if held.suppressed else ()

    def _fired(self, hit: Hit, key: str, now: Now) -> Alert:
        batch, record, settings = hit.batch, hit.record, self.settings
        checkpoint, stamp = batch.checkpoint, rfc3339(record.time)
        path = checkpoint.path
        headline, fields, line = as_told(record, hit.match.captures, path, stamp)
        # In the order of the fields of Alert: by name each would cost a comparison, 1.4 µs in all,
        # and where every line is an alert this is what there is most of.
        return Alert(
            SCHEMA,
            episode_id(settings.name, key, checkpoint.identity, record.offset),
            1,  # seq
            "firing",
            settings.name,
            settings.severity,
            self._in_words(hit, key, stamp, fields) if self._own_words else headline,
            batch.source,
            path,
            self._host,
            self._keyed.named(key) if self._is_keyed else NO_KEY,
            fields,
            1,  # count
            0,  # suppressed
            stamp,  # first
            stamp,  # last
            rfc3339(now.wall),
            batch.backlog,
            [line],
            NO_CONTEXT,
            self._labels,
            True if batch.reread else UNSET,
        )

    def _in_words(self, hit: Hit, key: str, stamp: str, fields: dict[str, str]) -> str:
        return self._wording.message(
            "",
            {
                **hit.record.fields,
                "count": 1,
                "key": key.replace("\x1f", ", "),
                "rule": self.settings.name,
                "severity": self.settings.severity,
                "source": hit.batch.source,
                "path": fields.get("path", hit.batch.checkpoint.path),
                "log_file": hit.batch.checkpoint.path,
                "host": fields.get("host", self._host),
                "first": stamp,
                "last": stamp,
                "duration": "0s",
                "suppressed": 0,
                **hit.match.captures,  # what the rule's author named comes before what we name
            },
        )

    def _closing_note(self, key: str, held: Held, now: Now) -> Alert:
        status: Status = "updated"
        more = held.suppressed
        return Alert(
            schema=SCHEMA,
            id=held.episode,
            seq=2,
            status=status,
            rule=self.settings.name,
            severity=self.settings.severity,
            message=f"{more:,} more {'was' if more == 1 else 'were'} suppressed since"
            f" {held.line.time}: {headline(held.line.text)}",
            source=held.source,
            path=held.line.path,
            host=self._host,
            key=self._keyed.named(key),
            fields=held.fields,
            count=1 + more,
            suppressed=more,
            first=rfc3339(held.first),
            last=rfc3339(held.last),
            at=rfc3339(now.wall),
            late=held.late,
            lines=[held.line],
            labels=self._labels,
        )
