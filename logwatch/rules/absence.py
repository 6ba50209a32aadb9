"""Kind 4, absence: what should come keeps away.

A key is armed by its first record, or from the start by the roster. Its deadline is the event time
of its last record plus `limit`; at the deadline it fires, and the next record resolves it.
"""

from __future__ import annotations

from typing import ClassVar

from logwatch.rules.base import KindSettings
from logwatch.units import Duration


class Absence(KindSettings, frozen=True, kw_only=True):
    """`absent: {for: 3m, expect: [web1, web2]}`."""

    word: ClassVar[str] = "absent"

    limit: Duration
    """How long a key may keep away (`for`)."""
    roster: tuple[tuple[str, ...], ...] = ()
    """Keys that are expected from the start, a value for each field of `by`."""
