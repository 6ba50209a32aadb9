"""A configuration file in the one form that says the same as any other: for diff, and for review.

Keys stand in the order of the reference, short forms are written out (`when: 5 in 2m` is
`when: {count: 5, in: 2m}`), one text where a list may stand is a list of one, aliases are what they
stand for. Comments are lost; references (`${env:NAME}`) stay as they are written, so no secret is
shown that does not stand in the file. What comes out means what went in, and written out again it
is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml
from msgspec import Struct, inspect
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from logwatch.config.document import Document, is_null
from logwatch.config.heartbeat import HeartbeatSettings
from logwatch.config.http import HttpSettings
from logwatch.config.keys import FileKeys, InhibitKeys, MuteKeys, RouteKeys, RuleKeys, SourceKeys
from logwatch.config.otel import OtelSettings
from logwatch.config.shapes import SEQUENCES, fitting, is_one_or_many, item_type, shape_of
from logwatch.config.sink_keys import BESIDE, SinkKeys
from logwatch.config.tests_section import RuleTestKeys
from logwatch.sinks import KINDS
from logwatch.sinks.plain_text import escaped_in_yaml

_SETTINGS: dict[str, tuple[type[Struct], str]] = {
    "heartbeat": (HeartbeatSettings, "url"),
    "http": (HttpSettings, "listen"),
    "otel": (OtelSettings, "url"),
}
"""With what a bare scalar stands for."""
_LISTS: dict[str, type[Struct]] = {
    "rules": RuleKeys,
    "routes": RouteKeys,
    "mutes": MuteKeys,
    "inhibit": InhibitKeys,
    "tests": RuleTestKeys,
}
_RESOLVER: Any = yaml.resolver.Resolver()
_SHORT = 60
"""Characters of a list or map of scalars that stays on one line."""
_WIDE = 1_000_000
"""Nothing is folded: a pattern stays on its line."""


def canonical(document: Document) -> str:
    """The file of `document`, which was parsed and found sound; ends with a line break."""
    root = document.root
    if not isinstance(root, MappingNode):
        return ""
    pairs = [
        (key, _section(key.value, value))
        for key, value in _ordered(FileKeys, root.value)
        if not is_null(value)
    ]
    text: str = yaml.serialize(
        _styled(_map(pairs)), Dumper=_Indenting, width=_WIDE, allow_unicode=True
    )
    return escaped_in_yaml(text)


class _Indenting(yaml.Dumper):
    """Sets lists in below their key, as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - as PyYAML calls it
        super().increase_indent(flow, False)  # noqa: FBT003

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _section(name: str, node: Node) -> Node:
    """One entry of the top of a file."""
    if name in _LISTS and isinstance(node, SequenceNode):
        return _list([_keys(_LISTS[name], each) for each in node.value])
    if name == "sources" and isinstance(node, MappingNode):
        return _map([(key, _keys(SourceKeys, value)) for key, value in node.value])
    if name == "sinks" and isinstance(node, MappingNode):
        return _map([(key, _sink(value)) for key, value in node.value])
    if name in _SETTINGS:
        return _settings(_SETTINGS[name][0], node, _SETTINGS[name][1])
    return _value(shape_of(FileKeys).fields[name].type, node)


def _sink(node: Node) -> Node:
    if not isinstance(node, MappingNode):
        return node
    beside = shape_of(SinkKeys).fields
    pairs = []
    for key, value in sorted(node.value, key=lambda pair: pair[0].value in BESIDE):
        if key.value in BESIDE:
            pairs.append((key, _value(beside[key.value].type, value)))
        else:
            kind = KINDS[key.value]
            pairs.append((key, _settings(kind.settings, value, kind.short)))
    return _map(pairs)


def _settings(struct: type[Struct], node: Node, short: str | None) -> Node:
    if isinstance(node, ScalarNode):
        if is_null(node) or short is None:
            return _map([])
        node = _map([(_scalar(short), node)])
    return _keys(struct, node)


def _keys(struct: type[Struct], node: Node) -> Node:
    """A map as `struct` spells it, written out."""
    if isinstance(node, ScalarNode):
        from_text = getattr(struct, "from_text", None)
        if from_text is None or is_null(node):
            return _map([]) if is_null(node) else node
        pieces = from_text(node.value).items()
        node = _map([(_scalar(key), _scalar(text)) for key, (_, text) in pieces])
    if not isinstance(node, MappingNode):
        return node
    fields = shape_of(struct).fields
    return _map(
        [
            (key, _value(fields[key.value].type, value) if key.value in fields else value)
            for key, value in _ordered(struct, node.value)
        ]
    )


def _value(info: inspect.Type, node: Node) -> Node:
    if is_one_or_many(info) and not isinstance(node, SequenceNode):
        return _value(info, _list([node]))
    while isinstance(info, inspect.Metadata):
        info = info.type
    match info:
        case inspect.UnionType():
            kinds = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
            return _value(fitting(kinds, node), node)
        case inspect.StructType():
            return _keys(info.cls, node)
        case inspect.DictType() if isinstance(node, MappingNode):
            return _map([(key, _value(info.value_type, value)) for key, value in node.value])
        case _ if isinstance(info, SEQUENCES) and isinstance(node, SequenceNode):
            return _list([_value(item_type(info), item) for item in node.value])
        case _:
            return node


def _ordered(struct: type[Struct], pairs: Iterable[tuple[Node, Node]]) -> list[tuple[Node, Node]]:
    fields = shape_of(struct).fields
    rank = {name: number for number, name in enumerate(fields, 1)}
    if "name" in fields:
        rank["name"] = 0  # what it is called stands first
    return sorted(pairs, key=lambda pair: rank.get(pair[0].value, len(rank)))


def _styled(node: Node) -> Node:
    """A copy that shares no node with itself, so that no alias is written, in our styles."""
    if isinstance(node, ScalarNode):
        return _scalar(node.value, quoted=bool(node.style))
    made: SequenceNode | MappingNode
    if isinstance(node, SequenceNode):
        items = [_styled(item) for item in node.value]
        made = SequenceNode("tag:yaml.org,2002:seq", items)
    else:
        items = [each for pair in node.value for each in map(_styled, pair)]
        made = MappingNode("tag:yaml.org,2002:map", [*zip(items[::2], items[1::2], strict=True)])
    flat = all(isinstance(item, ScalarNode) for item in items)
    made.flow_style = flat and sum(len(item.value) + 3 for item in items) <= _SHORT
    return made


def _scalar(text: str, *, quoted: bool = False) -> ScalarNode:
    """Quoted where it was, or where a plain one would be read otherwise."""
    if quoted:
        style = '"' if any(char in text for char in "\n\t\r") or not text.isprintable() else "'"
        return ScalarNode("tag:yaml.org,2002:str", text, style=style)
    if not text.isprintable():
        return _scalar(text, quoted=True)
    return ScalarNode(_RESOLVER.resolve(ScalarNode, text, (True, False)), text)


def _map(pairs: list[tuple[Node, Node]]) -> MappingNode:
    return MappingNode("", pairs)


def _list(items: list[Node]) -> SequenceNode:
    return SequenceNode("", items)
