"""The verb `learn`: the consumer learns between batches, and who asked hears of it afterwards."""

from __future__ import annotations

import msgspec
import pytest
from doubles.daemon import Bench

from logwatch.daemon.consumer import GATHER_SECONDS
from logwatch.daemon.control_wire import Request
from logwatch.daemon.intake import Intake, Teaching
from logwatch.daemon.teaching import Lecture, Teacher
from logwatch.rules import fingerprint
from logwatch.rules.base import RuleSettings
from logwatch.rules.instructions import Instruction, Lesson
from logwatch.rules.kinds import NewValue
from logwatch.store.reader import StoreReader

RULE = RuleSettings(name="who", kind=NewValue(value=("who",)))
LESSON = Instruction(rule="who", lessons=(Lesson("app", 5.0, {"who": "bob"}),))


def asked(teacher: Teacher, **what):
    """What the control thread answers."""
    arguments = msgspec.to_builtins(Lecture(**what))
    return teacher.learn(Request(version=1, verb="learn", arguments=arguments))


@pytest.fixture
def bench(tmp_path):
    """A consumer with one rule for new values."""
    made = Bench(tmp_path, RULE)
    yield made
    made.store.close()


def stored(bench) -> list[str]:
    """The values that are in the store."""
    reader = StoreReader(bench.folder)
    states = reader.states("who", fingerprint(RULE))
    reader.close()
    return [change.key for change in states]


def test_what_is_taught_is_in_the_store_before_anybody_hears_of_it(bench):
    """And it is committed at once."""
    teaching = Teaching(LESSON)
    bench.take(teaching)
    assert teaching.committed.is_set()
    assert (teaching.taught[0].known_before, teaching.taught[0].known) == (0, 1)
    assert "value\x1fbob" in stored(bench)


def test_while_a_backlog_is_read_it_is_learned_all_the_same(tmp_path):
    """And committed with what else is gathered then."""
    bench = Bench(tmp_path, RULE, awaited=("/var/log/app.log",))
    teaching = Teaching(LESSON)
    bench.take(teaching)
    bench.clock.advance(GATHER_SECONDS)
    bench.take()
    assert teaching.committed.is_set()
    assert "value\x1fbob" in stored(bench)
    bench.store.close()


def test_a_rule_that_is_not_there_is_said(bench):
    """The configuration of who asks may be a newer one."""
    teaching = Teaching(Instruction(rule="gone"))
    bench.take(teaching)
    assert "is it reloaded?" in teaching.taught[0].problem


def test_who_asks_gets_a_ticket_until_it_is_done(bench, monkeypatch):
    """So that the thread that answers never waits for long."""
    monkeypatch.setattr("logwatch.daemon.teaching.WAIT_SECONDS", 0.0)
    teacher = Teacher(bench.intake)
    progress = asked(teacher, instruction=LESSON)
    assert progress.taught is None
    assert asked(teacher, ticket=progress.ticket).taught is None
    bench.take(bench.intake.get())
    done = asked(teacher, ticket=progress.ticket)
    assert done.taught.known == 1
    assert "nobody knows" in asked(teacher, ticket=progress.ticket).taught.problem


def test_a_full_queue_is_said_and_not_waited_for():
    """It is sent again."""
    intake = Intake(limit_bytes=1)
    intake.tell(Teaching(LESSON))
    assert asked(Teacher(intake), instruction=LESSON).busy


def test_forgotten_tickets_do_not_pile_up(monkeypatch):
    """Of those that nobody asks for the oldest go."""
    monkeypatch.setattr("logwatch.daemon.teaching.WAIT_SECONDS", 0.0)
    teacher = Teacher(Intake())
    for _ in range(100):
        asked(teacher, instruction=LESSON)
    assert len(teacher._tickets) == 64


@pytest.mark.parametrize(
    "arguments",
    [{"instruction": 5}, {"instruction": {"lessons": []}}, {"ticket": "x"}, {}, {"ticket": 7}],
)
def test_nonsense_is_answered(arguments):
    """Whoever may write to the socket may write anything."""
    request = Request(version=1, verb="learn", arguments=arguments)
    assert Teacher(Intake()).learn(request).taught.problem
