"""A long comparison of the engine with its oracle, on many patterns at once.

Each batch is a database of 50 to 500 patterns and blocks of some lines for each of them: lines
that the pattern matches, or nearly. A block is compared as a whole and in parts; of some batches,
every weaker form of the prefilters and the timed twins, and patterns with codes that are scanned
for as if they were thousands. A third of the batches has records of several lines in place of
lines. Batches of a third kind have conditions on fields (where_batches.py). All of it follows from
a seed.
"""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import Any, NamedTuple
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
from matching.exactness.grammar import OVER_LINES, is_valid, pattern
from matching.exactness.record_blocks import block_of_records, record
from matching.exactness.where_batches import WHERE, WHERE_MODES, WhereComparison, where_batch
from matching.exactness.where_batches import expected as expected_where

from logwatch.matching import codes, prefilter, searches
from logwatch.matching.alphabet import fold, fold_record
from logwatch.matching.backtracking import danger
from logwatch.matching.framing import Framing, bare
from logwatch.matching.matcher import ReferenceMatcher, RulePatterns
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
"""What is compared over lines, as often as its share of the batches."""
RECORDS = "records, "
"""Before the name of a mode: the same over records of several lines."""
RECORD_MODES = tuple(
    RECORDS + mode
    for mode in (
        "hyperscan", "aho-corasick", "hyperscan", "forms", "hyperscan", "many", "hyperscan",
        "twins", "hyperscan", "aho-corasick",
    )
)  # fmt: skip
ALL_MODES = tuple(
    mode for at, other in enumerate(RECORD_MODES) for mode in (*MODES[2 * at : 2 * at + 2], other)
)
"""Two batches of lines, then one of records."""
EVERY_KIND = tuple(
    mode for at, mode in enumerate(ALL_MODES) for mode in (mode, *WHERE_MODES[at % 3 : at % 3 + 1])
)
"""Each of those, and then one of conditions."""


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
        if mode.startswith(WHERE):
            self._step_of_where(seed, mode, choices, min(most_patterns, 100))
            return
        way = mode.removeprefix(RECORDS)
        degree = 3 if way == "twins" else pick(choices, (1, 1, 2))
        most = min(most_patterns, 100) if way in {"forms", "twins"} else most_patterns
        kind = Kind(degree, with_codes=way == "many", of_records=way != mode)
        cases = batch(choices, kind, most=most)
        first = cases[0]
        oracle = ReferenceMatcher(first.rules, **first.settings)
        compare = _FormsComparison if way == "forms" else _EngineComparison
        comparison = compare(first, way)
        counts = self.counts.setdefault(mode, Counter())
        counts.update(batches=1, patterns=len(first.rules))
        for number, case in enumerate(cases):
            expected = records(oracle.match(case.block, case.joined))
            explain = comparison.difference(case, expected, choices)
            lines = case.lines.count(b"\n")
            matches = sum(len(hit.found) for hit in expected)
            counts.update(lines=lines, pairs=lines * len(first.rules), matches=matches)
            self._note(explain, mode, seed, number)

    def _step_of_where(self, seed: int, mode: str, choices: Choices, most: int) -> None:
        cases = where_batch(choices, most=most)
        comparison = WhereComparison(cases[0], mode.removeprefix(WHERE))
        counts = self.counts.setdefault(mode, Counter())
        counts.update(batches=1, patterns=len(cases[0].selectors))
        for number, case in enumerate(cases):
            wanted = expected_where(case)
            explain = comparison.difference(case, wanted, choices)
            lines = len(case.pieces)
            matches = sum(len(each.found) for each in wanted)
            counts.update(lines=lines, pairs=lines * len(case.selectors), matches=matches)
            self._note(explain, mode, seed, number)

    def _note(self, explain: Callable[[], str] | None, mode: str, seed: int, number: int) -> None:
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


class Kind(NamedTuple):
    """What the patterns of a batch are like, and what they are searched for in."""

    degree: int = 1
    """Of backtracking, at most."""
    with_codes: bool = False
    of_records: bool = False


def batch(choices: Choices, kind: Kind, *, most: int = 500) -> list[Case]:
    """Rules, most of one pattern each, and with them several blocks of lines or records."""
    wanted = min(most, pick(choices, (50, 50, 60, 80, 100, 100, 200, 500)))
    texts = [_text(choices, kind) for _ in range(wanted)]
    if kind.with_codes:
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
    fill = _with_records if kind.of_records else _with_lines
    return [fill(choices, case, texts, LONGEST[kind.degree]) for _ in range(4)]


