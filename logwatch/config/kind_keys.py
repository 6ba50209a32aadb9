"""The keys inside what makes a rule of its kind: `when`, `absent`, `sequence` and the others."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from yaml import Node

from logwatch.config.key_forms import Keys, OneOrMany, Pieces, Window
from logwatch.config.scalars import Item, Scalar
from logwatch.units import Duration

_COUNT_IN = r"\s*(\S+)\s+in\s+(\S.*?)\s*"
_SAMPLING = r"\s*(first|every)(?:\s+(\S+)(?:\s+in\s+(\S.*?))?)?\s*"
_MEASURE = r"p[5-9][0-9]|avg|sum|max|min"
_NUMBER = r"\s*[-+]?[0-9.]+\s*"

_MOST_CONTEXT = 1000

Count = Annotated[int, Meta(ge=1, le=100_000)]
Minimum = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Bound = Annotated[float, Meta(ge=0, le=1, extra={"unit": "share"})]
RosterEntry = str | tuple[str, ...] | dict[str, str]
Unless = Annotated[tuple[str | dict[str, OneOrMany], ...], Meta(extra={"one_or_many": True})]
"""Patterns, and maps of conditions as those of `where`."""


def _count_in(text: str, example: str) -> Pieces:
    found = re.fullmatch(_COUNT_IN, text)
    if not found:
        raise ValueError(f"{text[:60]!r} is not COUNT in DURATION; write {example}")
    return {"count": (found.start(1), found[1]), "in": (found.start(2), found[2])}


class WhenKeys(Keys, frozen=True, rename={"window": "in"}):
    """`when: 5 in 2m`, `when: first 5 in 1h`, `when: every 5`."""

    required: ClassVar = ("in",)
    instead: ClassVar = {"in": ("first", "every")}
    examples: ClassVar = {"count": "5", "in": "2m", "first": "5", "every": "5"}

    count: Count | None = None
    window: Window | None = None
    first: Count | None = None
    every: Count | None = None

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`5 in 2m`, `first 5 in 1h`, `every 5`."""
        found = re.fullmatch(_SAMPLING, text)
        if not found:
            return _count_in(text, "when: 5 in 2m")
        word = found[1]
        if not found[2]:
            raise ValueError(f"{text[:60]!r} has no number; write when: {word} 5 in 1h")
        pieces = {word: (found.start(2), found[2])}
        return pieces | ({"in": (found.start(3), found[3])} if found[3] else {})


class ContextKeys(Keys, frozen=True):
    """`context: 5`, or `{before: 5, after: 3, max_wait: 2s}`."""

    examples: ClassVar = {"before": "5", "after": "3", "max_wait": "2s"}

    before: Annotated[int, Meta(ge=0, le=_MOST_CONTEXT)] = 0
    after: Annotated[int, Meta(ge=0, le=_MOST_CONTEXT)] = 0
    max_wait: Annotated[float, Meta(ge=0, le=60, extra={"unit": "duration"})] = 2.0

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`5`: as many before as after."""
        if not (text.isascii() and text.isdecimal()) or int(text[:9]) > _MOST_CONTEXT:
            raise ValueError(
                f"{text[:60]!r} is no number of lines up to {_MOST_CONTEXT}; write context: 5"
            )
        return {"before": (0, text), "after": (0, text)}


class SelectorKeys(Keys, frozen=True, rename={"sources": "in"}):
    """What picks lines: the part that rules, steps and closing lines have in common."""

    examples: ClassVar = {
        "in": "auth",
        "match": "'I/O error, dev (?P<dev>\\w+)'",
        "unless": "'dev loop\\d+'",
        "where": "{level: error}",
    }

    sources: OneOrMany | None = None
    match: OneOrMany = ()
    unless: Unless = ()
    where: dict[str, OneOrMany] | None = None


class ClearKeys(SelectorKeys, frozen=True, rename={"sources": "source", "window": "in"}):
    """`clear: 0 in 15m`, `clear: {match: 'link {port} up'}`, or both in one map."""

    required: ClassVar = ("count", "in")
    either: ClassVar = {"count": ("match", "where")}
    instead: ClassVar = {"in": ("match", "where")}
    examples: ClassVar = {
        "count": "0",
        "in": "15m",
        "source": "auth",
        "match": "'link {port} up'",
        "unless": "'link {port} up again'",
        "where": "{event: recovered}",
    }

    count: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    window: Window | None = None
    sources: OneOrMany | None = None

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`0 in 15m`."""
        return _count_in(text, "clear: 0 in 15m, or clear: {match: 'recovered'}")

    @classmethod
    def from_pairs(cls, pairs: Mapping[str, Item]) -> Mapping[str, Item]:
        """Raises ValueError for an `in` that names sources, as it does everywhere else."""
        item = pairs.get("in")
        named = item.text if isinstance(item, Scalar) else item.value if item else ""
        if not isinstance(named, str) or named[:1].isalpha():
            raise ValueError(
                "in 'clear', 'in' is the time of its 'count', not a source; write source: NAME"
            )
        return pairs


