"""Kind 9, new template: the first sight of a form of message, per source.

The text of a record is its field `field`, or all of it where it has no such field. What varies in a
text (numbers, addresses, names) is masked, and texts that are alike share a template: see
`logwatch.templates`. A template is known by its id, so that it is not new when its text becomes
more general. Each source has templates of its own, whatever `by` says.

From the first record of a source on, for `learn`, its templates are only remembered. Afterwards
each new one is an event. With `at_most`, no more than so many messages are sent in any such time,
(t - T, t]; the templates beyond are counted, and when there is room again one closing note says how
many there were and which. The note counts as one of the messages. `cooldown` has no say here: a
template is told once anyway.

Bounds: as many templates as `TemplateMiner` keeps, at most `max_keys` of a source. One that makes
room for another is remembered in a few bytes and not new when it comes back; what is forgotten
beyond that is counted and said once.

Words for `say`: `template` and `template_id`, which are fields of the alert too.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct, field

from logwatch import telemetry
from logwatch.records import Alert, StateChange
from logwatch.rules.base import Basis, Hit, Now, RuleSettings, Told
from logwatch.rules.explaining import ago, on_clock
from logwatch.rules.first_sight import FAR_AHEAD_SECONDS, Sighting, Teller
from logwatch.rules.kinds import NewTemplate
from logwatch.rules.message import headline, shortened
from logwatch.templates import Masks, Seen, TemplateMiner

MOST_TEMPLATES = 10_000
"""Templates of a source that are compared with each text; more are only remembered."""

# What a state key opens with, by what it is.
_TOLD: Final = "told"
_LEARN: Final = "learn"
_TEMPLATE: Final = "template"
_BETWEEN: Final = "\x1f"


class Spoken(Struct, array_like=True):
    """What was told of all sources."""

    times: list[float] = field(default_factory=list)
    """Event times of the latest messages, ascending, as many as `at_most` allows."""
    latest: Sighting | None = None
    """The latest event."""


_encode = msgspec.msgpack.Encoder().encode
_decode_time = msgspec.msgpack.Decoder(float).decode
_decode_spoken = msgspec.msgpack.Decoder(Spoken).decode


class NewTemplateRule:
    """One rule and the templates of its sources."""

    basis: Basis = "event"

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, NewTemplate)
        self.settings = settings
        self._kind = settings.kind
        self._teller = Teller(settings, host=host)
        self._masks = Masks()
        self._miners: dict[str, TemplateMiner] = {}
        self._began: dict[str, float] = {}
        """Event time of the first record of each source."""
        self._spoken = Spoken()
        self._changed: set[str] = set()
        self._mined: set[str] = set()
        """Sources whose templates changed."""
        self._forgotten = 0

    def feed(self, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `Rule.feed`."""
        source, at = hit.batch.source, hit.record.time
        if source not in self._began:
            self._set_began(source, at)
        seen = self._mine(hit)
        if not seen.new or (self._kind.learn and at < self._began[source] + self._kind.learn):
            return ()
        return self._tell(hit, seen, now)

    def hear(self, told: Told, now: Now) -> Iterable[Alert]:
        """See `Rule.hear`. It listens to nobody."""
        raise NotImplementedError

    def due(self) -> float | None:
        """See `Rule.due`."""
        latest = self._spoken.latest
        return self._room_at() if latest is not None and latest.untold else None

    def expire(self, now: Now) -> Iterable[Alert]:
        """See `Rule.expire`."""
        return self._note(now.event, now)

    def changes(self) -> Iterable[StateChange]:
        """See `Rule.changes`."""
        name = self.settings.name
        changed, self._changed = self._changed, set()
        for key in sorted(changed):
            kind, _, source = key.partition(_BETWEEN)
            body = _encode(self._spoken if kind == _TOLD else self._began[source])
            yield StateChange(name, key, body)
        mined, self._mined = self._mined, set()
        for source in sorted(mined):
            for part, kept in self._miners[source].changes():
                yield StateChange(name, _BETWEEN.join((_TEMPLATE, source, part)), kept)

    def restore(self, change: StateChange) -> None:
        """See `Rule.restore`. Raises msgspec.DecodeError for what is no state of such a rule."""
        assert change.body is not None
        kind, _, rest = change.key.partition(_BETWEEN)
        if kind == _TOLD:
            self._spoken = _decode_spoken(change.body)
        elif kind == _LEARN:
            self._began[rest] = _decode_time(change.body)
        else:
            source, _, part = rest.rpartition(_BETWEEN)
            self._miner(source).restore(part, change.body)
            # Where there may be fewer templates than before, some go, and the store must know.
            self._mined.add(source)

    def begin(self, now: Now) -> None:
        """See `Rule.begin`. Nothing is armed by the time."""

    def burning(self) -> Iterable[str]:
        """See `Rule.burning`. An event is over at once."""
        return ()

    # -- to teach it -------------------------------------------------------------------------

    def learn(self, hit: Hit) -> bool:
        """Take the template of a record as known and tell nobody; whether it was new.

        The record counts as one of the rule's: `learn` is reckoned from the first of its source.
        """
        source, at = hit.batch.source, hit.record.time
        if at < self._began.get(source, at + 1):
            self._set_began(source, at)
        return self._mine(hit).new

    def accept(self, template: str, at: float, source: str | None = None) -> dict[str, str]:
        """Take a template as known: by its id, its text, or a message; its id by source.

        Without `source`, in each source that knows it. With `source`, a text that it has not seen
        yet becomes a template of it now, at event time `at`; an id that it has not seen does not.
        """
        accepted = {}
        for name in [source] if source is not None else sorted(self._miners):
            miner = self._miner(name)
            if not _knows(miner, template) and (source is None or _is_id(template)):
                continue
            if (found := miner.accept(template, at)) is not None:
                self._mined.add(name)
                accepted[name] = found
        return accepted

    def template_of(self, message: str, source: str) -> tuple[str, str] | None:
        """Id and text of the template of `message` in `source`; None where it would be new."""
        found = self._miner(source).match(message)
        return None if found is None else (found.id, found.text)

    def __len__(self) -> int:
        """How many templates it knows."""
        return sum(len(miner.dump()) for miner in self._miners.values())

    # -- see `Explaining` --------------------------------------------------------------------

    def key_fields(self) -> tuple[str, ...]:
        """See `Explaining.key_fields`: a key here is a template of a source."""
        return ("source", "template_id")

    def known_keys(self) -> list[str]:
        """See `Explaining.known_keys`."""
        seen = [
            (-each.last_seen, f"{source}{_BETWEEN}{each.id}")
            for source, miner in self._miners.items()
            for each in miner.templates()
        ]
        return [key for _, key in sorted(seen)]

    def standing(self, now: Now) -> list[str]:
        """See `Explaining.standing`."""
        lines = []
        for source, began in sorted(self._began.items()):
            until = began + self._kind.learn
            if now.event < until:
                lines.append(f"learning {source} until {on_clock(until, now.wall)}: nothing fires")
        latest, room = self._spoken.latest, self._room_at()
        if latest is not None and room > now.event:
            untold = f", {latest.untold:,} not told since" if latest.untold else ""
            lines.append(f"at_most is reached, room again at {on_clock(room, now.wall)}{untold}")
        return lines

    def explain(self, key: str, now: Now) -> list[str]:
        """See `Explaining.explain`."""
        source, _, wanted = key.partition(_BETWEEN)
        miner = self._miners.get(source)
        if miner is None:
            return []
        for each in miner.templates():
            if each.id == wanted:
                since, last = on_clock(each.first_seen, now.wall), ago(each.last_seen, now.event)
                accepted = ", accepted" if each.accepted else ""
                seen = f"known since {since}, seen {each.count:,}x, last {last}{accepted}"
                return [f"{seen}: {each.text}"]
        return ["known, though not seen for long"] if wanted in miner.dump() else []

    # -- templates ---------------------------------------------------------------------------

    def _miner(self, source: str) -> TemplateMiner:
        miner = self._miners.get(source)
        if miner is None:
            most = self.settings.max_keys
            miner = self._miners[source] = TemplateMiner(
                self._masks, max_templates=min(most, MOST_TEMPLATES), max_remembered=most
            )
        return miner

    def _mine(self, hit: Hit) -> Seen:
        source, name = hit.batch.source, self._kind.field
        text = hit.match.captures.get(name) or hit.record.fields.get(name) or hit.record.text
        miner = self._miner(source)
        before = miner.forgotten
        seen = miner.learn(text, hit.record.time)
        self._mined.add(source)
        if miner.forgotten > before:
            self._count_forgotten(miner.forgotten - before)
        return seen

    def _count_forgotten(self, number: int) -> None:
        telemetry.count("rules.keys_evicted", number)
        if not self._forgotten:
            telemetry.warning(
                "rules.too_many_keys", rule=self.settings.name, max=self.settings.max_keys
            )
        self._forgotten += number

    def _set_began(self, source: str, at: float) -> None:
        self._began[source] = at
        self._changed.add(f"{_LEARN}{_BETWEEN}{source}")

    # -- alerts ------------------------------------------------------------------------------

    def _tell(self, hit: Hit, seen: Seen, now: Now) -> Iterable[Alert]:
        """Tell of a new template, or count it where `at_most` were told."""
        at, spoken = hit.record.time, self._spoken
        self._changed.add(_TOLD)
        spoken.times = [time for time in spoken.times if time < at + FAR_AHEAD_SECONDS]
        notes = self._note(max(now.event, at), now)
        if self._room_at() > at:
            assert spoken.latest is not None
            spoken.latest.hold(f"{seen.template_id} {seen.text}", at)
            return notes
        alert, spoken.latest = self._teller.event(
            hit,
            now.wall,
            f"new kind of message in {hit.batch.source}: {headline(hit.record.text)}",
            thing=f"{hit.batch.source}{_BETWEEN}{seen.template_id}",
            found={"template": shortened(seen.text), "template_id": seen.template_id},
            words={"template": shortened(seen.text), "template_id": seen.template_id},
        )
        self._speak(at)
        return [*notes, alert]

    def _note(self, limit: float, now: Now) -> list[Alert]:
        """Say what was not told, if by event time `limit` there is room for it."""
        latest, at = self._spoken.latest, self._room_at()
        if latest is None or not latest.untold or at > limit:
            return []
        self._speak(max(at, latest.at))
        return [self._teller.note(latest, now.wall, "new kind of message", "new kinds of message")]

    def _speak(self, at: float) -> None:
        """A message is told at event time `at`."""
        self._changed.add(_TOLD)
        if self._kind.at_most is not None:
            insort(self._spoken.times, at)
            del self._spoken.times[: -self._kind.at_most[0]]

    def _room_at(self) -> float:
        """From which event time on one more message may be told."""
        times = self._spoken.times
        if self._kind.at_most is None or len(times) < self._kind.at_most[0]:
            return float("-inf")
        return times[-self._kind.at_most[0]] + self._kind.at_most[1]


def _knows(miner: TemplateMiner, template: str) -> bool:
    """Whether a template has this id or text, or such messages."""
    known = {each.text for each in miner.templates()} | miner.dump().keys()
    return template in known or miner.match(template) is not None


def _is_id(text: str) -> bool:
    """Whether `text` looks like the id of a template."""
    return len(text) == 12 and not text.strip("0123456789abcdef")
