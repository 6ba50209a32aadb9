"""The monitor: from a block to a batch, step by step, without its thread."""

from __future__ import annotations

import queue
from threading import BoundedSemaphore
from zoneinfo import ZoneInfo

import pytest
from doubles.process import eventually
from doubles.rules import checkpoint

from logwatch.clock import ManualClock
from logwatch.daemon.intake import CaughtUp, Intake
from logwatch.daemon.monitor import Monitor
from logwatch.daemon.pacing import Pacing
from logwatch.daemon.reading import Reading
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import EventClock
from logwatch.records import Batch, Block
from logwatch.rules.self_reports import SelfReport
from logwatch.tailer.tail import Tail

DAY = 86_400.0


class Bench:
    """A monitor on a file, read when the test says so."""

    def __init__(
        self,
        path,
        form: str = "plain",
        *,
        start="beginning",
        rules=None,
        block_size=1 << 21,
        files=1,
        **tail,
    ) -> None:
        self.path = path
        self.clock = ManualClock()
        self.intake = Intake()
        patterns = rules or [RulePatterns(match=(r"ERROR (?P<what>\w+)",))]
        parser = make_parser(form, ParserSettings(tz=ZoneInfo("UTC")))
        self.monitor = Monitor(
            str(path),
            tail=Tail(str(path), start=start, block_size=block_size, **tail),
            reading=Reading(
                source="app",
                matcher=Matcher(patterns),
                rules=tuple(range(10, 10 + len(patterns))),
                events=EventClock(parser, source="app"),
            ),
            intake=self.intake,
            slots=BoundedSemaphore(1),
            clock=self.clock,
            files=files,
        )

    def read(self) -> list[Batch]:
        """Everything that the monitor finds now, as the batches with records."""
        while self.monitor.read_on(self.clock.moment()):
            pass
        messages = []
        while not self.intake.empty():
            messages.append(self.intake.get())
        self.messages = messages
        return [each for each in messages if isinstance(each, Batch) and each.records]

    def write(self, text: str) -> None:
        """Append to the file."""
        with self.path.open("a") as file:
            file.write(text)


def pauses_of(bench: Bench, monkeypatch) -> list[float]:
    """How long the monitor waits each time, from now on; virtual time goes on by that."""
    pauses: list[float] = []

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        bench.clock.advance(seconds)

    monkeypatch.setattr(bench.monitor.stopping, "wait", wait)
    return pauses


@pytest.fixture
def log(tmp_path):
    """A log with an error in its second line."""
    path = tmp_path / "app.log"
    path.write_text("fine\nERROR disk\nfine\n")
    return path


def test_a_batch_holds_the_lines_that_rules_took_and_the_position_behind_them(log):
    """Offsets are those of the file; rules have their number in the whole configuration."""
    (batch,) = Bench(log).read()
    (record,) = batch.records
    assert (record.offset, record.text, record.fields) == (5, "ERROR disk", {})
    assert [(m.rule, m.record, m.captures) for m in batch.matches] == [(10, 0, {"what": "disk"})]
    assert (batch.source, batch.backlog) == ("app", True)
    assert batch.checkpoint.offset == batch.end == log.stat().st_size


def test_it_says_once_that_it_caught_up(log):
    """After the backlog, and not again."""
    bench = Bench(log)
    bench.read()
    assert isinstance(bench.messages[-1], CaughtUp)
    bench.write("ERROR again\n")
    (batch,) = bench.read()
    assert not batch.backlog
    assert not any(isinstance(each, CaughtUp) for each in bench.messages)


def test_it_says_once_that_a_file_is_no_log(tmp_path):
    """However often it is written in place, and read again."""
    path = tmp_path / "state"
    path.write_text("state 0000\nthe rest\n")
    bench = Bench(path)
    bench.read()
    told = []
    for number in range(1, 8):
        with path.open("r+b") as writer:
            writer.seek(6)
            writer.write(b"%04d" % number)
        bench.read()
        told += [each for each in bench.messages if isinstance(each, SelfReport)]
        bench.clock.advance(1.0)
    assert [each.what for each in told] == ["not-append-only"]


def test_a_missing_file_counts_as_caught_up(tmp_path):
    """Or a daemon with one missing log would never go live."""
    bench = Bench(tmp_path / "later.log")
    assert bench.read() == []
    assert bench.messages == [CaughtUp(str(tmp_path / "later.log"))]


def test_a_file_that_never_rests_counts_as_caught_up(log):
    """Each look finds a new line; yet what was there at the beginning has been handed on."""
    bench = Bench(log)
    for _ in range(3):
        assert bench.monitor.read_on(bench.clock.moment())
        bench.write("fine\n")
    messages = [bench.intake.get() for _ in range(bench.intake.unfinished_tasks)]
    assert messages.count(CaughtUp(str(log))) == 1
    assert bench.monitor.caught_up


