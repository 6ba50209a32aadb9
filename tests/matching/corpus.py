"""Patterns as people write them for the logs of common services, one file for each kind of service.

Each has a line that it must take and one, much like it, that it must not.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import NamedTuple


class RealPattern(NamedTuple):
    """One entry of `patterns/`."""

    service: str
    pattern: str
    line: str
    miss: str


def _read() -> tuple[RealPattern, ...]:
    files = sorted((Path(__file__).parent / "patterns").glob("*.py"))
    modules = [import_module(f"matching.patterns.{file.stem}") for file in files]
    return tuple(
        RealPattern(service, *entry)
        for module in modules
        for service, entries in module.PATTERNS.items()
        for entry in entries
    )


CASES = _read()
