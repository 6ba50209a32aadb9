"""`logwatch demo`: live sample logs of several services, an incident, the alerts it raises.

Everything lies in a temporary directory that is gone at the end. The daemon is the real one, with
the stock rules and an ordinary store.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from threading import Event

from logwatch import telemetry
from logwatch.cli.demo_scene import Scene, demo_config
from logwatch.cli.volume import least_level
from logwatch.clock import SystemClock
from logwatch.config.loader import from_text
from logwatch.daemon.assemble import Options, assemble
from logwatch.daemon.supervisor import Ending
from logwatch.daemon.systemd import Notifier
from logwatch.errors import Exit, UsageError
from logwatch.store.reader import StoreReader
from logwatch.units import parse_duration

STEP_SECONDS = 0.1


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    try:
        seconds = parse_duration(options.duration)
    except ValueError as problem:
        raise UsageError(f"--for: {problem}") from None
    if not 10 <= seconds <= 300:
        raise UsageError("--for: write a duration from 10s to 5m")
    telemetry.telemetry.configure(least_level())
    with tempfile.TemporaryDirectory(prefix="logwatch-demo-") as folder:
        return _play(Path(folder), seconds, options.seed)


def stock_folder() -> Path:
    """Where the stock configuration lies: in the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "stock"
    return installed if installed.is_dir() else package.parent / "config"


def _play(folder: Path, seconds: float, seed: int) -> Exit:
    clock = SystemClock()
    logs = folder / "log"
    logs.mkdir()
    scene = Scene(logs, seed=seed, seconds=seconds)
    text = demo_config(logs, stock_folder() / "rules.d") + f"\nstate: {folder / 'state'}\n"
    config = from_text(text, name="demo")
    _say(f"logwatch demo: live logs in {logs}, {len(config.rules)} stock rules, {seconds:.0f} s")
    _say("lines that begin with ·· tell what happens; all others are what logwatch tells\n")
    daemon = assemble(config, clock, Options(durability="normal"), Notifier({}))
    daemon.start()
    began = clock.steady()
    pause = Event()
    try:
        while (elapsed := clock.steady() - began) < seconds:
            for line in scene.step(elapsed, clock.wall()):
                _say(f"·· {line}")
            if daemon.dead_threads():
                break
            pause.wait(STEP_SECONDS)
        pause.wait(0.5)  # let the last lines be told
    except KeyboardInterrupt:
        _say("·· stopped")
    failed = daemon.dead_threads()
    daemon.stop(Ending.STOPPED)
    if failed:
        _say(f"the demo failed: {', '.join(failed)} died; that is a fault of logwatch's")
        return Exit.SOFTWARE
    _sum_up(config.state, logs)
    return Exit.DONE


def _sum_up(state: Path, logs: Path) -> None:
    reader = StoreReader(state)
    told = reader.alerts(limit=1000)
    waiting = reader.waiting()
    reader.close()
    firing = sum(one.status == "firing" for one in told)
    rules = len({one.rule for one in told})
    lines = sum(path.read_bytes().count(b"\n") for path in logs.rglob("*") if path.is_file())
    left = "nothing undelivered" if not waiting else f"undelivered: {waiting}"
    _say(f"\n{lines:,} lines, {firing} alerts by {rules} rules, {len(told)} messages; {left}")
    _say("the demo's files are gone. Next, on your own logs:")
    _say("  logwatch tail /var/log/syslog --match 'error|fail'")
    _say("  logwatch check -c config/logwatch.yaml && logwatch run -c config/logwatch.yaml")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
