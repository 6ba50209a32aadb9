"""The first bytes of the file under the path: whether they are those that it began with.

A file that was cut, copied and cut again before any of it was read has nothing before its offset by
which that could be noticed. What tells is the copy: it lies beside the path before the file is cut.
So the directory is looked at until nothing came to it, and once more after the first bytes were
read; if a copy came in between they are taken back, and the copy is read first.

What may be lost: a copy that was deleted again between two looks, and one that has exactly the
bytes with which the file goes on, as nothing tells that it was cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logwatch.tailer.signs import is_under

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logwatch.clock import Moment
    from logwatch.tailer.chain import Chain
    from logwatch.tailer.claims import Claims
    from logwatch.tailer.generation import Generation
    from logwatch.tailer.lineage import Lineage


def first_read(
    chain: Chain, lineage: Lineage, path: str, live: Generation, now: Moment
) -> FirstRead | None:
    """A try to read `live`, of which nothing was; what came before it is in the chain by then.

    None where its first bytes are not next. Raises OSError.
    """
    if not live.registered and chain.generations == (live,):
        return None  # its checkpoint comes before them
    live.note_growth()
    if not lineage.is_settled(live.file) and is_under(path, live.file):
        chain.look_before(now, backlog=False)
    return None if chain.current is None else FirstRead(chain, lineage, chain.current)


def doubt_alike(generations: Iterable[Generation], claims: Claims) -> None:
    """Mark what a compressed file may have, too: a program may compress its log in its place.

    No I/O.
    """
    for each in generations if claims.has_doubts else ():
        each.reread_end = max(each.reread_end, claims.doubted(each.key))


class FirstRead:
    """One try to read a file of which nothing was handed out."""

    def __init__(self, chain: Chain, lineage: Lineage, live: Generation) -> None:
        """`live` is under the path, and nothing came beside it. No I/O."""
        self._chain = chain
        self._lineage = lineage
        self._live = live
        self._before = tuple((each, each.checkpoint) for each in chain.generations)

    def holds(self) -> bool:
        """Whether what was read since can be handed out."""
        live = self._live
        if live is not self._chain.current or not live.is_begun:
            return True
        return self._lineage.is_settled(live.file)

    def take_back(self) -> None:
        """Put all generations back to where they were."""
        for each, checkpoint in self._before:
            each.take_back(checkpoint)
