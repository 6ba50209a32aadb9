"""What every answer of `-o json` has in common: named fields that do not change once made."""

from __future__ import annotations

from msgspec import Struct


class Document(Struct, kw_only=True, frozen=True):
    """One object, a line of its own; its fields are given by name."""
