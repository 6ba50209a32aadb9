"""The files that a rule looks at: whether they are there, can be read, and are being followed.

The daemon knows, where one runs; else the file system is looked at, with the rights of whoever
asks.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from logwatch.daemon.health import FileStatus, Status
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.opening import denial
from logwatch.tailer.settings import SourceSettings


class File(Struct, frozen=True, kw_only=True):
    """One file of a source."""

    path: str
    status: str
    """`following`, `waiting`, `denied`, `error`, `not answering`, `dead`; with no daemon
    `readable`, `denied`, `missing`."""
    detail: str = ""
    behind: int = 0
    """Bytes that are not read yet."""
    last_read: str | None = None


class Source(Struct, frozen=True, kw_only=True):
    """One source."""

    name: str
    paths: tuple[str, ...]
    files: tuple[File, ...]
    problems: tuple[str, ...] = ()
    """Places of it that cannot be looked at, each with its reason."""

    @property
    def is_read(self) -> bool:
        """Whether any file of it is."""
        return any(each.status in ("following", "readable") for each in self.files)


def sources_of(sources: Iterable[SourceSettings], daemon: Status | None) -> Iterator[Source]:
    """Each source with its files."""
    for source in sources:
        if daemon is not None:
            files = tuple(map(_followed, _of(daemon.files, source.name)))
            problems = _under(source.paths, daemon.unseen)
        else:
            scan = Discovery([source]).scan()
            files = tuple(_looked_at(path) for path in sorted(scan.files))
            problems = tuple(f"{place}: {reason}" for place, reason in scan.problems.items())
        yield Source(name=source.name, paths=source.paths, files=files, problems=problems)


def _of(files: Sequence[FileStatus], source: str) -> Iterator[FileStatus]:
    return (each for each in files if source in each.sources)


def _followed(file: FileStatus) -> File:
    return File(
        path=file.path,
        status=file.status,
        detail=file.detail,
        behind=file.behind,
        last_read=file.last_read,
    )


def _under(paths: Iterable[str], unseen: dict[str, str]) -> tuple[str, ...]:
    """Places that nobody can look at and that one of `paths` leads through."""
    return tuple(
        f"{place}: {reason}"
        for place, reason in unseen.items()
        if any(path.startswith(place.rstrip("/")) for path in paths)
    )


def _looked_at(path: str) -> File:
    if not os.path.exists(path):  # noqa: PTH110 - paths here are plain strings
        return File(path=path, status="missing", detail="there is no such file now")
    if not os.access(path, os.R_OK, effective_ids=True):
        return File(path=path, status="denied", detail=denial(path))
    return File(path=path, status="readable")