def test_a_line_that_comes_alone_costs_one_look(log):
    """What comes after it is told by an event, or seen by the scheduler's look."""
    bench = Bench(log)
    bench.read()
    bench.clock.advance(1)
    bench.write("ERROR again\n")
    assert not bench.monitor.read_on(bench.clock.moment())
    assert bench.intake.get().records[0].text == "ERROR again"
    assert bench.monitor.look_at is None


def test_a_line_that_comes_soon_after_another_is_not_taken_for_the_last(log, monkeypatch):
    """On a network file system no event tells of the next one."""
    bench = Bench(log)
    bench.read()
    pauses = pauses_of(bench, monkeypatch)
    for _ in range(2):
        bench.write("ERROR again\n")
        assert bench.monitor.read_on(bench.clock.moment())
    assert len(pauses) == 2


def test_several_rules_may_take_one_line(log):
    """One record, two matches."""
    rules = [RulePatterns(match=("ERROR",)), RulePatterns(match=("disk$",))]
    (batch,) = Bench(log, rules=rules).read()
    assert len(batch.records) == 1
    assert [match.rule for match in batch.matches] == [10, 11]


def test_event_time_is_the_stamp_of_the_line(tmp_path):
    """In UTC, with the fields of the format beside it."""
    path = tmp_path / "auth.log"
    path.write_text("2026-01-04T23:00:00+00:00 web1 app[7]: ERROR disk\n")
    bench = Bench(path, "syslog")
    (batch,) = bench.read()
    assert batch.records[0].time == bench.clock.wall() - 3600
    assert batch.records[0].fields["host"] == "web1"
    assert batch.last_time == batch.records[0].time


def test_an_old_stamp_is_believed_in_a_backlog_and_not_in_a_line_just_written(tmp_path):
    """The file explains the one, nothing explains the other."""
    path = tmp_path / "auth.log"
    path.write_text("2025-06-01T00:00:00Z web1 app: ERROR old\n")
    bench = Bench(path, "syslog")
    (backlog,) = bench.read()
    assert backlog.records[0].time < bench.clock.wall() - 100 * DAY
    bench.write("2025-06-01T00:00:01Z web1 app: ERROR skewed\n")
    (live,) = bench.read()
    assert live.records[0].time == bench.clock.wall()


def test_a_stamp_far_in_the_future_is_not_believed(tmp_path):
    """A window must not wait a year for it."""
    path = tmp_path / "auth.log"
    path.write_text("2027-06-01T00:00:00Z web1 app: ERROR skewed\n")
    bench = Bench(path, "syslog")
    (batch,) = bench.read()
    assert batch.records[0].time == bench.clock.wall()


def test_what_was_in_hand_when_it_died_is_read_again(log):
    """The position to go on from is the beginning of the block that was not handed on."""
    bench = Bench(log)
    bench.read()
    assert bench.monitor.positions_in_hand() == ()
    bench.write("ERROR lost\n")

    def broken(_data, _joined=None):
        raise ZeroDivisionError

    bench.monitor._reading.matcher.match = broken
    with pytest.raises(ZeroDivisionError):
        bench.read()
    (position,) = bench.monitor.positions_in_hand()
    assert position is not None
    assert position.offset == 21
    bench.monitor.finish()


def test_of_a_record_that_goes_on_in_a_new_file_both_parts_are_read_again(log):
    """The new one from its beginning: none of it was in another block."""
    bench = Bench(log)
    bench.monitor._in_hand = Block(
        path=str(log),
        data=b"ERROR one\n  more\n",
        start=40,
        end=50,
        checkpoint=checkpoint(50, "1.2.0"),
        also=checkpoint(7, "9.9.0"),
    )
    positions = bench.monitor.positions_in_hand()
    assert [(each.identity, each.offset) for each in positions] == [("1.2.0", 40), ("9.9.0", 0)]


def test_one_that_died_does_not_count_as_one_that_hangs(log):
    """Or the watchdog would end the whole daemon while one file waits to be tried again."""
    bench = Bench(log)

    def broken(_data, _joined=None):
        raise ZeroDivisionError

    bench.monitor._reading.matcher.match = broken
    bench.monitor.start()
    assert bench.monitor.join(60)
    bench.clock.advance(60)
    assert not bench.monitor.progress().stalled(bench.clock.moment(), 30.0)


