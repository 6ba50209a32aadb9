"""Whether a file that was deleted, and is read to its end, is sure to stay as it is.

Nobody can open a file without a name, so it ends with the last who has it open for writing. The
kernel tells that: it grants a lease to read only where nobody has (fcntl(2), F_SETLEASE), to root
and to the owner of the file. To others, and of what another machine may write, it says nothing.

A short file is held all the same where there is anything beside it: if it was compressed, only the
open file proves what the compressed one is.
"""

from __future__ import annotations

import errno
import fcntl
import os
from typing import Final

from logwatch.tailer.fingerprint import is_proof, is_remote
from logwatch.tailer.generation import Generation
from logwatch.tailer.packed_generation import Packed
from logwatch.tailer.signs import sign_of
from logwatch.tailer.whereabouts import Whereabouts

_IGNORED: Final = 23
"""SIGURG, which does nothing: SIGIO, which tells of an end to the lease, would end the process."""


def is_abandoned(generation: Generation, whereabouts: Whereabouts) -> bool:
    """Whether nothing will come of it any more; False also where nobody can say.

    Raises OSError where it cannot be looked at.
    """
    if isinstance(generation, Packed) or not _has_ended(generation.file.fd):
        return False
    if is_proof(generation.checkpoint):
        return True
    return sign_of(whereabouts.path) == errno.ENOENT and not whereabouts.family()


def _has_ended(fd: int) -> bool:
    """Whether nobody can write to this file. Raises OSError."""
    if os.fstat(fd).st_nlink or is_remote(fd):
        return False
    try:
        fcntl.fcntl(fd, fcntl.F_SETSIG, _IGNORED)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:  # somebody writes, or we may not ask
        return False
    return True
