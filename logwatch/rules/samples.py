"""Lines kept of a key, to be quoted in its alerts: the latest few, made into samples lazily."""

from __future__ import annotations

from msgspec import Struct

from logwatch.records import AlertLine
from logwatch.rules.base import Hit
from logwatch.rules.message import fields_of, quote

QUOTED_LINES = 3
"""Lines that an alert of a rule with state quotes: the latest."""


class Sample(Struct, array_like=True, gc=False):
    """One line kept to be quoted."""

    line: AlertLine
    source: str
    fields: dict[str, str]
    captured: tuple[str, ...]
    """Which of the fields the pattern captured."""


def sample(hit: Hit) -> Sample:
    """What is kept of a hit."""
    batch, record, captures = hit.batch, hit.record, hit.match.captures
    return Sample(
        quote(batch.checkpoint.path, record),
        batch.source,
        fields_of(record, captures),
        tuple(captures),
    )
