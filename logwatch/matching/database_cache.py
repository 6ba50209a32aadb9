"""Compiled databases kept on disk, so that a start with many rules does not compile them again.

A file is named by a hash of all that its content depends on, and carries a hash of its content.
Whatever is missing, foreign, cut short or damaged counts as not there; a folder that cannot be
written is said once and costs only time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple, TypeAlias

import msgspec

from logwatch import telemetry
from logwatch.matching.scanner import BINDING, version

_SUFFIX = ".hyperscan"
_DIGEST_BYTES = 32
_MOST_FILES = 64


Weakened: TypeAlias = tuple[dict[int, int], dict[int, str]]
"""Which patterns are not scanned for in full: their form, or why in none."""


class Entry(NamedTuple):
    """What is kept."""

    weakened: Weakened
    database: Any


def load(folder: Path, expressions: Sequence[bytes]) -> Entry | None:
    """What is kept for the `expressions` that were wanted, None where that is nothing sound."""
    path = _path(folder, expressions)
    try:
        content = path.read_bytes()
        os.utime(path)  # the least recently used go first
    except OSError:
        return None
    digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if _digest(body) != digest:
        return None
    try:
        weakened, packed = msgspec.msgpack.decode(body, type=tuple[Weakened, bytes])
        database = BINDING.loadb(packed, mode=BINDING.HS_MODE_BLOCK)
        database.scratch = BINDING.Scratch(database)  # the binding leaves it unset
    except (msgspec.MsgspecError, BINDING.error):
        return None
    return Entry(weakened, database)


def save(folder: Path, expressions: Sequence[bytes], entry: Entry) -> None:
    """Keep `entry` for the next start that wants `expressions`."""
    body = msgspec.msgpack.encode((entry.weakened, BINDING.dumpb(entry.database)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(_path(folder, expressions), _digest(body) + body)
        _prune(folder)
    except OSError as error:
        telemetry.warning("matching.cache_not_written", folder=str(folder), error=str(error))


def _path(folder: Path, expressions: Sequence[bytes]) -> Path:
    key = blake2b(digest_size=16)
    for part in (*expressions, _environment()):
        key.update(len(part).to_bytes(8, "big") + part)
    return folder / (key.hexdigest() + _SUFFIX)


def _environment() -> bytes:
    return f"{version()}\0{sys.version}\0{_cpu_flags()}".encode()


def _cpu_flags() -> str:
    # The library builds for the processor that it runs on; x86 calls the line "flags".
    with suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith(("flags", "Features")):
                return line
    return ""


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=_DIGEST_BYTES).digest()


def _write(path: Path, content: bytes) -> None:
    # A temporary file is readable by its owner alone, and stays so when it gets its name.
    with NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        try:
            file.write(content)
            file.close()
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


def _prune(folder: Path) -> None:
    files = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime)
    for path in files[:-_MOST_FILES]:
        path.unlink(missing_ok=True)
