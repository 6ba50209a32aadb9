"""`where:` of a rule -> conditions: each is well formed, and a field that its sources can have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from yaml import ScalarNode

from logwatch import parsers
from logwatch.conditions import (
    NEGATIVE,
    Comparison,
    Condition,
    ConditionError,
    Where,
    has_wildcard,
    parse_test,
)
from logwatch.config import patterns
from logwatch.config.document import child
from logwatch.config.fields import Fields, Use, check_field
from logwatch.config.found import Found
from logwatch.config.kind_keys import SelectorKeys
from logwatch.config.problems import Place, Report, shown, suggestion
from logwatch.matching.pattern import PatternError, compile_pattern


def build_where(
    found: Found[SelectorKeys], formats: Mapping[str, str] | None, report: Report, *, thorough: bool
) -> Where | None:
    """The conditions of one rule; None after reporting why they cannot be.

    `formats` names the sources that the rule looks at, each with its format; None where that
    cannot be known.
    """
    if not found.sound("where"):
        return None
    written = found.value.where
    if written is None:
        return ()
    if not written:
        place = found.key("where")
        report.error(
            place, "bad-value", "'where' holds no condition", "write where: {level: error}"
        )
        return None
    where = [
        build_condition(found, "where", field, texts, report) for field, texts in written.items()
    ]
    conditions = tuple(condition for condition in where if condition is not None)
    if formats is not None and not _check_fields(found, conditions, formats, report):
        return None
    if len(conditions) < len(where):
        return None
    if thorough:
        _warn(found, conditions, formats, report)
    return conditions


def build_exclusion(
    found: Found[SelectorKeys],
    fields: Fields | None,
    formats: Mapping[str, str] | None,
    report: Report,
    *,
    thorough: bool,
) -> Where | None:
    """A map of `unless`, which `found` has under `where`; None after reporting why it cannot be.

    `fields` is what its records have; for `formats` see `build_where`.
    """
    where: list[Condition | None] = []
    for name, texts in (found.value.where or {}).items():
        condition = build_condition(found, "where", name, texts, report)
        if condition is not None and fields is not None and name not in fields.somewhere:
            use = Use("unless", name, found.key("where", name))
            if not check_field(found, use, fields, report) or not _check_values(
                found, condition, formats or {}, report
            ):
                condition = None
        where.append(condition)
    if not where:
        report.error(
            found.place("where"),
            "bad-value",
            "a map in 'unless' holds no condition",
            "write unless: [{ip: in 10.0.0.0/8}]",
        )
    conditions = tuple(condition for condition in where if condition is not None)
    if not where or len(conditions) < len(where):
        return None
    if thorough:
        warn_of_tests(found, "where", conditions, report)
    return conditions


def build_condition(  # noqa: PLR0917 - a place needs them all
    found: Found[Any],
    key: str,
    field: str,
    texts: tuple[str, ...],
    report: Report,
    ranks: Sequence[str] = (),
) -> Condition | None:
    """The condition on `field` in the map under `key`; None after reporting why it cannot be.

    `ranks`: see `parse_test`.
    """
    if not texts:
        place = found.key(key, field)
        report.error(place, "bad-value", f"{field!r} is compared with nothing", "write one value")
        return None
    tests = [
        _test(found, (key, field, number), text, report, ranks) for number, text in enumerate(texts)
    ]
    sound = tuple(test for test in tests if test is not None)
    if len(sound) < len(tests):
        return None
    negative = [number for number, test in enumerate(sound) if test.operator in NEGATIVE]
    if len(negative) > 1:
        none = "!~ ^(?:one|other)$"
        if all(sound[number].operator == "!in" for number in negative):
            none = f"!in {' '.join(sound[number].operand for number in negative)}"
        report.error(
            found.place(key, field, negative[1]),
            "bad-value",
            "one of a list is enough, and every value passes one of these",
            f"for none of them write {field}: '{none}'",
        )
        return None
    return Condition(field, sound)


def _test(
    found: Found[Any],
    path: tuple[str | int, ...],
    text: str,
    report: Report,
    ranks: Sequence[str],
) -> Comparison | None:
    try:
        test = parse_test(text, ranks)
    except ConditionError as error:
        place = _inside(found, path, text, error.position, error.length)
        report.error(place, "bad-value", error.message, error.remedy)
        return None
    if test.operator not in ("~", "!~"):
        return test
    try:
        compile_pattern(test.operand)
    except PatternError as error:
        at = None if error.position is None else len(text) - len(test.operand) + error.position
        place = _inside(found, path, text, at)
        report.error(place, "bad-pattern", f"bad pattern: {error.message}", patterns.remedy(error))
        return None
    return test


def _inside(
    found: Found[Any],
    path: tuple[str | int, ...],
    text: str,
    position: int | None,
    length: int = 1,
) -> Place:
    """A stretch of one test, unless a reference put other text in."""
    node = child(found.node, *path)
    if position is None or not isinstance(node, ScalarNode) or node.value != text:
        return found.place(*path)
    return found.document.inside(node, min(position, max(len(text) - 1, 0)), length)


def _check_fields(
    found: Found[SelectorKeys], where: Where, formats: Mapping[str, str], report: Report
) -> bool:
    """Whether the lines of some source can have each field, with the values that are asked for."""
    checks = [
        _check_field(found, condition, formats, report)
        and _check_values(found, condition, formats, report)
        for condition in where
    ]
    return all(checks) and _check_negative(found, where, formats, report)


def _check_field(
    found: Found[SelectorKeys], condition: Condition, formats: Mapping[str, str], report: Report
) -> bool:
    field = condition.field
    if not formats or any(parsers.can_have(format_, field) for format_ in formats.values()):
        return True
    one = next(iter(formats)) if len(formats) == 1 else None
    names = {name for format_ in formats.values() for name in parsers.field_names(format_) or ()}
    if names:
        whose = f"source {one!r} ({formats[one]}) has" if one else "its sources have"
        report.error(
            found.key("where", field),
            "unknown-field",
            f"'where' asks for {shown(field)}, a field that {whose} not",
            suggestion(field, names, of="fields"),
        )
    else:
        report.error(
            found.key("where"),
            "unknown-field",
            f"{f'source {one!r} has' if one else 'these sources have'} no fields: the format is"
            " plain",
            "give the source a format (json, logfmt, syslog, combined), or use 'match'",
        )
    return False


def _check_values(
    found: Found[SelectorKeys], condition: Condition, formats: Mapping[str, str], report: Report
) -> bool:
    """Whether each text is a value that the field can have, where a format has only a few."""
    known = [parsers.field_values(format_, condition.field) for format_ in formats.values()]
    values = {value for some in known for value in some or ()}
    if not values or None in known:
        return True
    for number, test in enumerate(condition.tests):
        operand = test.operand
        if test.operator not in ("=", "!=") or has_wildcard(operand) or operand in values:
            continue
        report.error(
            found.place("where", condition.field, number),
            "bad-value",
            f"{shown(operand)} is no {condition.field!r} of syslog",
            suggestion(operand, values, of="choose"),
        )
        return False
    return True


def _check_negative(
    found: Found[SelectorKeys], where: Where, formats: Mapping[str, str], report: Report
) -> bool:
    """Whether no source lacks every field that the rule only wants not to be something."""
    if not where or found.value.match or not all(condition.passes_missing for condition in where):
        return True
    for source, format_ in formats.items():
        if any(parsers.can_have(format_, condition.field) for condition in where):
            continue
        report.error(
            found.key("where", where[0].field),
            "unknown-field",
            f"source {source!r} ({format_.removeprefix('*')}) has no field {shown(where[0].field)},"
            " so this holds for each of its lines",
            "name the sources that are meant: in: [NAME]",
        )
        return False
    return True


def warn_of_tests(found: Found[Any], key: str, where: Where, report: Report) -> None:
    """Warn of what hardly means what is written in the conditions under `key`, or may hang."""
    for condition in where:
        for number, test in enumerate(condition.tests):
            path = (key, condition.field, number)
            if test.operator not in ("~", "!~"):
                _warn_of_network(found.place(*path), test, report)
                continue
            patterns.warn_of_pattern(found, path, test.operand, report)


def _warn_of_network(place: Place, test: Comparison, report: Report) -> None:
    if test.operator not in ("=", "!=") or "/" not in test.operand:
        return
    from logwatch.config.dialects import CODE  # noqa: PLC0415 - for `check` only
    from logwatch.networks import around  # noqa: PLC0415 - as above

    networks = list(filter(None, map(around, re.findall(r"[^\s,'\"]+", test.operand))))
    if networks:
        report.warning(
            place,
            CODE,
            "this is a text to compare with, and no address is equal to a network",
            f"write {'!' if test.operator == '!=' else ''}in {' '.join(networks)}",
        )


def _warn(
    found: Found[SelectorKeys], where: Where, formats: Mapping[str, str] | None, report: Report
) -> None:
    warn_of_tests(found, "where", where, report)
    if found.value.match:
        return
    for source, format_ in (formats or {}).items() if where else ():
        needle = parsers.needle(format_, where)
        if needle is not None and needle.weight:
            continue
        if needle is None:
            message = f"nothing in a line of {source!r} tells whether this holds: each is parsed"
        else:
            message = f"each line of {source!r} that has the field is parsed: no text tells more"
        report.note(
            found.key("where"),
            "every-line",
            message,
            "that is right where it is meant; another condition or a 'match' makes it cheaper",
        )
        break
