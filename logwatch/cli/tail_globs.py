"""Files of the command line; globs that no shell has expanded find later files, too.

A name with `*` or `?` or `[` that is a file as it stands is that file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from logwatch.cli.tail_request import note, quoted

_MARKS = frozenset("*?[")


class Globs:
    """The words of a command line, and what they stand for."""

    def __init__(self, words: Sequence[str], *, quiet: bool = False) -> None:
        """`quiet`: say nothing of a glob that nothing matches."""
        self._words = words
        self._quiet = quiet
        self.patterns = [each for each in words if is_pattern(each)]
        self._known: set[str] = set()

    def names(self) -> list[str]:
        """All files now, in the order of the words."""
        found: list[str] = []
        for word in self._words:
            if word not in self.patterns:
                found.append(word)
                continue
            files = _expanded(word)
            if not files and not self._quiet:
                note(f"nothing matches {quoted(word)} now; waiting")
            found += files
        self._known = set(found)
        return found

    def new(self) -> list[str]:
        """Files that have come since."""
        if not self.patterns:
            return []
        found = [name for word in self.patterns for name in _expanded(word)]
        fresh = [name for name in dict.fromkeys(found) if name not in self._known]
        self._known.update(fresh)
        return fresh


def is_pattern(word: str) -> bool:
    """Whether a word is a glob and no file."""
    return not _MARKS.isdisjoint(word) and not os.path.lexists(word)


def _expanded(pattern: str) -> list[str]:
    from logwatch.tailer.globs import Listings, expand  # noqa: PLC0415 - for globs only

    here = os.getcwd()  # noqa: PTH109 - a plain string
    found = expand(os.path.join(here, pattern), Listings()).paths  # noqa: PTH118 - as above
    if pattern.startswith("/"):
        return sorted(found)
    return sorted(each.removeprefix(here + "/") for each in found)
