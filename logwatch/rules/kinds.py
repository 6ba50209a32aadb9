"""What makes a rule of its kind, as the configuration says it: the settings of kinds 4 to 12.

What a kind does stands in the module of its name, which is loaded when a rule of it is made and not
before. Plain matches and thresholds, which nearly every configuration has, stand in base.py; where
another line clears them, here.
"""

from __future__ import annotations

import math
from typing import ClassVar, Literal, TypeAlias

from msgspec import Struct

from logwatch.rules.base import KindSettings, Selector, Threshold
from logwatch.units import Duration, Share

SOURCE_QUIET = "logwatch.source-quiet"
"""Name of the built-in rule that `quiet_after` of sources makes; it is an `Absence`."""

Direction: TypeAlias = Literal["", "up", "down"]
"""Which way a spike goes."""

LEAST_SPIKE = 2
"""A single line is never a spike."""


class Absence(KindSettings, frozen=True, kw_only=True):
    """`absent: {for: 3m, expect: [web1, web2]}`."""

    word: ClassVar[str] = "absent"
    words: ClassVar[tuple[str, ...]] = ("away", "seen", "limit")

    limit: Duration
    """How long a key may keep away (`for`)."""
    roster: tuple[tuple[str, ...], ...] = ()
    """Keys that are expected from the start, a value for each field of `by`."""

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`. One host more on the roster leaves the others alone."""
        return f"absent for {self.limit}"


class TooFew(Absence, frozen=True, kw_only=True):
    """`absent: {for: 5m, below: 3}`: so many keep a key from being called absent."""

    words: ClassVar[tuple[str, ...]] = (*Absence.words, "below")

    below: int
    """Fires when there are fewer than this within `limit`."""

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`. No more than `below` of the latest are remembered."""
        return f"fewer than {self.below} in {self.limit}"


class TooFewValues(TooFew, frozen=True, kw_only=True):
    """`unique: {of: node, below: 3, in: 5m}`."""

    word: ClassVar[str] = "unique"
    words: ClassVar[tuple[str, ...]] = ("distinct", "values", "below")

    of: tuple[str, ...]
    """The field, or fields that are one value together."""

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`."""
        return f"fewer than {self.below} of {self.of!r} in {self.limit}"


class Heard(Struct, frozen=True, kw_only=True):
    """A step that another rule takes by firing."""

    rule: str


Step: TypeAlias = Selector | Heard


class Sequence(KindSettings, frozen=True, kw_only=True):
    """`sequence: [{rule: ssh-guessing}, {in: auth, match: ...}]`, `within: 10m`."""

    word: ClassVar[str] = "sequence"
    words: ClassVar[tuple[str, ...]] = ("elapsed", "steps")

    steps: tuple[Step, ...]
    within: Duration
    references: tuple[tuple[str, ...], ...] = ()
    """For each step, its captures that must be equal to those of an earlier step (`{job}`)."""

    def selectors(self, own: Selector) -> tuple[Selector, ...]:
        """See `KindSettings.selectors`: the steps that are no rules, in their order."""
        return tuple(step for step in self.steps if isinstance(step, Selector))

    def hears(self) -> tuple[str, ...]:
        """See `KindSettings.hears`."""
        return tuple(dict.fromkeys(step.rule for step in self.steps if isinstance(step, Heard)))


class Expect(KindSettings, frozen=True, kw_only=True):
    """`expect: {match: 'finished job={job} ok', within: 2h}`."""

    word: ClassVar[str] = "expect"
    words: ClassVar[tuple[str, ...]] = ("within", "overdue")

    closing: Selector
    """What must follow; part 1 of the rule. `{job}` in it is read as a group of that name."""
    within: Duration
    references: tuple[str, ...] = ()
    """Captures of `closing` that must be equal to those of the opening record."""

    def selectors(self, own: Selector) -> tuple[Selector, ...]:
        """See `KindSettings.selectors`: what opens, and what closes."""
        return (own, self.closing)

    def gated(self, part: int) -> bool:
        """See `KindSettings.gated`. What was opened in time may be closed at any time."""
        return part == 0

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`. Other patterns leave open what is open."""
        return f"expect within {self.within} by {self.references!r}"


class Cleared(Threshold, frozen=True, kw_only=True):
    """A threshold with `clear: {match: 'link {port} up'}`; for a plain match `count` is 1."""

    closing: Selector
    """What ends an episode; part 0, so that of a line that does both it comes first."""
    references: tuple[str, ...] = ()
    """Captures of `closing`, beside those of `by`, that must be equal to the opening record's."""

    def selectors(self, own: Selector) -> tuple[Selector, ...]:
        """See `KindSettings.selectors`: what closes, and what opens."""
        return (self.closing, own)

    def gated(self, part: int) -> bool:
        """See `KindSettings.gated`. What was opened in time may be closed at any time."""
        return part == 1

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`. Other patterns leave open what is open."""
        return f"when in {self.window!r}, closed by a line by {self.references!r}"


class Unique(KindSettings, frozen=True, kw_only=True):
    """`unique: {of: port, above: 20, in: 1m}`."""

    word: ClassVar[str] = "unique"
    words: ClassVar[tuple[str, ...]] = ("distinct", "values")

    of: tuple[str, ...]
    """The field, or fields that are one value together."""
    above: int
    """Fires when there are more distinct values than this."""
    window: Duration

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`: another `above` asks the same values."""
        return f"unique {self.of!r} in {self.window!r}"


