"""The engine beside its oracle, and the smallest case in which they differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

from matching.exactness.choices import Choices, once_in, pick
from matching.exactness.grammar import is_valid

from logwatch.matching.matcher import Matcher, ReferenceMatcher, RulePatterns

T = TypeVar("T")

BAD_BYTES = (
    b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\x80", b"\xbf\xbf", b"\xc0\xaf",
    b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\xbf\xbf",
    b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe\xff",
)  # fmt: skip
"""Alone, cut short, over-long, halves of surrogate pairs, beyond the last code point."""
ENDINGS = (b"\n", b"\n", b"\n", b"\n", b"\n", b"\n", b"\r\n", b"\r\n", b"\r\r\n", b"\n\n")
ENCODINGS = ("utf-8", "utf-8", "utf-8", "latin-1", "cp1252", "cp1251", "koi8-r", "ascii")


class Case(NamedTuple):
    """What both are asked."""

    rules: tuple[RulePatterns, ...]
    block: bytes
    encoding: str = "utf-8"
    max_line: int = 262_144
    joined: bytes | None = None
    """With records of several lines: the block with each as one line."""

    @property
    def settings(self) -> dict[str, Any]:
        return {"encoding": self.encoding, "max_line": self.max_line}

    @property
    def lines(self) -> bytes:
        """Each line of it is what patterns are searched for in."""
        return self.block if self.joined is None else self.joined

    def matcher(self, engine: Any) -> Matcher:
        """The engine, as it is before any block."""
        records = self.joined is not None
        return Matcher(self.rules, engine=engine, records=records, **self.settings)


def block(choices: Choices, lines: Sequence[str], encoding: str) -> bytes:
    """Lines as bytes with ends of all kinds; in some, bytes that mean nothing."""
    data = b"".join(encoded(choices, text, encoding) + pick(choices, ENDINGS) for text in lines)
    return data.removesuffix(b"\n") if once_in(choices, 3) else data


def encoded(choices: Choices, text: str, encoding: str) -> bytes:
    """A text as bytes, seldom with some among them that mean nothing."""
    data = text.encode(encoding, "replace")
    if once_in(choices, 12):
        at = choices.below(len(data) + 1)
        data = data[:at] + pick(choices, BAD_BYTES) + data[at:]
    return data


def boundaries(lines: bytes) -> list[int]:
    """Every place at which a tailer may end one block and begin the next."""
    return [found.end() for found in re.finditer(rb"\n", lines) if found.end() < len(lines)]


class Record(NamedTuple):
    """A hit in a form that can be compared and moved, whichever engine it is of."""

    start: int
    end: int
    text: str
    truncated: bool
    found: tuple[tuple[int, dict[str, str]], ...]


def records(hits: Sequence[Any], offset: int = 0) -> list[Record]:
    """Hits of a block that begins at `offset`."""
    return [
        Record(
            hit.start + offset, hit.end + offset, hit.text, hit.truncated,
            tuple((rule, dict(captures)) for rule, captures in hit.found),
        )
        for hit in hits
    ]  # fmt: skip


def matched_in_parts(
    match: Callable[..., Sequence[Any]],
    data: bytes,
    cuts: Sequence[int],
    joined: bytes | None = None,
) -> list[Record]:
    """What is found when `data` comes as several blocks, offsets as in the whole."""
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        part = None if joined is None else joined[start:end]
        found += records(match(data[start:end], part), start)
    return found


def expected(case: Case) -> list[Record]:
    """What the reference finds."""
    oracle = ReferenceMatcher(case.rules, **case.settings)
    return records(oracle.match(case.block, case.joined))


def is_different(case: Case, engine: str, cuts: Sequence[int] = ()) -> bool:
    """Whether the engine does not find what the reference does."""
    matcher = case.matcher(engine)
    got = matched_in_parts(matcher.match, case.block, cuts, case.joined)
    return not is_same(got, expected(case), matcher)


def is_same(got: list[Record], wanted: list[Record], matcher: Matcher) -> bool:
    """Whether both are the same, but for rules of which a search was given up for its time."""
    return got == wanted or _without(got, matcher) == _without(wanted, matcher)


def _without(found: list[Record], matcher: Matcher) -> list[Record]:
    gave_up = {*matcher.timeouts, *matcher.statistics.quarantined}
    kept = (
        one._replace(found=tuple(taken for taken in one.found if taken[0] not in gave_up))
        for one in found
    )
    return [one for one in kept if one.found]


def smallest(case: Case, fails: Callable[[Case], bool]) -> Case:
    """A case in which less is left out than would do."""
    before = None
    while before != case:
        before = case
        case = _with_fewer_rules(case, fails)
        case = _with_fewer_lines(case, fails)
        if len(case.block) <= 2_000:
            case = _with_fewer_bytes(case, fails)
        if sum(len(text) for rule in case.rules for text in rule.match) <= 400:
            case = _with_shorter_patterns(case, fails)
    return case


def reproducer(case: Case, engine: str) -> str:
    """Python that shows the difference."""
    own = {"engine": engine, "records": case.joined is not None}
    return (
        f"rules = {list(case.rules)!r}\nblock, joined = {case.block!r}, {case.joined!r}\n"
        f"assert Matcher(rules, **{own | case.settings!r}).match(block, joined) == "
        f"ReferenceMatcher(rules, **{case.settings!r}).match(block, joined)"
    )


def reduced(items: Sequence[T], fails: Callable[[list[T]], bool]) -> list[T]:
    """As few of `items` as still fail, halves first (Zeller and Hildebrandt, 2002)."""
    kept = list(items)
    size = max(1, len(kept) // 2)
    while True:
        at = 0
        while at < len(kept):
            fewer = kept[:at] + kept[at + size :]
            if fails(fewer):
                kept = fewer
            else:
                at += size
        if size == 1:
            return kept
        size //= 2


def _with_fewer_rules(case: Case, fails: Callable[[Case], bool]) -> Case:
    rules = reduced(case.rules, lambda some: fails(case._replace(rules=tuple(some))))
    return case._replace(rules=tuple(rules))


def _with_fewer_lines(case: Case, fails: Callable[[Case], bool]) -> Case:
    return _with_fewer_parts(case, pairwise([0, *boundaries(case.lines), len(case.lines)]), fails)


def _with_fewer_bytes(case: Case, fails: Callable[[Case], bool]) -> Case:
    return _with_fewer_parts(case, pairwise(range(len(case.lines) + 1)), fails)


def _with_fewer_parts(
    case: Case, spans: Iterable[tuple[int, int]], fails: Callable[[Case], bool]
) -> Case:
    def with_parts(some: Sequence[tuple[int, int]]) -> Case:
        block = b"".join(case.block[start:end] for start, end in some)
        lines = b"".join(case.lines[start:end] for start, end in some)
        return case._replace(block=block, joined=None if case.joined is None else lines)

    def still(some: list[tuple[int, int]]) -> bool:
        return is_sound(with_parts(some)) and fails(with_parts(some))

    return with_parts(reduced(list(spans), still))


def is_sound(case: Case) -> bool:
    """Whether it may be: no source hands out a record that ends with a newline."""
    ends = (found.start() for found in re.finditer(rb"\n|\Z", case.lines))
    lasts = (slice(max(0, end - 1), end) for end in ends)
    return not any(case.block[last] == b"\n" != case.lines[last] for last in lasts)


def _with_shorter_patterns(case: Case, fails: Callable[[Case], bool]) -> Case:
    for number, rule in enumerate(case.rules):
        for at, text in enumerate(rule.match):

            def with_text(shorter: str, number: int = number, at: int = at) -> Case:
                match = (*rule.match[:at], shorter, *rule.match[at + 1 :])  # noqa: B023 - used before the loop goes on
                changed = RulePatterns(match=match, unless=rule.unless)  # noqa: B023
                return case._replace(
                    rules=(*case.rules[:number], changed, *case.rules[number + 1 :])
                )

            def still(some: list[str], with_text: Any = with_text) -> bool:
                shorter = "".join(some)
                return is_valid(shorter) and fails(with_text(shorter))

            shorter = "".join(reduced(text, still))
            if shorter != text:
                return with_text(shorter)
    return case
