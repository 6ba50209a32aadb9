"""A long comparison of the engine with its oracle, on many patterns at once.

Each batch is a database of 50 to 500 patterns and blocks of some lines for each of them: lines
that the pattern matches, or nearly. A block is compared as a whole and in parts; of some batches,
every weaker form of the prefilters and the timed twins, and patterns with codes that are scanned
for as if they were thousands. All of it follows from a seed.
"""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import Any
from unittest import mock

from matching.corpus import CASES
from matching.exactness import near
from matching.exactness.choices import Choices, Seeded, once_in, pick
from matching.exactness.comparison import (
    ENCODINGS,
    Case,
    Record,
    block,
    boundaries,
    is_different,
    is_same,
    matched_in_parts,
    records,
    reproducer,
    smallest,
)
from matching.exactness.grammar import is_valid, pattern

from logwatch.matching import codes, prefilter, searches
from logwatch.matching.alphabet import fold
from logwatch.matching.backtracking import danger
from logwatch.matching.framing import Framing
from logwatch.matching.matcher import Matcher, ReferenceMatcher, RulePatterns
from logwatch.matching.scanner import HyperscanScanner, RefusedError
from logwatch.matching.syntax import NEVER, parse
from logwatch.matching.translator import Form, express, skeleton

LONGEST = (3_000, 3_000, 150, 14)
"""Characters of the longest line, by the degree of backtracking that its patterns may have."""
_PATIENCE_SECONDS = 60
CODED = ("error code=", "ORA-", "job export/", "E", "(?i:event id )", "failed: ", r"id\d* ", "")
MODES = (
    "hyperscan", "hyperscan", "aho-corasick", "many", "forms", "hyperscan", "hyperscan",
    "many", "aho-corasick", "hyperscan", "twins", "hyperscan", "many", "hyperscan",
    "aho-corasick", "hyperscan", "forms", "many", "hyperscan", "hyperscan",
)  # fmt: skip
"""What is compared, as often as its share of the batches."""


class OverranError(Exception):
    """Raised when the oracle takes too long for a batch."""


class Campaign:
    """Batches from consecutive seeds, counted by what is compared."""

    def __init__(self, say: Callable[[str], None] = print) -> None:
        self._say = say
        self.counts: dict[str, Counter[str]] = {}
        self.differences: list[str] = []
        self._explanations: list[Callable[[], str]] = []

    def run(self, first_seed: int, modes: Sequence[str], has_time: Callable[[], bool]) -> int:
        """Until the time is up, or twenty differences are too many to go on; the last seed."""
        seed = first_seed
        while has_time() and len(self.differences) < 20:
            mode = modes[seed % len(modes)]
            try:
                with _patience(_PATIENCE_SECONDS):
                    self.step(seed, mode)
            except OverranError:
                self.counts.setdefault(mode, Counter()).update(overran=1)
            self._explain()
            seed += 1
        return seed - 1

    def step(self, seed: int, mode: str, *, most_patterns: int = 500) -> None:
        """One batch."""
        choices = Seeded(seed)
        degree = 3 if mode == "twins" else pick(choices, (1, 1, 2))
        most = min(most_patterns, 100) if mode in {"forms", "twins"} else most_patterns
        case, blocks = batch(choices, degree=degree, most=most, with_codes=mode == "many")
        oracle = ReferenceMatcher(case.rules, **case.settings)
        compare = _FormsComparison if mode == "forms" else _EngineComparison
        comparison = compare(case, mode)
        counts = self.counts.setdefault(mode, Counter())
        counts.update(batches=1, patterns=len(case.rules))
        for number, data in enumerate(blocks):
            expected = records(oracle.match(data))
            explain = comparison.difference(data, expected, choices)
            lines = data.count(b"\n")
            matches = sum(len(hit.found) for hit in expected)
            counts.update(lines=lines, pairs=lines * len(case.rules), matches=matches)
            if explain:
                self.differences.append(f"{mode}, seed {seed}, block {number}")
                self._say(self.differences[-1])
                self._explanations.append(explain)

    def _explain(self) -> None:
        """Make the first difference of a batch small, which may take longer than the batch."""
        explanations, self._explanations = self._explanations[:1], []
        for explain in explanations:
            with suppress(OverranError), _patience(5 * _PATIENCE_SECONDS):
                self._say(explain())

    def report(self) -> str:
        """A line for each mode, and one for all."""
        rows = [*self.counts.items(), ("all", sum(self.counts.values(), Counter()))]
        told = [
            f"{mode}: {c['pairs']:,} pairs of a pattern and a line, {c['matches']:,} of them"
            f" matches, {c['patterns']:,} patterns, {c['lines']:,} lines, {c['batches']:,} batches,"
            f" {c['overran']} given up for their time"
            for mode, c in rows
        ]
        return "\n".join([*told, f"{len(self.differences)} differences"])


@contextmanager
def _patience(seconds: int) -> Iterator[None]:
    """Raises OverranError in the body after so many seconds of CPU, also amid a search of `re`."""

    def overran(_signal: int, _frame: Any) -> None:
        raise OverranError

    before = signal.signal(signal.SIGPROF, overran)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def batch(
    choices: Choices, *, degree: int = 1, most: int = 500, with_codes: bool = False
) -> tuple[Case, list[bytes]]:
    """Rules, most of one pattern each, and blocks of lines for them."""
    wanted = min(most, pick(choices, (50, 50, 60, 80, 100, 100, 200, 500)))
    texts = [_text(choices, degree) for _ in range(wanted)]
    if with_codes:
        texts = [_with_code(choices, text) for text in texts]
    rules = tuple(
        RulePatterns(
            match=(text, pick(choices, texts)) if once_in(choices, 10) else (text,),
            unless=(pick(choices, texts),) if once_in(choices, 10) else (),
        )
        for text in texts
    )
    case = Case(
        rules, b"", pick(choices, ENCODINGS), pick(choices, (262_144, 262_144, 262_144, 40))
    )
    return case, [_block(choices, texts, case.encoding, LONGEST[degree]) for _ in range(4)]


