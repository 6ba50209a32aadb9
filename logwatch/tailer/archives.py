"""Which generation a compressed file is, told by its content, for it has an inode of its own.

The decisions:

- what begins otherwise than every generation that is known, or differs before where that was read
  to, is a generation that nobody has seen: read from its beginning;
- what has all that was read of a generation whose own file is gone is that generation: read on
  where that was read to, and there is nothing to read where it was finished;
- where the file itself is still there, it is read and not the compressed one;
- where less than a whole head was read, more of the same may be another generation that begins
  alike: in doubt it is read from its beginning and flagged as read again.

A compressed file that was last written before a generation was born is not that generation: tools
that compress keep the time of the last change.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from logwatch.errors import UsageError
from logwatch.records import Checkpoint
from logwatch.tailer.archive import EVERYTHING, Archive, Unreadable, Verdict, last_written
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import (
    HEAD_LENGTH,
    Key,
    OpenFile,
    birth_floor,
    continues,
    is_proof,
)
from logwatch.tailer.last_noted import LastNoted
from logwatch.tailer.likeness import (
    begins,
    begins_as,
    goes_on_from,
    is_that_packed,
    may_begin,
    shared,
)
from logwatch.tailer.missing import Missing
from logwatch.tailer.open_elsewhere import read_elsewhere
from logwatch.tailer.siblings import MOST_LOOKS, Sibling, Sign, packed_in_place, unpacked_size
from logwatch.tailer.state import LossReason
from logwatch.tailer.unpacking import Unpacking
from logwatch.tailer.whereabouts import Whereabouts

PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Want of something that comes back."""
_NOTES_KEPT = 1024
_NOTES_PER_LOOK = 16
"""After so many it is looked which of them are of generations that nobody knows any more."""
PATIENCE_SECONDS = 60.0
"""What nobody has changed for so long is not being written."""


