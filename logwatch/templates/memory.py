"""What was evicted, in a few bytes each, so that it is not taken for new when it comes back.

A template that left the tree is kept as the digest of its text and the places of its wildcards. A
message is one of its messages exactly where, with wildcards put at those places, it has that
digest: so one digest is made for every set of places that is remembered for its length. Nothing
else can be asked of it, and nothing needs to be: the message and the places give the text back.

Bounds: `most` templates, those gone longest are forgotten first; and for each length `MOST_SHAPES`
sets of places, where a template with a further one is forgotten at once. What is forgotten is new
when it comes again.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import ItemsView

import msgspec

from logwatch.templates.masks import WILDCARD
from logwatch.templates.template import Gone, digest_of

MOST_SHAPES = 64
"""Sets of places of wildcards that are remembered for one length of message."""


class Memory:
    """Evicted templates by their id, at most `most` of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_id: dict[str, Gone] = {}
        self._ids: dict[tuple[int, str], str] = {}
        self._shapes: dict[int, dict[int, int]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, name: object) -> bool:
        return name in self._by_id

    def __getitem__(self, name: str) -> Gone:
        return self._by_id[name]

    def items(self) -> ItemsView[str, Gone]:
        """Everything that is remembered, by its id, from that gone longest."""
        return self._by_id.items()

    def keep(self, name: str, gone: Gone) -> list[str]:
        """Remember `gone` under its id, as the one gone last; the ids that are forgotten for it."""
        forgotten = []
        if (double := self._ids.get((gone.size, gone.digest))) is not None:
            self.drop(double)
            forgotten.append(double)
        shapes = self._shapes.setdefault(gone.size, {})
        if gone.wildcards not in shapes and len(shapes) >= MOST_SHAPES:
            return [*forgotten, name]
        shapes[gone.wildcards] = shapes.get(gone.wildcards, 0) + 1
        self._by_id[name] = gone
        self._ids[gone.size, gone.digest] = name
        while len(self._by_id) > self._most:
            oldest = next(iter(self._by_id))
            self.drop(oldest)
            forgotten.append(oldest)
        return forgotten

    def accept(self, name: str) -> None:
        """Mark what is remembered under `name` as accepted."""
        self._by_id[name] = msgspec.structs.replace(self._by_id[name], accepted=True)

    def drop(self, name: str) -> Gone:
        """Remember `name` no longer; what it was."""
        gone = self._by_id.pop(name)
        del self._ids[gone.size, gone.digest]
        shapes = self._shapes[gone.size]
        shapes[gone.wildcards] -= 1
        if not shapes[gone.wildcards]:
            del shapes[gone.wildcards]
            if not shapes:
                del self._shapes[gone.size]
        return gone

    def find(self, tokens: list[str]) -> tuple[str, list[str]] | None:
        """Id and tokens of the template that `tokens` belong to; of several the narrowest."""
        order: list[tuple[int, int]] = []
        for wildcards in self._shapes.get(len(tokens), ()):
            insort(order, (wildcards.bit_count(), wildcards))
        for _, wildcards in order:
            text = [WILDCARD if wildcards >> n & 1 else token for n, token in enumerate(tokens)]
            name = self._ids.get((len(tokens), digest_of(" ".join(text))))
            if name is not None and self._by_id[name].wildcards == wildcards:
                return name, text
        return None
