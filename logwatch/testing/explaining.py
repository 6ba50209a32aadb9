"""Why a test may have failed: what is wrong with the test rather than with the rule.

Each hint is a sentence with what to type. Most of them are about lines that the rule never sees, or
sees at another time than the writer of the test thinks.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from logwatch.config.own_formats import parser_of
from logwatch.config.problems import shown, suggestion
from logwatch.config.rule_tests import TimedLine
from logwatch.matching.pattern import compile_pattern
from logwatch.parsers.base import Parsed
from logwatch.rules.base import RuleSettings
from logwatch.tailer.settings import SourceSettings
from logwatch.testing.comparing import names_of
from logwatch.testing.outcome import SAME_TIME_SECONDS, Outcome, offset_text
from logwatch.testing.timeline import OFF_SECONDS, Fed

MOST_TOLD = 3
"""Lines of one kind of trouble that are told of."""
LONGEST_LINE = 200


class Explanation:
    """Hints about one test that failed."""

    def __init__(
        self,
        outcome: Outcome,
        rule: RuleSettings,
        sources: Mapping[str, SourceSettings],
        fed: Sequence[Fed],
        horizon: float,
    ) -> None:
        self._outcome = outcome
        self._test = outcome.test
        self._rule = rule
        self._sources = sources
        self._fed = fed
        self._horizon = horizon

    def hints(self) -> Iterator[str]:
        """What may be wrong, the surest first."""
        yield from self._unknown_names()
        yield from self._too_early()
        yield from self._elsewhere()
        yield from self._unreadable()
        yield from self._without_fields()
        yield from self._other_stamps()
        yield from self._inactive()
        yield from self._never_burns()
        yield from self._nothing_matched()

    def accidents(self) -> Iterator[str]:
        """Why a test that is quiet, as it says, may be so by accident."""
        if not self._test.quiet:
            return
        yield from self._elsewhere()
        yield from self._without_fields()
        has_conditions = any(selector.where for selector in self._rule.selectors())
        if has_conditions and not any(self._is_read(each) for each in self._fed):
            yield from self._unreadable()

    def _unknown_names(self) -> Iterator[str]:
        """A key of `fires` that no alert has."""
        came = [*self._outcome.compared, *self._outcome.resolved]
        known = dict.fromkeys(name for event in came for name in names_of(event.alert))
        if not known:
            return
        wanted = dict.fromkeys(
            difference.name
            for mismatch in self._outcome.mismatches
            if mismatch.section in ("fires", "resolves")
            for difference in mismatch.differences
            if difference.got is None and difference.name not in known
        )
        for name in wanted:
            yield f"no alert of this rule has {shown(name)}; {suggestion(name, known)}"

    def _too_early(self) -> Iterator[str]:
        """Something is expected after the clock has stopped."""
        missing = [
            each.expected.at
            for each in self._outcome.mismatches
            if each.got is None and each.expected is not None and each.expected.at is not None
        ]
        late = [at for at in missing if at > self._horizon + SAME_TIME_SECONDS]
        if late:
            until, end = self._offset(max(late)), self._offset(self._horizon)
            yield f"the clock of the test stops at {end}; write until: {until}"

    def _elsewhere(self) -> Iterator[str]:
        """Lines of a source that the rule does not look at."""
        looked_at = self._rule.looks_at()
        if self._rule.kind.hears() or not looked_at:
            return
        for name in sorted({each.line.source for each in self._fed} - looked_at):
            names = " ".join(sorted(looked_at))
            yield f"the rule does not look at {shown(name)}, the source of lines, but at: {names}"

    def _unreadable(self) -> Iterator[str]:
        """Lines that the format of their source cannot read."""
        told = 0
        for each in self._fed:
            if self._is_read(each):
                continue
            told += 1
            source = self._sources[each.line.source]
            if told <= MOST_TOLD:
                yield (
                    f"line {each.line.place.line} is no {source.format}: it has no fields, and its"
                    f" time is its arrival (format of source {source.name})"
                )
        if told > MOST_TOLD:
            yield f"{told - MOST_TOLD} more lines are like this"

    def _without_fields(self) -> Iterator[str]:
        """Entries of the journal that have only a text, and a rule that asks for more."""
        asked = [(each, "where") for way in self._rule.selectors() for each in way.where]
        of_taken = [
            (each, "unless")
            for way in self._rule.selectors()
            for one in way.unless_so
            for each in one
            if not any(each.field in compile_pattern(text).groupindex for text in way.match)
        ]
        for line, taken in ((each.line, each.taken) for each in self._fed):
            source = self._sources[line.source]
            origin = source.origin
            if origin is None or origin.kind != "journald" or line.fields is not None:
                continue
            has = fields_of(source, line)
            is_taken = any(one.rule == self._rule.name for one in taken)
            for condition, key in [*asked, *(of_taken if is_taken else ())]:
                if condition.field in has:
                    continue
                yield (
                    f"line {line.place.line} has no fields of the journal, which {key!r} asks for:"
                    f" write {{text: ..., fields: {{{condition.field}: ...}}}}"
                )
                return

    def _is_read(self, fed: Fed) -> bool:
        source = self._sources[fed.line.source]
        return source.format == "plain" or fed.line.fields is not None or _is_read(source, fed.line)

    def _other_stamps(self) -> Iterator[str]:
        """Lines whose own stamp is not when they come."""
        off = [
            (each.line, each.taken[0].time)
            for each in self._fed
            if each.taken and abs(each.taken[0].time - each.line.at) >= OFF_SECONDS
        ]
        if off:
            line, time = off[0]
            more = f", and {len(off) - 1} more" if len(off) > 1 else ""
            yield (
                f"line {line.place.line} comes at {self._offset(line.at)} and is stamped"
                f" {self._offset(time)}: the stamp counts{more}"
            )

    def _inactive(self) -> Iterator[str]:
        active = self._rule.active
        if active is None:
            return
        outside = [one for each in self._fed for one in each.taken if not active.covers(one.time)]
        if outside:
            yield (
                f"{len(outside)} of the lines come when the rule is not active:"
                f" {shown(active.text)}"
            )

    def _never_burns(self) -> Iterator[str]:
        """A probe of a rule without episodes."""
        if not self._rule.kind.burns and any(probe.burning for probe in self._test.probes):
            yield "a rule of this kind tells events: nothing burns, and nothing is resolved"

    def _nothing_matched(self) -> Iterator[str]:
        """Not one line is taken by the rule, though it is to fire."""
        taken = any(one.rule == self._rule.name for each in self._fed for one in each.taken)
        if taken or not self._test.fires or not self._rule.selectors() or not self._fed:
            return
        line = self._fed[0].line.text
        if self._fed[0].line.fields is not None:
            yield "no line is matched: 'match' sees the text, and 'where' also the fields beside it"
            return
        if len(line) > LONGEST_LINE:
            yield f"no line is matched; logwatch try {shlex.quote(self._rule.name)} FILE says why"
            return
        command = f"logwatch try {shlex.quote(self._rule.name)} --line {shlex.quote(line)}"
        yield f"no line is matched; why: {command}"

    def _offset(self, at: float) -> str:
        return offset_text(at, self._test.start)


def fields_of(source: SourceSettings, line: TimedLine) -> dict[str, str]:
    """What the text says, and what is beside it."""
    fields = dict(_parsed(source, line).fields)
    if source.origin is not None:
        fields |= source.origin.entry(line.text, line.fields or {}, line.at, source.format)[1]
    return fields


def _is_read(source: SourceSettings, line: TimedLine) -> bool:
    parsed = _parsed(source, line)
    return parsed.time is not None or bool(parsed.fields)


def _parsed(source: SourceSettings, line: TimedLine) -> Parsed:
    """What the text alone says."""
    return parser_of(source, ZoneInfo(source.tz or "UTC")).parse(line.text, line.at)
