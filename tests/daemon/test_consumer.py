"""The consumer: everything that a batch brought about is committed as one, before sinks hear."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from doubles.conditions import asking
from doubles.daemon import Bench, batch
from doubles.rules import checkpoint
from msgspec.structs import replace

from logwatch.alerts.route import RouteSettings
from logwatch.alerts.timers import RouteTimers
from logwatch.daemon.consumer import (
    BEGINNING_SECONDS,
    CROWDED_SECONDS,
    GATHER_SECONDS,
    MANY_AT_ONCE,
    MANY_AWAITED,
    MOST_GATHERED,
    PASSED_OVER_SECONDS,
)
from logwatch.daemon.intake import CaughtUp, Intake, LetGo, NotWaitedFor, Report, weight
from logwatch.daemon.store_trouble import StoreTrouble
from logwatch.daemon.unstored import Unstored
from logwatch.errors import StoreFullError
from logwatch.outbox.policy import Dead, Done, Later
from logwatch.records import Match, Record, StateChange, decode_alert, no_file
from logwatch.rules import fingerprint
from logwatch.rules.base import PlainMatch, RuleSettings, Threshold
from logwatch.rules.self_reports import SelfReport
from logwatch.sinks.memory import MemorySink
from logwatch.store.reader import StoreReader
from logwatch.store.writer import Transaction


@pytest.fixture
def bench(tmp_path):
    """A consumer with one plain rule."""
    made = Bench(tmp_path)
    yield made
    made.store.close()


def test_alerts_and_position_are_committed_before_the_sink_is_woken(bench):
    """What a deliverer sees is durable, and so is the position behind it."""
    seen: list[tuple[int, int]] = []
    bench.consumer._wake_sinks = lambda _: seen.append(
        (len(bench.due()), bench.store.checkpoints()[0].offset)
    )
    bench.take(batch("boom 1", "boom 2"))
    assert seen == [(2, 14)]


def test_a_position_without_alerts_is_committed_within_a_second(bench):
    """Nobody waits for it, so it costs no commit of its own."""
    bench.take()  # it is live
    bench.take(batch(offset=5, end=9))
    assert bench.store.checkpoints() == []
    bench.clock.advance(0.9)
    bench.take()
    assert bench.store.checkpoints() == []
    bench.clock.advance(0.2)
    bench.take()
    assert len(bench.store.checkpoints()) == 1


@pytest.mark.parametrize("offset", [0, 70])
def test_that_a_file_is_followed_is_committed_at_once(bench, offset):
    """Who knows nothing of it does not look for what it was renamed to."""
    bench.take()
    bench.take(batch(offset=offset))
    assert [each.offset for each in bench.store.checkpoints()] == [offset]


@pytest.mark.parametrize("texts", [(), ("boom",)])
def test_that_a_file_is_followed_is_committed_at_once_while_a_backlog_is_read(tmp_path, texts):
    """Whatever it holds comes in the same turn, or later."""
    bench = Bench(tmp_path, awaited=("/var/log/app.log",))
    bench.take(batch(offset=70), batch(*texts, offset=70), batch(offset=90))
    assert bench.store.checkpoints()
    bench.store.close()


def test_a_receiver_is_not_committed_for_each_entry_though_its_position_is_no_offset(bench):
    bench.take()
    bench.take(batch(checkpoint=replace(no_file("journal", "all"), cursor="s=1")))
    assert bench.store.checkpoints() == []


def test_positions_are_committed_before_it_is_told_that_the_backlog_is_read(tmp_path):
    """That a source was seen before has files without a position read from their beginning."""
    bench, stored = Bench(tmp_path, awaited=("/var/log/app.log",)), []
    bench.consumer._on_live = lambda: stored.extend(bench.store.checkpoints())
    bench.take(batch(offset=70, end=75))
    assert stored == []
    bench.take(CaughtUp("/var/log/app.log"))
    assert [each.offset for each in stored] == [70]
    bench.store.close()


def test_nothing_is_kept_of_a_path_that_is_let_go_of(bench):
    """Those of containers come and go for as long as the process lives."""
    bench.take(of("/a", "a", "boom", time=1.0), of("/b", "b", "boom", time=2.0), LetGo("/a"))
    assert bench.consumer._figures.newest == {"/b": 2.0}


def test_a_closed_generation_is_committed_at_once(bench):
    """A reset or an end is a write: after a crash it must not be decided anew."""
    closed = checkpoint(5)
    bench.take(batch(checkpoint=type(closed)(**{**as_dict(closed), "closed": True})))
    assert bench.store.checkpoints()[0].closed


def as_dict(struct):
    """The fields of a struct."""
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def test_what_is_not_committed_yet_is_committed_at_the_end(bench):
    """`finish` takes what is left in the Queue."""
    bench.intake.put(batch("boom"))
    bench.intake.put(batch(offset=5))
    bench.consumer.finish()
    assert len(bench.due()) == 1
    assert bench.store.checkpoints()[0].offset == 5
    assert bench.consumer.idle


def test_deliveries_are_recorded_and_their_deliverer_told(bench):
    """Done leaves the outbox, Later waits, Dead is kept apart; then the report is committed."""
    bench.take(batch("boom 1", "boom 2", "boom 3"))
    now = bench.clock.steady()
    reader = StoreReader(bench.folder)
    first, second, third = reader.due("chat", now=now, limit=10)
    reader.close()
    reports = [
        Report("chat", (first,), Done()),
        Report("chat", (second,), Later(now + 30, "503")),
        Report("chat", (third,), Dead("400")),
    ]
    bench.take(*reports)
    assert all(report.committed.is_set() for report in reports)
    assert bench.due() == []
    bench.clock.advance(30)
    assert len(bench.due()) == 1
    reader = StoreReader(bench.folder)
    assert [(one.waiting, one.dead) for one in reader.waiting()] == [(1, 1)]
    reader.close()


def fill_up(bench, monkeypatch, times, before_each=lambda: None):
    """So many times nothing can be committed, and nobody rests in between."""
    failures = iter([True] * times)
    commit = bench.store.commit

    def failing(transaction, *, now):
        before_each()
        if next(failures, False):
            raise StoreFullError("no space left on device")
        commit(transaction, now=now)

    monkeypatch.setattr(bench.store, "commit", failing)
    monkeypatch.setattr("logwatch.daemon.consumer.RETRY_SECONDS", 0.0)


def test_when_the_disk_is_full_it_keeps_the_transaction_and_tries_again(bench, monkeypatch):
    """Nothing is dropped and nothing further is taken until it holds."""
    tries = []
    fill_up(bench, monkeypatch, 2, lambda: tries.append(len(bench.due())))
    bench.take(batch("boom"))
    assert tries == [0, 0, 0]
    assert len(bench.due()) == 1


def test_waiting_for_room_on_the_disk_is_no_hang(bench, monkeypatch):
    """Or the watchdog would end the daemon, and what only its open handles still reach."""
    stalled = []

    def look():
        stalled.append(bench.consumer.progress().stalled(bench.clock.moment(), 30.0))
        bench.clock.advance(1)

    fill_up(bench, monkeypatch, 40, look)
    bench.intake.put(batch("boom"))
    bench.consumer.step(bench.clock.moment())
    assert len(stalled) == 41
    assert not any(stalled)


def test_that_the_store_can_be_written_again_is_told_at_once(bench, monkeypatch):
    """A message wakes it for that, or it would wait for one of a log, or for seconds."""
    chat = Unstored("chat", MemorySink(), bench.clock)
    bench.consumer._trouble = StoreTrouble(bench.folder, bench.pipeline, {"chat": chat})
    bench.take()
    fill_up(bench, monkeypatch, 2, lambda: bench.clock.advance(10))
    bench.take(batch("boom"))
    assert len(bench.due()) == 1
    bench.take(bench.intake.get_nowait())
    assert len(bench.due()) == 3
    assert bench.due()[1].removesuffix(":1") == bench.due()[2].removesuffix(":2")


def test_when_stopped_with_a_full_disk_nothing_counts_as_read(bench, monkeypatch):
    """The lines are read again at the next start."""

    def failing(_transaction, *, now):
        raise StoreFullError("no space left on device")

    monkeypatch.setattr(bench.store, "commit", failing)
    bench.consumer.stopping.set()
    with pytest.raises(StoreFullError):
        bench.take(batch("boom"))
    assert bench.store.checkpoints() == []


def test_deadlines_wait_until_the_backlog_is_read(tmp_path):
    """A line that lies unread may still be the one that a window waits for."""
    rule = RuleSettings(
        name="many", kind=Threshold(count=1, window=10.0), match=("boom",), cooldown=0.0
    )
    bench = Bench(tmp_path, rule, awaited=("/var/log/app.log", "/b"))
    bench.take(batch("boom", time=bench.clock.wall() - 3600, backlog=True))
    bench.take(of("/b", "b", time=0.0, end=50, last_time=bench.clock.wall(), backlog=True))
    bench.clock.advance(GATHER_SECONDS)
    bench.take()
    assert len(bench.due()) == 1
    assert bench.lived == 0
    bench.take(CaughtUp("/b"))
    assert bench.lived == 0
    bench.take(CaughtUp("/var/log/app.log"))
    assert bench.lived == 1
    assert [key.rpartition(":")[2] for key in bench.due()] == ["1", "2"]
    bench.store.close()


def of(path: str, identity: str, *texts: str, time: float, **changes):
    """A batch of the file `path`."""
    place = replace(checkpoint(0, identity), path=path)
    return batch(*texts, time=time, checkpoint=place, **changes)


def test_backlogs_of_several_files_are_taken_in_event_time(tmp_path):
    """Whatever the order in which they are read; what is older than all others may be told."""
    rule = RuleSettings(name="err", kind=PlainMatch(), match=("boom",), cooldown=0.0)
    bench = Bench(tmp_path, rule, awaited=("/a", "/b"))
    early, later = bench.clock.wall() - 3600, bench.clock.wall() - 1800
    bench.take(of("/a", "a", "later", time=later, backlog=True))
    bench.clock.advance(GATHER_SECONDS)
    bench.take()
    assert bench.due() == []
    bench.take(of("/b", "b", "early", time=early, backlog=True), CaughtUp("/b"), CaughtUp("/a"))
    assert [json.loads(body)["lines"][0]["text"] for body in bodies(bench)] == ["early", "later"]
    assert bench.lived == 1
    bench.store.close()


def test_a_file_that_hangs_is_not_waited_for(tmp_path):
    """Nor is one whose thread died: the others tell what they found."""
    bench = Bench(tmp_path, awaited=("/a", "/b", "/c"))
    bench.take(of("/a", "a", "boom", time=bench.clock.wall(), backlog=True), NotWaitedFor("/c"))
    assert bench.due() == []
    wait = bench.consumer._seconds_to_wait(bench.clock.moment())
    assert wait == PASSED_OVER_SECONDS
    bench.clock.advance(wait)
    bench.take()
    bench.clock.advance(GATHER_SECONDS)
    bench.take()
    assert len(bench.due()) == 1
    assert bench.lived == 0
    bench.store.close()


def test_a_kill_between_two_records_of_a_batch_takes_each_once(tmp_path):
    """Where files are read in one order a commit may fall into the middle of a batch."""
    bench = Bench(tmp_path, awaited=("/a", "/b"))
    start = bench.clock.wall()
    whole = of("/a", "a", "boom 1", "boom 2", time=start, backlog=True)
    first, second = whole.records
    whole = replace(whole, records=[first, replace(second, time=start + 50)], last_time=start + 50)
    bench.take(whole, of("/b", "b", time=0.0, end=50, last_time=start + 10, backlog=True))
    bench.clock.advance(GATHER_SECONDS)
    bench.take()
    assert len(bench.due()) == 1
    (stored,) = [each for each in bench.store.checkpoints() if each.path == "/a"]
    assert stored.offset == second.offset
    bench.store.close()


def bodies(bench: Bench) -> list[bytes]:
    """What the store has for the sink."""
    reader = StoreReader(bench.folder)
    found = [one.body for one in reader.due("chat", now=bench.clock.steady(), limit=100)]
    reader.close()
    return found


def test_alerts_of_the_backlog_gather_for_one_commit(tmp_path):
    """Fifty milliseconds at most; live, an alert waits for nothing."""
    bench = Bench(tmp_path, awaited=("/var/log/app.log",))
    bench.take(batch("boom 1", backlog=True))
    bench.clock.advance(GATHER_SECONDS * 0.9)
    bench.take(batch("boom 2", offset=7, backlog=True))
    assert (bench.due(), bench.consumer.idle) == ([], False)
    assert bench.consumer._seconds_to_wait(bench.clock.moment()) < GATHER_SECONDS
    bench.clock.advance(GATHER_SECONDS * 0.2)
    bench.take()
    assert (len(bench.due()), bench.consumer.idle) == (2, True)
    bench.take(CaughtUp("/var/log/app.log"), batch("boom 3", offset=14))
    assert (len(bench.due()), bench.consumer.idle) == (3, True)
    bench.store.close()


@pytest.mark.parametrize("files", [MANY_AWAITED, MANY_AWAITED - 1])
def test_what_many_files_say_first_is_taken_together(tmp_path, monkeypatch, files):
    """To be woken for each takes as long as the files, and from them; few are taken at once."""
    paths = [f"/var/log/{number}.log" for number in range(files)]
    bench = Bench(tmp_path, awaited=paths)
    naps = []
    monkeypatch.setattr(bench.consumer.stopping, "wait", naps.append)
    for path in paths:
        bench.intake.put(of(path, path, "boom", time=bench.clock.wall(), backlog=True))
    bench.consumer.step(bench.clock.moment())
    assert naps == ([BEGINNING_SECONDS] if files >= MANY_AWAITED else [])
    assert bench.intake.empty()
    for path in paths:
        bench.intake.put(CaughtUp(path))
    bench.consumer.step(bench.clock.moment())
    bench.intake.put(batch("boom"))
    bench.consumer.step(bench.clock.moment())
    assert len(naps) == (files >= MANY_AWAITED)
    bench.store.close()


def test_where_many_files_say_something_at_once_the_next_ones_gather(bench, monkeypatch):
    """Until few come; a line that comes alone is taken at once."""
    naps = []
    monkeypatch.setattr(bench.consumer.stopping, "wait", naps.append)
    for many, expected in ((1, 0), (MANY_AT_ONCE, 0), (MANY_AT_ONCE - 1, 1), (1, 1)):
        for number in range(many):
            path = f"/var/log/{number}.log"
            bench.intake.put(of(path, path, "boom", time=bench.clock.wall()))
        bench.consumer.step(bench.clock.moment())
        assert bench.intake.empty()
        assert naps == [CROWDED_SECONDS] * expected


def test_what_one_of_many_files_says_for_which_all_wait_is_taken_at_once(tmp_path, monkeypatch):
    """A thousand backlogs took a minute: each of their blocks was waited for in its turn."""
    paths = [f"/var/log/{number}.log" for number in range(2 * MANY_AWAITED)]
    bench = Bench(tmp_path, awaited=paths)
    naps = []
    monkeypatch.setattr(bench.consumer.stopping, "wait", naps.append)
    now = bench.clock.wall()
    bench.consumer.take(
        [of(path, path, "boom", time=now, backlog=True) for path in paths[1:]],
        bench.clock.moment(),
    )
    bench.intake.put(of(paths[0], paths[0], "boom", time=now - 1, backlog=True))
    bench.consumer.step(bench.clock.moment())
    assert naps == []
    assert bench.intake.empty()
    bench.store.close()


def test_many_alerts_of_the_backlog_do_not_wait(tmp_path):
    """What is gathered is bounded."""
    bench = Bench(tmp_path, awaited=("/var/log/app.log",))
    bench.take(batch(*["boom"] * MOST_GATHERED, backlog=True))
    assert len(bench.due()) == MOST_GATHERED
    bench.store.close()


def test_a_rule_that_fails_keeps_what_it_remembers_of_what_it_told(tmp_path, monkeypatch):
    """Or the next start would tell again, in the middle of its cool-down."""
    settings = RuleSettings(name="err", kind=PlainMatch(), match=("boom",), cooldown=60.0)
    bench = Bench(tmp_path, settings)
    rule = bench.working[0]
    feed = rule.feed

    def failing(hit, now):
        if "bad" in hit.record.text:
            raise ZeroDivisionError
        return feed(hit, now)

    monkeypatch.setattr(rule, "feed", failing)
    bench.take(batch("boom good", "boom bad"))
    [state] = bench.store.adopt_rules({"err": fingerprint(settings)})
    assert state.rule == "err"
    bench.store.close()


def test_a_rule_that_fails_is_quarantined_and_told_and_the_others_go_on(tmp_path, monkeypatch):
    """One rule's fault is no reason to be blind."""
    second = RuleSettings(name="fine", kind=PlainMatch(), match=("boom",), cooldown=0.0)
    bench = Bench(tmp_path, RuleSettings(name="bad", kind=PlainMatch(), match=("boom",)), second)

    def broken(_hit, _now):
        raise ZeroDivisionError

    monkeypatch.setattr(bench.working[0], "feed", broken)
    bench.take(batch("boom"), batch("boom", offset=5), batch("boom", offset=10, rule=1))
    reader = StoreReader(tmp_path)
    assert sorted(one.rule for one in reader.alerts(limit=9)) == [
        "fine",
        "logwatch.rule-quarantined",
    ]
    reader.close()
    bench.store.close()


