"""The outbox: whatever sinks answer, each message ends in one place, and in order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from doubles.alerts import alert
from doubles.daemon import Bench
from doubles.examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.daemon.deliverer import Deliverer
from logwatch.daemon.intake import Report
from logwatch.outbox.policy import Terms
from logwatch.records import Delivered, Rejected, Retry
from logwatch.stamps import rfc3339
from logwatch.store.writer import Addressed, Transaction

SINKS = ("chat", "mail")

_alerts = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sets(st.sampled_from(SINKS))), min_size=1, max_size=9
)
_answers = st.lists(
    st.sampled_from([Delivered(), Delivered(), Retry("503"), Rejected("400"), None]), max_size=9
)
_steps = st.lists(
    st.one_of(_alerts, st.tuples(st.sampled_from(SINKS), _answers, st.integers(0, 90))),
    max_size=12,
)


class KilledError(BaseException):
    """The process ended before anybody heard what the sink said."""


class Answering:
    """A sink that keeps what it took and answers as it is told; None kills the daemon."""

    def __init__(self, batch_size: int) -> None:
        self.batch_size = batch_size
        self.answers: list[object] = []
        self.taken: list[str] = []
        self.dead: list[str] = []

    def deliver(self, batch):
        answer = self.answers.pop(0) if self.answers else Delivered()
        keys = [one.idempotency_key for one in batch]
        if answer is None:
            self.taken += keys
            raise KilledError
        if isinstance(answer, Delivered):
            self.taken += keys
        elif isinstance(answer, Rejected):
            self.dead += keys
        return answer

    def close(self) -> None:
        """Nothing to let go of."""


class Outbox:
    """A store and a deliverer for each sink."""

    def __init__(self, folder: Path, batch_size: int, terms: Mapping[str, Terms] = {}) -> None:
        self.folder = folder
        self.terms = terms
        self.sinks = {name: Answering(batch_size) for name in SINKS}
        self.due: dict[str, list[str]] = {name: [] for name in SINKS}
        self.sequence = dict.fromkeys("abcd", 0)
        self.start()

    def start(self) -> None:
        """As after a restart: nothing is known but what is in the store."""
        self.bench = Bench(self.folder)
        self.bench.store._connection.execute("PRAGMA synchronous=OFF")
        put = self.bench.intake.put

        def put_and_take(message, block=True, timeout=None):
            if isinstance(message, Report):
                self.bench.take(message)
            else:
                put(message, block, timeout)

        self.bench.intake.put = put_and_take
        self.workers = {
            name: Deliverer(
                name,
                sink,
                folder=self.folder,
                intake=self.bench.intake,
                clock=self.bench.clock,
                random=lambda: 1.0,
                terms=self.terms.get(name, Terms()),
            )
            for name, sink in self.sinks.items()
        }

    def stop(self) -> None:
        """Let the files go."""
        for worker in self.workers.values():
            worker.finish()
        self.bench.store.close(clean=False)

    def commit(self, alerts) -> None:
        """Alerts for sinks, in one transaction."""
        told = []
        for episode, sinks in alerts:
            self.sequence[episode] += 1
            at = rfc3339(self.bench.clock.wall())
            one = alert(id=episode, seq=self.sequence[episode], at=at)
            wall = self.bench.clock.wall()
            told.append(Addressed(one, wall, tuple(sorted(sinks))))
            for sink in sinks:
                self.due[sink].append(f"{one.id}:{one.seq}")
        self.bench.store.commit(Transaction(alerts=told), now=1.0)

    def deliver(self, sink: str, seconds: float) -> None:
        """Let one sink's deliverer work until `seconds` have passed."""
        end = self.bench.clock.steady() + seconds
        try:
            while True:
                wait = self.workers[sink].deliver_due(self.bench.clock.steady())
                if wait and self.bench.clock.steady() + wait > end:
                    return
                self.bench.clock.advance(wait)
        except KilledError:
            now = self.bench.clock.steady()
            self.stop()
            self.start()
            self.bench.clock.advance(now - self.bench.clock.steady())


@given(_steps, st.integers(1, 5))
def test_each_message_is_delivered_or_dead_and_none_overtakes_its_episode(steps, batch_size):
    """At least once; more than once only where the process died at the sink's answer."""
    with TemporaryDirectory() as folder:
        outbox = Outbox(Path(folder), batch_size)
        killed = dict.fromkeys(SINKS, 0)
        for step in steps:
            if isinstance(step, list):
                outbox.commit(step)
                continue
            name, answers, seconds = step
            outbox.sinks[name].answers = list(answers)
            outbox.deliver(name, seconds)
            killed[name] += answers.count(None)
        for name, sink in outbox.sinks.items():
            sink.answers.clear()
            outbox.deliver(name, 4000)
            assert set(sink.taken) | set(sink.dead) == set(outbox.due[name])
            first_times = list(dict.fromkeys(sink.taken))
            assert len(sink.taken) - len(first_times) <= killed[name] * batch_size
            for episode in "abcd":
                sequence = [int(key[2:]) for key in first_times if key[0] == episode]
                assert sequence == sorted(sequence)
        assert outbox.bench.due("chat") == outbox.bench.due("mail") == []
        outbox.stop()


@settings(max_examples=examples(20))
@given(_steps, st.integers(1, 5), st.sampled_from([None, 100.0]))
def test_what_one_sink_does_not_take_the_other_gets_and_none_overtakes_its_episode(
    steps, batch_size, max_age
):
    """Whoever was told of a beginning in another's place hears of all that follows."""
    terms = {"chat": Terms(fallback="mail", after=30.0, max_age=max_age)}
    with TemporaryDirectory() as folder:
        outbox = Outbox(Path(folder), batch_size, terms)
        chat, mail = outbox.sinks["chat"], outbox.sinks["mail"]
        for step in steps:
            if isinstance(step, list):
                outbox.commit(step)
                continue
            name, answers, seconds = step
            outbox.sinks[name].answers = list(answers)
            outbox.deliver(name, seconds)
        for sink in (chat, mail):
            sink.answers.clear()
        outbox.deliver("chat", 4000)
        outbox.deliver("mail", 4000)
        at_mail = set(mail.taken) | set(mail.dead)
        direct = set(outbox.due["mail"])
        assert direct <= at_mail
        assert set(outbox.due["chat"]) <= set(chat.taken) | at_mail
        moved = [key for key in dict.fromkeys(mail.taken) if key not in direct]
        for episode in "abcd":
            for keys in (dict.fromkeys(chat.taken), moved, [k for k in mail.taken if k in direct]):
                sequence = list(dict.fromkeys(int(key[2:]) for key in keys if key[0] == episode))
                assert sequence == sorted(sequence)
            first = min((int(key[2:]) for key in moved if key[0] == episode), default=1000)
            later = {key for key in chat.taken if key[0] == episode and int(key[2:]) > first}
            assert later <= at_mail
        assert outbox.bench.due("chat") == outbox.bench.due("mail") == []
        outbox.stop()
