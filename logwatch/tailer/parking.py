"""A tail at rest lends its handle to another one, where there are more logs than handles.

At rest is a tail that has one file, the one under its path, read to its very end. It lets go of the
handle and keeps the identity and the position; what is under its path is then looked at by name.
When that changes it gets a handle of the same file again, under its path or under another name
beside it, and reads on as if it had never let go: each read compares what is before its position.

What may be lost: what is written to a file between the last look and its deletion, or its way out
of the directory. Where it was seen to have grown that is told, else nobody can know it.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from logwatch.clock import Moment
from logwatch.tailer.chain import Chain
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import OpenFile
from logwatch.tailer.generation import Generation
from logwatch.tailer.handles import is_shortage
from logwatch.tailer.opening import denial, open_regular
from logwatch.tailer.packed_generation import Packed
from logwatch.tailer.positions import closing
from logwatch.tailer.siblings import COARSE_NS, MOST_LOOKS, is_same_beside, state_beside
from logwatch.tailer.state import Report
from logwatch.tailer.whereabouts import Whereabouts

NO_HANDLE = -1
_RETRY_SECONDS = 1.0

_Stamp: TypeAlias = tuple[int, int, int, int]
"""Device, inode, size, and time of change."""


class Parking:
    """The handle of one tail's file, while it is lent; called by the thread of the tail."""

    def __init__(
        self, whereabouts: Whereabouts, chain: Chain, claims: Claims, report: Report
    ) -> None:
        self.retry_at: float | None = None
        """Steady time at which to try again to get a handle that is needed."""
        self._path = whereabouts.path
        self._whereabouts = whereabouts
        self._chain = chain
        self._claims = claims
        self._report = report
        self._stamp: _Stamp | None = None
        self._grown_to = 0
        self._where = whereabouts.path
        """Where the file really was, behind links."""

    @property
    def is_parked(self) -> bool:
        """Whether the handle is lent; from any thread."""
        return self._stamp is not None

    def changed(self) -> bool:
        """Whether something is under the path that was not there before; from any thread."""
        return self._stamp is not None and _stamp_of(self._path) != self._stamp

    def park(self) -> None:
        """Lend the handle, if the tail is at rest and somebody waits for one."""
        generation = self._chain.current
        if not self._claims.handles.wanted or generation is None or not self._rests(generation):
            return
        file = generation.file
        try:
            stamp = _stamp(os.fstat(file.fd))
            where = os.readlink(f"/proc/self/fd/{file.fd}")  # noqa: PTH115 - a plain string
        except OSError:
            return
        if stamp is None or stamp != _stamp_of(self._path) or stamp[2:] != generation.seen:
            return
        # A file that takes its place and number in the same tick of the clock would look the same.
        if not 0 < stamp[3] < time.clock_gettime_ns(time.CLOCK_REALTIME) - COARSE_NS:
            return
        self._where = where
        self._stamp, self._grown_to = stamp, generation.offset
        generation.file = file._replace(fd=NO_HANDLE)
        os.close(file.fd)
        self._claims.handles.freed()

    def _rests(self, generation: Generation) -> bool:
        chain = self._chain
        return (
            chain.generations == (generation,)
            and not chain.outgoing
            and chain.look_again_at is None
            and generation.is_drained
            and generation.size == generation.offset
            and generation.quiet_since is None
            and generation.doubted_since is None
            and not (generation.delay or generation.suspect or isinstance(generation, Packed))
        )

    def take_back(self, now: Moment) -> bool:
        """Have a handle of the file again, if anything changed; False: nothing can be read now."""
        generation = self._chain.current
        if generation is None or not self.changed():
            return generation is None
        there = _stamp_of(self._path)
        if there is not None and there[1] == generation.file.inode:
            self._grown_to = max(self._grown_to, there[2])
        try:
            file = self._file(generation)
        except OSError as error:
            self._wait(error, now)
            return False
        self._stamp, self.retry_at = None, None
        self._claims.handles.got(self._path)
        if file is None:
            self._forget(generation)
        else:
            generation.file, generation.seen = file, None
            self._report.say("following")
        return True

    def _forget(self, generation: Generation) -> None:
        """Its file is nowhere any more."""
        checkpoint = generation.checkpoint
        if self._grown_to > checkpoint.offset:
            self._report.lose(checkpoint.identity, checkpoint.offset, self._grown_to, "gone")
        self._chain.outgoing.append(closing(checkpoint))
        self._claims.note(replace(checkpoint, closed=True))
        self._chain.remove(generation)

    def _wait(self, error: OSError, now: Moment) -> None:
        self.retry_at = now.steady + _RETRY_SECONDS
        if is_shortage(error):
            self._claims.handles.want(self._path, error)
        if error.errno in (errno.EACCES, errno.EPERM):
            self._report.say("denied", denial(self._path))
        else:
            text = error.strerror or str(error)
            self._report.say("error", text, quietly=is_shortage(error))

    def _file(self, generation: Generation) -> OpenFile | None:
        """The file, wherever it is by now; None: nowhere. Raises OSError."""
        for _ in range(MOST_LOOKS):
            before = state_beside(self._where), self._whereabouts.state()
            for path in _paths_of(generation.file.inode, self._where, self._whereabouts.folders()):
                file = _opened(path, generation)
                if file is not None:
                    return file
            if is_same_beside(self._where, before[0]) and self._whereabouts.is_same(before[1]):
                break
        return None


def _paths_of(inode: int, where: str, others: Sequence[str]) -> Iterator[str]:
    """Where a file may be that was at `where`: there, beside it, in others. Raises OSError."""
    yield where
    for directory in (where.rpartition("/")[0], *others):
        try:
            with os.scandir(directory or "/") as entries:
                yield from [f"{directory}/{each.name}" for each in entries if each.inode() == inode]
        except (FileNotFoundError, NotADirectoryError):
            continue


def _opened(path: str, generation: Generation) -> OpenFile | None:
    """The file of `generation` if it is at `path`. Raises OSError."""
    # It is known by its key: no link has to be trusted that leads to it.
    try:
        if os.lstat(path).st_ino != generation.file.inode:
            return None
        file = open_regular(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if file.key == generation.key:
        return file
    os.close(file.fd)
    return None


def _stamp_of(path: str) -> _Stamp | None:
    try:
        return _stamp(os.stat(path))  # noqa: PTH116 - paths here are plain strings
    except OSError:
        return None


def _stamp(status: os.stat_result) -> _Stamp | None:
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
