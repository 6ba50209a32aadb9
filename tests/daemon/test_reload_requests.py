"""Tickets and verdicts of `logwatch reload`."""

from __future__ import annotations

import os
import threading

import pytest

from logwatch.clock import ManualClock
from logwatch.config.changes import Change
from logwatch.daemon.control_wire import VERSION, Request
from logwatch.daemon.reload_requests import MOST_PREVIEWS, MOST_TICKETS, ReloadRequests
from logwatch.errors import ConfigError

CHANGE = (Change(sign="+", what="rule", name="more"),)


def request(**arguments) -> Request:
    return Request(version=VERSION, verb="reload", arguments=arguments)


class Desk:
    """Requests, whoever wakes counted, and what a preview says."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.woken = 0
        self.preview = lambda: CHANGE
        self.requests = ReloadRequests(wake=self.wake, preview=self.look, clock=self.clock)

    def wake(self) -> None:
        self.woken += 1

    def look(self):
        return self.preview()

    def ask(self, **arguments):
        return self.requests.verb(request(**arguments))

    def verdict(self, ticket):
        """What a dry run came to, once its thread has said it."""
        while (answer := self.ask(ticket=ticket)).verdict is None:
            for thread in threading.enumerate():
                if thread.name == "reload preview":
                    thread.join(60)
        return answer.verdict


@pytest.fixture
def desk():
    return Desk()


def test_a_request_is_answered_by_the_first_attempt_that_began_after_it(desk):
    """One that came while the files were being read is not: they may have changed since."""
    first = desk.ask().ticket
    desk.requests.begin()
    second = desk.ask().ticket
    desk.clock.advance(0.5)
    desk.requests.accept(CHANGE)
    verdict = desk.ask(ticket=first).verdict
    assert (verdict.accepted, verdict.generation, verdict.seconds) == (True, 2, 0.5)
    assert verdict.changes == CHANGE
    assert desk.ask(ticket=second).verdict is None
    desk.requests.begin()
    desk.requests.refuse(ConfigError("line 4"))
    verdict = desk.ask(ticket=second).verdict
    assert (verdict.accepted, verdict.generation, verdict.problem) == (False, 2, "line 4")
    assert desk.ask(ticket=first).verdict.accepted
    assert desk.woken == 2


def test_a_dry_run_wakes_nobody_and_changes_nothing(desk):
    """Good or bad; a fault of ours is told, too."""
    verdict = desk.verdict(desk.ask(dry_run=True).ticket)
    assert (verdict.accepted, verdict.dry_run, verdict.changes) == (True, True, CHANGE)
    for error in (ConfigError("line 4"), ZeroDivisionError("line 4")):

        def fail(error=error):
            raise error

        desk.preview = fail
        verdict = desk.verdict(desk.ask(dry_run=True).ticket)
        assert (verdict.accepted, verdict.dry_run) == (False, True)
        assert "line 4" in verdict.problem
    assert (desk.woken, desk.requests.generation) == (0, 1)


def test_dry_runs_at_a_time_are_few(desk):
    """Whoever comes too soon is asked to come again."""
    go_on = threading.Event()
    desk.preview = lambda: go_on.wait(60) and CHANGE
    tickets = [desk.ask(dry_run=True).ticket for _ in range(MOST_PREVIEWS)]
    assert desk.ask(dry_run=True).busy
    desk.requests.begin()
    desk.requests.accept(())
    assert desk.ask(ticket=tickets[0]).verdict is None  # that was another's verdict
    go_on.set()
    assert all(desk.verdict(each).changes == CHANGE for each in tickets)
    assert not desk.ask(dry_run=True).busy


@pytest.mark.parametrize(
    "ticket",
    ["1-1", f"{os.getpid()}-99", f"{os.getpid()}-x", "nonsense", ""],
    ids=["another process", "not given out", "no number", "nonsense", "nothing"],
)
def test_a_ticket_of_another_process_or_of_nobody_is_unknown(desk, ticket):
    assert desk.ask(ticket=ticket).unknown


def test_tickets_that_nobody_asks_for_are_forgotten(desk):
    first = desk.ask().ticket
    for _ in range(MOST_TICKETS):
        last = desk.ask().ticket
    assert desk.ask(ticket=first).unknown
    desk.requests.begin()
    desk.requests.accept(())
    assert desk.ask(ticket=last).verdict.accepted
