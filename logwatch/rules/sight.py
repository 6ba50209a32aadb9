"""A record as rules keep it that care for its time and its place, and quote it later."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from logwatch.rules.base import Hit
from logwatch.rules.samples import Sample, sample

Order: TypeAlias = tuple[float, str, int]
"""Time, source, offset: the order in which records come, ties included."""


class Sight(Struct, array_like=True, gc=False):
    """One record, or what stands for one."""

    time: float
    identity: str
    """Which file it was in; with the offset of the line it names the record."""
    sample: Sample

    @property
    def order(self) -> Order:
        """Where it comes among all."""
        return self.time, self.sample.source, self.sample.offset

    @property
    def name(self) -> tuple[str, int]:
        """What tells it from all others."""
        return self.identity, self.sample.offset


def sight(hit: Hit) -> Sight:
    """What is kept of a hit."""
    return Sight(hit.record.time, hit.batch.checkpoint.identity, sample(hit))
