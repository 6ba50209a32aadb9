"""Who follows which file: the same file under two paths is read by one tail only.

With a glob like `app.log*` each shift of a numbered chain moves every file to a path that another
tail looks after. The tails of a process therefore share one `Claims`: the first to claim a file
reads it until it lets go, and leaves behind how far it came.

Every method may be called from any thread: each step is one operation on a dict, which the
interpreter does not interrupt. Of files that were let go the newest are remembered: `_CLOSED_KEPT`
of them, or two for each that is read where that is more.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from logwatch.records import Checkpoint, Marker
from logwatch.tailer.fingerprint import HEAD_LENGTH, Key, OpenFile, birth_floor, identity
from logwatch.tailer.handles import Handles
from logwatch.tailer.key_index import KeyIndex
from logwatch.tailer.links import LinkRule
from logwatch.tailer.siblings import Listings, Sign, stem

_CLOSED_KEPT: Final = 8192
_KEPT_PER_OWNED: Final = 2
"""Or all logs of a machine that are rotated in one night were read again in the next, packed."""


class Owner:
    """Who reads files: a tail, of which it holds nothing, so that the tail may end before it."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path


class Claims:
    """The files of a process's tails, each with its one owner and its latest checkpoint."""

    def __init__(self, links: LinkRule | None = None) -> None:
        """`links`: where links may lead, for all tails alike."""
        self.links = links or LinkRule()
        self.handles = Handles()
        """Who waits for one."""
        self._owners: dict[Key, object] = {}
        self._latest: dict[Key, Checkpoint] = {}
        self._epochs: dict[str, int] = {}
        self._reserved: dict[str, int] = {}
        """Epochs of which nothing was handed on yet, beyond those."""
        self._same_head = KeyIndex()
        self._families = KeyIndex()
        self._closed: dict[Key, None] = {}
        self._seen: dict[str, frozenset[Sign]] = {}
        self._followed: dict[str, int] = {}
        """By log: when the newest file of a rotated name was born that the store knows."""
        self._doubts: dict[Key, int] = {}
        """Up to where plain files that are open may be in a compressed one that is read."""
        self.listings = Listings()

    def learn(self, known: Iterable[Checkpoint]) -> None:
        """Take in checkpoints from the store, newest last; what is known here already is newer."""
        newest: dict[Key, Checkpoint] = {}
        for checkpoint in known:
            self._note_epoch(checkpoint)
            if (log := stem(checkpoint.path)) != checkpoint.path:
                born = birth_floor(checkpoint.birth)
                self._followed[log] = max(born, self._followed.get(log, 0))
            key = checkpoint.inode, checkpoint.birth
            if key not in newest or not _was_begun_anew(checkpoint, newest[key]):
                newest[key] = checkpoint
        for key, checkpoint in newest.items():
            if self._latest.setdefault(key, checkpoint) is checkpoint:
                self._index(key, checkpoint)
                if checkpoint.closed:  # no more than a store keeps, which knows how many are read
                    self._closed[key] = None

    def claim(self, key: Key, owner: object) -> bool:
        """Whether `owner` may read this file: nobody else does. It may from now on."""
        return self._owners.setdefault(key, owner) is owner

    def claim_all(self, keys: Iterable[Key], owner: object) -> bool:
        """The same of several files at once: where somebody else reads one it may read none."""
        fresh = [each for each in keys if self.owner(each) is not owner]
        if all(self.claim(each, owner) for each in fresh):
            return True
        for each in fresh:
            self.release(each, owner)
        return False

    def owner(self, key: Key) -> object | None:
        """Who reads this file."""
        return self._owners.get(key)

    def note(self, checkpoint: Checkpoint) -> None:
        """Remember how far a file has been read."""
        key = checkpoint.inode, checkpoint.birth
        before = self._latest.get(key)
        if before is not None and _was_begun_anew(checkpoint, before):
            return
        self._latest[key] = checkpoint
        if before is None or _look(before) != _look(checkpoint):
            self._note_epoch(checkpoint)
            self._index(key, checkpoint)
            if before is not None:
                self._index_no_more(key, before, checkpoint)

    def release(self, key: Key, owner: object) -> None:
        """Let another tail have the file, if it comes under another path."""
        if self._owners.get(key) is owner:
            del self._owners[key]
            self._doubts.pop(key, None)
            self._closed[key] = None
            if len(self._closed) > max(_CLOSED_KEPT, _KEPT_PER_OWNED * len(self._owners)):
                with suppress(RuntimeError):  # another thread lets go of a file just now, too
                    self._forget(next(iter(self._closed)))

    def latest(self, key: Key) -> Checkpoint | None:
        """How far this file has been read, by whomever; None: it is new, or was begun anew."""
        found = self._latest.get(key)
        if found is not None:
            prefix = identity(*key, 0).rpartition(".")[0]
            # A later epoch that is in another file by now: a copy from before the cut.
            if found.identity.startswith(f"{prefix}.") and found.epoch < self._epochs[prefix]:
                return None
        return found

    def next_epoch(self, prefix: str) -> int:
        """The first epoch not used yet by the identities that begin with `prefix`."""
        return max(self._epochs.get(prefix, -1), self._reserved.get(prefix, -1)) + 1

    def reserve(self, checkpoint: Checkpoint) -> None:
        """Let nothing else have the identity of `checkpoint`, which may never be handed on."""
        self._reserved[checkpoint.identity.rpartition(".")[0]] = checkpoint.epoch

    def same_head(self, digest: str) -> list[Checkpoint]:
        """Latest checkpoints of the files that begin with the same full head, newest first."""
        return self._all(reversed(self._same_head.of(digest)))

    def family(self, path: str) -> list[Checkpoint]:
        """Latest checkpoints of the files followed under `path` and its rotated names."""
        return self._all(self._families.of(stem(path)))

    def followed_since(self, path: str, live: OpenFile | None) -> int:
        """A moment (ns) at which a log was followed by an earlier process, under rotated names.

        All that it was known by may have passed to these. 0: it was not, as far as is known. That
        is so of a log that is older than these, too: a `worker` beside a `worker-2`.
        """
        since = self._followed.get(path, 0)
        return 0 if live is not None and 0 < live.created_ns < since else since

    def note_seen(self, path: str, signs: frozenset[Sign]) -> None:
        """Remember what the tail of `path` saw beside it when it last looked around."""
        self._seen[path] = signs

    def seen_beside(self, path: str) -> frozenset[Sign] | None:
        """What the tail of `path` saw beside it; None: there is no such tail."""
        return self._seen.get(path)

    def leave(self, path: str) -> None:
        """The tail of `path` is closed."""
        self._seen.pop(path, None)

    @property
    def has_doubts(self) -> bool:
        """Whether `doubted` may say anything."""
        return bool(self._doubts)

    def doubt(self, key: Key, end: int) -> None:
        """Up to `end` what is in this file may be read elsewhere, in what it was compressed into.

        Whoever reads it gets to know.
        """
        self._doubts[key] = max(end, self._doubts.get(key, 0))

    def doubted(self, key: Key) -> int:
        """What `doubt` said of this file since the last call, or 0."""
        return self._doubts.pop(key, 0)

    def _all(self, keys: Iterable[Key]) -> list[Checkpoint]:
        found = [self._latest.get(key) for key in keys]
        return [checkpoint for checkpoint in found if checkpoint is not None]

    def _note_epoch(self, checkpoint: Checkpoint) -> None:
        prefix, _, epoch = checkpoint.identity.rpartition(".")
        self._epochs[prefix] = max(int(epoch), self._epochs.get(prefix, -1))

    def _index(self, key: Key, checkpoint: Checkpoint) -> None:
        self._families.add(stem(checkpoint.path), key)
        if checkpoint.head.length == HEAD_LENGTH:
            self._same_head.add(checkpoint.head.digest, key)

    def _index_no_more(self, key: Key, before: Checkpoint, now: Checkpoint | None = None) -> None:
        """It is no longer as `before`; None: it is forgotten."""
        if now is None or now.head.digest != before.head.digest:
            self._same_head.discard(before.head.digest, key)
        if now is None or stem(now.path) != stem(before.path):
            self._families.discard(stem(before.path), key)

    def _forget(self, key: Key) -> None:
        self._closed.pop(key, None)
        if key in self._owners:
            return
        checkpoint = self._latest.pop(key, None)
        if checkpoint is not None:
            # Those of this file alone: a copy bears the name of one that may be read still.
            prefix = identity(*key, 0).rpartition(".")[0]
            self._epochs.pop(prefix, None)
            self._reserved.pop(prefix, None)
            self._index_no_more(key, checkpoint)


def _look(checkpoint: Checkpoint) -> tuple[Marker, int, str]:
    """By what else than its name a file is found again."""
    return checkpoint.head, checkpoint.epoch, checkpoint.path


def _was_begun_anew(checkpoint: Checkpoint, latest: Checkpoint) -> bool:
    """Whether the file of `checkpoint` was cut, and `latest` is about what came after that."""
    same_file = checkpoint.identity.rpartition(".")[0] == latest.identity.rpartition(".")[0]
    return same_file and checkpoint.epoch < latest.epoch
