"""When another reader of events is due, and when one is said to stand again."""

from types import SimpleNamespace

import pytest

from logwatch.daemon import lost_readers
from logwatch.daemon.lost_readers import LostReaders


@pytest.fixture
def said(monkeypatch):
    """The events that were logged."""
    events = []
    for level in ("info", "warning", "error"):
        monkeypatch.setattr(
            lost_readers.telemetry, level, lambda event, **_fields: events.append(event)
        )
    return events


def reader(*, made_at=0.0, has_read=False, failure=None, lives=False):
    return SimpleNamespace(
        made_at=made_at, has_read=has_read, failure=failure, is_alive=lambda: lives
    )


def test_the_first_one_lost_is_replaced_at_once_and_the_next_later(said):
    lost = LostReaders()
    assert not lost.is_due(10.0)
    lost.lose(reader(), "it died")
    assert lost.is_due(10.0)
    lost.replace(10.0)
    assert not lost.is_due(10.0)
    lost.lose(reader(), "it died")
    assert not lost.is_due(10.9)
    assert lost.is_due(11.0)
    assert said == ["waker.reader_died"]


def test_why_it_died_is_told_in_words():
    assert LostReaders().lose(reader(failure=OSError(5, "Input/output error")), "died") == (
        "died: Input/output error"
    )
    assert LostReaders().lose(reader(failure=OSError("odd")), "died") == "died: OSError('odd')"
    assert LostReaders().lose(reader(), "died") == "died"


def test_one_that_was_there_for_a_minute_and_read_nothing_proves_nothing(said):
    lost = LostReaders()
    lost.lose(reader(lives=True), "deaf")
    lost.replace(0.0)
    lost.look(reader(), 1_000.0)
    lost.look(None, 1_000.0)
    lost.look(reader(has_read=True, made_at=941.0), 1_000.0)
    assert said == ["waker.reader_deaf"]
    for now in (1_001.0, 1_002.0):
        lost.look(reader(has_read=True, made_at=941.0), now)
    assert said == ["waker.reader_deaf", "waker.rebuilt"]


def test_after_one_has_stood_the_next_loss_is_told_anew(said):
    lost = LostReaders()
    for _ in range(5):
        lost.lose(reader(), "died")
        lost.replace(0.0)
    lost.look(reader(has_read=True), 60.0)
    lost.lose(reader(), "died")
    assert lost.is_due(60.0)
    assert said == ["waker.reader_died", "waker.rebuilt", "waker.reader_died"]
