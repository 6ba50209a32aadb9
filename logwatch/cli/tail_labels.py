"""A short name for each file, which tells it from the others, in a colour that stays its own."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from logwatch.cli.tail_request import shown
from logwatch.errors import UsageError

COLORS = ("36", "33", "35", "32", "34", "96", "93", "95", "92", "94")
"""All can be read on black and on white."""
LONGEST = 24
"""Characters; of a longer name both ends are shown, for one of them tells it from others."""
_ENDINGS = (".log", ".txt", ".json", ".jsonl", ".out", ".err")


class Naming(NamedTuple):
    """One `--label NAME=GLOB`."""

    name: str
    pattern: str


def namings_of(texts: Iterable[str]) -> tuple[Naming, ...]:
    """What `--label` says. Raises UsageError."""
    found: list[Naming] = []
    for text in texts:
        name, equals, pattern = text.partition("=")
        if not (name and equals and pattern):
            raise UsageError(f"--label {text!r}: write NAME=GLOB, such as shop='*/shop/*.log'")
        found.append(Naming(name, pattern))
    return tuple(found)


def labels_of(
    paths: Sequence[str], namings: Sequence[Naming] = (), longest: int = LONGEST
) -> dict[str, str]:
    """For each path a label: its own, else its last parts, as few as tell all of them apart.

    One of more than `longest` characters is cut in its middle.
    """
    labels = {path: name for path in paths if (name := _named(path, namings))}
    rest = [path for path in paths if path not in labels]
    for depth in range(1, 32):
        short = {path: _short(path, depth) for path in rest}
        if len(set(short.values())) == len(rest):
            break
    else:
        short = {path: path for path in rest}
    both = labels | short
    return {path: _cut(both[path], longest) for path in paths}


def color_of(label: str) -> str:
    """The colour of a label: the same in every session."""
    return COLORS[zlib.crc32(label.encode(errors="replace")) % len(COLORS)]


def _named(path: str, namings: Sequence[Naming]) -> str | None:
    for name, pattern in namings:
        if fnmatchcase(path if "/" in pattern else path.rpartition("/")[2], pattern):
            return name
    return None


def _short(path: str, depth: int) -> str:
    if path == "-":
        return shown(path)
    parts = path.strip("/").split("/")[-depth:]
    for ending in _ENDINGS:
        parts[-1] = parts[-1].removesuffix(ending) or parts[-1]
    return "/".join(parts)


def _cut(label: str, longest: int) -> str:
    if len(label) <= longest:
        return label
    end = longest // 2
    return f"{label[: longest - end - 1]}…{label[-end:]}"
