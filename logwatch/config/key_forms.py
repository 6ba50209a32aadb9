"""How a struct says what a map of a configuration may hold: the walker reads these.

A struct is a map as people write it. What it names in `later` is planned: the walker refuses it by
name and says what to do meanwhile. `examples` feed the help line of an error. Every field has a
default so that an entry with one bad value can still be looked at; `required` names those that must
be written.

The modules with such structs have no `from __future__ import annotations`: it would make texts of
their types, and each text would have to be compiled whenever a configuration is read.
"""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

OneOrMany = Annotated[tuple[str, ...], Meta(extra={"one_or_many": True})]
"""A text, or a list of texts."""

Raw = Annotated[Any, Meta(extra={"raw": True})]
"""A part of the tree that its own module reads."""

Window = Annotated[float, Meta(gt=0, extra={"unit": "duration"})]
"""A duration longer than nothing."""

Pieces = dict[str, tuple[int, str]]
"""Field -> its text and where it begins, from a map written as one scalar."""


class Keys(Struct, frozen=True, kw_only=True):
    """Root of the maps.

    A map with a short form has a class method `from_text(text) -> Pieces`, which raises ValueError
    with a remedy. One whose keys may be written in another way has `from_pairs(pairs) -> pairs`,
    which may raise the same.
    """

    required: ClassVar[tuple[str, ...]] = ()
    later: ClassVar[dict[str, str]] = {}
    examples: ClassVar[dict[str, str]] = {}
    instead: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Keys with which a required one need not be there."""
    either: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Keys that do for a required one."""
    elsewhere: ClassVar[dict[str, tuple[str, str]]] = {}
    """Keys that belong inside others -> which, and an example."""
