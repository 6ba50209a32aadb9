"""The names that a rule may use: what its patterns capture and the formats of its sources give."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from logwatch.config.found import Found
from logwatch.config.keys import RuleKeys
from logwatch.config.kind_keys import SelectorKeys
from logwatch.config.problems import Place, Report, shown, split_remedy, suggestion
from logwatch.say import placeholders

BUILTINS: Final = (
    *("count", "key", "rule", "source", "path", "log_file", "host", "first", "last"),
    *("duration", "suppressed", "severity"),
)
"""What `say` may use in every rule."""


class Fields(Struct, frozen=True):
    """The names of what a matching record has."""

    everywhere: frozenset[str] = frozenset()
    """Captured by every pattern of `match`."""
    somewhere: frozenset[str] = frozenset()
    """Captured by at least one."""
    parsed: frozenset[str] | None = frozenset()
    """What the formats of its sources give; None where only the lines decide."""
    dotted: bool = False
    """Whether a format gives further names that hold a dot."""

    def given(self, name: str) -> bool:
        """Whether a record that matches may have the field."""
        if self.parsed is None or (self.dotted and "." in name):
            return True
        return name in self.everywhere or name in self.parsed

    def all(self) -> set[str]:
        """Every name that is known of."""
        return {*self.somewhere, *(self.parsed or ())}


def joined(parts: Iterable[Fields]) -> Fields:
    """What is known when a record of each part has come."""
    parts = list(parts)
    parsed = [part.parsed for part in parts if part.parsed is not None]
    return Fields(
        frozenset().union(*(part.everywhere for part in parts)),
        frozenset().union(*(part.somewhere for part in parts)),
        frozenset().union(*parsed) if len(parsed) == len(parts) else None,
        any(part.dotted for part in parts),
    )


class Use(Struct, frozen=True):
    """That a rule uses a field, and where."""

    by: str
    """The key that names the field, as written."""
    name: str
    place: Place
    lacking: str = ""
    """What does not have it, where that is not `match`."""


def check_by(found: Found[RuleKeys], fields: Fields, report: Report) -> bool:
    """Whether records that match may have each field of `by`."""
    sound = True
    for number, name in enumerate(found.value.by if found.sound("by") else ()):
        sound &= check_field(found, Use("by", name, found.place("by", number)), fields, report)
    return sound


def check_field(found: Found[SelectorKeys], use: Use, fields: Fields, report: Report) -> bool:
    """Whether records that match may have the field."""
    if fields.given(use.name):
        return True
    _report(found, use, fields, report)
    return False


def check_say(
    found: Found[RuleKeys], fields: Fields | None, report: Report, words: tuple[str, ...] = ()
) -> None:
    """Check the template, and where `fields` are known that it uses only those.

    `words` are the names that the kind of the rule adds.
    """
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
    if fields is None:
        return
    for name, position in used:
        if name in BUILTINS or name in words or name in found.value.by or fields.given(name):
            continue
        if re.match(r"[^{}|]*\|", say[position:]) and name in fields.somewhere:
            continue
        place = found.inside(("say",), position, len(name))
        _report(found, Use("say", name, place), fields, report, words)


def _report(
    found: Found[SelectorKeys],
    use: Use,
    fields: Fields,
    report: Report,
    words: tuple[str, ...] = (),
) -> None:
    name, by_key = use.name, use.by != "say"
    known = fields.all() if by_key else {*fields.all(), *BUILTINS, *words}
    captures = bool(fields.somewhere) or bool(found.value.match)
    lacking = "'match' does not capture" if captures else "its lines do not have"
    remedy = suggestion(name, known, of="captured field" if captures else "fields")
    if not captures and not known:
        remedy = "give the source a format (json, logfmt, syslog, combined)"
    elif not known:
        remedy = f"give what it captures a name: (?P<{name if name.isidentifier() else 'ip'}>\\S+)"
    if name in fields.somewhere and len(found.value.match) > 1:
        number = _first_without(found, name)
        lacking = f"pattern {number} of 'match' does not capture"
        remedy = "capture it in each pattern" + ("" if by_key else f", or write {{{name}|-}}")
    elif name in fields.somewhere and not by_key:
        lacking, remedy = "only the line that clears has", f"write {{{name}|-}}"
    elif by_key and name in BUILTINS:
        remedy = f"capture it: (?P<{name}>...)"
    elif by_key and "," in name:
        remedy = f"write a list: {use.by}: [{name}]"
    using = f"{use.by!r} uses {shown(name) if by_key else f'{{{name}}}'}"
    message = f"{using}, which {use.lacking or lacking}"
    report.error(use.place, "unknown-field", message, remedy)


def _first_without(found: Found[SelectorKeys], name: str) -> int:
    group = f"(?P<{name}>"
    return next(
        (number for number, text in enumerate(found.value.match, 1) if group not in text), 1
    )