class NewValue(KindSettings, frozen=True, kw_only=True):
    """`new: {value: [who, as], learn: 7d, forget: 90d}`."""

    word: ClassVar[str] = "new"
    words: ClassVar[tuple[str, ...]] = ("value",)
    burns: ClassVar[bool] = False

    value: tuple[str, ...]
    """The field, or fields that are one value together."""
    learn: Duration = 0.0
    """For so long after its first record of all the rule only learns."""
    forget: Duration | None = None
    """A value not seen for so long is new again; None: never."""

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`: what was learned outlives a change of `learn`."""
        return f"new value of {self.value!r}"


class NewTemplate(KindSettings, frozen=True, kw_only=True):
    """`new: {template: message, learn: 24h, at_most: 5/h}`."""

    word: ClassVar[str] = "new"
    words: ClassVar[tuple[str, ...]] = ("template", "template_id")
    burns: ClassVar[bool] = False

    field: str = "message"
    """Which field holds the text; where a record has it not, the whole record counts."""
    learn: Duration = 0.0
    """For so long after its first record of a source the rule only learns."""
    at_most: tuple[int, Duration] | None = None
    """So many messages within so long; the rest is counted and told in one closing note."""

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`: what was learned outlives a change of the rest."""
        return f"new template of {self.field!r}"


class Spike(KindSettings, frozen=True, kw_only=True):
    """`spike: {up: 3, over: 10m, vs: previous, min: 30}`."""

    word: ClassVar[str] = "spike"
    words: ClassVar[tuple[str, ...]] = ("baseline", "factor", "direction")

    up: float | None = None
    """Fires at so many times the count before, or more."""
    down: float | None = None
    """Fires at that count divided by so many, or less."""
    over: Duration
    """Width of a bucket."""
    weeks: int = 0
    """0: against the previous bucket; else against the median of the same time of so many weeks."""
    minimum: int
    """Records that the greater of the two must have (`min`)."""

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`: other factors ask the same buckets."""
        return f"spike over {self.over!r}, {self.weeks} weeks"

    def direction(self, count: int, baseline: float) -> Direction:
        """Which way `count` is a spike against `baseline`; empty where it is none."""
        if max(count, baseline) < max(self.minimum, LEAST_SPIKE):
            return ""
        # Divided, and not multiplied: 11 against 10 is 1.1, but 1.1 * 10 is more than 11.
        if count > baseline:
            risen = self.up is not None and _ratio(count, baseline) >= self.up
            return "up" if risen else ""
        fallen = self.down is not None and count < baseline
        return "down" if fallen and _ratio(baseline, count) >= (self.down or 0.0) else ""


class Value(KindSettings, frozen=True, kw_only=True):
    """`value: {p95: request_time, above: 800ms, in: 5m, min: 50}`."""

    word: ClassVar[str] = "value"
    words: ClassVar[tuple[str, ...]] = ("figure", "number", "bound", "samples", "skipped")

    measure: str
    """`min`, `max`, `avg`, `sum`, or `p50` to `p99`."""
    field: str
    above: float | None = None
    """Fires above this, exclusive; in seconds or bytes where it was written with a unit."""
    below: float | None = None
    """Fires below this, exclusive."""
    bound: str = ""
    """The bound as it was written, for people: `800ms`."""
    window: Duration
    minimum: int = 1
    """Samples without which nothing is said (`min`)."""

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`: another measure or bound asks the same samples."""
        return f"value {self.field!r} in {self.window!r}"


class Ratio(KindSettings, frozen=True, kw_only=True):
    """`ratio: {of: {status: '>= 500'}, above: 5%, in: 5m, min: 200}`."""

    word: ClassVar[str] = "ratio"
    words: ClassVar[tuple[str, ...]] = ("share", "part", "total", "bound")

    of: Selector
    """What counts as a part: the rule's own selector with the conditions of `of` added; part 0.

    All records that the rule looks at are part 1, so that of a record which is both the part comes
    first.
    """
    above: Share | None = None
    """Fires above this, exclusive."""
    below: Share | None = None
    window: Duration
    minimum: int = 1
    """Records without which nothing is said (`min`)."""

    def selectors(self, own: Selector) -> tuple[Selector, ...]:
        """See `KindSettings.selectors`: the part, and all."""
        return (self.of, own)

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`: another bound asks the same records."""
        return f"ratio {self.of!r} in {self.window!r}"


class Composite(KindSettings, frozen=True, kw_only=True):
    """`all_of: [5xx-surge, slow-checkout]`, `within: 5m`, `absorbs: true`."""

    word: ClassVar[str] = "all_of"
    words: ClassVar[tuple[str, ...]] = ("parts", "rules")

    rules: tuple[str, ...]
    needed: int
    """How many of them must burn: all, or one for `any_of`."""
    within: Duration
    """For so long the firing of an event, or of an episode that is over, counts."""
    absorbs: bool = False
    """While it burns nobody is told of the parts."""

    def selectors(self, own: Selector) -> tuple[Selector, ...]:
        """See `KindSettings.selectors`: it looks at no lines."""
        return ()

    def hears(self) -> tuple[str, ...]:
        """See `KindSettings.hears`."""
        return self.rules

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`. What it keeps from being sent is no part of it."""
        return f"{self.needed} of {self.rules!r} within {self.within!r}"


class Sampling(KindSettings, frozen=True, kw_only=True):
    """`when: first 5 in 1h`, `when: every 5`."""

    word: ClassVar[str] = "when"
    burns: ClassVar[bool] = False

    which: Literal["first", "every"]
    count: int
    pause: Duration = 3600.0

    def state_shape(self) -> str:
        """See `KindSettings.state_shape`: another `count` is one of the same run."""
        return f"sampling {self.which} {self.pause!r}"


def _ratio(greater: float, lesser: float) -> float:
    return greater / lesser if lesser else math.inf
