"""What a daemon leaves behind when the next one takes its place."""

from __future__ import annotations

import gc
import weakref

import pytest

from logwatch.cli.run import _let_leavings_go, _spare_the_garbage_collector


class Part:
    """Something of a daemon: all of them refer to one another."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collector_as_before():
    """The collector belongs to the whole process."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


def test_what_was_put_out_of_the_collectors_reach_goes_at_a_reload():
    """Else every reload would cost the memory of a whole configuration, for ever."""
    part = Part()
    gone = weakref.ref(part)
    _spare_the_garbage_collector()
    del part
    _let_leavings_go()
    assert gone() is None
