"""A map as the walker read it, with the way back to where each value stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct
from yaml import MappingNode, Node

from logwatch.config.document import Document, child
from logwatch.config.problems import Place, Report, split_remedy

T = TypeVar("T")
T_co = TypeVar("T_co", bound=Struct, covariant=True)


class Found(Struct, Generic[T_co], frozen=True):
    """A map as read: its value, where broken fields have their default, and its places."""

    value: T_co
    node: Node
    document: Document
    broken: frozenset[str]
    """Keys, as written, whose value was reported."""
    given: frozenset[str]
    """Keys that were written."""

    def place(self, *path: str | int) -> Place:
        """Where the value under `path` stands."""
        return self.document.place(child(self.node, *path))

    def key(self, *path: str | int) -> Place:
        """Where the last key of `path` itself stands."""
        parent = child(self.node, *path[:-1])
        if isinstance(parent, MappingNode):
            for key, _ in parent.value:
                if key.value == path[-1]:
                    return self.document.place(key)
        return self.document.place(parent)

    def inside(self, path: tuple[str | int, ...], offset: int, length: int = 1) -> Place:
        """Where a stretch of the text under `path` stands."""
        return self.document.inside(child(self.node, *path), offset, length)

    def sound(self, *names: str) -> bool:
        """Whether none of these keys was reported."""
        return not self.broken or self.broken.isdisjoint(names)

    def read(
        self, key: str, text: str | None, parse: Callable[[str], T], report: Report
    ) -> tuple[T | None, bool]:
        """What `parse` makes of the `text` under `key`, None where none is; and if it is sound."""
        if text is None:
            return None, self.sound(key)
        try:
            return parse(text), True
        except ValueError as error:
            message, remedy = split_remedy(str(error))
            report.error(self.place(key), "bad-value", message, remedy)
            return None, False
