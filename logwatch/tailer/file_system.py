# ruff: noqa: PTH112, PTH114, PTH115, PTH116
# Names stay as the kernel takes them; pathlib would tidy them up.
"""The calls by which files are looked for, each of them announced before it is made.

On a network mount whose server is gone a call does not come back. Whoever drives the search may
want to know of each call that begins, to go on without it, and to refuse calls to a place that does
not answer: a refusal is an OSError, as a missing right is.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

from msgspec import Struct

from logwatch.tailer.links import LinkRule

Asking: TypeAlias = Callable[[str], AbstractContextManager[object]]
"""Entered around each call, given its path; raises OSError where that is not to be asked."""


class Entry(Struct, frozen=True):
    """One name in a directory."""

    name: str
    is_directory: bool
    is_link: bool


class FileSystem:
    """What a search for files asks of the kernel."""

    def __init__(self, asking: Asking = nullcontext) -> None:
        self._asking = asking

    def stat(self, path: str) -> os.stat_result:
        """What is at `path`, behind links. Raises OSError."""
        with self._asking(path):
            return os.stat(path)

    def link_target(self, path: str) -> str:
        """Where the link at `path` leads. Raises OSError, also where it is no link."""
        with self._asking(path):
            return os.readlink(path)

    def is_link(self, path: str) -> bool:
        """Whether there is a link at `path`; False where nobody can say."""
        try:
            with self._asking(path):
                return os.path.islink(path)
        except OSError:
            return False

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory at `path`, behind links; False where nobody can say."""
        try:
            with self._asking(path):
                return os.path.isdir(path)
        except OSError:
            return False

    def exists(self, path: str) -> bool:
        """Whether there is anything at `path`, be it a link to nowhere; or nobody can say."""
        try:
            with self._asking(path):
                return os.path.lexists(path)
        except OSError:
            return False

    def real(self, path: str) -> str:
        """`path` without links. Raises OSError where that is not to be asked."""
        with self._asking(path):
            return os.path.realpath(path)

    def leads_to(self, path: str, rule: LinkRule, file: tuple[int, int]) -> bool:
        """Whether `path` leads to `file`, a device and an inode, by links that `rule` permits."""
        try:
            with self._asking(path), rule.place(path) as place:
                status = os.fstat(place)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == file

    def entries(self, directory: str) -> list[Entry]:
        """What is in `directory`, in order of name. Raises OSError."""
        with self._asking(directory), os.scandir(directory) as entries:
            found = sorted(entries, key=lambda each: each.name)
            links = {each.name for each in found if each.is_symlink()}
            inside = {each.name for each in found if each.name not in links and _is_directory(each)}
        # A link may lead to another place, which answers or not for itself.
        inside.update(name for name in links if self.is_directory(f"{directory}/{name}"))
        return [Entry(each.name, each.name in inside, each.name in links) for each in found]


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
