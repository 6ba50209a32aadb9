"""`rate`, `fallback` and `max_age`: what stands beside the kind of a sink, and holds for any."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec import Struct
from yaml import MappingNode, Node

from logwatch.config.document import Document, child
from logwatch.config.found import Found
from logwatch.config.key_forms import Keys, Pieces, Window
from logwatch.config.model import Fallback, NamedSink
from logwatch.config.names import Names
from logwatch.config.problems import Place, Report, split_remedy
from logwatch.config.walker import Walker
from logwatch.sinks.base import SinkKind
from logwatch.units import Duration, Rate, parse_rate

BESIDE = ("rate", "fallback", "max_age")
"""Keys that any sink may have beside its kind."""

NO_RATE = "none"
"""Lifts the rate that a kind has by itself."""


class FallbackKeys(Keys, frozen=True):
    """`fallback: ops-mail`, or a map that also says after how long."""

    required: ClassVar = ("to",)
    examples: ClassVar = {"to": "ops-mail", "after": "1m"}

    to: str = ""
    after: Duration = 60.0

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`fallback: ops-mail`."""
        return {"to": (0, text)}


class SinkKeys(Keys, frozen=True):
    """What is written beside the kind."""

    examples: ClassVar = {"rate": "10/min", "fallback": "ops-mail", "max_age": "1d"}

    rate: str | None = None
    fallback: FallbackKeys | None = None
    max_age: Window | None = None


class Beside(Struct, frozen=True, kw_only=True):
    """What it means."""

    rate: Rate | None
    fallback: Fallback | None
    max_age: float | None


def build_beside(name: str, node: Node, walker: Walker, kind: SinkKind) -> Beside | None:
    """The keys beside `kind` of the sink `name`; None after reporting what is wrong with them."""
    assert isinstance(node, MappingNode)
    pairs = [pair for pair in node.value if pair[0].value in BESIDE]
    if not pairs:
        return Beside(rate=kind.rate, fallback=None, max_age=None)
    these = MappingNode(node.tag, pairs, node.start_mark, node.end_mark)
    found = walker.keys(SinkKeys, these, f"sink {name!r}")
    if found is None or found.broken:
        return None
    rate = _rate(found, kind, walker.report)
    if isinstance(rate, str):
        return None
    keys = found.value
    then = keys.fallback
    fallback = None if then is None else Fallback(to=then.to, after=then.after)
    return Beside(rate=rate, fallback=fallback, max_age=keys.max_age)


def _rate(found: Found[SinkKeys], kind: SinkKind, report: Report) -> Rate | str | None:
    """The rate; its own text where that is none, which is reported."""
    text = found.value.rate
    if text is None or text == NO_RATE:
        return kind.rate if text is None else None
    try:
        return parse_rate(text)
    except ValueError as error:
        message, remedy = split_remedy(str(error))
        report.error(found.place("rate"), "bad-value", message, f"{remedy}, or none")
        return text


def check_fallbacks(
    sinks: Sequence[NamedSink], places: Mapping[str, Place], names: Names, report: Report
) -> None:
    """Report fallbacks that are defined nowhere, and those that lead back to where they began.

    `places`: where the fallback of each sink is named.
    """
    next_of = {sink.name: sink.fallback.to for sink in sinks if sink.fallback is not None}
    known = {name for name, to in next_of.items() if names.check(to, places[name], report)}
    in_circles: set[str] = set()
    for name in next_of:
        circle = _circle(name, next_of) if name in known and name not in in_circles else ()
        if circle:
            in_circles.update(circle)
            message = f"the fallbacks lead in a circle: {' -> '.join((*circle, name))}"
            if len(circle) == 1:
                message = f"sink {name!r} cannot stand in for itself"
            report.error(places[name], "bad-value", message, "let the last one have no fallback")


def _circle(name: str, next_of: Mapping[str, str]) -> tuple[str, ...]:
    """The sinks by which fallbacks lead from `name` back to it; empty where they do not."""
    path = [name]
    while (then := next_of.get(path[-1])) is not None and then not in path:
        path.append(then)
    return tuple(path) if then == name else ()


def fallback_place(node: Node, document: Document) -> Place:
    """Where the sink that `node` describes names its fallback."""
    return document.place(child(node, "fallback", "to"))
