"""Opens the one SQLite file: owned by one daemon, durable, checked after an unclean end.

The folder is made 0700 and the file 0600. A lock file names the daemon that owns the store. With
`synchronous=FULL` a commit survives a power cut, with `NORMAL` it survives kill -9 only
(https://www.sqlite.org/pragma.html#pragma_synchronous). What becomes of a damaged file is said in
replacing.py.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal

from logwatch.errors import StoreBusyError, StoreDeniedError, StoreError
from logwatch.store import checking
from logwatch.store.files import remove_database, sync_folder
from logwatch.store.migrations import migrate

FILE_NAME = "state.db"
BACKUP_NAME = f"{FILE_NAME}.backup"
_PAGE_BYTES = 16_384
"""Segments of alerts are long: with pages of 4 KiB storing them takes half as much again."""
Durability = Literal["full", "normal", "off"]


class StoreLock:
    """Ownership of a state folder, for as long as this process lives."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            self._descriptor = os.open(self._path, flags, 0o600)
        except OSError as problem:
            raise StoreError(f"cannot open {self._path}: {problem.strerror}") from problem
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise StoreBusyError(
                f"{folder} is in use by logwatch with pid {owner or 'unknown'}; "
                "stop that one, or give this one another `state:` folder"
            ) from None
        self._sign()

    def _sign(self) -> None:
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as problem:
            self.release()
            raise StoreError(
                f"cannot write {self._path}: {problem.strerror}; make room on that disk"
            ) from problem

    def release(self) -> None:
        """Give the folder up; may be called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def prepare_folder(folder: Path) -> None:
    """Make `folder` (0700).

    Raises StoreError with the remedy where that is impossible, StoreDeniedError where this user may
    not.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        kind = StoreDeniedError if isinstance(problem, PermissionError) else StoreError
        raise kind(
            f"cannot make the state folder {folder}: {problem.strerror}; "
            "name one that this user may write with `state:` in the configuration"
        ) from problem
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreDeniedError(
            f"the state folder {folder} is not writable by uid {os.geteuid()}; "
            "change its owner, or name another with `state:` in the configuration"
        )


def connect(path: Path, *, durability: Durability = "full") -> sqlite3.Connection:
    """The writer's connection, checked and migrated.

    Raises sqlite3.DatabaseError where the file is no sound database, StoreTooNewError where a
    later version wrote it.
    """
    if not path.exists():
        _begin(path, durability)
    _refuse_empty(path)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    try:
        _prepare(connection, durability)
        _check_after_unclean_end(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _begin(path: Path, durability: Durability) -> None:
    """A new store; it has its name only once it is whole, so that an empty one was damaged."""
    fresh = path.with_name(f"{path.name}.new")
    remove_database(fresh)
    try:
        with private_umask(), closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            _prepare(connection, durability)
        remove_database(path)  # a log without its store would be taken for one of this
        fresh.rename(path)
    except BaseException:
        with suppress(OSError):
            remove_database(fresh)
        raise
    if durability != "off":
        sync_folder(path.parent)


def _prepare(connection: sqlite3.Connection, durability: Durability) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={durability.upper()}")
    connection.execute("PRAGMA foreign_keys=OFF")  # one writer keeps them; checks cost a seek
    connection.execute("PRAGMA temp_store=MEMORY")
    migrate(connection)


def _refuse_empty(path: Path) -> None:
    """An empty file was a store once: SQLite would begin anew in it, and nobody would know."""
    if path.exists() and path.stat().st_size == 0:
        raise sqlite3.DatabaseError("the file is empty")


def connect_read_only(path: Path) -> sqlite3.Connection:
    """A reader's connection, for another thread or another process."""
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5.0)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """What SQLite says of a file that cannot be read, as StoreError."""
    try:
        yield
    except sqlite3.DatabaseError as problem:
        raise StoreError(f"cannot read {path}: {problem}") from problem


def mark_clean(connection: sqlite3.Connection, *, clean: bool) -> None:
    """Record whether the store is closed in order; if not, the next start checks the file."""
    connection.execute(f"PRAGMA user_version={1 if clean else 0}")


def _check_after_unclean_end(connection: sqlite3.Connection) -> None:
    (clean,) = connection.execute("PRAGMA user_version").fetchone()
    if not clean:
        (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            raise sqlite3.DatabaseError(f"quick_check: {answer}")
        checking.check(connection)
    mark_clean(connection, clean=False)


@contextmanager
def private_umask() -> Iterator[None]:
    """What is made meanwhile is for its owner alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
