"""One entry of `tests:` after loading: what a rule is given, and what it must say.

Times are seconds since the epoch. Everything that a failure points at, or that may be rewritten,
keeps its place in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from logwatch.config.problems import Place

START_SECONDS = 1_767_571_200.0
"""2026-01-05T00:00:00Z, a Monday: when a test begins that does not say."""


class TimedLine(Struct, frozen=True, kw_only=True):
    """One line that the rule is given."""

    at: float
    """When it arrives; its own stamp, where its format reads one, is its event time."""
    text: str
    """Of an entry of the journal also several lines."""
    source: str
    place: Place
    fields: Mapping[str, str] | None = None
    """What the source has beside the text; None where nothing is said of that."""


class ExpectedAlert(Struct, frozen=True, kw_only=True):
    """One alert that must come. What is not named here may be anything."""

    at: float | None
    """Event time at which it comes."""
    values: dict[str, str]
    """`severity`, `count`, `suppressed`, `status`, `message` (also for `say`), and keys, fields and
    captures by their names; texts as they were written."""
    place: Place
    places: dict[str, Place]
    """Where each of `values`, and `at`, stands."""


class Probe(Struct, frozen=True, kw_only=True):
    """Whether an episode burns at a time: after all that happened up to it."""

    at: float
    key: dict[str, str]
    """Fields that name the key; empty: any key."""
    burning: bool
    place: Place


class RuleTest(Struct, frozen=True, kw_only=True):
    """One test of one rule."""

    rule: str
    place: Place
    """Where the entry begins."""
    start: float
    lines: tuple[TimedLine, ...] = ()
    """In the order in which they arrive; a time may be before that of the line above."""
    file: Path | None = None
    """A log to read instead of `lines`: each line has its own stamp."""
    source: str = ""
    """Whose lines those of `file` are."""
    until: float | None = None
    """How far the clock goes; None: to the last line."""
    fires: tuple[ExpectedAlert, ...] = ()
    """Every firing, in order. An alert that fires and is not listed fails the test."""
    resolves: tuple[ExpectedAlert, ...] | None = None
    """Every end of an episode; None: not looked at."""
    quiet: bool = False
    """Nothing may fire."""
    sent_to: tuple[str, ...] | None = None
    """The sinks that are told of each firing, and no others; None: not looked at."""
    muted_by: str | None = None
    """Why nobody is told of what fires: the rule that absorbs it, `mute NAME` or
    `inhibit by RULE`."""
    probes: tuple[Probe, ...] = ()
    fires_place: Place | None = None
    """Where the value of `fires` or `quiet` stands."""
