"""Sources that read what logwatch itself writes: each alert would be a line of theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from logwatch.config.found import Found
from logwatch.config.keys import SourceKeys
from logwatch.config.model import NamedSink
from logwatch.config.problems import Report
from logwatch.sinks.jsonl_file import JsonlFileSettings
from logwatch.tailer.settings import SourceSettings, is_excluded


def written_files(sinks: Sequence[NamedSink]) -> Iterator[str]:
    """The files that sinks write alerts to."""
    for sink in sinks:
        if isinstance(sink.settings, JsonlFileSettings):
            yield sink.settings.path


def warn_of_feedback(
    found: Mapping[str, Found[SourceKeys]],
    sources: Mapping[str, SourceSettings],
    sinks: Sequence[NamedSink],
    report: Report,
) -> None:
    """Warn of each path of a source that takes a file of alerts in, or the log of the daemon."""
    written = [(path, os.path.realpath(path)) for path in written_files(sinks)]
    for name, source in sources.items():
        for number, path in enumerate(source.paths):
            for given, real in written:
                if is_taken(path, source.exclude, given, real):
                    report.warning(
                        found[name].place("path", number),
                        "feeds-itself",
                        f"logwatch writes its own alerts to {given}, and would follow them here",
                        f"write to another folder, or add exclude: {Path(given).name}",
                    )


def is_taken(pattern: str, exclude: Sequence[str], *paths: str) -> bool:
    """Whether a path or glob of a source takes in a file that has these names, and is to."""
    return any(_matches(path, pattern) and not is_excluded(path, exclude) for path in paths)


def _matches(path: str, pattern: str) -> bool:
    if path == pattern:
        return True
    parts, wanted = path.strip("/").split("/"), pattern.strip("/").split("/")
    return _match_parts(parts, wanted)


def _match_parts(parts: list[str], wanted: list[str]) -> bool:
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return any(_match_parts(parts[skipped:], wanted[1:]) for skipped in range(len(parts) + 1))
    if not parts or not fnmatchcase(parts[0], wanted[0]):
        return False
    return _match_parts(parts[1:], wanted[1:])
