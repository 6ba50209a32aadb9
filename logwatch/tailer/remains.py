"""What is left of a generation that was open when logwatch stopped: its file, a copy, an archive.

Where nothing is left, its end is told as lost: nobody can say how much came after its position.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from logwatch.clock import Moment
from logwatch.records import Checkpoint
from logwatch.tailer.archive import Archive, resumed
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import OpenFile, continues
from logwatch.tailer.lineage import Lineage
from logwatch.tailer.positions import closing, in_file
from logwatch.tailer.state import LossReason, Report
from logwatch.tailer.whereabouts import Whereabouts

if TYPE_CHECKING:
    from logwatch.tailer.chain import Chain


class Remains:
    """Finds them for a chain. Methods may raise OSError."""

    def __init__(
        self,
        chain: Chain,
        whereabouts: Whereabouts,
        lineage: Lineage,
        claims: Claims,
        report: Report,
    ) -> None:
        self._chain = chain
        self._whereabouts = whereabouts
        self._lineage = lineage
        self._claims = claims
        self._report = report

    def recover(self, checkpoint: Checkpoint, live: OpenFile | None, now: Moment) -> None:
        """Find what is left of a generation that was open when logwatch stopped."""
        key = checkpoint.inode, checkpoint.birth
        if self._claims.owner(key) not in (None, self._chain.owner) or self._chain.held(key):
            return
        latest = self._claims.latest(key)
        if latest is not None and latest.identity != checkpoint.identity:
            self._chain.outgoing.append(closing(checkpoint))  # its file was begun anew
            return
        if live is not None and live.key == key:
            return
        file = self._whereabouts.find(*key)
        if file is None and live is not None and _is_like(live.fd, checkpoint):
            self._chain.outgoing.append(closing(checkpoint))  # the live file has it all, read again
            return
        archive = file and resumed(file, checkpoint)
        if archive is not None:
            try:
                self._lineage.archives.note_resumed(archive.unpacking)
            except OSError:
                archive.unpacking.close()
                raise
        file = file or self._lineage.copy_of(checkpoint)
        if file is None or archive is not None:
            self._go_on_in(archive or self._lineage.rest_of(checkpoint), checkpoint, now)
        elif not self._claims.claim(file.key, self._chain.owner):
            os.close(file.fd)
        else:
            moved = in_file(checkpoint, file)
            generation = self._chain.add(file, moved, backlog=True)
            generation.quiet_since = now.steady
            generation.registered = moved == checkpoint

    def _go_on_in(self, found: Archive | LossReason, checkpoint: Checkpoint, now: Moment) -> None:
        if not isinstance(found, Archive):
            self.give_up(checkpoint, found)
            return
        end = found.unpacking.end
        added = self._chain.add_archive(found)
        if added is not None:
            added.quiet_since = now.steady
            if found.is_shortened:
                self._report.lose(checkpoint.identity, end, None, "gone")

    def give_up(self, checkpoint: Checkpoint, reason: LossReason) -> None:
        """Close it where it is, and tell the rest as lost. No error."""
        self._chain.outgoing.append(closing(checkpoint))
        self._report.lose(checkpoint.identity, checkpoint.offset, None, reason)


def _is_like(fd: int, checkpoint: Checkpoint) -> bool:
    try:
        return checkpoint.offset > 0 and continues(fd, checkpoint)
    except OSError:
        return False
