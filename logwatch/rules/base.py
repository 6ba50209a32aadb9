"""The contract of a rule kind: matches in, alerts out, state that survives a restart.

A kind is a plain object that the consumer calls; it never looks at a clock, a thread or a file.
Everything that it must remember is handed out by `changes` and handed back by `restore`, key by
key, so that memory and store cannot disagree. What time it is, for whom and when, is said once,
in timeline.py; a kind is only told `Now`.

A rule looks at lines in one way or in several: its own `match` and `where`, and those of its steps.
Each way is a `Selector`; the engine matches all selectors of all rules at once and a `Hit` says by
its `part` which selector of the rule took the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from msgspec import Struct

from logwatch.conditions import Where
from logwatch.records import Alert, Batch, Match, Record, Severity, StateChange
from logwatch.schedule import Schedule
from logwatch.units import Duration

Basis: TypeAlias = Literal["event", "pause"]
"""Which clock the deadlines of a rule run on: that of the lines, or that of cool-downs."""


Unless: TypeAlias = str | Where
"""A pattern; or conditions on captures and fields, all of which must hold."""


class Selector(Struct, frozen=True, kw_only=True):
    """One way in which a rule looks at lines."""

    sources: tuple[str, ...] | None = None
    """Names of the sources that it looks at; None means all."""
    match: tuple[str, ...] = ()
    """Any of these patterns, searched in the whole record; none takes any record."""
    unless: tuple[Unless, ...] = ()
    """Any of these takes a record out."""
    where: Where = ()
    """Conditions on parsed fields, all of which must hold."""

    @property
    def unless_found(self) -> tuple[str, ...]:
        """The patterns of `unless`."""
        return tuple(one for one in self.unless if isinstance(one, str))

    @property
    def unless_so(self) -> tuple[Where, ...]:
        """The conditions of `unless`."""
        return tuple(one for one in self.unless if not isinstance(one, str))


class KindSettings(Struct, frozen=True, kw_only=True):
    """What makes a rule of its kind; each kind has its own, in kinds.py."""

    word: ClassVar[str] = ""
    """The key of the configuration that names the kind; empty for a plain match."""
    words: ClassVar[tuple[str, ...]] = ()
    """What its messages may use beside the names that every rule has."""
    burns: ClassVar[bool] = True
    """Whether a firing begins an episode that goes on until it is resolved."""

    def selectors(self, own: Selector) -> tuple[Selector, ...]:
        """The ways in which a rule of this kind looks at lines; `own` is that of the rule."""
        return (own,)

    def hears(self) -> tuple[str, ...]:
        """Names of the rules whose episodes it is told of."""
        return ()

    def gated(self, part: int) -> bool:
        """Whether outside of the rule's active hours it is blind to what `part` takes."""
        return True

    def state_shape(self) -> str:
        """What must stay the same for the stored state of a rule to keep its meaning."""
        return repr(self)


class PlainMatch(KindSettings, frozen=True, kw_only=True):
    """Kind 1: every matching record is an event."""

    burns: ClassVar[bool] = False


