"""Follow one path through everything that happens to its file: files in, blocks of lines out.

Promise: every byte that the file gets under its path is handed out once, in order within its
generation, an old generation up to its end before the new one. A generation stays open after the
path has moved on until it is at its end and nobody has written for `grace` seconds. Nothing but a
block that was handed out moves an offset.

What may be lost: what a writer adds between copy and truncation of copytruncate, and to a file that
was let go; a file that comes and goes between two looks; what was deleted while nobody looked, or
exists only compressed and damaged. Where bytes are known or feared to be lost, `losses` says so.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal

from logwatch import telemetry
from logwatch.clock import Moment
from logwatch.records import Block, Checkpoint, Stretch
from logwatch.tailer.abandoned import is_abandoned
from logwatch.tailer.chain import Chain
from logwatch.tailer.chain_settings import ChainSettings
from logwatch.tailer.claims import Claims, Owner
from logwatch.tailer.fingerprint import MARKER_LENGTH, Key, is_remote
from logwatch.tailer.generation import Generation, Limits, Truncated
from logwatch.tailer.last_line import LastLine
from logwatch.tailer.multiline import Framer
from logwatch.tailer.open_records import read_records
from logwatch.tailer.opening import open_regular
from logwatch.tailer.parking import Parking
from logwatch.tailer.pauses import longer
from logwatch.tailer.record_generation import RecordGeneration
from logwatch.tailer.siblings import MOST_LOOKS, stem
from logwatch.tailer.signs import Sign, sign_of, stamp_of
from logwatch.tailer.state import Loss, Report, TailState
from logwatch.tailer.under_path import UnderPath
from logwatch.tailer.whereabouts import Whereabouts

__all__ = ["Loss", "Tail"]

_NONE: frozenset[str] = frozenset()
"""One for all: there may be ten thousand tails."""
LEAST_KEPT = MARKER_LENGTH
"""Bytes that a block has at least, of which the rest is given back."""
_GRACE_POLL = 1.0
_DOUBT = 1.0
"""Seconds for which a remote file must be shorter before that is believed."""


class Tail:
    """One path and its generations, oldest first.

    One thread calls it; `changed`, `identities` and `state` may be called from any. The tails of
    one process share one `claims`, so that a file under two paths is read once.
    """

    def __init__(
        self,
        path: str,
        *,
        max_line: int = 262_144,
        start: Literal["end", "beginning"] = "end",
        known: Sequence[Checkpoint] = (),
        block_size: int = 1 << 21,
        grace: float = 300.0,
        claims: Claims | None = None,
        framer: Framer | None = None,
        encoding: str = "utf-8",
        archives: Sequence[str] = (),
        doubtful: bool = False,
    ) -> None:
        """Does no I/O.

        `known` are the store's checkpoints of this path and of other generations in its directory,
        newest last. `start` counts only for a file that is found at the very first look and has no
        checkpoint; what appears later is read from its beginning. Sizes in bytes, `grace` in
        seconds. With `framer` blocks hold whole records of several lines. `encoding` is that of
        files without a byte order mark; blocks are in UTF-8 where it is UTF-16, else in it.
        `archives`: see `Whereabouts`.
        `doubtful`: what is there at the very first look may have been told of before.
        """
        self.path = path
        self.block_size = block_size
        """Bytes of the next block at most, where a line is no longer; never more than at first."""
        self._grace = grace
        self._claims = claims or Claims()
        self._report = Report(path)
        self._framer = framer
        limits = Limits(max_line, block_size, framer, encoding)
        settings = ChainSettings(path, start, limits, tuple(archives), doubtful)
        owner = Owner(path)
        self._chain = Chain(settings, self._claims, self._report, known, owner)
        self._under_path = UnderPath(
            path, self._chain, claims=self._claims, report=self._report, owner=owner
        )
        self._whereabouts = Whereabouts(path, archives)
        self._parking = Parking(self._whereabouts, self._chain, self._claims, self._report)
        self._last_line = LastLine(path, self._claims, grace) if stem(path) != path else None
        self._given_up = _NONE
        self.has_all = False
        """Whether there was nothing behind the last block, so that only a change brings more."""
        self._sighting: tuple[Sign, tuple[tuple[int, tuple[int, int] | None], ...]] | None = None

    def read(self, now: Moment, *, finish: bool = False) -> Block | None:
        """The next block of the oldest generation that has something new; None: nothing now.

        With `finish` the files are taken to have ended: last lines without newline are handed out
        and generations that the path has left are let go. Never raises OSError; see `state`.
        """
        if self._parking.is_parked:
            if not self._parking.take_back(now):
                return None
            if self._chain.current is None:
                self._under_path.try_again()  # what took its place may have its number
        self._under_path.look(now)
        self.let_go_of_given_up()
        self._chain.look_again(now, finish=finish)
        block = self._next(now, finish=finish)
        if block is None and self._under_path.is_postponed:
            self._under_path.look(now)
            block = self._next(now, finish=finish)
        if block is not None:
            self._claims.note(block.checkpoint)
            if block.also is not None:
                self._claims.note(block.also)
        elif self._claims.handles.wanted:
            self._parking.park()
        self._publish()
        self.has_all = block is not None and self._is_all()
        return block

    def _is_all(self) -> bool:
        """Whether one more look could find nothing, do nothing, and lend no handle."""
        chain, current = self._chain, self._chain.current
        return (
            chain.generations == (current,)
            and self.caught_up()
            and not self._under_path.is_postponed
            and not self._claims.handles.wanted
        )

    def give_back(self, block: Block, offset: int) -> Block | None:
        """`block`, which `read` has just handed out, without what is at `offset` and behind it.

        That comes again; a line or record must begin there. None: only all of it can be had, as
        where less than `LEAST_KEPT` bytes would be left.
        """
        for each in self._chain.generations:
            if each.checkpoint is block.checkpoint:
                shorter = each.give_back(block, offset)
                if shorter is not None:
                    self.has_all = False
                    self._claims.note(shorter.checkpoint)
                    self._publish()
                return shorter
        return None

    def changed(self) -> bool:
        """Whether `read` would find something; cheap, a hint, from any thread at any time."""
        sighting = self._sighting
        if sighting is None:
            return True
        if self._parking.is_parked:
            return self._parking.changed()
        sign, handles = sighting
        if sign != sign_of(self.path):
            return True
        return any(stamp_of(fd) not in (seen, None) for fd, seen in handles)

    def next_look(self, now: Moment) -> float | None:
        """Steady time at which to call `read` though nothing changed; None: when it changes."""
        times = [
            each
            for each in (
                self._under_path.retry_at,
                self._chain.look_again_at,
                self._parking.retry_at,
                self._last_line.due_at(self._chain.current) if self._last_line else None,
            )
            if each is not None
        ]
        for each in self._chain.generations:
            if each.delay:
                times.append(each.retry_at)
            elif each.quiet_since is not None:
                times.append(min(now.steady + _GRACE_POLL, each.quiet_since + self._grace))
            if each.doubted_since is not None:
                times.append(each.doubted_since + _DOUBT)
            if isinstance(each, RecordGeneration) and (left_at := each.left_at) is not None:
                times.append(left_at)
        return min(times, default=None)

    def state(self) -> TailState:
        """How it goes, as of the last `read`; from any thread."""
        return self._report.state

    def caught_up(self) -> bool:
        """Whether all was handed out up to the end of every generation at the last look."""
        drained = all(each.is_drained for each in self._chain.generations)
        return drained and not self._chain.outgoing and self._sighting is not None

    def past_opening(self) -> bool:
        """Whether all was handed out that was in each generation when it was opened.

        A file that is written all the time comes to this, and perhaps never to `caught_up`.
        """
        past = all(
            each.registered and (each.is_drained or each.offset >= each.file.size)
            for each in self._chain.generations
        )
        return past and not self._chain.outgoing and self._sighting is not None

    def identities(self) -> frozenset[Key]:
        """Inode and birth of every generation held open; from any thread."""
        return frozenset(each.key for each in self._chain.generations)

    def read_back(self, identity: str, start: int, end: int) -> Stretch:
        """Bytes of a generation that may have been handed out before; none if it is not open."""
        for each in self._chain.generations:
            if each.checkpoint.identity == identity:
                with suppress(OSError):
                    return each.read_back(start, end)
        return Stretch(data=b"", start=end)

    @property
    def holds_older(self) -> bool:
        """Whether it holds more than the file under its path; from any thread."""
        return self.state().generations > (self._chain.current is not None)

    def deleted(self) -> list[tuple[str, int]]:
        """Generations whose file has no name any more, and the bytes of disk that it keeps.

        From any thread.
        """
        left = [each for each in self._chain.generations if each.quiet_since is not None]
        sizes = [(each.checkpoint.identity, each.deleted_bytes()) for each in left]
        return [(name, size) for name, size in sizes if size is not None]

    def give_up(self, identity: str) -> None:
        """Have a generation let go of, read or not, at the next `read`; from any thread."""
        self._given_up |= {identity}

    def let_go_of_given_up(self) -> None:
        """Do it now."""
        if not self._given_up:
            return
        names, self._given_up = self._given_up, _NONE
        for each in self._chain.generations:
            if each.checkpoint.identity in names and each is not self._chain.current:
                self._chain.cut_off(each)
        self._publish()

    def losses(self) -> list[Loss]:
        """What was or may have been lost since the last call."""
        return self._report.drain_losses()

    @property
    def is_rewritten(self) -> bool:
        """Whether the file is written in place again and again, so that it is no log."""
        return self._chain.rewrites.is_habit

    @property
    def may_park(self) -> bool:
        """Whether it may have a handle to lend; from any thread."""
        state = self.state()
        return state.generations == 1 and state.offset == state.size and not self._parking.is_parked

    def close(self) -> None:
        """Let go of every file, as they are."""
        self._claims.handles.got(self.path)
        self._sighting = None
        self._chain.close()

    # What is in the files.

    def _next(self, now: Moment, *, finish: bool) -> Block | None:
        for _ in range(MOST_LOOKS):
            try:
                first = self._chain.first_read(now)
            except OSError as error:
                first = None
                if self._chain.current is not None:
                    self._fail(self._chain.current, error, now)
            self._chain.note_beside()
            block = self._next_in_order(now, finish=finish)
            if first is None or first.holds():
                return block
            first.take_back()
        return None

    def _next_in_order(self, now: Moment, *, finish: bool) -> Block | None:
        chain = self._chain
        if chain.outgoing:
            return chain.outgoing.pop(0)
        for generation in chain.generations:
            block = self._advance(generation, now, finish=finish)
            if block is not None:
                return block
            waited_for = generation.ended or generation.holds_back
            if waited_for and generation in chain.generations:
                return None  # what follows a copy waits for its end
        return None

    def _advance(self, generation: Generation, now: Moment, *, finish: bool) -> Block | None:
        if now.steady < generation.retry_at:
            return None
        if not generation.registered:
            self._chain.note_beside()
            generation.registered = True
            return generation.moved()
        try:
            return self._read_on(generation, now, finish=finish)
        except OSError as error:
            self._fail(generation, error, now)
            return None

    def _read_on(self, generation: Generation, now: Moment, *, finish: bool) -> Block | None:
        before, generation.block_size = generation.size, self.block_size
        if not isinstance(generation, RecordGeneration) or self._framer is None:
            found = generation.read(finish=finish or generation.ended)
        else:
            later = self._chain.later_than(generation)
            current = self._chain.current
            found = read_records(generation, later, current, self._framer, now, finish=finish)
        if isinstance(found, Truncated):
            return self._cut(generation, found, now)
        self._recovered(generation)
        if generation.quiet_since is None:
            last = self._last_line
            if found is not None or last is None or not last.is_over(generation, now):
                return found
            rest = generation.read(finish=True)
            return self._cut(generation, rest, now) if isinstance(rest, Truncated) else rest
        if found is not None or generation.size != before:
            generation.quiet_since = now.steady  # somebody still writes
        quiet = now.steady - generation.quiet_since
        ended = generation.ended or (found is None and is_abandoned(generation, self._whereabouts))
        is_over = finish or (ended and not generation.open_end) or quiet >= self._grace
        if found is not None or not is_over:
            return found
        rest = generation.read(finish=True)
        if isinstance(rest, Truncated):
            return self._cut(generation, rest, now)
        return rest or self._chain.retire(generation)

    def _cut(self, generation: Generation, found: Truncated, now: Moment) -> Block | None:
        if found.shorter and is_remote(generation.file.fd):
            if generation.doubted_since is None:
                generation.doubted_since, generation.seen = now.steady, None  # to be looked at soon
            if now.steady - generation.doubted_since < _DOUBT:
                return None
        self._chain.rebegin(generation, found, now)
        return self._next(now, finish=False)

    def _fail(self, generation: Generation, error: OSError, now: Moment) -> None:
        """Nothing moves. The next try is through a new handle of the same file if there is one."""
        is_news = not generation.delay
        generation.delay = longer(generation.delay)
        generation.retry_at = now.steady + generation.delay
        generation.seen = None
        text = error.strerror or str(error)
        if generation is self._chain.current:
            self._report.say("error", text)
            _reopen(generation, self.path)
        elif is_news:
            name = generation.checkpoint.identity
            telemetry.warning("tailer.read_failed", path=self.path, generation=name, error=text)

    def _recovered(self, generation: Generation) -> None:
        generation.doubted_since = None
        if generation.delay:
            generation.delay, generation.retry_at = 0.0, 0.0
            if generation is self._chain.current:
                self._report.say("following")

    def _publish(self) -> None:
        """Lay out for other threads what was seen."""
        generations = self._chain.generations
        shown = self._chain.current or (generations[-1] if generations else None)
        self._report.show(
            offset=shown.offset if shown else 0,
            size=max(shown.size, shown.offset) if shown else 0,
            generations=len(generations),
        )
        handles = tuple((each.file.fd, each.seen) for each in generations if not each.delay)
        self._sighting = self._under_path.sign, handles


def _reopen(generation: Generation, path: str) -> None:
    try:
        file = open_regular(path)
    except OSError:
        return
    if file.key == generation.key:
        generation.file, file = file, generation.file
    os.close(file.fd)
