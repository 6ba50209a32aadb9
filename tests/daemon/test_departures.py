"""Logs that were deleted while logwatch was down: one alert a source, and each closed with it."""

from __future__ import annotations

from threading import BoundedSemaphore
from zoneinfo import ZoneInfo

import pytest
from doubles.daemon import Bench
from doubles.rules import checkpoint
from msgspec.structs import replace

from logwatch.clock import ManualClock
from logwatch.daemon.departures import PATIENCE_SECONDS, Departures
from logwatch.daemon.following import Following
from logwatch.daemon.intake import CaughtUp, Departed, Intake
from logwatch.daemon.losses import told
from logwatch.daemon.monitor import Monitor
from logwatch.daemon.reading import Reading
from logwatch.daemon.waker import ManualWaker
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import EventClock
from logwatch.records import Block
from logwatch.rules.self_reports import SelfReport
from logwatch.tailer.claims import Claims
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.state import Loss
from logwatch.tailer.tail import Tail


class Ward:
    """What departures are told of, and what they tell."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.told: list[Departed] = []
        self.has_room = True
        self.departures = Departures(self.tell)

    def tell(self, message) -> bool:
        if self.has_room:
            self.told.append(message)
        return self.has_room

    def look(self, seconds: float) -> list[Departed]:
        self.clock.advance(seconds)
        self.departures.look(self.clock.moment())
        return self.told


@pytest.fixture
def ward() -> Ward:
    return Ward()


def closing(name: str) -> Block:
    closed = replace(checkpoint(5, name), path=f"/var/log/{name}", closed=True)
    return Block(path=closed.path, data=b"", start=5, end=5, checkpoint=closed)


def loss(name: str, **changes) -> Loss:
    known = {"start": 5, "end": None, "reason": "gone", **changes}
    return Loss(path=f"/var/log/{name}", generation=name, **known)


def gone(departure, name: str) -> Departed | None:
    """Nothing is left of this one."""
    assert departure.takes(closing(name), [loss(name)], is_left=False)
    assert not departure.takes(None, [], is_left=False)
    return departure.end()


def test_what_all_of_one_source_found_is_one(ward):
    names = ["d", "a", "e", "c", "b"]
    expected = [ward.departures.expect("pods") for _ in names]
    *others, last = map(gone, expected, names)
    assert others == [None] * 4
    assert last.report == told(
        "/var/log/a",
        "pods",
        "5 logs of source pods were deleted while logwatch was down: /var/log/a, /var/log/b,"
        " /var/log/c and 2 more; what was written to them after they were read last is lost, if"
        " anything was, and nobody can say how much",
    )
    assert sorted(each.identity for each in last.closed) == sorted(names)
    assert all(each.closed for each in last.closed)


def test_one_alone_is_told_with_its_offset(ward):
    departed = gone(ward.departures.expect("pods"), "a")
    assert departed.report.message == (
        "/var/log/a was deleted before all of it was read:"
        " an unknown number of bytes from offset 5 on are lost"
    )


def test_sources_are_told_apart(ward):
    first, second = ward.departures.expect("pods"), ward.departures.expect("web")
    assert gone(first, "a").report.source == "pods"
    assert gone(second, "b").report.source == "web"


def test_one_with_something_left_is_read_as_any_other(ward):
    first, second = ward.departures.expect("pods"), ward.departures.expect("pods")
    assert gone(first, "a") is None
    assert not second.takes(closing("b"), [loss("b")], is_left=True)
    assert "/var/log/a was deleted" in second.end().report.message


@pytest.mark.parametrize("other", [{"reason": "damaged"}, {"end": 9}])
def test_what_is_known_of_a_loss_is_told_by_its_own_alert(ward, other):
    departure = ward.departures.expect("pods")
    assert not departure.takes(closing("a"), [loss("a", **other)], is_left=False)
    assert departure.end() is None


def test_a_file_that_was_begun_anew_is_no_loss(ward):
    departure = ward.departures.expect("pods")
    assert not departure.takes(closing("a"), [], is_left=False)
    assert departure.end() is None


def test_those_that_have_no_news_are_not_waited_for_longer_than_some_seconds(ward):
    """Their disk hangs, or there is no thread for them."""
    first, second, silent = (ward.departures.expect("pods") for _ in range(3))
    assert ward.look(60) == []
    gone(first, "a")
    assert ward.look(1) == []
    gone(second, "b")
    assert ward.look(PATIENCE_SECONDS) == ward.look(PATIENCE_SECONDS - 1) == []
    assert [len(each.closed) for each in ward.look(1)] == [2]
    assert [each.identity for each in gone(silent, "c").closed] == ["c"]
    assert len(ward.look(60)) == 1


def test_where_there_is_no_room_they_are_told_later(ward):
    first, _ = (ward.departures.expect("pods") for _ in range(2))
    gone(first, "a")
    ward.look(0)
    ward.has_room = False
    assert ward.look(PATIENCE_SECONDS) == []
    ward.has_room = True
    assert len(ward.look(1)) == len(ward.look(60)) == 1


def test_the_word_of_them_and_their_ends_are_committed_as_one(tmp_path):
    """Killed before that the next start finds them all again; after it, none."""
    bench = Bench(tmp_path)
    commits = []
    really = bench.store.commit
    bench.store.commit = lambda what, *, now: (commits.append(what), really(what, now=now))
    ends = tuple(replace(checkpoint(5, name), closed=True) for name in ("1.1.0", "2.2.0"))
    bench.take(Departed(told("/var/log/a", "pods", "gone"), ends))
    (transaction,) = commits
    assert [len(transaction.alerts), len(transaction.checkpoints)] == [1, 2]
    assert len(bench.due()) == 1
    assert {each.identity for each in bench.store.checkpoints() if each.closed} == {
        "1.1.0",
        "2.2.0",
    }
    bench.store.close()


def test_a_start_looks_for_each_and_tells_of_all_that_are_gone_at_once(tmp_path):
    """One of them was renamed: it is read on."""
    logs = [tmp_path / f"pod-{number}.log" for number in range(4)]
    stored, slots, clock = [], BoundedSemaphore(1), ManualClock()
    for log in logs:
        log.write_text("fine\n")
        tail = Tail(str(log), start="beginning")
        while (block := tail.read(clock.moment())) is not None:
            last = block
        stored.append(last.checkpoint)
        tail.close()
    for log in logs[1:]:
        log.unlink()
    with logs[0].rename(tmp_path / "kept").open("a") as kept:
        kept.write("ERROR late\n")
    intake, claims = Intake(), Claims()
    events = EventClock(make_parser("plain", ParserSettings(tz=ZoneInfo("UTC"))), source="pods")
    matcher = Matcher([RulePatterns(match=("ERROR",))])

    def make_monitor(path, _sources, known, *, at_start, files):
        reading = Reading(source="pods", matcher=matcher, rules=(0,), events=events)
        tail = Tail(path, known=known, claims=claims)
        return Monitor(path, tail=tail, reading=reading, intake=intake, slots=slots, clock=clock)

    following = Following(
        discovery=Discovery([SourceSettings(name="pods", paths=(str(tmp_path / "pod-*.log"),))]),
        make_monitor=make_monitor,
        waker=ManualWaker(),
        clock=clock,
        claims=claims,
        stored=stored,
        tell=intake.tell,
    )
    assert following.prepare() == {str(each) for each in logs}
    messages = []
    for monitor in following.monitors:
        while monitor.read_on(clock.moment()):
            pass
    while not intake.empty():
        messages.append(intake.get())
    (departed,) = [each for each in messages if isinstance(each, Departed)]
    assert "3 logs of source pods were deleted" in departed.report.message
    assert {each.path for each in departed.closed} == {str(each) for each in logs[1:]}
    assert not any(isinstance(each, SelfReport) for each in messages)
    assert [each.path for each in messages if isinstance(each, CaughtUp)] == [
        str(each) for each in logs
    ]
    assert messages.index(departed) < messages.index(CaughtUp(str(logs[-1])))
    assert following.end(deadline=clock.steady() + 5) == []
