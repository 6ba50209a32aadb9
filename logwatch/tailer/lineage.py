"""Which files belong to one path: earlier generations, copies, and what a new file continues.

The decisions, in this order (an inode and its birth first, content second):

- same inode and birth: the same file, reading goes on;
- another inode, head and marker equal, the old file gone: it was moved or replaced by a copy that
  has grown, reading goes on under the same identity;
- the same, but the old file lives under its name: this is a copy, only what follows is new;
- the same, but this file took the old one's place, or less than a whole head was read: in doubt,
  so it is read from its beginning and flagged as read again;
- else a new generation, from byte 0.

Lost without a word: nothing that a directory still shows. A generation that was made and deleted
between two looks leaves no trace, and no program can report it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

from msgspec.structs import replace

from logwatch.records import Checkpoint
from logwatch.tailer.archive import Archive, Unreadable
from logwatch.tailer.archives import PASSING, Archives
from logwatch.tailer.beside import Remembered, remembered, text_of
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import (
    HEAD_LENGTH,
    Key,
    OpenFile,
    continues,
    identity,
    is_copy,
    is_proof,
)
from logwatch.tailer.positions import at, fresh_checkpoint, intact_end
from logwatch.tailer.short_copies import is_short_copy, perhaps_read
from logwatch.tailer.shortened import shortened
from logwatch.tailer.siblings import MOST_LOOKS, Sibling, Sign, is_family, stem
from logwatch.tailer.signs import is_under
from logwatch.tailer.state import LossReason
from logwatch.tailer.unseen import Beginning, MovedError, Unseen, in_order
from logwatch.tailer.whereabouts import Whereabouts

_NEVER = object()
_NONE: frozenset[Sign] = frozenset()
"""One for all: most logs have nothing beside them, and there may be ten thousand."""


class Lineage:
    """The family of one path, as seen by its tail."""

    def __init__(
        self, whereabouts: Whereabouts, claims: Claims, owner: object, known: Iterable[Checkpoint]
    ) -> None:
        self._path = path = whereabouts.path
        self._whereabouts = whereabouts
        self._claims = claims
        self._owner = owner
        self.archives = Archives(whereabouts, claims)
        """The compressed files beside the path."""
        self._seen = _NONE
        self._copies: dict[Sign, str] = {}
        """Copies of what nobody has read yet, which may be in the making, and where they are."""
        self._copied: Key | None = None
        """The file that they are copies of."""
        self._beside: object = _NEVER
        """The state of the directory at the last look at the family."""
        self._remembered: Remembered | None = None
        self.beside: str | None = None
        """What lay beside the path at the last look, to be kept for the next process."""
        self._known = tuple(each for each in known if each.path == path)
        claims.learn(known)

    def history(self) -> list[Checkpoint]:
        """Generations of the path that were followed before, as far as known, oldest first."""
        latest = {each.identity: each for each in self._known}
        for each in self._claims.family(self._path):
            if each.path == self._path:  # from a tail of this process: it knows better
                latest[each.identity] = each
        return list(latest.values())

    def recall(self, history: Iterable[Checkpoint]) -> None:
        """Take up what was seen by those who read these generations, and which ones were cut."""
        every = tuple(history)
        self._remembered = remembered(each.beside for each in every)
        for each in every:
            latest = self._claims.latest((each.inode, each.birth))
            if latest is not None and latest.identity != each.identity:
                self.archives.missing.add(each)

    @property
    def remembers_all(self) -> bool:
        """Whether it is known of every file beside the path whether it was there before."""
        return self._remembered is not None and self._remembered.is_all

    def look_around(self, live: OpenFile | None = None) -> None:
        """Take every file of the family for an old one, but a new copy of `live`."""
        state = self._whereabouts.state()
        # One that is told by its stamp was not changed within the grain of stamps.
        siblings = self._whereabouts.family(
            self._claims.listings if isinstance(state, int) else None
        )
        if live is not None and self.remembers_all:
            self._copies, self._copied = self._copies_among(siblings, live), live.key
        self._note_seen(each for each in siblings if each.sign not in self._copies)
        self._beside = state

    def forget_younger(self, live: OpenFile) -> None:
        """Where `live` has left its path, take what was born after it for new."""
        if live.created_ns and not is_under(self._path, live):
            seen = (each for each in self._whereabouts.family() if self._is_old(each))
            self._note_seen(each for each in seen if each.created_ns <= live.created_ns)

    def is_settled(self, live: OpenFile) -> bool:
        """Whether nothing came beside the path since the last look but copies of `live`."""
        if self._beside is _NEVER or not self._whereabouts.is_same(self._beside):
            return False
        return all(is_copy(self._open(path), live.fd) for path in self._copies.values())

    def is_premature(self, file: OpenFile) -> bool:
        """Whether this may be a copy in the making of a log that another tail follows.

        Its name is a rotated one, and it is younger than that tail's last look around. When that
        tail sees its log cut it will look for the copy, and should find it untouched.
        """
        if self._claims.latest(file.key) is not None or stem(self._path) == self._path:
            return False
        seen = self._claims.seen_beside(stem(self._path))
        return seen is not None and (file.inode, file.created_ns, "") not in seen

    def _note_seen(self, siblings: Iterable[Sibling]) -> None:
        every = tuple(siblings)
        self._seen = frozenset(each.sign for each in every) or _NONE
        self.beside = text_of(every)
        self._remembered = remembered([self.beside])
        self._claims.note_seen(self._path, self._seen)

    def _is_old(self, sibling: Sibling) -> bool:
        """Whether it was there at the last look, as it is or before it was compressed."""
        is_known = self._remembered is not None and self._remembered.has(sibling)
        return is_known or sibling.sign in self._seen

    def begin(self, file: OpenFile) -> Beginning:
        """Where to read on in a file. Raises OSError."""
        known = self._claims.latest(file.key)
        if known is not None:
            same = replace(known, path=self._path, device=file.device, closed=False)
            return Beginning(same, self._perhaps_packed(file, known))
        fresh = self.new(file)
        for other in self._look_alikes(fresh):
            found = self._like(file, fresh, other)
            if found is not None:
                return found
        return Beginning(fresh)

    def begin_beside(self, file: OpenFile) -> Beginning:
        """As `begin`, of a rotated file, which may be a copy. Raises OSError."""
        beginning = self.begin(file)
        if beginning.reread_end or beginning.checkpoint.offset:
            return beginning
        return replace(beginning, reread_end=perhaps_read(file, self.archives.missing))

    def new(self, file: OpenFile) -> Checkpoint:
        """A checkpoint at the beginning of a file, under an identity never used. Raises OSError."""
        prefix = identity(file.inode, file.birth, 0).rpartition(".")[0]
        epoch = self._claims.next_epoch(prefix)
        name = identity(file.inode, file.birth, epoch)
        return fresh_checkpoint(file, self._path, name, epoch)

    def originals(self, history: Iterable[Checkpoint], besides: Key | None) -> list[OpenFile]:
        """Files that were cut and that nobody has begun anew, while their copies were read."""
        keys: dict[Key, None] = {}
        for each in history:
            inode, birth, _ = each.identity.split(".")
            keys[int(inode, 16), int(birth, 16)] = None
        wanted = [each for each in keys if each != besides and self._is_unknown(each)]
        found = [self._whereabouts.find(*each) for each in wanted]
        return [each for each in found if each is not None]

    def copy_of(self, checkpoint: Checkpoint) -> OpenFile | None:
        """A file of the family, not known yet, that has what was read and maybe more."""
        if not checkpoint.head.length:
            return None
        for sibling in reversed(self._whereabouts.family()):
            if sibling.compressed or sibling.size < checkpoint.offset:
                continue
            file = self._open(sibling.path)
            if file is None:
                continue
            is_over_another = self._is_over_another(file)
            # Was it there before the file was cut, as it is, then it has to prove more.
            is_new = is_over_another or sibling.sign not in self._seen or is_proof(checkpoint)
            is_free = is_over_another or self._is_unknown(file.key)
            if is_new and is_free and _continues(file.fd, checkpoint):
                return file
            os.close(file.fd)
        return None

    def rest_of(self, checkpoint: Checkpoint) -> Archive | LossReason:
        """What is left, compressed, of a generation whose own file is gone, or why nothing is.

        Raises OSError.
        """
        found = self.archives.holding(checkpoint)
        if isinstance(found, Archive):
            return found
        seen = [each for each in self._whereabouts.family() if self._is_old(each)]
        rest = shortened(self.archives, seen, checkpoint)
        if rest is None:
            return found
        self.archives.missing.remove(checkpoint)
        return rest

    def unseen(
        self,
        since: int,
        held: Iterable[OpenFile],
        live: OpenFile | None,
        *,
        is_unread: bool = False,
        stays: bool = False,
    ) -> Unseen:
        """Generations born since then that nobody knows; from now on they are seen.

        `held` are older ones that are read already, `live` is what is under the path. Where that
        `is_unread` though it was there at the last look, copies of it are left alone.

        Raises OSError for want of handles or memory, and with `stays` MovedError where another
        file has taken the place of `live`: some may be younger then. In both nothing is seen.
        """
        held = tuple(held)
        for _ in range(MOST_LOOKS):
            before = self._whereabouts.state()
            siblings = self._whereabouts.family()
            undecided: set[Sign] = set()
            if live is None or live.key != self._copied:
                self._seen |= self._copies.keys()
                self._copies = {}
            copies = self._copies_among(siblings, live) if live and is_unread else self._copies
            fresh = [each for each in siblings if not (each.sign in copies or self._is_old(each))]
            found = self._unseen_among(fresh, since, held, live, undecided, is_unread=is_unread)
            if stays and live is not None and not is_under(self._path, live):
                found.close()
                raise MovedError
            if self._whereabouts.is_same(before):
                passed = undecided.union(copies)
                self._note_seen(each for each in siblings if each.sign not in passed)
                self._copies, self._beside = copies, before
                self._copied = None if live is None else live.key
                return found
            found.close()
        raise OSError(errno.EBUSY, "the names in the directory do not rest", self._path)

    def _copies_among(self, siblings: Iterable[Sibling], live: OpenFile) -> dict[Sign, str]:
        fresh = (each for each in siblings if not (each.compressed or self._is_old(each)))
        return {each.sign: each.path for each in fresh if is_copy(self._open(each.path), live.fd)}

    def _unseen_among(
        self,
        fresh: list[Sibling],
        since: int,
        held: tuple[OpenFile, ...],
        live: OpenFile | None,
        undecided: set[Sign],
        *,
        is_unread: bool,
    ) -> Unseen:
        packed = [each for each in fresh if each.compressed and each.modified_ns >= since]
        opened: dict[Sibling, OpenFile | Archive] = {}
        unreadable: list[Unreadable] = []
        try:
            skipped = {each.key for each in (*held, live) if each is not None}
            self._open_plain(fresh, since, skipped, opened, unreadable)
            files = [each for each in opened.values() if isinstance(each, OpenFile)]
            files += held
            for sibling in packed:
                verdict = self.archives.unseen(sibling, files, live, is_unread=is_unread)
                if isinstance(verdict, Archive):
                    opened[sibling] = verdict
                elif isinstance(verdict, Unreadable):
                    unreadable.append(verdict)
                elif verdict == "undecided":
                    undecided.add(sibling.sign)
        except OSError:
            Unseen(list(opened.values()), []).close()
            raise
        found = [opened[each] for each in in_order(opened)]
        return Unseen(found, unreadable, not undecided)

    def _open_plain(
        self,
        siblings: Iterable[Sibling],
        since: int,
        skipped: set[Key],
        opened: dict[Sibling, OpenFile | Archive],
        unreadable: list[Unreadable],
    ) -> None:
        for sibling in siblings:
            born = sibling.created_ns or sibling.modified_ns
            if sibling.compressed or sibling.restored or born < since:
                continue
            if any(sibling.inode == inode for inode, _ in skipped):
                continue
            try:
                file = self._whereabouts.open(sibling.path, self._claims.links)
            except OSError as error:
                if error.errno in PASSING:
                    raise
                if error.errno != errno.ENOENT:
                    unreadable.append(Unreadable(sibling.path, sibling.size, "unreadable"))
                continue
            if file.key in skipped or not self._is_unknown(file.key) or self._was_read(file):
                os.close(file.fd)
            else:
                skipped.add(file.key)
                opened[sibling] = file

    def _was_read(self, file: OpenFile) -> bool:
        try:
            return is_short_copy(file, self.archives.missing)
        except OSError:
            return False

    def _open(self, path: str) -> OpenFile | None:
        """A file of the family; None where it cannot be had."""
        try:
            return self._whereabouts.open(path, self._claims.links)
        except OSError:
            return None

    def _is_unknown(self, key: Key) -> bool:
        return self._claims.latest(key) is None and self._claims.owner(key) in (None, self._owner)

    def _is_over_another(self, file: OpenFile) -> bool:
        """Whether it was written over what was read in it to the end: `cp app.log app.log.1`."""
        before = self._claims.latest(file.key)
        if before is None or not before.closed or self._claims.owner(file.key) is not None:
            return False
        return not _continues(file.fd, before)

    def _look_alikes(self, fresh: Checkpoint) -> list[Checkpoint]:
        if fresh.head.length < HEAD_LENGTH:
            known = self._claims.family(self._path)
            family = [each for each in known if each.identity != fresh.identity]
            ours = [each for each in family if each.path == self._path]
            return [*ours[-1:], *(each for each in family if each.path != self._path)]
        alike = self._claims.same_head(fresh.head.digest)
        return [each for each in alike if is_family(each.path, self._path)]

    def _perhaps_packed(self, file: OpenFile, known: Checkpoint) -> int:
        """Up to where a file may have been read further in what it was compressed into."""
        if known.head.length == HEAD_LENGTH:
            return 0
        others = [each for each in self._look_alikes(known) if each.offset > known.offset]
        return max((each.offset for each in others if _continues(file.fd, each)), default=0)

    def _like(self, file: OpenFile, fresh: Checkpoint, other: Checkpoint) -> Beginning | None:
        """Where to begin in a file that begins as `other` does; None: they differ."""
        if not other.offset:
            return None
        if not continues(file.fd, other):
            return self._shorter_copy(file, fresh, other)
        if not is_proof(other):
            return Beginning(fresh, other.offset)
        if not self._whereabouts.has_file_of(other):
            moved = replace(
                other,
                path=self._path,
                device=file.device,
                inode=file.inode,
                birth=file.birth,
                closed=False,
            )
            return Beginning(moved)
        if other.path != self._path:
            return Beginning(at(file, fresh, other.offset))
        return Beginning(fresh, other.offset)

    def _shorter_copy(
        self, file: OpenFile, fresh: Checkpoint, other: Checkpoint
    ) -> Beginning | None:
        same = intact_end(file.fd, other, file.size)
        if not same or other.path == self._path:
            return None
        return Beginning(at(file, fresh, same), file.size)


def _continues(fd: int, checkpoint: Checkpoint) -> bool:
    try:
        return continues(fd, checkpoint)
    except OSError:
        return False
