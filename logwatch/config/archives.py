"""`archives:` of a source -> folders in which rotated files lie, and what is wrong with them.

They are given relative to the folder of each log, not to that of the configuration: so `olddir` of
logrotate is, and one source has logs of many folders.
"""

from __future__ import annotations

from glob import has_magic, iglob
from pathlib import Path

from logwatch.config.found import Found
from logwatch.config.keys import SourceKeys
from logwatch.config.problems import Report
from logwatch.config.references import References
from logwatch.tailer.settings import SourceSettings


def build_archives(
    found: Found[SourceKeys], paths: tuple[str, ...], references: References, report: Report
) -> tuple[str, ...] | None:
    """The folders of one source; None after reporting which cannot be."""
    built: list[str] = []
    for number, text in enumerate(found.value.archives):
        place = found.place("archives", number)
        if not text.strip() or "\0" in text:
            report.error(place, "bad-value", "this names no folder", "write archives: old")
            return None
        folder = str(references.path(text)) if text.startswith("~") else text
        if folder.startswith("/") and _are_many(paths):
            report.error(
                place,
                "bad-value",
                "the logs of several folders cannot share one: nothing tells whose a file in it is",
                "give it relative to the folder of each log, or make sources of them",
            )
            return None
        built.append(folder.rstrip("/") or "/")
    return tuple(built)


def _are_many(paths: tuple[str, ...]) -> bool:
    """Whether files of these may lie in several folders."""
    folders = {path.rpartition("/")[0] for path in paths}
    return len(folders) > 1 or any(has_magic(each) for each in folders)


def look_for_archives(found: Found[SourceKeys], source: SourceSettings, report: Report) -> None:
    """Warn of folders that are not there now, for any log of `source`."""
    for number, text in enumerate(source.archives):
        there = [
            folder
            for path in source.paths
            for own in iglob(path.rpartition("/")[0] or "/")  # noqa: PTH207  # absolute
            for folder in iglob(str(Path(own, text)))  # noqa: PTH207  # absolute
        ]
        if any(Path(each).is_dir() for each in there):
            continue
        place = found.place("archives", number)
        if there:
            report.warning(
                place, "no-match", "this is a file, not a folder", "write the folder that it is in"
            )
        else:
            report.warning(
                place,
                "no-match",
                "there is no such folder now, beside any of the logs",
                "correct it; '.' is the folder of the log itself",
            )
