"""What a live key costs: memory of 100,000 keys, and CPU of an event among few and among many.

    python tests/bench/bench_keys.py [kind ...]

A kind is measured in a process of its own, by what the process has in RAM. Each key has read some
lines of 90 characters, and is once watched and once in an episode that burns (or, where a kind has
no episodes, within its cool-down), for that is when it remembers most.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from logwatch.records import SCHEMA, Alert, AlertLine, Batch, Checkpoint, Marker, Match, Record
from logwatch.rules import make_rule
from logwatch.rules.absence import Absence
from logwatch.rules.base import (
    Hit,
    KindSettings,
    Now,
    PlainMatch,
    Rule,
    RuleSettings,
    Selector,
    Threshold,
    Told,
)
from logwatch.rules.composite import Composite
from logwatch.rules.expect import Expect
from logwatch.rules.new_template import NewTemplate
from logwatch.rules.new_value import NewValue
from logwatch.rules.ratio import Ratio
from logwatch.rules.sampling import Sampling
from logwatch.rules.sequence import Sequence
from logwatch.rules.spike import Spike
from logwatch.rules.unique import Unique
from logwatch.rules.value import Value

START = 1_767_571_200.0
KEYS = 100_000
FEW, MANY = 10_000, 100_000
HOUR = 3600.0


class Case(NamedTuple):
    """A kind, the lines of a key that make it burn, and those that do not."""

    kind: KindSettings
    lines: int
    """Lines of a key until it burns."""
    watched: int
    """Lines of a key that is only watched; 0: there is no such state."""
    parts: tuple[int, ...] = (0,)
    """Which part of the rule takes each of them, in turn."""
    wait: float = 0.0
    """Seconds until the deadline at which it burns."""


CASES = {
    "match": Case(PlainMatch(), 2, 0),
    "threshold": Case(Threshold(count=5, window=HOUR), 5, 3),
    "sampling": Case(Sampling(which="every", count=5), 5, 3),
    "absence": Case(Absence(limit=HOUR), 3, 3, wait=2 * HOUR),
    "expect": Case(Expect(closing=Selector(), within=HOUR), 1, 1, wait=2 * HOUR),
    "sequence": Case(
        Sequence(steps=(Selector(), Selector(), Selector()), within=HOUR), 3, 2, (0, 1, 2)
    ),
    "unique": Case(Unique(of=("v",), above=4, window=HOUR), 5, 3),
    "new_value": Case(NewValue(value=("v",), forget=HOUR), 1, 0),
    "new_template": Case(NewTemplate(), 1, 0),
    "spike": Case(Spike(up=2.0, over=60.0, minimum=2), 5, 3, wait=61.0),
    "value": Case(Value(measure="p95", field="v", above=3.0, window=HOUR, minimum=5), 5, 3),
    "ratio": Case(Ratio(of=Selector(), above=0.5, window=HOUR, minimum=3), 6, 4, (0, 1)),
    "composite": Case(Composite(rules=("a", "b"), needed=2, within=HOUR), 2, 1),
}


class Fed:
    """A rule, and the lines that it is fed."""

    def __init__(self, case: Case, *, max_keys: int = KEYS) -> None:
        self.case = case
        settings = RuleSettings(
            name="r", kind=case.kind, by=("k",), cooldown=6 * HOUR, max_keys=max_keys
        )
        self.rule: Rule = make_rule(settings, host="web1")
        self.now = Now(START, START, START)
        self.now.in_order_from = START - 120
        self.rule.begin(self.now)
        self.offset = 0
        self.alerts = 0

    def line(self, number: int, key: int) -> None:
        """Line `number` of a key."""
        again = isinstance(self.case.kind, Ratio)  # a record of the part is one of all, too
        self.offset = 90 * ((number // 2 if again else number) * KEYS + key)
        text = (
            f"2026-01-05T00:00:00Z web1 app[{self.offset % 9999}]: request of 10.0.{key}"
            f" took {number} ms, queue {self.offset % 77}"
        )
        place = Checkpoint(
            identity="1.2.0",
            path="/var/log/app.log",
            device=1,
            inode=2,
            birth=3,
            epoch=0,
            offset=self.offset,
            head=Marker(0, 0, ""),
        )
        fields = {"v": str(number + 1), "k": f"10.0.{key}"}
        batch = Batch(
            source="app",
            checkpoint=place,
            start=0,
            end=self.offset,
            arrival=self.now.wall,
            last_time=self.now.event,
        )
        record = Record(self.offset, text, self.now.event)
        part = self.case.parts[number % len(self.case.parts)]
        if isinstance(self.case.kind, Composite):
            self.alerts += len(
                list(self.rule.hear(Told(_part(number, fields, record), self.now.event), self.now))
            )
        else:
            hit = Hit(batch, record, Match(0, 0, fields), part)
            self.alerts += len(list(self.rule.feed(hit, self.now)))

    def pass_to(self, seconds: float) -> None:
        """Let time pass."""
        while (due := self.rule.due()) is not None and due <= START + seconds:
            self.now.event = self.now.pause = self.now.wall = due
            self.alerts += len(list(self.rule.expire(self.now)))
        self.now.event = self.now.pause = self.now.wall = START + seconds


def _part(number: int, fields: dict[str, str], record: Record) -> Alert:
    return Alert(
        schema=SCHEMA,
        id=f"{number}{record.offset:015x}",
        seq=1,
        status="firing",
        rule="ab"[number % 2],
        severity="warning",
        message=f"{fields['k']}: 5x {record.text}",
        source="app",
        path="/var/log/app.log",
        host="web1",
        key={"k": fields["k"]},
        fields=fields,
        count=5,
        suppressed=0,
        first="2026-01-05T00:00:00.000Z",
        last="2026-01-05T00:00:00.000Z",
        at="2026-01-05T00:00:00.000Z",
        late=False,
        lines=[
            AlertLine("/var/log/app.log", at, "2026-01-05T00:00:00.000Z", f"{record.text}{at}")
            for at in range(3)
        ],
    )


def memory(name: str, *, burning: bool) -> float:
    """Bytes a key; keys by the hundred thousand, the state handed out after each thousand lines."""
    case = CASES[name]
    fed = Fed(case)
    gc.collect()
    before = _resident()
    wanted = case.lines if burning else case.watched
    for number in range(wanted):
        for key in range(KEYS):
            fed.now.event = START + 20 * number + key / 10_000  # deadlines come one by one
            fed.line(number, key)
            if key % 1000 == 999:
                _commit(fed.rule)
    if burning and case.wait:
        fed.pass_to(case.wait)
    _commit(fed.rule)
    gc.collect()
    return (_resident() - before) / KEYS


def cost(name: str, events: int) -> float:
    """CPU seconds an event, with a commit after each thousand; the least of three."""
    case = CASES[name]

    def once() -> float:
        fed = Fed(case, max_keys=1000)
        began = time.process_time()
        for number in range(events):
            fed.now.event = fed.now.pause = fed.now.wall = START + number / 50
            fed.now.in_order_from = fed.now.event - 120
            if (due := fed.rule.due()) is not None and due <= fed.now.event:
                fed.rule.expire(fed.now)
            fed.line(number // 100 % max(2, case.lines), number % 100)
            if number % 1000 == 999:
                _commit(fed.rule)
        return (time.process_time() - began) / events

    return min(once() for _ in range(3))


def _commit(rule: Rule) -> None:
    for _ in rule.changes():
        pass


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _apart(*arguments: str) -> float:
    done = subprocess.run(
        [sys.executable, __file__, "--one", *arguments], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


_ONE: dict[str, Callable[[str], float]] = {
    "watched": lambda name: memory(name, burning=False),
    "burning": lambda name: memory(name, burning=True),
    "few": lambda name: cost(name, FEW),
    "many": lambda name: cost(name, MANY),
}


def main(arguments: list[str]) -> None:
    """Print the table, or one figure of it."""
    if arguments[:1] == ["--one"]:
        print(_ONE[arguments[2]](arguments[1]))
        return
    print("| kind | watched, bytes a key | burning, bytes a key | MB for 100,000 |", end="")
    print(" µs an event of 10,000 | of 100,000 |")
    print("|---|---|---|---|---|---|")
    for name in arguments or CASES:
        watched = _apart(name, "watched") if CASES[name].watched else None
        burning = _apart(name, "burning")
        few, many = _apart(name, "few"), _apart(name, "many")
        print(
            f"| {name} | {'' if watched is None else f'{watched:,.0f}'} | {burning:,.0f} |"
            f" {burning * KEYS / 1e6:,.0f} | {few * 1e6:.1f} | {many * 1e6:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
