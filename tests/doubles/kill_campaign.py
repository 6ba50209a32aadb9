"""The long campaign: daemons killed anywhere, on full disks and over errors of reading and writing.

One world after the other: a few logs, a store on a small file system of its own, and some forty
lives of a daemon that follows them. Each life ends in a way of its own, by chance, while the logs
are written and rotated. Then one that nobody disturbs comes to the end of everything, and what was
told is held against what was written. A world is named by its number: its seed.
"""

from __future__ import annotations

import itertools
import os
import resource
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import Random
from signal import SIGKILL, SIGTERM
from threading import Event, Lock, Thread, get_ident
from time import perf_counter
from typing import Literal, NamedTuple, TypeAlias, get_args

from doubles import oracle
from doubles.crash_stories import HASTY, points
from doubles.process import alerts_in, write_config
from doubles.receiver import Deed, Receiver
from doubles.zygote import Life, Zygote

LOGS = 3
LIVES = 40
SIDE_BY_SIDE = 3
STORE_BYTES = 32 << 20
"""The write-ahead log alone may have half of it."""
APART = 1_000_000
"""Generations of one log are numbered from here on, so often as the log's number says."""

CONFIG = f"""\
sources: {{{{app: {{{{path: '{{folder}}/*.log', start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks:
  out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}
  web: {{{{webhook: {{{{url: '{{url}}', timeout: 1s}}}}}}}}
"""

QUICK = """
from logwatch.daemon import consumer, supervisor
consumer.RETRY_SECONDS = 0.02
supervisor.HUNG_SECONDS = 0.1
made = supervisor.Daemon.__init__
def hasty(daemon, parts, *, grace):
    made(daemon, parts, grace=0.2)
supervisor.Daemon.__init__ = hasty
"""

MOST_LOOKS = 12
"""Tenths of a second in which a named point is waited for."""
KNOWN = {"oracle", "logwatch.sink-down", "logwatch.not-append-only"}
ELSEWHERE = ("aside.", "cache.", "migration.", "restore.")
"""Points that are reached once in the life of a store; they have tests of their own."""
ON_THE_WAY_OUT = ("close.", "prune.")
"""Points that are reached when a daemon stops."""

Ending: TypeAlias = Literal["instant", "point", "full", "too-long", "sync-error", "stop"]
"""SIGKILL at some instant, or at a named point; no space for a while; files that may not grow for a
while; syncs or writes that fail for a while; SIGTERM."""

_MAY_MOUNT = os.geteuid() == 0

WEIGHTS: dict[str, int] = {
    "instant": 40,
    "point": 36,
    "full": 9,
    "too-long": 8,
    "sync-error": 2,
    "stop": 5,
}


class Tally(NamedTuple):
    """What came of it."""

    worlds: int
    lives: int
    kills: Counter[str]
    """SIGKILLs by how it came to them; those at a point by its name."""
    faults: Counter[str]
    """Lives that saw a fault of the disk, by its kind."""
    rotations: int
    lines: int
    repetitions: int
    replaced: int
    """Stores that gave way to their copy, since the disk did not give them back."""
    differences: list[str]
    seconds: float

    def __str__(self) -> str:
        by_instant = self.kills["instant"]
        at_points = sum(number for name, number in self.kills.items() if "." in name)
        by_instant += self.kills["point"]  # that was not reached in that life
        others = sum(self.kills.values()) - by_instant - at_points
        reached = len([name for name in self.kills if "." in name])
        return (
            f"{self.lives:,} rounds in {self.worlds} worlds, {self.seconds:.0f} s;"
            f" {sum(self.kills.values()):,} kills: {by_instant:,} at random instants,"
            f" {at_points:,} at {reached} named points, {others:,} in a fault of the disk;"
            f" faults: {dict(self.faults)}; {self.rotations:,} rotations;"
            f" {self.lines:,} lines = alerts expected, {self.repetitions:,} repeated with an equal"
            f" id:seq, {self.replaced} stores replaced by their copy,"
            f" {len(self.differences)} differences"
        )


