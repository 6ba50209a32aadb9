"""What becomes of a notification after an attempt, and of its sink: pure decisions, no I/O.

A notification is given up only where its receiver says "never", where the sink has an age at which
it gives up, or where the sink itself broke down over it; dead means kept and shown, not lost. Where
the sink has another to stand in for it, that one gets it instead. Two things wait apart from one
another. A notification that failed waits by itself, so that others may pass it; a sink that fails
again and again waits as a whole, so that it is probed with one notification and not with all that
are waiting.

All times are steady seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, assert_never

from msgspec import Struct

from logwatch.records import Delivered, Outcome, Rejected, Retry
from logwatch.units import Rate, format_duration

LONGEST_RETRY_AFTER = 3600.0
"""A receiver's own wish is obeyed up to this many seconds."""

PATIENCE = 5
"""Failures in a row before the whole sink pauses.

Below it, a receiver that fails a third of the time would be paused after every third attempt; at
five in a row it is one attempt in 243, while a dead receiver is left alone after five.
"""

FIRST_CEILING = 0.5
"""Of the first delay, in seconds; it doubles with each further failure."""

LONGEST_DELAY = 60.0
"""No back-off is longer, in seconds."""

_MOST_DOUBLINGS = 64  # far past any cap; 2.0 ** 1024 would overflow


class Done(Struct, frozen=True):
    """The sink has it."""


class Later(Struct, frozen=True):
    """Try again, not before `next_try_at`."""

    next_try_at: float
    reason: str | None
    """None: it was not tried, for an earlier message of its episode waits."""


class Dead(Struct, frozen=True):
    """The receiver will never take it: keep it for a person to see."""

    reason: str


class Moved(Struct, frozen=True):
    """Another sink is told instead, or this one in another way."""

    to: str
    """Its own name: what waits for it is to be told anew, at its rate."""
    reason: str


Verdict: TypeAlias = Done | Later | Dead | Moved


class Terms(Struct, frozen=True, kw_only=True):
    """What the configuration says of messages that a sink cannot take."""

    fallback: str | None = None
    """Name of the sink that stands in for it."""
    after: float = 60.0
    """Seconds for which the sink must have been failing before the other is told."""
    max_age: float | None = None
    """Seconds after which a message is given up; None: never."""
    rate: Rate | None = None
    """Where more messages wait than this lets through at once, they are told together."""

    def given_up(self, reason: str) -> Dead | Moved:
        """What becomes of a message that the sink will not get."""
        return Dead(reason) if self.fallback is None else Moved(self.fallback, reason)

    def too_old(self, waits_since: float, wall: float) -> Dead | Moved | None:
        """What becomes of a message that came at wall time `waits_since`; None: it waits."""
        if self.max_age is None or wall - waits_since < self.max_age:
            return None
        return self.given_up(f"it has waited for {format_duration(self.max_age)}")


def decide(outcome: Outcome, attempts: int, now: float, random: Callable[[], float]) -> Verdict:
    """What becomes of a notification that had been tried `attempts` times before `outcome`."""
    match outcome:
        case Delivered():
            return Done()
        case Retry(reason, after):
            return Later(now + _wait(after, delay(attempts + 1, random)), reason)
        case Rejected(reason):
            return Dead(reason)
        case _:
            assert_never(outcome)


def delay(attempts: int, random: Callable[[], float]) -> float:
    """Seconds to wait after `attempts` failed attempts (1 after the first): the back-off.

    `random` returns numbers in [0, 1). A delay drawn evenly from nothing to an exponential ceiling
    spreads retries best and finishes the work soonest: Marc Brooker, "Exponential Backoff And
    Jitter", AWS Architecture Blog, 2015.
    """
    doublings = min(max(attempts - 1, 0), _MOST_DOUBLINGS)
    return random() * min(LONGEST_DELAY, FIRST_CEILING * 2.0**doublings)


def _wait(asked: float | None, backoff: float) -> float:
    """Seconds that the receiver asked for, else the back-off.

    "After zero seconds" asks for nothing; taken literally, it would make a busy loop.
    """
    if asked is not None and asked > 0:
        return min(asked, LONGEST_RETRY_AFTER)
    return backoff


class Health(Struct, frozen=True, array_like=True):
    """What is kept of a `SinkHealth` over a restart; times are steady seconds."""

    failures: int
    probing: bool
    pause_until: float
    failing_since: float | None


class SinkHealth:
    """How one sink has been doing, and hence when and how much to try.

    Before `pause_until`, nothing is tried. While `probing`, one notification at a time is: its
    success ends the trouble, its failure makes the pause longer. A `Rejected` counts as a success,
    for the receiver was there to say it.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0
        self._probing = False
        self._pause_until = 0.0
        self._failing_since: float | None = None

    def dump(self) -> Health:
        """What to keep of it."""
        return Health(self._failures, self._probing, self._pause_until, self._failing_since)

    def restore(self, kept: Health, now: float) -> None:
        """Go on from there at `now`; a date that was set back makes no wait of years."""
        self._failures = kept.failures
        self._probing = kept.probing
        self._pause_until = min(kept.pause_until, now + LONGEST_RETRY_AFTER)
        if kept.failing_since is not None:
            self._failing_since = min(kept.failing_since, now)

    @property
    def failing_since(self) -> float | None:
        """When the first failure was since the last success; None while all is well."""
        return self._failing_since

    def has_failed_for(self, seconds: float, now: float) -> bool:
        """Whether nothing has succeeded for so long, and something failed."""
        return self._failing_since is not None and now - self._failing_since >= seconds

    @property
    def failures(self) -> int:
        """Failures since the last success."""
        return self._failures

    @property
    def pause_until(self) -> float:
        """Nothing is to be tried before then; 0.0 while all is well."""
        return self._pause_until

    @property
    def probing(self) -> bool:
        """Whether only one notification should be tried when the pause is over."""
        return self._probing

    def failed(self, now: float, retry_after: float | None) -> None:
        """Take note of a `Retry`; its `after`, where there is one, holds for the whole sink."""
        self._failures += 1
        if self._failing_since is None:
            self._failing_since = now
        asked = retry_after is not None and retry_after > 0
        if not asked and self._failures < PATIENCE and not self._probing:
            return
        self._probing = True
        past_patience = max(1, self._failures - PATIENCE + 1)
        backoff = delay(past_patience, self._random)
        self._pause_until = max(self._pause_until, now + _wait(retry_after, backoff))

    def succeeded(self) -> None:
        """Take note that the sink answered as it should: the trouble is over."""
        self._failures = 0
        self._probing = False
        self._pause_until = 0.0
        self._failing_since = None
