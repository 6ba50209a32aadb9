"""What a source is called, and which logs are one source: those that one glob means and no other.

/var/log/nginx/shop.access.log, /var/log/nginx/blog.access.log  ->  nginx, *.access.log
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from fnmatch import fnmatchcase
from glob import has_magic
from pathlib import Path

from logwatch.cli.surveying import Survey

LEAST_ALIKE = 3
"""Letters that names of one glob have in common, beside their extension."""
LONGEST = 40

_GENERIC = frozenset(
    {"access", "error", "errors", "log", "logs", "out", "output", "stdout", "stderr", "current"}
    | {"messages", "app", "main", "server", "daemon", "debug", "info"}
)
_COMMON_FOLDERS = frozenset({"log", "logs", "var", "tmp", "srv", "opt", "home", "old", "archive"})
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_EXTENSION = re.compile(r"(?:\.(?:log|txt|json|jsonl|ndjson|out|err))+$")


def merged(surveys: Sequence[Survey]) -> list[Survey]:
    """The same with logs of one kind in one folder as one, where a glob means just them."""
    alike: dict[object, list[Survey]] = defaultdict(list)
    for one in surveys:
        form = one.form
        folder = one.group.path.rpartition("/")[0]
        time = form.time_field, form.time_format
        key = (folder, form.format, form.encoding, time, form.message, form.level)
        alike[key].append(one)
    found = [each for those in alike.values() for each in _merged(those)]
    return sorted(found, key=lambda one: one.group.path)


def name_all(surveys: Sequence[Survey]) -> None:
    """Give each its name, none twice."""
    taken: set[str] = set()
    for one in surveys:
        name = one.group.name or _name(one.group.path)
        number, unique = 2, name
        while unique in taken:
            unique = f"{name}-{number}"
            number += 1
        taken.add(unique)
        one.name = unique


def _merged(surveys: list[Survey]) -> list[Survey]:
    by_shape: dict[str, list[Survey]] = defaultdict(list)
    for one in surveys:
        by_shape[_shape(one.group.path)].append(one)
    found = []
    for shape, those in by_shape.items():
        if len(those) > 1 and _means_only(shape, those):
            found.append(_joined(shape, those))
        else:
            found += those
    return found


def _shape(path: str) -> str:
    """The glob that would stand for logs named alike; the path itself where there is none."""
    folder, _, name = path.rpartition("/")
    if has_magic(name):
        return path
    extension = _EXTENSION.search(name)
    stem = name[: extension.start()] if extension else name
    rest = name[len(stem) :]
    numbered = re.fullmatch(r"(.*?[A-Za-z].*?)[0-9]+", stem)
    if numbered and len(numbered[1]) >= LEAST_ALIKE:
        return f"{folder}/{numbered[1]}*{rest}"
    parts = re.fullmatch(r".+?([._-])([A-Za-z]{3,})", stem)
    if parts:
        return f"{folder}/*{parts[1]}{parts[2]}{rest}"
    return path


def _means_only(shape: str, surveys: Sequence[Survey]) -> bool:
    """Whether the glob takes the files that are written now, and no other that is there."""
    folder, _, glob = shape.rpartition("/")
    try:
        names = [entry.name for entry in Path(folder).iterdir()]
    except OSError:
        return False
    live = {one.group.path.rpartition("/")[2] for one in surveys}
    return {name for name in names if fnmatchcase(name, glob)} <= live


def _joined(shape: str, surveys: Sequence[Survey]) -> Survey:
    """One survey of all of them; templates of the same text count as one."""
    first = max(surveys, key=lambda one: one.lines)
    first.group.path = shape
    for other in surveys:
        if other is not first:
            _add(first, other)
    return first


def _add(first: Survey, other: Survey) -> None:
    first.group.files += other.group.files
    first.samples = [*first.samples, *other.samples]
    first.lines += other.lines
    first.levels += other.levels
    first.whole &= other.whole
    pauses = (first.longest_pause, other.longest_pause)
    first.longest_pause = min((one for one in pauses if one is not None), default=None)
    known = {(kind.template, kind.level): kind for kind in first.kinds}
    fresh = []
    for kind in other.kinds:
        if (same := known.get((kind.template, kind.level))) is not None:
            same.count += kind.count
        else:
            fresh.append(kind)
    first.kinds = [*first.kinds, *fresh]


def _name(path: str) -> str:
    """`auth` for /var/log/auth.log, `nginx-access` for /var/log/nginx/access.log."""
    folder, _, name = path.rpartition("/")
    stem = _plain(_EXTENSION.sub("", name))
    parents = [_plain(part) for part in folder.split("/") if _plain(part)]
    near = next((part for part in reversed(parents) if part not in _COMMON_FOLDERS), "")
    if (not stem or stem in _GENERIC) and near:
        stem = f"{near}-{stem}" if stem else near
    return stem[:LONGEST].strip("-") or "log"


def _plain(text: str) -> str:
    return _NOT_IN_NAMES.sub("-", text.lower()).strip("-")
