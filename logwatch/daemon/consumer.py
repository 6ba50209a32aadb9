"""The one consumer: takes what is in the Queue, runs the rules, commits everything as one.

It alone owns rule state and writes the store. What a line brought about and the position after
that line become durable in the same transaction; only then do deliverers hear of it. Where nothing
can be committed (no space, an I/O error) it takes nothing more, keeps the transaction and tries
again: monitors wait at the full Queue and the log files are the buffer.

While backlogs are read, what was found in several files is taken in the order of event time.

What nobody waits for (positions without hits, counters of windows) is committed within
`LAZY_SECONDS`; that there is a new file at once, and so alerts and delivery reports, but within
`GATHER_SECONDS` while the backlog is read: a commit costs the same for many as for one.
Where many files say something at once they are taken every `CROWDED_SECONDS`.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from threading import Event

from logwatch import telemetry
from logwatch.clock import Clock, Moment
from logwatch.daemon.after_sleep import AfterSleep
from logwatch.daemon.delivering import give_up_absent
from logwatch.daemon.figures import Figures
from logwatch.daemon.intake import (
    CaughtUp,
    Departed,
    Intake,
    LastCall,
    LetGo,
    Message,
    NotWaitedFor,
    Nudge,
    Order,
    Report,
)
from logwatch.daemon.reporting import record
from logwatch.daemon.store_trouble import StoreTrouble
from logwatch.daemon.threads import Worker
from logwatch.errors import LogwatchError, StoreFullError
from logwatch.merging import NONE_HELD, Held, Merger
from logwatch.pipeline import Pipeline
from logwatch.records import Batch
from logwatch.rules.self_reports import SelfReport
from logwatch.store.writer import Store, Transaction

LAZY_SECONDS = 1.0
GATHER_SECONDS = 0.25
MANY_AWAITED = 64
BEGINNING_SECONDS = 0.02
"""While so many files are still to be read for the first time, each has little to say, and it takes
what all say within this time at once. Where few have nothing here, all others wait for these."""
MOST_GATHERED = 5_000
"""Alerts that wait for others, at most."""
MOST_MESSAGES, MOST_MATCHES = 256, 20_000
"""What one transaction should hold."""
MANY_AT_ONCE, CROWDED_SECONDS = 8, 0.01
"""After so many messages at once others are let gather for so long: where thousands of files get a
line each, to be woken for each of them costs those that read them their turn, too."""
RETRY_SECONDS = 1.0
PASSED_OVER_SECONDS = 5.0
"""After so long without news a file for which others wait, hanging on a dead mount say, is not
waited for: what it brings then comes out of order."""
HUNG_SECONDS = 30.0
"""After so long without news of any backlog the files that are still awaited hang: deadlines take
effect without them."""
PRUNE_EVERY_SECONDS = 600.0
MOST_PRUNES_AT_END = 4
KEEP_ALERT_ROWS = 100_000
KEEP_ALERT_SECONDS = 30 * 86_400.0


class Consumer(Worker):
    """The thread between the Queue and the store."""

    def __init__(
        self,
        *,
        intake: Intake,
        pipeline: Pipeline,
        store: Store,
        clock: Clock,
        awaited: set[str],
        wake_sinks: Callable[[set[str]], None],
        on_live: Callable[[], None],
        trouble: StoreTrouble | None = None,
        figures: Figures | None = None,
    ) -> None:
        """`awaited`: paths whose backlog must be read before deadlines take effect."""
        super().__init__("consumer", clock=clock, stop=Event())
        self._intake = intake
        self._pipeline = pipeline
        self._store = store
        self._awaited = awaited
        self._wake_sinks = wake_sinks
        self._on_live = on_live
        self._trouble = trouble
        self._figures = figures or Figures((), (), ())
        self.degraded = False
        """Whether it tries in vain to commit."""
        self._told_live = False
        self._committed: list[Event] = []
        self._oldest_pending: float | None = None
        self._owes = self._follows_anew = False
        self._after_sleep = AfterSleep()
        self._has_begun = self._is_crowded = False
        self._merger = Merger()
        self._held = NONE_HELD
        """The files that wait for others."""
        self._news_at = clock.steady()
        """When the last message came, in steady seconds."""
        self._next_prune = clock.steady() + PRUNE_EVERY_SECONDS

    def step(self, now: Moment) -> None:
        """Wait for messages or the next deadline, and take them."""
        self._notice_sleep(now.steady)  # it may have been busy when all was stopped
        messages = self._wait(now)
        try:
            self.take(messages, self.clock.moment())
        finally:
            self._intake.end_turn()
        self._done_with(messages)

    @property
    def idle(self) -> bool:
        """Every message that was put has taken effect, and every alert among it is committed."""
        return self._intake.unfinished_tasks == 0 and not self._owes and self._merger.empty

    @property
    def settled(self) -> bool:
        """It is idle, and no alert is held back for lines that may come."""
        return self.idle and not self._pipeline.holding

    def seconds_to_slot(self) -> float | None:
        """As `Pipeline.seconds_to_slot`, now; from any thread, while it is settled."""
        return self._pipeline.seconds_to_slot(self.clock.moment())

    def take(self, messages: Sequence[Message], now: Moment) -> None:
        """Take `messages`, let deadlines take effect, and commit what must not wait."""
        if not self._has_begun:
            self._has_begun = True
            self._merger.expect(self._awaited)
        for message in messages:
            self._take_one(message, now)
        if not self._pipeline.live:
            heard = any(isinstance(message, Batch | CaughtUp) for message in messages)
            self._take_merged(now, heard=heard)
        self._go_live_when_caught_up(now)
        if now.steady >= self._after_sleep.holds_until:
            self._pipeline.expire(now)
        self._commit_when_due(now)
        if now.steady >= self._next_prune:
            self._prune(now)

    def finish(self) -> None:
        """Take what is left in the Queue and commit everything, unless a step failed.

        Then what it was about is lost with this thread, so nothing behind it may be committed: the
        next start reads it all again.
        """
        if self.failure is not None:
            return
        while messages := self._what_is_there():
            self.take(messages, self.clock.moment())
            self._done_with(messages)
        self._commit(self._pipeline.drain(), self.clock.moment())
        for _ in range(MOST_PRUNES_AT_END):  # or a store that cron alone writes grew for ever
            if not self._prune(self.clock.moment()):
                break

    def has_work(self) -> bool:
        """See `Worker.has_work`."""
        return not self.idle

    def _wait(self, now: Moment) -> list[Message]:
        seconds = self._seconds_to_wait(now)
        try:
            first = self._intake.get(timeout=seconds)
        except queue.Empty:
            return []
        finally:
            self._notice_sleep(self.clock.steady(), seconds)
        if not self._pipeline.live:
            self._let_gather(first)
        elif self._is_crowded:
            self.stopping.wait(CROWDED_SECONDS)
        messages = [first, *self._what_is_there()]
        self._is_crowded = self._pipeline.live and len(messages) >= MANY_AT_ONCE
        return messages

    def _let_gather(self, first: Message) -> None:
        """Before the backlog is read: each wake-up costs those that read it their turn, too."""
        silent = self._merger.silent if self._has_begun else len(self._awaited)
        if min(len(self._awaited), silent) >= MANY_AWAITED:
            self.stopping.wait(BEGINNING_SECONDS)
        if isinstance(first, Batch) and not self._merger.is_held_up:
            self._intake.gather(GATHER_SECONDS)
            self._intake.begin_turn()

    def _notice_sleep(self, now: float, waited: float = 0.0) -> None:
        """What took longer than the `waited` seconds that it asked for is no silence of a log."""
        if asleep := self._after_sleep.notice(now, waited, live=self._pipeline.live):
            self._news_at = now
            telemetry.info("daemon.resumed", asleep_seconds=round(asleep))
        if now < self._after_sleep.holds_until:
            self._pipeline.woke_up()

    def _done_with(self, messages: Sequence[Message]) -> None:
        for _ in messages:
            self._intake.task_done()

    def _what_is_there(self) -> list[Message]:
        return self._intake.take(MOST_MESSAGES, MOST_MATCHES)

    def _seconds_to_wait(self, now: Moment) -> float:
        waits = [5.0]  # timers in wall time are looked at again, in case the date was set
        if self._merger.is_held_up:
            waits.append(self._news_at + PASSED_OVER_SECONDS - now.steady)
        if self._oldest_pending is not None:
            waits.append(self._oldest_pending + self._patience() - now.steady)
        deadline = self._pipeline.seconds_to_deadline(now)
        if deadline is not None:
            waits.append(max(deadline, self._after_sleep.holds_until - now.steady))
        return max(0.0, min(waits))

    def _take_one(self, message: Message, now: Moment) -> None:
        match message:
            case Batch():
                self._figures.took(message)
                self._follows_anew |= message.start == message.end and message.checkpoint.inode != 0
                if self._pipeline.live:
                    self._pipeline.take(message, now)
                else:
                    self._merger.put(message)
            case CaughtUp(path):
                self._awaited.discard(path)
                self._merger.finish(path)
            case NotWaitedFor(path):
                self._merger.finish(path)
            case LetGo(path):
                self._figures.newest.pop(path, None)
            case Departed(report, closed):
                self._pipeline.report(report, now)
                self._pipeline.close(closed)
            case Report():
                record(message, self._pipeline, self._store, now)
                self._committed.append(message.committed)
            case SelfReport():
                self._pipeline.report(message, now)
            case Order():
                self._carry_out(message, now)
            case LastCall():
                self._pipeline.hasten(now)
            case Nudge():
                pass

    def _carry_out(self, order: Order, now: Moment) -> None:
        try:
            order.outcome.append(order.carry_out(self._pipeline, self._store, now))
        except LogwatchError as problem:
            order.outcome.append(problem)
        self._committed.append(order.committed)

    def _take_merged(self, now: Moment, *, heard: bool) -> None:
        """Take what is next in event time, over all files that are still being read."""
        if heard:
            self._news_at = now.steady
        elif now.steady >= self._news_at + PASSED_OVER_SECONDS:
            for path in self._merger.laggards():
                telemetry.warning("daemon.backlog_passed_over", path=path)
                self._merger.finish(path)
            if now.steady >= self._news_at + HUNG_SECONDS and self._awaited:
                telemetry.warning("daemon.not_waited_for", paths=sorted(self._awaited))
                self._awaited.clear()
        for batch, first, end in self._merger.ready():
            self._pipeline.take(batch, now, first, end)
            if self.stopping.is_set():
                break  # what is left here was not committed: the next start reads it again
            if len(self._pipeline.pending.alerts) >= MOST_GATHERED:
                self._commit_when_due(now)
        held = self._merger.held()
        if held is self._held:
            self._intake.let_go(self._merger.emptied())
        else:
            self._hold(held)

    def _hold(self, held: Held) -> None:
        """Let these files wait, which costs by how many there are."""
        self._held = held
        self._intake.hold(held.paths, one_each=held.one_each)

    def _go_live_when_caught_up(self, now: Moment) -> None:
        if not self._pipeline.live and not self._awaited and self._merger.empty:
            self._hold(NONE_HELD)
            self._pipeline.go_live(now)
            telemetry.info("daemon.live", note="the backlog is read; deadlines take effect")
        if self._pipeline.live and not self._told_live:
            self._tell_live(now)

    def _tell_live(self, now: Moment) -> None:
        self._commit(self._pipeline.drain(), now)  # positions first: see assemble.py's `new_to_us`
        try:
            self._on_live()
        except StoreFullError as problem:  # only good to know: with the next step then
            telemetry.debug("store.not_remembered", reason=str(problem))
        else:
            self._told_live = True

    def _commit_when_due(self, now: Moment) -> None:
        pending = self._pipeline.pending
        self._owes = bool(
            pending.alerts
            or pending.states  # since when rules watch, which must not begin anew at each start
            or self._committed
            or self._follows_anew  # a start looks for no renamed file of which it knows nothing
            or any(c.closed for c in pending.checkpoints.values())
        )
        if self._oldest_pending is None:
            if not self._owes and not pending.checkpoints:
                return
            self._oldest_pending = now.steady
        if now.steady >= self._oldest_pending + self._patience():
            self._commit(self._pipeline.drain(), now)

    def _patience(self) -> float:
        """How long what is pending may wait for more, in seconds."""
        if not self._owes:
            return LAZY_SECONDS
        gathers = not self._pipeline.live and len(self._pipeline.pending.alerts) < MOST_GATHERED
        return GATHER_SECONDS if gathers and not self._follows_anew else 0.0

    def _commit(self, transaction: Transaction, now: Moment) -> None:
        if transaction:
            self._commit_until_it_holds(transaction, now)
        self._oldest_pending = None
        for event in self._committed:
            event.set()
        self._committed.clear()
        told = transaction.receivers()
        if told:
            self._wake_sinks(told)
        self._owes = self._follows_anew = False

    def _commit_until_it_holds(self, transaction: Transaction, now: Moment) -> None:
        failures = 0
        while True:
            began = self.clock.steady()
            try:
                self._store.commit(transaction, now=now.wall)
            except StoreFullError as problem:
                failures += 1
                self.degraded = True
                if failures == 1:
                    telemetry.error(
                        "store.degraded",
                        reason=str(problem),
                        remedy="make room on the disk of the state folder; reading waits meanwhile",
                    )
                self._tell_of_trouble(str(problem))
                if self.stopping.wait(RETRY_SECONDS):
                    raise  # what is not committed is read again at the next start
                self._stamp = self.clock.steady()  # it does not hang: a restart would not help
            else:
                self.degraded = False
                self._figures.committed(transaction, self.clock.steady() - began)
                if failures:
                    telemetry.info("store.recovered", attempts=failures)
                    self._tell_that_it_is_over()
                return

    def _tell_of_trouble(self, reason: str) -> None:
        if self._trouble is not None and self._trouble.goes_on(reason, self.clock.moment()):
            self._wake_sinks(self._trouble.sinks)

    def _tell_that_it_is_over(self) -> None:
        if self._trouble is not None and self._trouble.is_over(self.clock.moment()):
            self._intake.tell(Nudge())  # there is something to commit about that

    def _prune(self, now: Moment) -> bool:
        """Forget some of the history's end; whether more may be left."""
        self._next_prune = now.steady + PRUNE_EVERY_SECONDS
        try:
            gone = self._store.prune(
                keep_rows=KEEP_ALERT_ROWS, before=now.wall - KEEP_ALERT_SECONDS
            )
            give_up_absent(self._store, now.wall)
        except StoreFullError as problem:
            telemetry.warning("store.prune_failed", reason=str(problem))
            return False
        if gone:
            self._next_prune = now.steady + 1.0  # more may be left
            telemetry.info("store.pruned", alerts=gone)
        return gone > 0
