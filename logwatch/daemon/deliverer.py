"""One thread per sink: takes what is due from the outbox, hands it to the sink, reports.

The store is the truth: a notification leaves the outbox only when the consumer has committed that
it was delivered. So a sink may see the notifications of one unfinished round twice, with the same
`id:seq`, and never misses one. A slow or dead sink delays nobody else.

What a sink will not take goes to the sink that stands in for it, or to the dead letters; so does
what became too old, and what a sink broke down over. How a sink has been doing is kept over a
restart, unless its settings changed. Of trouble with it a person is told by an alert of its own.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from threading import Event
from typing import assert_never

from logwatch import telemetry
from logwatch.clock import Clock, Moment
from logwatch.crashpoints import crashpoint
from logwatch.daemon.intake import Intake, Message, Report
from logwatch.daemon.said import Said
from logwatch.daemon.sink_condition import NAME, SinkCondition
from logwatch.daemon.threads import Worker
from logwatch.daemon.unstored import Unstored
from logwatch.daemon.watched_sink import lasting, reminding
from logwatch.outbox.policy import Dead, Done, Later, Moved, SinkHealth, Terms, Verdict
from logwatch.records import Notification, Outcome, Rejected, Retry
from logwatch.sinks.base import Sink
from logwatch.store.due import Lot
from logwatch.store.forwarding import Forwarded
from logwatch.store.reader import StoreReader

ROUND_SECONDS = 1.0
"""A round of single deliveries is reported as committed at least this often."""

ROUND_SIZE = 50
"""Single deliveries in one round."""

MOST_CLEARED = 500
"""Messages that are moved or given up at once."""

LONGEST_WAIT = 60.0

CUT_SECONDS = 0.5
"""What a delivery that is cut short has to end."""

_AS_AGREED = Terms()


class Deliverer(Worker):
    """The thread that serves one sink."""

    def __init__(
        self,
        name: str,
        sink: Sink,
        *,
        folder: Path,
        intake: Intake,
        clock: Clock,
        random: Callable[[], float],
        terms: Terms = _AS_AGREED,
        identity: str = "",
    ) -> None:
        """`identity`: the same while the settings of the sink are."""
        super().__init__(f"sink {name}", clock=clock, stop=Event())
        self.sink_name = name
        self._sink = sink
        self.unstored = Unstored(name, sink, clock)
        """What this sink is told though the store cannot be written."""
        self._reminding = reminding(sink)
        self._remind_at = 0.0
        self._folder = folder
        self._intake = intake
        self._terms = terms
        self._condition = SinkCondition(name, random=random, terms=terms, identity=identity)
        self._reader: StoreReader | None = None
        self._said = Said(sink=name)
        self._news = Event()
        self._anew_upto: int | None = None
        """Messages up to this number are told anew; None: none are."""
        self._anew_after = 0
        self._drain_by: float | None = None
        self._idle = False

    def wake(self) -> None:
        """Something for this sink was committed; callable from any thread."""
        self._idle = False
        self._news.set()

    def drain(self, by: float) -> None:
        """Deliver what is due now, then end; at steady time `by` at the latest."""
        self._drain_by = by
        self._news.set()

    def cut_short(self) -> bool:
        """End a delivery that would go on without this process; whether the thread has ended.

        It was asked to `drain` before, and is not waited for any longer.
        """
        sink = lasting(self._sink)
        if sink is None:
            return False
        sink.cut_short()
        return self.join(CUT_SECONDS)

    @property
    def health(self) -> SinkHealth:
        """How the sink has been doing; to look at, from any thread."""
        return self._condition.health

    @property
    def reason(self) -> str:
        """Why it failed last, before this start too; empty while all is well; from any thread."""
        return self._condition.reason if self.health.failures else ""

    @property
    def idle(self) -> bool:
        """Nothing is due: all is delivered, or waits for its next try."""
        return self._idle and not self._news.is_set()

    def has_work(self) -> bool:
        """See `Worker.has_work`. A sink may take its own time-outs; that is no hang of ours."""
        return False

    def step(self, now: Moment) -> None:
        """Deliver one round, or wait for news or the next try."""
        self._idle = False  # before the news are taken away, or nobody would seem to have any
        self._news.clear()
        self.unstored.deliver()
        reminder = self._remind(now.steady)
        wait = self.deliver_due(now.steady)
        if self._drain_by is not None and (wait > 0 or self._time_is_up()):
            self.stopping.set()
        elif wait > 0:
            self._idle = True
            self._news.wait(min(wait, reminder, self.unstored.wait()))

    def finish(self) -> None:
        """Let go of the store and the sink."""
        self._said.flush()
        if self._reader is not None:
            self._reader.close()
        self._sink.close()

    def _remind(self, now: float) -> float:
        """Let a sink whose receiver forgets tell again what burns; seconds until the next time."""
        if self._reminding is None or self._drain_by is not None:
            return LONGEST_WAIT
        if now >= self._remind_at:
            burning = self._open(now).burning_of(self.sink_name)
            self._remind_at = now + max(1.0, self._reminding.remind(burning))
        return min(self._remind_at - now, LONGEST_WAIT)

    def deliver_due(self, now: float) -> float:
        """Deliver one round; seconds until there may be more to do, 0 for at once."""
        reader = self._open(now)
        self._said.flush(now)
        self._tell_news(reader, now)
        if self._clear_away(reader, now):
            return 0.0
        if now < self.health.pause_until:
            return self._wait_until(self.health.pause_until, now)
        size = self._sink.batch_size
        limit = 1 if self.health.probing else max(size, ROUND_SIZE)
        due = reader.due(self.sink_name, now=now, limit=limit)
        if not due:
            next_due = reader.next_due(self.sink_name)
            return self._wait_until(now + LONGEST_WAIT if next_due is None else next_due, now)
        self._idle = False
        self._deliver_round(reader, due, size)
        return 0.0

    def _open(self, now: float) -> StoreReader:
        """The store, from which at first is taken how the sink was doing."""
        if self._reader is None:
            self._reader = StoreReader(self._folder)
            for state in self._reader.states(NAME, ""):
                if state.key == self.sink_name and state.body is not None:
                    self._condition.restore(state.body, now)
        return self._reader

    def _wait_until(self, at: float, now: float) -> float:
        """Seconds from `now` until `at`, or until there is something to do before that."""
        others = (each for each in self._deadlines(now) if each > now)
        return max(0.01, min((at, now + LONGEST_WAIT, *others)) - now)

    def _deadlines(self, now: float) -> Iterator[float]:
        yield from self._condition.deadlines()
        said = self._said.deadline()
        if said is not None:
            yield said
        if self._terms.max_age is not None and self._reader is not None:
            for oldest in self._reader.oldest(self.sink_name, limit=1):
                yield now + oldest.waits_since + self._terms.max_age - self.clock.wall()

    def _clear_away(self, reader: StoreReader, now: float) -> bool:
        """Move or bury some of what the sink will not get; whether there was anything."""
        if self._condition.others_stand_in(now):
            some: Sequence[Notification] = reader.oldest(self.sink_name, limit=MOST_CLEARED)
            verdict: Verdict | None = self._terms.given_up(self._condition.reason)
        else:
            some, verdict = self._too_old(reader)
        if not some:
            some, verdict = self._too_many(reader)
        if not some or verdict is None:
            return False
        self._idle = False
        self._await([self._report(some, verdict)])
        return True

    def _too_old(self, reader: StoreReader) -> tuple[Sequence[Notification], Verdict | None]:
        """The oldest messages that have waited for too long, and what becomes of them."""
        terms, wall = self._terms, self.clock.wall()
        if terms.max_age is None:
            return (), None
        verdict: Verdict | None = None
        for oldest in reader.oldest(self.sink_name, limit=1):  # nearly always it is not
            verdict = terms.too_old(oldest.waits_since, wall)
        if verdict is None:
            return (), None
        many = reader.oldest(self.sink_name, limit=MOST_CLEARED)
        old = takewhile(lambda one: terms.too_old(one.waits_since, wall) is not None, many)
        return list(old), verdict

    def _too_many(self, reader: StoreReader) -> tuple[Sequence[Notification], Verdict | None]:
        """Some of those that wait, where they are more than the rate of the sink lets through.

        After an outage, say. They are told anew, most of them together: all that waited when this
        was found, for no message of an episode may overtake another.
        """
        rate, name = self._terms.rate, self.sink_name
        if rate is None or self.health.failing_since is not None:
            return (), None
        if self._anew_upto is None:
            if not reader.waits_more_than(name, rate.messages):
                return (), None
            self._anew_upto, self._anew_after = reader.newest(name), 0
        upto = self._anew_upto
        oldest = reader.oldest(name, limit=MOST_CLEARED, after=self._anew_after)
        some = [one for one in oldest if one.row <= upto]
        if not some:
            self._anew_upto = None
            return (), None
        self._anew_after = some[-1].row
        return some, Moved(name, f"more than {rate} wait, and are told together")

    def _deliver_round(self, reader: StoreReader, due: Sequence[Notification], size: int) -> None:
        reports: list[Report] = []
        began = self.clock.steady()
        moved: set[str] | None = None
        """Episodes of which another sink is told since this round began."""
        if self._terms.fallback is not None and reader.has_moved(self.sink_name):
            moved = set()
        batches = deque(_batches(due, size))
        while batches:
            batch = batches.popleft()
            if batch[0].held:
                reports.append(self._report(batch, Later(0.0, None)))
                continue
            outcome = self._attempt(batch)
            if outcome is None:  # which of them it was shows when they come in smaller numbers
                half = len(batch) // 2
                batches.extendleft((batch[half:], batch[:half]))
                continue
            self._stamp = now = self.clock.steady()
            verdict = self._condition.answered(outcome, batch[0].attempts, now)
            copies: tuple[Forwarded, ...] = ()
            if isinstance(verdict, Moved):
                moved = {one.name.id for one in batch} | (moved or set())
            elif moved is not None and isinstance(verdict, Done):
                copies = self._copies(reader, batch, moved)
            crashpoint("report.begin")
            reports.append(self._report(batch, verdict, copies))
            if isinstance(outcome, Retry):
                break
            if self._time_is_up() or now - began > ROUND_SECONDS:
                break
        self._await(reports)
        crashpoint("report.committed")

    def _attempt(self, batch: Sequence[Notification]) -> Outcome | None:
        """What the sink says to `batch`; None where it broke down over one of several.

        A sink that raises has a bug; what it raised over is given up, or no start would get past.
        """
        try:
            return self._sink.deliver(batch)
        except Exception as problem:  # noqa: BLE001 - one message's fault must not stop the others
            if len(batch) > 1:
                return None
            telemetry.error(
                "sink.broke_down",
                sink=self.sink_name,
                alert=batch[0].idempotency_key,
                exc_info=problem,
            )
            return Rejected(f"the sink broke down over it: {problem!r}"[:500])

    def _copies(
        self, reader: StoreReader, batch: Sequence[Notification], moved: Collection[str]
    ) -> tuple[Forwarded, ...]:
        """What another sink hears of as well, for it was told the beginning in this one's place."""
        fallback, sink = self._terms.fallback, self.sink_name
        assert fallback is not None
        names = [(one.row, one.name) for one in batch]
        return tuple(
            Forwarded(sink, fallback, row, name.id, leaves=False)
            for row, name in names
            if name.seq > 1 and (name.id in moved or fallback in reader.told_instead(sink, name.id))
        )

    def _report(
        self,
        batch: Sequence[Notification],
        verdict: Verdict,
        copies: tuple[Forwarded, ...] = (),
    ) -> Report:
        number, now = len(batch), self.clock.steady()
        match verdict:
            case Done():
                telemetry.count("sink.delivered", number)
            case Later():
                telemetry.count("sink.postponed", number)
            case Dead(reason):
                telemetry.count("sink.rejected", number)
                self._condition.will_not_get(number, reason)
                self._said.error("sink.rejected_alert", batch, now, reason=reason)
            case Moved(to, reason):
                telemetry.count("sink.moved", number)
                self._said.warning("sink.moved_alert", batch, now, to=to, reason=reason)
                if to != self.sink_name and not self.health.failures:
                    self._condition.will_not_get(number, reason)
            case _:
                assert_never(verdict)
        report = Report(self.sink_name, batch, verdict, copies, self._condition.change())
        self._put(report)
        return report

    def _put(self, message: Message) -> None:
        while not self._stopped_hard():
            try:
                self._intake.put(message, timeout=1.0)
            except queue.Full:
                self.unstored.deliver()
                continue
            break

    def _await(self, reports: Sequence[Report]) -> None:
        """Wait until the reports are committed: only then may the outbox be read again."""
        for report in reports:
            while not report.committed.wait(1.0):
                self.unstored.deliver()  # it may be for want of room that nothing is committed
                if self._stopped_hard():
                    return

    def _tell_news(self, reader: StoreReader, now: float) -> None:
        """Have alerts made of what a person must hear about the sink."""
        if not self._condition.has_news(now):
            return
        for each in self._condition.news(now, reader.number_waiting(self.sink_name)):
            self._put(each)
        state = self._condition.change()
        if state is not None:  # with the alerts, in one transaction or the next
            self._put(Report(self.sink_name, (), Done(), (), state))

    def _stopped_hard(self) -> bool:
        return self._drain_by is not None and self.clock.steady() > self._drain_by + 1.0

    def _time_is_up(self) -> bool:
        return self._drain_by is not None and self.clock.steady() >= self._drain_by


def _batches(due: Sequence[Notification], size: int) -> Iterator[Sequence[Notification]]:
    """`due` in its order, cut into what one `deliver` takes; what is held back by itself."""
    if isinstance(due, Lot) and len(due) <= size:
        yield due
        return
    start = 0
    while start < len(due):
        end = start + 1
        if not due[start].held:
            while end < len(due) and end - start < size and not due[end].held:
                end += 1
        yield due[start:end]
        start = end
