"""The contract of a rule kind: matches in, alerts out, state that survives a restart.

A kind is a plain object that the consumer calls; it never looks at a clock, a thread or a file.
Everything that it must remember is handed out by `changes` and handed back by `restore`, key by
key, so that memory and store cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from logwatch.clock import Moment
from logwatch.conditions import Where
from logwatch.records import Alert, Batch, Match, Record, Severity, StateChange
from logwatch.units import Duration


class PlainMatch(Struct, frozen=True, kw_only=True):
    """Kind 1: every matching record is an event."""


class Threshold(Struct, frozen=True, kw_only=True):
    """Kind 2 and 3: `when: COUNT in WINDOW` per key, with `levels` and `clear`."""

    count: int
    window: Duration
    levels: tuple[tuple[int, Severity], ...] = ()
    """Ascending: from this count in the window the episode has this severity."""
    clear_count: int | None = None
    clear_window: Duration | None = None
    """Resolves when at most `clear_count` fell in `clear_window`.

    None: when fewer than `count` fell in each window of one whole window's time.
    """


class RuleSettings(Struct, frozen=True, kw_only=True):
    """One rule of the configuration, in its long form, every default filled in."""

    name: str
    defined_at: str = ""
    """`file:line` of the rule."""
    sources: tuple[str, ...] | None = None
    """Names of the sources that it looks at; None means all."""
    match: tuple[str, ...] = ()
    """Any of these patterns, searched in the whole record; none with `where` takes any record."""
    unless: tuple[str, ...] = ()
    where: Where = ()
    """Conditions on parsed fields, all of which must hold."""
    by: tuple[str, ...] = ()
    kind: PlainMatch | Threshold
    severity: Severity = "warning"
    cooldown: Duration = 60.0
    say: str | None = None
    labels: dict[str, str] = {}
    to: tuple[str, ...] = ()
    description: str | None = None
    runbook: str | None = None


class Hit(Struct, frozen=True):
    """One match as a rule sees it."""

    batch: Batch
    record: Record
    match: Match


class Rule(Protocol):
    """One configured rule with its state; called by the consumer only."""

    settings: RuleSettings

    def feed(self, hit: Hit, now: Moment) -> Iterable[Alert]:
        """Take one match, in the order of the file, and return the alerts that it brings about."""
        ...

    def due(self, now: Moment) -> float | None:
        """Seconds from `now` to the next deadline, None without one. Early at times, never late."""
        ...

    def expire(self, now: Moment) -> Iterable[Alert]:
        """Let every deadline up to `now` take effect."""
        ...

    def changes(self) -> Iterable[StateChange]:
        """The state that changed since the last call; calling it forgets that it did."""
        ...

    def restore(self, change: StateChange) -> None:
        """Take back one key's state at start, before the first `feed`."""
        ...

    def burning(self) -> Iterable[str]:
        """Ids of the episodes that it keeps open: each of them it will resolve."""
        ...
