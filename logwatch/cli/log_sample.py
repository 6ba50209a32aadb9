"""A bounded look into log files: the first and last lines of each, and what they belong to.

Files that rotation made of one log are one group: `app.log`, `app.log.1`, `app.log.2.gz` and
`app.log-20260105` all belong to the path `app.log`. Logs that begin a new file each day, with no
name that stays, belong to a glob: `app-2026-01-05.log` to `app-*.log`.
"""

from __future__ import annotations

import os
import re
import stat
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from glob import escape
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct

from logwatch.cli.log_blocks import blocks_of_file, whole_lines
from logwatch.errors import UsageError
from logwatch.sinks.plain_text import can_encode
from logwatch.tailer.opening import denial

END_BYTES = 2 * 1024 * 1024
"""Of each file so much of its beginning is read, and so much of its end."""
ALL_BYTES = 64 * 1024 * 1024
"""Of all files together about so much."""
LONGEST_LINE = 256 * 1024
MOST_SIBLINGS = 4
"""Files of one group that are looked into, the newest."""
MOST_FILES = 5_000

_PACKED = re.compile(r"\.(?:gz|zst|bz2|xz|Z)$")
_DATE = r"(?:[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[-_T.][0-9]{1,6})?"
_TURNED = re.compile(rf"(.*[^.-])(?:\.[0-9]{{1,3}}|[-.]{_DATE}|\.old)")
_DATED = re.compile(rf"(.*?)([-._]){_DATE}(\.[A-Za-z]+)")


class Sample(Struct, frozen=True):
    """What was read of one file."""

    path: str
    size: int
    """Bytes of the file, compressed as it is."""
    written_at: float
    first: bytes
    """Whole lines from its beginning."""
    last: bytes
    """Whole lines up to its end; empty where `first` has all, or where it is compressed."""

    @property
    def blocks(self) -> tuple[bytes, ...]:
        """What was read, in the order of the file."""
        return tuple(each for each in (self.first, self.last) if each)

    @property
    def end(self) -> bytes:
        """The lines at its end, as far as they are known."""
        return self.last or self.first


class Unreadable(Struct, frozen=True):
    """A file that could not be looked into, and what to do."""

    path: str
    reason: str
    denied: bool = False


class Group(Struct):
    """The files of one log, newest first."""

    path: str
    """What a source is to follow: a path or a glob; `journald:NAME` for a part of the journal."""
    files: list[str]
    name: str = ""
    """What its source is called, where that is known."""
    journald: Mapping[str, Any] | None = None
    """What the key `journald` of its source says."""


def files_of(places: Iterable[str]) -> tuple[list[str], list[Unreadable]]:
    """The regular files that are meant, sorted, each once; of a folder those in it."""
    files: dict[str, None] = {}
    problems: list[Unreadable] = []
    for place in places:
        # Symbolic links stay what they are called.
        path = os.path.abspath(place)  # noqa: PTH100 - Path.absolute keeps ".."
        try:
            if stat.S_ISDIR(os.stat(path).st_mode):  # noqa: PTH116 - paths here are plain strings
                files.update(dict.fromkeys(islice(_inside(path), MOST_FILES)))
            else:
                files[path] = None
        except PermissionError:
            problems.append(Unreadable(path, denial(path), denied=True))
        except OSError as problem:
            problems.append(Unreadable(path, problem.strerror or str(problem)))
    return sorted(files), problems


def _inside(folder: str) -> Iterator[str]:
    for path, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            full = f"{path}/{name}"
            if Path(full).is_file():
                yield full


def groups_of(files: Sequence[str]) -> list[Group]:
    """The logs to which `files` belong, in the order of their paths."""
    known = set(files)
    groups: dict[str, Group] = {}
    for path in files:
        folder, _, name = path.rpartition("/")
        live = _live(folder, name, known)
        groups.setdefault(live, Group(live, [])).files.append(path)
    for group in groups.values():
        group.files.sort(key=_written_at, reverse=True)
    return [groups[path] for path in sorted(groups)]


def _live(folder: str, name: str, known: set[str]) -> str:
    """The path or glob under which the log is written now, whose file is called `name`."""
    bare = _PACKED.sub("", name)
    if (turned := _TURNED.fullmatch(bare)) is not None:
        bare = turned[1]
    if (dated := _DATED.fullmatch(bare)) is not None:
        stays = f"{folder}/{dated[1]}{dated[3]}"
        if stays in known or Path(stays).exists():
            return _literal(stays)
        return f"{_literal(folder)}/{_literal(dated[1] + dated[2])}*{_literal(dated[3])}"
    return f"{_literal(folder)}/{_literal(bare)}"


def _literal(path: str) -> str:
    """The glob that means just `path`, with nothing in it that a configuration would replace."""
    return escape(path).replace("${", "[$]{")


def sample(path: str, most: int = END_BYTES) -> Sample | Unreadable:
    """The first and last `most` bytes of a file, as whole lines."""
    if not can_encode(path, "utf-8"):
        return Unreadable(path, "its name is no UTF-8, which YAML cannot write; rename it")
    try:
        found = os.stat(path)  # noqa: PTH116 - paths here are plain strings
        if not stat.S_ISREG(found.st_mode):
            return Unreadable(path, "is no regular file")
        first, last = _ends(path, found.st_size, most)
    except PermissionError:
        return Unreadable(path, denial(path), denied=True)
    except (OSError, EOFError, UsageError) as problem:
        return Unreadable(path, str(getattr(problem, "strerror", None) or problem))
    if b"\0" in first[:4096]:
        return Unreadable(path, "is no text")
    return Sample(path, found.st_size, found.st_mtime, first, last)


def _ends(path: str, size: int, most: int) -> tuple[bytes, bytes]:
    first = _beginning(path, most)
    with Path(path).open("rb") as file:
        mark = len(BOM_UTF8) if file.read(len(BOM_UTF8)) == BOM_UTF8 else 0
        file.seek(mark)
        is_plain = file.read(len(first)) == first
        if not is_plain or mark + len(first) >= size:
            return first, b""
        file.seek(max(mark + len(first), size - most))
        last = file.read(most)
    if size - most > mark + len(first):
        last = last[last.find(b"\n") + 1 :]
    return first, b"".join(whole_lines(BytesIO(last).read, LONGEST_LINE))


def _beginning(path: str, most: int) -> bytes:
    read: list[bytes] = []
    size = 0
    for block in blocks_of_file(path, LONGEST_LINE):
        read.append(block)
        size += len(block)
        if size >= most:
            break
    data = b"".join(read)
    if size <= most:
        return data
    return data[: data.rfind(b"\n", 0, most) + 1] or data[:LONGEST_LINE]


def _written_at(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
