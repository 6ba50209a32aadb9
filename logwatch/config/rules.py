"""`rules:` -> what the rule kinds work with; what must agree within one rule is checked here."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from logwatch import parsers
from logwatch.config import patterns
from logwatch.config.conditions import build_where
from logwatch.config.found import Found
from logwatch.config.keys import DefaultKeys, RuleKeys
from logwatch.config.names import Names, distinct
from logwatch.config.problems import Place, Report, shown, split_remedy, suggestion
from logwatch.config.routes import check_sinks
from logwatch.matching.known_patterns import KnownPatterns
from logwatch.records import SEVERITIES, Severity
from logwatch.rules.base import PlainMatch, RuleSettings, Threshold
from logwatch.rules.say import placeholders
from logwatch.tailer.settings import SourceSettings

BUILTINS = (
    *("count", "key", "rule", "source", "path", "host", "first", "last"),
    *("duration", "suppressed", "severity"),
)
"""What `say` may use in every rule."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rule may refer to."""

    sources: Mapping[str, SourceSettings]
    """The sources that could be read."""
    source_names: Names
    sinks: Names
    defaults: DefaultKeys
    thorough: bool
    """Whether to look for what only deserves a warning."""
    known: KnownPatterns
    """What is known of patterns from an earlier start."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The names that `by` and `say` of one rule may use."""

    everywhere: frozenset[str]
    """Captured by every pattern of `match`."""
    somewhere: frozenset[str]
    """Captured by at least one."""
    parsed: frozenset[str] | None
    """What the formats of its sources give; None where only the lines decide."""
    dotted: bool
    """Whether a format gives further names that hold a dot."""

    def given(self, name: str) -> bool:
        """Whether a record that matches may have the field."""
        if self.parsed is None or (self.dotted and "." in name):
            return True
        return name in self.everywhere or name in self.parsed

    def all(self) -> set[str]:
        """Every name that is known of."""
        return {*self.somewhere, *(self.parsed or ())}


class _Use(NamedTuple):
    """That `by` or `say` uses a field."""

    key: str
    name: str


def build_rule(found: Found[RuleKeys], around: Surroundings, report: Report) -> RuleSettings | None:
    """The settings of one rule; None after reporting why it cannot be."""
    sources = _sources(found, around, report)
    fields = _patterns(found, sources, around, report)
    where = build_where(found, _formats(sources, around), report, thorough=around.thorough)
    kind = _kind(found, report)
    sinks_known = check_sinks(found, around.sinks, report)
    if fields is not None:
        _check_by(found, fields, report)
        _check_say(found, fields, report)
    elif found.sound("say"):
        _check_say(found, None, report)
    severity = _severity(found, around.defaults, report)
    if sources is None or fields is None or where is None or found.broken:
        return None
    if kind is None or severity is None or not sinks_known:
        return None
    return replace(_settings(found, around, sources, kind, severity), where=where)


def _settings(
    found: Found[RuleKeys],
    around: Surroundings,
    sources: tuple[str, ...],
    kind: PlainMatch | Threshold,
    severity: Severity,
) -> RuleSettings:
    keys = found.value
    return RuleSettings(
        name=keys.name,
        defined_at=found.place().short,
        sources=None if keys.sources is None else sources,
        match=keys.match,
        unless=keys.unless,
        by=distinct(keys.by),
        kind=kind,
        severity=severity,
        cooldown=around.defaults.cooldown if keys.cooldown is None else keys.cooldown,
        say=keys.say,
        labels=keys.labels,
        to=distinct(keys.to),
        description=keys.description,
        runbook=keys.runbook,
    )


def _sources(
    found: Found[RuleKeys], around: Surroundings, report: Report
) -> tuple[str, ...] | None:
    """Names of the sources that the rule looks at; None when that cannot be known."""
    wanted = found.value.sources
    if not found.sound("in"):
        return None
    if wanted is None:
        return tuple(around.sources) if around.source_names.complete else None
    if not wanted:
        report.error(found.key("in"), "bad-value", "'in' names no source", "leave it out for all")
        return None
    tags: dict[str, list[str]] = {}
    for source in around.sources.values():
        for tag in source.tags:
            tags.setdefault(tag, []).append(source.name)
    names: list[str] = []
    sound = True
    for number, name in enumerate(wanted):
        place = found.place("in", number)
        sound &= around.source_names.check(name, place, report, also=tags)
        names += [name] if name in around.source_names else tags.get(name, [])
    return distinct(names) if sound else None