def test_a_rule_whose_deadline_fails_does_not_end_the_consumer(tmp_path, monkeypatch):
    """Or each start would end in the same way: its state is in the store."""
    rule = RuleSettings(name="bad", kind=PlainMatch(), match=("boom",), cooldown=5.0)
    bench = Bench(tmp_path, rule)
    bench.take(batch("boom", "boom"))

    def broken(_now):
        raise ZeroDivisionError

    monkeypatch.setattr(bench.working[0], "expire", broken)
    bench.clock.advance(5)
    bench.take()
    reader = StoreReader(tmp_path)
    assert [one.rule for one in reader.alerts(limit=9)] == ["logwatch.rule-quarantined", "bad"]
    assert bench.pipeline.seconds_to_deadline(bench.clock.moment()) is None
    reader.close()
    bench.store.close()


def test_state_that_is_not_understood_is_forgotten_and_the_rest_goes_on(tmp_path):
    """Another version may have written it; a daemon that does not start tells nobody anything."""
    rule = RuleSettings(name="err", kind=PlainMatch(), match=("boom",), cooldown=5.0)
    first = Bench(tmp_path, rule)
    first.store.commit(
        Transaction(states={("err", "a"): StateChange("err", "a", b"?")}), now=first.clock.wall()
    )
    first.store.close()
    second = Bench(tmp_path, rule)
    second.take(batch("boom"))
    assert len(second.due()) == 1
    states = second.store.adopt_rules({"err": fingerprint(rule)})
    assert [state.key for state in states] == [""]
    second.store.close()


