"""Patterns that compiled before under this very Python, with the names of their groups.

To check a configuration its patterns are compiled, which takes most of a start with thousands of
them. What is known to be good is kept in a file beside the compiled databases, so that the next
start looks it up instead. Only `run` writes the file; `check` compiles every pattern in any case.
A file that is missing, damaged or of another Python costs only time.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from logwatch.matching.pattern import capture_names

if TYPE_CHECKING:
    from logwatch.matching.database_cache import DatabaseCache

CACHE_FOLDER = "patterns"
"""The name of the folder of such files in that of the store."""

Names: TypeAlias = tuple[str, ...]
"""Names of the groups of a pattern, in order."""


class KnownPatterns:
    """Answers what groups a pattern has, from the file where it can. For one configuration."""

    def __init__(self) -> None:
        self._cache: DatabaseCache | None = None
        self._kept: dict[str, Names] = {}
        self._met: dict[str, Names] = {}

    def open(self, folder: Path) -> None:
        """Learn what the file in `folder` knows."""
        from logwatch.matching.database_cache import DatabaseCache  # noqa: PLC0415 - not for `check`

        self._cache = DatabaseCache(folder, "names", "re")
        body = self._cache.load(())
        try:
            self._kept = msgspec.msgpack.decode(body or b"\x80", type=dict[str, Names])
        except msgspec.MsgspecError:
            self._kept = {}

    def names(self, text: str) -> Names:
        """Names of the groups of a pattern. Raises PatternError where it is not one."""
        if self._cache is None:
            return capture_names(text)
        names = self._kept.get(text)
        if names is None:
            names = capture_names(text)
            if not _is_writable(text):
                return names
        self._met[text] = names
        return names

    def save(self) -> None:
        """Keep the patterns that were asked for, and no others, where they are not all kept."""
        if self._cache is not None and self._met != self._kept:
            self._cache.save((), msgspec.msgpack.encode(self._met))
            self._kept = dict(self._met)


def _is_writable(text: str) -> bool:
    """Whether it can be kept: a pattern may hold half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
