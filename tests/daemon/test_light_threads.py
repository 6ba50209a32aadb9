"""Threads that begin without a wait: what they have in common with those of `threading`."""

import gc
import weakref
from _thread import get_ident
from threading import Event

import pytest

from logwatch.daemon import light_threads
from logwatch.daemon.light_threads import LightThread


def test_it_runs_and_is_over():
    seen = []
    thread = LightThread(lambda: seen.append(get_ident()), "one")
    assert not thread.is_alive()
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert seen == [thread.ident]


def test_who_waits_for_one_that_is_stuck_comes_back():
    go_on = Event()
    thread = LightThread(go_on.wait, "stuck")
    thread.start()
    thread.join(0.001)
    assert thread.is_alive()
    go_on.set()
    thread.join(60)
    thread.join(60)  # as often as one likes
    assert not thread.is_alive()


def test_one_that_was_never_started_is_not_waited_for():
    LightThread(lambda: None, "never").join()


def test_it_is_started_once():
    thread = LightThread(lambda: None, "once")
    thread.start()
    with pytest.raises(RuntimeError, match="once"):
        thread.start()
    thread.join(60)
    with pytest.raises(RuntimeError, match="once"):
        thread.start()


def test_where_no_thread_is_left_it_can_be_started_later(monkeypatch):
    def none_left(*_):
        raise RuntimeError("can't start new thread")

    seen = []
    thread = LightThread(lambda: seen.append(1), "later")
    with monkeypatch.context() as patched:
        patched.setattr(light_threads, "start_new_thread", none_left)
        with pytest.raises(RuntimeError, match="new thread"):
            thread.start()
    assert not thread.is_alive()
    thread.join(0)
    thread.start()
    thread.join(60)
    assert seen == [1]


def test_what_it_ran_is_let_go_of():
    class Owner:
        def __init__(self):
            self.thread = LightThread(self.run, "owned")

        def run(self):
            pass

    owner = Owner()
    owner.thread.start()
    owner.thread.join(60)
    assert not owner.thread.is_alive()
    gone = weakref.ref(owner)
    gc.disable()
    try:
        del owner
        assert gone() is None
    finally:
        gc.enable()