def test_alerts_about_logwatch_itself_take_the_same_way(bench):
    """`logwatch.source-lost` reaches the sinks like any other."""
    bench.take(SelfReport(what="source-lost", severity="error", message="gone", path="/x"))
    assert len(bench.due()) == 1
    assert bench.woken == ["chat"]


def test_state_of_a_window_survives_the_next_start(tmp_path):
    """Half a window before the restart, half after it: one alert."""
    rule = RuleSettings(name="many", kind=Threshold(count=2, window=60.0), match=("boom",))
    first = Bench(tmp_path, rule)
    first.take(batch("boom"))
    first.consumer.finish()
    first.store.close()
    second = Bench(tmp_path, rule)
    second.take(batch("boom", offset=5))
    assert len(second.due()) == 1
    second.store.close()


def test_a_rule_that_is_not_due_costs_nothing_at_each_step(tmp_path, monkeypatch):
    """With thousands of rules in their cool-down, asking each one took longer than the step."""
    bench = Bench(tmp_path, RuleSettings(name="err", kind=PlainMatch(), cooldown=60.0))
    bench.take(batch("boom", "boom"))
    rule, asked = bench.working[0], []
    due = rule.due
    monkeypatch.setattr(rule, "due", lambda: asked.append(1) or due())
    for _ in range(100):
        bench.take()
        bench.clock.advance(0.125)
    assert not asked
    assert 0 < bench.pipeline.seconds_to_deadline(bench.clock.moment()) < 50
    bench.clock.advance(50)
    bench.take()
    assert len(bench.due()) == 2
    bench.store.close()