class Threshold(KindSettings, frozen=True, kw_only=True):
    """Kind 2 and 3: `when: COUNT in WINDOW` per key, with `levels` and `clear`."""

    word: ClassVar[str] = "when"

    count: int
    window: Duration
    levels: tuple[tuple[int, Severity], ...] = ()
    """Ascending: from this count in the window the episode has this severity."""
    clear_count: int | None = None
    clear_window: Duration | None = None
    """Resolves when at most `clear_count` fell in `clear_window`.

    None: when fewer than `count` fell in each window of one whole window's time.
    """

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`: another count or `clear` asks the same times."""
        return f"when in {self.window!r}"


class ContextSettings(Struct, frozen=True, kw_only=True):
    """`context:` how many lines around the first matching one an alert quotes."""

    before: int = 0
    after: int = 0
    max_wait: Duration = 2.0
    """How long the alert waits for the lines after it."""


class RuleSettings(Struct, frozen=True, kw_only=True):
    """One rule of the configuration, in its long form, every default filled in."""

    name: str
    defined_at: str = ""
    """`file:line` of the rule."""
    sources: tuple[str, ...] | None = None
    """Names of the sources that it looks at; None means all."""
    match: tuple[str, ...] = ()
    """Any of these patterns, searched in the whole record; none with `where` takes any record."""
    unless: tuple[Unless, ...] = ()
    where: Where = ()
    """Conditions on parsed fields, all of which must hold."""
    by: tuple[str, ...] = ()
    kind: KindSettings
    severity: Severity = "warning"
    cooldown: Duration = 60.0
    hold: Duration = 0.0
    """How long an episode burns at least."""
    active: Schedule | None = None
    """When it looks at lines, as far as its kind is `gated`; None is always."""
    shadow: bool = False
    """Evaluated and stored, never sent."""
    context: ContextSettings | None = None
    max_keys: int = 100_000
    say: str | None = None
    labels: dict[str, str] = {}
    to: tuple[str, ...] = ()
    description: str | None = None
    runbook: str | None = None

    def selectors(self) -> tuple[Selector, ...]:
        """The ways in which it looks at lines, in the order of their parts."""
        own = Selector(sources=self.sources, match=self.match, unless=self.unless, where=self.where)
        return self.kind.selectors(own)

    def looks_at(self) -> frozenset[str] | None:
        """All sources whose lines it looks at; None: all there are."""
        names: set[str] = set()
        for selector in self.selectors():
            if selector.sources is None:
                return None
            names.update(selector.sources)
        return frozenset(names)

    def hours(self, part: int) -> Schedule | None:
        """When the selector of this number is looked at; None is always."""
        return self.active if self.kind.gated(part) else None


class Part(NamedTuple):
    """One selector among those of all rules; its place among them is `Match.rule`."""

    rule: int
    """Index of its rule in the configuration."""
    number: int
    """Index among the selectors of that rule."""
    selector: Selector


def parts_of(rules: Sequence[RuleSettings]) -> tuple[Part, ...]:
    """Every selector of every rule: the order in which the engine numbers what it finds."""

    def each() -> Iterator[Part]:
        for index, rule in enumerate(rules):
            for number, selector in enumerate(rule.selectors()):
                yield Part(index, number, selector)

    return tuple(each())


class Hit(Struct, frozen=True, gc=False):
    """One match as a rule sees it."""

    batch: Batch
    record: Record
    match: Match
    part: int = 0
    """Which selector of the rule took the record."""


class Now:
    """What time it is for a rule, in seconds since the epoch: see timeline.py.

    One object, changed in place as time goes on: a rule reads it and never keeps it.
    """

    __slots__ = ("event", "in_order_from", "late", "pause", "wall")

    def __init__(self, event: float, pause: float, wall: float) -> None:
        self.event = event
        """How far the lines of the rule's sources have come: what was due before then is over."""
        self.pause = pause
        """The clock of cool-downs: steady while live, event time in a backlog or a replay."""
        self.wall = wall
        """The date, for people."""
        self.in_order_from = 0.0
        """A record older than this is too late for a window that has closed."""
        self.late = 0.0
        """How late a record of this source may come, in seconds."""


class Told(NamedTuple):
    """That another rule's episode began, changed or ended."""

    alert: Alert
    at: float
    """Event time at which it did."""
    burns: bool = True
    """Whether it is an episode, which will be resolved; False for an event, which is over."""


class Rule(Protocol):
    """One configured rule with its state; called by the consumer only."""

    settings: RuleSettings
    basis: Basis

    def feed(self, hit: Hit, now: Now) -> Iterable[Alert]:
        """Take one match, in the order of the file, and return the alerts that it brings about."""
        ...

    def hear(self, told: Told, now: Now) -> Iterable[Alert]:
        """Take news of a rule that `settings.kind.hears()` names."""
        ...

    def due(self) -> float | None:
        """The next deadline, on the clock of `basis`; None without one. May be early."""
        ...

    def expire(self, now: Now) -> Iterable[Alert]:
        """Let every deadline up to now (on the clock of `basis`) take effect."""
        ...

    def changes(self) -> Iterable[StateChange]:
        """The state that changed since the last call; calling it forgets that it did."""
        ...

    def restore(self, change: StateChange) -> None:
        """Take back one key's state at start, before the first `feed`."""
        ...

    def begin(self, now: Now) -> None:
        """Everything was restored: arm what is armed from the start (a roster, say)."""
        ...

    def burning(self) -> Iterable[str]:
        """Ids of the episodes that it keeps open: each of them it will resolve."""
        ...


@runtime_checkable
class Datable(Protocol):
    """A rule whose windows are to be found by the records of an earlier date."""

    def set_back(self, wall: float) -> None:
        """The date was set back to `wall`: forget what keys that do not burn had after that."""
        ...


@runtime_checkable
class Absorbing(Protocol):
    """A rule that may keep alerts of the rules that it hears from being sent."""

    def absorbs_now(self, alert: Alert) -> bool:
        """Whether nobody is to be told of `alert`, for this rule tells of more."""
        ...