def _patterns(
    found: Found[RuleKeys],
    sources: tuple[str, ...] | None,
    around: Surroundings,
    report: Report,
) -> Fields | None:
    """The fields that the patterns give; None where a pattern was reported."""
    match = patterns.captured(found, "match", around.known, report)
    unless = patterns.captured(found, "unless", around.known, report)
    if around.thorough:
        for key, sound in (("match", match), ("unless", unless)):
            patterns.warn_of_traps(found, key, report)
            if sound is not None:
                patterns.warn_of_risks(found, key, report)
        if match is not None:
            patterns.note_every_line(found, report)
    _check_unless(found, report)
    if match is None or unless is None or not found.sound("match"):
        return None
    captures = [frozenset(names) for names in match] or [frozenset[str]()]
    parsed, dotted = _parsed_fields(sources, around)
    return Fields(
        captures[0].intersection(*captures[1:]), captures[0].union(*captures[1:]), parsed, dotted
    )


def _formats(sources: tuple[str, ...] | None, around: Surroundings) -> dict[str, str] | None:
    """The format of each of `sources`; None where one of them is not known."""
    if sources is None or any(name not in around.sources for name in sources):
        return None
    return {name: around.sources[name].format for name in sources}


def _parsed_fields(
    sources: tuple[str, ...] | None, around: Surroundings
) -> tuple[frozenset[str] | None, bool]:
    """Fields that the formats of `sources` give; None where any name is possible."""
    by_source = _formats(sources, around)
    if by_source is None:
        return None, False
    formats = set(by_source.values())
    given = [parsers.field_names(format_) for format_ in formats]
    names: set[str] = set()
    for some in given:
        if some is None:
            return None, False
        names.update(some)
    return frozenset(names), "syslog" in formats


def _check_unless(found: Found[RuleKeys], report: Report) -> None:
    for number, text in enumerate(found.value.unless):
        if text in found.value.match:
            report.error(
                found.place("unless", number),
                "bad-value",
                "'unless' excludes everything that this 'match' finds",
                "make it narrower, or remove it",
            )


def _check_by(found: Found[RuleKeys], fields: Fields, report: Report) -> None:
    for number, name in enumerate(found.value.by if found.sound("by") else ()):
        if not fields.given(name):
            _report_field(found, _Use("by", name), found.place("by", number), fields, report)


def _check_say(found: Found[RuleKeys], fields: Fields | None, report: Report) -> None:
    """Check the template, and where `fields` are known that it uses only those."""
    say = found.value.say
    if say is None:
        return
    try:
        used = placeholders(say)
    except ValueError as error:
        message, remedy = split_remedy(str(error))
        place = found.inside(("say",), getattr(error, "position", 0))
        report.error(place, "bad-value", message, remedy)
        return
    for name, position in used if fields is not None else ():
        assert fields is not None
        if name in BUILTINS or name in found.value.by or fields.given(name):
            continue
        if re.match(r"[^{}|]*\|", say[position:]) and name in fields.somewhere:
            continue
        place = found.inside(("say",), position, len(name))
        _report_field(found, _Use("say", name), place, fields, report)


def _report_field(
    found: Found[RuleKeys], used: _Use, place: Place, fields: Fields, report: Report
) -> None:
    key, name = used
    known = fields.all() if key == "by" else {*fields.all(), *BUILTINS}
    lacking = "'match' does not capture" if found.value.match else "its lines do not have"
    remedy = suggestion(name, known, of="captured field" if found.value.match else "fields")
    if name in fields.somewhere:
        number = _first_without(found, name)
        lacking = f"pattern {number} of 'match' does not capture"
        remedy = "capture it in each pattern" + (f", or write {{{name}|-}}" if key == "say" else "")
    elif key == "by" and name in BUILTINS:
        remedy = f"capture it: (?P<{name}>...)"
    elif key == "by" and "," in name:
        remedy = f"write a list: by: [{name}]"
    using = f"'say' uses {{{name}}}" if key == "say" else f"'by' uses {shown(name)}"
    report.error(place, "unknown-field", f"{using}, which {lacking}", remedy)