def test_while_it_waits_for_room_it_lets_go_of_what_is_held_too_long(tmp_path, log, monkeypatch):
    """A store that cannot be written keeps no deleted file on the disk for ever."""
    bench = Bench(log)
    tail = bench.monitor.tail
    bench.read()
    with log.open("a") as file:
        log.unlink()
        bench.read()
        file.write("ERROR more\n")
        file.flush()
        log.write_text("ERROR new\n")
        really_put, tries = bench.intake.put, []

        def is_full_once(message, timeout):
            tries.append(message)
            if len(tries) == 1:
                tail.give_up(tries[0].checkpoint.identity)
                raise queue.Full
            really_put(message, timeout)

        monkeypatch.setattr(bench.intake, "put", is_full_once)
        found = bench.read()
    assert [record.text for batch in found for record in batch.records][-1] == "ERROR new"
    assert tail.deleted() == []
    assert [each.what for each in bench.messages if isinstance(each, SelfReport)] == ["source-lost"]


def test_while_it_waits_for_room_it_keeps_no_lines(log, monkeypatch):
    """A thousand files with a backlog may wait: each knows where its block began, and no more."""
    bench = Bench(log)
    really_put, waiting = bench.intake.put, []

    def seen(message, timeout):
        if isinstance(message, Batch) and message.records:
            waiting.append((bench.monitor._in_hand, bench.monitor.positions_in_hand()))
        really_put(message, timeout)

    monkeypatch.setattr(bench.intake, "put", seen)
    assert len(bench.read()) == 1
    ((block, (position,)),) = waiting
    assert (block.data, block.joined) == (b"", None)
    assert position.offset == 0
    assert bench.monitor.positions_in_hand() == ()


def paced(bench: Bench, tokens: int = 1) -> Pacing:
    """Who lets this monitor be awake, as it does by now."""
    pacing = Pacing(tokens, bench.clock)
    bench.monitor.pace(pacing)
    bench.monitor.wake()
    return pacing


def test_it_keeps_its_turn_until_it_rests(log):
    """A file of few lines is read to its end and told of in one go."""
    bench = Bench(log)
    paced(bench)
    while bench.monitor.read_on(bench.clock.moment()):
        assert bench.monitor.is_awake
    assert bench.monitor.caught_up
    assert bench.monitor.is_awake
    bench.monitor.start()
    eventually(lambda: not bench.monitor.is_awake, "it rests")
    bench.monitor.end()
    assert bench.monitor.join(60)


def test_one_that_died_takes_no_turn_from_others(log):
    """Events and polls go on to wake it; it would keep the turn until somebody missed it."""
    bench = Bench(log)
    bench.monitor.pace(Pacing(1, bench.clock))
    bench.monitor.failure = RuntimeError("a bug in the matcher")
    bench.monitor.wake()
    assert not bench.monitor.is_awake
    assert not bench.monitor.is_in_line


def test_it_gives_its_turn_back_where_there_is_much_to_read(tmp_path):
    """Others have little to do, and do it first."""
    path = tmp_path / "app.log"
    path.write_text("fine\n" * 50_000)
    bench = Bench(path, block_size=1 << 15)
    paced(bench)
    assert bench.monitor.read_on(bench.clock.moment())
    assert not bench.monitor.is_awake


def test_it_gives_its_turn_back_where_it_has_to_wait_for_others(log):
    """They may be those that wait for a turn."""
    bench = Bench(log)
    paced(bench)
    bench.intake.hold(frozenset({str(log)}))
    bench.monitor.start()
    eventually(lambda: not bench.monitor.is_awake, "it waits without its turn")
    assert bench.intake.empty()
    bench.intake.hold(frozenset())
    assert isinstance(bench.intake.get(timeout=60), Batch)
    bench.monitor.end()
    assert bench.monitor.join(60)


def test_it_takes_one_turn_at_a_time_however_often_it_is_woken(log):
    """A file that is written all the time must not keep the others from being read."""
    bench = Bench(log)
    pacing = paced(bench, tokens=3)
    bench.monitor.wake()
    bench.monitor.wake()
    assert len(pacing._free) == 2
    bench.monitor.step(bench.clock.moment())
    assert bench.monitor.is_awake
    bench.monitor.wake()
    bench.monitor.step(bench.clock.moment())  # does not wait: there is more to do
    assert bench.monitor.is_awake
    assert len(pacing._free) == 2


@pytest.mark.parametrize("start", ["beginning", "end"])
def test_what_is_there_already_is_read_without_a_pause(tmp_path, monkeypatch, start):
    """Blocks are small where files are many; only a file that is being written gathers lines."""
    path = tmp_path / "app.log"
    path.write_text("before\n")
    bench = Bench(path, start=start, block_size=1 << 15)
    bench.read()
    bench.write("fine\n" * 50_000)
    pauses = pauses_of(bench, monkeypatch)
    behind = []
    while bench.monitor.read_on(bench.clock.moment()):
        state = bench.monitor.tail.state()
        behind.append(state.size - state.offset)
    assert len(behind) > 5
    assert len(pauses) == sum(left < 64 * 1024 for left in behind)


