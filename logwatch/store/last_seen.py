"""What a state folder tells about a daemon that does not answer: whether it lives, when it did.

Everything here only looks: it takes no lock that a starting daemon could miss.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from msgspec import Struct

from logwatch.errors import StoreError
from logwatch.store.database import FILE_NAME, connect_read_only

_LOCKS = Path("/proc/locks")


class LastSeen(Struct, frozen=True, kw_only=True):
    """The last sign of life in a store."""

    at: float
    """Wall seconds of the last thing that was written."""
    in_order: bool
    """Whether that was the end of a daemon that stopped as it should; else it was killed, or the
    machine lost power, or it runs."""


def last_seen(folder: Path) -> LastSeen | None:
    """When a daemon last wrote the store in `folder`; None where none ever did.

    Raises StoreError where the store cannot be read.
    """
    path = folder / FILE_NAME
    try:
        times = [path.stat().st_mtime]
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise StoreError(f"cannot look at {path}: {problem.strerror}") from problem
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:  # a reader may have left an empty one
        times.append(log.stat().st_mtime)
    return LastSeen(at=max(times), in_order=_in_order(path))


def owner(folder: Path) -> int | None:
    """The process that has the store in `folder` now; None where none has, or nobody can tell.

    Source: proc_locks(5). A lock that were tried instead could keep a daemon from starting.
    """
    lock = folder / "lock"
    try:
        pid = lock.read_text("ascii", "replace").strip()
        inode = lock.stat().st_ino
        held = _LOCKS.read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    for line in held:
        words = line.split()
        if "FLOCK" in words and pid in words and any(w.endswith(f":{inode}") for w in words):
            return int(pid)
    return None


def _in_order(path: Path) -> bool:
    try:
        connection = connect_read_only(path)
        try:
            (clean,) = connection.execute("PRAGMA user_version").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as problem:
        raise StoreError(f"no store that user {os.geteuid()} can read: {problem}") from problem
    return bool(clean)
