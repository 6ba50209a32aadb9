"""How windows are written to bytes and read again: msgpack, and a ValueError for what is broken.

The same content gives the same bytes where every dictionary is given in the order of its keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from operator import le
from typing import Any, TypeVar

import msgspec

Stored = TypeVar("Stored")

encode = msgspec.msgpack.Encoder().encode


def decode(decoder: msgspec.msgpack.Decoder[Stored], dumped: bytes, what: str) -> Stored:
    """What the bytes hold. Raises ValueError, with `what` named, where they are no such dump."""
    try:
        return decoder.decode(dumped)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise bad_dump(what) from error


def bad_dump(what: str) -> ValueError:
    """The error for bytes that are not the dump of `what`."""
    return ValueError(f"this is no stored state of {what}")


def in_order(times: Sequence[Any]) -> bool:
    """Whether all are finite and none is before the one that it follows."""
    return all(map(isfinite, times)) and all(map(le, times, times[1:]))
