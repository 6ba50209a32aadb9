"""The double remembers, and answers by its script."""

from __future__ import annotations

from logwatch.records import Delivered, Rejected, Retry
from logwatch.sinks.memory import MemorySink


def test_it_answers_by_its_script_and_then_takes_everything(notification):
    sink = MemorySink(outcomes=[Retry("busy"), Rejected("no")])
    first, second = notification(seq=1), notification(seq=2)
    assert sink.deliver([first]) == Retry("busy")
    assert sink.deliver([first]) == Rejected("no")
    assert sink.deliver([second]) == Delivered()
    assert sink.attempts == [(first,), (first,), (second,)]
    assert [alert.seq for alert in sink.alerts] == [2]


def test_closing_shows():
    sink = MemorySink()
    sink.close()
    assert sink.closed
