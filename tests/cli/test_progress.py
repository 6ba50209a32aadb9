"""How far long work is: on a terminal only, and nothing of it stays."""

from __future__ import annotations

import io

import pytest

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
