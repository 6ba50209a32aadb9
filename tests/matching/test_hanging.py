"""A line on which a risky pattern hangs is found soon, and is one.

How the growth of the time is judged is shown on a clock of the test; that real patterns are judged
so, on the one of the process.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable
from itertools import chain, repeat

import pytest

from logwatch.matching.hanging import Hang, hanging_line, slow

EXPLODING = [
    r"(a+)+$",
    r"^(\w+\s?)*$",
    r"id=(x+x+)+y",
    r"(\d+|[0-9a-f]+)*z",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"((a?)?b?)*c$",
    r"(?:(?:(?:ab)?c?)?d?)*!$",
]


def costs(text: str, *lines: str) -> list[float]:
    """The least CPU time of nine searches in each line, in seconds; the lines take turns."""
    least = [math.inf] * len(lines)
    for _ in range(9):
        for number, line in enumerate(lines):
            began = time.process_time()
            assert not re.search(text, line)
            least[number] = min(least[number], time.process_time() - began)
    return least


@pytest.mark.parametrize("text", EXPLODING)
def test_some_characters_more_cost_many_times_as_much(text):
    """So that the line itself, with its sixty rounds, would take years."""
    found = hanging_line(text, time.process_time)
    assert found is not None
    assert found.explodes
    short, longer = costs(
        text,
        *(found.head + found.pump * (count // len(found.pump)) + found.tail for count in (9, 12)),
    )
    assert longer > 2 * short


@pytest.mark.parametrize(
    "text",
    [
        r"(?:a*a*a*)*b", r"(?:.*.*.*.*)*=", r"(?:a*a*a*a*a*a*a*a*)*b", r"(?:a?a?a?a?a?a?a?a?)*b",
        r"(?:\w*[\w.]*[\w-]*)+@", r"(?:a{0,9}){10,}b", r"(?:(?:a|b|ab)?(?:a|b|ab)?(?:ab)?)*c",
        r"(?:[a-z]*[0-9a-z]*[a-f0-9]*\d*\w*)*=", r"(?:(a)?(b)?(c)?(ab)?(bc)?(abc)?)+d",
        r"(?:x?x*){50}y", r"(?:(?:\w+\s?)*\w*\s*)*!", r"((((a*)*)*)*)*b",
        r"(?:[a-z0-9]*[a-z]*\w*\w*\d*\w*\S*\S*.*)*=",
    ],
)  # fmt: skip
def test_no_line_is_tried_that_could_take_minutes(text):
    """However many ways there are in a single round."""
    began = time.process_time()
    found = hanging_line(text, time.process_time)
    assert found is not None
    assert found.explodes
    assert time.process_time() - began < 10


def test_a_line_of_a_slow_pattern_is_long():
    """It grows with a power of the length, not exponentially."""
    found = hanging_line(".*.*.*=.*", time.process_time)
    assert found is not None
    assert not found.explodes
    assert str(found) == "'a' * 20000 + '!'"
    assert len(found.line) == 20_001


def test_the_recipe_is_python():
    """To be copied."""
    found = hanging_line(r"id=(x+x+)+y", time.process_time)
    assert eval(str(found)) == found.line


@pytest.mark.parametrize("text", ["abc", r"^(?P<a>[^,]*),(?P<b>[^,]*)$", r"\d+ \w+", "(?=x)", ""])
def test_nothing_is_claimed_of_a_harmless_pattern(text):
    """And little time is spent."""
    began = time.process_time()
    assert hanging_line(text, time.process_time) is None
    assert time.process_time() - began < 1.0


class Searched:
    """A search whose CPU time is a function of the rounds, on a core with neighbours."""

    def __init__(
        self, seconds: Callable[[float], float], slower: Iterable[float] = (), pump: str = "a"
    ) -> None:
        """`slower`: so many times as long does it take the first time, the second, ..."""
        self._seconds = seconds
        self._slower = chain(slower, repeat(1.0))
        self._recipe = Hang("x=", pump, "!", explodes=False)
        self.tried: list[float] = []
        """Rounds."""
        self.spent = 0.0

    def search(self, line: str) -> None:
        """No match, some time later."""
        rounds = (len(line) - len("x=!")) / len(self._recipe.pump)
        self.tried.append(rounds)
        self.spent += self._seconds(rounds) * next(self._slower)

    def judged(self, until: float = 0.5) -> bool | None:
        """Whether it explodes; None where it is not slow."""
        found = slow(self.search, self._recipe, lambda: self.spent, until)
        return None if found is None else found.explodes


def measured(rounds: float) -> float:
    """What `(?:a{0,9}){10,}b` took, the least steep of those that are pinned here, and beyond."""
    took = (1e-6, 1e-6, 3e-6, 1e-5, 3.5e-5, 1.26e-4, 4.8e-4, 1.2e-3, 3.2e-3, 8e-3, 2.57e-2)
    return took[int(rounds)] if rounds <= 10 else 2.57e-2 * 2.5 ** (rounds - 10)


GROWTHS = {
    "doubles": (lambda n: 5e-8 * 2**n, True),
    "half as much again": (lambda n: 4e-7 * 1.5**n, True),
    "thirty times": (lambda n: 1e-7 * 34**n, True),
    "measured": (measured, True),
    "square": (lambda n: 2e-7 * n**2, False),
    "third power": (lambda n: 2e-8 * n**3, False),
    "fifth power": (lambda n: 1e-10 * n**5, False),
    "sixth power": (lambda n: 2e-11 * n**6, False),
    "linear": (lambda n: 1e-7 * n, None),
}


@pytest.mark.parametrize("pump", ["a", "abc"])
@pytest.mark.parametrize(("seconds", "explodes"), GROWTHS.values(), ids=GROWTHS)
def test_one_disturbed_try_does_not_turn_the_judgement(seconds, explodes, pump):
    """Whichever it is; a neighbour on the same core makes it take 2.4 times as long."""
    calm = Searched(seconds, pump=pump)
    assert calm.judged() is explodes
    for number in range(len(calm.tried)):
        assert Searched(seconds, [*[1.0] * number, 2.4], pump).judged() is explodes, number


@pytest.mark.parametrize(("seconds", "explodes"), GROWTHS.values(), ids=GROWTHS)
def test_a_neighbour_that_comes_or_goes_does_not_turn_the_judgement(seconds, explodes):
    """Whenever it does."""
    for number in range(len(Searched(seconds).tried) + 60):
        assert Searched(seconds, [2.4] * number).judged() is explodes, number
        came = chain(repeat(1.0, number), repeat(2.4))
        assert Searched(seconds, came).judged() is explodes, number


def test_a_growth_that_is_beyond_doubt_costs_no_second_try():
    """`check` has many patterns to look at."""
    for seconds in GROWTHS["doubles"][0], GROWTHS["third power"][0]:
        searched = Searched(seconds)
        searched.judged()
        assert len(searched.tried) == len(set(searched.tried))


def test_where_there_is_doubt_both_lines_are_tried_again_by_turns():
    """The one that decides and the one it is held against; four times, and not the others."""
    searched = Searched(lambda n: 5e-13 * n**7)
    assert searched.judged() is False
    longest = max(searched.tried)
    first = searched.tried.index(longest)
    quicker, *_ = again = searched.tried[first + 1 :]
    assert quicker < longest
    assert again == [quicker, longest] * 4


def test_what_would_take_too_long_is_not_tried():
    """It was foreseen, and where a disturbed try said so it is tried again."""
    abrupt = Searched(lambda n: 1e-5 * 1000 ** (n - 1))
    assert abrupt.judged() is None
    assert abrupt.spent < 0.1
    seconds = GROWTHS["thirty times"][0]
    assert Searched(seconds, [1.0, 1.0, 1.0, 2.4]).judged() is True


def test_no_line_is_tried_beyond_the_time_that_there_is():
    """Not even to be sure."""
    late = Searched(lambda n: 1e-3 * n)
    assert late.judged(until=0.01) is None
    assert late.spent < 0.016