def test_a_backlog_is_read_without_a_pause(tmp_path, monkeypatch):
    """However little of it is left."""
    path = tmp_path / "app.log"
    path.write_text("fine\n" * 50_000)
    bench = Bench(path, block_size=1 << 15)
    pauses = pauses_of(bench, monkeypatch)
    bench.read()
    assert pauses == []


def test_a_file_that_is_written_again_and_again_gathers_lines(log, monkeypatch):
    """Each read costs the same, however few lines it finds."""
    bench = Bench(log)
    bench.read()
    pauses = pauses_of(bench, monkeypatch)
    for _ in range(3):
        bench.write("fine\nthe beginning of ")
        bench.read()
    assert pauses == sorted(pauses)
    assert len(pauses) == 3


@pytest.mark.parametrize(("line", "longest"), [("fine\n", 0.02), ("fine\n" * 300, 0.04)])
def test_the_more_each_read_finds_the_longer_lines_are_gathered(log, monkeypatch, line, longest):
    """Up to a limit, and as long as that goes on; after a rest the next line is read at once."""
    bench = Bench(log)
    bench.read()
    pauses = pauses_of(bench, monkeypatch)
    for _ in range(30):
        bench.write(line)
        bench.monitor.read_on(bench.clock.moment())
    assert pauses == sorted(pauses)
    assert (len(pauses), pauses[0], pauses[-1]) == (30, 0.005, longest)
    bench.clock.advance(0.1)
    bench.write(line)
    bench.monitor.read_on(bench.clock.moment())
    assert len(pauses) == 30


MANY = 10_000
"""Files among which the memory for what waits is divided."""


def test_a_block_with_more_hits_than_may_wait_is_handed_on_in_parts(tmp_path):
    """Each line once, in the order of the file, and a position behind each part."""
    path = tmp_path / "app.log"
    path.write_text("".join(f"ERROR number{number:05}\n" for number in range(2_000)))
    batches = Bench(path, files=MANY).read()
    texts = [record.text for batch in batches for record in batch.records]
    assert texts == path.read_text().splitlines()
    assert max(len(batch.records) for batch in batches) < 25
    assert [batch.start for batch in batches] == [0, *(batch.end for batch in batches[:-1])]
    assert all(batch.checkpoint.offset == batch.end for batch in batches)


def test_parts_of_a_block_have_the_times_that_the_whole_would_have(tmp_path):
    """A line without a stamp is as old as the one before it, which another part may hold."""
    stamps = [f"Jan  5 00:{at:02}:00 web app: fine\n" for at in range(60)]
    path = tmp_path / "app.log"
    path.write_text("".join(line + "ERROR disk\n" * 30 for line in stamps))
    whole, parts = (Bench(path, "syslog", files=files).read() for files in (1, MANY))
    assert len(whole) == 1
    assert len(parts) > 10
    assert [(one.offset, one.time) for each in parts for one in each.records] == [
        (one.offset, one.time) for each in whole for one in each.records
    ]


def test_blocks_grow_where_little_is_found(tmp_path):
    path = tmp_path / "app.log"
    path.write_text("fine\n" * 200_000 + "ERROR disk\n")
    bench = Bench(path, files=MANY)
    bench.read()
    sizes = [
        each.end - each.start for each in bench.messages if isinstance(each, Batch) and each.end
    ]
    assert sizes[0] <= 1 << 15 < 100_000 < sizes[1] < sizes[2]


def test_what_cannot_be_given_back_is_handed_on_whole(tmp_path):
    """Each hit once, whatever the encoding."""
    path = tmp_path / "app.log"
    text = "".join(f"ERROR number{number:05}\n" for number in range(500))
    path.write_bytes(text.encode("utf-16"))
    batches = Bench(path, files=MANY).read()
    assert [one.text for each in batches for one in each.records] == text.splitlines()


def test_lines_that_are_too_long_are_counted(tmp_path):
    """Whether they end within what is read at once or not; the rest of the last one is not one."""
    path = tmp_path / "app.log"
    path.write_text("ERROR one\n" + "x" * 300_000 + "\n" + "y" * (5 << 20) + "\nERROR two\n")
    bench = Bench(path)
    bench.read()
    assert bench.monitor.lines_cut == bench.monitor._volume.lines_cut == 2
    bench.write("z" * 262_144 + "\n")
    bench.read()
    assert bench.monitor.lines_cut == 2
