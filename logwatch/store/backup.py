"""A copy of the store that is an hour old at most, for the day on which the store is damaged.

It is what one moment had committed, made through a connection that only reads: whoever commits
meanwhile is not held up, but for sharing the disk, and therefore it is written in small pieces
with a pause after each. It is checked before it takes the place of the one before it. Nothing is
copied where that would leave little room on the disk: the store itself comes first.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal, TypeAlias

from logwatch import telemetry
from logwatch.crashpoints import crashpoint
from logwatch.errors import StoreError
from logwatch.store import checking
from logwatch.store.database import BACKUP_NAME, FILE_NAME, connect_read_only, private_umask
from logwatch.store.files import remove_database, sync_file, sync_folder

_PAGES = 64
"""Of 16 KiB: a megabyte is read and written at once."""
_CACHED_PAGES = 16
"""Each is read once, and written once. By default SQLite would keep as many of a copy as it does of
pages a quarter as large: eight megabytes, which the process would never give back."""
_PIECES_PER_SYNC = 4
_LEAST_SHARE_FREE = 0.1
"""Of the disk, that must be left beside the copy."""

Made: TypeAlias = Literal["made", "stopped", "no room", "not sound"]


class _StoppedError(Exception):
    """Raised within SQLite's copying when it is to end."""


def back_up(folder: Path, *, at: float, rest: Callable[[], bool]) -> Made:
    """Copy the store in `folder`; `rest` is called after each piece and says whether to give up.

    `at` is wall time now, and from then on the age of the copy. Raises OSError and StoreError where
    it cannot be done; the backup before it is kept then.
    """
    source, target = folder / FILE_NAME, folder / f"{BACKUP_NAME}.new"
    remove_database(target)
    if not _has_room(source):
        return "no room"
    crashpoint("backup.begin")
    try:
        with private_umask(), closing(sqlite3.connect(target, isolation_level=None)) as copy:
            _copy(source, copy, target, rest)
            if not _is_sound(copy):
                telemetry.error("store.backup_not_sound", path=str(source))
                return "not sound"
        os.utime(target, (at, at))
        sync_file(target)
        crashpoint("backup.written")
        target.rename(folder / BACKUP_NAME)
        sync_folder(folder)
        crashpoint("backup.done")
    except _StoppedError:
        return "stopped"
    except sqlite3.Error as problem:
        raise StoreError(f"cannot copy {source}: {problem}") from problem
    finally:
        with suppress(OSError):
            remove_database(target)
    return "made"


def backed_up_at(folder: Path) -> float | None:
    """Wall seconds at which the backup was made; None where there is none."""
    try:
        return (folder / BACKUP_NAME).stat().st_mtime
    except OSError:
        return None


def changed_at(folder: Path) -> float:
    """Wall seconds at which the store was written last; 0 where there is none."""
    times = [0.0]
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        with suppress(OSError):
            times.append((folder / name).stat().st_mtime)
    return max(times)


def _is_sound(copy: sqlite3.Connection) -> bool:
    try:
        checking.check(copy)
    except sqlite3.DatabaseError:
        return False
    return bool(copy.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))


def _has_room(source: Path) -> bool:
    disk, size = os.statvfs(source.parent), source.stat().st_size
    wal = source.with_name(f"{source.name}-wal")
    with suppress(OSError):
        size += wal.stat().st_size
    left = disk.f_bavail * disk.f_frsize - size
    return left >= _LEAST_SHARE_FREE * disk.f_blocks * disk.f_frsize


def _copy(source: Path, copy: sqlite3.Connection, target: Path, rest: Callable[[], bool]) -> None:
    copy.execute(f"PRAGMA cache_size={_CACHED_PAGES}")
    copy.execute("PRAGMA journal_mode=OFF")  # what was begun in vain is thrown away as a whole
    copy.execute("PRAGMA synchronous=OFF")  # it is synced here
    pieces = 0

    def after_each(_status: int, left: int, _all: int) -> None:
        nonlocal pieces
        pieces += 1
        if not pieces % _PIECES_PER_SYNC:  # all at the end would hold up whoever syncs then
            sync_file(target)
        if left and rest():
            raise _StoppedError

    with closing(connect_read_only(source)) as reader:
        reader.execute(f"PRAGMA cache_size={_CACHED_PAGES}")
        # Held over all pieces: a commit between two of them would make the copying begin anew.
        reader.execute("BEGIN")
        reader.execute("SELECT name FROM migrations").fetchall()
        reader.backup(copy, pages=_PAGES, progress=after_each)
        reader.execute("ROLLBACK")
