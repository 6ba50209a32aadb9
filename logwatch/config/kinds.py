"""What makes a rule of its kind -> settings of that kind; what must agree is checked here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from logwatch.config import figures, thresholds
from logwatch.config.fields import Fields, Use, check_field, joined
from logwatch.config.found import Found
from logwatch.config.keys import RuleKeys
from logwatch.config.names import distinct
from logwatch.config.problems import Report, shown
from logwatch.config.selectors import Look, below_clear, build_look, nested
from logwatch.config.surroundings import Surroundings
from logwatch.rules.base import KindSettings, Threshold
from logwatch.rules.kinds import (
    Absence,
    Cleared,
    Composite,
    Expect,
    Heard,
    Sequence,
    Step,
    TooFew,
)

ANYTHING: Final = Fields(parsed=None)
"""What is known of a record of which nothing is known."""

_OPTIONS = {
    "levels": ("when", ""),
    "clear": ("when", ""),
    "within": ("sequence", "all_of", "any_of"),
    "absorbs": ("all_of", "any_of"),
}
"""Key -> the kinds that it belongs to; the empty one is a plain match."""
_LOOKS_AT_NONE = (
    ("in", "match", "unless", "where"),
    "which looks at no lines",
    "write it in the rules that are named",
)
_REFUSED = {
    "sequence": (
        ("match", "unless", "where"),
        "whose steps have their own",
        "write it in the step that it is for: sequence: [{match: '...'}, ...]",
    ),
    "all_of": _LOOKS_AT_NONE,
    "any_of": _LOOKS_AT_NONE,
}
"""Kind -> what its rules have not, why, and what to do about it."""


class Made(Struct, frozen=True):
    """A kind, and which fields its rule may use."""

    kind: KindSettings
    said: Fields
    """What `say` and the rules that hear of this one may use."""
    parts: tuple[tuple[Fields, str], ...] = ()
    """Each kind of record that has a key of `by`, beside the rule's own, and why it may not."""
    by: tuple[str, ...] = ()
    """The key, where the rule does not say."""


Builder = Callable[[Found[RuleKeys], Look, Surroundings, Report], Made | None]


def word_of(found: Found[RuleKeys], report: Report) -> str | None:
    """The key that makes the rule of its kind, empty for none; None where there are two."""
    if found.given.isdisjoint(_BUILDERS):
        return ""
    words = [word for word in _BUILDERS if word in found.given]
    if len(words) == 1:
        return words[0]
    report.error(
        found.key(words[1]),
        "bad-value",
        f"{words[0]!r} and {words[1]!r} make two kinds of one rule",
        "make two rules of it; a third may name both: all_of: [ONE, OTHER]",
    )
    return None


def build_kind(
    word: str, found: Found[RuleKeys], own: Look, around: Surroundings, report: Report
) -> Made | None:
    """The kind that `word` names; None after reporting why it cannot be."""
    checks = [_check_option(found, word, key, report) for key in _OPTIONS if key in found.given]
    checks += [_check_own(found, word, report), found.sound("match")]
    if word and not found.sound(word):
        return None
    return _BUILDERS[word](found, own, around, report) if all(checks) else None


def _check_option(found: Found[RuleKeys], word: str, key: str, report: Report) -> bool:
    """Whether the rule, which has `key`, is of a kind that it belongs to."""
    owners = _OPTIONS[key]
    if word in owners:
        return found.sound(key)
    names = " or ".join(repr(owner) if owner else "a plain rule" for owner in owners)
    remedy = {
        "within": "write it inside: expect: {match: 'finished', within: 2h}"
        if word == "expect"
        else "remove it; the times of other kinds stand inside of them",
        "absorbs": "name the rules that it absorbs: all_of: [ONE, OTHER]",
    }.get(key, "remove it" if word else "write when: 5 in 2m")
    beside = f", not to {word!r}" if word else ""
    report.error(found.key(key), "bad-value", f"{key!r} belongs to {names}{beside}", remedy)
    return False


def _check_own(found: Found[RuleKeys], word: str, report: Report) -> bool:
    """Whether the rule itself does not pick lines where its steps or parts do."""
    if word not in _REFUSED:
        return True
    refused, why, remedy = _REFUSED[word]
    for key in refused:
        if key in found.given:
            report.error(found.key(key), "bad-value", f"{key!r} beside {word!r}, {why}", remedy)
            return False
    return True


