"""Configuration -> a deliverer for each sink; and what waits for sinks that are no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b

import msgspec

from logwatch import telemetry
from logwatch.clock import Clock
from logwatch.config.model import Config, NamedSink
from logwatch.daemon.deliverer import Deliverer
from logwatch.daemon.intake import Intake
from logwatch.outbox.policy import Terms
from logwatch.sinks.base import Sink
from logwatch.store.writer import Store


def deliverers_of(
    config: Config,
    sinks: Mapping[str, Sink],
    *,
    intake: Intake,
    clock: Clock,
    random: Callable[[], float],
) -> dict[str, Deliverer]:
    """One for each sink of `config`, which were made as `sinks`."""
    return {
        each.name: Deliverer(
            each.name,
            sinks[each.name],
            folder=config.state,
            intake=intake,
            clock=clock,
            random=random,
            terms=terms_of(each),
            identity=identity_of(each),
        )
        for each in config.sinks
    }


def terms_of(sink: NamedSink) -> Terms:
    """What becomes of messages that it cannot take."""
    if sink.fallback is None:
        return Terms(max_age=sink.max_age, rate=sink.rate)
    return Terms(
        fallback=sink.fallback.to,
        after=sink.fallback.after,
        max_age=sink.max_age,
        rate=sink.rate,
    )


def identity_of(sink: NamedSink) -> str:
    """The same while its settings are; too short for anybody to guess a secret by it."""
    text = msgspec.json.encode((sink.kind, sink.settings), enc_hook=repr)
    return blake2b(text, digest_size=4).hexdigest()


def adopt_sinks(config: Config, store: Store, wall: float) -> None:
    """Say what waits for sinks that `config` does not name, and give up what did so for a week."""
    absent = store.adopt_sinks([sink.name for sink in config.sinks], wall)
    for name, number in absent.items():
        telemetry.warning(
            "sink.absent",
            sink=name,
            waiting=number,
            remedy="name it in the configuration again, or its messages become dead letters"
            " after seven days",
        )
    give_up_absent(store, wall)


def give_up_absent(store: Store, wall: float) -> None:
    """Make dead letters of what has waited for a week for sinks that are no more."""
    for name, number in store.bury_absent(wall).items():
        telemetry.warning("sink.absent_given_up", sink=name, count=number)
