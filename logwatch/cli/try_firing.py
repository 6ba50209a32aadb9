"""When a rule would have fired over the files that `logwatch try` looked at: its last line.

The rule, and those that it hears of, are replayed over the files; it reads them a second time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from logwatch.cli.figures import number, rough
from logwatch.cli.try_subject import Subject
from logwatch.matching.engines import Engines
from logwatch.rules.base import Threshold
from logwatch.simulation import ReplayFile, SimulatedAlert, Simulation
from logwatch.simulation.choosing import files_named
from logwatch.tailer.settings import SourceSettings


class Firing(Struct):
    """What one rule would have told."""

    burns: bool
    """Whether its episodes last; False: each firing is an event."""
    fired: int = 0
    first: float | None = None
    """Event time of the first firing."""
    last: float | None = None
    longest: float = 0.0
    """Seconds that an episode burned at most."""
    opening: int = 0
    """Lines that were taken and do not merely close; of a threshold."""
    held: int = 0
    """What a cool-down held back."""

    @property
    def inside(self) -> int:
        """Lines that could have begun an episode and did not."""
        return max(0, self.opening - self.fired)

    def sentence(self) -> str:
        """For people."""
        if self.first is None or self.last is None:
            return "would not have fired. Nothing was sent."
        days = list(dict.fromkeys(map(_day, (self.first, self.last))))
        parts = [f"would have fired {number(self.fired, 'time')} ({' - '.join(days)})"]
        if self.burns:
            parts[0] += f", longest {rough(self.longest)}"
            inside = number(self.inside, "match", "matches")
            parts += [f"{inside} inside an episode"] if self.inside else []
        if self.held:
            parts.append(f"{self.held:,} held by the cooldown")
        return f"{'; '.join(parts)}. Nothing was sent."

    def as_json(self) -> dict[str, Any]:
        """For programs; times in seconds since the epoch."""
        return {
            "fired": self.fired,
            "first": self.first,
            "last": self.last,
            "longest_seconds": self.longest if self.burns else None,
            "held_by_cooldown": self.held,
        }


def firing_of(
    subject: Subject, inputs: Iterable[tuple[str, SourceSettings]], engines: Engines
) -> Firing:
    """Replay the rule over files, each with the source that it is read as.

    What is compiled is kept by `engines`. Raises UsageError for a file that nothing reads.
    """
    firing = Firing(subject.rule.kind.burns)
    began: dict[str, float] = {}

    def tell(one: SimulatedAlert) -> None:
        if one.alert.rule != subject.rule.name:
            return
        _count(firing, one, began)

    simulation = Simulation(
        subject.config,
        host=os.uname().nodename,
        rules=[subject.rule.name],
        engines=engines,
        tell=tell,
    )
    totals = simulation.feed_files(_files(inputs))
    if isinstance(subject.rule.kind, Threshold):
        firing.opening = simulation.opening(subject.rule.name)
    for start in began.values():  # what burns still
        firing.longest = max(firing.longest, (totals.last or start) - start)
    return firing


def _count(firing: Firing, one: SimulatedAlert, began: dict[str, float]) -> None:
    alert = one.alert
    match alert.status:
        case "firing":
            firing.fired += 1
            firing.first = one.at if firing.first is None else firing.first
            firing.last = one.at
            firing.held += alert.suppressed
            if firing.burns:
                began[alert.id] = one.at
        case "updated":
            firing.held += 0 if firing.burns else alert.suppressed
        case "resolved":
            start = began.pop(alert.id, one.at)
            firing.longest = max(firing.longest, one.at - start)


def _files(inputs: Iterable[tuple[str, SourceSettings]]) -> list[ReplayFile]:
    by_source: dict[str, tuple[SourceSettings, list[str]]] = {}
    for path, source in inputs:
        by_source.setdefault(source.name, (source, []))[1].append(path)
    return [
        file for source, paths in by_source.values() for file in files_named(paths, (source,), None)
    ]


def _day(time: float) -> str:
    return datetime.fromtimestamp(time).astimezone().strftime("%b %d")
