"""Lines kept of a key, to be quoted in its alerts: the latest few."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from logwatch.records import AlertLine
from logwatch.rules.base import Hit
from logwatch.rules.exact_bytes import exact
from logwatch.rules.message import fields_of, quote
from logwatch.stamps import rfc3339

QUOTED_LINES = 3
"""Lines that an alert of a rule with state quotes: the latest."""


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(tuple[str, str, str, dict[str, str], tuple[str, ...]]).decode


class Sample(Struct, array_like=True, gc=False):
    """One line kept to be quoted. It is packed, for there may be very many and few are ever told.

    Each look at it unpacks it anew.
    """

    source: str
    offset: int
    packed: bytes

    @classmethod
    def of(
        cls, line: AlertLine, source: str, fields: dict[str, str], captured: tuple[str, ...]
    ) -> Sample:
        """The sample of a line; `captured` are those of the fields that the pattern captured."""
        rest = (line.path, line.time, line.text, fields, captured)
        return cls(source, line.offset, exact(_pack(rest)))

    @property
    def line(self) -> AlertLine:
        """The line as alerts quote it."""
        path, time, text, _, _ = _unpack(self.packed)
        return AlertLine(path, self.offset, time, text)

    @property
    def fields(self) -> dict[str, str]:
        """What is known of the record."""
        return _unpack(self.packed)[3]

    @property
    def captured(self) -> tuple[str, ...]:
        """Which of the fields the pattern captured."""
        return _unpack(self.packed)[4]


def later_than(samples: Iterable[Sample], time: float) -> list[Sample]:
    """Those of lines after event time `time`, as a window is open at its old end."""
    oldest = rfc3339(time)
    return [each for each in samples if each.line.time > oldest]


def sample(hit: Hit) -> Sample:
    """What is kept of a hit."""
    batch, record, captures = hit.batch, hit.record, hit.match.captures
    return Sample.of(
        quote(batch.checkpoint.path, record),
        batch.source,
        fields_of(record, captures),
        tuple(captures),
    )
