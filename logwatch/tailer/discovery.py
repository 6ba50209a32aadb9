"""Which files the sources mean now, and which directories tell when that changes.

A file with several names (hard links, symbolic links, overlapping globs) is answered once, under
one path, with the sources of all its names. A glob takes regular files only, and none that is
compressed: those are read as earlier generations of their logs. Nor one whose name is not UTF-8:
what tells of it, the store and each alert, is text. Nothing is ever opened here. A scan
has no memory: it can be repeated at any time, from any one thread.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import NamedTuple

from msgspec import Struct

from logwatch.records import Checkpoint
from logwatch.tailer.file_system import FileSystem
from logwatch.tailer.globs import Listings, expand, fixed_folder, is_glob
from logwatch.tailer.links import LinkRule
from logwatch.tailer.opening import denial, what_it_is
from logwatch.tailer.settings import SourceSettings, is_excluded
from logwatch.tailer.siblings import PACKED

_LINKS_FOLLOWED = 40
"""As many as the kernel follows before it says ELOOP."""


class Scan(Struct, frozen=True):
    """What was found."""

    files: dict[str, tuple[str, ...]]
    """Paths to follow, each with the names of the sources that take it, in configuration order."""
    directories: set[str]
    """Existing directories, without symbolic links, in which names that matter may change."""
    unlisted: list[tuple[str, str, str]]
    """Folders that a source names itself and that cannot be listed, with both, and why.

    What a wildcard comes upon, `/var/log/*/*.log`, may have nothing in it that anybody wants."""
    problems: dict[str, str]
    """Paths that cannot be looked at or followed, and why."""


class _File(NamedTuple):
    device: int
    inode: int


class Discovery:
    """Finds the files of all sources."""

    def __init__(
        self,
        sources: Sequence[SourceSettings],
        files: FileSystem | None = None,
        links: LinkRule | None = None,
    ) -> None:
        """`links`: where links may lead; a file that they may not lead to has no such name."""
        self._sources = tuple(sources)
        self._files = files or FileSystem()
        self._links = links or LinkRule()

    def scan(self) -> Scan:
        """Look at the file system once. Never raises OSError; see `Scan.problems`."""
        return _Look(self._sources, self._files, self._links).scan()

    def departed(
        self, stored: Mapping[str, Iterable[Checkpoint]], found: Container[str]
    ) -> dict[str, tuple[str, ...]]:
        """Paths of open generations that no glob gives any more, and the sources that mean them.

        Their files were deleted since, renamed, or compressed, and the rest of each is to be found,
        or told as lost. `stored` are the positions of each path, `found` the files of a scan. Left
        alone is what another disk was mounted for, or none: that it is not there says nothing.
        Never raises OSError.
        """
        gone: dict[str, tuple[str, ...]] = {}
        for path, known in stored.items():
            disks = {each.device for each in known if not each.closed}
            if not disks or path in found:
                continue
            sources = tuple(self.sources_of(path))
            if sources and not self._files.exists(path) and self._disk_of(path) in disks:
                gone[path] = sources
        return gone

    def _disk_of(self, path: str) -> int | None:
        """That of the nearest folder that is there; None: it cannot be looked at."""
        folder = path.rpartition("/")[0] or "/"
        try:
            return self._files.stat(folder).st_dev
        except (FileNotFoundError, NotADirectoryError):
            return None if folder == "/" else self._disk_of(folder)
        except OSError:
            return None

    def sources_of(self, path: str) -> list[str]:
        """The sources whose patterns mean the file `path`, if it is one; asks nothing."""
        parts = path.strip("/").split("/")
        return [
            source.name
            for source in self._sources
            if not is_excluded(path, source.exclude)
            and any(
                path == pattern
                if not is_glob(pattern)
                else not path.endswith(PACKED) and _matches(pattern.strip("/").split("/"), parts)
                for pattern in source.paths
            )
        ]

    def sources_in(self, place: str) -> list[str]:
        """The sources that may have files in the directory `place`, or are that; asks nothing."""
        return [
            source.name
            for source in self._sources
            if any(_may_meet(path, place) for path in source.paths)
        ]


class _Look:
    """One scan while it runs."""

    def __init__(
        self, sources: Sequence[SourceSettings], files: FileSystem, links: LinkRule
    ) -> None:
        self._sources = sources
        self._links = links
        self._files = files
        self._listings = Listings(files)
        self._names: dict[str, dict[str, None]] = {}
        self._literal: set[str] = set()
        self._problems: dict[str, str] = {}
        self._directories: set[str] = set()
        self._walked: set[str] = set()

    def scan(self) -> Scan:
        for source in self._sources:
            for path in source.paths:
                self._look_up(source, path)
        unlisted: list[tuple[str, str, str]] = []
        for directory, error in self._listings.problems.items():
            is_denied = isinstance(error, PermissionError)
            text = denial(directory) if is_denied else error.strerror or str(error)
            self._problems[directory] = f"cannot be listed: {text}"
            unlisted += [
                (directory, source.name, f"it cannot be listed: {text}")
                for source in self._sources
                if any(is_glob(path) and fixed_folder(path) == directory for path in source.paths)
            ]
        files = self._one_name_each()
        return Scan(files, self._directories, unlisted, self._problems)

    def _look_up(self, source: SourceSettings, path: str) -> None:
        if not is_glob(path):
            self._literal.add(path)
            self._take(source, path)
            return
        found = expand(path, self._listings)
        for directory in found.directories:
            if self._is_text(directory):
                self._watch(directory)
        for each in found.paths:
            is_meant = not each.endswith(PACKED) and not is_excluded(each, source.exclude)
            if is_meant and self._is_text(each):
                self._take(source, each)

    def _is_text(self, path: str) -> bool:
        try:
            path.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(path).decode(errors="backslashreplace")
            self._problems[shown] = "its name is not UTF-8, so it is not read; rename it"
            return False
        return True

    def _take(self, source: SourceSettings, path: str) -> None:
        self._names.setdefault(path, {})[source.name] = None

    def _one_name_each(self) -> dict[str, tuple[str, ...]]:
        """The paths with one name per file: one that is written out, then one that is no link."""
        order = {source.name: number for number, source in enumerate(self._sources)}
        chosen: dict[object, str] = {}
        takers: dict[str, set[str]] = {}
        for path, key in self._keys().items():
            first = chosen.setdefault(key, path)
            takers.setdefault(first, set()).update(self._names[path])
            self._watch_links(path)
        return {
            path: tuple(sorted(takers[path], key=order.__getitem__))
            for path in self._names
            if path in takers
        }

    def _keys(self) -> dict[str, object]:
        """What tells the files of the paths from one another, the preferred names first."""
        found: dict[str, object] = {}
        for path in sorted(self._names, key=self._preference):
            key = self._file_key(path)
            if key is not None:
                found[path] = key
        often = Counter(found.values())
        # By a link that is not to be followed nobody gets at what others may read: it stands for
        # itself, and its tail says why.
        return {
            path: key if often[key] == 1 or self._leads_to(path, key) else path
            for path, key in found.items()
        }

    def _leads_to(self, path: str, key: object) -> bool:
        if not isinstance(key, _File):
            return True
        return self._files.leads_to(path, self._links, (key.device, key.inode))

    def _preference(self, path: str) -> tuple[bool, bool]:
        return path not in self._literal, self._files.is_link(path)

    def _file_key(self, path: str) -> object | None:
        """What tells this file from others; None: not to be followed."""
        try:
            status = self._files.stat(path)
        except OSError:
            # Missing, or not to be reached: its tail waits for it and says why.
            return path if path in self._literal else None
        kind = what_it_is(status.st_mode)
        if not kind:
            return _File(status.st_dev, status.st_ino)
        if path in self._literal or not stat.S_ISDIR(status.st_mode):
            self._problems[path] = f"is {kind}, not a regular file"
        return path if path in self._literal else None

    # Directories.

    def _watch_links(self, path: str) -> None:
        """Watch where `path` leads through, at every link on the way."""
        for _ in range(_LINKS_FOLLOWED):
            directory = path.rpartition("/")[0] or "/"
            self._watch(directory)
            try:
                target = self._files.link_target(path)
            except OSError:
                return
            path = os.path.normpath(f"{directory}/{target}" if target[0] != "/" else target)

    def _watch(self, directory: str) -> None:
        """Watch a directory, or its nearest existing ancestor, and where links on the way lie."""
        if directory in self._walked:
            return
        self._walked.add(directory)
        existing = directory
        while existing != "/" and not self._files.is_directory(existing):
            existing = existing.rpartition("/")[0] or "/"
        with suppress(OSError):  # it does not answer, of a sudden
            self._directories.add(self._files.real(existing))
        for prefix in _prefixes(directory):
            if self._files.is_link(prefix):
                self._watch_links(prefix)


def _matches(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """Whether the parts of a glob match those of a path, as `expand` has it."""
    if not pattern or not path:
        return not pattern and not path
    if pattern[0] == "**":
        rest = pattern[1:] or ["*"]
        deeper = not path[0].startswith(".") and _matches(pattern, path[1:])
        return _matches(rest, path) or deeper
    hidden = path[0].startswith(".") and not pattern[0].startswith(".")
    is_same = not hidden and fnmatchcase(path[0], pattern[0])
    return is_same and _matches(pattern[1:], path[1:])


def _may_meet(pattern: str, place: str) -> bool:
    """Whether a pattern may stand for a path in `place`; links are not known here."""
    for part, name in zip(pattern.strip("/").split("/"), place.strip("/").split("/"), strict=False):
        if part == "**":
            return True
        if not fnmatchcase(name, part) and name != part:
            return False
    return pattern.count("/") >= place.rstrip("/").count("/")


def _prefixes(directory: str) -> list[str]:
    parts = directory.strip("/").split("/")
    return ["/" + "/".join(parts[: count + 1]) for count in range(len(parts))]