def _plain(found: Found[RuleKeys], own: Look, around: Surroundings, report: Report) -> Made | None:
    return _closed(found, thresholds.build_plain(found, report), own, around, report)


def _when(found: Found[RuleKeys], own: Look, around: Surroundings, report: Report) -> Made | None:
    return _closed(found, thresholds.build_when(found, report), own, around, report)


def _closed(
    found: Found[RuleKeys],
    kind: KindSettings | None,
    own: Look,
    around: Surroundings,
    report: Report,
) -> Made | None:
    """A plain match or a threshold, with the line that ends its episodes where `clear` has one."""
    if kind is None:
        return None
    opening, clear = own.fields or ANYTHING, found.value.clear
    inner = None if clear is None else below_clear(found, clear)
    if clear is None or inner is None or not inner.given:
        return Made(kind, opening)
    if inner.given.isdisjoint(("match", "where")):
        report.error(
            found.place("clear"),
            "missing-key",
            "'clear' does not say which lines clear",
            "write match: 'link {port} up'",
        )
        return None
    closing = build_look(inner, around, report, outer=own, earlier=opening)
    if not closing.sound or closing.fields is None or not own.sound:
        return None
    if closing.takes_all_of(own):
        report.error(
            found.place("clear"),
            "bad-value",
            "each line that the rule matches is one that clears, so that it never fires",
            "make it narrower",
        )
        return None
    when = kind if isinstance(kind, Threshold) and found.value.when is not None else None
    key = distinct(found.value.by) or closing.references
    made = Cleared(
        count=when.count if when else 1,
        window=when.window if when else 0.0,
        levels=when.levels if when else (),
        clear_count=clear.count,
        clear_window=clear.window,
        closing=closing.selector(),
        references=tuple(name for name in closing.references if name not in key),
    )
    lacking = "the closing line neither captures nor refers to"
    somewhere = opening.somewhere | closing.fields.somewhere
    said = Fields(opening.everywhere, somewhere, opening.parsed, opening.dotted)
    return Made(made, said, ((closing.fields, lacking),), closing.references)


def _absent(
    found: Found[RuleKeys], own: Look, _around: Surroundings, report: Report
) -> Made | None:
    keys = found.value.absent
    assert keys is not None
    if keys.roster and not found.value.by and found.sound("by"):
        report.error(
            found.key("absent", "expect"),
            "missing-key",
            "'expect' needs 'by': the field whose values these are",
            "write by: host",
        )
        return None
    by = distinct(found.value.by)
    roster = [
        _roster_key(found, number, entry, by, report) for number, entry in enumerate(keys.roster)
    ]
    if None in roster or not found.sound("by"):
        return None
    known = tuple(dict.fromkeys(entry for entry in roster if entry is not None))
    kind = (
        TooFew(limit=keys.limit, below=keys.below, roster=known)
        if keys.below > 1
        else Absence(limit=keys.limit, roster=known)
    )
    return Made(kind, own.fields or ANYTHING)


def _roster_key(
    found: Found[RuleKeys],
    number: int,
    entry: str | tuple[str, ...] | dict[str, str],
    by: tuple[str, ...],
    report: Report,
) -> tuple[str, ...] | None:
    """One entry of the roster as a value for each field of `by`."""
    if isinstance(entry, dict):
        values = tuple(entry.get(name, "") for name in by)
        fits = entry.keys() == set(by)
    else:
        values = (entry,) if isinstance(entry, str) else entry
        fits = len(values) == len(by)
    if fits and all(values):
        return values
    example = ", ".join(f"{name}: ..." for name in by)
    remedy = f"write {{{example}}}" if len(by) > 1 else f"write one value of {by[0]!r}"
    message = f"this is no key of 'by': {', '.join(by)}"
    report.error(found.place("absent", "expect", number), "bad-value", message, remedy)
    return None


