"""Records that may be quoted later, with the lines around them.

A rule with a state may fire long after the line that it quotes first was read. What is remembered:
the latest `MOST_REMEMBERED` records that such rules took, with at most `MOST_CHARACTERS` of text
around them; what is older is forgotten. It is state and survives a restart.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from logwatch.rules.anchors import Anchor, Growing, Place

MOST_REMEMBERED = 1000
MOST_CHARACTERS = 4 * 1024 * 1024

PREFIX = "line\x1f"
"""Begins the keys of what is stored here."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Anchor).decode


class Memory:
    """The latest anchors, the oldest first."""

    def __init__(self, growing: Growing) -> None:
        self._growing = growing
        self._anchors: OrderedDict[str, Anchor] = OrderedDict()
        self._places: dict[Place, str] = {}
        self._weights: dict[str, int] = {}
        self._weight = 0
        self._most = MOST_REMEMBERED
        self._turn = 0
        self.changed: set[str] = set()
        """Keys whose state is not stored as it is now; whoever stores it clears it."""

    def add(self, anchor: Anchor) -> None:
        """Remember it, and for it forget the oldest where there are too many."""
        key = PREFIX + anchor.key
        if key in self._anchors:
            return
        self._turn += 1
        anchor.turn = self._turn
        self._put(key, anchor)
        self.changed.add(key)
        self._forget_some()

    def grown(self, key: str) -> None:
        """The anchor `key`, if it is one of these, was given lines."""
        anchor = self._anchors.get(key)
        if anchor is not None:
            self._weigh(key, anchor)
            self.changed.add(key)
            self._forget_some()

    def find(self, place: Place) -> Anchor | None:
        """A copy of the anchor at this place."""
        key = self._places.get(place)
        return None if key is None else self._anchors[key].copy()

    def body(self, key: str) -> bytes | None:
        """What is stored under `key`; None where it is forgotten."""
        anchor = self._anchors.get(key)
        return None if anchor is None else _encode(anchor)

    def restore(self, key: str, body: bytes) -> None:
        """The reverse. Raises msgspec.DecodeError for what is none."""
        self._put(key, _decode(body))

    def begin(self, *, most: int) -> None:
        """Everything was restored; remember `most` anchors from now on."""
        for key in sorted(self._anchors, key=lambda key: self._anchors[key].turn):
            self._anchors.move_to_end(key)
            self._turn = self._anchors[key].turn
        self._most = most
        self._forget_some()

    def _put(self, key: str, anchor: Anchor) -> None:
        self._anchors[key] = anchor
        self._places[anchor.place] = key
        self._weigh(key, anchor)
        self._growing.add(key, anchor)

    def _weigh(self, key: str, anchor: Anchor) -> None:
        self._weight -= self._weights.get(key, 0)
        self._weights[key] = anchor.characters
        self._weight += anchor.characters

    def _forget_some(self) -> None:
        while len(self._anchors) > self._most or self._weight > MOST_CHARACTERS:
            key, anchor = self._anchors.popitem(last=False)
            if self._places.get(anchor.place) == key:
                del self._places[anchor.place]
            self._weight -= self._weights.pop(key)
            self._growing.drop(key, anchor)
            self.changed.add(key)
