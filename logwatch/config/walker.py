"""Reads YAML nodes as msgspec types and reports every mistake, each at its place.

The walker follows the type, so its depth is the type's; the number of values that it reads is
bounded, so that a few aliases cannot stand for a billion values. A value that is wrong is left out
and remembered as broken, so that nobody asks about it again. Nothing here raises for content.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import Struct, inspect
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from logwatch.config.document import Document, child, is_null
from logwatch.config.found import Found
from logwatch.config.key_forms import Keys, Pieces
from logwatch.config.problems import Place, Report, shown, split_remedy
from logwatch.config.references import References
from logwatch.config.scalars import BROKEN, Item, Scalar, ScalarReader, Slot, plain
from logwatch.config.shapes import SEQUENCES, Shape, fitting, is_one_or_many, shape_of

MOST_ALIASED = 50_000
"""Values read beyond one a character of the file, which only aliases can bring about."""

T = TypeVar("T", bound=Struct)

_Extra: TypeAlias = Mapping[str, Any]
"""What a type says of itself beside its bounds: see `key_forms`."""
_NOTHING_MORE: _Extra = {}


class _TooManyError(Exception):
    """Raised inside the walker when there are more values than a file can hold."""


class Walker:
    """Reads the nodes of one document."""

    def __init__(self, document: Document, report: Report, references: References) -> None:
        self.document = document
        self.report = report
        self.references = references
        self._scalars = ScalarReader(document, report, references)
        self._left = len(document.text) + MOST_ALIASED
        self._readers: dict[type[inspect.Type], Callable[[Any, Item, Slot, _Extra], Any]] = {
            inspect.UnionType: self._union,
            inspect.StructType: self._struct,
            inspect.DictType: self._dict,
            inspect.AnyType: lambda _info, item, _slot, _extra: self._any(item),
            **dict.fromkeys(SEQUENCES, self._items),
        }
        """What reads a value that is no scalar, by its type."""

    def keys(self, struct: type[T], item: Item, what: str) -> Found[T] | None:
        """`item` as `struct`, a type of `keys.py`; None when it is no map at all."""
        try:
            return self._keys(struct, item, what)
        except _TooManyError:
            self._report_too_many()
            return None

    def settings(self, struct: type[T], item: Node, what: str, short: str | None) -> T | None:
        """`item` as `struct`, complete and valid; None after reporting why not.

        A bare scalar stands for field `short`, where there is one; nothing stands for all defaults.
        """
        try:
            fields = self._settings_fields(struct, item, what, short)
        except _TooManyError:
            self._report_too_many()
            return None
        return None if fields is None else self._converted(struct, fields, item, what)

    def pairs(self, node: MappingNode, what: str) -> dict[str, Node]:
        """The values of a map by key; keys that cannot be are reported and left out."""
        pairs: dict[str, Node] = {}
        first: dict[str, Node] = {}
        for key, value in node.value:
            name = self._key(key, what)
            if name is None:
                continue
            if name in pairs:
                line = first[name].start_mark.line + 1
                self.report.error(
                    self.document.place(key),
                    "duplicate-key",
                    f"key {shown(name)} stands twice in {what}",
                    f"first on line {line}; remove one of them",
                )
            else:
                pairs[name], first[name] = value, key
        return pairs

    def mapping(self, node: Node | None, slot: Slot) -> dict[str, Node] | None:
        """A section that is a map; nothing is an empty one, None after reporting."""
        if node is None or is_null(node):
            return {}
        if not isinstance(node, MappingNode):
            self._scalars.wrong_type(node, slot, "a map")
            return None
        return self.pairs(node, repr(slot.label))

    def sequence(self, node: Node | None, slot: Slot) -> list[Node] | None:
        """A section that is a list; nothing is an empty one, None after reporting."""
        if node is None or is_null(node):
            return []
        if not isinstance(node, SequenceNode):
            self._scalars.wrong_type(node, slot, "a list")
            return None
        return list(node.value)

    # -- maps --------------------------------------------------------------------------------

    def _keys(self, struct: type[T], item: Item, what: str) -> Found[T] | None:
        shape = shape_of(struct)
        pieces = self._pieces(struct, shape, item, what)
        if pieces is None:
            return None
        values: dict[str, Any] = {}
        broken = set()
        for name, piece in pieces.items():
            value = self._field(shape, name, piece, item, what)
            if value is BROKEN:
                broken.add(name)
            else:
                values[shape.fields[name].name] = value
        node = item.node if isinstance(item, Scalar) else item
        # What was misspelt was said; that the key which was meant is missing is no second mistake.
        meant = shape.meant(broken)
        given = frozenset(pieces) | meant
        broken |= meant
        if not all(map(given.__contains__, shape.required)):
            broken.update(self._missing(shape, given, node, what))
        return Found(struct(**values), node, self.document, frozenset(broken), given)

    def _pieces(
        self, struct: type[Struct], shape: Shape, item: Item, what: str
    ) -> Mapping[str, Item] | None:
        """The parts of a map, however it is written."""
        if isinstance(item, MappingNode):
            if self._scalars.untagged(item):
                return self._unfolded(struct, item, what)
            return None
        slot = Slot(what)
        short: Callable[[str], Pieces] | None = getattr(struct, "from_text", None)
        if short is None or isinstance(item, SequenceNode):
            parts = [f"{name}: {shape.examples.get(name, '...')}" for name in shape.required]
            remedy = f"write {{{', '.join(parts)}}}" if parts else None
            self._scalars.wrong_type(item, slot, "a map", remedy)
            return None
        scalar = self._scalars.scalar(item, slot)
        return None if scalar is None else self._short(short, scalar)

    def _unfolded(
        self, struct: type[Struct], node: MappingNode, what: str
    ) -> Mapping[str, Item] | None:
        """The pairs of a map as the struct names them."""
        pairs = self.pairs(node, what)
        unfold: Callable[[Mapping[str, Item]], Mapping[str, Item]] | None
        unfold = getattr(struct, "from_pairs", None)
        try:
            return pairs if unfold is None else unfold(pairs)
        except ValueError as error:
            message, remedy = split_remedy(str(error))
            self.report.error(self.document.place(node), "bad-value", message, remedy)
            return None

    def _short(
        self, from_text: Callable[[str], Pieces], scalar: Scalar
    ) -> Mapping[str, Item] | None:
        try:
            pieces = from_text(scalar.text)
        except ValueError as error:
            self._scalars.bad_value(scalar, str(error))
            return None
        whole = scalar.offset
        return {
            name: Scalar(text, scalar.node, None if whole is None else whole + offset)
            for name, (offset, text) in pieces.items()
        }

    def _field(self, shape: Shape, name: str, piece: Item, item: Item, what: str) -> Any:
        """The value of one key, or BROKEN."""
        field = shape.fields.get(name)
        if field is not None:
            return self._value(field.type, piece, field.slot)
        place = self._key_place(item, name, piece)
        if name in shape.later:
            self.report.error(
                place, "not-supported", f"{name!r} is not supported yet", shape.later[name]
            )
        elif name in shape.elsewhere:
            owners, example = shape.elsewhere[name]
            self.report.error(
                place, "unknown-key", f"{name!r} belongs inside {owners}", f"write {example}"
            )
        else:
            message = f"unknown key {shown(name)} in {what}"
            self.report.error(place, "unknown-key", message, shape.remedy(name))
        return BROKEN

    def _missing(
        self, shape: Shape, given: AbstractSet[str], node: Node, what: str
    ) -> Iterable[str]:
        for name in shape.required:
            if name in given:
                continue
            others = shape.either.get(name, ())
            spared = (name, *others, *shape.instead.get(name, ()))
            if not given.isdisjoint(spared):
                continue
            yield name
            ways = [Slot(way, shape.examples.get(way, "...")).remedy for way in (name, *others)]
            remedy = ", or ".join(filter(None, ways))
            place = self.document.place(node)
            missing = " or ".join(map(repr, (name, *others)))
            self.report.error(place, "missing-key", f"{what} has no {missing}", remedy)

    def _settings_fields(
        self, struct: type[Struct], item: Node, what: str, short: str | None
    ) -> dict[str, Any] | None:
        shape = shape_of(struct)
        if isinstance(item, MappingNode) and self._scalars.untagged(item):
            pieces: Mapping[str, Item] = self.pairs(item, what)
        elif isinstance(item, ScalarNode) and is_null(item):
            pieces = {}
        elif isinstance(item, ScalarNode) and short is not None:
            pieces = {short: item}
        else:
            self._scalars.wrong_type(item, Slot(what), "a map")
            return None
        fields = {
            name: self._field(shape, name, piece, item, what) for name, piece in pieces.items()
        }
        missing = list(self._missing(shape, pieces.keys() | shape.meant(pieces), item, what))
        return None if missing or any(value is BROKEN for value in fields.values()) else fields

    def _converted(
        self, struct: type[T], fields: dict[str, Any], node: Node, what: str
    ) -> T | None:
        """What the struct itself has to say: patterns, lengths, its own checks."""
        try:
            return msgspec.convert(fields, struct)
        except msgspec.ValidationError as error:
            text, _, path = str(error).partition(" - at `$")
            names = re.findall(r"\w+", path) + re.findall(r"\w+", text)
            named = next((name for name in names if name in fields), None)
            place = self.document.place(child(node, named) if named else node)
            message, remedy = split_remedy(text)
            self.report.error(place, "bad-value", f"{what}: {message}", remedy)
            return None

    def _key(self, key: Node, what: str) -> str | None:
        if not isinstance(key, ScalarNode):
            self.report.error(
                self.document.place(key), "bad-type", f"a key in {what} is no text",
                "a value that begins with { or [ must be in single quotes",
            )  # fmt: skip
            return None
        if key.value == "<<" and not key.style:
            self.report.error(
                self.document.place(key), "bad-yaml", "merge keys ('<<') are not read here",
                "write the keys out; an alias may stand for a whole value only",
            )  # fmt: skip
            return None
        return str(key.value) if self._scalars.untagged(key) else None

    # -- values ------------------------------------------------------------------------------

    def _value(self, info: inspect.Type, item: Item, slot: Slot) -> Any:
        self._left -= 1
        if self._left < 0:
            raise _TooManyError
        extra: _Extra = _NOTHING_MORE
        while isinstance(info, inspect.Metadata):
            extra = info.extra or extra
            info = info.type
        if extra.get("raw"):
            return item
        read = self._readers.get(type(info))
        if read is not None:
            return read(info, item, slot, extra)
        scalar = self._scalars.scalar(item, slot)
        return (
            BROKEN if scalar is None else self._scalars.read(info, scalar, slot, extra.get("unit"))
        )

    def _union(self, info: inspect.UnionType, item: Item, slot: Slot, _extra: _Extra) -> Any:
        some = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
        if len(some) < len(info.types) and isinstance(item, ScalarNode) and is_null(item):
            return self._nothing(item, slot)
        return self._value(fitting(some, item), item, slot)

    def _struct(self, info: inspect.StructType, item: Item, slot: Slot, _extra: _Extra) -> Any:
        what = repr(slot.label)
        if not issubclass(info.cls, Keys):
            node = item.node if isinstance(item, Scalar) else item
            fields = self._settings_fields(info.cls, node, what, None)
            return BROKEN if fields is None else fields
        if isinstance(item, ScalarNode) and is_null(item) and not shape_of(info.cls).required:
            return info.cls()  # every key below it is commented out
        found = self._keys(info.cls, item, what)
        return BROKEN if found is None or found.broken else found.value

    def _dict(self, info: inspect.DictType, item: Item, slot: Slot, _extra: _Extra) -> Any:
        if not isinstance(item, MappingNode):
            self._scalars.wrong_type(item, slot, "a map")
            return BROKEN
        values: dict[str, Any] = {}
        for name, node in self.pairs(item, repr(slot.label)).items():
            if isinstance(info.key_type, inspect.LiteralType):
                key = next(key for key, value in item.value if value is node)
                named = self._scalars.read(info.key_type, Scalar(name, key, 0), slot)
                if named is BROKEN:
                    values[name] = BROKEN
                    continue
            if isinstance(node, MappingNode) and is_one_or_many(info.value_type):
                values[name] = self._nested(name, node)
                continue
            values[name] = self._value(info.value_type, node, Slot(name))
        broken = any(value is BROKEN for value in values.values())
        return BROKEN if broken or len(values) < len(item.value) else values

    def _nested(self, name: str, node: MappingNode) -> Any:
        """Refuse a map among fields: their names are dotted, not nested."""
        inner = node.value[0][0].value if node.value else ""
        remedy = f"join the names with a dot: {name}.{inner}: ..." if inner else None
        self._scalars.wrong_type(node, Slot(name), "text, or a list of texts", remedy)
        return BROKEN

    def _items(self, info: Any, item: Item, slot: Slot, extra: _Extra) -> Any:
        one = bool(extra.get("one_or_many"))
        kinds = getattr(info, "item_types", None) or (info.item_type,)
        takes_maps = isinstance(kinds[0], inspect.UnionType)
        if isinstance(item, SequenceNode):
            if not self._scalars.untagged(item):
                return BROKEN
            items: list[Item] = list(item.value)
        elif one and (takes_maps or not isinstance(item, MappingNode)):
            items = [item]
        else:
            self._scalars.wrong_type(item, slot, "text, or a list of texts" if one else "a list")
            return BROKEN
        if len(items) == 1:
            value = self._value(kinds[0], items[0], slot)
            return BROKEN if value is BROKEN else (value,)
        values = tuple(
            self._value(kinds[min(number, len(kinds) - 1)], piece, slot)
            for number, piece in enumerate(items)
        )
        return BROKEN if BROKEN in values else values

    def _any(self, item: Item, depth: int = 0) -> Any:
        """A value of no stated type, as YAML 1.2 reads it."""
        self._left -= 1
        if self._left < 0 or depth > 20:
            raise _TooManyError
        if isinstance(item, MappingNode):
            pairs = self.pairs(item, "a map").items()
            return {name: self._any(node, depth + 1) for name, node in pairs}
        if isinstance(item, SequenceNode):
            return [self._any(node, depth + 1) for node in item.value]
        if isinstance(item, ScalarNode) and is_null(item):
            return None
        scalar = self._scalars.scalar(item, Slot("value"))
        if scalar is None:
            return BROKEN
        return scalar.text if getattr(scalar.node, "style", "") else plain(scalar.text)

    def _nothing(self, node: Node, slot: Slot) -> Any:
        """None where a value may be left open (a sink's settings); elsewhere a slip."""
        if slot.example:
            self._scalars.wrong_type(node, slot, "text")
            return BROKEN
        return None

    def _report_too_many(self) -> None:
        self.report.error(
            self.document.start, "bad-yaml",
            "aliases make the file stand for far more than is in it",
            "write it without aliases, or in several files",
        )  # fmt: skip

    def _key_place(self, item: Item, name: str, piece: Item) -> Place:
        if isinstance(item, MappingNode):
            for key, _ in item.value:
                if key.value == name:
                    return self.document.place(key)
        if isinstance(piece, Scalar) and piece.offset is not None:
            return self.document.inside(piece.node, piece.offset, max(len(piece.text), len(name)))
        return self.document.place(item.node if isinstance(item, Scalar) else item)
