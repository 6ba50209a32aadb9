"""The files beside a log that may be earlier generations of it, found without being in any glob.

Names are those that rotation gives: `X.1`, `X-20260105`, `X.2026-01-05`, `X.old`, and compressed
forms of these. Order is by birth, and by the rotation's numbers or dates where births are equal.
What lies elsewhere, or is named otherwise, is found by `whereabouts.py`.
"""

from __future__ import annotations

import os
import re
import stat
import time
from bisect import bisect_left
from itertools import islice, takewhile
from typing import NamedTuple, TypeAlias

from logwatch.tailer.fingerprint import OpenFile, created_ns
from logwatch.tailer.opening import open_regular

_SUFFIX = re.compile(
    r"(?:[.\-_](\d[\dTZ:_.\-]*)|\.old|~)(\.(?:gz|bz2|xz|lzma|zst|lz4|Z))?", re.ASCII
)
PACKED = (".gz", ".bz2", ".xz", ".lzma", ".zst", ".lz4", ".Z")
"""What the names of compressed files end with."""
_LISTINGS_KEPT = 16
_MOST_LINKS = 40
"""As many as Linux follows in one path: path_resolution(7)."""
COARSE_NS = 50_000_000
"""A file system stamps with the time of the last tick, 10 ms ago at most; and some to spare."""
MOST_LOOKS = 50
"""Looks at a directory whose names change all the time, until the last one has to do."""

# A file born later than its last change was brought here with an old date: unpacked or restored.
_BIRTH_SLACK_NS = 100_000_000


Sign: TypeAlias = tuple[int, int, str]
"""Inode, birth time in ns, and compression: enough to know a file without opening it."""


class Sibling(NamedTuple):
    """One file of the family, not opened."""

    path: str
    inode: int
    size: int
    created_ns: int
    modified_ns: int
    compressed: str
    """The suffix (`.gz`), or empty."""
    rank: tuple[int, str]
    """Rises from older to younger by name alone."""

    @property
    def sign(self) -> Sign:
        """Tells that this file was seen before, without opening it."""
        return self.inode, self.created_ns, self.compressed

    @property
    def restored(self) -> bool:
        """Whether its content is older than the file itself."""
        return self.modified_ns + _BIRTH_SLACK_NS < self.created_ns

    @property
    def has_original(self) -> bool:
        """Whether what is being compressed into this is there: it is read as it is."""
        return os.path.lexists(self.path.removesuffix(self.compressed))

    def order(self) -> tuple[int, tuple[int, str], int]:
        """Sorts from older to younger."""
        return self.created_ns, self.rank, self.modified_ns


class Listings:
    """Directory listings that may be a few milliseconds old, for many looks at the same time.

    Ten thousand logs in one directory must not list it ten thousand times when all begin.
    """

    def __init__(self) -> None:
        self._sorted: dict[str, tuple[int, list[str]]] = {}

    def starting_with(self, name: str, directory: str) -> list[str]:
        """Names in `directory` that begin with `name`. Raises OSError."""
        changed = os.stat(directory).st_mtime_ns  # noqa: PTH116 - paths here are plain strings
        found = self._sorted.get(directory)
        if found is None or found[0] != changed:
            if len(self._sorted) >= _LISTINGS_KEPT:
                self._sorted.clear()
            found = changed, sorted(os.listdir(directory))  # noqa: PTH208 - names, not paths
            self._sorted[directory] = found
        names = found[1]
        first = bisect_left(names, name)
        return list(takewhile(lambda each: each.startswith(name), islice(names, first, None)))


def family(path: str, listings: Listings | None = None) -> list[Sibling]:
    """Regular files beside `path` whose names are rotated forms of its name, oldest first.

    An unreadable directory has none. With `listings` one that was made just now may be missing.
    """
    directory, name = _place(path)
    names = _relatives(name, directory, listings)
    suffixes = [each for each in (_SUFFIX.fullmatch(one, len(name)) for one in names) if each]
    if not suffixes:
        return []
    directory = os.path.realpath(directory)  # by which it is judged where links may lead
    found = (
        sibling_at(f"{directory}/{each.string}", each[1] or "", each[2] or "") for each in suffixes
    )
    return sorted((each for each in found if each is not None), key=Sibling.order)


def packed_in_place(path: str) -> list[Sibling]:
    """What the file at `path` was compressed into, if it was, without being renamed.

    As is done to logs that have their date in their own name. By its name alone it is no earlier
    generation of the log: it may be a copy that somebody keeps.
    """
    directory, name = _place(path)
    place = f"{os.path.realpath(directory)}/{name}"
    found = (sibling_at(f"{place}{suffix}", "", suffix) for suffix in PACKED)
    return [each for each in found if each is not None]


