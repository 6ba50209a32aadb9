"""What a rule remembers, read from the store by the rule itself, and as of when that is.

The rule is made anew and given its stored state back; nothing is written. The store is at most a
second behind a daemon that runs. State that was stored for another form of the rule (kind, key,
window) is not shown: it would mean something else.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from logwatch.cli.figures import epoch
from logwatch.cli.looker import Absence
from logwatch.clock import Clock
from logwatch.config.model import Config
from logwatch.daemon.health import Status
from logwatch.records import StateChange
from logwatch.rules import fingerprint, make_rule, timeline
from logwatch.rules.base import Now, Rule, RuleSettings
from logwatch.rules.explaining import Explaining
from logwatch.rules.quiet_sources import NAME as QUIET
from logwatch.rules.quiet_sources import QuietSources
from logwatch.store.life import LifeReader


class Memory(NamedTuple):
    """A rule with what it remembers."""

    rule: Explaining
    note: str
    """Why that is nothing, or not all."""


def settings_of(name: str, config: Config) -> RuleSettings | None:
    """The rule of this name, one that is built in among them; None where there is none."""
    if name == QUIET:
        return _quiet(config).settings
    return next((rule for rule in config.rules if rule.name == name), None)


def _quiet(config: Config) -> QuietSources:
    limits = {each.name: each.quiet_after for each in config.sources if each.quiet_after}
    return QuietSources(limits, host="")


def time_of(
    daemon: Status | Absence | str,
    reader: LifeReader | None,
    settings: RuleSettings,
    clock: Clock,
) -> tuple[Now, float | None]:
    """As of when the state is told; None where nothing is stored."""
    moment = clock.moment()
    if reader is None:
        return Now(moment.wall, moment.steady, moment.wall), None
    if isinstance(daemon, Absence):
        at = epoch(daemon.last_seen) if daemon.last_seen is not None else moment.wall
        return Now(at, at, moment.wall), at
    if isinstance(daemon, Status) and daemon.phase in ("starting", "backlog"):
        at = _read_up_to(reader, settings) or moment.wall
        return Now(at, at, moment.wall), at
    return Now(moment.wall, moment.steady, moment.wall), moment.wall


def _read_up_to(reader: LifeReader, settings: RuleSettings) -> float | None:
    """The latest event time of the rule's sources, in a backlog."""
    names = settings.looks_at()
    times = [
        msgspec.msgpack.decode(each.body or b"", type=tuple[float, float])[0]
        for each in reader.memory(timeline.NAME)
        if names is None or each.key in names
    ]
    return max(times, default=None)


def memory_of(settings: RuleSettings, reader: LifeReader | None, config: Config) -> Memory:
    """The rule with what is stored of it."""
    made: Rule = _quiet(config) if settings.name == QUIET else make_rule(settings, host="")
    assert isinstance(made, Explaining)
    if reader is None:
        return Memory(made, "there is no store: no daemon has run yet")
    stored = reader.remembered_rules().get(settings.name)
    if stored is None:
        return Memory(made, "no daemon has run with this rule yet")
    if stored != fingerprint(settings):
        note = (
            "kind, key or window are others than when the daemon read the configuration: with the"
            " next start or reload it begins anew, and what is stored means something else"
        )
        return Memory(made, note)
    changes = reader.memory(settings.name)
    unreadable = sum(not _restore(made, each) for each in changes)
    note = f"{unreadable:,} stored states cannot be read" if unreadable else ""
    return Memory(made, note)


def _restore(rule: Rule, change: StateChange) -> bool:
    try:
        rule.restore(change)
    except (ValueError, msgspec.DecodeError):
        return False
    return True