class Archives:
    """The compressed files beside one path."""

    def __init__(self, whereabouts: Whereabouts, claims: Claims) -> None:
        self._path = whereabouts.path
        self._whereabouts = whereabouts.of_stem()
        self._claims = claims
        self.patient = True
        """Whether one that ends in the middle and was changed just now may still be written."""
        self.missing = Missing()
        self._coming: OpenFile | None = None
        self._told: LastNoted[Sign, None] = LastNoted(_NOTES_KEPT)
        """Those that cannot be read and that a loss was told for."""
        self._packed_of: LastNoted[Key, Sign] = LastNoted(_NOTES_KEPT)
        """By file that was deleted: the compressed one that it became."""
        self._absorbed: LastNoted[str, Sign] = LastNoted(_NOTES_KEPT)
        """By identity of a generation: the compressed file that it is."""

    @contextmanager
    def expecting(self, file: OpenFile) -> Iterator[None]:
        """While this is about to be followed under the path, and older files are looked after."""
        self._coming = file
        try:
            yield
        finally:
            self._coming = None

    def note_resumed(self, unpacking: Unpacking) -> None:
        """Doubt what is about to be followed where it may be this one, which is read on.

        Raises OSError.
        """
        if self._coming is None or not unpacking.is_complete or unpacking.end >= HEAD_LENGTH:
            return
        if is_that_packed(unpacking, self._coming.fd):
            self._doubt_one(unpacking.end, self._coming)

    def holding(self, checkpoint: Checkpoint) -> Archive | LossReason:
        """The file that this generation has become, at its offset, or why there is none.

        Raises OSError.
        """
        found: Archive | LossReason = "gone"
        for _ in range(MOST_LOOKS):
            before = self._whereabouts.state()
            for is_another in (True,) if checkpoint.head.length else (False, True):
                found = self._holding(checkpoint, is_another=is_another)
                if isinstance(found, Archive):
                    return found
            if self._whereabouts.is_same(before):
                break
        self.missing.add(checkpoint)
        return found

    def _holding(self, checkpoint: Checkpoint, *, is_another: bool) -> Archive | LossReason:
        """With `is_another` also one that seems to be the beginning of another generation."""
        born = birth_floor(checkpoint.birth)
        siblings = [each for each in self._whereabouts.family() if each.compressed]
        siblings += packed_in_place(self._path)
        why: dict[Sign, LossReason] = {}
        for sibling in sorted(siblings, key=last_written):
            if sibling.modified_ns < born:
                continue
            found = self._read_on_in(sibling, checkpoint, is_another=is_another)
            if isinstance(found, Archive):
                return found
            if found is not None:
                why[sibling.sign] = found
        if not (why and is_another):
            return "gone"
        oldest, reason = next(iter(why.items()))  # that is the one
        self._told.note(oldest, None)
        return reason

    def _read_on_in(
        self, sibling: Sibling, checkpoint: Checkpoint, *, is_another: bool
    ) -> Archive | LossReason | None:
        """The generation in this file, or why it cannot be had; None: it is another one."""
        unpacking = self.opened(sibling, least=min(checkpoint.head.length, 1))
        if not isinstance(unpacking, Unpacking):
            return "damaged" if unpacking is None else unpacking.reason
        try:
            is_it = self._is_held_by(unpacking, sibling, checkpoint)
            if is_it and (is_another or not any(begins(unpacking, each) for each in self.known())):
                self._note_absorbed(checkpoint.identity, sibling.sign)
                doubt = self._perhaps_of_another(unpacking, sibling, checkpoint)
                self.note_resumed(unpacking)
                return Archive(unpacking, sibling.modified_ns, checkpoint, doubt)
            is_cut_off = unpacking.end < checkpoint.offset and begins_as(unpacking, checkpoint)
        except OSError:
            unpacking.close()
            raise
        unpacking.close()
        return "damaged" if is_cut_off else None

    def known(self) -> Iterator[Checkpoint]:
        """Generations of the path and its rotated names, each as far as it was read."""
        yield from self.missing
        yield from self._claims.family(self._path)

    def _is_held_by(self, unpacking: Unpacking, sibling: Sibling, checkpoint: Checkpoint) -> bool:
        if self._claims.owner(unpacking.packed.key) is not None:
            return False
        if not checkpoint.head.length:
            return self._may_be_unread(unpacking, sibling)
        return begins_as(unpacking, checkpoint) and goes_on_from(unpacking, checkpoint)

    def _may_be_unread(self, unpacking: Unpacking, sibling: Sibling) -> bool:
        """Whether this is not another than one of which nothing was seen."""
        known = self._claims.family(self._path)
        if sibling.has_original or any(begins_as(unpacking, each) for each in known):
            return False
        coming = self._coming
        if coming is None or not is_that_packed(unpacking, coming.fd):
            return True
        return unpacking.end < HEAD_LENGTH  # which proves nothing

    def unseen(
        self,
        sibling: Sibling,
        files: Sequence[OpenFile],
        live: OpenFile | None,
        *,
        is_unread: bool = False,
    ) -> Verdict:
        """What is to be read of a compressed file. Raises OSError.

        `files` are rotated ones that are read as they are, `live` is what is under the path. Where
        that `is_unread` though it was there before, what begins it is taken for a copy of it.
        """
        if sibling.sign in self._told:
            return "known"
        opened = self.opened(sibling)
        if not isinstance(opened, Unpacking):
            if opened is not None:
                return opened
            is_left = sibling.has_original or not self._is_young(sibling.path)
            return "known" if is_left else "undecided"
        try:
            found: Verdict = self._placed(opened, sibling, files, live, is_unread=is_unread)
        except OSError as error:
            opened.close()
            return _unreadable(sibling, error)
        if not isinstance(found, Archive):
            opened.close()
        return found

    def opened(self, sibling: Sibling, *, least: int = 1) -> Unpacking | Unreadable | None:
        """With its first bytes uncompressed; None: too few, or gone, or just being written.

        Raises OSError for want of handles or memory.
        """
        try:
            file = self._whereabouts.open(sibling.path, self._claims.links)
        except FileNotFoundError:
            return None
        except OSError as error:
            return _unreadable(sibling, error)
        unpacking = Unpacking(file)
        try:
            unpacking.fill(HEAD_LENGTH)
        except UsageError:
            unpacking.close()
            return Unreadable(sibling.path, None, "compressed")
        except OSError as error:
            unpacking.close()
            return _unreadable(sibling, error)
        if unpacking.end >= HEAD_LENGTH or (unpacking.end >= least and unpacking.is_complete):
            return unpacking
        # Too little to tell whether it was read before.
        may_come = unpacking.is_complete or self._may_grow(unpacking)
        unpacking.close()
        return None if may_come else Unreadable(sibling.path, None, "damaged")

    def _placed(
        self,
        unpacking: Unpacking,
        sibling: Sibling,
        files: Sequence[OpenFile],
        live: OpenFile | None,
        *,
        is_unread: bool,
    ) -> Archive | Literal["known", "undecided"]:
        key = unpacking.packed.key
        if self._claims.owner(key) is not None or self._claims.latest(key) is not None:
            return "known"
        doubt = self._perhaps_begun(unpacking, sibling)
        # Less than a head may well be how every one of them begins.
        is_told = unpacking.end >= HEAD_LENGTH
        for file in files:
            same = is_that_packed(unpacking, file.fd)
            if same and (is_told or self._is_packed_of(file, sibling)):
                return "known"
            if same:
                doubt = max(doubt, unpacking.end)
                self._doubt_one(unpacking.end, file)  # which may come behind it
            doubt = EVERYTHING if same is None else doubt
        for each in filter(None, {live, self._coming}):
            same = is_that_packed(unpacking, each.fd)
            if same and (is_told or (is_unread and each == live)):
                return "known"
            if same:
                doubt = max(doubt, self._doubt_one(unpacking.end, each))
            doubt = EVERYTHING if same is None else doubt
            unpacking.rewind()
            unpacking.fill(HEAD_LENGTH)
        for missing in self.missing:
            shared = self._short_of(unpacking, missing)
            if not isinstance(shared, int):
                return shared
            doubt = max(doubt, shared)
        for known in self._alike(unpacking):
            verdict = self._compared(unpacking, sibling, known)
            if not isinstance(verdict, int):
                return verdict
            doubt = max(doubt, verdict)
        own = {each.key for each in (*files, live, self._coming) if each is not None}
        elsewhere = read_elsewhere(unpacking, sibling, self._whereabouts, self._claims, own)
        doubt = max(doubt, elsewhere)
        unpacking.rewind()
        unpacking.fill(HEAD_LENGTH)
        unpacking.pause()
        return Archive(unpacking, sibling.modified_ns, None, doubt)

    def _is_packed_of(self, file: OpenFile, sibling: Sibling) -> bool:
        """Whether a file that has the same bytes, or more, is just being compressed, or was."""
        if os.fstat(file.fd).st_nlink:
            return sibling.has_original
        return self._packed_of.first(file.key, sibling.sign) == sibling.sign

    def _doubt_one(self, end: int, file: OpenFile) -> int:
        """How much of what may be `file`, packed in its place, was read; the rest is read there.

        Nothing of a file that was cut since. Raises OSError.
        """
        known = self._claims.latest(file.key)
        read = min(known.offset, end) if known is not None and continues(file.fd, known) else 0
        if read < end:
            self._claims.doubt(file.key, end)
        return read

    def _perhaps_begun(self, unpacking: Unpacking, sibling: Sibling) -> int:
        """How much of this may be the beginning of one that is known: too little to tell."""
        found = (each for each in self.known() if may_begin(unpacking, each))
        return unpacking.end if any(not self._is_elsewhere(each, sibling) for each in found) else 0

    def _perhaps_of_another(
        self, unpacking: Unpacking, sibling: Sibling, checkpoint: Checkpoint
    ) -> int:
        """How much of what is taken for a generation, of which little is known, may be another's.

        That one was read further, and its own file is gone too.
        """
        if is_proof(checkpoint):
            return 0
        longer = [each for each in self.known() if each.head.length > checkpoint.head.length]
        alike = (each for each in longer if begins_as(unpacking, each))
        ends = [each.offset for each in alike if not self._is_elsewhere(each, sibling)]
        return max([self._perhaps_begun(unpacking, sibling), *ends])

    def _is_elsewhere(self, known: Checkpoint, besides: Sibling) -> bool:
        """Whether a generation has its own file, or is in another compressed one."""
        if known not in self.missing and self._whereabouts.has_file_of(known):
            return not besides.has_original  # which may be that very file
        return any(
            self._is_proven_in(each, known)
            for each in self._whereabouts.family()
            if each.compressed and each.inode != besides.inode
        )

    def _is_proven_in(self, sibling: Sibling, known: Checkpoint) -> bool:
        opened = self.opened(sibling)
        if not isinstance(opened, Unpacking):
            return False
        try:
            is_whole = known.head.length == HEAD_LENGTH
            return begins_as(opened, known) and (is_whole or goes_on_from(opened, known))
        finally:
            opened.close()

    def _note_absorbed(self, generation: str, sign: Sign) -> None:
        self._absorbed.note(generation, sign)
        if len(self._absorbed) % _NOTES_PER_LOOK == 0:
            self._absorbed.keep({generation, *(each.identity for each in self.known())})

    def _short_of(self, unpacking: Unpacking, missing: Checkpoint) -> Literal["known"] | int:
        """Whether it was copied before the end of a generation that was read on, and then cut."""
        if not begins_as(unpacking, missing) or goes_on_from(unpacking, missing):
            return 0
        return shared(unpacking, missing)

    def _alike(self, unpacking: Unpacking) -> list[Checkpoint]:
        """Generations that begin as this does, in the order of how far they were read."""
        known = self._claims.family(self._path)
        alike = [each for each in known if each.offset and begins_as(unpacking, each)]
        return sorted(alike, key=lambda each: each.offset)

    def _compared(
        self, unpacking: Unpacking, sibling: Sibling, known: Checkpoint
    ) -> Archive | Literal["known", "undecided"] | int:
        """Whether it is this generation, or else how much of it may have been read with that."""
        if is_proof(known) and unpacked_size(sibling) == known.offset % (1 << 32):
            return "known"  # uncompressing it all would tell no more
        if not goes_on_from(unpacking, known):
            is_short = not unpacking.is_complete and unpacking.end < known.offset
            if is_short and is_proof(known):
                return "undecided" if self._may_grow(unpacking) else "known"
            return shared(unpacking, known)
        is_longer = unpacking.fill(known.offset + 1)
        is_doubtful = not is_proof(known)
        is_read = self._claims.owner((known.inode, known.birth)) is not None
        if is_read or self._whereabouts.has_file_of(known):
            return known.offset if is_longer and is_doubtful else "known"
        is_another = is_longer and known.closed and is_doubtful
        if is_another or self._absorbed.get(known.identity, sibling.sign) != sibling.sign:
            return known.offset
        self._note_absorbed(known.identity, sibling.sign)
        return Archive(unpacking, sibling.modified_ns, known) if is_longer else "known"

    def _may_grow(self, unpacking: Unpacking) -> bool:
        return unpacking.is_cut_off and self._is_young(unpacking.packed.fd)

    def _is_young(self, file: str | int) -> bool:
        """Whether it may still be written."""
        try:
            changed = os.stat(file).st_ctime_ns  # noqa: PTH116 - paths here are plain strings
        except OSError:  # its name was another's a moment ago
            return True
        age = time.clock_gettime_ns(time.CLOCK_REALTIME) - changed
        return self.patient and age < PATIENCE_SECONDS * 1e9


def _unreadable(sibling: Sibling, error: OSError) -> Unreadable:
    """Raises the error where it may pass."""
    if error.errno in PASSING:
        raise error
    return Unreadable(sibling.path, None, "unreadable")
