"""How rules that tell each thing once, when they first see it, word what they tell.

A first sight is an event: it fires and is done. What is seen for the first time while such a rule
may not speak is counted, and told in a closing note: how many there were, and the names of some.
The note belongs to the event that was told last, and has its id.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, Struct, field

from logwatch.records import SCHEMA, Alert
from logwatch.rules.base import Hit, RuleSettings
from logwatch.rules.message import Keyed, Wording, episode_id, shortened
from logwatch.rules.samples import Sample, sample
from logwatch.stamps import rfc3339

MOST_NAMED = 10
"""Things that a closing note names; the others are counted."""
LONGEST_NAME = 200
"""Characters of each."""
FAR_AHEAD_SECONDS = 3600.0
"""What was told by a stamp further ahead than this holds nothing back: the stamp was wrong."""


class Sighting(Struct, array_like=True):
    """The event that was told last, and what was seen and not told since."""

    episode: str
    key: str
    at: float
    """Event time of the event."""
    sample: Sample
    late: bool
    last: float
    """Event time of the latest thing, told or not."""
    seq: int = 1
    untold: int = 0
    """Things that no note has counted yet."""
    total: int = 0
    """Things that were not told alone, also those of earlier notes."""
    names: list[str] = field(default_factory=list)
    """Those of some that were not told yet."""

    def hold(self, name: str, at: float) -> None:
        """Count a thing that was seen at event time `at` and is not told now."""
        self.untold += 1
        self.total += 1
        self.last = max(self.last, at)
        if len(self.names) < MOST_NAMED:
            self.names.append(shortened(name, LONGEST_NAME))

    def hold_back(self, at: float, cooldown: float) -> bool:
        """Whether something seen at event time `at` is within `cooldown` of the event."""
        return self.at - FAR_AHEAD_SECONDS < at < self.at + cooldown


class Teller:
    """Words the events and notes of one rule."""

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        self._settings = settings
        self._host = host
        self._keyed = Keyed(settings.by)
        self._wording = Wording(settings)
        self._labels = self._wording.labels()

    def event(
        self,
        hit: Hit,
        wall: float,
        stock: str,
        *,
        thing: str,
        found: Mapping[str, str],
        words: Mapping[str, object],
    ) -> tuple[Alert, Sighting]:
        """The event of a first sight, and what is to be remembered of it.

        `thing` names it among all of the rule; `found` are fields of the alert beside those of the
        record, and `words` are for `say` only. `stock` is said where the rule has no `say`.
        """
        key, kept = self._keyed.key(hit), sample(hit)
        if found:
            kept = Sample.of(kept.line, kept.source, {**kept.fields, **found}, kept.captured)
        at, settings = hit.record.time, self._settings
        place = (hit.batch.checkpoint.identity, hit.record.offset)
        told = Sighting(
            episode=episode_id(settings.name, thing, *place),
            key=key,
            at=at,
            sample=kept,
            late=hit.batch.backlog,
            last=at,
        )
        name = key.replace("\x1f", ", ")
        usual = {
            "count": 1,
            "key": name,
            "rule": settings.name,
            "severity": settings.severity,
            "source": kept.source,
            "path": kept.fields.get("path", kept.line.path),
            "log_file": kept.line.path,
            "host": kept.fields.get("host", self._host),
            "first": rfc3339(at),
            "last": rfc3339(at),
            "duration": "0s",
            "suppressed": 0,
        }
        message = self._wording.message(
            f"{name}: {stock}" if name else stock,
            {**self._keyed.named(key), **kept.fields, **usual, **words, **hit.match.captures},
        )
        return self._alert(told, wall, message, reread=hit.batch.reread), told

    def note(self, told: Sighting, wall: float, one: str, several: str) -> Alert:
        """The closing note of what `told` holds back, which is nothing from then on.

        `one` names such a thing, and `several` more of them: "new value", "new values".
        """
        others = told.untold - len(told.names)
        named = "; ".join(told.names) + (f" and {others:,} others" if others > 1 else "")
        named += " and 1 other" if others == 1 else ""
        told.seq += 1
        were = f"{one} was" if told.untold == 1 else f"{several} were"
        message = f"{told.untold:,} more {were} seen since {rfc3339(told.at)}: {named}"
        alert = self._alert(told, wall, message, reread=False)
        told.untold, told.names = 0, []
        return alert

    def _alert(self, told: Sighting, wall: float, message: str, *, reread: bool) -> Alert:
        return Alert(
            schema=SCHEMA,
            id=told.episode,
            seq=told.seq,
            status="firing" if told.seq == 1 else "updated",
            rule=self._settings.name,
            severity=self._settings.severity,
            message=message,
            source=told.sample.source,
            path=told.sample.line.path,
            host=self._host,
            key=self._keyed.named(told.key),
            fields=told.sample.fields,
            count=1 + told.total,
            suppressed=told.untold,
            first=rfc3339(told.at),
            last=rfc3339(told.last),
            at=rfc3339(wall),
            late=told.late,
            lines=[told.sample.line],
            labels=self._labels,
            reread=True if reread else UNSET,
        )
