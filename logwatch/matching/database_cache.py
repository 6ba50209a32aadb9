"""What was compiled from patterns, kept on disk, so that the next start need not read a pattern.

A file is named by a hash of all that its content depends on: the texts of the patterns, the version
of the engine, of Python and of our own translator, and the processor. It carries a hash of its
content. Whatever is missing, foreign, cut short or damaged counts as not there; a folder that
cannot be written is said once and costs only time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b, sha256
from itertools import accumulate
from pathlib import Path

from logwatch import telemetry
from logwatch.crashpoints import crashpoint

_DIGEST_BYTES = 32
_MOST_FILES = 64
_MOST_BYTES = 128 * 1024 * 1024
"""Of all files of one kind; a database of 5,000 patterns has 8 MB."""
_READERS = (
    *("../expressions", "alphabet", "backtracking", "codes", "dangers", "known_patterns"),
    *("literal_prefilter", "literal_scanner", "literals", "outline", "pattern", "prefilter"),
    *("scanner", "splitting", "stretch", "syntax", "translator", "word_list"),
)
"""The modules that decide what is kept: what is scanned for and how, what can hang, what is valid.
All that these import are among them."""


class DatabaseCache:
    """A folder of files of one `kind`, made by `engine`: a name with its version."""

    def __init__(self, folder: Path, kind: str, engine: str) -> None:
        self._folder = folder
        self._suffix = f".{kind}"
        self._environment = f"{engine}\0{sys.version}\0{_cpu_flags()}".encode() + _translator()

    def load(self, patterns: Iterable[str]) -> bytes | None:
        """What was kept for these patterns in this order, None where that is nothing sound."""
        path = self._path(patterns)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        with suppress(OSError):  # of another user, who lets us read it
            os.utime(path)  # the least recently used go first
        digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        return body if _digest(body) == digest else None

    def save(self, patterns: Iterable[str], body: bytes) -> None:
        """Keep `body` for the next start that has these patterns."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(self._path(patterns), _digest(body) + body)
            self._prune()
        except OSError as error:
            telemetry.warning(
                "matching.cache_not_written", folder=str(self._folder), error=str(error)
            )

    def _path(self, patterns: Iterable[str]) -> Path:
        key = blake2b(self._environment, digest_size=16)
        for text in patterns:
            # A pattern may hold half of a surrogate pair, which UTF-8 proper has no bytes for.
            part = text.encode("utf-8", "surrogatepass")
            key.update(len(part).to_bytes(8, "big") + part)
        return self._folder / (key.hexdigest() + self._suffix)

    def _prune(self) -> None:
        found = [(path.stat(), path) for path in self._folder.glob(f"*{self._suffix}")]
        found.sort(key=lambda each: each[0].st_mtime, reverse=True)
        sizes = accumulate(stat.st_size for stat, _ in found)
        for number, (size, (_, path)) in enumerate(zip(sizes, found, strict=True)):
            if number and (number >= _MOST_FILES or size > _MOST_BYTES):
                path.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def _translator() -> bytes:
    """A hash of our own source: what another translator made is never used."""
    key = blake2b(digest_size=16)
    for name in _READERS:
        source = Path(__file__).parent.joinpath(f"{name}.py").read_bytes()
        key.update(len(source).to_bytes(8, "big") + source)
    return key.digest()


@lru_cache(maxsize=1)
def _cpu_flags() -> str:
    # The library builds for the processor that it runs on; x86 calls the line "flags".
    with suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith(("flags", "Features")):
                return line
    return ""


def _digest(body: bytes) -> bytes:
    # Of 8 MB, and at every start: processors have instructions for this one.
    return sha256(body, usedforsecurity=False).digest()


def _write(path: Path, content: bytes) -> None:
    # A temporary file is readable by its owner alone, and stays so when it gets its name.
    from tempfile import NamedTemporaryFile  # noqa: PLC0415 - most starts write nothing

    with NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        try:
            file.write(content)
            file.close()
            crashpoint("cache.written")
            Path(file.name).replace(path)
            crashpoint("cache.renamed")
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