class AbsentKeys(Keys, frozen=True, rename={"limit": "for", "roster": "expect"}):
    """`absent: 3m`, `absent: {for: 3m, below: 5, expect: [web1, web2]}`."""

    required: ClassVar = ("for",)
    examples: ClassVar = {"for": "3m", "below": "5", "expect": "[web1, web2]"}

    limit: Window = 0.0
    below: Annotated[int, Meta(ge=1, le=10_000)] = 1
    roster: Annotated[tuple[RosterEntry, ...], Meta(extra={"one_or_many": True})] = ()

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`3m`."""
        if found := re.fullmatch(_COUNT_IN, text):
            remedy = f"write absent: {{for: {found[2]}, below: {found[1]}}}"
            raise ValueError(f"{text[:60]!r} is not a duration; {remedy}")
        return {"for": (0, text)}


class StepKeys(SelectorKeys, frozen=True, rename={"sources": "in"}):
    """One step of `sequence`: lines, or another rule that fires."""

    required: ClassVar = ("match",)
    either: ClassVar = {"match": ("where", "rule")}
    examples: ClassVar = SelectorKeys.examples | {"rule": "ssh-guessing"}

    rule: str | None = None


class ExpectKeys(SelectorKeys, frozen=True, rename={"sources": "in"}):
    """`expect: {match: 'finished job={job} ok', within: 2h}`."""

    required: ClassVar = ("match", "within")
    either: ClassVar = {"match": ("where",)}
    examples: ClassVar = SelectorKeys.examples | {
        "match": "'finished job={job} ok'",
        "within": "2h",
    }

    within: Window = 0.0


class UniqueKeys(Keys, frozen=True, rename={"window": "in"}):
    """`unique: {of: port, above: 20, in: 1m}`, `unique: {of: node, below: 3, in: 5m}`."""

    required: ClassVar = ("of", "above", "in")
    either: ClassVar = {"above": ("below",)}
    examples: ClassVar = {"of": "port", "above": "20", "below": "3", "in": "1m"}

    of: OneOrMany = ()
    above: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    below: Annotated[int, Meta(ge=1, le=1000)] | None = None
    window: Window = 0.0


class NewKeys(Keys, frozen=True):
    """`new: {value: user, learn: 7d}`, `new: {template: message, learn: 24h}`."""

    required: ClassVar = ("value",)
    either: ClassVar = {"value": ("template",)}
    examples: ClassVar = {
        "value": "user",
        "template": "message",
        "learn": "7d",
        "forget": "90d",
        "at_most": "5/h",
    }

    value: OneOrMany = ()
    template: str | None = None
    learn: Duration = 0.0
    forget: Window | None = None
    at_most: str | None = None

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`user`: the field."""
        return {"value": (0, text)}


class SpikeKeys(Keys, frozen=True):
    """`spike: {up: 3, over: 10m, vs: previous, min: 30}`."""

    required: ClassVar = ("up", "over", "min")
    either: ClassVar = {"up": ("down",)}
    examples: ClassVar = {
        "up": "3",
        "down": "4",
        "over": "10m",
        "vs": "same hour last 4 weeks",
        "min": "30",
    }

    up: Annotated[float, Meta(gt=1, le=1_000_000)] | None = None
    down: Annotated[float, Meta(gt=1, le=1_000_000)] | None = None
    over: Window = 0.0
    vs: str = "previous"
    min: Minimum = 1


class ValueKeys(Keys, frozen=True, rename={"window": "in"}):
    """`value: {p95: request_time, above: 800ms, in: 5m, min: 50}`."""

    required: ClassVar = ("of", "above", "in")
    either: ClassVar = {"above": ("below",)}
    examples: ClassVar = {
        "measure": "p95",
        "of": "request_time, measure: p95",
        "above": "800ms",
        "below": "10",
        "in": "5m",
        "min": "50",
    }

    measure: str = ""
    of: str = ""
    above: str | None = None
    below: str | None = None
    window: Window = 0.0
    min: Minimum = 1

    @classmethod
    def from_pairs(cls, pairs: Mapping[str, Item]) -> Mapping[str, Item]:
        """`p95: FIELD` is `measure: p95, of: FIELD`. `min` beside a number is how many samples.

        Raises ValueError.
        """
        measures = [name for name in pairs if measures_something(name, pairs[name])]
        if len(measures) + ("measure" in pairs) + ("of" in pairs and bool(measures)) > 1:
            two = " and ".join(map(repr, (*measures, *sorted(pairs.keys() & {"measure", "of"}))))
            raise ValueError(f"'value' has one figure of one field, not {two}; write a rule each")
        return {
            name: item
            for given, value in pairs.items()
            for name, item in (
                [("measure", Scalar(given, _node(value), None)), ("of", value)]
                if given in measures
                else [(given, value)]
            )
        }


class RatioKeys(Keys, frozen=True, rename={"window": "in"}):
    """`ratio: {of: {status: '>= 500'}, above: 5%, in: 5m, min: 200}`."""

    required: ClassVar = ("of", "above", "in")
    either: ClassVar = {"above": ("below",)}
    examples: ClassVar = {
        "of": "{status: '>= 500'}",
        "above": "5%",
        "below": "95%",
        "in": "5m",
        "min": "200",
    }

    of: OneOrMany | dict[str, OneOrMany] = ()
    above: Bound | None = None
    below: Bound | None = None
    window: Window = 0.0
    min: Minimum = 1


Mode = Literal["live", "shadow"]


def measures_something(name: str, item: Item) -> bool:
    """Whether this pair of `value` is a figure and its field: `min` may also count samples."""
    if not re.fullmatch(_MEASURE, name):
        return False
    text = item.text if isinstance(item, Scalar) else item.value
    return name != "min" or not isinstance(text, str) or not re.fullmatch(_NUMBER, text)


def is_measure(name: str) -> bool:
    """Whether `name` is a figure: `p50` to `p99`, `avg`, `sum`, `max`, `min`."""
    return re.fullmatch(_MEASURE, name) is not None


def _node(item: Item) -> Node:
    return item.node if isinstance(item, Scalar) else item
