"""Where a source that cannot be read again stands: how many bytes of text it has handed out.

The count goes on over restarts, from the one that was committed last, under a name that was drawn
when the source was first met. So the first record of an episode is named by a place that no other
record of this store has; and as what was not committed had no effect, its places may be given away
a second time after a kill.
"""

from __future__ import annotations

from collections.abc import Iterable

from logwatch.records import Block, Checkpoint, Envelopes, no_file


def is_file(checkpoint: Checkpoint) -> bool:
    """Whether a stored position is one in a file: those have absolute paths."""
    return checkpoint.path.startswith("/")


class Course:
    """The place of one source; every block that is made of its records moves it on."""

    def __init__(self, path: str, known: Iterable[Checkpoint], draw: str) -> None:
        """`known` are its positions in the store, newest last; `draw` names it where it is new."""
        self._path = path
        self._position = no_file(path, f"{path}:{draw}.0")
        for each in known:
            self._position = each

    @property
    def offset(self) -> int:
        """Bytes of text handed out in all, newlines included."""
        return self._position.offset

    def block(
        self,
        data: bytes,
        *,
        joined: bytes | None = None,
        cut: frozenset[int] = frozenset(),
        envelopes: Envelopes | None = None,
        backlog: bool = False,
    ) -> Block:
        """The next records, each with its newline; see `Block` for what they are."""
        start = self._position.offset
        end = start + len(data)
        self._position = no_file(self._path, self._position.identity, end)
        return Block(
            path=self._path,
            data=data,
            start=start,
            end=end,
            checkpoint=self._position,
            backlog=backlog,
            joined=joined,
            cut=cut,
            envelopes=envelopes,
        )
