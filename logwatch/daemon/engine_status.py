"""How the engines do that match lines, as `logwatch status` says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from logwatch.daemon import health
from logwatch.daemon.reading import Reading
from logwatch.rules.base import RuleSettings


def engine_statuses(
    readings: Iterable[Reading], rules: Sequence[RuleSettings]
) -> Iterator[health.EngineStatus]:
    """One for each matcher, which sources with the same rules share; `rules` are all there are."""
    by_matcher: dict[int, list[Reading]] = {}
    for reading in readings:
        by_matcher.setdefault(id(reading.matcher), []).append(reading)
    for each in by_matcher.values():
        yield _status(each, [rules[number].name for number in each[0].rules])


def _status(readings: Sequence[Reading], names: Sequence[str]) -> health.EngineStatus:
    matcher, fields = readings[0].matcher, readings[0].fields
    figures = matcher.statistics
    timeouts = Counter(figures.timeouts)
    quarantined = Counter({rule: figures.passed_over.get(rule, 0) for rule in figures.quarantined})
    if fields is not None:
        timeouts.update(fields.timeouts)
        quarantined.update(fields.quarantined)
    return health.EngineStatus(
        name=matcher.engine,
        reason=matcher.engine_reason,
        sources=tuple(sorted({reading.source for reading in readings})),
        rules=len(names),
        unfiltered=tuple(
            health.Unfiltered(rule=names[rule], pattern=pattern, reason=reason)
            for rule, pattern, reason in matcher.unfiltered()
        ),
        audit=health.Audit(
            lines=figures.lines_audited,
            pairs=figures.pairs_audited,
            differences=figures.differences,
        ),
        rule_seconds={names[rule]: round(s, 6) for rule, s in figures.rule_seconds.items()},
        fallback=tuple(names[rule] for rule in figures.fallback),
        cpu_seconds=round(figures.cpu_seconds, 3),
        blocks=figures.blocks,
        bytes=figures.bytes,
        timeouts={names[rule]: count for rule, count in timeouts.items()},
        quarantined={names[rule]: count for rule, count in quarantined.items()},
    )
