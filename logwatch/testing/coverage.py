"""Which rules have a test, and which branches of a rule no test reaches.

A branch is something that a rule may do, or not do, and that a person may get wrong: each pattern
of a list, each `unless`, each level, each step, firing, its end, and staying quiet though lines
matched. It is reached by what happens in any test of the rule, passed or not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from logwatch.conditions import compile_where
from logwatch.config.model import Config
from logwatch.config.rule_tests import TimedLine
from logwatch.matching.pattern import compile_pattern
from logwatch.matching.reference import captures
from logwatch.parsers.selection import Known
from logwatch.rules.base import KindSettings, PlainMatch, RuleSettings, Selector, Threshold, Unless
from logwatch.rules.kinds import Cleared, Composite, Heard
from logwatch.rules.kinds import Sequence as SequenceKind
from logwatch.tailer.settings import SourceSettings
from logwatch.testing.explaining import fields_of
from logwatch.testing.outcome import Outcome
from logwatch.testing.timeline import Fed


class RuleCoverage(Struct, frozen=True, kw_only=True):
    """One rule."""

    rule: str
    defined_at: str
    tests: int
    branches: tuple[str, ...]
    """All that it has."""
    missed: tuple[str, ...]
    """Those that no test reaches."""


class Coverage(Struct, frozen=True):
    """All rules of the configuration, in its order."""

    rules: tuple[RuleCoverage, ...]

    @property
    def without(self) -> tuple[str, ...]:
        """Names of the rules that have no test."""
        return tuple(rule.rule for rule in self.rules if not rule.tests)

    @property
    def tested(self) -> int:
        """How many rules have a test."""
        return sum(rule.tests > 0 for rule in self.rules)

    @property
    def percent(self) -> float:
        """Of the rules, how many have a test; 100 where there are none."""
        return 100.0 * self.tested / len(self.rules) if self.rules else 100.0


class Reached:
    """Collects what tests reach."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._sources = {source.name: source for source in config.sources}
        self._tests: dict[str, int] = defaultdict(int)
        self._reached: dict[str, set[str]] = defaultdict(set)

    def add(self, outcome: Outcome, rule: RuleSettings, fed: Sequence[Fed]) -> None:
        """One test of `rule`, and what each of its lines brought about."""
        self._tests[rule.name] += 1
        reached = self._reached[rule.name]
        reached.update(_by_lines(rule, fed, self._sources))
        reached.update(_by_alerts(rule, outcome, fed))

    def coverage(self) -> Coverage:
        """What was reached, rule by rule."""
        return Coverage(tuple(self._of(rule) for rule in self._config.rules))

    def _of(self, rule: RuleSettings) -> RuleCoverage:
        branches = tuple(branches_of(rule))
        reached = self._reached.get(rule.name, set())
        return RuleCoverage(
            rule=rule.name,
            defined_at=rule.defined_at,
            tests=self._tests.get(rule.name, 0),
            branches=branches,
            missed=tuple(branch for branch in branches if branch not in reached),
        )


def branches_of(rule: RuleSettings) -> Iterator[str]:
    """Everything that a test may reach in `rule`, named as its keys are."""
    selectors = rule.selectors()
    for number, selector in enumerate(selectors):
        yield from (name for name, _ in _patterns(rule, number, selector))
        yield from (name for name, _ in _exclusions(rule, number, selector))
    yield from _steps(rule)
    yield "fires"
    if rule.kind.burns:
        yield "resolves"
    if isinstance(rule.kind, Threshold):
        yield from (f"level {severity}" for _, severity in rule.kind.levels)
    if _may_be_quiet(rule.kind):
        yield "quiet"


def _may_be_quiet(kind: KindSettings) -> bool:
    """Whether there is something that counts and alone does not make it fire."""
    if isinstance(kind, Composite):
        return kind.needed > 1
    return not isinstance(kind, PlainMatch)


def _prefix(rule: RuleSettings, part: int) -> str:
    """What stands before the patterns of a part: nothing where there is one only."""
    if isinstance(rule.kind, Cleared):
        return ("clear.", "")[part]
    words = {"expect": ("", "expect."), "ratio": ("of.", "")}.get(rule.kind.word)
    if words is not None:
        return words[part]
    if isinstance(rule.kind, SequenceKind):
        return f"step {_step_of(rule.kind, part)}."
    return ""


