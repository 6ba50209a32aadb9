"""stdin, named pipes and programs as sources of the real program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from doubles.forked import Forked, Running, logwatch
from doubles.process import alerts_in, environment, eventually, write_config

CONFIG = """\
sources: {{app: {{{0}}}}}
rules: [{{name: err, match: 'ERROR (?P<n>\\d+)', cooldown: 0}}]
sinks: {{out: {{jsonl_file: {{path: {1}/alerts.jsonl}}}}}}
"""

OFTEN = "from logwatch.daemon import supervisor; supervisor.TICK_SECONDS = 0.05"
"""How often it looks whether anything can still come."""

PROGRAM = """
import itertools, time
for number in itertools.count(1):
    print("ERROR", number, flush=True)
    time.sleep(0.02)
"""


def numbers(folder):
    return [int(each["fields"]["n"]) for each in alerts_in(folder / "alerts.jsonl")]


def words(folder, *flags):
    path = write_config(folder, CONFIG.format("stdin: true", folder))
    return ["run", "-c", str(path), *flags]


def test_what_a_cron_job_pipes_in_is_told_and_then_it_ends(tmp_path):
    """With --once and without: nothing else could come."""
    for flags, lines in ((("--once",), "fine\nERROR 1\n"), ((), "ERROR 2\nERROR 3")):
        done = logwatch(
            *words(tmp_path, *flags), stdin=lines, text=True, sabotage=OFTEN, env=environment()
        )
        assert (done.returncode, done.stderr.count("rror")) == (0, 0), done.stderr
    assert numbers(tmp_path) == [1, 2, 3]
    assert len({each["id"] for each in alerts_in(tmp_path / "alerts.jsonl")}) == 3


def test_a_line_on_stdin_is_told_while_the_writer_lives(tmp_path):
    """As `journalctl -f | logwatch run` needs it."""
    with Forked(
        *words(tmp_path),
        sabotage=OFTEN,
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
    ) as daemon:
        daemon.stdin.write(b"ERROR 1\n")
        daemon.stdin.flush()
        eventually(lambda: numbers(tmp_path) == [1], "the alert")
        daemon.stdin.close()
        assert daemon.wait(60) == 0


def test_writers_of_a_pipe_come_and_go(tmp_path):
    """And what was written before the end is committed."""
    fifo = tmp_path / "app.fifo"
    with Running(tmp_path, CONFIG.format(f"pipe: {fifo}", tmp_path)) as daemon:
        daemon.ready()
        for number in range(1, 4):
            with fifo.open("w") as writer:
                writer.write(f"fine\nERROR {number}\n")
        eventually(lambda: numbers(tmp_path) == [1, 2, 3], "the alerts")
        with fifo.open("w") as writer:
            writer.writelines(f"ERROR {number}\n" for number in range(4, 1004))
        daemon.stop()
    assert numbers(tmp_path) == [*range(1, 1004)]


def test_a_program_is_read_kept_over_a_reload_and_ended(tmp_path):
    """It is started once, and gone when we are."""
    script = tmp_path / "program.py"
    script.write_text(PROGRAM, encoding="utf-8")
    source = f"exec: [{sys.executable}, {script}]"
    with Running(tmp_path, CONFIG.format(source, tmp_path)) as daemon:
        eventually(lambda: len(numbers(tmp_path)) >= 5, "alerts")
        daemon.config.write_text(daemon.config.read_text("utf-8") + "\n# x\n", encoding="utf-8")
        daemon.signal(1)
        daemon.ready(2)
        told = len(numbers(tmp_path))
        eventually(lambda: len(numbers(tmp_path)) >= told + 5, "alerts after the reload")
        daemon.stop()
    assert numbers(tmp_path) == [*range(1, len(numbers(tmp_path)) + 1)]
    assert [each for each in Path("/proc").glob("[0-9]*") if str(script) in _words(each)] == []


def _words(process):
    try:
        return (process / "cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []
