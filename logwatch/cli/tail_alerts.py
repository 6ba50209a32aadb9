"""`--to URL`: a daemon with a throw-away store beside the display.

Its alerts take the same way as those of `logwatch run`: retries with back-off, one message after
the other, supervised threads. What fails is said on stderr. After kill -9 nobody remembers what was
still to be sent; after Ctrl-C it is said.
"""

from __future__ import annotations

import argparse
import os
import sys
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
GRACE_SECONDS = 5.0
"""How long the end waits for what is being sent."""


class Told:
    """What was told so far."""

    def __init__(self, state: Path) -> None:
        self._state = state

    @property
    def alerts(self) -> int:
        """How many alerts there were."""
        reader = StoreReader(self._state)
        try:
            return len(reader.alerts(limit=100_000))
        finally:
            reader.close()

    def waiting(self) -> int:
        """How many messages were not delivered."""
        reader = StoreReader(self._state)
        try:
            return sum(each.waiting + each.dead for each in reader.waiting())
        finally:
            reader.close()


@contextmanager
def telling(options: argparse.Namespace, request: Request, wanted: Wanted | None) -> Iterator[Told]:
    """Run the daemon for as long as the block lasts. Raises UsageError."""
    if "-" in request.files:
        raise UsageError("--to follows files; write standard input to one with tee, and follow it")
    telemetry.telemetry.configure("warning")
    with tempfile.TemporaryDirectory(prefix="logwatch-tail-") as folder:
        config = _config(options, request, wanted, Path(folder))
        quick = Options(durability="off", grace=GRACE_SECONDS)
        daemon = assemble(config, SystemClock(), quick, Notifier({}))
        daemon.start()
        told = Told(config.state)
        try:
            yield told
        finally:
            daemon.stop(Ending.STOPPED)
            if waiting := told.waiting():
                messages = "message was" if waiting == 1 else "messages were"
                note(f"{waiting} {messages} not delivered to {_shown(options.to)}, and is gone now")
            sys.stderr.flush()


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


def _shown(url: str) -> str:
    """The URL without what may be secret."""
    scheme, colon, rest = url.partition("://")
    return f"{scheme}{colon}{rest.partition('/')[0].rpartition('@')[2]}/…" if colon else scheme
