"""What was compressed of a file that another tail has open and has read little of, or nothing.

With a glob like `app.log*` each rotated file has a tail of its own. One that was written to and
compressed before that tail looked again is read there, though it has no name any more, and the tail
of the log finds the compressed one, which may as well be a generation that nobody has seen. So both
read, and both mark it as read again, for nobody can say which comes first.
"""

from __future__ import annotations

from collections.abc import Container

from logwatch.records import Checkpoint
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import HEAD_LENGTH, Key, matches
from logwatch.tailer.siblings import Sibling
from logwatch.tailer.signs import inode_and_size
from logwatch.tailer.unpacking import Unpacking
from logwatch.tailer.whereabouts import Whereabouts

_PIECE = 1 << 18


def read_elsewhere(
    unpacking: Unpacking,
    sibling: Sibling,
    whereabouts: Whereabouts,
    claims: Claims,
    own: Container[Key],
) -> int:
    """How much of a compressed file another tail may read in a file that is none of `own`.

    That tail gets to know. Raises OSError.
    """
    twin = inode_and_size(sibling.path.removesuffix(sibling.compressed))
    found = [
        (each.inode, each.birth)
        for each in claims.family(whereabouts.path)
        if _is_open_elsewhere(each, claims, own)
        and _may_be(unpacking, each)
        and ((twin and twin[0] == each.inode) or not whereabouts.has_file_of(each))
    ]
    if not found:
        return 0
    while unpacking.fill(unpacking.end + _PIECE):
        unpacking.forget(unpacking.end)
    for key in found:
        claims.doubt(key, unpacking.end)
    return unpacking.end


def _is_open_elsewhere(known: Checkpoint, claims: Claims, own: Container[Key]) -> bool:
    key = known.inode, known.birth
    is_short = known.head.length < HEAD_LENGTH
    return is_short and key not in own and claims.owner(key) is not None


def _may_be(unpacking: Unpacking, known: Checkpoint) -> bool:
    """Whether all that can be compared is the same."""
    every = (known.head, *known.markers)
    return all(matches(unpacking.fd, each) for each in every if each.offset <= unpacking.end)
