"""A line on which a risky pattern takes long, to show that it is no theory.

The static look (backtracking.py) says that a pattern may be slow. Here lines are made that go
through the repeats of the pattern and then fail, longer and longer, until one of them takes a
noticeable time; what can be found in a fraction of a second is found, and no line is ever tried
that could take minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import log, pow  # noqa: A004 - the one of floats
from typing import NamedTuple

from logwatch.matching.alphabet import members
from logwatch.matching.pattern import compile_pattern
from logwatch.matching.syntax import Atomic, Chars, Concat, Either, Look, Node, Repeat, parse

_NOTICEABLE_SECONDS = 0.02
_MEASURABLE_SECONDS = 2e-4
"""Below that a growth would be noise."""
_LEAST_SECONDS = 1e-6
_SHORTER = 0.8
"""How fast the time grows is seen beside a line so many times as long."""
_SPENT_SECONDS = 0.5
"""For one pattern, all tries together."""
_ROUNDS = (*range(8, 40, 2), *range(40, 100, 10), 100, 140, 200, 280, 400, 560, 800)
"""By the last, a search that costs the square of a line's length is no matter yet."""
_FEW_ROUNDS = 60
_MANY_ROUNDS = 20_000
_HANGING_SECONDS = 5.0
"""A few rounds are enough where they take as long even if the time grows no faster than with that
power of them that was seen; where it doubles again and again they take years."""
_DECISIVE = 30.0
"""That power is taken between two lines of which one takes so many times as long."""
_DISTURBED = 3.0
"""A neighbour on the same core makes a try take 2.4 times as long. Where so much could turn an
answer both lines are tried again,"""
_TURNS = 4
"""so often, by turns: what slows all for a while slows both, so that the middle of the ratios is
what they are to each other."""
_STEEPEST = 40.0
"""A try is left out where those before say that it would take so many times too long."""
_FIRST_LENGTHS = 40
"""So many characters at least are put on one by one, and so are those of the first rounds: in a
single round there may be more ways than can be tried in an hour."""
_TAILS = ("!", "\u00a7", "\x00")
_NICE = b"a0 -/:=,.x"


class Hang(NamedTuple):
    """A line on which a pattern takes practically for ever, as a recipe."""

    head: str
    pump: str
    tail: str
    explodes: bool
    """Whether some rounds more double the time; else it grows with a low power of the rounds."""

    @property
    def rounds(self) -> int:
        """How often `pump` stands in the line."""
        return _FEW_ROUNDS if self.explodes else _MANY_ROUNDS

    @property
    def line(self) -> str:
        """The line itself."""
        return self.head + self.pump * self.rounds + self.tail

    def __str__(self) -> str:
        """As one would write it in Python: `'id=' + 'a' * 60 + '!'`."""
        head = f"{self.head!r} + " if self.head else ""
        return f"{head}{self.pump!r} * {self.rounds} + {self.tail!r}"


def hanging_line(text: str, cpu_seconds: Callable[[], float]) -> Hang | None:
    """A line on which the valid pattern `text` takes very long; None where none was found.

    `cpu_seconds` tells what this process has spent.
    """
    pattern = compile_pattern(text)
    until = cpu_seconds() + _SPENT_SECONDS
    for head, pump in _attacks(parse(text), ""):
        for tail in _TAILS:
            if cpu_seconds() > until:
                return None
            recipe = Hang(head, pump, tail, explodes=False)
            found = slow(pattern.search, recipe, cpu_seconds, until)
            if found is not None:
                return found
    return None


def slow(
    search: Callable[[str], object], recipe: Hang, cpu_seconds: Callable[[], float], until: float
) -> Hang | None:
    """`recipe` and how its time grows; None where no line of it that can be tried is slow.

    `search` gives nothing where it fails; no line is tried once `cpu_seconds` is beyond `until`.
    """
    tries = _Tries(search, recipe, cpu_seconds, until)
    for length in _lengths(len(recipe.pump)):
        if tries.too_long(length) or cpu_seconds() > until:
            return None
        if not tries.fails(length):
            if length % len(recipe.pump):
                continue  # amid a round
            return None
        if tries.last > _NOTICEABLE_SECONDS:
            return recipe._replace(explodes=tries.explodes())
    return None


