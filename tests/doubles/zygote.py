"""Daemons that are forked from a process which has imported everything: a life costs milliseconds.

What is forked is the real program from its command line on, with threads, store and signals of its
own; only the imports, nine tenths of a start, were made before. Run as a program, this file is that
process: it takes orders as lines of JSON and answers with the pid, then with the status.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]

PROBE = """
import sys
from logwatch.__main__ import main
sys.argv[1:] = {words!r}
assert main() == 0
print(*(name for name in sys.modules if name.split(".")[0] in {tops!r}))
"""
TOPS = ("logwatch", "hyperscan", "structlog", "sqlite3", "msgspec", "regex", "urllib3", "watchdog")


class Life:
    """One daemon."""

    def __init__(self, zygote: Zygote, pid: int, stderr: Path) -> None:
        self.pid = pid
        self._zygote = zygote
        self._stderr = stderr
        self._status: int | None = None

    @property
    def stderr(self) -> str:
        """What it has said so far."""
        return self._stderr.read_text(encoding="utf-8", errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens where it has ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def end(self) -> int:
        """Wait for its end: its exit status, or the negative number of the signal."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(int(self._zygote.answer()))
        return self._status

    def is_dead(self) -> bool:
        """Whether it has ended, and nobody has asked for its status."""
        state = Path(f"/proc/{self.pid}/stat")
        try:
            return state.read_text(encoding="utf-8").rpartition(") ")[2].startswith("Z")
        except (FileNotFoundError, ProcessLookupError):
            return True

    def kill(self) -> int:
        """SIGKILL, and wait."""
        if self._status is None:
            self.signal(signal.SIGKILL)
        return self.end()


class Zygote:
    """The process that forks them, one at a time."""

    def __init__(self, config: Path) -> None:
        """`config`: it runs once with this, so that it is known what is to be imported."""
        words = ["run", "-c", str(config), "--once"]
        probe = PROBE.format(words=words, tops=TOPS)
        probed = subprocess.run(
            [sys.executable, "-c", probe],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            timeout=60,
        )
        assert probed.returncode == 0, probed.stderr
        self._process = subprocess.Popen(
            [sys.executable, __file__, *probed.stdout.split()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._life: Life | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._life is not None:
            self._life.kill()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def fork(self, *words: str, stderr: Path, crash: str = "", sabotage: str = "") -> Life:
        """`logwatch` with these words; it says what it says into `stderr`, at its end."""
        if self._life is not None:
            self._life.kill()
        order = {"words": words, "stderr": str(stderr), "crash": crash, "sabotage": sabotage}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self._life = Life(self, int(self.answer()), stderr)
        return self._life

    def answer(self) -> str:
        """The next line that it says."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def _serve(modules: list[str]) -> None:
    sys.path.insert(0, str(ROOT))
    for name in modules:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    for text in sys.stdin:
        order = json.loads(text)
        pid = os.fork()
        if not pid:
            _live(order)
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


def _live(order: dict[str, Any]) -> None:
    """What a daemon does from its command line on; never comes back."""
    status = 70
    try:
        said = os.open(order["stderr"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for number in (1, 2):
            os.dup2(said, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM"):
            os.environ.pop(name, None)
        os.environ["NO_COLOR"] = "1"
        _arm(order["crash"])
        exec(order["sabotage"], {})
        sys.argv[1:] = order["words"]
        status = importlib.import_module("logwatch.__main__").main()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - said, and seen in the status
        traceback.print_exc()
    finally:
        os._exit(status)


def _arm(crash: str) -> None:
    importlib.import_module("logwatch.crashpoints").arm(crash)


if __name__ == "__main__":
    _serve(sys.argv[1:])
