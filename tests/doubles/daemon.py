"""A pipeline, a store and a queue joined as the daemon joins them, without its threads."""

from __future__ import annotations

from pathlib import Path

from doubles.rules import checkpoint
from logwatch.alerts.route import Router
from logwatch.clock import ManualClock
from logwatch.daemon.consumer import Consumer
from logwatch.daemon.intake import Intake
from logwatch.dispatch import Dispatch
from logwatch.pipeline import Pipeline
from logwatch.records import Batch, Match, Record
from logwatch.rules import fingerprints, make_rule
from logwatch.rules.base import PlainMatch, RuleSettings
from logwatch.store.reader import StoreReader
from logwatch.store.writer import Store

EVERY = RuleSettings(name="err", kind=PlainMatch(), match=("boom",), cooldown=0.0)


class Bench:
    """A consumer that tests feed by hand."""

    def __init__(
        self, folder: Path, *rules: RuleSettings, sinks=("chat",), awaited=(), routes=(), mutes=()
    ) -> None:
        self.folder = folder
        self.rules = rules or (EVERY,)
        self.clock = ManualClock()
        self.intake = Intake()
        self.store = Store(folder, durability="off")  # nobody cuts the power of a test
        router = Router(routes, sinks=sinks, to_by_rule={})
        self.working = [make_rule(one, host="web1") for one in self.rules]
        self.pipeline = Pipeline(
            self.working, Dispatch(router, host="web1", mutes=mutes), host="web1"
        )
        self.pipeline.restore(self.store.adopt_rules(fingerprints(self.rules)))
        self.pipeline.resume(self.store.burning(), self.clock.moment())
        self.pipeline.begin(self.clock.moment())
        self.woken: list[str] = []
        self.lived = 0
        self.consumer = Consumer(
            intake=self.intake,
            pipeline=self.pipeline,
            store=self.store,
            clock=self.clock,
            awaited=set(awaited),
            wake_sinks=lambda names: self.woken.extend(sorted(names)),
            on_live=self._went_live,
        )

    def _went_live(self) -> None:
        self.lived += 1

    def take(self, *messages) -> None:
        """Let the consumer take these, now."""
        self.consumer.take(messages, self.clock.moment())

    def due(self, sink: str = "chat") -> list[str]:
        """id:seq of what the store has for a sink."""
        reader = StoreReader(self.folder)
        rows = reader.due(sink, now=self.clock.steady(), limit=10_000)
        reader.close()
        return [row.idempotency_key for row in rows]


def batch(*texts: str, offset: int = 0, rule: int = 0, time: float | None = None, **changes):
    """A batch in which `rule` took every line of `texts`."""
    records, at = [], offset
    for text in texts:
        records.append(Record(at, text, ManualClock().wall() if time is None else time))
        at += len(text) + 1
    values = {
        "source": "app",
        "checkpoint": checkpoint(at),
        "start": offset,
        "end": at,
        "arrival": ManualClock().wall(),
        "last_time": records[-1].time if records else 0.0,
        "records": records,
        "matches": [Match(rule, number) for number in range(len(records))],
    }
    return Batch(**values | changes)