def _step_of(kind: SequenceKind, part: int) -> int:
    """The number of the step, from 1 on, that is part `part` of the rule."""
    lines = [number for number, step in enumerate(kind.steps, 1) if not isinstance(step, Heard)]
    return lines[part]


def _patterns(rule: RuleSettings, part: int, selector: Selector) -> Iterator[tuple[str, str]]:
    """Each pattern of a list, with its name; one alone is reached by whatever fires."""
    if len(selector.match) > 1:
        for number, pattern in enumerate(selector.match):
            yield f"{_prefix(rule, part)}match[{number}]", pattern


def _exclusions(rule: RuleSettings, part: int, selector: Selector) -> Iterator[tuple[str, Unless]]:
    if rule.kind.word == "ratio" and part == 0:
        return  # the part has those of the whole
    for number, one in enumerate(selector.unless):
        yield f"{_prefix(rule, part)}unless[{number}]", one


def _steps(rule: RuleSettings) -> Iterator[str]:
    """What must come together or one after the other."""
    match rule.kind:
        case SequenceKind(steps=steps):
            yield from (f"step {number}" for number in range(1, len(steps) + 1))
        case Composite(rules=names):
            yield from (f"rule {name}" for name in names)
        case _ if rule.kind.word == "expect":
            yield from ("opened", "closed")
        case Cleared():
            yield "cleared by a line"
        case _:
            pass


def _by_lines(
    rule: RuleSettings, fed: Sequence[Fed], sources: Mapping[str, SourceSettings]
) -> Iterator[str]:
    """Branches that lines reach by being taken, or by being excluded."""
    selectors = rule.selectors()
    for each in fed:
        parts = {one.part for one in each.taken if one.rule == rule.name}
        text = each.line.text
        for part in parts:
            for name, pattern in _patterns(rule, part, selectors[part]):
                if compile_pattern(pattern).search(text):
                    yield name
            if isinstance(rule.kind, SequenceKind):
                yield f"step {_step_of(rule.kind, part)}"
            elif rule.kind.word == "expect":
                yield "closed" if part else "opened"
            elif isinstance(rule.kind, Cleared) and part == 0:
                yield "cleared by a line"
        for part, selector in enumerate(selectors):
            known = None if part in parts else _known(selector, each.line, sources)
            if known is not None:
                for name, one in _exclusions(rule, part, selector):
                    if _excludes(one, text, known):
                        yield name


def _known(
    selector: Selector, line: TimedLine, sources: Mapping[str, SourceSettings]
) -> Known | None:
    """What `unless` may ask for, where `match` is found in the line; None where it is not."""
    found = (compile_pattern(pattern).search(line.text) for pattern in selector.match or ("",))
    first = next(filter(None, found), None)
    if first is None:
        return None
    fields = fields_of(sources[line.source], line) if selector.unless_so else {}
    return Known(captures(first), fields)


def _excludes(one: Unless, text: str, known: Known) -> bool:
    if isinstance(one, str):
        return compile_pattern(one).search(text) is not None
    return compile_where(one)(known)


def _by_alerts(rule: RuleSettings, outcome: Outcome, fed: Sequence[Fed]) -> Iterator[str]:
    """Branches that are reached by what came, or by what did not come."""
    if outcome.fired:
        yield "fires"
    if outcome.resolved:
        yield "resolves"
    for event in outcome.of_status("firing", "updated"):
        yield f"level {event.alert.severity}"
    heard = {event.alert.rule for event in outcome.heard}
    match rule.kind:
        case SequenceKind(steps=steps):
            for number, step in enumerate(steps, 1):
                if isinstance(step, Heard) and step.rule in heard:
                    yield f"step {number}"
        case Composite(rules=names):
            yield from (f"rule {name}" for name in names if name in heard)
        case _:
            pass
    taken = any(one.rule == rule.name for each in fed for one in each.taken)
    if (taken or heard) and _stayed_quiet(rule, outcome, fed):
        yield "quiet"


def _stayed_quiet(rule: RuleSettings, outcome: Outcome, fed: Sequence[Fed]) -> bool:
    """Whether something that counts did not, or not yet, make it fire.

    For what tells events it is enough that one of two lines was not told.
    """
    if not outcome.fired:
        return True
    if not rule.kind.burns:
        taken = sum(any(one.rule == rule.name for one in each.taken) for each in fed)
        return taken > len(outcome.fired)
    return False
