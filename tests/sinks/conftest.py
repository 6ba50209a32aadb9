"""Alerts to send, and a server that answers as a test has scripted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from doubles.messages import make_alert, make_notification
from doubles.scripted_server import ScriptedServer

from logwatch.records import Alert, Notification


@pytest.fixture
def alert() -> Callable[..., Alert]:
    return make_alert


@pytest.fixture
def notification() -> Callable[..., Notification]:
    return make_notification


@pytest.fixture
def server() -> Iterator[Callable[..., ScriptedServer]]:
    made = []

    def make(*answers, context=None):
        made.append(ScriptedServer(list(answers), context))
        return made[-1]

    yield make
    for one in made:
        one.close()
