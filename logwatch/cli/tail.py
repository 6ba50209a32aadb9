"""`logwatch tail`: follow files in the terminal, and be told.

On a pipe the output is the lines as they are, byte for byte. On a terminal each line has the short
name of its file, and whatever could command the terminal is shown as a picture instead. With
`--to` a daemon with a throw-away store runs beside it: its alerts take the same way as those of
`logwatch run`, though after kill -9 nobody remembers what was still to be sent.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from logwatch import telemetry
from logwatch.clock import SystemClock
from logwatch.config.model import Config, NamedSink
from logwatch.daemon.assemble import Options, assemble
from logwatch.daemon.supervisor import Ending
from logwatch.daemon.systemd import Notifier
from logwatch.daemon.waker import make_waker
from logwatch.errors import Exit, UsageError
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.pattern import PatternError, compile_pattern
from logwatch.records import Block, Checkpoint
from logwatch.rules.base import PlainMatch, RuleSettings
from logwatch.sinks import KINDS, sink_from_url
from logwatch.sinks.plain_text import visible
from logwatch.tailer.claims import Claims
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.latest import at_last_lines
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.tail import Tail
from logwatch.units import parse_duration

LOOK_SECONDS = 1.0
RESCAN_SECONDS = 5.0
_COLORS = ("36", "33", "35", "32", "34", "96", "93", "95", "92", "94")


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    telemetry.telemetry.configure("warning")
    source = _source(options)
    matcher = _matcher(options, source)
    with _alerting(options, source):
        follower = Follower(source, matcher, _printer(options), last_lines=options.n)
        try:
            if options.no_follow:
                follower.read_all(finish=True)
            else:
                follower.run()
        finally:
            follower.close()
    return Exit.DONE


class Printer:
    """Writes lines: as they are, or labelled and harmless."""

    def __init__(self, *, raw: bool, color: bool) -> None:
        self._raw = raw
        self._color = color
        self._labels: dict[str, str] = {}

    def name(self, paths: Sequence[str]) -> None:
        """Choose the shortest names that tell these files apart; one file needs none."""
        names = _short_names(paths) if len(paths) > 1 else {}
        width = max(map(len, names.values()), default=0)
        for number, (path, name) in enumerate(sorted(names.items())):
            label = visible(name).ljust(width) + "  "
            if self._color:
                label = f"\x1b[{_COLORS[number % len(_COLORS)]}m{label}\x1b[0m"
            self._labels[path] = label

    def write(self, path: str, lines: bytes) -> None:
        """Print whole lines of the file at `path`, and let them be seen at once."""
        out = sys.stdout.buffer
        if self._raw:
            out.write(lines if lines.endswith(b"\n") else lines + b"\n")
        else:
            label = self._labels.get(path, "")
            for line in lines.removesuffix(b"\n").split(b"\n"):
                text = visible(line.decode(errors="backslashreplace").removesuffix("\r"))
                out.write(f"{label}{text}\n".encode(errors="replace"))
        out.flush()


class Follower:
    """Reads the files of one source, one after the other, in the calling thread."""

    def __init__(
        self, source: SourceSettings, matcher: Matcher | None, printer: Printer, *, last_lines: int
    ) -> None:
        self._discovery = Discovery([source])
        self._matcher = matcher
        self._printer = printer
        self._claims = Claims()
        self._clock = SystemClock()
        self._dirty = Event()
        self._waker = make_waker("auto")
        self._tails: dict[str, Tail] = {}
        self._find(last_lines)
        for path, tail in self._tails.items():
            if tail.state().status != "following" and not Path(path).is_file():
                _note(f"{path}: waiting, there is no such file")

    def run(self) -> None:
        """Print what comes, until interrupted."""
        self._waker.start()
        rescan_at = self._clock.steady() + RESCAN_SECONDS
        while True:
            self._dirty.clear()
            self.read_all()
            self._dirty.wait(LOOK_SECONDS)
            now = self._clock.moment()
            self._waker.check(now)
            if now.steady >= rescan_at:
                rescan_at = now.steady + RESCAN_SECONDS
                self._find(None)

    def read_all(self, *, finish: bool = False) -> None:
        """Print everything that is there now; with `finish`, last lines without newline too."""
        for path, tail in list(self._tails.items()):
            while (block := tail.read(self._clock.moment(), finish=finish)) is not None:
                self._print(path, block)
            status = tail.state()
            if finish and status.status in ("denied", "error"):
                _note(f"{path}: {status.detail}")

    def close(self) -> None:
        """Let the files go."""
        self._waker.stop(1.0)
        for tail in self._tails.values():
            tail.close()

    def _find(self, last_lines: int | None) -> None:
        before = len(self._tails)
        for path in self._discovery.scan().files:
            if path not in self._tails:
                known = _last_lines(path, last_lines)
                self._tails[path] = Tail(path, start="beginning", known=known, claims=self._claims)
                self._waker.watch(path, self._dirty.set)
        if len(self._tails) != before:
            self._printer.name(list(self._tails))

    def _print(self, path: str, block: Block) -> None:
        if self._matcher is None:
            lines = block.data
        else:
            lines = b"".join(
                block.data[hit.start : hit.end] + b"\n" for hit in self._matcher.match(block.data)
            )
        if lines:
            self._printer.write(path, lines)


def _source(options: argparse.Namespace) -> SourceSettings:
    paths = tuple(str(Path(name).absolute()) for name in options.files)
    return SourceSettings(name="terminal", paths=paths, start="end")


def _matcher(options: argparse.Namespace, source: SourceSettings) -> Matcher | None:
    for pattern in (*options.match, *options.exclude):
        try:
            compile_pattern(pattern)
        except PatternError as problem:
            raise UsageError(f"bad pattern {pattern!r}: {problem.message}") from None
    if not options.match and not options.exclude:
        return None
    patterns = RulePatterns(match=tuple(options.match), unless=tuple(options.exclude))
    return Matcher([patterns], encoding=source.encoding)


def _printer(options: argparse.Namespace) -> Printer:
    terminal = sys.stdout.isatty()
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return Printer(raw=options.raw or not terminal, color=terminal and not plain)


@contextmanager
def _alerting(options: argparse.Namespace, source: SourceSettings) -> Iterator[None]:
    """Run a daemon beside the display, where `--to` asks for one."""
    if options.to is None:
        yield
        return
    if not options.match:
        raise UsageError("--to needs --match RE: which lines shall be told?")
    with tempfile.TemporaryDirectory(prefix="logwatch-tail-") as folder:
        config = _config(options, source, Path(folder))
        daemon = assemble(config, SystemClock(), Options(durability="off"), Notifier({}))
        daemon.start()
        try:
            yield
        finally:
            daemon.stop(Ending.STOPPED)


def _config(options: argparse.Namespace, source: SourceSettings, folder: Path) -> Config:
    try:
        name, settings = sink_from_url(options.to)
        cooldown = parse_duration(options.cooldown)
    except ValueError as problem:
        raise UsageError(str(problem)) from None
    kind = KINDS[name]
    if kind.examine is not None and (wrong := list(kind.examine(settings))):
        raise UsageError(f"--to: {'; '.join(wrong)}")
    rule = RuleSettings(
        name="tail",
        match=tuple(options.match),
        unless=tuple(options.exclude),
        cooldown=cooldown,
        kind=PlainMatch(),
    )
    return Config(
        files=(),
        state=folder,
        sources=(source,),
        rules=(rule,),
        sinks=(NamedSink(name="to", kind=name, settings=settings, rate=kind.rate),),
    )


def _last_lines(path: str, number: int | None) -> list[Checkpoint]:
    """The position before the last lines; none where the file is new or cannot be read now."""
    if number is None:
        return []
    try:
        return [at_last_lines(path, number)]
    except OSError:
        return []


def _short_names(paths: Sequence[str]) -> dict[str, str]:
    """For each path its last parts, as few as tell all of them apart."""
    for depth in range(1, 32):
        names = {path: "/".join(path.split("/")[-depth:]) for path in paths}
        if len(set(names.values())) == len(paths):
            return names
    return {path: path for path in paths}


def _note(text: str) -> None:
    print(f"logwatch tail: {visible(text)}", file=sys.stderr)
