"""The contract of a parser: one log format, from text to event time and fields.

A parser never raises for what a line holds. A line that is not of the format has no time and no
fields, and is still a line: rules match its text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Protocol, TypeAlias

from msgspec import Struct

from logwatch.conditions import MakeSearch, Predicate, plain_search


class Parsed(Struct, frozen=True, gc=False):
    """What one line says of itself."""

    time: float | None
    """Event time in seconds since the epoch, None where the line has none."""
    fields: dict[str, str]


class ParserSettings(Struct, frozen=True, kw_only=True):
    """What a source says about its format."""

    tz: tzinfo
    """Zone of stamps that name none."""
    time_field: str | None = None
    """Field that holds the event time (json, logfmt, patterns); None: the usual names are tried."""
    time_format: tuple[str, ...] = ()
    """How stamps are written (not syslog, combined), see time_formats.py; empty: as is usual."""
    make_search: MakeSearch = plain_search
    """How to search for the pattern of an own format."""
    source: str = ""
    """Whom to name where none is written so; empty: nobody is told."""


MayLead: TypeAlias = Callable[[bytes, int], object]
"""Whether the line that begins at a place in some bytes may begin with a stamp; true in doubt."""


class Parser(Protocol):
    """One format."""

    may_lead: MayLead | None
    """Tells at little cost of most lines that they have no time; None: only `time` can tell."""

    def parse(self, text: str, now: float) -> Parsed:
        """Fields and time of one line. `now` (wall seconds) lets missing years be inferred."""
        ...

    def select(self, text: str, now: float, wanted: Predicate) -> Parsed | None:
        """As `parse`, but None for a line whose fields are not `wanted`, and that at less cost.

        `wanted` is asked once.
        """
        ...

    def time(self, text: str, now: float) -> float | None:
        """Event time alone, as `parse` would give it, at less cost."""
        ...
