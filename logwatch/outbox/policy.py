"""What becomes of a notification after an attempt, and of its sink: pure decisions, no I/O.

Nothing is ever given up because it took long: only a receiver's "never" makes a notification dead,
and dead means kept and shown, not lost. Two things wait apart from one another. A notification
that failed waits by itself, so that others may pass it; a sink that fails again and again waits as
a whole, so that it is probed with one notification and not with all that are waiting.

All times are steady seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, assert_never

from msgspec import Struct

from logwatch.outbox.backoff import BASE, CAP, delay
from logwatch.records import Delivered, Outcome, Rejected, Retry

LONGEST_RETRY_AFTER = 3600.0
"""A receiver's own wish is obeyed up to this many seconds."""

PATIENCE = 5
"""Failures in a row before the whole sink pauses.

Below it, a receiver that fails a third of the time would be paused after every third attempt; at
five in a row it is one attempt in 243, while a dead receiver is left alone after five.
"""


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


Verdict: TypeAlias = Done | Later | Dead


def decide(outcome: Outcome, attempts: int, now: float, random: Callable[[], float]) -> Verdict:
    """What becomes of a notification that had been tried `attempts` times before `outcome`."""
    match outcome:
        case Delivered():
            return Done()
        case Retry(reason, after):
            return Later(now + _wait(after, delay(attempts + 1, random=random)), reason)
        case Rejected(reason):
            return Dead(reason)
        case _:
            assert_never(outcome)


def _wait(asked: float | None, backoff: float) -> float:
    """Seconds that the receiver asked for, else the back-off.

    "After zero seconds" asks for nothing; taken literally, it would make a busy loop.
    """
    if asked is not None and asked > 0:
        return min(asked, LONGEST_RETRY_AFTER)
    return backoff


class SinkHealth:
    """How one sink has been doing, and hence when and how much to try.

    Before `pause_until`, nothing is tried. While `probing`, one notification at a time is: its
    success ends the trouble, its failure makes the pause longer. A `Rejected` counts as a success,
    for the receiver was there to say it.
    """

    def __init__(
        self,
        random: Callable[[], float],
        *,
        patience: int = PATIENCE,
        base: float = BASE,
        cap: float = CAP,
    ) -> None:
        self._random = random
        self._patience = patience
        self._base = base
        self._cap = cap
        self._failures = 0
        self._probing = False
        self._pause_until = 0.0

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
        asked = retry_after is not None and retry_after > 0
        if not asked and self._failures < self._patience and not self._probing:
            return
        self._probing = True
        past_patience = max(1, self._failures - self._patience + 1)
        backoff = delay(past_patience, random=self._random, base=self._base, cap=self._cap)
        self._pause_until = max(self._pause_until, now + _wait(retry_after, backoff))

    def succeeded(self) -> None:
        """Take note that the sink answered as it should: the trouble is over."""
        self._failures = 0
        self._probing = False
        self._pause_until = 0.0
