"""Inhibition: while one episode burns, alerts that it explains are not told.

- A field of `same` that either side lacks is not the same, so nothing is inhibited.
- No alert inhibits itself. Where episodes inhibit one another, two or more in a ring, the one that
  burned first is told: of a ring, somebody always hears.
- An episode inhibits whether it was told or not, muted and inhibited ones too.

Which episodes burn is known from the alerts that pass, and after a start from those that are open;
only the order in which they began to is state of its own. Bounded by the episodes that burn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from logwatch.alerts.conditions import Holds, compile_alert_where, values_of
from logwatch.alerts.mute_settings import InhibitSettings
from logwatch.conditions import MakeSearch, plain_search
from logwatch.records import Alert

Sides: TypeAlias = tuple[tuple[int, tuple[str, ...]], ...]
"""Numbers of inhibitions, each with the values of its `same`."""


class Inhibitor(NamedTuple):
    """A burning episode that inhibits others."""

    episode: str
    rule: str
    order: int
    """The smaller, the earlier it began to inhibit."""
    sources: Sides
    """Inhibitions of which it fulfils `while`."""
    targets: Sides
    """Inhibitions of which it fulfils `mute`."""


class Inhibition:
    """All entries of `inhibit:` and the episodes that burn."""

    def __init__(
        self, settings: Sequence[InhibitSettings], make_search: MakeSearch = plain_search
    ) -> None:
        self._same = [each.same for each in settings]
        self._sources = [compile_alert_where(each.source, make_search) for each in settings]
        self._targets = [compile_alert_where(each.target, make_search) for each in settings]
        self._inhibitors: dict[str, Inhibitor] = {}
        self._by_source: dict[tuple[int, tuple[str, ...]], dict[str, None]] = {}
        self._by_target: dict[tuple[int, tuple[str, ...]], dict[str, None]] = {}
        self._orders: dict[str, int] = {}
        self._next = 1
        self._changed: set[str] = set()

    def __contains__(self, episode: str) -> bool:
        return episode in self._inhibitors

    def __bool__(self) -> bool:
        return bool(self._same)

    def follow(self, alert: Alert, *, burns: bool) -> bool:
        """Take note of an alert; whether it inhibits less now than before."""
        before = self._inhibitors.get(alert.id)
        sources = self._sides(self._sources, alert) if burns else ()
        if not sources:
            self._remove(before)
            return before is not None
        targets = self._sides(self._targets, alert)
        if before is not None and (before.sources, before.targets) == (sources, targets):
            return False
        self._remove(before, ends=False)
        order = self._orders.get(alert.id)
        if order is None:
            order = self._orders[alert.id] = self._next
            self._next += 1
            self._changed.add(alert.id)
        self._add(Inhibitor(alert.id, alert.rule, order, sources, targets))
        return before is not None and before.sources != sources

    def inhibitor(self, alert: Alert) -> Inhibitor | None:
        """The episode for which `alert` is not told; None where there is none."""
        if not self._inhibitors:
            return None
        own = self._inhibitors.get(alert.id)
        order = math.inf if own is None else own.order
        after: set[str] | None = None
        for side in self._sides(self._targets, alert):
            for name in self._by_source.get(side, ()):
                other = self._inhibitors[name]
                if name == alert.id:
                    continue
                if own is None or other.order < order:
                    return other
                if after is None:
                    after = self._inhibited_by(own)
                if name not in after:
                    return other
        return None

    def restore(self, orders: Mapping[str, int], burning: Iterable[Alert]) -> None:
        """Take back, at a start, what `changes` gave, and the episodes that are open."""
        self._orders = dict(orders)
        self._next = max(self._orders.values(), default=0) + 1
        last = self._next
        for alert in sorted(burning, key=lambda each: self._orders.get(each.id, last)):
            self.follow(alert, burns=True)
        for name in self._orders.keys() - self._inhibitors.keys():
            del self._orders[name]
            self._changed.add(name)

    def changes(self) -> Iterator[tuple[str, int | None]]:
        """Episode and order of what changed since the last call; None: it inhibits no more."""
        changed, self._changed = self._changed, set()
        for name in changed:
            yield name, self._orders.get(name)

    def _sides(self, holds: Sequence[Holds], alert: Alert) -> Sides:
        return tuple(
            (number, values)
            for number, fulfils in enumerate(holds)
            if fulfils(alert) and (values := values_of(alert, self._same[number])) is not None
        )

    def _inhibited_by(self, oldest: Inhibitor) -> set[str]:
        """Inhibitors younger than `oldest` that it inhibits, or that one of these does."""
        found: set[str] = set()
        waiting = [oldest]
        seen: set[tuple[int, tuple[str, ...]]] = set()
        while waiting:
            for side in waiting.pop().sources:
                if side in seen:
                    continue
                seen.add(side)
                for name in self._by_target.get(side, ()):
                    if name not in found and self._inhibitors[name].order > oldest.order:
                        found.add(name)
                        waiting.append(self._inhibitors[name])
        return found

    def _add(self, one: Inhibitor) -> None:
        self._inhibitors[one.episode] = one
        for side in one.sources:
            self._by_source.setdefault(side, {})[one.episode] = None
        for side in one.targets:
            self._by_target.setdefault(side, {})[one.episode] = None

    def _remove(self, one: Inhibitor | None, *, ends: bool = True) -> None:
        if one is None:
            return
        del self._inhibitors[one.episode]
        for index, sides in ((self._by_source, one.sources), (self._by_target, one.targets)):
            for side in sides:
                del index[side][one.episode]
                if not index[side]:
                    del index[side]
        if ends:
            del self._orders[one.episode]
            self._changed.add(one.episode)
