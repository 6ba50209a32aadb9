"""The raw limits, as a program of its own: reading a file, scanning it, scanning and confirming.

    bare.py compile RULES DATABASE        patterns, one a line, to a serialized Hyperscan database
    bare.py compile-ours RULES DATABASE   what logwatch scans for in place of them
    bare.py read LOG
    bare.py scan LOG DATABASE             Hyperscan alone, over the blocks that logwatch scans
    bare.py confirm LOG DATABASE RULES    the same, and `re` for each line that the scan stops at

`confirm` prints each line that a rule takes, and is what a script would do that keeps no position,
stores nothing and delivers nothing.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BLOCK = 1 << 20


def blocks(path: str) -> Iterator[bytes]:
    """1 MiB at a time, ended at a line; what is behind that is read again."""
    _keep_memory()
    file = os.open(path, os.O_RDONLY)
    offset = 0
    while data := os.pread(file, BLOCK, offset):
        cut = data.rfind(b"\n") + 1 or len(data)
        yield data[:cut]
        offset += cut
    os.close(file)


def _keep_memory() -> None:
    """Use the memory of one block for the next, as logwatch does. Source: mallopt(3)."""
    import ctypes  # noqa: PLC0415 - `read` does without

    change = getattr(ctypes.CDLL(None), "mallopt", None)
    if change is not None:
        for parameter in (-1, -3):  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
            change(parameter, 64 * BLOCK)


def read(path: str) -> None:
    """Nothing but the reads."""
    file = os.open(path, os.O_RDONLY)
    offset = 0
    while count := len(os.pread(file, BLOCK, offset)):
        offset += count
    os.close(file)


def compile_rules(rules: str, database: str) -> None:
    """Compile once, as logwatch keeps its compiled rules."""
    import hyperscan  # noqa: PLC0415 - it is not needed, and may not be there, to read

    # A class that excludes something would otherwise run over the ends of lines.
    texts = [line.replace("[^", r"[^\n").encode() for line in Path(rules).read_text().splitlines()]
    made = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_MULTILINE
    made.compile(expressions=texts, ids=list(range(len(texts))), elements=len(texts), flags=flags)
    Path(database).write_bytes(hyperscan.dumpb(made))


def compile_ours(rules: str, database: str) -> None:
    """Compile once what logwatch makes of the rules."""
    import hyperscan  # noqa: PLC0415 - as above

    from logwatch.matching import prefilter  # noqa: PLC0415 - the others are to know nothing of it

    scanner: Any = prefilter.build(Path(rules).read_text().splitlines()).scanner
    Path(database).write_bytes(hyperscan.dumpb(scanner._database))


def _load(database: str) -> tuple[Any, Any]:
    import hyperscan  # noqa: PLC0415 - as above

    loaded = hyperscan.loadb(Path(database).read_bytes(), hyperscan.HS_MODE_BLOCK)
    loaded.scratch = scratch = hyperscan.Scratch(loaded)  # the binding leaves it unset
    return loaded, scratch


def scan(path: str, database: str) -> None:
    """Where patterns end, and nothing done about it."""
    loaded, scratch = _load(database)
    ends: list[int] = []

    def note(_number: int, _start: int, end: int, _flags: int, _context: None) -> None:
        ends.append(end)

    for data in blocks(path):
        loaded.scan(data, match_event_handler=note, scratch=scratch)
        ends.clear()


def confirm(path: str, database: str, rules: str) -> None:
    """Each line that a rule takes, once, for the first rule found, whose captures are made."""
    loaded, scratch = _load(database)
    texts = Path(rules).read_text().splitlines()
    searches: dict[int, Any] = {}
    out = sys.stdout.buffer
    ends: list[tuple[int, int]] = []

    def note(number: int, _start: int, end: int, _flags: int, _context: None) -> None:
        ends.append((end, number))

    for data in blocks(path):
        loaded.scan(data, match_event_handler=note, scratch=scratch)
        done = -1
        for end, number in ends:
            if end <= done:
                continue
            search = searches.get(number)
            if search is None:
                search = searches[number] = re.compile(texts[number]).search
            start = data.rfind(b"\n", 0, end - 1) + 1
            stop = data.find(b"\n", end - 1) + 1 or len(data)
            found = search(data[start : stop - 1].decode(errors="backslashreplace"))
            if found:
                found.groupdict()
                out.write(data[start:stop])
                done = stop
        ends.clear()


if __name__ == "__main__":
    compiling = {"compile": compile_rules, "compile-ours": compile_ours}
    running = {"read": read, "scan": scan, "confirm": confirm}
    (compiling | running)[sys.argv[1]](*sys.argv[2:])