def test_a_deadline_in_event_time_is_kept_when_the_date_is_set(tmp_path):
    """Within seconds: nobody tells a process that its clock was set."""
    rule = RuleSettings(name="many", kind=Threshold(count=1, window=3600.0), match=("boom",))
    bench = Bench(tmp_path, rule)
    bench.take(batch("boom"))
    bench.clock.step_wall(8000)
    bench.clock.advance(5)
    bench.take()
    assert [key[-2:] for key in bench.due()] == [":1", ":2"]
    bench.store.close()


@pytest.mark.parametrize("step", [-8000, 8000])
def test_a_group_waits_and_goes_on_by_no_date(tmp_path, step):
    """People wait as long as the route says, however the date was set and lines are stamped."""
    timers = RouteTimers(group=("rule",), wait=10.0, updates=30.0)
    bench = Bench(tmp_path, routes=(RouteSettings(to=("chat",), timers=timers),))
    bench.take()
    bench.clock.step_wall(step)
    bench.take(batch("boom", time=bench.clock.wall() - 60.0))
    bench.clock.advance(9.9)
    bench.take()
    assert bench.due() == []
    bench.clock.advance(0.1)
    bench.take()
    (told,) = bench.due()
    bench.take(batch("boom", offset=5, time=bench.clock.wall() - 60.0))
    bench.clock.advance(29.9)
    bench.take()
    assert bench.due() == [told]
    bench.clock.advance(0.1)
    bench.take()
    assert len(bench.due()) == 2
    bench.store.close()


