"""What one configuration has that another has not, in the words of their files.

Entries are compared by name, section by section. A value is quoted only where it is short and
cannot be a secret: of sinks and of the heartbeat nothing but the names of keys is told. Where an
entry stands in its file does not count, nor does the order of entries that have names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import fields

from logwatch.config.model import Config
from logwatch.rules import fingerprint
from logwatch.rules.base import RuleSettings
from logwatch.units import Duration, format_duration

Sign = Literal["+", "~", "-"]

LONGEST_VALUE = 40
_PLACES = frozenset({"defined_at", "name"})
_AS_WRITTEN = {
    "rule": {"sources": "in", "window": "in", "limit": "for"},
    "source": {"paths": "path"},
}
"""Keys whose settings have another name than the file."""
_LISTS = ("routes", "inhibit")
"""Sections whose entries have no name: their order is what they say."""


class Field(Struct, frozen=True, kw_only=True):
    """A key that has another value now."""

    key: str
    before: str | None = None
    """As a person writes it; None where it is long, or may be a secret."""
    after: str | None = None


class Change(Struct, frozen=True, kw_only=True):
    """An entry that came (`+`), went (`-`) or is another one now (`~`)."""

    sign: Sign
    what: str
    """`rule`, `source`, `sink`, `mute`, or the name of a section or of a key at the top."""
    name: str = ""
    fields: tuple[Field, ...] = ()
    keeps_state: bool | None = None
    """Of a rule that is another one now: whether what it remembers stays."""

    def __str__(self) -> str:
        """`~ rule ssh-guessing (cooldown 15m → 30m, keeps its state)`."""
        told = [_told(each) for each in self.fields]
        if self.keeps_state is not None:
            told.append("keeps its state" if self.keeps_state else "starts anew")
        more = f" ({', '.join(told)})" if told else ""
        return f"{self.sign} {self.what}{' ' * bool(self.name)}{self.name}{more}"


def changes(before: Config, after: Config) -> tuple[Change, ...]:
    """What `after` has that `before` has not, and the other way round; () where they are alike."""
    return (
        *_named("source", before.sources, after.sources),
        *_rules(before.rules, after.rules),
        *_named("sink", before.sinks, after.sinks),
        *_named("mute", before.mutes, after.mutes),
        *_sections(before, after),
    )


def _rules(before: Iterable[RuleSettings], after: Iterable[RuleSettings]) -> Iterator[Change]:
    old, new = {each.name: each for each in before}, {each.name: each for each in after}
    for change in _named("rule", old.values(), new.values()):
        if change.sign != "~":
            yield change
        else:
            keeps = fingerprint(old[change.name]) == fingerprint(new[change.name])
            yield Change(
                sign="~",
                what="rule",
                name=change.name,
                fields=change.fields,
                keeps_state=keeps,
            )


def _named(what: str, before: Iterable[Any], after: Iterable[Any]) -> Iterator[Change]:
    old, new = {each.name: each for each in before}, {each.name: each for each in after}
    for name in new:
        if name not in old:
            yield Change(sign="+", what=what, name=name)
    for name, entry in new.items():
        differing = tuple(_differing(old[name], entry, what)) if name in old else ()
        if differing:
            yield Change(sign="~", what=what, name=name, fields=differing)
    for name in old:
        if name not in new:
            yield Change(sign="-", what=what, name=name)


def _sections(before: Config, after: Config) -> Iterator[Change]:
    for key in before.__struct_fields__:
        old, new = getattr(before, key), getattr(after, key)
        if key in _LISTS:
            old, new = tuple(map(_placeless, old)), tuple(map(_placeless, new))
        elif isinstance(old, tuple):
            continue  # told by name, or (files, tests) of no effect on what runs
        if old != new:
            secret = isinstance(old, Struct) or isinstance(new, Struct)
            yield _section(key, old, new, secret=secret)


def _section(key: str, old: Any, new: Any, *, secret: bool) -> Change:
    if old is None or new is None:
        return Change(sign="+" if old is None else "-", what=key)
    if secret:
        return Change(sign="~", what=key, fields=tuple(_differing(old, new, "sink")))
    told = Field(key="", before=_written(old, None), after=_written(new, None))
    return Change(sign="~", what=key, fields=(told,) if told.before and told.after else ())


def _differing(old: Struct, new: Struct, what: str) -> Iterator[Field]:
    """The keys in which two entries of one name differ; inner settings count as the entry's."""
    if type(old) is not type(new) or _kind_of(old) != _kind_of(new):
        yield Field(key="kind")  # and with it everything
        return
    for each in fields(new):
        one, other = getattr(old, each.name), getattr(new, each.name)
        if each.name in _PLACES or one == other:
            continue
        if each.name in ("settings", "kind") and isinstance(other, Struct):
            yield from _differing(one, other, what)
            continue
        key = _AS_WRITTEN.get(what, {}).get(each.name, each.name)
        if what == "sink":
            yield Field(key=key)
        else:
            yield Field(key=key, before=_written(one, each.type), after=_written(other, each.type))


def _kind_of(entry: Struct) -> str | None:
    """What a sink is; None of anything else, whose kind has settings to compare."""
    kind = getattr(entry, "kind", None)
    return kind if isinstance(kind, str) else None


def _placeless(entry: Struct) -> Mapping[str, Any]:
    return {
        each.name: getattr(entry, each.name) for each in fields(entry) if each.name not in _PLACES
    }


def _written(value: Any, kind: Any) -> str | None:
    """`value` as a file has it, None where that is long."""
    match value:
        case None:
            text = "none"
        case bool():
            text = "true" if value else "false"
        case int() | float() if kind == Duration or kind == Duration | None:
            text = format_duration(value)
        case str() | int() | float():
            text = str(value)
        case tuple() if all(isinstance(each, str) for each in value):
            text = f"[{', '.join(value)}]" if len(value) != 1 else value[0]
        case _:
            return None
    return text if len(text) <= LONGEST_VALUE and text.isprintable() else None


def _told(field: Field) -> str:
    if field.before is None or field.after is None:
        return field.key
    return f"{field.key} {field.before} \N{RIGHTWARDS ARROW} {field.after}".strip()
