"""`title:` and `text:` of sinks for people: whether an alert can have what they name."""

from __future__ import annotations

from collections.abc import Collection

from yaml import Node

from logwatch.config.document import child
from logwatch.config.model import NamedSink
from logwatch.config.problems import suggestion
from logwatch.config.walker import Walker
from logwatch.say import placeholders


def has_own_words(sink: NamedSink) -> bool:
    """Whether `sink` brings templates."""
    return any(getattr(sink.settings, key, None) for key in ("title", "text"))


def check_words(
    sink: NamedSink, node: Node, walker: Walker, fields: Collection[str] | None
) -> None:
    """Report names in the templates of `sink` that are no field of any alert.

    `fields` are those that rules and sources give; None where only the lines decide.
    """
    if fields is None:
        return
    from logwatch.sinks.own_words import NAMES  # noqa: PLC0415 - loaded with such a sink

    known = {*NAMES, *fields}
    for key in ("title", "text"):
        template = getattr(sink.settings, key)
        for name, position in placeholders(template) if template is not None else ():
            if name not in known:
                scalar = child(node, sink.kind, key)
                walker.report.error(
                    walker.document.inside(scalar, position, len(name)),
                    "unknown-field",
                    f"{key!r} uses {{{name}}}, which no rule captures",
                    suggestion(name, known, of="field"),
                )