def _block(choices: Choices, texts: Sequence[str], encoding: str, longest: int) -> bytes:
    lines = [
        near.line(choices, text)[:longest].rstrip("\n")
        for text in texts
        for _ in range(pick(choices, (2, 3, 4)))
    ]
    for _ in range(len(lines) // 20):
        lines[choices.below(len(lines))] = pick(choices, ("", "\r", "\0", " ", "a" * 14))
    return block(choices, sorted(lines, key=lambda _: choices.below(1 << 30)), encoding)


def _text(choices: Choices, degree: int) -> str:
    while True:
        text = _any_text(choices)
        if is_valid(text) and (degree == 3 or danger(parse(text)).degree <= degree):
            return text


def _with_code(choices: Choices, text: str) -> str:
    """The pattern with an error code before it, behind it or at a blank, if Python takes that."""
    code = (
        f"{pick(choices, CODED)}{choices.below(200) * 53 + 7:04}{pick(choices, ('', ' ', ': x'))}"
    )
    at = pick(choices, (0, len(text), text.find(" ") + 1))
    coded = text[:at] + code + text[at:]
    return coded if is_valid(coded) and danger(parse(coded)).degree <= 1 else text


def _any_text(choices: Choices) -> str:
    kind = choices.below(10)
    if kind < 6:
        return pattern(choices)
    real = pick(choices, CASES).pattern
    if kind < 8:
        return real
    at = choices.below(len(real))
    if kind == 8:  # a slip of the pen
        return real[:at] + real[at + 1 + choices.below(3) :]
    other = pick(choices, CASES).pattern
    return real[:at] + other[choices.below(len(other)) :]


class _EngineComparison:
    """A matcher and its oracle, on whole blocks and on blocks that come in parts."""

    def __init__(self, case: Case, mode: str) -> None:
        self._case = case
        self._mode = mode
        self._engine: Any = "hyperscan" if mode in {"twins", "many"} else mode
        with _counted_as_many() if mode == "many" else nullcontext():
            self._matcher = Matcher(case.rules, engine=self._engine, **case.settings)

    def difference(
        self, data: bytes, expected: list[Record], choices: Choices
    ) -> Callable[[], str] | None:
        """What explains the difference, None where there is none."""
        cuts = sorted({pick(choices, at) for at in [boundaries(data)] * 5 if at})
        with _steps(self._mode):
            for at in ([], cuts):
                got = matched_in_parts(self._matcher.match, data, at)
                if not is_same(got, expected, self._matcher):
                    return partial(self._explained, self._case._replace(block=data), at)
        return None

    def _explained(self, case: Case, cuts: Sequence[int]) -> str:
        if is_different(case, self._engine):
            case = smallest(case, lambda one: is_different(one, self._engine))
            return reproducer(case, self._engine)
        return f"only with other blocks, or cut at {list(cuts)}:\n{reproducer(case, self._engine)}"


@contextmanager
def _counted_as_many() -> Iterator[None]:
    """Patterns are scanned for as where there are thousands of them."""
    with mock.patch.object(prefilter, "_HASHED", 1), mock.patch.object(codes, "MANY", 1):
        yield


def _steps(mode: str) -> Any:
    """For the twins, a budget of `re` so small that every pattern that backtracks has its twin."""
    if mode != "twins":
        return nullcontext()
    return mock.patch.multiple(searches, _MOST_STEPS=0, _FEW_STEPS=0)


class _FormsComparison:
    """Every form of every prefilter, the weaker ones too, which are seldom needed."""

    def __init__(self, case: Case, _mode: str) -> None:
        self._framing = Framing(case.encoding, 1 << 30)
        texts = dict.fromkeys(text for rule in case.rules for text in rule.match)
        needed = {text: one for text in texts if (one := skeleton(parse(text))) != NEVER}
        self._scanners = {
            form: _scanner([(text, e) for text in needed if (e := express(needed[text], form))])
            for form in Form
        }

    def difference(
        self, data: bytes, _expected: list[Record], _choices: Choices
    ) -> Callable[[], str] | None:
        """What names the match that is not seen, None where there is none."""
        lines = [self._framing.decode(line).removesuffix("\r") for line in data.split(b"\n")]
        folded = b"\n".join(fold(line) + b"\r" for line in lines)
        for form, (scanner, texts) in self._scanners.items():
            seen = _numbered(folded, scanner.scan(folded))
            for number, text in enumerate(texts):
                search = re.compile(text).search
                for at, line in enumerate(lines):
                    if (at, number) not in seen and search(line):
                        return f"form {form.name} of {text!r} does not see {line!r}".strip
        return None


def _numbered(folded: bytes, ends: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Line and expression of each end, which come in order."""
    seen = set()
    line = counted = 0
    for end, number in ends:
        line += folded.count(b"\n", counted, end)
        counted = end
        seen.add((line, number))
    return seen


def _scanner(expressions: list[tuple[str, bytes]]) -> tuple[HyperscanScanner, list[str]]:
    try:
        scanner = HyperscanScanner.compiled([one for _, one in expressions])
    except RefusedError:
        good = [pair for pair in expressions if _is_taken(pair[1])]
        return HyperscanScanner.compiled([one for _, one in good]), [text for text, _ in good]
    return scanner, [text for text, _ in expressions]


def _is_taken(expression: bytes) -> bool:
    try:
        HyperscanScanner.compiled([expression])
    except RefusedError:
        return False
    return True
