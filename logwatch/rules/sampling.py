"""Kind 2, `when: first 5 in 1h` and `when: every 5`: which of many matches are told.

A run is the matches of one key without a pause of `pause` between two of them. `first`: the first N
of a run are told, and when it has ended one closing note says how many more there were. `every`:
the N-th, 2N-th, ... of a run are told, with their count.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from logwatch.rules.base import KindSettings
from logwatch.units import Duration


class Sampling(KindSettings, frozen=True, kw_only=True):
    """`when: first 5 in 1h`, `when: every 5`."""

    word: ClassVar[str] = "when"

    which: Literal["first", "every"]
    count: int
    pause: Duration = 3600.0
