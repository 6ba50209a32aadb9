"""The generations of one path that are held open, oldest first, and how the chain grows.

It grows at the first look (what the store knows, what came since), when another file takes the
path, and when a file is cut. What it decides is handed out before the first byte that rests on it:
a file that begins and one that ends are empty blocks with a checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager

from msgspec.structs import replace

from logwatch import telemetry
from logwatch.clock import Moment
from logwatch.crashpoints import crashpoint
from logwatch.records import Block, Checkpoint
from logwatch.tailer.archive import EVERYTHING, Archive
from logwatch.tailer.archives import PATIENCE_SECONDS
from logwatch.tailer.chain_settings import ChainSettings
from logwatch.tailer.claims import Claims
from logwatch.tailer.cuts import Cuts, was_followed
from logwatch.tailer.fingerprint import Key, OpenFile, birth_floor, continues, fold_birth
from logwatch.tailer.first_reads import FirstRead, doubt_alike, first_read
from logwatch.tailer.generation import Generation, Truncated
from logwatch.tailer.lineage import Lineage
from logwatch.tailer.packed_generation import Packed, packed_generation
from logwatch.tailer.positions import at_end, in_file
from logwatch.tailer.record_generation import generation_of
from logwatch.tailer.remains import Remains
from logwatch.tailer.rewrites import Rewrites
from logwatch.tailer.state import Report
from logwatch.tailer.unseen import MovedError, Unseen
from logwatch.tailer.whereabouts import Whereabouts


class Chain:
    """Generations of one path. Every method may raise OSError unless it says otherwise."""

    def __init__(
        self,
        settings: ChainSettings,
        claims: Claims,
        report: Report,
        known: Iterable[Checkpoint],
        owner: object,
    ) -> None:
        self.generations: tuple[Generation, ...] = ()
        """Replaced, never changed, so that other threads may walk it."""
        self.current: Generation | None = None
        """The one under the path."""
        self.outgoing: list[Block] = []
        """Checkpoints to be handed out before anything else."""
        self.look_again_at: float | None = None
        """Steady time at which to look again at what was just being compressed."""
        self._path = settings.path
        self._settings = settings
        self._claims = claims
        self._report = report
        self.owner = owner
        """Who claims the files, for the tail."""
        self._whereabouts = Whereabouts(settings.path, settings.archives)
        self._lineage = Lineage(self._whereabouts, claims, owner, known)
        self._since = 0
        self.rewrites = Rewrites(settings.path)
        """How often the file is written anew in its place."""

    @property
    def since(self) -> int:
        """What was born earlier (ns) was there at the last look; 0: what was there is known."""
        return 0 if self._lineage.remembers_all else self._since

    def note_beside(self) -> None:
        """Keep what lies beside the path once all that was found there has its checkpoint."""
        live = self.current
        beside = self._lineage.beside
        if live is None or live.checkpoint.beside == beside or self.outgoing:
            return
        if all(each.registered or each is live for each in self.generations):
            live.checkpoint = replace(live.checkpoint, beside=beside)

    # The next two know the chain: kept by it, all would stay until garbage is looked for.

    @property
    def _cuts(self) -> Cuts:
        return Cuts(self, self._settings, self._lineage, self._claims, self._report)

    @property
    def _remains(self) -> Remains:
        return Remains(self, self._whereabouts, self._lineage, self._claims, self._report)

    def rebegin(self, generation: Generation, found: Truncated, now: Moment) -> None:
        """See `Cuts.rebegin`."""
        self._cuts.rebegin(generation, found, now)

    def is_premature(self, file: OpenFile) -> bool:
        """See `Lineage.is_premature`. No error."""
        return self._lineage.is_premature(file)

    def expecting(self, file: OpenFile) -> AbstractContextManager[None]:
        """While this is given to `begin` or `replace`. No error."""
        return self._lineage.archives.expecting(file)

    def held(self, key: Key) -> Generation | None:
        """The generation that has this file."""
        return next((each for each in self.generations if each.key == key), None)

    def later_than(self, generation: Generation) -> tuple[Generation, ...]:
        """Those that come behind it."""
        return self.generations[self.generations.index(generation) + 1 :]

    # Beginning.

    def begin(
        self, file: OpenFile | None, now: Moment, refused: tuple[int, int] | None = None
    ) -> bool:
        """The first look: what the store knows, what came since, and the file itself.

        `refused` is inode and size of a file that was there before but could not be opened.
        False: another one took its place, it was taken for one of those beside it, look again.
        """
        lineage = self._lineage
        known = file is not None and self._claims.latest(file.key) is not None
        history = lineage.history()
        lineage.recall(history)
        since = self._claims.followed_since(self._path, file)
        if not (history or known or since):
            lineage.look_around()
            if file is not None:
                self._begin_anew(file, refused)
                lineage.forget_younger(file)
            return True
        beginning = lineage.begin(file) if file is not None else None
        name = beginning.checkpoint.identity if beginning is not None else None
        for checkpoint in history:
            if not checkpoint.closed and checkpoint.identity != name:
                self._remains.recover(checkpoint, file, now)
        originals = lineage.originals(history, file.key if file is not None else None)
        for generation in self.add_found(Unseen([*originals], []), backlog=True):
            generation.quiet_since = now.steady
        newest = max((birth_floor(each.birth) for each in history), default=since)
        self._since = newest or min((each.file.modified_ns for each in self.generations), default=0)
        if not known:
            is_cut = file is not None and was_followed(file, history)
            try:
                self._add_unseen(file, now, backlog=True, is_unread=is_cut, stays=True)
            except MovedError:
                self._add_unseen(None, now, backlog=True)
                return False
        if file is not None and beginning is not None:
            self._follow(file, beginning.checkpoint, beginning.reread_end, backlog=True)
        if known:
            self._cuts.finish_all(now)
            live = self.current
            if live is not None and not live.is_begun and lineage.remembers_all:
                self.look_before(now, backlog=True)
            else:
                lineage.look_around(None if live is None else live.file)
            if live is not None:
                lineage.forget_younger(live.file)
        return True

    def doubt_all(self) -> None:
        """After `begin`: what is there now is marked as read again, where that may be so."""
        if self._settings.doubtful:
            for each in self.generations:
                each.reread_end = EVERYTHING if isinstance(each, Packed) else each.file.size

    def _begin_anew(self, file: OpenFile, refused: tuple[int, int] | None) -> None:
        """Begin with a file that nobody followed before."""
        self._since = file.created_ns
        beginning = self._lineage.begin(file)
        checkpoint = beginning.checkpoint
        if self._settings.start == "end":
            checkpoint = at_end(file, checkpoint, refused, self._settings.limits)
        self._follow(file, checkpoint, beginning.reread_end, backlog=True)

    def add_archive(self, archive: Archive) -> Packed | None:
        """Read on in a compressed file; None where another tail does.

        Its own birth says nothing of the age of its content: that of an unknown one counts as
        the newest birth that is known.
        """
        unpacking, known = archive.unpacking, archive.known
        birth = fold_birth(self._since, 0) if known is None else known.birth
        window = unpacking.file._replace(birth=birth)
        keys = unpacking.packed.key, window.key
        if not self._claims.claim_all(keys, self.owner):
            unpacking.close()
            return None
        checkpoint = self._lineage.new(window) if known is None else known
        checkpoint = in_file(replace(checkpoint, path=self._path, closed=False), window)
        name = checkpoint.identity
        generation = packed_generation(
            unpacking,
            window,
            checkpoint,
            self._path,
            self._settings.limits,
            lose=lambda offset: self._report.lose(name, offset, None, "damaged"),
            done=lambda: self._claims.release(keys[0], self.owner),
        )
        generation.registered = checkpoint == known
        generation.reread_end = archive.reread_end or generation.reread_end
        self.generations = (*self.generations, generation)
        self._claims.note(checkpoint)
        return generation

    # Another file under the path.

    def replace(self, file: OpenFile, now: Moment) -> bool:
        """Let `file` be the current one. False: look again, or read the one it continues first."""
        beginning = self._lineage.begin(file)
        name = beginning.checkpoint.identity
        same = next((each for each in self.generations if each.checkpoint.identity == name), None)
        if same is not None and not same.is_drained:
            return False
        before = self.current.checkpoint.identity if self.current else None
        crashpoint("rotation.begin")
        self.leave(now)
        try:
            unseen = len(self._add_unseen(file, now, backlog=False, stays=True))
        except MovedError:
            return False
        if same is not None:
            self.remove(same)
        self._follow(file, beginning.checkpoint, beginning.reread_end, backlog=False)
        crashpoint("rotation.done")
        telemetry.info(
            "tailer.file_rotated", path=self._path, before=before, generation=name, unseen=unseen
        )
        return True

    def leave(self, now: Moment) -> None:
        """The path shows something else; the current generation may still be written. No error."""
        if self.current is not None:
            self.current.quiet_since = now.steady
            self.current.seen = None
            self.current = None

    def miss(self, now: Moment) -> None:
        """There is nothing under the path; what was there a moment ago may be beside it."""
        self.leave(now)
        self._add_unseen(None, now, backlog=False)

    def return_to(self, held: Generation, now: Moment) -> None:
        """The path shows an older generation again. No error."""
        if held is not self.current:
            self.leave(now)
            self.generations = (*(each for each in self.generations if each is not held), held)
            held.quiet_since = None
            self.current = held

    def look_again(self, now: Moment, *, finish: bool) -> None:
        """Look for generations once more when it is time for that. No error."""
        if self.look_again_at is None or not (finish or now.steady >= self.look_again_at):
            return
        self.look_again_at = now.steady + PATIENCE_SECONDS
        self._lineage.archives.patient = False
        try:
            self._put_before_current(self._add_unseen(None, now, backlog=False))
        except OSError:
            return  # there will be a better time
        finally:
            self._lineage.archives.patient = True

    def first_read(self, now: Moment) -> FirstRead | None:
        """See `FirstRead`; None where the current generation was begun. Looks around if need be."""
        doubt_alike(self.generations, self._claims)
        live = self.current
        if live is None or live.is_begun or now.steady < live.retry_at or self.outgoing:
            return None
        return first_read(self, self._lineage, self._path, live, now)

    def look_before(self, now: Moment, *, backlog: bool) -> None:
        """Look for what came before a file under the path of which nothing was read."""
        added = self._add_unseen(None, now, backlog=backlog, is_unread=True)
        self._put_before_current(added)
        for each in added:
            each.ended = not isinstance(each, Packed)  # nobody writes a copy

    def _put_before_current(self, added: list[Generation]) -> None:
        """Generations that were found late; what is under the path comes after them."""
        if self.current is not None and added:
            late = (*added, self.current)
            self.generations = (*(each for each in self.generations if each not in late), *late)

    def _add_unseen(
        self, live: OpenFile | None, now: Moment, *, backlog: bool, **how: bool
    ) -> list[Generation]:
        """Hold what nobody knows, which is given back; `how`: see `Lineage.unseen`."""
        self._cuts.finish_all(now)
        if live is None and self.current is not None:
            live = self.current.file
        held = [each.file for each in self.generations if each is not self.current]
        found = self._lineage.unseen(self.since, held, live, **how)
        self.look_again_at = None if found.is_final else now.steady + PATIENCE_SECONDS
        added = self.add_found(found, backlog=backlog)
        for generation in added:
            generation.quiet_since = now.steady
            if generation.file.modified_ns < self._since:
                # Brought back, perhaps; or the clock that told its time was set back since.
                generation.reread_end = generation.file.size
        return added

    def add_found(self, found: Unseen, *, backlog: bool) -> list[Generation]:
        """Hold generations that were found, oldest first; what cannot be read is told as lost."""
        for each in found.unreadable:
            self._report.lose(each.path, 0, each.size, each.reason)
        added: list[Generation] = []
        for file in found.files:
            if isinstance(file, Archive):
                packed = self.add_archive(file)
                added += [] if packed is None else [packed]
                continue
            if not self._claims.claim(file.key, self.owner):
                os.close(file.fd)
                continue
            try:
                beginning = self._lineage.begin_beside(file)
            except OSError:
                self._report.lose(f"{file.inode:x}.{file.birth:x}", 0, file.size, "unreadable")
                self.abandon(file)
                continue
            generation = self.add(file, beginning.checkpoint, backlog=backlog)
            generation.reread_end = beginning.reread_end or generation.reread_end
            added.append(generation)
        return added

    def _follow(
        self, file: OpenFile, checkpoint: Checkpoint, reread_end: int, *, backlog: bool
    ) -> None:
        registered = self._claims.latest(file.key) == checkpoint
        generation = self.add(file, checkpoint, backlog=backlog)
        generation.reread_end = reread_end or generation.reread_end
        generation.registered = registered
        generation.suspect = not continues(file.fd, checkpoint)
        if not generation.suspect:
            generation.size = max(generation.size, file.size)
        self.current = generation

    def add(self, file: OpenFile, checkpoint: Checkpoint, *, backlog: bool) -> Generation:
        """Hold a file, which is claimed, as the newest generation."""
        generation = generation_of(
            file, checkpoint, self._path, self._settings.limits, backlog=backlog
        )
        self.generations = (*self.generations, generation)
        self._claims.note(checkpoint)
        return generation

    # Letting go. No errors.

    def retire(self, generation: Generation) -> Block:
        """Close a generation for good; the block commits that."""
        crashpoint("closing.begin")
        block = generation.moved(closed=True)
        self._claims.note(block.checkpoint)
        self.remove(generation)
        crashpoint("closing.done")
        telemetry.info(
            "tailer.generation_closed",
            path=self._path,
            generation=block.checkpoint.identity,
            offset=block.end,
        )
        return block

    def remove(self, generation: Generation) -> None:
        """Close a generation's file."""
        self.generations = tuple(each for each in self.generations if each is not generation)
        if generation is self.current:
            self.current = None
        generation.let_go()
        self.abandon(generation.file)

    def abandon(self, file: OpenFile) -> None:
        """Close a file unless a generation has it."""
        if all(each.file.fd != file.fd for each in self.generations):
            if self.held(file.key) is None:
                self._claims.release(file.key, self.owner)
            if file.fd >= 0:  # else it was lent
                os.close(file.fd)
                self._claims.handles.freed()

    def cut_off(self, generation: Generation) -> None:
        """Let go of a generation that is not read to its end; what it has is told as lost."""
        self._remains.give_up(generation.checkpoint, "held")
        self._claims.note(replace(generation.checkpoint, closed=True))
        self.remove(generation)

    def close(self) -> None:
        """Close all files, as they are."""
        self._claims.leave(self._path)
        for each in self.generations:
            self.remove(each)
