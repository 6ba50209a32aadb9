"""A line on which a risky pattern takes long, to show that it is no theory.

The static look (backtracking.py) says that a pattern may be slow. Here lines are made that go
through the repeats of the pattern and then fail, longer and longer, until one of them takes a
noticeable time; what can be found in a fraction of a second is found, and no line is ever tried
that could take minutes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
_STEEPEST_POWER = 6
"""What grows faster with the rounds than this power of them doubles again and again."""
_STEEPEST = 40.0
"""A try is left out where the one before says that it would take so many times too long."""
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
    """Whether some rounds more double the time; else it grows with a power of the rounds."""

    @property
    def rounds(self) -> int:
        """How often `pump` stands in the line."""
        return 60 if self.explodes else 20_000

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
            found = _slow(pattern, Hang(head, pump, tail, explodes=False), cpu_seconds, until)
            if found is not None:
                return found
    return None


def _slow(
    pattern: re.Pattern[str], recipe: Hang, cpu_seconds: Callable[[], float], until: float
) -> Hang | None:
    head, pump, tail, _ = recipe
    tried = [(0, _LEAST_SECONDS)]
    growth = 1.0
    for length in _lengths(len(pump)):
        last, seconds = tried[-1]
        if seconds * growth ** (length - last) > _NOTICEABLE_SECONDS * _STEEPEST:
            return None
        began = cpu_seconds()
        if began > until:
            return None
        found = pattern.search(head + (pump * length)[:length] + tail)
        seconds = max(_LEAST_SECONDS, cpu_seconds() - began)
        if found:
            if length % len(pump):
                continue  # amid a round
            return None
        shorter, before = next(one for one in reversed(tried) if one[0] <= _SHORTER * length)
        if seconds > _NOTICEABLE_SECONDS:
            power = (length / max(shorter, 1)) ** _STEEPEST_POWER
            return recipe._replace(explodes=seconds > before * power)
        if seconds > _MEASURABLE_SECONDS:
            growth = max(1.0, (seconds / before) ** (1 / (length - shorter)))
        tried.append((length, seconds))
    return None


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
