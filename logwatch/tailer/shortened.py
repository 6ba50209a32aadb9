"""The archive of a short log that was written on after it was compressed, and is gone.

More was seen of such a log than the archive has, so its head, the hash of all of that, proves
nothing. What is left to compare are the bytes before the positions that reading came to, if it came
to any, and these may be what a program says at every start. The archive is taken for what is left
of the log where

- it was there at the last look already, so that nobody reads it otherwise: whatever it is, no line
  is passed over that would have been read;
- nothing in it differs, and it is not known to be another generation's.

All that is read of it is marked as read again, and what was behind its end is told as lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from logwatch.records import Checkpoint
from logwatch.tailer.archive import Archive, last_written
from logwatch.tailer.fingerprint import birth_floor, head
from logwatch.tailer.likeness import begins_as, goes_on_from, may_begin
from logwatch.tailer.siblings import Sibling
from logwatch.tailer.unpacking import Unpacking

if TYPE_CHECKING:
    from logwatch.tailer.archives import Archives


def shortened(
    archives: Archives, seen: Iterable[Sibling], checkpoint: Checkpoint
) -> Archive | None:
    """What is left of a generation in one of the files seen at the last look, the youngest first.

    Raises OSError.
    """
    born = birth_floor(checkpoint.birth)
    packed = (each for each in seen if each.compressed and each.modified_ns >= born)
    for sibling in sorted(packed, key=last_written, reverse=True):
        opened = archives.opened(sibling)
        if not isinstance(opened, Unpacking):
            continue
        try:
            if _is_left(archives, opened, checkpoint):
                known = replace(checkpoint, head=head(opened.fd))
                return Archive(opened, sibling.modified_ns, known, opened.end, is_shortened=True)
        except OSError:
            opened.close()
            raise
        opened.close()
    return None


def _is_left(archives: Archives, unpacking: Unpacking, checkpoint: Checkpoint) -> bool:
    if not (unpacking.is_complete and may_begin(unpacking, checkpoint)):
        return False
    # Told by what was read of each, not by its inode, which may be that of a file from before.
    others = (each for each in archives.known() if each.identity != checkpoint.identity)
    return goes_on_from(unpacking, checkpoint) and not any(
        begins_as(unpacking, each) and goes_on_from(unpacking, each) for each in others
    )
