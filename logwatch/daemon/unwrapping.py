"""Blocks of a container's log -> blocks of what its program wrote, with what was around each line.

The offsets are still those of the log, so positions, ids and quotes are as for any file.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from msgspec.structs import replace

from logwatch.records import Block, Stretch
from logwatch.tailer.container_lines import ContainerFramer, Texts, wall_time
from logwatch.tailer.containers import container_of


class Wrapped:
    """What was around the lines of one block, and where they are in the log."""

    def __init__(self, texts: Texts, block: Stretch, container: dict[str, str]) -> None:
        self._texts = texts
        self._block = block
        self._container = container

    def told(self, index: int) -> tuple[float | None, dict[str, str]]:
        """See `Envelopes.told`."""
        piece = self._texts.piece(bisect_right(self._texts.starts, index) - 1)
        fields = {**piece.more, **self._container}
        if piece.stream:
            fields["stream"] = piece.stream
        return wall_time(piece.time), fields

    def cursor(self, index: int) -> str:
        """See `Envelopes.cursor`: the offset is enough."""
        del index
        return ""

    def offset(self, index: int) -> int:
        """See `Places.offset`."""
        texts = self._texts
        if index >= len(texts.data):
            return self._block.offset(len(self._block.data))
        return self._block.offset(texts.offsets[bisect_right(texts.starts, index) - 1])

    def index(self, offset: int) -> int:
        """See `Places.index`."""
        texts = self._texts
        number = bisect_left(texts.offsets, self._block.index(offset))
        return texts.starts[number] if number < len(texts.starts) else len(texts.data)


def unwrapped(block: Block, framer: ContainerFramer) -> Block:
    """`block` as the program wrote it; once is enough."""
    if block.envelopes is not None or not block.data:
        return block
    texts = framer.unwrap(block.data)
    wrapped = Wrapped(texts, block, container_of(block.path))
    cut = (bisect_left(texts.offsets, each) for each in block.cut)
    return replace(
        block,
        data=texts.data,
        places=wrapped,
        envelopes=wrapped,
        joined=framer.joined(texts.data),
        cut=frozenset(texts.starts[each] for each in cut if each < len(texts.starts)),
        partial=False,
    )


def unwrapped_stretch(stretch: Stretch, framer: ContainerFramer) -> Stretch:
    """The same of lines that are read once more, for what was around a record."""
    texts = framer.unwrap(stretch.data)
    return Stretch(data=texts.data, start=stretch.start, places=Wrapped(texts, stretch, {}))
