"""Which files of the past belong to which log, in which order, and whose lines they hold.

Rotation leaves a family of files, `X`, `X.1`, `X.2.gz` or `X-20260105.zst`: one log, read from its
oldest generation on. Numbers count back from the live file, dates forward; where a family has both,
and they cannot be compared, the files' last changes say the order.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from logwatch.errors import UsageError
from logwatch.simulation.generations import STANDARD_INPUT
from logwatch.simulation.replaying import ReplayFile
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.siblings import Sibling, family, stem
from logwatch.tailer.whereabouts import Whereabouts

_COMPRESSED = re.compile(r"\.(?:gz|bz2|xz|lzma|zst|lz4|Z)$")


def files_of_sources(
    sources: Sequence[SourceSettings],
) -> tuple[list[ReplayFile], dict[str, str]]:
    """All logs of `sources` that are there now, and why some places cannot be looked at."""
    scan = Discovery(sources).scan()
    archives = {each.name: each.archives for each in sources}
    found = []
    for path, names in scan.files.items():
        live = _live_path(path)
        if live != path and live in scan.files:
            continue  # a glob takes rotated names, too: they belong to the log itself
        generations = _in_order(Whereabouts(path, archives[names[0]]).family(), ())
        if Path(path).is_file():
            generations.append(path)
        if generations:
            found.append(ReplayFile(path=path, sources=names, generations=tuple(generations)))
    return found, scan.problems


def files_named(
    paths: Iterable[str], sources: Sequence[SourceSettings], source: str | None
) -> list[ReplayFile]:
    """The logs to which files named on a command line belong.

    Each is read as `source`, else as the sources that take a file of its name. Raises UsageError
    where that leaves a choice.
    """
    if source is not None and source not in {each.name for each in sources}:
        names = " ".join(each.name for each in sources) or "none"
        raise UsageError(f"there is no source '{source}'; there are: {names}")
    chooser = _Chooser(sources, source)
    logs: dict[str, list[str]] = {}
    for path in dict.fromkeys(paths):
        full = path if path == STANDARD_INPUT else os.path.abspath(path)  # noqa: PTH100 - a string
        logs.setdefault(_live_path(full), []).append(full)
    return [
        ReplayFile(
            path="stdin" if live == STANDARD_INPUT else live,
            sources=chooser.of(live, named),
            generations=tuple(_named_in_order(live, named)),
        )
        for live, named in logs.items()
    ]


def _named_in_order(live: str, named: Sequence[str]) -> list[str]:
    if len(named) == 1:
        return list(named)
    known = {each.path: each for each in family(live)}
    return _in_order(
        [known[path] for path in named if path in known],
        [path for path in named if path not in known],
    )


def _in_order(siblings: Sequence[Sibling], others: Sequence[str]) -> list[str]:
    """Rotated files from older to younger, then the others; no content twice."""
    plain = {each.path for each in siblings if not each.compressed}
    once = [
        each
        for each in siblings
        if not each.compressed or each.path.removesuffix(each.compressed) not in plain
    ]
    numbered = {each.rank[0] != 0 for each in once}
    if len(numbered) > 1:
        once.sort(key=lambda each: (each.modified_ns, each.rank))
    else:
        once.sort(key=lambda each: (each.rank, each.modified_ns))
    return [*(each.path for each in once), *others]


def _live_path(path: str) -> str:
    """The path that a rotated file had when it was written."""
    found = stem(path)
    return found if found != path else _COMPRESSED.sub("", path)


class _Chooser:
    """Whose lines a file holds."""

    def __init__(self, sources: Sequence[SourceSettings], source: str | None) -> None:
        self._sources = sources
        self._source = source
        self._followed = Discovery(sources).scan().files if source is None else {}

    def of(self, path: str, files: Iterable[str]) -> tuple[str, ...]:
        """Names of the sources for a log that is or was at `path`, and is in `files` now."""
        if self._source is not None:
            return (self._source,)
        if len(self._sources) == 1:
            return (self._sources[0].name,)
        found = self._followed.get(path) or self._taking(path)
        if found:
            return found
        called_so = self._called_so(path)
        if len(called_so) == 1:
            return called_so
        for file in files:
            if file != STANDARD_INPUT and not os.path.lexists(file):
                raise UsageError(f"there is no file {file}")
        names = " ".join(called_so or [each.name for each in self._sources]) or "none"
        reason = "could be of several sources" if called_so else "is of no source that is known"
        raise UsageError(f"{path} {reason}; say --source NAME: {names}")

    def _taking(self, path: str) -> tuple[str, ...]:
        return tuple(
            each.name
            for each in self._sources
            if any(fnmatchcase(path, pattern) for pattern in each.paths)
        )

    def _called_so(self, path: str) -> tuple[str, ...]:
        """A copy elsewhere: its name alone tells."""
        name = Path(path).name
        return tuple(
            each.name
            for each in self._sources
            if any(fnmatchcase(name, Path(pattern).name) for pattern in each.paths)
        )
