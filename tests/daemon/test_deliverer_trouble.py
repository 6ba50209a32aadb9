"""The deliverer of a sink in trouble: fallback, age, what breaks it, and what a person hears."""

from __future__ import annotations

import pytest
from doubles.alerts import alert
from doubles.daemon import Bench
from msgspec import UNSET

from logwatch.alerts.rates import Rates, SinkPace
from logwatch.daemon import order_verbs
from logwatch.daemon.control_wire import Request
from logwatch.daemon.deliverer import Deliverer
from logwatch.daemon.intake import Nudge, Order
from logwatch.daemon.sink_condition import SinkCondition
from logwatch.outbox.policy import Terms
from logwatch.records import Delivered, Rejected, Retry
from logwatch.rules.self_reports import SelfReport, SelfReports
from logwatch.stamps import rfc3339
from logwatch.store.forwarding import Again
from logwatch.store.reader import StoreReader
from logwatch.store.writer import Addressed, Transaction
from logwatch.units import Rate


class Receiver:
    """A sink that answers as it is told."""

    def __init__(self, batch_size: int = 1) -> None:
        self.batch_size = batch_size
        self.answer = Delivered()
        self.got: list[str] = []
        self.alerts = []
        self.tried = 0
        self.poison: set[str] = set()

    def deliver(self, batch):
        self.tried += 1
        keys = [one.idempotency_key for one in batch]
        if self.poison.intersection(keys):
            raise RuntimeError("a bug")
        if self.answer == Delivered():
            self.got += keys
            self.alerts += [one.alert for one in batch]
        return self.answer

    def close(self) -> None:
        """Nothing to let go of."""


