"""The rules of a configuration over the lines that are shown: which take them, and their alerts.

Readings, rules and dispatch are the daemon's own; nothing is sent and nothing is stored. A rule
begins with no memory, and time passes by the clock. What was in a file before it was followed is
marked, but makes no alert. Where a source puts lines together to records, those that came at once
are; a record that is written in two goes may be taken for two.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import UNSET
from msgspec.structs import replace

from logwatch.cli.tail_page import Taken
from logwatch.cli.tail_request import note
from logwatch.clock import Moment
from logwatch.config.loader import load
from logwatch.config.model import Config
from logwatch.config.search import find_config
from logwatch.daemon import signals
from logwatch.daemon.dispatching import dispatch_of
from logwatch.daemon.readings import Readings
from logwatch.errors import ConfigError
from logwatch.matching.prefilter import Unwatched
from logwatch.matching.redaction import Redactor
from logwatch.pipeline import Pipeline
from logwatch.records import Alert, Block, no_file
from logwatch.rules import make_rule
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.globs import is_glob
from logwatch.tailer.settings import SourceSettings

_SCREEN = "\0screen"
"""The sink of whoever looks."""


class Rules:
    """One configuration. Raises EngineError."""

    def __init__(self, config: Config, now: Moment) -> None:
        self._folder = TemporaryDirectory(prefix="logwatch-tail-")
        self._config = replace(config, state=Path(self._folder.name), audit=0.0)
        self._readings = Readings(self._config, config.engine, Unwatched())
        self.redactor = Redactor(config.redact) if config.redact else None
        """Hides what nobody is to be shown, where the configuration says so."""
        host = socket.gethostname()
        self._names = self._readings_names()
        self._pipeline = Pipeline(
            [make_rule(rule, host=host) for rule in config.rules],
            dispatch_of(self._config, host=host, sinks=[_SCREEN]),
            host=host,
            late={source.name: source.late for source in config.sources},
        )
        self._pipeline.begin(now)
        self._pipeline.go_live(now)
        self._known: dict[str, tuple[str, ...]] = dict(Discovery(config.sources).scan().files)

    def _readings_names(self) -> Sequence[str]:
        from logwatch.rules.base import parts_of  # noqa: PLC0415 - beside its use

        rules = self._config.rules
        return [rules[part.rule].name for part in parts_of(rules)]

    def sources_of(self, path: str) -> tuple[str, ...]:
        """The sources that take the file at `path`, in the order of the configuration."""
        if path not in self._known:
            self._known[path] = tuple(
                source.name
                for source in self._config.sources
                if any(_takes(pattern, path) for pattern in source.paths)
            )
        return self._known[path]

    def of(self, block: Block, now: Moment) -> dict[int, Taken]:
        """For lines of a block, by their offset in the file, what rules make of them."""
        sources = self.sources_of(block.path)
        if not sources:
            return {}
        reading = self._readings.of(sources)
        if reading.framer is not None:
            framed = reading.framer.frame(block.data, final=True)
            block = replace(block, joined=framed.joined, cut=framed.cut)
        batch = reading.batch(block, now.wall)
        if not block.backlog:
            self._pipeline.take(batch, now)
        found: dict[int, tuple[dict[str, None], dict[str, None]]] = {}
        for match in batch.matches:
            names, captured = found.setdefault(batch.records[match.record].offset, ({}, {}))
            names[self._names[match.rule]] = None
            captured.update(dict.fromkeys(match.captures.values()))
        return {
            offset: Taken(tuple(names), tuple(captured))
            for offset, (names, captured) in found.items()
        }

    def alerts(self, now: Moment) -> list[Alert]:
        """What came about since the last call, with what was due meanwhile."""
        self._pipeline.expire(now)
        told = [one.alert for one in self._pipeline.drain().alerts]
        return [
            each
            for each in told
            if each.group is UNSET and (each.muted_by is UNSET or each.muted_by == "shadow")
        ]

    def seconds_to_deadline(self, now: Moment) -> float | None:
        """Until `alerts` may have something though no line came."""
        return self._pipeline.seconds_to_deadline(now)

    def close(self) -> None:
        """Put away what was compiled."""
        self._folder.cleanup()


def find_rules(named: str | None, paths: Iterable[str], now: Moment) -> Rules | None:
    """The rules of the configuration that is named or found, if it has a source for any path.

    Raises ConfigError for one that is named and cannot be used.
    """
    config = find(named)
    if config is None:
        return None
    signals.end_in_order()  # what is compiled is put away
    rules = Rules(config, now)
    if any(rules.sources_of(path) for path in paths):
        return rules
    rules.close()
    if named is not None:
        note(f"none of these files is in a source of {named}: its rules are not asked")
    return None


def find(named: str | None) -> Config | None:
    """The configuration; None where nobody named one and there is none that can be used."""
    try:
        where = find_config(named, working_folder=True)
    except ConfigError:
        if named is not None:
            raise
        return None
    try:
        return load(where, sends=False)
    except ConfigError as problem:
        if named is not None:
            raise
        note(f"{where} is not used: {str(problem).splitlines()[0]}")
        return None


def past_block(path: str, data: bytes) -> Block:
    """Whole lines that were in a file before anybody looked, wherever they stood in it."""
    end = len(data)
    nowhere = no_file(path, path, end)
    return Block(path=path, data=data, start=0, end=end, checkpoint=nowhere, backlog=True)


def only_these(config: Config, paths: Iterable[str]) -> tuple[SourceSettings, ...]:
    """The sources of `config`, each with those of the files that it takes and no others."""
    files = list(paths)
    return tuple(
        replace(source, paths=mine)
        for source in config.sources
        if (mine := tuple(p for p in files if any(_takes(each, p) for each in source.paths)))
    )


def _takes(pattern: str, path: str) -> bool:
    return fnmatchcase(path, pattern) if is_glob(pattern) else path == pattern
