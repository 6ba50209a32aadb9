"""The configuration after loading: frozen, complete, with every default filled in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from logwatch.alerts.mute_settings import InhibitSettings, MuteSettings
from logwatch.alerts.route import RouteSettings
from logwatch.config.rule_tests import RuleTest
from logwatch.matching.engine_names import Engine
from logwatch.rules.base import RuleSettings
from logwatch.sinks.base import SinkSettings
from logwatch.tailer.settings import HeldLimits, SourceSettings
from logwatch.units import Rate

if TYPE_CHECKING:
    from logwatch.config.heartbeat import HeartbeatSettings
    from logwatch.config.http import HttpSettings
    from logwatch.config.otel import OtelSettings


class Fallback(Struct, frozen=True, kw_only=True):
    """Who is told instead of a sink that fails."""

    to: str
    """Name of another sink."""
    after: float = 60.0
    """Seconds for which the sink must have been failing before what waits for it is moved."""


class NamedSink(Struct, frozen=True, kw_only=True):
    """One entry of `sinks:`."""

    name: str
    kind: str
    """A name in `logwatch.sinks.KINDS`."""
    settings: SinkSettings
    defined_at: str = ""
    rate: Rate | None = None
    """How many messages it gets, at most; None: any number."""
    fallback: Fallback | None = None
    max_age: float | None = None
    """Seconds after which a message that it could not take is given up; None: never."""


class Config(Struct, frozen=True, kw_only=True):
    """Everything that `run` needs to know."""

    files: tuple[Path, ...]
    """The main file and what it includes, in order."""
    state: Path
    """Folder of the store."""
    engine: Engine = "auto"
    """What scans for patterns."""
    audit: float = 0.01
    """How much of what matching costs may be spent on checking a sample of it."""
    allowed_roots: tuple[str, ...] = ()
    """Folders in which all logs are; empty: it depends on who made a link where it may lead."""
    held_files: HeldLimits = HeldLimits()
    """How much may be kept of deleted files that are not read to their end."""
    redact: tuple[str, ...] = ()
    """Patterns of secrets in lines; empty: nothing is hidden."""
    sources: tuple[SourceSettings, ...] = ()
    rules: tuple[RuleSettings, ...] = ()
    sinks: tuple[NamedSink, ...] = ()
    routes: tuple[RouteSettings, ...] = ()
    """Empty: every alert goes to every sink."""
    mutes: tuple[MuteSettings, ...] = ()
    inhibit: tuple[InhibitSettings, ...] = ()
    heartbeat: HeartbeatSettings | None = None
    http: HttpSettings | None = None
    otel: OtelSettings | None = None
    tests: tuple[RuleTest, ...] = ()
