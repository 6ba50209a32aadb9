"""Ways to files that were walked a moment ago: ten thousand files of one directory share a walk.

A way is good for the other files of its directory as long as every directory on it is watched and
no event has made any way doubtful since before it was walked. Whoever takes one says so to all
directories on it first and looks for doubts afterwards: what happens to the way from then on is
told, and what happened before is seen. Ways that lead through a link are not kept.
"""

from __future__ import annotations

import os
from typing import TypeAlias

from logwatch.daemon.event_reader import DirectoryWatch, Doubts

Way: TypeAlias = tuple[tuple[DirectoryWatch, bytes], ...]
"""The look-ups that lead to a file, each a name in a directory."""


class KnownWays:
    """For one thread at a time, which walks."""

    def __init__(self, doubts: Doubts) -> None:
        self._doubts = doubts
        self._as_of = doubts.latest
        self._ways: dict[str, Way] = {}

    @property
    def are_good(self) -> bool:
        """Whether nothing has happened since those that are known were walked."""
        return self._as_of is self._doubts.latest

    def to(self, path: str) -> Way:
        """The way to this file; empty where it has to be walked."""
        folder, _, name = path.rpartition("/")
        known = self._ways.get(folder, ()) if self.are_good else ()
        if not known or name in ("", ".", "..") or any(each.wd is None for each, _ in known):
            return ()
        return (*known[:-1], (known[-1][0], os.fsencode(name)))

    def note(self, path: str, way: Way, as_of: object) -> None:
        """This way was walked to this file; `as_of`: the latest doubt before that."""
        if as_of is not self._as_of:
            self._ways.clear()
            self._as_of = as_of
        # A link, a dot or a double slash is a name more, here or there.
        if [name for _, name in way] == os.fsencode(path).split(b"/")[1:]:
            self._ways[path.rpartition("/")[0]] = way
