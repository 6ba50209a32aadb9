"""The daemon's own parts, fed with lines by hand, killed and started again: for what must survive.

Configuration text, reading, merging, rules, consumer and store are the real ones; files are byte
strings, and time is a clock that a test moves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from msgspec import UNSET
from msgspec.structs import replace

from logwatch.clock import ManualClock
from logwatch.config.loader import from_text
from logwatch.config.model import Config
from logwatch.daemon import assemble
from logwatch.daemon.consumer import LAZY_SECONDS, Consumer
from logwatch.daemon.intake import CaughtUp, Intake
from logwatch.daemon.readings import Readings
from logwatch.matching.prefilter import Unwatched
from logwatch.records import Alert, Block, Checkpoint, Marker, encode_alert
from logwatch.stamps import rfc3339
from logwatch.store.writer import Addressed, Store, Transaction

REST = 90_000.0
"""Seconds after which almost nothing burns any more."""
START = 1_767_571_200.0  # Monday, 2026-01-05T00:00:00Z
HOST = "web1"


@lru_cache(maxsize=8)
def configured(text: str, folder: Path) -> tuple[Config, Readings]:
    """A configuration, and how to read its sources; compiled once for all examples of a test."""
    config = replace(from_text(text, folder=folder), state=folder, audit=0.0)
    return config, Readings(config, "re", Unwatched())


class Machine:
    """One daemon after another on one store."""

    def __init__(self, store: Path, text: str, cache: Path) -> None:
        """`cache`: for what the configuration `text` compiles to."""
        self.folder, self.text, self.cache = store, text, cache
        self.clock = ManualClock(START)
        self.files: dict[str, bytearray] = {}
        self.told: list[Addressed] = []
        """Everything that was committed, in that order."""
        self.start()

    # -- its life ----------------------------------------------------------------------------

    def start(self, text: str | None = None) -> None:
        """Restore, read what was written meanwhile, and go live."""
        self.text = text or self.text
        self.config, self.readings = configured(self.text, self.cache)
        self.store = Store(self.folder, durability="off")
        options = assemble.Options(host=HOST)
        self.pipeline = assemble._pipeline(self.config, options, self.store, self.clock.moment())
        stored = {each.identity: each.offset for each in self.store.checkpoints()}
        self.read = {name: stored.get(f"1.{name}", 0) for name in self.files}
        behind = [name for name, data in self.files.items() if self.read[name] < len(data)]
        self.consumer = Consumer(
            intake=Intake(),
            pipeline=self.pipeline,
            store=self.store,
            clock=self.clock,
            awaited={_path(name) for name in behind},
            wake_sinks=lambda _: None,
            on_live=lambda: None,
        )
        self._record_commits()
        for name in behind:
            self._read_on(name, backlog=True, most=200)
        self._take(*(CaughtUp(_path(name)) for name in behind))

    def kill(self) -> None:
        """What was not committed is lost."""
        self.store.close(clean=False)

    def finish(self) -> None:
        """End in order."""
        self.consumer.finish()
        self.store.close()

    # -- what happens ------------------------------------------------------------------------

    def write(self, source: str, text: str, *, behind: float = 0.0) -> None:
        """A line is appended, stamped `behind` seconds ago; nobody has read it yet."""
        stamp = rfc3339(self.clock.wall() - behind)
        data = f"{stamp} {text}\n" if source != "web" else f"time={stamp} {text}\n"
        self.files.setdefault(source, bytearray()).extend(data.encode())
        self.read.setdefault(source, 0)

    def look(self, source: str) -> None:
        """What was appended is read."""
        self._read_on(source, backlog=False, most=1_000_000)

    def let_pass(self, seconds: float) -> None:
        """Time goes on, and deadlines take effect while it does."""
        until = self.clock.wall() + seconds
        lazy = self.clock.wall() + LAZY_SECONDS
        while True:
            wait = self.pipeline.seconds_to_deadline(self.clock.moment())
            if wait is None or self.clock.wall() + wait > until:
                break
            self.clock.advance(max(wait, 1e-6))
            self._take()
        if lazy <= until:
            self.clock.advance(max(0.0, lazy - self.clock.wall()))
            self._take()
        self.clock.advance(max(0.0, until - self.clock.wall()))
        self._take()

    def sleep(self, seconds: float) -> None:
        """Time goes on while there is no daemon."""
        self.clock.advance(seconds)

    # -- inside ------------------------------------------------------------------------------

    def _take(self, *messages: object) -> None:
        self.consumer.take(messages, self.clock.moment())  # type: ignore[arg-type]  # as Messages

    def _read_on(self, source: str, *, backlog: bool, most: int) -> None:
        """Read blocks of about `most` bytes, whole lines only, up to the end of the file."""
        data = bytes(self.files[source])
        while (start := self.read[source]) < len(data):
            end = data.rfind(b"\n", start, start + most) + 1 or data.index(b"\n", start) + 1
            checkpoint = Checkpoint(
                identity=f"1.{source}",
                path=_path(source),
                device=1,
                inode=1,
                birth=1,
                epoch=0,
                offset=end,
                head=Marker(0, 0, ""),
            )
            block = Block(
                path=_path(source),
                data=data[start:end],
                start=start,
                end=end,
                checkpoint=checkpoint,
                backlog=backlog,
            )
            self.read[source] = end
            self._take(self.readings.of((source,)).batch(block, self.clock.wall()))

    def _record_commits(self) -> None:
        commit = self.store.commit

        def recording(transaction: Transaction, *, now: float) -> None:
            commit(transaction, now=now)
            self.told += transaction.alerts

        self.store.commit = recording  # type: ignore[method-assign]  # it is the double's own


End = Literal["kill", "finish"]


class Step(NamedTuple):
    """A line, `gap` seconds after the one before; and how the daemon ends before it, if it does."""

    gap: float
    source: str
    text: str
    end: End | None
    away: float
    """For how many seconds before the line there is no daemon; it begins anew after it."""
    behind: float = 0.0
    """How long before it is written the line is stamped."""


SUBJECTS = ("disk", "net", "cpu", "mail", "swap")


def words(verb: str, key: str, value: int) -> str:
    """A line as its writer wrote it; `value` is 1 to 5."""
    return f"{verb} k={key} v={value} {SUBJECTS[value - 1]} is busy"


def told(
    text: str, history: Iterable[Step], cache: Path, *, restarts: bool, reloaded: str | None = None
) -> list[Addressed]:
    """All that the configuration `text` tells of a history, and for a day after it.

    `reloaded`: the configuration from the first restart on.
    """
    with TemporaryDirectory() as folder:
        machine = Machine(Path(folder), text, cache)
        for step in history:
            away = min(step.away, step.gap) if restarts and step.end else 0.0
            machine.let_pass(step.gap - away)
            if restarts and step.end:
                machine.kill() if step.end == "kill" else machine.finish()
                machine.sleep(away)
                if away:
                    machine.write(step.source, step.text, behind=step.behind)
                machine.start(reloaded)
            if not away:
                machine.write(step.source, step.text, behind=step.behind)
                machine.look(step.source)
        machine.let_pass(REST)
        machine.finish()
        return machine.told


def by_rule_and_key(alerts: list[Addressed]) -> dict[str, list[tuple[bytes, list[str]]]]:
    """What was told of each key of each rule, or of each group, in order, and whom."""
    found = defaultdict(list)
    for each, alert in zip(alerts, contents(alerts), strict=True):
        group = "" if alert.group is UNSET else alert.id
        found[f"{alert.rule} {alert.key} {group}"].append((encode_alert(alert), sorted(each.sinks)))
    return dict(found)


def contents(told: Iterable[Addressed]) -> list[Alert]:
    """Alerts without what depends on when somebody was there to tell them, `at` and `late`."""
    return [replace(each.alert, at="", late=False) for each in told]


def _path(source: str) -> str:
    return f"/var/log/{source}.log"
