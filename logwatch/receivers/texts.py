"""Texts of records, which may hold newlines, -> the data of a block."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from logwatch.tailer.multiline import JOINT


class Texts(NamedTuple):
    """Records put one behind the other, each with a newline at its end."""

    data: bytes
    joined: bytes | None
    """With a vertical tab for each newline inside a record; None where there is none."""
    starts: Sequence[int]
    """Where each record begins."""


def texts_of(records: Iterable[bytes]) -> Texts:
    """One record a text. Newlines at its end are no part of it."""
    parts = [each.rstrip(b"\r\n") + b"\n" for each in records]
    data = b"".join(parts)
    joined = None
    if data.count(b"\n") > len(parts):
        joined = b"".join(part[:-1].replace(b"\n", JOINT) + b"\n" for part in parts)
    starts = list(accumulate(map(len, parts), initial=0))
    return Texts(data, joined, starts[:-1])
