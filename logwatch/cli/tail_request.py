"""What a command line of `logwatch tail` asks for in the terms of GNU tail, and what it refuses.

What GNU tail refuses ends with 1 and its words, for scripts know both.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import Literal, NamedTuple, NoReturn

_LARGEST = (1 << 64) - 1
_NUMBER = re.compile(r"([-+]?)(\d+)([bkKmMGTPEZY]?)(B|iB)?")
_POWERS = {letter: 1 + power for power, letter in enumerate("KMGTPEZY")} | {"k": 1, "m": 2}
_MOST_PID = (1 << 31) - 1
USUAL_LINES = 10


class Request(NamedTuple):
    """What is read, and how."""

    files: tuple[str, ...]
    unit: Literal["lines", "bytes"]
    amount: int
    from_start: bool
    """Whether `amount` is how many lines or bytes are left out from the beginning."""
    follow: Literal["name", "descriptor"] | None
    retry: bool
    headers: bool
    end: bytes
    """What ends a line."""
    interval: float
    """Seconds between two looks, where no event comes."""
    pid: int | None
    events: bool
    amount_given: bool
    """Whether the command line says how much of what is there is shown."""


def request_of(options: argparse.Namespace) -> Request:
    """The request; warnings go to stderr. Exits with 1 where GNU tail does."""
    files = tuple(options.files) or ("-",)
    follow, retry = _following(options, files)
    if "-" in files and follow == "name":
        if options.by_name or options.follow:
            refuse("cannot follow '-' by name")
        if set(files) == {"-"}:
            follow = "descriptor"
    if not options.files and not options.follow and sys.stdin is not None and sys.stdin.isatty():
        note("reading what is typed here; name a file to follow it, control-C ends")
    unit, count, from_start = _amount(options.amount)
    if options.amount is None and follow is not None and set(files) == {"-"} and not options.follow:
        count, from_start = 0, True  # a pipe is shown as it comes, not when it has ended
    if options.max_unchanged_stats is not None:
        _whole(options.max_unchanged_stats, "invalid maximum number of unchanged stats")
    pid = None if options.pid is None else _pid(options.pid)
    if pid is not None and follow is None:
        note("warning: PID ignored; --pid=PID is useful only when following")
    return Request(
        files=files,
        unit=unit,
        amount=count,
        from_start=from_start,
        follow=follow,
        retry=retry,
        headers=options.verbose or (len(files) > 1 and not options.quiet),
        end=b"\0" if options.zero_terminated else b"\n",
        interval=_seconds(options.sleep_interval),
        pid=pid,
        events=not options.poll,
        amount_given=options.amount is not None,
    )


def _following(
    options: argparse.Namespace, files: tuple[str, ...]
) -> tuple[Literal["name", "descriptor"] | None, bool]:
    how = "name" if options.by_name else _way(options.follow)
    if options.no_follow:
        if options.retry:
            note("warning: --retry ignored; --retry is useful only when following")
        return None, False
    if how is None:
        return "name", True
    if options.retry and how == "descriptor":
        note("warning: --retry only effective for the initial open")
    del files
    return how, options.retry or options.by_name


def _way(text: str | None) -> Literal["name", "descriptor"] | None:
    if text is None:
        return None
    if text and "descriptor".startswith(text):
        return "descriptor"
    if not (text and "name".startswith(text)):
        refuse(f"invalid argument {quoted(text)} for '--follow'")
    return "name"


def _amount(given: tuple[str, str] | None) -> tuple[Literal["lines", "bytes"], int, bool]:
    if given is None:
        return "lines", USUAL_LINES, False
    unit: Literal["lines", "bytes"] = "bytes" if given[0] == "bytes" else "lines"
    found = _NUMBER.fullmatch(given[1])
    size = found and int(found[2]) * _factor(found[3], found[4] or "")
    if found is None or size is None or size > _LARGEST:
        refuse(f"invalid number of {unit}: {quoted(given[1].removeprefix('-') or '-')}")
    from_start = found[1] == "+"
    return unit, max(0, size - 1) if from_start else size, from_start


def _factor(letter: str, ending: str) -> int:
    """Source: the manual of GNU coreutils, "Block size"."""
    if letter == "b":
        return 512
    return 1 if not letter else (1000 if ending == "B" else 1024) ** _POWERS[letter]


def _whole(text: str, wrong: str) -> int:
    if not (text.isascii() and text.isdigit()):
        refuse(f"{wrong}: {quoted(text)}")
    return int(text)


def _pid(text: str) -> int | None:
    number = _whole(text, "invalid PID")
    if number > _MOST_PID:
        refuse(f"invalid PID: {quoted(text)}")
    return number or None


def _seconds(text: str | None) -> float:
    if text is None:
        return 1.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < _MOST_PID:
        refuse(f"invalid number of seconds: {quoted(text)}")
    return seconds


def quoted(name: str) -> str:
    """A name of a file between quotes, harmless on a terminal."""
    return f"'{harmless(name)}'"


def harmless(text: str) -> str:
    """`text` with whatever could command a terminal shown instead."""
    if text.isprintable():
        return text
    from logwatch.sinks.plain_text import visible  # noqa: PLC0415 - it loads all sinks

    return visible(text)


def shown(name: str) -> str:
    """A name of a file as it is called in messages."""
    return "standard input" if name == "-" else name


def reason(error: OSError) -> str:
    """Why something failed, in the words of the C library."""
    return os.strerror(error.errno) if error.errno else str(error)


def note(text: str) -> None:
    """Say something beside the lines."""
    if sys.stderr is not None:
        print(f"tail: {harmless(text)}", file=sys.stderr, flush=True)


def refuse(text: str) -> NoReturn:
    """Say what cannot be, and end as GNU tail does."""
    note(text)
    raise SystemExit(1)
