"""Log lines that prove themselves, and the account of what became of them.

Each line that a rule takes carries its generation, its number and a checksum of both and of its
padding; between them there are lines that no rule takes. The account is simple: every line is
told once, in order within its generation, and a repetition is the same message, by `id:seq`.
"""

from __future__ import annotations

import os
from binascii import crc32
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

RULE = r"{name: oracle, match: 'ERROR gen=(?P<gen>\d+) seq=(?P<seq>\d+) crc=', cooldown: 0}"
"""The rule that takes the lines, as YAML."""


class Account(NamedTuple):
    """What was found in order."""

    alerts: int
    repetitions: int


def line(generation: int, number: int) -> str:
    """One line, without its newline."""
    padding = "x" * (number * 7919 % 60)
    checked = f"gen={generation} seq={number} crc="
    return f"ERROR {checked}{crc32(checked.encode() + padding.encode()):08x} {padding}"


def is_whole(text: str) -> bool:
    """Whether `text` is a line of ours with no byte changed."""
    head, _, rest = text.partition(" crc=")
    generation, number = (int(part.partition("=")[2]) for part in head.split()[1:])
    return text == line(generation, number) and bool(rest)


class Writer:
    """Writes one log, rotates it, and remembers what is to be told."""

    def __init__(self, path: Path, *, noise: int = 3) -> None:
        """`noise`: how many lines that no rule takes stand before each one that is taken."""
        self.path = path
        self.generation = 0
        self.written: list[tuple[int, int]] = []
        self._noise = noise
        self._number = 0
        self._file = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)

    def write(self, count: int = 1) -> None:
        """Append `count` lines that are to be told, in one write."""
        text = "".join(self._lines(count))
        os.write(self._file, text.encode())

    def shift(self) -> None:
        """Rename the log to `.1`, after `.1` to `.2` and so on; `begin_anew` is still to come."""
        number = 1
        while self._shifted(number).exists():
            number += 1
        for each in range(number, 1, -1):
            self._shifted(each - 1).rename(self._shifted(each))
        self.rename(self._shifted(1))

    def _shifted(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def rename(self, to: Path) -> None:
        """Rename the log; writes go to the renamed file until `begin_anew`."""
        self.path.rename(to)

    def date(self) -> None:
        """Rename the log to a name that it keeps, as `dateext` does."""
        self.rename(self.path.with_name(f"{self.path.name}-{20_260_101 + self.generation}"))

    def begin_anew(self) -> None:
        """Make a new log under the path, as a writer does that was told to reopen it."""
        os.close(self._file)
        self._next_generation()
        self._file = self._open()

    def truncate(self) -> None:
        """Cut the log to nothing, as copytruncate does after its copy."""
        os.ftruncate(self._file, 0)
        self._next_generation()

    def _next_generation(self) -> None:
        self.generation += 1
        self._number = 0

    def _lines(self, count: int) -> Iterator[str]:
        for _ in range(count):
            for number in range(self._noise):
                yield f"INFO nothing to see here, {number} of {self._noise}\n"
            yield line(self.generation, self._number) + "\n"
            self.written.append((self.generation, self._number))
            self._number += 1

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def ours(alerts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The alerts of the rule `oracle`; others are about logwatch itself."""
    return [alert for alert in alerts if alert["rule"] == "oracle"]


def told(alerts: Iterable[dict[str, Any]]) -> list[tuple[int, int]]:
    """Generation and number of each alert's line, in the order of the alerts."""
    return [(int(a["fields"]["gen"]), int(a["fields"]["seq"])) for a in alerts]


def has_all(alerts: Iterable[dict[str, Any]], written: Iterable[tuple[int, int]]) -> bool:
    """Whether every line that was written was told at least once."""
    return set(written) <= set(told(alerts))


def settle(
    alerts: list[dict[str, Any]],
    written: list[tuple[int, int]],
    *,
    repetitions: bool = False,
    ordered: bool = True,
) -> Account:
    """Hold `alerts` of the rule `oracle` against the lines that were written.

    `repetitions`: the sink may see a message again, never under another `id:seq`. `ordered`:
    within a generation the first tellings are in the order of the lines.
    """
    first: dict[tuple[int, int], str] = {}
    seen: Counter[str] = Counter()
    order: list[tuple[int, int]] = []
    for alert, which in zip(alerts, told(alerts), strict=True):
        key = f"{alert['id']}:{alert['seq']}"
        text = alert["lines"][0]["text"]
        assert is_whole(text), f"a damaged line: {text!r}"
        assert first.setdefault(which, key) == key, f"{which} was told as {first[which]} and {key}"
        if not seen[key]:
            order.append(which)
        seen[key] += 1
    missing = sorted(set(written) - set(first))
    assert not missing, f"{len(missing)} lines were never told, the first {missing[:5]}"
    unknown = sorted(set(first) - set(written))
    assert not unknown, f"{len(unknown)} lines were told but never written: {unknown[:5]}"
    assert len(set(first.values())) == len(first), "two lines were told under one id"
    repeated = sum(seen.values()) - len(seen)
    assert repetitions or not repeated, f"{repeated} repetitions: {seen.most_common(3)}"
    if ordered:
        _check_order(order)
    return Account(len(first), repeated)


def _check_order(order: list[tuple[int, int]]) -> None:
    newest: dict[int, int] = {}
    for generation, number in order:
        before = newest.get(generation, -1)
        assert number > before, f"line {number} of generation {generation} came after {before}"
        newest[generation] = number