class World:
    """Some logs, and one daemon after another that follows them."""

    def __init__(self, zygote: Zygote, folder: Path, seed: int) -> None:
        self._zygote = zygote
        self._folder = folder
        self._random = Random(seed)
        self._out = folder / "alerts.jsonl"
        self._stderr = folder / "stderr.txt"
        self._pause = Event()
        self._points = [name for name in points() if not name.startswith(ELSEWHERE)]
        self.kills: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self._has_failed_to_read = False
        """Whether reads of a daemon failed, of its store perhaps: then its copy may stand in."""
        self.lives = self.rotations = self.lines = self.repetitions = self.replaced = 0

    def play(self) -> None:
        """All lives, and the account; raises AssertionError where it does not balance."""
        chance = self._random

        def decide(_number: int) -> Deed:
            bad: tuple[Deed, ...] = ("unavailable", "cut", "cut after taking")
            return chance.choice(bad) if self.lives <= LIVES and chance.random() < 0.2 else "take"

        with _small_disk(self._folder / "state"), Receiver(decide) as receiver:
            config = CONFIG.format(folder=self._folder, url=receiver.url)
            self._config = write_config(self._folder, config)
            self._writers = [self._writer(number) for number in range(LOGS)]
            for writer in self._writers:
                writer.write(1)
            assert self._fork("--once").end() == 0, self.said()  # it sees all before the first turn
            for _ in range(LIVES):
                self._live(self._drawn())
            self.lives += 1  # from now on every receiver takes what comes
            self._settle(receiver)

    def said(self) -> str:
        """The end of what the daemons said."""
        with suppress(FileNotFoundError):
            return self._stderr.read_text(encoding="utf-8", errors="replace")[-6000:]
        return ""

    def _writer(self, number: int) -> oracle.Writer:
        made = oracle.Writer(self._folder / f"app{number}.log", noise=1)
        made.generation = number * APART
        return made

    def _drawn(self) -> Ending:
        kinds: tuple[Ending, ...] = get_args(Ending)
        weights = WEIGHTS if _MAY_MOUNT else WEIGHTS | {"full": 0}
        weights = weights if shutil.which("strace") else weights | {"sync-error": 0}
        return self._random.choices(kinds, [weights[kind] for kind in kinds])[0]

    def _fork(self, *flags: str, crash: str = "") -> Life:
        words = ("run", "-c", str(self._config), *flags)
        return self._zygote.fork(*words, stderr=self._stderr, crash=crash, sabotage=HASTY + QUICK)

    def _live(self, ending: Ending) -> None:
        """One life, with something written and perhaps rotated before it and while it lasts."""
        chance = self._random
        self._write()
        crash = f"{chance.choice(self._points)}:{chance.choice((1, 1, 1, 2, 3))}"
        life = self._fork(crash=crash if ending == "point" else "")
        self.lives += 1
        fault = self._faults(ending, life)
        with fault:
            is_awaited = ending == "point" and not crash.startswith(ON_THE_WAY_OUT)
            for _ in range(MOST_LOOKS if is_awaited else chance.randint(1, 5)):
                self._wait(life, 0.1 if is_awaited else chance.uniform(0.0, 0.08))
                if life.is_dead():
                    break
                self._write()
            if ending in ("instant", "stop") or (ending != "point" and chance.random() < 0.3):
                life.signal(SIGTERM if ending == "stop" else SIGKILL)
        died = life.is_dead()
        if ending == "point" and crash.startswith(ON_THE_WAY_OUT):
            life.signal(SIGTERM)
        elif ending not in ("instant", "stop"):
            self._pause.wait(chance.uniform(0.0, 0.1))  # perhaps it goes on by itself
            life.signal(SIGKILL)
        status = life.end()
        assert status in (0, 70, -SIGKILL, -SIGTERM), f"status {status}: {self.said()}"
        if ending not in ("instant", "point", "stop"):
            self.faults[ending] += 1
        if status == -SIGKILL:
            at_point = ending == "point" and (died or crash.startswith(ON_THE_WAY_OUT))
            self.kills[crash.partition(":")[0] if at_point else ending] += 1

    def _wait(self, life: Life, seconds: float) -> None:
        """So long, or until it is dead."""
        deadline = perf_counter() + seconds
        while (left := deadline - perf_counter()) > 0 and not life.is_dead():
            self._pause.wait(min(left, 0.01))

    def _write(self) -> None:
        chance = self._random
        for writer in self._writers:
            if chance.random() < 0.7:
                writer.write(chance.randint(1, 6))
            if chance.random() < 0.08:
                self._rotate(writer)
            elif chance.random() < 0.03 and self._has_told(writer):
                writer.truncate()
                writer.write(chance.randint(1, 3))
                self.rotations += 1

    def _has_told(self, writer: oracle.Writer) -> bool:
        """Whether nothing would be lost if this log were cut."""
        alerts = oracle.ours(alerts_in(self._out, torn=True))
        return oracle.has_all(alerts, writer.written)

    def _rotate(self, writer: oracle.Writer) -> None:
        """As logrotate does it, with a writer that may reopen a little later."""
        writer.shift()
        if self._random.random() < 0.5:
            writer.write(self._random.randint(1, 3))
        writer.begin_anew()
        self.rotations += 1

    # -- faults of the disk ------------------------------------------------------------------

    @contextmanager
    def _faults(self, ending: Ending, life: Life) -> Iterator[None]:
        chance = self._random
        if ending == "full":
            self._pause.wait(chance.uniform(0.0, 0.15))
            with _filled(
                self._folder / "state" / "ballast", leave=chance.choice((0, 0, 4096, 65536))
            ):
                yield
        elif ending == "too-long":
            self._pause.wait(chance.uniform(0.0, 0.15))
            with suppress(ProcessLookupError):
                most = chance.choice((0, 4_096, 40_000, 100_000))
                resource.prlimit(life.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            yield
            with suppress(ProcessLookupError):
                no = resource.RLIM_INFINITY
                resource.prlimit(life.pid, resource.RLIMIT_FSIZE, (no, no))
        elif ending == "sync-error":
            with _injected(life.pid, chance) as call:
                self._has_failed_to_read |= call == "pread64"
                self._pause.wait(0.15)  # until it is attached, and something was written
                yield
        else:
            yield

    # -- the account -------------------------------------------------------------------------

    def _settle(self, receiver: Receiver) -> None:
        written = [line for writer in self._writers for line in writer.written]
        for _ in range(40):
            life = self._fork("--once")
            assert life.end() == 0, self.said()
            if oracle.has_all(oracle.ours(receiver.alerts()), written):
                break
            self._pause.wait(0.25)  # an answer that failed is tried again later
        for writer in self._writers:
            writer.__exit__()
        for alerts in (alerts_in(self._out, torn=True), receiver.alerts()):
            account = oracle.settle(oracle.ours(alerts), written, repetitions=True, ordered=False)
            self.repetitions += account.repetitions
        alarms = [each for each in alerts_in(self._out, torn=True) if each["rule"] not in KNOWN]
        # Of a file that was cut while nobody looked nobody knows whether all had been read.
        alarms = [each for each in alarms if "an unknown number" not in each["message"]]
        if self._has_failed_to_read:  # often enough for each look at the store: see replacing.py
            told = [each for each in alarms if "its backup of" in each["message"]]
            self.replaced += len({each["id"] for each in told})
            alarms = [each for each in alarms if each not in told]
        assert not alarms, f"false alarms: {alarms[:3]}"
        self.lines += len(written)
        with closing(sqlite3.connect(self._folder / "state" / "state.db")) as store:
            assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


class _Players:
    """Worlds side by side, since most of a life is waiting; their sum."""

    def __init__(self, folder: Path, seconds: float, seed: int) -> None:
        self._folder = folder
        self._began = perf_counter()
        self._seconds = seconds
        self._seeds = itertools.count(seed)
        self._lock = Lock()  # of the sum
        self._worlds: list[World] = []
        self._differences: list[str] = []

    def play(self) -> None:
        """One world after the other, until the time is up; called by each thread."""
        name = get_ident()
        with Zygote(_first_config(self._folder / f"first-{name}")) as zygote:
            while perf_counter() - self._began < self._seconds:
                with self._lock:
                    seed = next(self._seeds)
                self._add(*self._played(zygote, seed))

    def tally(self) -> Tally:
        """What came of all of them."""
        worlds = self._worlds
        return Tally(
            len(worlds),
            sum(each.lives for each in worlds),
            sum((each.kills for each in worlds), Counter()),
            sum((each.faults for each in worlds), Counter()),
            sum(each.rotations for each in worlds),
            sum(each.lines for each in worlds),
            sum(each.repetitions for each in worlds),
            sum(each.replaced for each in worlds),
            self._differences,
            perf_counter() - self._began,
        )

    def _played(self, zygote: Zygote, seed: int) -> tuple[World, str]:
        place = self._folder / f"world-{seed}"
        place.mkdir(parents=True)
        world = World(zygote, place, seed)
        try:
            world.play()
        except (AssertionError, sqlite3.Error) as problem:
            print(f"DIFFERENCE in world {seed} ({place}): {problem}", flush=True)
            return world, f"seed {seed}: {problem}\n{world.said()}"
        shutil.rmtree(place)
        return world, ""

    def _add(self, world: World, difference: str) -> None:
        with self._lock:
            self._worlds.append(world)
            if difference:
                self._differences.append(difference)
            if len(self._worlds) % 20 == 0:
                print(f"so far: {self.tally()}", flush=True)


def run(folder: Path, *, seconds: float, seed: int) -> Tally:
    """Play worlds for so long, the first of them with `seed`, the next with the number after it."""
    players = _Players(folder, seconds, seed)
    threads = [Thread(target=players.play) for _ in range(SIDE_BY_SIDE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return players.tally()


def _first_config(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "app.log").touch()
    return write_config(folder, CONFIG.format(folder=folder, url="http://127.0.0.1:9/"))


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """A file system of `STORE_BYTES` at `folder`, where this user may mount one."""
    folder.mkdir()
    if not _MAY_MOUNT:
        yield
        return
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={STORE_BYTES},mode=700", "none", str(folder)],
        check=True,
    )
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def _filled(ballast: Path, *, leave: int) -> Iterator[None]:
    """No room but for `leave` bytes."""
    with ballast.open("wb", buffering=0) as file:
        size = 1 << 20
        while size >= 512:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2
        if leave:
            os.ftruncate(file.fileno(), max(0, file.tell() - leave))
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def _injected(pid: int, chance: Random) -> Iterator[str]:
    """Some calls of one kind, which it gives, fail, as of a disk that is going to die."""
    call = chance.choice(("fdatasync", "pwrite64", "fdatasync,fsync", "pread64"))
    error = chance.choice(("EIO", "EIO", "ENOSPC"))
    when = f"{chance.randint(1, 12)}+{chance.randint(2, 6)}"
    options = ["-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}"]
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", os.devnull, *options, "-p", str(pid)],
        stderr=subprocess.DEVNULL,
    )
    try:
        yield call
    finally:
        tracer.terminate()
        try:
            tracer.wait(1.0)
        except subprocess.TimeoutExpired:  # it waits for something that was killed meanwhile
            tracer.kill()
            tracer.wait()
