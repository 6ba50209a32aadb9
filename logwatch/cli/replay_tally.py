"""What each rule would have told, counted while a replay runs, in memory that stays bounded.

When things fell is kept in bins that get wider as the past gets longer. How much quieter a longer
cool-down would make a rule is counted along, for a few lengths, from the alerts that fired; lines
that the rule's own cool-down held back are not looked at again, so that figure is about right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from logwatch.simulation import SimulatedAlert

MOST_BINS = 4096
FIRST_BIN_SECONDS = 1.0
LONGER_COOLDOWNS = (300.0, 900.0, 3600.0, 6 * 3600.0, 86_400.0)
MOST_KEYS = 10_000
"""Keys of one rule for which longer cool-downs are counted; beyond them no advice is given."""


class Histogram:
    """How often something fell when, in bins of one width that fit all of it."""

    def __init__(self) -> None:
        self._width = FIRST_BIN_SECONDS
        self._bins: Counter[int] = Counter()
        self.latest = float("-inf")

    def add(self, time: float) -> None:
        """It fell at `time`."""
        self.latest = max(self.latest, time)
        self._bins[int(time // self._width)] += 1
        while len(self._bins) > MOST_BINS:
            self._width *= 2
            folded: Counter[int] = Counter()
            for number, count in self._bins.items():
                folded[number // 2] += count
            self._bins = folded

    def columns(self, start: float, step: float, count: int) -> list[int]:
        """How often in each of `count` stretches of `step` seconds from `start` on."""
        found = [0] * count
        for number, many in self._bins.items():
            column = int((number * self._width - start) // step)
            found[min(max(column, 0), count - 1)] += many
        return found


class Quieter:
    """How often a rule would have fired with each of some longer cool-downs."""

    def __init__(self, cooldown: float) -> None:
        self.fired = {each: 0 for each in LONGER_COOLDOWNS if each > cooldown}
        self._until: dict[str, list[float]] = {}
        self.is_known = True

    def add(self, key: str, time: float) -> None:
        """The rule fired for `key`."""
        if key not in self._until:
            if len(self._until) >= MOST_KEYS:
                self.is_known = False
                return
            self._until[key] = [float("-inf")] * len(self.fired)
        until = self._until[key]
        for number, cooldown in enumerate(self.fired):
            if time >= until[number]:
                until[number] = time + cooldown
                self.fired[cooldown] += 1


class RuleTally:
    """One rule."""

    def __init__(self, cooldown: float) -> None:
        self.fired = 0
        """Events, and episodes that began."""
        self.held = 0
        """What cool-downs kept from firing."""
        self.told: Counter[str] = Counter()
        """Messages by sink, those that stand for several alerts of this rule among them."""
        self.collected: Counter[str] = Counter()
        """By sink, alerts that were told in messages with others."""
        self.muted: Counter[str] = Counter()
        """Messages that nobody would have been told of, by what kept them."""
        self.unrouted = 0
        """Messages that no route takes, ends excepted."""
        self.when = Histogram()
        self.quieter = Quieter(cooldown)
        self._held: dict[str, int] = {}

    def add(self, one: SimulatedAlert) -> None:
        """One alert of this rule."""
        alert = one.alert
        if alert.status == "firing":
            self.fired += 1
            self.when.add(one.at)
            self.quieter.add("\x1f".join(alert.key.values()), one.at)
        self._count_held(one)
        if one.muted_by is not None:
            self.muted[one.muted_by] += 1
        elif one.sinks:
            self.collected.update(one.collected)
            self.told.update(name for name in one.sinks if name not in one.collected)
        elif alert.status != "resolved":  # of its end nobody is told who knows of no begin
            self.unrouted += 1

    def _count_held(self, one: SimulatedAlert) -> None:
        """Each message of an episode says how many were held back so far."""
        alert = one.alert
        before = self._held.pop(alert.id, 0)
        self.held += max(0, alert.suppressed - before)
        if alert.suppressed and alert.status == "firing":
            self._held[alert.id] = alert.suppressed


class Tally:
    """All rules."""

    def __init__(self, cooldowns: Iterable[tuple[str, float]]) -> None:
        """The names of the rules, each with its cool-down in seconds."""
        self.rules = {name: RuleTally(cooldown) for name, cooldown in cooldowns}
        self.mixed: Counter[str] = Counter()
        """Messages that stand for alerts of several rules, by sink."""
        self.own: list[str] = []
        """What would have been told about logwatch itself."""

    def add(self, one: SimulatedAlert) -> None:
        """One alert."""
        found = self.rules.get(one.alert.rule)
        if found is not None:
            found.add(one)
        else:
            self.own.append(one.alert.message)

    def add_message(self, one: SimulatedAlert) -> None:
        """One message that stands for several alerts."""
        found = self.rules.get(one.alert.rule)
        (self.mixed if found is None else found.told).update(one.sinks)
