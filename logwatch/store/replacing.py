"""Opens the store, and puts another in its place where it is damaged or gone.

The damaged file is put aside, never deleted. What takes its place is the backup of the last hour,
where that is sound, else a new one. A note on the disk says that this is under way, from before the
first file is moved until somebody was told of it in a commit: whenever the process is killed in
between, the next start goes on, and the alert is told. Nothing begins anew for errors of the disk,
which may pass: what was rotated since would be lost. What seems to be damaged is looked at again,
and where the disk does not give it back the start is refused, where there is a backup some times.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import msgspec
from msgspec import Struct

from logwatch import telemetry
from logwatch.crashpoints import crashpoint
from logwatch.errors import StoreError
from logwatch.store.database import BACKUP_NAME, Durability, connect
from logwatch.store.files import PARTS, part, remove_database, sync_file, sync_folder, write_whole
from logwatch.store.refusals import forget_refusals, refuse_once_more

_NOTE_NAME = "replacing.json"
_PIECE_BYTES = 64 * 1024
_LOOKS = 3
"""At a store that seems to be damaged."""


class Replaced(Struct, frozen=True):
    """That the store which the last daemon wrote is not the one that is used."""

    aside: str | None
    """Name of the damaged file now, beside the store; None: there was none any more."""
    reason: str
    inode: int = 0
    """Of the damaged file: another one under its name is none of ours to move."""
    restored_from: float | None = None
    """Wall seconds at which the backup was made that took its place; None: it begins anew."""

    @property
    def name(self) -> str:
        """The same at each start that tells of it."""
        return f"{self.aside}\0{self.restored_from}"


def open_store(
    path: Path, *, durability: Durability, today: str
) -> tuple[sqlite3.Connection, Replaced | None]:
    """The writer's connection, and what nobody has been told of yet (None: nothing happened).

    `today` goes into the name of a file that is put aside. Raises StoreError where there can be no
    store, StoreTooNewError where a later version wrote it.
    """
    try:
        replaced = _go_on(path) or _replace_what_is_gone(path)
        try:
            return _look(path, durability, is_needed=_backed_up_at(path) is None), replaced
        except sqlite3.DatabaseError as problem:
            _refuse_unless_damaged(problem)
            replaced = _replace(path, today, str(problem))
        try:
            return _look(path, durability, is_needed=True), replaced
        except sqlite3.DatabaseError as problem:
            _refuse_unless_damaged(problem)
            telemetry.error("store.backup_damaged", path=str(path), reason=str(problem))
        replaced = msgspec.structs.replace(replaced, restored_from=None)
        _note(path, replaced)
        remove_database(path)
        return connect(path, durability=durability), replaced
    except sqlite3.DatabaseError as problem:
        raise StoreError(f"cannot open {path}: {problem}") from problem
    except OSError as problem:
        raise StoreError(f"cannot put {path} in order: {problem}") from problem


def _look(path: Path, durability: Durability, *, is_needed: bool) -> sqlite3.Connection:
    """As `connect`; what seems to be damaged is looked at again.

    SQLite calls a read that fails damage, too, and most such errors pass. Where the disk does not
    give it back it raises OSError, and the next start may have more luck. Where it is not
    `is_needed` only the first starts do; then it is damaged as well.
    """
    looks, unread = 0, None
    while True:
        looks += 1
        try:
            connection = connect(path, durability=durability)
        except sqlite3.DatabaseError as problem:
            if not _is_of_the_disk(problem):
                _refuse_unless_damaged(problem)
            unread = _unread(path) or unread
            if looks < _LOOKS:
                continue
            if unread is None:
                raise
            if is_needed or refuse_once_more(path):
                raise unread from problem
            raise sqlite3.DatabaseError(f"{problem}; {unread.strerror}") from problem
        forget_refusals(path)
        return connection


def _refuse_unless_damaged(problem: sqlite3.DatabaseError) -> None:
    if isinstance(problem, sqlite3.OperationalError) and not _is_damage(problem):
        raise problem


def forget_replacement(path: Path) -> None:
    """Somebody was told."""
    try:
        path.with_name(_NOTE_NAME).unlink(missing_ok=True)
    except OSError as problem:  # then it is told once more, under the same name
        telemetry.warning("store.note_not_removed", reason=str(problem))


def _replace(path: Path, today: str, reason: str) -> Replaced:
    """Put the damaged store aside, and the backup in its place."""
    number = 0
    while path.with_name(aside := f"{path.name}.corrupt-{today}-{number}").exists():
        number += 1
    replaced = Replaced(aside, reason, path.stat().st_ino, _backed_up_at(path))
    _note(path, replaced)
    crashpoint("aside.begin")
    _carry_out(path, replaced)
    telemetry.error("store.put_aside", path=str(path), to=aside, reason=reason)
    return replaced


def _replace_what_is_gone(path: Path) -> Replaced | None:
    """Put the backup in the place of a store that was removed; None where there never was one."""
    if path.exists():
        return None
    made = _backed_up_at(path)
    if made is None:
        return None
    replaced = Replaced(None, "it is gone", restored_from=made)
    _note(path, replaced)
    _carry_out(path, replaced)
    telemetry.error("store.gone", path=str(path), restored_from=made)
    return replaced


def _go_on(path: Path) -> Replaced | None:
    """What an earlier start began and nobody was told of."""
    try:
        replaced = msgspec.json.decode(path.with_name(_NOTE_NAME).read_bytes(), type=Replaced)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError):  # it cannot be half: somebody else wrote it
        return None
    _carry_out(path, replaced)
    return replaced


def _carry_out(path: Path, replaced: Replaced) -> None:
    """What the note says, from wherever it was left."""
    aside = None if replaced.aside is None else path.with_name(replaced.aside)
    if aside is not None and not aside.exists() and _inode(path) == replaced.inode:
        for suffix in PARTS:  # the one that makes it a store is the last
            if part(path, suffix).exists():
                part(path, suffix).rename(part(aside, suffix))
            if suffix == PARTS[0]:
                crashpoint("aside.between")
        sync_folder(path.parent)
        crashpoint("aside.done")
    if not path.exists() and replaced.restored_from is not None:
        _restore(path)


def _restore(path: Path) -> None:
    """A copy of the backup as the store; the backup stays, in case this one is damaged, too."""
    remove_database(path)  # a log without its store would be taken for one of this
    fresh = path.with_name(f"{path.name}.new")
    remove_database(fresh)
    try:
        shutil.copyfile(path.with_name(BACKUP_NAME), fresh)
    except FileNotFoundError:  # it is gone since: begin anew
        return
    os.chmod(fresh, 0o600)  # noqa: PTH101 - as the line before
    sync_file(fresh)
    crashpoint("restore.written")
    fresh.rename(path)
    sync_folder(path.parent)
    crashpoint("restore.done")


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _note(path: Path, replaced: Replaced) -> None:
    write_whole(path.with_name(_NOTE_NAME), msgspec.json.encode(replaced).decode())


def _backed_up_at(path: Path) -> float | None:
    try:
        return path.with_name(BACKUP_NAME).stat().st_mtime
    except OSError:
        return None


def _unread(path: Path) -> OSError | None:
    """The error where the disk does not give it back, or its log, in which the last commits are."""
    try:
        for each in (path, part(path, "-wal")):
            if each.exists():
                _read(each)
    except OSError as problem:
        return problem
    return None


def _read(path: Path) -> None:
    at = 0
    with path.open("rb", buffering=0) as file:
        while piece := os.pread(file.fileno(), _PIECE_BYTES, at):
            at += len(piece)


def _is_of_the_disk(problem: sqlite3.DatabaseError) -> bool:
    return getattr(problem, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_IOERR


def _is_damage(problem: sqlite3.OperationalError) -> bool:
    if not hasattr(problem, "sqlite_errorcode"):  # it is Python's own: a text is no UTF-8
        return True
    # SQLITE_ERROR: tables are there or are not, against what the store says of itself.
    return problem.sqlite_errorcode & 0xFF in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
    )
