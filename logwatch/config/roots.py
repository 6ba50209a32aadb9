"""`allowed_roots:` -> the folders in which all logs are; paths of sources that lead elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from logwatch.config.found import Found
from logwatch.config.keys import FileKeys, SourceKeys
from logwatch.config.problems import Report
from logwatch.config.references import References
from logwatch.tailer.settings import SourceSettings

_GLOB = re.compile(r"[*?\[]")


def build_roots(found: Found[FileKeys], references: References, report: Report) -> tuple[str, ...]:
    """The folders as absolute paths, after reporting those that can be none."""
    roots: list[str] = []
    for number, text in enumerate(found.value.allowed_roots):
        place = found.place("allowed_roots", number)
        if not text or "\0" in text:
            report.error(place, "bad-value", "this names no folder", "remove it")
            continue
        root = references.path(text)
        if not root.is_dir():
            report.warning(place, "no-match", "there is no such folder now", "correct the path")
        roots.append(str(root))
    return tuple(roots)


def check_roots(
    roots: tuple[str, ...],
    found: Mapping[str, Found[SourceKeys]],
    sources: Mapping[str, SourceSettings],
    report: Report,
) -> None:
    """Report paths that nothing in `roots` can have."""
    if not roots:
        return  # and nothing is asked of the file system, which may not answer
    real = [f"{os.path.realpath(root).rstrip('/')}/" for root in roots]
    for name, source in sources.items():
        shared = ((n, f"{each}/") for n, each in enumerate(source.archives) if each[0] == "/")
        places = [("path", *each) for each in enumerate(source.paths)]
        places += [("archives", *each) for each in shared]
        for key, number, path in places:
            glob = _GLOB.search(path)
            fixed = path if glob is None else path[: path.rfind("/", 0, glob.start()) or 1]
            where = f"{os.path.realpath(fixed).rstrip('/')}/"
            inside = any(where.startswith(root) for root in real)
            # A glob may come to a root further down.
            if not inside and not (glob and any(root.startswith(where) for root in real)):
                report.error(
                    found[name].place(key, number),
                    "bad-value",
                    "no file of this path may be read: it is in none of allowed_roots",
                    f"add {where.rpartition('/')[0].rpartition('/')[0] or '/'} to allowed_roots",
                )
