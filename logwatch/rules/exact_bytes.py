"""Bytes that are kept for long, and the memory that they take."""

from __future__ import annotations


def exact(encoded: bytes) -> bytes:
    """A copy that takes no more memory than it has bytes.

    An encoder writes into 512 bytes, and into more where that is too little, and gives back what it
    has no use for: a hole between the blocks of others, as large as three samples.
    """
    return bytes(memoryview(encoded))
