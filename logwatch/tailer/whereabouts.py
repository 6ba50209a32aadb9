"""Where earlier generations of one log lie: beside it, and in the folders that its source names.

Beside a log rotated files have its whole name and a number or date behind it. In a folder that is
named as one for archives the number may also stand before the ending, as logrotate's `extension`,
log4j and logback put it: `app.1.log`, `app-2026-01-05.log.gz`. Such a name may be another log's, so
nothing of the kind is looked for unasked. Folders are given relative to that of the log, as in
logrotate's `olddir`, or as absolute paths; in both there may be wildcards.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from glob import escape, has_magic, iglob

from logwatch.records import Checkpoint
from logwatch.tailer.fingerprint import OpenFile
from logwatch.tailer.links import LinkRule
from logwatch.tailer.opening import open_beside, open_regular
from logwatch.tailer.siblings import (
    MOST_LOOKS,
    Listings,
    Sibling,
    family,
    find_inode,
    is_family,
    is_same_beside,
    sibling_at,
    state_beside,
    stem,
)

_BEHIND = r"(?:[.\-_](\d[\dTZ:_.\-]*)|\.old|~)"
_BEFORE = r"[.\-_](\d[\dTZ:_.\-]*)"
_COMPRESSED = r"(\.(?:gz|bz2|xz|lzma|zst|lz4|Z))?"


class Whereabouts:
    """Where the generations of one log may be. Does I/O at each call."""

    def __init__(self, path: str, archives: Sequence[str] = ()) -> None:
        self.path = path
        self._archives = tuple(archives)

    def of_stem(self) -> Whereabouts:
        """The same for the log whose rotated name the path may be."""
        return Whereabouts(stem(self.path), self._archives)

    def family(self, listings: Listings | None = None) -> list[Sibling]:
        """Regular files whose names are rotated forms of the log's, oldest first.

        An unreadable directory has none. With `listings` one that was made just now may be missing.
        """
        beside = family(self.path, listings)
        if not self._archives:
            return beside
        found = {each.path: each for each in (*beside, *self._elsewhere())}
        return sorted(found.values(), key=Sibling.order)

    def find(self, inode: int, birth: int) -> OpenFile | None:
        """The file with this identity, under any name where generations lie, opened."""
        if not self._archives:
            return find_inode(self.path, inode, birth)
        for _ in range(MOST_LOOKS):
            before = self.state()
            for place in self._places():
                file = find_inode(place, inode, birth)
                if file is not None:
                    return file
            if self.is_same(before):
                break
        return None

    def has_file_of(self, checkpoint: Checkpoint) -> bool:
        """Whether a generation, which may be another log's, has its own file where it may be."""
        key = checkpoint.inode, checkpoint.birth
        is_ours = is_family(checkpoint.path, self.path)
        file = self.find(*key) if is_ours else find_inode(checkpoint.path, *key)
        if file is not None:
            os.close(file.fd)
        return file is not None

    def open(self, path: str, links: LinkRule) -> OpenFile:
        """A file that `family` gave. Raises OSError."""
        own = os.path.realpath(self.path).rpartition("/")[0] if self._archives else ""
        is_elsewhere = self._archives and path.rpartition("/")[0] != own
        return open_regular(path, links) if is_elsewhere else open_beside(self.path, path, links)

    def state(self) -> object:
        """Something that is the same only where no name came or went; see `state_beside`."""
        if not self._archives:
            return state_beside(self.path)
        return {place: state_beside(place) for place in self._places()}

    def is_same(self, before: object) -> bool:
        """Whether no name came or went since `state` gave `before`."""
        if not isinstance(before, dict):
            return is_same_beside(self.path, before)
        places = self._places()
        return places == list(before) and all(is_same_beside(each, before[each]) for each in places)

    def folders(self) -> list[str]:
        """The folders for archives that are there now, without links."""
        own = os.path.realpath(self.path).rpartition("/")[0]
        found: dict[str, None] = {}
        for archives in self._archives:
            if has_magic(archives):
                pattern = archives if archives.startswith("/") else f"{escape(own)}/{archives}"
                paths = sorted(iglob(pattern))  # noqa: PTH207 - paths here are plain strings
            else:
                paths = [archives if archives.startswith("/") else f"{own}/{archives}"]
            found.update(dict.fromkeys(os.path.realpath(each) for each in paths))
        return list(found)

    def _places(self) -> list[str]:
        """What the names that count begin with, as paths; the log itself is the first."""
        title, _ = _title(self.path)
        return [self.path, *(f"{folder}/{title}" for folder in self.folders())]

    def _elsewhere(self) -> Iterator[Sibling]:
        title, ending = _title(self.path)
        forms = [re.escape(title + ending) + _BEHIND]
        if ending and stem(self.path) == self.path:
            forms.append(re.escape(title) + _BEFORE + re.escape(ending))
        rotated = [re.compile(form + _COMPRESSED, re.ASCII) for form in forms]
        for folder in self.folders():
            for entry in _names_in(folder):
                found = next(filter(None, (each.fullmatch(entry) for each in rotated)), None)
                if found is not None:
                    sibling = sibling_at(f"{folder}/{entry}", found[1] or "", found[2] or "")
                    yield from () if sibling is None else (sibling,)


def _title(path: str) -> tuple[str, str]:
    """The name of a log without its ending, and the ending."""
    return os.path.splitext(os.path.realpath(path).rpartition("/")[2])  # noqa: PTH122 - a string


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names, not paths
    except OSError:
        return []
