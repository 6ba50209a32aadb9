"""The files that `logwatch tail` follows line by line, with the daemon's follower.

Where a file was rotated, truncated, taken away or could not be read on, that is told with what was
lost. Lines that a writer still adds to a rotated file are shown, too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from logwatch.cli.tail_folding import Folding
from logwatch.cli.tail_request import Request
from logwatch.clock import Moment

if TYPE_CHECKING:  # loaded with the first file that is followed
    from logwatch.records import Block
    from logwatch.tailer.claims import Claims
    from logwatch.tailer.fingerprint import Key
    from logwatch.tailer.tail import Loss, Tail

ROTATION_SECONDS = 1.0
"""For so long there may be no file under a name before that is told."""
_SAMPLE = 200
_TYPICAL_LINE = 100
"""Bytes of a line, where nobody has seen one."""


@dataclass(slots=True)
class Leaf:
    """One file."""

    name: str
    """As the command line has it."""
    tail: Tail
    folding: Folding
    keys: frozenset[Key] = frozenset()
    identity: str = ""
    status: str = ""
    gone_at: float = 0.0
    """Steady time since which there is none under its name, where that is not told yet."""
    bytes_read: int = 0
    lines_read: int = 0
    lost: int = 0
    events: list[str] = field(default_factory=list)
    """What happened since somebody last asked."""


class Leaves:
    """All files that have a name."""

    def __init__(
        self, request: Request, *, full: bool, since: float | None, now: float, far: bool
    ) -> None:
        """`since`: the time from which on lines are wanted; both in seconds since the epoch.

        `far`: begin far before the end, for not every line will be shown.
        """
        self._request = request
        self._far = far
        self._full = full
        self._since = since
        self._now = now
        self._claims: Claims | None = None
        self.all: list[Leaf] = []

    def add(self, names: Sequence[str], *, at_start: bool) -> None:
        """Follow these; those that came later are read from their beginning."""
        if not names:
            return
        from logwatch.cli.tail_positions import begin_at  # noqa: PLC0415 - see above
        from logwatch.tailer.claims import Claims  # noqa: PLC0415
        from logwatch.tailer.tail import Tail  # noqa: PLC0415

        self._claims = self._claims or Claims()
        for name in names:
            path = os.path.abspath(name)  # noqa: PTH100 - paths here are plain strings
            folding = Folding(full=self._full)
            known = []
            if at_start:
                folding.learn(first_lines(path), self._now)
                time_of = partial(folding.time_of, now=self._now)
                known = begin_at(path, self._request, self._since, time_of, far=self._far)
            tail = Tail(path, start="beginning", known=known, claims=self._claims, grace=60.0)
            self.all.append(Leaf(name, tail, folding))

    def read(self, now: Moment, show: Callable[[Leaf, Block], None]) -> bool:
        """Show one block of each file that has one; returns whether any had."""
        came = False
        for leaf in self.all:
            block = leaf.tail.read(now)
            if block is not None:
                came = True
                self._note_generation(leaf, block, now)
                if block.data:
                    leaf.bytes_read += len(block.data)
                    leaf.lines_read += block.data.count(b"\n")
                    show(leaf, block)
            else:
                self._note_rotation(leaf, now)
            self._note_losses(leaf)
            self._note_state(leaf, now)
        return came

    def next_look(self, now: Moment) -> float | None:
        """Seconds until a look is due though nothing changed; None: when it changes."""
        times = [each for leaf in self.all if (each := leaf.tail.next_look(now)) is not None]
        times += [leaf.gone_at + ROTATION_SECONDS for leaf in self.all if leaf.gone_at]
        return max(0.0, min(times) - now.steady) if times else None

    def close(self) -> None:
        """Let all files go."""
        for leaf in self.all:
            leaf.tail.close()

    # What happened.

    def _note_generation(self, leaf: Leaf, block: Block, now: Moment) -> None:
        if block.checkpoint.closed:
            return  # an older one that is let go
        before, leaf.identity = leaf.identity, block.checkpoint.identity
        if before == leaf.identity:
            return
        if before and before.rpartition(".")[0] == leaf.identity.rpartition(".")[0]:
            leaf.events.append(f"truncated {_clock(now)}, read from its beginning")
        self._note_rotation(leaf, now)

    def _note_rotation(self, leaf: Leaf, now: Moment) -> None:
        keys = leaf.tail.identities()
        if keys - leaf.keys and leaf.keys:
            losses = self._losses(leaf)
            lost = losses or "0 lines lost"
            leaf.events.append(f"rotated {_clock(now)}, old file read to its end, {lost}")
        if keys:
            leaf.keys = keys

    def _note_losses(self, leaf: Leaf) -> None:
        if text := self._losses(leaf):
            leaf.events.append(text)

    def _losses(self, leaf: Leaf) -> str:
        """What was lost, in lines as far as that can be known."""
        losses = leaf.tail.losses()
        if not losses:
            return ""
        length = leaf.bytes_read // leaf.lines_read if leaf.lines_read else _TYPICAL_LINE
        known = sum(_size(each) for each in losses)
        lines = max(1, known // max(1, length))
        leaf.lost += lines
        reasons = ", ".join(dict.fromkeys(each.reason for each in losses))
        if any(each.end is None for each in losses):
            return f"lines lost, nobody can say how many ({reasons})"
        return f"about {lines:,} lines lost, {known:,} bytes ({reasons})"

    def _note_state(self, leaf: Leaf, now: Moment) -> None:
        state = leaf.tail.state()
        if state.status == "waiting" and leaf.status == "following":
            # While a file is rotated there is none for a moment: that is no news.
            leaf.gone_at = leaf.gone_at or now.steady
            if now.steady - leaf.gone_at < ROTATION_SECONDS:
                return
        if state.status != "waiting":
            leaf.gone_at = 0.0
        if state.status == leaf.status:
            return
        before, leaf.status = leaf.status, state.status
        if state.status == "waiting":
            leaf.gone_at = 0.0
            leaf.events.append("is gone, waiting" if before else "waiting, there is no such file")
        elif state.status == "denied":
            leaf.events.append(f"permission denied: {state.detail}")
        elif state.status == "error":
            leaf.events.append(state.detail)
        elif before:
            leaf.events.append("is there now")


def _size(loss: Loss) -> int:
    return 0 if loss.end is None else max(0, loss.end - loss.start)


def _clock(now: Moment) -> str:
    from datetime import datetime  # noqa: PLC0415 - for events only

    return f"{datetime.fromtimestamp(now.wall).astimezone():%H:%M:%S}"


def first_lines(path: str) -> list[str]:
    """The beginning of a file, from which one sees what the log is; nothing if there is none."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - as above
            if not os.path.isfile(path):  # noqa: PTH113 - as above
                return []
            data = file.read(1 << 15)
    except OSError:
        return []
    from logwatch.tailer.text_encoding import as_matched  # noqa: PLC0415 - with the first file

    lines = as_matched(data, "utf-8").split(b"\n")[:_SAMPLE]
    whole = lines if len(lines) == _SAMPLE else lines[:-1]
    return [line.decode(errors="backslashreplace") for line in whole]
