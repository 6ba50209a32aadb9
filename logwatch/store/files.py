"""What is done to the files of a database as a whole, so that a power cut finds it done or not."""

from __future__ import annotations

import os
from pathlib import Path

PARTS = ("-wal", "-shm", "")
"""What a database is made of beside its name; the file that makes it one is the last."""


def part(path: Path, suffix: str) -> Path:
    """One of the files of the database `path`."""
    return path.with_name(path.name + suffix)


def remove_database(path: Path) -> None:
    """Delete it with all its parts, where there are any. Raises OSError."""
    for suffix in (*PARTS, "-journal"):
        part(path, suffix).unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Have what was written to it on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Have its list of names on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, text: str) -> None:
    """Have `text` under this name, or what was there before. Raises OSError."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    rest = text.encode()
    try:
        while rest:  # a part is taken without an error where there is no room for the others
            rest = rest[os.write(descriptor, rest) :]
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
    fresh.rename(path)
    sync_folder(path.parent)