def _first_without(found: Found[RuleKeys], name: str) -> int:
    group = f"(?P<{name}>"
    return next(
        (number for number, text in enumerate(found.value.match, 1) if group not in text), 1
    )


def _severity(found: Found[RuleKeys], defaults: DefaultKeys, report: Report) -> Severity | None:
    """The severity that the rule fires with: its own, else its first level, else the default."""
    own, levels = found.value.severity, _levels(found)
    if not found.sound("severity", "levels"):
        return None
    if not levels:
        return own or defaults.severity
    if own is not None and own != levels[0][1]:
        report.error(
            found.place("severity"),
            "bad-value",
            f"'severity' is {own}, but 'levels' begin with {levels[0][1]}",
            "leave 'severity' out, or make them agree",
        )
        return None
    return levels[0][1]


def _levels(found: Found[RuleKeys]) -> tuple[tuple[int, Severity], ...]:
    """The levels from mild to grave."""
    levels = found.value.levels or {}
    return tuple((levels[severity], severity) for severity in SEVERITIES if severity in levels)


def _kind(found: Found[RuleKeys], report: Report) -> PlainMatch | Threshold | None:
    """The kind that the keys of the rule make it."""
    keys = found.value
    if not found.sound("when", "levels", "clear"):
        return None
    if keys.when is None:
        return _plain(found, report)
    levels = _levels(found)
    if not _check_levels(found, levels, report):
        return None
    count = keys.when.count if keys.when.count is not None else levels[0][0] if levels else None
    if count is None:
        report.error(
            found.place("when"), "missing-key", "'when' has no 'count'", "write when: 5 in 2m"
        )
        return None
    if not _check_clear(found, count, report):
        return None
    return Threshold(
        count=count,
        window=keys.when.window,
        levels=levels,
        clear_count=keys.clear.count if keys.clear else None,
        clear_window=keys.clear.window if keys.clear else None,
    )


def _plain(found: Found[RuleKeys], report: Report) -> PlainMatch | None:
    keys = found.value
    if keys.levels is not None:
        report.error(
            found.key("levels"), "missing-key", "'levels' needs 'when'", "write when: 5 in 2m"
        )
    if keys.clear is not None:
        report.error(
            found.key("clear"),
            "not-supported",
            "'clear' without 'when' is not supported yet",
            "write when: 1 in 1m to make an episode of it",
        )
    return PlainMatch() if keys.levels is None and keys.clear is None else None


def _check_levels(
    found: Found[RuleKeys], levels: tuple[tuple[int, Severity], ...], report: Report
) -> bool:
    for (lower, mild), (higher, grave) in pairwise(levels):
        if higher <= lower:
            report.error(
                found.place("levels", grave),
                "bad-value",
                f"{grave} begins at {higher}, not above {mild} at {lower}",
                "counts must rise with the severity",
            )
            return False
    when = found.value.when
    if levels and when and when.count is not None and levels[0][0] != when.count:
        report.error(
            found.place("levels", levels[0][1]),
            "bad-value",
            f"'levels' begin at {levels[0][0]}, but 'when' fires at {when.count}",
            f"write {levels[0][1]}: {when.count}",
        )
        return False
    return True


def _check_clear(found: Found[RuleKeys], count: int, report: Report) -> bool:
    """Whether `clear` is stricter than `when`: as a count, and as a rate."""
    when, clear = found.value.when, found.value.clear
    if when is None or clear is None:
        return True
    if clear.count < count and clear.count * when.window < count * clear.window:
        return True
    report.error(
        found.place("clear"),
        "bad-value",
        "'clear' is looser than 'when': both can hold at once",
        "write clear: 0 in 15m, or another lower count",
    )
    return False


def known_fields(
    rules: Collection[RuleSettings], sources: Mapping[str, SourceSettings]
) -> set[str] | None:
    """Every field that an alert can have by these rules; None where only the lines decide."""
    names: set[str] = set()
    for source in sources.values():
        given = parsers.field_names(source.format)
        if given is None or source.format == "syslog":
            return None
        names.update(given)
    for rule in rules:
        names.update(rule.labels, rule.by, ["runbook"] if rule.runbook else [])
        for text in rule.match:
            names.update(re.findall(r"\(\?P<(\w+)>", text))
    return names