LEVELS = RuleSettings(
    name="many",
    match=("boom",),
    kind=Threshold(count=1, window=10.0, levels=((1, "warning"), (3, "critical"))),
    cooldown=0.0,
)
BY_SEVERITY = (
    RouteSettings(to=("pager",), condition=asking(severity="critical")),
    RouteSettings(to=("chat",)),
)


@pytest.mark.parametrize("restart", [False, True])
def test_whoever_was_told_that_it_began_is_told_that_it_is_over(tmp_path, restart):
    """The episode grew worse on the way, and took another route from then on."""
    made = {"sinks": ("chat", "pager"), "routes": BY_SEVERITY}
    bench = Bench(tmp_path, LEVELS, **made)
    bench.take(batch("boom", "boom", "boom"))
    if restart:
        bench.consumer.finish()
        bench.store.close()
        bench = Bench(tmp_path, LEVELS, **made)
    bench.clock.advance(60)
    bench.take()
    assert [key[-2:] for key in bench.due("chat")] == [":1", ":3"]
    assert [key[-2:] for key in bench.due("pager")] == [":2", ":3"]
    assert bench.store.burning() == []
    bench.store.close()


def test_an_episode_whose_rule_is_gone_ends_once(tmp_path):
    """Nobody would ever resolve it: a pager would show it for good."""
    first = Bench(tmp_path, LEVELS, sinks=("chat", "pager"), routes=BY_SEVERITY)
    first.take(batch("boom"))
    first.store.close()
    for _ in range(2):  # the first ends before it commits anything
        second = Bench(tmp_path)
        second.store.close()
    third = Bench(tmp_path)
    third.take()
    third.store.close()
    fourth = Bench(tmp_path)
    fourth.take()
    reader = StoreReader(tmp_path)
    messages = [decode_alert(one.body) for one in reader.alerts(limit=9)]
    assert [(one.status, one.seq) for one in messages] == [("resolved", 2), ("firing", 1)]
    assert messages[0].message.startswith("no longer watched")
    assert [key[-2:] for key in fourth.due("chat")] == [":1", ":2"]
    assert reader.burning() == []
    reader.close()
    fourth.store.close()