class World:
    """A store, a consumer that answers at once, and two sinks."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.sinks = {"pager": Receiver(), "mail": Receiver()}
        self.terms = {"pager": Terms(), "mail": Terms()}
        self.told: list[SelfReport] = []
        self.clock = None
        self.start()

    def start(self, identity: str = "") -> None:
        self.bench = Bench(self.folder, sinks=("pager", "mail"))
        self.bench.store._connection.execute("PRAGMA synchronous=OFF")
        if self.clock is not None:
            self.bench.clock.advance(self.clock.steady() - self.bench.clock.steady())
        self.clock = self.bench.clock
        self.bench.intake.put = self.put
        self.moves: list[tuple[str, set[str]]] = []
        self.bench.pipeline.moved = lambda to, episodes: self.moves.append((to, episodes))
        self.workers = {
            name: Deliverer(
                name,
                sink,
                folder=self.folder,
                intake=self.bench.intake,
                clock=self.clock,
                random=lambda: 1.0,
                terms=self.terms[name],
                identity=identity,
            )
            for name, sink in self.sinks.items()
        }

    def put(self, message, block=True, timeout=None) -> None:
        if isinstance(message, SelfReport):
            self.told.append(message)
        else:
            self.bench.take(message)

    def restart(self, identity: str = "") -> None:
        self.stop()
        self.start(identity)

    def stop(self) -> None:
        for worker in self.workers.values():
            worker.finish()
        self.bench.store.close()

    def commit(self, *alerts, sinks=("pager",), **values) -> None:
        wall = self.clock.wall()
        at = rfc3339(wall)
        told = [
            Addressed(
                alert(**{"at": at} | ({"id": one} if isinstance(one, str) else one)), wall, sinks
            )
            for one in alerts
        ]
        self.bench.store.commit(Transaction(alerts=told, **values), now=wall)

    def run(self, seconds: float = 0.0, names=("pager", "mail")) -> None:
        """Let both deliver, time passing up to `seconds`."""
        end = self.clock.steady() + seconds
        while True:
            waits = [self.workers[name].deliver_due(self.clock.steady()) for name in names]
            wait = min(waits)
            if wait and self.clock.steady() + wait > end:
                break
            self.clock.advance(wait)
        self.clock.advance(max(0.0, end - self.clock.steady()))

    def dead(self, sink="pager") -> list[tuple[str, str]]:
        reader = StoreReader(self.folder)
        rows = [(one.alert.id, one.reason) for one in reader.dead_letters(sink, limit=9999)]
        reader.close()
        return rows

    def waiting(self, sink="pager") -> int:
        reader = StoreReader(self.folder)
        number = reader.number_waiting(sink)
        reader.close()
        return number


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.stop()


def with_terms(world, **terms) -> None:
    world.terms["pager"] = Terms(**terms)
    world.restart()


# -- a sink that stands in -----------------------------------------------------------------------


def test_what_is_rejected_goes_to_the_fallback_at_once(world):
    with_terms(world, fallback="mail")
    world.sinks["pager"].answer = Rejected("HTTP 404")
    world.commit("a")
    world.run(1)
    assert world.sinks["mail"].got == ["a:1"]
    assert world.moves == [("mail", {"a"})]
    assert world.dead() == []


def test_what_waits_goes_to_the_fallback_once_the_sink_has_failed_for_so_long(world):
    """All of it, in its order; what comes then goes there after one try at most."""
    with_terms(world, fallback="mail", after=120.0)
    pager, mail = world.sinks["pager"], world.sinks["mail"]
    pager.answer = Retry("refused")
    world.commit(*(f"a{n}" for n in range(1200)))
    world.run(119)
    assert mail.got == []
    world.run(62)
    assert sorted(mail.got) == sorted(f"a{n}:1" for n in range(1200))
    assert mail.got[:50] == [f"a{n}:1" for n in range(50)]
    world.commit("b")
    world.run(61)
    assert mail.got[-1] == "b:1"
    assert world.waiting() == 0


def test_while_others_stand_in_it_looks_no_oftener_than_it_must(world):
    """An idle sink that is down costs next to nothing."""
    with_terms(world, fallback="mail", max_age=600.0)
    world.sinks["pager"].answer = Retry("refused")
    world.commit("a")
    world.run(300)
    waits = [world.workers["pager"].deliver_due(world.clock.steady()) for _ in range(3)]
    assert min(waits) > 1


def test_when_the_sink_is_back_it_gets_what_comes_then(world):
    """The first one finds that out."""
    with_terms(world, fallback="mail")
    pager, mail = world.sinks["pager"], world.sinks["mail"]
    pager.answer = Retry("refused")
    world.commit("a")
    world.run(300)
    assert mail.got == ["a:1"]
    pager.answer = Delivered()
    world.commit("b", "c")
    world.run(61)
    assert (pager.got, mail.got) == (["b:1", "c:1"], ["a:1"])


def test_who_was_told_of_the_beginning_instead_is_told_of_the_end(world):
    """Though the end waited in the outbox of the sink already, which takes it itself."""
    with_terms(world, fallback="mail")
    pager, mail = world.sinks["pager"], world.sinks["mail"]
    pager.answer = Rejected("HTTP 400")
    world.commit("a", {"id": "a", "seq": 2, "status": "resolved"}, "b")
    deliver = pager.deliver

    def once(batch):
        outcome = deliver(batch)
        pager.answer = Delivered()
        return outcome

    pager.deliver = once
    world.run(0, names=["pager"])
    world.run(1)
    assert pager.got == ["a:2", "b:1"]
    assert mail.got == ["a:1", "a:2"]


def test_a_fallback_of_a_fallback_gets_what_neither_can_take(world):
    world.sinks["desk"] = Receiver()
    world.terms = {"pager": Terms(fallback="mail"), "mail": Terms(fallback="desk"), "desk": Terms()}
    world.restart()
    world.sinks["pager"].answer = Rejected("no")
    world.sinks["mail"].answer = Retry("refused")
    world.commit("a")
    world.run(300, names=["pager", "mail", "desk"])
    assert world.sinks["desk"].got == ["a:1"]


# -- a sink with a rate --------------------------------------------------------------------------


def with_rate(world, name, rate) -> None:
    world.terms[name] = Terms(rate=rate)
    world.restart()
    rates = Rates({name: SinkPace(rate=rate)}, host="web1")
    world.bench.pipeline._dispatch._rates = rates
    world.bench.take(Nudge())


def pass_minutes(world, number) -> None:
    for _ in range(number * 6):
        world.run(10)
        world.bench.take(Nudge())


def one_each(prefix, number):
    return [{"id": f"{prefix}{n}", "count": 1} for n in range(number)]


def test_what_waited_for_a_sink_with_a_rate_is_told_together_after_an_outage(world):
    """A few alone, as many as the rate lets through, and one for all the others."""
    with_rate(world, "pager", Rate(5, 60.0))
    pager = world.sinks["pager"]
    pager.answer = Retry("refused")
    world.commit(*one_each("a", 700))
    world.run(600)
    pager.answer = Delivered()
    pass_minutes(world, 3)
    assert world.waiting() == 0
    assert len(pager.alerts) <= 1 + 5
    assert sum(one.count for one in pager.alerts) == 700
    assert [one.group.kind for one in pager.alerts if one.group is not UNSET] == ["storm"]
    assert not any("did not take" in one.message for one in world.told)


def test_an_end_that_waited_does_not_overtake_the_beginning(world):
    with_rate(world, "pager", Rate(2, 60.0))
    pager = world.sinks["pager"]
    pager.answer = Retry("refused")
    world.commit(*one_each("a", 4))
    world.commit({"id": "e"}, {"id": "e", "seq": 2, "status": "resolved"})
    world.run(600)
    pager.answer = Delivered()
    pass_minutes(world, 10)
    own = [key for key in pager.got if key.startswith("e:")]
    assert own in (["e:1", "e:2"], ["e:2"], [])
    assert world.waiting() == 0


def test_a_fallback_with_a_rate_gets_a_storm_as_one_message(world):
    """Nobody gets ten thousand mails since the pager is down."""
    with_rate(world, "mail", Rate(5, 60.0))
    rates = world.bench.pipeline._dispatch._rates
    with_terms(world, fallback="mail")
    world.bench.pipeline._dispatch._rates = rates
    world.sinks["pager"].answer = Rejected("HTTP 404")
    mail = world.sinks["mail"]
    world.commit(*one_each("a", 300))
    world.commit(*one_each("b", 3), sinks=("pager", "mail"))
    pass_minutes(world, 3)
    assert sum(one.count for one in mail.alerts) == 303
    assert len(mail.alerts) <= 3 + 5
    assert world.waiting("mail") == world.waiting("pager") == 0


# -- age -----------------------------------------------------------------------------------------


def test_what_is_too_old_is_given_up_while_the_sink_fails(world):
    """To the second; nothing younger is."""
    with_terms(world, max_age=600.0)
    world.sinks["pager"].answer = Retry("refused")
    world.commit(*(f"a{n}" for n in range(700)))
    world.clock.advance(300)
    world.commit("b")
    world.run(299)
    assert world.dead() == []
    world.run(2)
    assert len(world.dead()) == 700
    assert world.dead()[0] == ("a699", "it has waited for 10m")
    world.run(300)
    assert world.waiting() == 0


def test_what_is_too_old_goes_to_the_fallback_where_there_is_one(world):
    """For which it is as new as when it came there."""
    world.terms["mail"] = Terms(max_age=60.0)
    with_terms(world, max_age=60.0, fallback="mail", after=9999.0)
    world.sinks["pager"].answer = Retry("refused")
    world.commit("a")
    world.run(90)
    assert world.sinks["mail"].got == ["a:1"]
    assert world.dead("mail") == []


def test_without_an_age_nothing_is_given_up(world):
    world.sinks["pager"].answer = Retry("refused")
    world.commit("a")
    world.run(7200)
    assert world.waiting() == 1


# -- what breaks a sink --------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 100])
def test_a_message_that_breaks_a_sink_is_given_up_alone(world, batch_size, capsys):
    """The others are delivered, in their order; the daemon goes on."""
    pager = world.sinks["pager"]
    pager.batch_size = batch_size
    pager.poison = {"a7:1", "a40:1"}
    world.commit(*(f"a{n}" for n in range(100)))
    world.run(10)
    assert [name for name, _ in world.dead()] == ["a40", "a7"]
    assert "a bug" in world.dead()[0][1]
    assert pager.got == [f"a{n}:1" for n in range(100) if n not in (7, 40)]
    assert "sink.broke_down" in capsys.readouterr().err


# -- what a person hears -------------------------------------------------------------------------


def test_a_sink_that_is_down_is_told_of_after_a_minute_and_when_it_is_back(world):
    """As one episode, whatever restarts come between."""
    world.sinks["pager"].answer = Retry("connection refused")
    world.commit("a", "b")
    world.run(59)
    assert world.told == []
    world.run(2)
    (down,) = world.told
    assert (down.what, down.status, down.about_sink, down.burns) == (
        "sink-down",
        "firing",
        "pager",
        True,
    )
    assert (
        down.message == "sink 'pager' has been failing for 1m, 2 messages wait: connection refused"
    )
    world.restart()
    world.run(600)
    assert len(world.told) == 1
    world.sinks["pager"].answer = Delivered()
    world.run(61)
    back = world.told[-1]
    assert (back.status, back.episode, back.burns) == ("resolved", down.episode, False)
    assert "is back after 11m" in back.message
    assert len(world.told) == 2


def test_its_alerts_are_one_episode_of_the_sink():
    make = SelfReports("web1")
    down = SelfReport(
        what="sink-down", severity="error", message="x", about_sink="pager", episode="5.000"
    )
    firing = make.alert(down, 10.0)
    over = make.alert(
        SelfReport(
            what="sink-down",
            severity="error",
            message="y",
            about_sink="pager",
            episode="5.000",
            status="resolved",
        ),
        20.0,
    )
    assert firing.id == over.id
    assert (firing.seq, over.seq, over.status) == (1, 2, "resolved")
    assert firing.key == {"sink": "pager"}


def test_a_failure_now_and_then_is_not_told(world):
    world.sinks["pager"].answer = Retry("503")
    world.commit("a")
    world.run(20)
    world.sinks["pager"].answer = Delivered()
    world.run(100)
    assert world.told == []


def test_what_is_refused_is_told_at_most_once_an_hour_with_its_number(world, capsys):
    """At once the first time; and said on stderr once a second at most."""
    world.sinks["pager"].answer = Rejected("HTTP 400: no")
    world.commit("a")
    world.run(1)
    world.commit(*(f"b{n}" for n in range(300)))
    world.run(3590)
    assert [one.message for one in world.told] == [
        "sink 'pager' did not take 1 message, logwatch alerts --dead lists them: HTTP 400: no"
    ]
    world.restart()
    world.run(20)
    assert "did not take 300 messages" in world.told[-1].message
    assert len(world.told) == 2
    assert not world.told[-1].burns
    said = capsys.readouterr().err
    assert 2 <= said.count("sink.rejected_alert") <= 10


# -- over a restart ------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"\xc1", b"\x96\xa1\xff"])
def test_how_a_sink_was_doing_is_forgotten_where_that_cannot_be_read(capsys, body):
    """Of another version, or damaged on the disk."""
    condition = SinkCondition("chat", random=lambda: 0.5, terms=Terms(), identity="")
    condition.restore(body, 0.0)
    assert "sink.state_forgotten" in capsys.readouterr().err


def test_a_restart_does_not_hammer_a_sink_that_is_down(world):
    pager = world.sinks["pager"]
    pager.answer = Retry("429", after=1800.0)
    world.commit("a", "b")
    world.run(10)
    tried = pager.tried
    for _ in range(20):
        world.restart()
        world.run(10)
    assert pager.tried == tried


def test_new_settings_are_tried_at_once(world):
    """Whoever corrects an address does not wait for what was wrong with the old one."""
    pager = world.sinks["pager"]
    pager.answer = Retry("429", after=1800.0)
    world.commit("a", "b")
    world.run(10)
    tried = pager.tried
    pager.answer = Delivered()
    world.restart(identity="another address")
    world.run(10)
    assert pager.tried > tried
    assert "b:1" in pager.got


def test_new_settings_that_do_not_work_either_are_the_same_trouble(world):
    """Nobody hears that it is back before it has taken anything."""
    world.sinks["pager"].answer = Retry("refused")
    world.commit("a")
    world.run(100)
    world.restart(identity="another address")
    world.run(100)
    assert [one.status for one in world.told] == ["firing"]
    world.sinks["pager"].answer = Delivered()
    world.restart(identity="the right address")
    world.run(60)
    assert [one.status for one in world.told] == ["firing", "resolved"]


def test_dead_letters_are_sent_again_by_a_daemon_that_runs(world):
    world.sinks["pager"].answer = Rejected("HTTP 400")
    world.commit("a", "b")
    world.run(1)
    assert len(world.dead()) == 2
    world.sinks["pager"].answer = Delivered()
    again = {"sink": "pager"}
    message = Order(order_verbs.send_again(again, Request(version=1, verb="send-again")))
    world.bench.take(message)
    assert message.committed.is_set()
    assert message.outcome == [Again("pager", count=2)]
    assert "pager" in world.bench.woken
    world.run(1)
    assert world.sinks["pager"].got == ["a:1", "b:1"]
    assert world.dead() == []


# -- an hour of outage ---------------------------------------------------------------------------


def test_after_an_hour_of_outage_old_and_fresh_alerts_come_in_turn(world):
    """Six thousand wait; nothing is lost, and a fresh one does not wait for all of them."""
    pager = world.sinks["pager"]
    pager.answer = Retry("connection refused")
    for minute in range(60):
        some = [f"{minute:02}-{n:03}" for n in range(100)]
        world.commit(*some)
        world.run(60, names=["pager"])
    assert pager.tried < 300
    pager.answer = Delivered()
    world.clock.advance(60)
    fresh_after = []
    for round_number in range(2000):
        if round_number % 20 == 0:
            world.commit(f"fresh{round_number}")
        before = len(pager.got)
        if world.workers["pager"].deliver_due(world.clock.steady()):
            break
        world.clock.advance(0.05)
        new = [one for one in pager.got[before:] if "fresh" in one]
        fresh_after += [round_number - int(one.split(":")[0][5:]) for one in new]
    assert world.waiting() == 0
    assert sorted(set(pager.got)) == sorted(pager.got)
    assert len([one for one in pager.got if "fresh" not in one]) == 60 * 100
    assert max(fresh_after) <= 1


def test_a_message_that_some_of_a_sinks_receivers_have_waits_by_itself(world):
    """It tells nobody that the sink is down, moves nothing elsewhere and holds up nobody."""
    with_terms(world, fallback="mail", after=30.0)
    pager = world.sinks["pager"]
    pager.answer = Retry("one of two is full", partly=True)
    world.commit("full")
    world.run(300.0)
    assert pager.tried > 8
    assert world.waiting() == 1
    assert not world.workers["pager"].health.probing
    assert world.workers["pager"].health.failing_since is None
    assert (world.told, world.sinks["mail"].got) == ([], [])
    pager.answer = Delivered()
    world.commit("next")
    world.run()
    assert pager.got == ["next:1"]
    world.run(61.0)
    assert pager.got == ["next:1", "full:1"]
