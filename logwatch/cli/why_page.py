"""How the answers of `logwatch why` are set: a column of words, and texts wrapped beside it.

Whatever comes from a log or a configuration is made harmless here, and only here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from logwatch.cli.looker import Absence, LaterVersionError, Looker
from logwatch.cli.marking import DIM, Screen
from logwatch.clock import Clock
from logwatch.daemon.control_wire import ControlDeniedError, ControlRefusedError
from logwatch.daemon.health import Status
from logwatch.errors import StoreDeniedError
from logwatch.sinks.plain_text import shorten, visible

LABEL_COLUMNS = 10
LEAST_TEXT_COLUMNS = 30
MOST_LINES = 6
"""Screen lines of one text; it is all there in `-o json`."""
LONGEST_TEXT = 2_000


def labelled(screen: Screen, label: str, texts: Iterable[str]) -> Iterator[str]:
    """Each text beside a column of `label`, which is written once."""
    for text in texts:
        yield from wrapped(screen, f"{label:<{LABEL_COLUMNS}}", text)
        label = ""


def wrapped(screen: Screen, head: str, text: str) -> Iterator[str]:
    """`head`, and beside it as many lines as `text` takes; `head` must be harmless."""
    room = max(screen.columns - len(head) - 1, LEAST_TEXT_COLUMNS)
    lines = wrap(visible(shorten(text, LONGEST_TEXT)), room, break_on_hyphens=False) or [""]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{screen.marks.cut} (-o json has all of it)"]
    yield f"{screen.paint(DIM, head)}{lines[0]}"
    for line in lines[1:]:
        yield f"{' ' * len(head)}{line}"


def pairs(values: dict[str, str]) -> str:
    """`ip=203.0.113.9  user=root`."""
    return "  ".join(f"{name}={text}" for name, text in values.items())


def daemon_of(config: str | None, clock: Clock) -> Status | Absence | str:
    """How the daemon is, what is known where none answers, or why nobody may ask it."""
    try:
        return Looker(config, clock).look()[0]
    except (
        ControlDeniedError,
        ControlRefusedError,
        LaterVersionError,
        StoreDeniedError,
    ) as problem:
        return str(problem)
