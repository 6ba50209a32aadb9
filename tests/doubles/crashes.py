"""The campaign of kills: a log that is written and rotated, a daemon killed again and again.

The log is written and rotated by a thread of the test, whether a daemon lives or not. A webhook
fails a third of the time in three ways, and a file beside it takes everything. At the end a last
daemon is left alone until all is told, and both sinks are held against what was written.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from threading import Event, Thread
from time import perf_counter
from typing import Literal, NamedTuple, Self, TypeAlias

from doubles import oracle
from doubles.forked import Running
from doubles.process import alerts_in, ended, eventually
from doubles.receiver import Deed, Receiver
from logwatch.store.reader import StoreReader

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks:
  out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}
  web: {{{{webhook: {{{{url: '{{url}}'}}}}}}}}
"""

Style: TypeAlias = Literal["shift", "date"]
"""How rotated files are named: `.1`, `.2`, all renamed each time; or by a date, for good."""


class Campaign(NamedTuple):
    """What happened."""

    rounds: int
    rotations: int
    lines: int
    losses: int
    """How often a loss was told; there is none, so each is a false alarm."""
    in_file: oracle.Account
    received: oracle.Account
    seconds: float


class _Author:
    """The thread that writes and rotates, in bursts of random length."""

    def __init__(
        self, writer: oracle.Writer, random: Random, rotate_every: float, style: Style
    ) -> None:
        self.rotations = 0
        self._style = style
        self._writer = writer
        self._random = random
        self._rotate_every = rotate_every
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        ended(self._thread)

    def _run(self) -> None:
        random, next_rotation = self._random, perf_counter() + self._rotate_every
        while not self._stop.wait(random.uniform(0.002, 0.05)):
            self._writer.write(random.randint(1, 8))
            if perf_counter() >= next_rotation:
                self._rotate()
                next_rotation = perf_counter() + random.uniform(0.3, 1.7) * self._rotate_every

    def _rotate(self) -> None:
        """As logrotate does it, with a writer that reopens a little later."""
        if self._style == "shift":
            self._writer.shift()
        else:
            self._writer.date()
        for _ in range(self._random.randint(0, 3)):
            self._writer.write()
            self._stop.wait(self._random.uniform(0, 0.02))
        self._writer.begin_anew()
        self.rotations += 1


def run(
    folder: Path, *, rounds: int, seed: int, rotate_every: float, live: float, style: Style
) -> Campaign:
    """Kill the daemon `rounds` times, each at a random instant of its first `live` seconds.

    The instants count from the start of the process, so that some fall before it is ready. The
    first daemon of all is left to see the log before it is rotated: what was rotated before
    logwatch ever looked is none of its business.
    """
    random, began, pause = Random(seed), perf_counter(), Event()
    failures: tuple[Deed, ...] = ("unavailable", "cut", "cut after taking")

    def decide(_number: int) -> Deed:
        return random.choice(failures) if random.random() < 1 / 3 else "take"

    out = folder / "alerts.jsonl"
    with Receiver(decide) as receiver, oracle.Writer(folder / "app.log") as writer:
        config = CONFIG.format(folder=folder, url=receiver.url)
        with Running(folder, config).ready() as daemon:
            daemon.says("daemon.live")
            daemon.stop()
        with _Author(writer, Random(seed + 1), rotate_every, style) as author:
            for number in range(rounds):
                with Running(folder, config) as daemon:
                    if number % 3 == 0:
                        daemon.ready()
                    pause.wait(random.uniform(0.2, live))
                    assert daemon.child.poll() is None, daemon.stderr
                    daemon.kill()
        with Running(folder, config).ready() as daemon:
            eventually(
                lambda: oracle.has_all(oracle.ours(alerts_in(out, torn=True)), writer.written),
                "every line in the file",
                60,
            )
            receiver.decide = lambda number: "take"
            eventually(
                lambda: oracle.has_all(oracle.ours(receiver.alerts()), writer.written),
                "every line sent",
                90,
            )
            eventually(lambda: not _waiting(folder), "an empty outbox", 90)
            daemon.stop()
        in_file, received = alerts_in(out, torn=True), receiver.alerts()
    campaign = Campaign(
        rounds,
        author.rotations,
        len(writer.written),
        len(_keys(in_file)) - len(_keys(oracle.ours(in_file))),
        oracle.settle(oracle.ours(in_file), writer.written, repetitions=True),
        oracle.settle(oracle.ours(received), writer.written, repetitions=True, ordered=False),
        perf_counter() - began,
    )
    assert _keys(in_file) == _keys(received)
    return campaign


def _keys(alerts) -> set[str]:
    return {f"{alert['id']}:{alert['seq']}" for alert in alerts}


def _waiting(folder: Path) -> list[object]:
    reader = StoreReader(folder / "state")
    try:
        return list(reader.waiting())
    finally:
        reader.close()
