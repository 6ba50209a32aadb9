"""A file that was cut: its copy is read on where there is one, and the file is begun anew.

What was in it goes on under its old generation, in the copy that a rotation by copying left beside
it; without one what was not read is told as lost. The cut file begins as a generation of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from logwatch import telemetry
from logwatch.clock import Moment
from logwatch.crashpoints import crashpoint
from logwatch.records import Checkpoint
from logwatch.tailer.archive import Archive
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import OpenFile, identity, may_begin_alike
from logwatch.tailer.generation import Generation, Truncated
from logwatch.tailer.lineage import Lineage
from logwatch.tailer.packed_generation import Packed
from logwatch.tailer.positions import at, closing, in_file, intact_end
from logwatch.tailer.record_generation import generation_of
from logwatch.tailer.signs import is_under
from logwatch.tailer.state import Report

if TYPE_CHECKING:
    from logwatch.tailer.chain import Chain
    from logwatch.tailer.chain_settings import ChainSettings


class Cuts:
    """What a chain does about files that are cut. Methods may raise OSError."""

    def __init__(
        self,
        chain: Chain,
        settings: ChainSettings,
        lineage: Lineage,
        claims: Claims,
        report: Report,
    ) -> None:
        self._chain = chain
        self._path = settings.path
        self._settings = settings
        self._lineage = lineage
        self._claims = claims
        self._report = report

    def finish_all(self, now: Moment) -> None:
        """Find the copies of files that were cut before anything new beside them is looked for."""
        for generation in self._chain.generations:
            try:
                cut = generation.cut()
            except OSError:
                continue  # its own next read will say so
            if cut is not None:
                self.rebegin(generation, cut, now)

    def rebegin(self, generation: Generation, found: Truncated, now: Moment) -> None:
        """Finish a cut file's copy under the old generation, and begin the file anew after it."""
        crashpoint("cut.begin")
        old = generation.checkpoint
        rebegun = self._begin_again(generation, found)
        position = self._chain.generations.index(generation)
        later = self._chain.generations[position + 1 :]
        self._chain.generations = self._chain.generations[:position]
        copy = self._take_copy(generation, later, now, is_unread=not rebegun.is_begun)
        if copy is not None:
            rebegun.reread_end = 0  # no doubt
        else:
            # In this order: a crash between the two must not leave the file known as finished.
            rebegun.registered = True
            if rebegun.reread_end:
                self._chain.rewrites.note(now.steady)
            self._chain.outgoing += (rebegun.moved(), closing(old))
        added = (each for each in self._chain.generations[position:] if each is not copy)
        is_renamed = not is_under(self._path, generation.file)
        after = _born_since(generation.file.fd, added) if is_renamed else ()
        for each in after:
            each.ended = False  # renamed, as this one was
        before = (each for each in self._chain.generations if each not in after)
        self._chain.generations = (*before, rebegun, *after, *later)
        if self._chain.current is generation:
            self._chain.current = rebegun
        crashpoint("cut.done")
        telemetry.telemetry.emit(
            "debug" if self._chain.rewrites.is_habit else "warning",
            "tailer.file_truncated",
            path=self._path,
            generation=old.identity,
            offset=old.offset,
            size=found.size,
            copy_found=copy is not None,
        )

    def _begin_again(self, generation: Generation, found: Truncated) -> Generation:
        file, old = generation.file._replace(size=found.size), generation.checkpoint
        fresh = self._lineage.new(file)
        self._claims.reserve(fresh)  # if it is cut before it is read, its copy bears that name
        intact = intact_end(file.fd, old, found.size) if found.shorter else 0
        if intact:
            fresh = at(file, fresh, intact)
        rebegun = generation_of(file, fresh, self._path, self._settings.limits, backlog=False)
        rebegun.quiet_since, rebegun.ended = generation.quiet_since, generation.ended
        rebegun.size = found.size
        if intact or not found.shorter or may_begin_alike(file.fd, old, found.size):
            rebegun.reread_end = min(found.size, old.offset)
        return rebegun

    def _take_copy(
        self, generation: Generation, later: Iterable[Generation], now: Moment, *, is_unread: bool
    ) -> Generation | None:
        """The copy in which what was in the file before it was cut is read on. No error."""
        old = generation.checkpoint
        file = self._lineage.copy_of(old)
        copy: Generation | None
        if file is None:
            found = self._lineage.archives.holding(old)
            if not isinstance(found, Archive):
                if generation.size > old.offset:
                    self._report.lose(old.identity, old.offset, generation.size, "truncated")
                elif generation.suspect:  # it was cut while nobody looked
                    self._report.lose(old.identity, old.offset, None, "truncated")
                return None
            copy, since = self._chain.add_archive(found), found.modified_ns
        elif not self._claims.claim(file.key, self._chain.owner):
            os.close(file.fd)
            return None
        else:
            copy, since = self._chain.add(file, in_file(old, file), backlog=False), file.modified_ns
            since = file.created_ns or since
        if copy is None:
            return None
        live = generation.file
        held = [each.file for each in (*self._chain.generations, *later)]
        is_there = is_under(self._path, live)
        if not is_there:
            held.append(live)
        if self._lineage.remembers_all:
            since = self._chain.since
        younger = self._lineage.unseen(since, held, live, is_unread=is_unread and is_there)
        added = self._chain.add_found(younger, backlog=False)
        for each in (copy, *added):
            each.quiet_since, each.ended = now.steady, not isinstance(each, Packed)
        if not generation.is_begun and file is not None:
            self._put_behind_older(copy, added)
        return copy

    def _put_behind_older(self, copy: Generation, added: Iterable[Generation]) -> None:
        """Read what was copied before a file that nobody had begun was copied before its copy."""
        copied = copy.file.created_ns
        older = [each for each in added if 0 < each.file.created_ns < copied]
        moved = (*older, copy)
        kept = self._chain.generations
        at = kept.index(copy)
        after = (each for each in kept[at:] if each not in moved)
        self._chain.generations = (*kept[:at], *moved, *after)


def was_followed(file: OpenFile, history: Iterable[Checkpoint]) -> bool:
    """Whether one of these was in this file, be it in a copy by now."""
    prefix = identity(*file.key, 0).rpartition(".")[0]
    return any(each.identity.rpartition(".")[0] == prefix for each in history)


def _born_since(fd: int, generations: Iterable[Generation]) -> tuple[Generation, ...]:
    """Those that began after the last write to a file, so that they are no copies of it."""
    written = os.fstat(fd).st_mtime_ns
    births = ((each, min(each.file.created_ns, each.file.modified_ns)) for each in generations)
    return tuple(each for each, born in births if born > written)
