"""What a settings struct looks like to the walker, and which type an item of YAML is meant as."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from msgspec import Struct, inspect, structs
from yaml import MappingNode, SequenceNode

from logwatch.config.problems import nearest, suggestion
from logwatch.config.scalars import Item, Scalar, Slot, plain


class Field:
    """One key of a map."""

    def __init__(self, name: str, slot: Slot, annotation: Any) -> None:
        self.name = name
        """What the struct calls it."""
        self.slot = slot
        """What people call it."""
        self._annotation = annotation

    @cached_property
    def type(self) -> inspect.Type:
        """What its value may be; looked into when it is asked for, for of most keys none stands."""
        return inspect.type_info(self._annotation)


class Shape(NamedTuple):
    """What the walker needs to know of a struct, looked up once."""

    fields: dict[str, Field]
    """By the key as it is written."""
    required: tuple[str, ...]
    later: Mapping[str, str]
    instead: Mapping[str, tuple[str, ...]]
    either: Mapping[str, tuple[str, ...]]
    examples: Mapping[str, str]
    elsewhere: Mapping[str, tuple[str, str]]

    def meant(self, written: Collection[str]) -> frozenset[str]:
        """The keys that those of `written` which are none were meant to be."""
        unknown = [name for name in written if name not in self.fields]
        return frozenset(near for name in unknown for near in self._nearest(name))

    def remedy(self, unknown: str) -> str:
        """What to write in the place of a key that there is not."""
        from logwatch.config.other_words import KEYS  # noqa: PLC0415 - for a mistake only

        known = [*self.fields, *self.later] if len(unknown) > 2 else self.fields
        return suggestion(unknown, known, elsewhere=KEYS)

    def _nearest(self, unknown: str) -> list[str]:
        from logwatch.config.other_words import KEYS  # noqa: PLC0415 - for a mistake only

        return nearest(unknown, self.fields, KEYS)


@lru_cache(maxsize=256)
def shape_of(struct: type[Struct]) -> Shape:
    """The shape of `struct`, which may say more than its types: see `Keys`."""
    fields = structs.fields(struct)
    examples: Mapping[str, str] = getattr(struct, "examples", {})
    required = tuple(field.encode_name for field in fields if field.required)
    return Shape(
        {
            name: Field(field.name, Slot(name, examples.get(name, "")), field.type)
            for name, field in ((field.encode_name, field) for field in fields)
        },
        getattr(struct, "required", required),
        getattr(struct, "later", {}),
        getattr(struct, "instead", {}),
        getattr(struct, "either", {}),
        examples,
        getattr(struct, "elsewhere", {}),
    )


def is_one_or_many(info: inspect.Type) -> bool:
    """Whether one text stands for a list of one."""
    return isinstance(info, inspect.Metadata) and bool((info.extra or {}).get("one_or_many"))


SEQUENCES = (
    inspect.VarTupleType,
    inspect.TupleType,
    inspect.ListType,
    inspect.SetType,
    inspect.FrozenSetType,
)


def fitting(kinds: list[inspect.Type], item: Item) -> inspect.Type:
    """Which of several types an item of this form is meant as."""
    if len(kinds) == 1:
        return kinds[0]
    bare = [kind.type if isinstance(kind, inspect.Metadata) else kind for kind in kinds]
    if isinstance(item, MappingNode):
        wanted: tuple[type, ...] = (inspect.StructType, inspect.DictType)
    elif isinstance(item, SequenceNode):
        wanted = SEQUENCES
    else:
        text = item.text if isinstance(item, Scalar) else item.value
        by_type = {bool: inspect.BoolType, int: inspect.IntType, float: inspect.FloatType}
        wanted = (
            by_type.get(type(plain(text)), inspect.StrType),
            inspect.StrType,
            inspect.FloatType,
        )
        lists = [kind for kind in kinds if is_one_or_many(kind)]
        if lists and not isinstance(item, MappingNode | SequenceNode):
            return lists[0]
    for kind_type in wanted:
        for kind, bare_kind in zip(kinds, bare, strict=True):
            if isinstance(bare_kind, kind_type):
                return kind
    return kinds[0]


def item_type(info: inspect.Type) -> inspect.Type:
    """What the items of a list are, where `info` is one of `SEQUENCES`."""
    kinds: tuple[inspect.Type, ...] = getattr(info, "item_types", None) or (info.item_type,)  # type: ignore[attr-defined] # each of them has one of the two
    return kinds[0]
