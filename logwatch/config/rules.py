"""`rules:` -> what the rule kinds work with; what must agree within one rule is checked here."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from logwatch import parsers
from logwatch.config import hearing
from logwatch.config.fields import Fields, check_by, check_say
from logwatch.config.found import Found
from logwatch.config.keys import DefaultKeys, RuleKeys
from logwatch.config.kinds import Made, build_kind, check_parts, word_of
from logwatch.config.names import distinct
from logwatch.config.problems import Report
from logwatch.config.routes import check_sinks
from logwatch.config.selectors import Look, build_look
from logwatch.config.surroundings import Surroundings
from logwatch.config.thresholds import levels_of
from logwatch.records import Severity
from logwatch.rules.base import ContextSettings, RuleSettings
from logwatch.rules.kinds import Sampling
from logwatch.schedule import Schedule, parse_schedule
from logwatch.tailer.settings import SourceSettings


class _Parts(NamedTuple):
    """What a rule is put together from, where each could be read."""

    own: Look
    made: Made
    severity: Severity
    active: Schedule | None


def build_rules(
    entries: list[Found[RuleKeys]], around: Surroundings, report: Report
) -> list[RuleSettings]:
    """The rules that could be read, in the order of the file; the others are reported."""
    named: dict[str, Found[RuleKeys]] = {}
    nameless = []
    for found in entries:
        if "name" in found.given and found.sound("name"):
            if around.rule_names.add(found.value.name, found.place("name"), report):
                named[found.value.name] = found
                continue
        else:
            around.rule_names.complete = False
        nameless.append(found)
    order, unsound = hearing.in_order(named, around.rule_names, report)
    built = {
        name: settings
        for name in order
        if (settings := build_rule(named[name], around, report)) and name not in unsound
    }
    for found in nameless:
        build_rule(found, around, report)
    return [built[name] for name in named if name in built]


def build_rule(found: Found[RuleKeys], around: Surroundings, report: Report) -> RuleSettings | None:
    """The settings of one rule; None after reporting why it cannot be."""
    own = build_look(found, around, report)
    word = word_of(found, report)
    made = None if word is None else build_kind(word, found, own, around, report)
    severity = _severity(found, around.defaults, report)
    active, active_known = found.read("active", found.value.active, parse_schedule, report)
    checks = [check_sinks(found, around.sinks, report), active_known]
    if made is not None:
        checks += [_check_hold(found, made, report), _check_context(found, made, report)]
    checks.append(_check_fields(found, own, made, report))
    if around.thorough and found.value.say and "$" in found.value.say:
        from logwatch.config.dialects import warn_of_variables  # noqa: PLC0415 - for `check` only

        warn_of_variables(found, own.fields if made is None else made.said, report)
    if made is None or severity is None or not own.sound or found.broken or not all(checks):
        return None
    settings = _settings(found, around, _Parts(own, made, severity, active))
    around.alert_fields[settings.name] = _with_key(made.said, settings.by)
    return settings


def _with_key(said: Fields, by: tuple[str, ...]) -> Fields:
    """What the alerts of a rule have: what its records have, and its key."""
    if not by:
        return said
    return Fields(said.everywhere.union(by), said.somewhere.union(by), said.parsed, said.dotted)


def _settings(found: Found[RuleKeys], around: Surroundings, parts: _Parts) -> RuleSettings:
    keys, own, kind = found.value, parts.own, parts.made.kind
    cooldown = around.defaults.cooldown if keys.cooldown is None else keys.cooldown
    return RuleSettings(
        name=keys.name,
        defined_at=found.place().short,
        sources=own.sources if own.named else None,
        match=own.match,
        unless=own.unless or (),
        where=own.where or (),
        by=distinct(keys.by) or parts.made.by,
        kind=kind,
        severity=parts.severity,
        cooldown=0.0 if isinstance(kind, Sampling) else cooldown,
        hold=keys.hold or 0.0,
        active=parts.active,
        shadow=keys.mode == "shadow",
        context=_context(found, around.defaults, parts.made),
        max_keys=keys.max_keys,
        say=keys.say,
        labels=keys.labels,
        to=distinct(keys.to),
        description=keys.description,
        runbook=keys.runbook,
    )


def _check_fields(found: Found[RuleKeys], own: Look, made: Made | None, report: Report) -> bool:
    """Whether `by` and `say` use what is there, as far as that is known."""
    if made is None or own.fields is None:
        if found.sound("say"):
            check_say(found, own.fields if _picks_lines(found) else None, report)
        return own.fields is None or not _picks_lines(found) or check_by(found, own.fields, report)
    sound = True
    if found.value.by and found.sound("by"):
        sound = not _picks_lines(found) or check_by(found, own.fields, report)
        sound = sound and check_parts(found, made, report)
    if found.sound("say"):
        check_say(found, made.said, report, made.kind.words)
    return sound


def _picks_lines(found: Found[RuleKeys]) -> bool:
    """Whether the rule itself looks at lines, and not only its steps or parts."""
    return found.given.isdisjoint(("sequence", "all_of", "any_of"))


def _check_hold(found: Found[RuleKeys], made: Made, report: Report) -> bool:
    """Whether there is an episode to hold."""
    if not found.value.hold or made.kind.burns:
        return True
    report.error(
        found.key("hold"),
        "bad-value",
        "'hold' needs an episode, and each alert of this rule is an event",
        "write clear: 0 in 15m to make an episode of it"
        if not made.kind.word
        else "remove it; 'cooldown' holds repeats back",
    )
    return False


def _check_context(found: Found[RuleKeys], made: Made, report: Report) -> bool:
    """Whether there are lines around which there could be others."""
    if found.value.context is None or made.kind.word != "all_of":
        return True
    report.error(
        found.key("context"),
        "bad-value",
        "'context' in a rule that looks at no lines",
        "write it in the rules that are named",
    )
    return False


def _context(found: Found[RuleKeys], defaults: DefaultKeys, made: Made) -> ContextSettings | None:
    keys = defaults.context if found.value.context is None else found.value.context
    if made.kind.word == "all_of" or not (keys.before or keys.after):
        return None
    return ContextSettings(before=keys.before, after=keys.after, max_wait=keys.max_wait)


def _severity(found: Found[RuleKeys], defaults: DefaultKeys, report: Report) -> Severity | None:
    """The severity that the rule fires with: its own, else its first level, else the default."""
    own, levels = found.value.severity, levels_of(found)
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


def known_fields(
    rules: Collection[RuleSettings], sources: Mapping[str, SourceSettings]
) -> set[str] | None:
    """Every field that an alert can have by these rules; None where only the lines decide."""
    names: set[str] = set()
    for source in sources.values():
        given = parsers.field_names(source.told_as)
        if given is None or source.format == "syslog":
            return None
        names.update(given)
    for rule in rules:
        names.update(rule.labels, rule.by, ["runbook"] if rule.runbook else [])
        for selector in rule.selectors():
            for text in selector.match:
                names.update(re.findall(r"\(\?P<(\w+)>", text))
    return names
