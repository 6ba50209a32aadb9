"""Getting the next configuration ready: one attempt at a time, the newest request counts."""

from __future__ import annotations

import threading
from queue import Queue

import pytest

from logwatch.daemon.reloading import NoReloads, Reloading
from logwatch.errors import ConfigError, LogwatchError


class Preparing:
    """Attempts that end when a test says how."""

    def __init__(self) -> None:
        self.begun: Queue[str] = Queue()
        self.endings: Queue[object] = Queue()
        self.refused: list[LogwatchError] = []
        self.reloading = Reloading(self.prepare, self.refused.append)

    def prepare(self) -> object:
        self.begun.put(threading.current_thread().name)
        ending = self.endings.get(timeout=60)
        if isinstance(ending, Exception):
            raise ending
        return ending

    def end(self, ending: object) -> None:
        """Let the attempt under way end, and wait until it has."""
        attempt = self.reloading._attempt
        assert attempt is not None
        self.endings.put(ending)
        assert attempt.done.wait(60)


@pytest.fixture
def preparing():
    return Preparing()


def test_nothing_is_answered_before_the_attempt_is_done(preparing):
    """It runs in a thread of its own; the result is given out once."""
    reloading = preparing.reloading
    assert (reloading.under_way, reloading.answer(), reloading.take()) == (False, None, None)
    reloading.ask()
    assert preparing.begun.get(timeout=60) == "reload"
    assert (reloading.under_way, reloading.answer()) == (True, None)
    preparing.end("new")
    assert reloading.answer() is True
    assert (reloading.under_way, reloading.answer()) == (False, None)
    assert (reloading.take(), reloading.take()) == ("new", None)


@pytest.mark.parametrize("error", [ConfigError("line 4"), ZeroDivisionError("oh")])
def test_a_failure_is_refused_and_leaves_nothing_to_go_on_with(preparing, error, capsys):
    """One of ours as it is, one that is a fault of ours with its traceback in the log."""
    preparing.reloading.ask()
    preparing.end(error)
    assert preparing.reloading.answer() is False
    assert preparing.reloading.take() is None
    [problem] = preparing.refused
    assert str(error) in str(problem)
    is_fault = isinstance(error, ZeroDivisionError)
    assert ("Traceback" in capsys.readouterr().err) is is_fault


def test_who_asks_again_meanwhile_gets_what_the_files_say_then(preparing):
    """However often: one more attempt, and the one under way counts for nothing, good or bad."""
    reloading = preparing.reloading
    for stale in ("stale", ConfigError("stale")):
        reloading.ask()
        reloading.ask()
        reloading.ask()
        preparing.end(stale)
        assert (reloading.answer(), reloading.under_way) == (None, True)
        preparing.end("new")
        assert reloading.answer() is True
        assert reloading.take() == "new"
    assert preparing.begun.qsize() == 4
    assert preparing.refused == []


def test_the_thread_has_room_for_a_deep_pattern_and_others_keep_theirs(preparing):
    """The size of a stack is one for the process, and is put back."""
    usual = threading.stack_size(1024 * 1024)
    try:
        preparing.reloading.ask()
        assert threading.stack_size() == 1024 * 1024
    finally:
        threading.stack_size(usual)
    preparing.end("new")


def test_where_nothing_can_be_reloaded_nothing_is_answered():
    """`tail` has no file to read again."""
    reloads = NoReloads()
    reloads.ask()
    assert (reloads.under_way, reloads.answer()) == (False, None)