def _with_lines(choices: Choices, case: Case, texts: Sequence[str], longest: int) -> Case:
    lines = [
        near.line(choices, text)[:longest].rstrip("\n")
        for text in texts
        for _ in range(pick(choices, (2, 3, 4)))
    ]
    mixed = _mixed(choices, lines)
    return case._replace(block=block(choices, mixed, case.encoding))


def _with_records(choices: Choices, case: Case, texts: Sequence[str], longest: int) -> Case:
    made = [
        record(choices, text, texts, longest)
        for text in texts
        for _ in range(pick(choices, (2, 3, 4)))
    ]
    mixed = _mixed(choices, made)
    data, joined = block_of_records(
        choices, mixed, case.encoding, case.max_line, framed=longest == LONGEST[0]
    )
    return case._replace(block=data, joined=joined)


def _mixed(choices: Choices, lines: list[str]) -> list[str]:
    for _ in range(len(lines) // 20):
        lines[choices.below(len(lines))] = pick(choices, ("", "\r", "\0", " ", "a" * 14))
    return sorted(lines, key=lambda _: choices.below(1 << 30))


def _text(choices: Choices, kind: Kind) -> str:
    make = _text_over_lines if kind.of_records else _any_text
    while True:
        text = make(choices)
        if is_valid(text) and _degree(text, records=kind.of_records) <= kind.degree:
            return text


def _degree(text: str, *, records: bool) -> int:
    return min(3, danger(parse(text, records=records)).degree)


def _with_code(choices: Choices, text: str) -> str:
    """The pattern with an error code before it, behind it or at a blank, if Python takes that."""
    code = (
        f"{pick(choices, CODED)}{choices.below(200) * 53 + 7:04}{pick(choices, ('', ' ', ': x'))}"
    )
    at = pick(choices, (0, len(text), text.find(" ") + 1))
    coded = text[:at] + code + text[at:]
    return coded if is_valid(coded) and danger(parse(coded)).degree <= 1 else text


def _text_over_lines(choices: Choices) -> str:
    """A pattern for records: of newlines, of lines one below the other, or any that there is."""
    way = choices.below(10)
    if way < 5:
        return pattern(choices, over_lines=True)
    if way < 7:
        first, second = (_any_text(choices) for _ in range(2))
        return first + pick(choices, OVER_LINES) + second
    if way == 7:
        return pick(choices, ("(?m)", "(?s)", "(?ms)", "(?mi)")) + _any_text(choices)
    return _any_text(choices)


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
        self._mode = mode
        self._engine: Any = "hyperscan" if mode in {"twins", "many"} else mode
        with _counted_as_many() if mode == "many" else nullcontext():
            self._matcher = case.matcher(self._engine)

    def difference(
        self, case: Case, expected: list[Record], choices: Choices
    ) -> Callable[[], str] | None:
        """What explains the difference, None where there is none."""
        cuts = sorted({pick(choices, at) for at in [boundaries(case.lines)] * 5 if at})
        with _steps(self._mode):
            for at in ([], cuts):
                got = matched_in_parts(self._matcher.match, case.block, at, case.joined)
                if not is_same(got, expected, self._matcher):
                    return partial(self._explained, case, at)
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
        self._fold = fold_line if case.joined is None else fold_record
        trees = {text: skeleton(parse(text, records=case.joined is not None)) for text in texts}
        needed = {text: tree for text, tree in trees.items() if tree != NEVER}
        self._scanners = {
            form: _scanner([(text, e) for text in needed if (e := express(needed[text], form))])
            for form in Form
        }

    def difference(
        self, case: Case, _expected: list[Record], _choices: Choices
    ) -> Callable[[], str] | None:
        """What names the match that is not seen, None where there is none."""
        lines, at = [], 0
        for line in case.lines.split(b"\n"):
            lines.append(bare(self._framing.decode(case.block[at : at + len(line)])))
            at += len(line) + 1
        folded = b"\n".join(map(self._fold, lines))
        for form, (scanner, texts) in self._scanners.items():
            seen = _numbered(folded, scanner.scan(folded))
            for number, text in enumerate(texts):
                search = re.compile(text).search
                for at, line in enumerate(lines):
                    if (at, number) not in seen and search(line):
                        return f"form {form.name} of {text!r} does not see {line!r}".strip
        return None


def fold_line(line: str) -> bytes:
    """As it is scanned at its worst, with a carriage return at its end."""
    return fold(line) + b"\r"


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
