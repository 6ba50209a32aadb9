"""`in`, `match`, `unless` and `where` -> a selector: of a rule, a step or a closing line."""

from __future__ import annotations

from msgspec import Struct
from yaml import MappingNode, ScalarNode

from logwatch import parsers
from logwatch.conditions import Where
from logwatch.config import patterns
from logwatch.config.conditions import build_exclusion, build_where
from logwatch.config.document import child
from logwatch.config.fields import Fields
from logwatch.config.found import Found
from logwatch.config.keys import RuleKeys
from logwatch.config.kind_keys import ClearKeys, SelectorKeys
from logwatch.config.names import distinct
from logwatch.config.problems import Report
from logwatch.config.surroundings import Surroundings
from logwatch.matching.known_patterns import Names
from logwatch.rules.base import Selector, Unless


class Look(Struct, frozen=True):
    """One way in which a rule looks at lines, as far as it could be read."""

    sources: tuple[str, ...] | None
    """Names of the sources; None when they cannot be known."""
    named: bool
    """Whether the sources were named, so that they are not just all."""
    fields: Fields | None
    """What its records have; None where a pattern was reported."""
    where: Where | None
    """None where a condition was reported."""
    match: tuple[str, ...]
    unless: tuple[Unless, ...] | None
    """None where a condition was reported."""
    references: tuple[str, ...] = ()
    """Names in `match` whose text must be that of an earlier record."""

    @property
    def sound(self) -> bool:
        """Whether nothing was wrong."""
        return None not in (self.sources, self.fields, self.where, self.unless)

    def takes_all_of(self, other: Look) -> bool:
        """Whether it is plain that each line which `other` takes is one of these, too."""
        return (
            (not self.match or (bool(other.match) and {*other.match} <= {*self.match}))
            and (not self.where or self.where == other.where)
            and not self.unless
            and self.sources == other.sources
        )

    def selector(self) -> Selector:
        """What the engine is told, where nothing was wrong."""
        return Selector(
            sources=self.sources if self.named else None,
            match=self.match,
            unless=self.unless or (),
            where=self.where or (),
        )


def build_look(
    found: Found[SelectorKeys],
    around: Surroundings,
    report: Report,
    *,
    outer: Look | None = None,
    earlier: Fields | None = None,
) -> Look:
    """What `found` looks at; where it names no sources, those of `outer`.

    `earlier` is what records before have, which `{name}` in its patterns may refer to.
    """
    if found.value.sources is None and found.sound("in") and outer is not None:
        sources, named = outer.sources, outer.named
    else:
        sources, named = _sources(found, around, report), found.value.sources is not None
    texts = found.value.match
    references: tuple[str, ...] = ()
    captures = _captured(found, around, report)
    if captures is not None and earlier is not None:
        joined = patterns.with_references(found, earlier, report)
        captures = None if joined is None else [around.known.names(text) for text in joined.texts]
        texts, references = joined or (texts, references)
    fields = None
    if captures is not None:
        fields = _fields(captures, _parsed_fields(sources, around))
    where: Where | None = ()
    if found.value.where is not None or not found.sound("where"):
        where = build_where(found, _formats(sources, around), report, thorough=around.thorough)
    unless = _unless(found, fields, sources, around, report)
    return Look(sources, named, fields, where, texts, unless, references)


def _unless(
    found: Found[SelectorKeys],
    fields: Fields | None,
    sources: tuple[str, ...] | None,
    around: Surroundings,
    report: Report,
) -> tuple[Unless, ...] | None:
    """What takes records out: patterns, which are looked at elsewhere, and conditions."""
    unless: list[Unless | None] = []
    for number, one in enumerate(found.value.unless):
        if isinstance(one, str):
            unless.append(one)
            continue
        keys = SelectorKeys(match=found.value.match, where=one)
        inner = standing_for(found, keys, "where", "unless", number)
        formats = _formats(sources, around)
        unless.append(build_exclusion(inner, fields, formats, report, thorough=around.thorough))
    return None if None in unless else tuple(one for one in unless if one is not None)


def _fields(captures: list[Names], given: tuple[frozenset[str] | None, bool]) -> Fields:
    """What records have of which these patterns capture so much and the formats give so much."""
    first, *others = captures or ((),)
    names = frozenset(first)
    if not others:
        return Fields(names, names, *given)
    return Fields(names.intersection(*others), names.union(*others), *given)


