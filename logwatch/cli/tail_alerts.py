"""`--to URL`: a daemon with a throw-away store beside the display.

Its alerts take the same way as those of `logwatch run`: retries with back-off, one message after
the other, supervised threads. What fails is said on stderr. After kill -9 nobody remembers what was
still to be sent; after Ctrl-C it is said.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from logwatch import telemetry
from logwatch.cli.tail_filters import Wanted
from logwatch.cli.tail_folding import Folding
from logwatch.cli.tail_globs import Globs
from logwatch.cli.tail_leaves import first_lines
from logwatch.cli.tail_request import Request, note
from logwatch.clock import SystemClock
from logwatch.config.model import Config, NamedSink
from logwatch.daemon import signals
from logwatch.daemon.assemble import Options, assemble
from logwatch.daemon.supervisor import Ending
from logwatch.daemon.systemd import Notifier
from logwatch.errors import UsageError
from logwatch.rules.base import PlainMatch, RuleSettings
from logwatch.sinks import KINDS, sink_from_url
from logwatch.store.reader import StoreReader
from logwatch.tailer.settings import SourceSettings
from logwatch.units import parse_duration

SINK = "to"
RULE = "tail"
_WITH_HOST = ("http", "https", "ntfy")
"""Schemes behind which a host stands; behind others it may be a token."""
MOST_COUNTED = 1_000_000
LOOK_SECONDS = 2.0
GRACE_SECONDS = 5.0
"""How long the end waits for what is being sent."""


class Told:
    """What was told so far, and what is in the way of the rest. For one thread."""

    def __init__(self, state: Path, where: str) -> None:
        """`where`: the receiver, as it may be shown."""
        self._state = state
        self._where = where
        self._clock = SystemClock()
        self._next_at = 0.0
        self._trouble = ""
        self._has_told = False
        self.alerts = 0
        """How many alerts there were at the last look."""
        self.waiting = 0
        """Messages that were not delivered by then."""

    def look(self) -> str | None:
        """Look into the store; why the receiver does not take what waits for it, if so."""
        reader = StoreReader(self._state)
        try:
            self.alerts = len(reader.alerts(limit=MOST_COUNTED))
            lanes = [each for each in reader.waiting() if each.sink == SINK]
        finally:
            reader.close()
        self.waiting = sum(each.waiting + each.dead for each in lanes)
        return next((each.reason for each in lanes if each.reason), None)

    def news(self) -> None:
        """Say on stderr that the receiver was told, when it fails, when it is well again.

        Each is said once, not for every message. Looks now and then.
        """
        now = self._clock.steady()
        if now < self._next_at:
            return
        self._next_at = now + LOOK_SECONDS
        trouble = self.look() or ""
        if trouble and not self._trouble:
            note(f"{self._where} was not told: {trouble}; tried again, later each time")
        elif self.alerts and not self.waiting and (self._trouble or not self._has_told):
            note(f"{self._where} was told{' now' if self._trouble else ''}")
            self._has_told = True
        self._trouble = trouble


@contextmanager
def telling(options: argparse.Namespace, request: Request, wanted: Wanted | None) -> Iterator[Told]:
    """Run the daemon for as long as the block lasts. Raises UsageError."""
    if "-" in request.files:
        raise UsageError("--to follows files; write standard input to one with tee, and follow it")
    telemetry.telemetry.configure("error")  # what a person needs to know is said by `news`
    with tempfile.TemporaryDirectory(prefix="logwatch-tail-") as folder:
        config = _config(options, request, wanted, Path(folder))
        quick = Options(durability="off", grace=GRACE_SECONDS)
        daemon = assemble(config, SystemClock(), quick, Notifier({}))
        signals.end_in_order()
        daemon.start()
        told = Told(config.state, shown(options.to))
        try:
            yield told
        finally:
            daemon.stop(Ending.STOPPED)
            told.look()
            if told.waiting:
                are, them = ("message is", "it") if told.waiting == 1 else ("messages are", "them")
                note(f"{told.waiting} {are} lost: {shown(options.to)} did not take {them}")


def _config(
    options: argparse.Namespace, request: Request, wanted: Wanted | None, folder: Path
) -> Config:
    sink = _sink(options.to)
    if wanted is not None:
        return Config(
            files=(),
            state=folder,
            sources=_sources(request),
            rules=(_rule(wanted, options.cooldown),),
            sinks=(sink,),
        )
    from logwatch.cli.tail_rules import find, only_these  # noqa: PLC0415 - for this case only

    config = find(options.config)
    if config is None:
        raise UsageError("--to needs --match RE: which lines shall be told?")
    paths = [os.path.abspath(name) for name in Globs(request.files).names()]  # noqa: PTH100 - strings
    return replace(
        config,
        state=folder,
        sources=only_these(config, paths),
        rules=tuple(replace(each, to=()) for each in config.rules),
        sinks=(sink,),
        routes=(),
        heartbeat=None,
        http=None,
        otel=None,
    )


def _rule(wanted: Wanted, cooldown: str) -> RuleSettings:
    try:
        seconds = parse_duration(cooldown)
    except ValueError as problem:
        raise UsageError(f"--cooldown: {problem}") from None
    return RuleSettings(
        name=RULE,
        match=wanted.match,
        unless=wanted.unless,
        where=wanted.where,
        cooldown=seconds,
        kind=PlainMatch(),
    )


def _sources(request: Request) -> tuple[SourceSettings, ...]:
    """One source for each word of the command line, in the format that its file has."""
    now = SystemClock().wall()
    sources: list[SourceSettings] = []
    for number, word in enumerate(request.files, 1):
        path = os.path.abspath(word)  # noqa: PTH100 - paths here are plain strings
        folding = Folding(full=True)
        folding.learn(first_lines(next(iter(Globs((word,), quiet=True).names()), path)), now)
        sources.append(
            SourceSettings(
                name=f"file-{number}",
                paths=(path,),
                start="end",
                format=folding.form.format,
                time=folding.form.time_field,
                time_format=folding.form.time_formats,
            )
        )
    return tuple(sources)


def _sink(url: str) -> NamedSink:
    try:
        name, settings = sink_from_url(url)
    except ValueError as problem:
        raise UsageError(str(problem)) from None
    kind = KINDS[name]
    if kind.examine is not None and (wrong := list(kind.examine(settings))):
        raise UsageError(f"--to: {'; '.join(wrong)}")
    return NamedSink(name=SINK, kind=name, settings=settings, rate=kind.rate)


def shown(url: str) -> str:
    """The URL of a receiver without what may be secret: its host only where that is surely one."""
    scheme, colon, rest = url.partition("://")
    if not colon:
        return url.partition(" ")[0]
    host = rest.partition("/")[0].rpartition("@")[2]
    return f"{scheme}://{host}/…" if scheme in _WITH_HOST else f"{scheme}://…"
