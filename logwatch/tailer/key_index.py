"""Which files belong to a name: to a digest, say, or to the stem of a path.

Nothing is kept of a name that has no file any more, however many have come and gone. Every method
may be called from any thread, and none takes a lock: each step is one operation on a dict, which
the interpreter does not interrupt. A file that is added while the last one of its name is removed
is kept.
"""

from __future__ import annotations

from logwatch.tailer.fingerprint import Key


class KeyIndex:
    """Names, each with its files in the order in which they were added first."""

    def __init__(self) -> None:
        self._files: dict[str, dict[Key, None]] = {}

    def __len__(self) -> int:
        """How many names there are."""
        return len(self._files)

    def add(self, name: str, key: Key) -> None:
        """Let `key` belong to `name`."""
        while True:
            files = self._files.setdefault(name, {})
            files[key] = None
            if self._files.get(name) is files:
                return  # else another thread took it for empty just before

    def discard(self, name: str, key: Key) -> None:
        """Undo `add`; nothing happens where that was not done."""
        files = self._files.get(name, {})
        files.pop(key, None)
        if not files:
            for late in list(self._files.pop(name, {})):  # added since the look
                self.add(name, late)

    def of(self, name: str) -> list[Key]:
        """The files of `name`."""
        return list(self._files.get(name, ()))
