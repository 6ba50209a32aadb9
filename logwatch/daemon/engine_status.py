"""How the engines do that match lines, as `logwatch status` says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from logwatch.daemon import health
from logwatch.daemon.reading import Reading

T = TypeVar("T", int, float)


def engine_statuses(readings: Iterable[Reading]) -> Iterator[health.EngineStatus]:
    """One for each matcher, which sources with the same rules share."""
    by_matcher: dict[int, list[Reading]] = {}
    for reading in readings:
        by_matcher.setdefault(id(reading.matcher), []).append(reading)
    for each in by_matcher.values():
        yield _status(each)


def _status(readings: Sequence[Reading]) -> health.EngineStatus:
    matcher = readings[0].matcher
    names = readings[0].names  # of the rule of each part: a rule may look at lines in several ways
    figures = matcher.statistics
    timeouts = Counter(figures.timeouts)
    quarantined = Counter({part: figures.passed_over.get(part, 0) for part in figures.quarantined})
    for fields in {id(each.fields): each.fields for each in readings if each.fields}.values():
        timeouts.update(fields.timeouts)
        quarantined.update(fields.quarantined)
    return health.EngineStatus(
        name=matcher.engine,
        reason=matcher.engine_reason,
        sources=tuple(sorted({reading.source for reading in readings})),
        rules=len({*names}),
        unfiltered=tuple(
            health.Unfiltered(rule=names[part], pattern=pattern, reason=reason)
            for part, pattern, reason in matcher.unfiltered()
        ),
        audit=health.Audit(
            lines=figures.lines_audited,
            pairs=figures.pairs_audited,
            differences=figures.differences,
        ),
        rule_seconds={
            rule: round(seconds, 6)
            for rule, seconds in _by_rule(figures.rule_seconds, names).items()
        },
        fallback=tuple(dict.fromkeys(names[part] for part in figures.fallback)),
        cpu_seconds=round(figures.cpu_seconds, 3),
        blocks=figures.blocks,
        bytes=figures.bytes,
        timeouts=_by_rule(timeouts, names),
        quarantined=_by_rule(quarantined, names),
    )


def _by_rule(figures: Mapping[int, T], names: Sequence[str]) -> dict[str, T]:
    """The figures of parts, put together for the rules that they are of."""
    sums: dict[str, T] = {}
    for part, figure in figures.items():
        sums[names[part]] = sums.get(names[part], 0) + figure
    return sums
