"""Expand a path with `*`, `?`, `[...]` and `**`, and say in which directories that was looked up.

As in a shell, a wildcard does not match a leading dot and never a slash; `**` stands for any number
of directories and does not go through symbolic links, so that a loop of links cannot hold it.
"""

from __future__ import annotations

import re
from fnmatch import translate
from itertools import takewhile

from msgspec import Struct, field

from logwatch.tailer.file_system import Entry, FileSystem

_WILD = re.compile(r"[*?\[]")


class Expansion(Struct, frozen=True):
    """What a glob stands for now."""

    paths: list[str]
    directories: list[str]
    """Directories in which a change of names may change `paths`; they may be missing."""


class Listings(Struct):
    """Directory listings of one scan, each read once."""

    files: FileSystem = field(default_factory=FileSystem)
    problems: dict[str, OSError] = field(default_factory=dict)
    _entries: dict[str, list[Entry]] = field(default_factory=dict)

    def of(self, directory: str) -> list[Entry]:
        """Entries in order of name; none where it cannot be read, and then a problem if there."""
        found = self._entries.get(directory)
        if found is None:
            found = self._entries[directory] = self._read(directory)
        return found

    def _read(self, directory: str) -> list[Entry]:
        try:
            return self.files.entries(directory)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self.problems[directory] = error
            return []


def is_glob(path: str) -> bool:
    """Whether the path has wildcards."""
    return _WILD.search(path) is not None


def fixed_folder(pattern: str) -> str:
    """The folder of which all that a glob stands for is part: what is before its first wildcard."""
    return "/" + "/".join(takewhile(lambda part: not is_glob(part), pattern.strip("/").split("/")))


def expand(pattern: str, listings: Listings) -> Expansion:
    """All paths, of whatever kind, that an absolute `pattern` matches, in order."""
    found = Expansion([], [])
    _walk("", pattern.strip("/").split("/"), listings, found)
    return Expansion(list(dict.fromkeys(found.paths)), list(dict.fromkeys(found.directories)))


def _walk(base: str, parts: list[str], listings: Listings, found: Expansion) -> None:
    part, rest = parts[0], parts[1:]
    if part == "**":
        _walk_deep(base, rest or ["*"], listings, found)
    elif is_glob(part):
        found.directories.append(base or "/")
        for entry in _matching(listings.of(base or "/"), part):
            _go_on(f"{base}/{entry.name}", entry.is_directory, rest, listings, found)
    else:
        # Without a wildcard it need not be listed, which also works where that is forbidden.
        if not rest:
            found.directories.append(base or "/")
        path = f"{base}/{part}"
        _go_on(path, True, rest, listings, found)  # noqa: FBT003 - the walk finds out


def _go_on(
    path: str,
    is_directory: bool,  # noqa: FBT001 - one answer of the listing
    rest: list[str],
    listings: Listings,
    found: Expansion,
) -> None:
    if not rest:
        if listings.files.exists(path):
            found.paths.append(path)
    elif is_directory:
        _walk(path, rest, listings, found)


def _walk_deep(base: str, rest: list[str], listings: Listings, found: Expansion) -> None:
    found.directories.append(base or "/")
    _walk(base, rest, listings, found)
    for entry in listings.of(base or "/"):
        if entry.is_directory and not entry.is_link and not entry.name.startswith("."):
            _walk_deep(f"{base}/{entry.name}", rest, listings, found)


def _matching(entries: list[Entry], part: str) -> list[Entry]:
    accepts = re.compile(translate(part)).match
    hidden = part.startswith(".")
    return [
        each for each in entries if accepts(each.name) and (hidden or not each.name.startswith("."))
    ]
