"""Generations that no file was found for: what comes beside their path may be one of them.

A log that is cut without a copy has one more each time, and there may be a thousand such logs. So
of each path the last ones are kept, and as bytes: a position is 4 KB of objects and a tenth of that
when it is packed. They are asked for when an archive or a copy comes, which is rare.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import msgpack

from logwatch.records import Checkpoint

MOST = 16

_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(Checkpoint).decode


class Missing:
    """Those of one path, oldest first."""

    __slots__ = ("_packed",)

    def __init__(self) -> None:
        self._packed: tuple[bytes, ...] = ()

    def __iter__(self) -> Iterator[Checkpoint]:
        """How far each was read."""
        return map(_decode, self._packed)

    def __contains__(self, checkpoint: object) -> bool:
        """Whether this is one of them, as it is."""
        return _encode(checkpoint) in self._packed

    def add(self, checkpoint: Checkpoint) -> None:
        """No file was found for this."""
        self.remove(checkpoint)
        self._packed = (*self._packed, _encode(checkpoint))[-MOST:]

    def remove(self, checkpoint: Checkpoint) -> None:
        """Something was found after all, if it was missing."""
        found = _encode(checkpoint)
        self._packed = tuple(each for each in self._packed if each != found)
