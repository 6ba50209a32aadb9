"""Wakes threads a few at a time, however many have something to do.

Python runs one of its threads at a time. Thousands that are awake and wait for that cost far more
than what they are awake for: each looks up every 5 ms whether it is its turn. So whoever is to be
woken stands in a line; there are a few tokens, one for each that is awake, and who gives one back
wakes the next. One is given back before its holder rests, waits for others or has done much.

One that hangs, on a dead disk say, keeps its token: after `PATIENCE_SECONDS` another is made.
A wake is never lost; one for nothing can come.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from logwatch.clock import Clock
from logwatch.daemon.latch import Latch

PATIENCE_SECONDS = 5.0
LONGEST_REST_SECONDS = 0.1


class Token:
    """The right of one sleeper to be awake."""

    __slots__ = ("is_replaced", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        """Steady time at which somebody was woken with it."""
        self.is_replaced = False


class Sleeper(Protocol):
    """A thread that waits to be woken."""

    is_in_line: bool
    """Whether it waits for a token."""

    @property
    def is_awake(self) -> bool:
        """Whether it has a token."""
        ...

    def grant(self, token: Token) -> None:
        """Wake up; the token is given back before it rests, or sooner."""
        ...

    def look_again(self) -> None:
        """There is more to do: do not rest before it is done."""
        ...


class Pacing:
    """Every method may be called from any thread, and none takes a lock.

    Each step on a deque or a dict is one that the interpreter does not interrupt.
    """

    def __init__(self, number: int, clock: Clock) -> None:
        self._clock = clock
        self._line: deque[Sleeper] = deque()
        self._free = deque(Token(0.0) for _ in range(number))
        self._out: dict[Token, None] = {}
        self._given_back = Latch()

    def wake(self, sleeper: Sleeper) -> None:
        """Wake `sleeper` when it is its turn: at once, as a rule."""
        if sleeper.is_in_line:
            return
        if sleeper.is_awake:  # or one that is busy for long would have all tokens in the end
            sleeper.look_again()
            return
        sleeper.is_in_line = True
        self._line.append(sleeper)
        self._go_on()

    def give_back(self, token: Token) -> None:
        """Its holder rests, or waits for others."""
        self._out.pop(token, None)
        self._given_back.set()
        if not token.is_replaced:
            self._free.append(token)
            self._go_on()

    def rest_until_done(self, sleeper: Sleeper, seconds: float) -> None:
        """Leave the processor to `sleeper` and those before it until it has had its turn.

        No longer than none of them gets on for so long, and `LONGEST_REST_SECONDS`: it may hang
        while others come and go. For one thread, which makes many: one that begins while others are
        at work costs them, and itself, a change of turns at every step.
        """
        until = self._clock.steady() + LONGEST_REST_SECONDS
        while (sleeper.is_in_line or sleeper.is_awake) and self._clock.steady() < until:
            if not self._given_back.wait(seconds):
                self.check(self._clock.steady())
                return

    def check(self, now: float) -> None:
        """Make a new token for each that is kept too long; call it each second."""
        for token in list(self._out):
            if now - token.since >= PATIENCE_SECONDS and self._out.pop(token, token) is None:
                token.is_replaced = True
                self._free.append(Token(now))
        self._go_on()

    def _go_on(self) -> None:
        while self._line:
            try:
                token = self._free.popleft()
            except IndexError:
                return  # who has one will come by here
            try:
                sleeper = self._line.popleft()
            except IndexError:
                self._free.append(token)
                continue  # another was quicker; look again: a third may have seen no token
            token.since = self._clock.steady()
            self._out[token] = None
            sleeper.is_in_line = False  # before it is woken: what comes from now on is news
            sleeper.grant(token)