def test_the_queue_is_bounded_by_what_its_messages_weigh():
    """A few heavy batches fill it as many light ones do."""
    heavy = batch(*("x" * 1000 for _ in range(50)))
    assert weight(heavy) > 50_000
    intake = Intake(limit_bytes=100_000)
    for _ in range(2):
        intake.put_nowait(heavy)
    assert intake.full()
    intake.get_nowait()
    assert not intake.full()
    assert isinstance(heavy.records[0], Record)


def test_a_batch_weighs_about_what_it_takes_of_memory():
    """Objects weigh more than their text: a bound on the text alone would be none."""

    def made():
        return [
            batch(f"boom {number}", offset=number * 100, matches=[match(number)])
            for number in range(2_000)
        ]

    def match(number):
        return Match(0, 0, {"user": f"u{number}", "ip": f"10.0.0.{number}", "port": f"1{number}"})

    made()
    tracemalloc.start()
    batches = made()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.5 < sum(map(weight, batches)) / taken < 2


def test_the_history_is_bounded_at_the_end_too(tmp_path, monkeypatch):
    """A daemon that cron starts with --once never lives long enough to prune on the way."""
    monkeypatch.setattr("logwatch.daemon.consumer.KEEP_ALERT_ROWS", 10)
    bench = Bench(tmp_path, sinks=())
    for number in range(50):
        bench.take(batch(f"boom {number}", offset=10 * number))
    bench.consumer.finish()
    reader = StoreReader(tmp_path)
    assert len(reader.alerts(limit=100)) == 10
    reader.close()
    bench.store.close()
