"""How far the compiling is: on a terminal while it lasts, in the log when it is done."""

from __future__ import annotations

import io
import sys
import threading
from queue import Queue

from logwatch import telemetry
from logwatch.clock import ManualClock
from logwatch.daemon import compiling
from logwatch.daemon.compiling import CompileWatch


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_the_percentage_grows_and_is_never_a_hundred():
    """Reading is a seventh; the rest is reckoned from how long that took."""
    clock = ManualClock()
    watch = CompileWatch(clock)
    watch.begin(100)
    shown = [watch.percent()]
    for second in range(60):
        clock.advance(1.0)
        if second == 10:
            watch.read()
        shown.append(watch.percent())
    assert shown == sorted(shown)
    assert shown[0] == 0
    assert max(shown[:11]) <= 14
    assert 30 < shown[30] < 60
    assert max(shown) == shown[-1] <= 99
    clock.advance(10_000.0)
    assert watch.percent() == 99


def test_a_terminal_shows_one_line_that_is_gone_afterwards(monkeypatch):
    """Only where there are many patterns."""
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(compiling, "TICK_SECONDS", 60.0)
    said = []
    monkeypatch.setattr(telemetry, "info", lambda event, **fields: said.append((event, fields)))
    watch = CompileWatch(ManualClock())
    for patterns in (10, 5_000):
        watch.begin(patterns)
        watch.read()
        watch.end()
        assert ("5,000" in screen.getvalue()) is (patterns == 5_000)
    assert screen.getvalue().startswith("\r\x1b[Kcompiling 5,000 patterns … ")
    assert screen.getvalue().endswith(" %\r\x1b[K")
    assert "\n" not in screen.getvalue()
    assert [fields["patterns"] for _, fields in said] == [10, 5_000]


def test_elsewhere_the_log_says_how_long_it_took(capsys):
    """No line is drawn; no patterns are nothing to tell of."""
    clock = ManualClock()
    watch = CompileWatch(clock)
    watch.begin(5_000)
    clock.advance(12.0)
    watch.end()
    watch.begin(0)
    watch.end()
    err = capsys.readouterr().err
    assert err.count("matching.compiled") == 1
    assert "patterns=5000" in err
    assert "seconds=12.0" in err
    assert "\r" not in err


def test_the_service_manager_is_asked_for_more_time_again_and_again(monkeypatch):
    """From a thread, while it compiles; not for few patterns, which take no time."""
    monkeypatch.setattr(compiling, "EXTEND_SECONDS", 0.0)
    asked: Queue[int] = Queue()
    watch = CompileWatch(ManualClock(), asked.put)
    watch.begin(10)
    watch.end()
    assert asked.empty()
    watch.begin(5_000)
    assert [asked.get(timeout=60) for _ in range(3)] == [60_000_000] * 3
    watch.end()
    assert "compile watch" not in {each.name for each in threading.enumerate()}