def nested(
    found: Found[SelectorKeys], value: SelectorKeys, *path: str | int
) -> Found[SelectorKeys]:
    """A sound map below `found`, which was read as `value`."""
    node = child(found.node, *path)
    keys = [key.value for key, _ in node.value] if isinstance(node, MappingNode) else []
    return Found(value, node, found.document, frozenset(), frozenset(keys))


def below_clear(found: Found[RuleKeys], clear: ClearKeys) -> Found[SelectorKeys]:
    """The line that `clear` asks for; `in` is its time there, so that its sources are `source`."""
    inner = nested(found, clear, "clear")
    node = inner.node
    if not isinstance(node, MappingNode):
        return inner  # `0 in 15m`
    pairs = [
        (ScalarNode(key.tag, "in", key.start_mark, key.end_mark), value)
        if key.value == "source"
        else (key, value)
        for key, value in node.value
        if key.value in {"source", "match", "unless", "where"}
    ]
    given = frozenset(key.value for key, _ in pairs)
    map_ = MappingNode(node.tag, pairs, node.start_mark, node.end_mark, node.flow_style)
    return Found(clear, map_, found.document, frozenset(), given)


def standing_for(
    found: Found[SelectorKeys], value: SelectorKeys, key: str, *path: str | int
) -> Found[SelectorKeys]:
    """What stands under `path`, read as `value`, as if it stood under a `key` of its own."""
    node = child(found.node, *path)
    start, end = node.start_mark, node.end_mark
    map_ = MappingNode("", [(ScalarNode("", key, start, end), node)], start, end, flow_style=True)
    return Found(value, map_, found.document, frozenset(), frozenset([key]))


def _sources(
    found: Found[SelectorKeys], around: Surroundings, report: Report
) -> tuple[str, ...] | None:
    """Names of the sources that are looked at; None when that cannot be known."""
    wanted = found.value.sources
    if not found.sound("in"):
        return None
    if wanted is None:
        return tuple(around.sources) if around.source_names.complete else None
    if not wanted:
        word, remedy = "in", "leave it out for all"
        if isinstance(found.value, ClearKeys):
            word, remedy = "source", "leave it out for those of the rule"
        report.error(found.key("in"), "bad-value", f"{word!r} names no source", remedy)
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


def _captured(
    found: Found[SelectorKeys], around: Surroundings, report: Report
) -> list[Names] | None:
    """What each pattern of `match` captures; None where a pattern was reported."""
    match = patterns.captured(found, "match", around.known, report)
    unless = patterns.captured(found, "unless", around.known, report)
    if around.thorough:
        for key, sound in (("match", match), ("unless", unless)):
            patterns.warn_of_traps(found, key, report)
            if sound is not None:
                patterns.warn_of_habits(found, key, report)
                patterns.warn_of_risks(found, key, report)
        if match is not None:
            patterns.note_every_line(found, report)
        if match is not None and unless is not None:
            patterns.warn_of_covering(found, report)
    _check_unless(found, report)
    if match is None or unless is None or not found.sound("match"):
        return None
    return match


def _check_unless(found: Found[SelectorKeys], report: Report) -> None:
    for number, text in patterns.written(found, "unless"):
        if text in found.value.match:
            report.error(
                found.place("unless", number),
                "bad-value",
                "'unless' excludes everything that this 'match' finds",
                "make it narrower, or remove it",
            )


def _formats(sources: tuple[str, ...] | None, around: Surroundings) -> dict[str, str] | None:
    """The format of each of `sources`; None where one of them is not known."""
    if sources is None or any(name not in around.sources for name in sources):
        return None
    return {name: around.sources[name].told_as for name in sources}


def _parsed_fields(
    sources: tuple[str, ...] | None, around: Surroundings
) -> tuple[frozenset[str] | None, bool]:
    """Fields that the formats of `sources` give; None where any name is possible.

    Of thousands of rules most look at the same sources.
    """
    known = around.parsed_fields
    if sources not in known:
        known[sources] = _fields_of(_formats(sources, around))
    return known[sources]


def _fields_of(by_source: dict[str, str] | None) -> tuple[frozenset[str] | None, bool]:
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
