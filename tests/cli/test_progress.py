"""How far long work is: on a terminal only, and nothing of it stays."""

from __future__ import annotations

import io
import os
import re
import subprocess
from contextlib import suppress

import pytest
from doubles.forked import PATIENCE_SECONDS, Forked
from doubles.process import all_of, environment
from doubles.screens import terminal

from logwatch.cli.progress import Progress
from logwatch.cli.volume import choose
from logwatch.clock import ManualClock


class Terminal(io.StringIO):
    """Somebody looks on."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock():
    """It stands still."""
    return ManualClock()


def seen(out: Terminal) -> str:
    """What stands on the line."""
    return out.getvalue().rpartition("\r\x1b[K")[2]


def test_work_that_takes_long_is_shown_until_it_is_done(clock):
    """From half a second on, ten times a second."""
    out = Terminal()
    bar = Progress("app.log", 1000, clock, out)
    bar.show(10)
    bar.hide()
    assert out.getvalue() == ""
    clock.advance(0.6)
    bar.show(250)
    assert seen(out) == f"app.log  [{'#' * 5}{' ' * 15}]   25%  0s"
    clock.advance(0.05)
    bar.show(260)
    assert "26%" not in seen(out)
    clock.advance(2.0)
    bar.show(1200)
    assert seen(out) == f"app.log  [{'#' * 20}]  100%  2s"
    bar.hide()
    assert seen(out) == ""
    drawn = out.getvalue()
    bar.hide()
    assert out.getvalue() == drawn


def test_where_nobody_knows_how_much_it_is_only_what_is_done_is_shown(clock):
    """Standard input, a compressed file."""
    out = Terminal()
    bar = Progress("stdin", 0, clock, out)
    clock.advance(1.0)
    bar.show(3 << 20)
    assert seen(out) == "stdin  3 MiB  1s"


def test_whoever_interrupts_it_has_the_line_for_himself(clock):
    """And what is done in pieces adds up."""
    out = Terminal()
    with suppress(KeyboardInterrupt), Progress("app.log", 1000, clock, out) as bar:
        bar.add(100)
        clock.advance(1.0)
        bar.add(400)
        assert "  50%  1s" in seen(out)
        raise KeyboardInterrupt
    assert seen(out) == ""


@pytest.mark.parametrize("is_quiet", [False, True])
def test_off_a_terminal_and_with_quiet_nothing_is_shown(clock, is_quiet):
    """Not a byte."""
    out = Terminal() if is_quiet else io.StringIO()
    choose(quiet=is_quiet, verbose=False)
    try:
        bar = Progress("app.log", 1000, clock, out)
    finally:
        choose(quiet=False, verbose=False)
    clock.advance(1.0)
    bar.show(500)
    bar.hide()
    assert out.getvalue() == ""


# -- the commands, in a real terminal -------------------------------------------------------------

AT_ONCE = "from logwatch.cli import progress; progress.FIRST_SECONDS = 0.0"
RULES = """\
sources: {app: {path: app.log, start: beginning}}
rules:
  - {name: refused, match: 'refused (?P<host>\\S+)', cooldown: 0}
  - {name: hosts, match: 'refused (?P<host>\\S+)', new: host}
sinks: {out: {console: {}}}
"""
BAR = re.compile(rb"  \[#* *\] +\d+%  \d+s")
LONG = {
    "replay": ["replay", "app.log"],
    "try": ["try", "refused", "app.log"],
    "learn": ["learn", "hosts", "--from", "app.log", "--dry-run"],
    "init": ["init", "--from", "app.log"],
}


@pytest.fixture
def logs(tmp_path):
    """A configuration, and a log with something to find in it."""
    (tmp_path / "logwatch.yaml").write_text(f"state: {tmp_path}/state\n{RULES}")
    lines = (f"2026-01-05T12:00:{n % 60:02}Z ERROR db refused host{n % 7}\n" for n in range(2_000))
    (tmp_path / "app.log").write_text("".join(lines))
    return tmp_path


def said(words, folder, ours, theirs):
    """Exit status, standard output and standard error of a command whose work is always long."""
    environ = environment() | {"TERM": "xterm", "LOGWATCH_CONFIG": f"{folder}/logwatch.yaml"}
    how = {"cwd": folder, "env": environ, "stdin": subprocess.DEVNULL, "stderr": theirs}
    with (
        (folder / "out").open("w+b") as out,
        Forked(*words, sabotage=AT_ONCE, stdout=out, **how) as command,
    ):
        os.close(theirs)
        errors = all_of(ours)
        os.close(ours)
        status = command.wait(PATIENCE_SECONDS)
        out.seek(0)
        return status, out.read(), errors


@pytest.mark.parametrize("words", LONG.values(), ids=LONG)
def test_a_terminal_shows_how_far_a_command_is_and_in_the_end_nothing_of_it(words, logs):
    """The result is the same, and the last thing that stands there."""
    *result, shown = said(words, logs, *terminal(80))
    assert BAR.search(shown), shown
    *unseen, errors = said(words, logs, *os.pipe())
    assert b"\n".join(line.rpartition(b"\r\x1b[K")[2] for line in shown.split(b"\n")) == errors
    assert unseen == result
