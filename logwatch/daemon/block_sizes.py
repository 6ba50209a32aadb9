"""How many bytes of a file are read at once: as many as bring what its share of memory holds.

Each block costs the same, however little is found in it, so blocks should be large. What was found
in one waits in memory until all files that are being read have come as far in event time, so of a
thousand files they must be small where each line is a hit. Nobody knows that before: the size of
the next block follows what was found in the last, and of a block in which more was found than the
share holds the rest is given back, to be read again.

Where nothing can be given back blocks are as small as if each line were a hit.
"""

from __future__ import annotations

from logwatch.daemon.intake import sampled_weight
from logwatch.records import Batch

MOST_BLOCK = 1 << 21
LEAST_BLOCK = 1 << 12
FIRST_BLOCK = 1 << 15
"""Bytes of the first block of a file, at least: nothing is known of it."""
WHOLE_BYTES = 1 << 24
"""Bytes of blocks of all files together of which nothing can be given back. What is found in them
takes seven times as much where each line is a hit."""
WAITING_BYTES = 3 << 23
"""Weight of what one batch of each file may hold, of all files together."""
LEAST_HITS = 16
"""So many records one batch may hold, whatever they weigh: a batch costs about as much as these,
and what is given back is read again."""
GROWTH = 8
"""How many times as large as the last one a block may be."""
USUAL_HIT = 1024
"""Weight of a hit, as long as nothing is known of any."""


class BlockSize:
    """The size of the next block of one of `files` files, for one thread."""

    __slots__ = ("_hit", "_most", "_share", "_unseen", "bytes")

    def __init__(self, files: int, most: int = MOST_BLOCK) -> None:
        """`most`: bytes of a block, whatever is found."""
        self._most = most
        self._share = WAITING_BYTES // max(1, files)
        self._unseen = min(most, max(FIRST_BLOCK, WHOLE_BYTES // max(1, files)))
        self.bytes = self._unseen
        """So many at most; a line may be longer."""
        self._hit = USUAL_HIT

    @property
    def most_hits(self) -> int:
        """How many of the records found in a block its batch may hold."""
        return max(LEAST_HITS, self._share // self._hit)

    def learn(self, size: int, batch: Batch, *, is_divisible: bool) -> None:
        """In `size` bytes was found what is in `batch`; whether some could have been given back."""
        found = sampled_weight(batch)
        if batch.records:
            self._hit = max(1, found // len(batch.records))
        # Half of the share, for where the next block has more hits than this one.
        fits = size * self._share // (2 * found) if found else self._most
        fits = min(fits, GROWTH * size, self._most if is_divisible else self._unseen)
        self.bytes = max(LEAST_BLOCK, fits)