def _sequence(
    found: Found[RuleKeys], own: Look, around: Surroundings, report: Report
) -> Made | None:
    keys = found.value
    assert keys.sequence is not None
    checks = [_has_within(found, "sequence", report)]
    if len(keys.sequence) < 2:
        remedy = "write two steps: sequence: [{match: 'first'}, {match: 'then'}]"
        report.error(found.key("sequence"), "bad-value", "a sequence has two steps or more", remedy)
        checks.append(False)
    steps: list[Step] = []
    known: list[Fields] = []
    references: list[tuple[str, ...]] = []
    for number, step in enumerate(keys.sequence):
        if step.rule is not None:
            checks.append(_check_rule_step(found, number, report))
            steps.append(Heard(rule=step.rule))
            known.append(around.alert_fields.get(step.rule, ANYTHING))
            references.append(())
            continue
        inner = nested(found, step, "sequence", number)
        look = build_look(inner, around, report, outer=own, earlier=joined(known))
        checks.append(look.sound)
        steps.append(look.selector())
        known.append(look.fields or ANYTHING)
        references.append(look.references)
    if not all(checks):
        return None
    assert keys.within is not None
    kind = Sequence(steps=tuple(steps), within=keys.within, references=tuple(references))
    parts = [(fields, f"step {number} does not have") for number, fields in enumerate(known, 1)]
    return Made(kind, joined(known), tuple(parts))


def _check_rule_step(found: Found[RuleKeys], number: int, report: Report) -> bool:
    step = (found.value.sequence or ())[number]
    if not (step.match or step.where or step.unless or step.sources):
        return True
    report.error(
        found.place("sequence", number),
        "bad-value",
        "a step is a rule or lines, not both",
        "write {rule: NAME}, or {match: '...'}",
    )
    return False


def _has_within(found: Found[RuleKeys], word: str, report: Report) -> bool:
    if "within" in found.given:
        return found.sound("within")
    report.error(found.key(word), "missing-key", f"{word!r} needs 'within'", "write within: 10m")
    return False


def _expect(found: Found[RuleKeys], own: Look, around: Surroundings, report: Report) -> Made | None:
    keys = found.value.expect
    assert keys is not None
    opening = own.fields or ANYTHING
    inner = nested(found, keys, "expect")
    closing = build_look(inner, around, report, outer=own, earlier=opening)
    if not closing.sound or closing.fields is None:
        return None
    kind = Expect(closing=closing.selector(), within=keys.within, references=closing.references)
    lacking = "the closing line neither captures nor refers to"
    return Made(kind, opening, ((closing.fields, lacking),), closing.references)


def _composite(
    found: Found[RuleKeys], _own: Look, around: Surroundings, report: Report
) -> Made | None:
    word = "all_of" if "all_of" in found.given else "any_of"
    rules = distinct((found.value.all_of if word == "all_of" else found.value.any_of) or ())
    sound = _has_within(found, word, report)
    if len(rules) < 2:
        report.error(
            found.key(word),
            "bad-value",
            f"{word!r} names fewer than two rules",
            f"write {word}: [ONE, OTHER]",
        )
        sound = False
    if not sound:
        return None
    keys = found.value
    assert keys.within is not None
    kind = Composite(
        rules=rules,
        needed=len(rules) if word == "all_of" else 1,
        within=keys.within,
        absorbs=keys.absorbs,
    )
    known = [around.alert_fields.get(name, ANYTHING) for name in rules]
    parts = [
        (fields, f"rule {shown(name)} does not have")
        for name, fields in zip(rules, known, strict=True)
    ]
    return Made(kind, joined(known), tuple(parts))


def _figure(build: figures.Builder) -> Builder:
    """A builder of figures.py as one of this module."""

    def built(
        found: Found[RuleKeys], own: Look, around: Surroundings, report: Report
    ) -> Made | None:
        kind = build(found, own, around, report)
        return None if kind is None else Made(kind, own.fields or ANYTHING)

    return built


def check_parts(found: Found[RuleKeys], made: Made, report: Report) -> bool:
    """Whether each kind of record has the fields of `by`."""
    sound = True
    for number, name in enumerate(found.value.by):
        for fields, lacking in made.parts:
            use = Use("by", name, found.place("by", number), lacking)
            if not check_field(found, use, fields, report):
                sound = False
                break
    return sound


_BUILDERS: dict[str, Builder] = {
    "": _plain,
    "when": _when,
    "absent": _absent,
    "sequence": _sequence,
    "expect": _expect,
    "unique": _figure(figures.build_unique),
    "new": _figure(figures.build_new),
    "spike": _figure(figures.build_spike),
    "value": _figure(figures.build_value),
    "ratio": _figure(figures.build_ratio),
    "all_of": _composite,
    "any_of": _composite,
}
