"""`logwatch status`: whether it is alive, what is wrong, and how far it is.

Looks once, or again and again; what it says is for a person or, as JSON, for a program.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from threading import Event

from logwatch.cli.columns import is_known, size_of
from logwatch.cli.json_lines import harmless
from logwatch.cli.looker import Absence, Answer, Looker
from logwatch.cli.status_screen import Screen, Style
from logwatch.cli.terminal import full_screen
from logwatch.clock import SystemClock
from logwatch.daemon.health import Status
from logwatch.errors import Exit
from logwatch.sinks.colors import wants_color

EVERY_SECONDS = 2.0
UNBOUNDED = 1_000_000
"""Columns and lines where a program reads on: it must find every file, and every path whole."""
PROMPT_LINES = 2
"""What the shell writes below, so that the first line stays in sight."""


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    look = Looker(options.config, SystemClock()).look
    if options.output == "json":
        return _as_json(look, watch=options.watch)
    style = Style.of(sys.stdout, color=wants_color("auto", sys.stdout, os.environ))
    screen = Screen(style, every_file=options.all)
    if not options.watch:
        known, _ = look()
        print("\n".join(screen.lines(known, SystemClock().wall(), *_room())))
        return verdict(known)
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if on_terminal and not options.plain and has_textual():
        return _application(options.config)
    with full_screen(sys.stdin, sys.stdout) as terminal:

        def draw(known: Status | Absence) -> None:
            terminal.draw(screen.lines(known, SystemClock().wall(), *terminal.size()))

        watch(look, draw, terminal.wait)
    return Exit.DONE


def _room() -> tuple[int, int]:
    """Columns and lines for one look."""
    columns, lines = size_of(sys.stdout)
    return (
        columns if is_known(sys.stdout) else UNBOUNDED,
        lines - PROMPT_LINES if sys.stdout.isatty() else UNBOUNDED,
    )


def has_textual() -> bool:
    """Whether the extra `tui` is installed; to ask loads nothing."""
    return find_spec("textual") is not None


def _application(config: str | None) -> Exit:
    from logwatch.cli.status_app import StatusApp  # noqa: PLC0415 - the extra `tui`
    from logwatch.cli.status_feed import Feed  # noqa: PLC0415

    clock = SystemClock()
    StatusApp(Feed(config, clock), clock).run()
    return Exit.DONE


def verdict(known: Status | Absence) -> Exit:
    """What the command ends with."""
    if isinstance(known, Absence):
        return Exit.UNREACHABLE
    return Exit.DONE if known.well else Exit.NO


def watch(
    look: Callable[[], Answer],
    draw: Callable[[Status | Absence], None],
    wait: Callable[[float], bool],
) -> None:
    """Look and draw until `wait`, which takes seconds, says that it is enough."""
    while True:
        draw(look()[0])
        if wait(EVERY_SECONDS):
            return


def _as_json(look: Callable[[], Answer], *, watch: bool) -> Exit:
    pause = Event()
    while True:
        known, text = look()
        sys.stdout.buffer.write(harmless(text) + b"\n")
        sys.stdout.buffer.flush()
        if not watch:
            return verdict(known)
        pause.wait(EVERY_SECONDS)