def is_family(path: str, other: str) -> bool:
    """Whether one path is a rotated name of the other, or both are rotated names of one log."""
    return path == other or stem(path) == stem(other)


def stem(path: str) -> str:
    """The path without what rotation put behind it."""
    for at in range(len(path) - 1, path.rfind("/") + 1, -1):
        if path[at] in ".-_~" and _SUFFIX.fullmatch(path, at):
            rest = path[:at]
            return stem(rest) if rest[-1:].isdigit() else rest
    return path


def find_inode(path: str, inode: int, birth: int) -> OpenFile | None:
    """The file with this identity in the directory of `path`, under any name, opened."""
    directory = os.path.realpath(path).rpartition("/")[0]
    for _ in range(MOST_LOOKS):
        before = state_beside(path)
        file = _find_inode(directory, inode, birth)
        if file is not None or is_same_beside(path, before):
            return file
    return None


def state_beside(path: str) -> object:
    """Something that is the same, before and after a look, only where no name came or went.

    While a rotation shifts names a listing may miss a file or show it under a name that by now is
    another's: a look at the family counts only where this is the same before and after it. The
    directory's own stamp is enough where it is older than the kernel's clock for stamps is coarse;
    else it is the names and inodes that begin with this one's name.
    """
    return _state_beside(path, by_names=False)


def is_same_beside(path: str, before: object) -> bool:
    """Whether no name came or went beside `path` since `state_beside` gave `before`.

    By the same measure: a stamp that has grown old enough meanwhile is no change.
    """
    return _state_beside(path, by_names=isinstance(before, frozenset)) == before


def _state_beside(path: str, *, by_names: bool) -> object:
    directory, name = _place(path)
    try:
        changed = os.stat(directory or "/").st_mtime_ns  # noqa: PTH116 - paths here are strings
        if not by_names and 0 < changed < time.clock_gettime_ns(time.CLOCK_REALTIME) - COARSE_NS:
            return changed
        with os.scandir(directory or "/") as entries:
            return frozenset(
                (each.name, each.inode()) for each in entries if each.name.startswith(name)
            )
    except OSError:
        return None


def _place(path: str) -> tuple[str, str]:
    """Directory and name of what `path` leads to; links on the way to the directory may be left.

    A tenth of the calls of realpath, which looks at each part of the path: a start makes five such
    looks at each log, and each call may hand the interpreter to another thread.
    """
    for _ in range(_MOST_LINKS):
        try:
            target = os.readlink(path)  # noqa: PTH115 - strings
        except OSError:  # it is no link, or not there
            break
        path = os.path.join(os.path.dirname(path), target)  # noqa: PTH118, PTH120 - strings
    return os.path.split(path)


def _find_inode(directory: str, inode: int, birth: int) -> OpenFile | None:
    for name in _names_of(inode, directory):
        try:
            file = open_regular(f"{directory}/{name}")
        except OSError:
            continue
        if file.key == (inode, birth):
            return file
        os.close(file.fd)
    return None


def unpacked_size(sibling: Sibling) -> int | None:
    """Bytes in a gzip file before compression, as its last member says modulo 4 GiB, or None."""
    if sibling.compressed != ".gz" or sibling.size < 18:
        return None
    try:
        file = open_regular(sibling.path)
    except OSError:
        return None
    try:
        return int.from_bytes(os.pread(file.fd, 4, file.size - 4), "little")  # RFC 1952, ISIZE
    except OSError:
        return None
    finally:
        os.close(file.fd)


def _relatives(name: str, directory: str, listings: Listings | None) -> list[str]:
    try:
        if listings is not None:
            return listings.starting_with(name, directory)
        names = os.listdir(directory)  # noqa: PTH208 - names, not paths
    except OSError:
        return []
    return [each for each in names if each.startswith(name)]


def _names_of(inode: int, directory: str) -> list[str]:
    try:
        with os.scandir(directory or "/") as entries:
            return [each.name for each in entries if each.inode() == inode]
    except OSError:
        return []


def sibling_at(path: str, order: str, compressed: str) -> Sibling | None:
    """The file with this name, of which `order` is the number or date; None: it is no file."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    # Small numbers count back from the live file (.1 is the youngest); longer ones are dates.
    rank = (-int(order), "") if order.isdigit() and len(order) <= 4 else (0, order)
    return Sibling(
        path,
        status.st_ino,
        status.st_size,
        created_ns(path),
        status.st_mtime_ns,
        compressed,
        rank,
    )