class _Tries:
    """What lines of one recipe took."""

    def __init__(
        self,
        search: Callable[[str], object],
        recipe: Hang,
        cpu_seconds: Callable[[], float],
        until: float,
    ) -> None:
        self._search = search
        self._recipe = recipe
        self._cpu_seconds = cpu_seconds
        self._until = until
        self._took = {0: _LEAST_SECONDS}
        """Length -> seconds, ascending."""
        self._longest = 0

    @property
    def last(self) -> float:
        """What the longest line so far took."""
        return self._took[self._longest]

    def fails(self, length: int) -> bool:
        """Whether the search fails as it is meant to, which is measured."""
        head, pump, tail, _ = self._recipe
        line = head + (pump * length)[:length] + tail
        began = self._cpu_seconds()
        if self._search(line):
            return False
        self._took[length] = max(_LEAST_SECONDS, self._cpu_seconds() - began)
        self._longest = max(length, self._longest)
        return True

    def too_long(self, length: int) -> bool:
        """Whether nobody should wait for a line of this length, if the time doubles again."""
        if self.last <= _MEASURABLE_SECONDS:
            return False
        shorter = next(one for one in reversed(self._took) if one <= _SHORTER * self._longest)
        times = (length - self._longest) / (self._longest - shorter)
        return self._exceeds(_NOTICEABLE_SECONDS * _STEEPEST, shorter, times)

    def explodes(self) -> bool:
        """Whether a few rounds take very long, if the time only grows with a power of them."""
        least = self.last / _DECISIVE
        quicker = next((one for one in reversed(self._took) if self._took[one] <= least), 0)
        few = _FEW_ROUNDS * len(self._recipe.pump)
        times = log(few / self._longest) / log(self._longest / max(quicker, 0.5))
        return self._exceeds(_HANGING_SECONDS, quicker, times)

    def _exceeds(self, limit: float, other: int, times: float) -> bool:
        """Whether it takes longer once the time has risen so many times more as since `other`."""
        rise = self.last / self._took[other]
        less, more = (self.last * pow(rise * by, times) for by in (1 / _DISTURBED, _DISTURBED))
        if (less > limit) is not (more > limit):
            rises = sorted([rise, *self._tried_again(other)])
            rise = rises[len(rises) // 2]
        return self.last * pow(rise, times) > limit

    def _tried_again(self, other: int) -> Iterator[float]:
        """How many times as long as `other` the longest line takes."""
        for _ in range(_TURNS):
            if self._cpu_seconds() + self._took[other] + self.last > self._until:
                return
            if other:
                self.fails(other)
            self.fails(self._longest)
            yield self.last / self._took[other]


def _lengths(round_length: int) -> Iterator[int]:
    """Lengths to try, ascending: every one to begin with, then whole rounds."""
    first = max(_FIRST_LENGTHS, _ROUNDS[0] * round_length)
    yield from range(1, first)
    for rounds in _ROUNDS:
        if rounds * round_length >= first:
            yield rounds * round_length


def _attacks(node: Node, head: str) -> Iterator[tuple[str, str]]:
    """Each repeat without an end, the outermost first: what leads to it, and one round of it."""
    match node:
        case Repeat(body, _, most) if most is None or most >= 10:
            # `((a?)?b?)*` goes round only over what it need not have.
            taken = _sample(body), _sample(body, optional=1)
            for pump in dict.fromkeys(map(_period, taken)):
                if pump:
                    yield head, pump
            yield from _attacks(body, head)
        case Repeat(body, _, _) | Atomic(body):
            yield from _attacks(body, head)
        case Concat(items):
            for item in items:
                yield from _attacks(item, head)
                head += _sample(item)
        case Either(branches):
            for branch in branches:
                yield from _attacks(branch, head)
        case _:
            return


def _period(text: str) -> str:
    """The least that `text` is so many times: `aaa` would be three rounds at once."""
    return text[: (text + text).find(text, 1)] if text else text


def _sample(node: Node, *, optional: int = 0) -> str:
    """A short text that `node` matches, as far as characters go; what is `optional` so often."""
    match node:
        case Chars(mask):
            return _character(mask)
        case Concat(items):
            return "".join(_sample(item, optional=optional) for item in items)
        case Either(branches):
            return _sample(branches[0], optional=optional)
        case Repeat(body, least, most):
            return _sample(body, optional=optional) * (least or (1 if most is None else optional))
        case Atomic(body):
            return _sample(body, optional=optional)
        case Look() | _:
            return ""


def _character(mask: int) -> str:
    nice = next((byte for byte in _NICE if mask >> byte & 1), None)
    return chr(next(members(mask), 0x61) if nice is None else nice)
