"""What one run of the bench was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Settings(NamedTuple):
    """Sizes and numbers; `quick` ones give a look, not a figure to quote."""

    folder: Path
    """Where logs and stores are written; on the disk whose syncs are to be measured."""
    log_bytes: int
    repeat: int
    samples: int
    """Lines whose way is timed."""
    settle_seconds: float
    """How long files are left alone before they count as idle."""
    idle_seconds: float
    hot_seconds: float
    files: int
    hit_lines: int
    """Lines in the logs of which every line is a hit."""
    starts: int


def full(folder: Path, megabytes: int, repeat: int) -> Settings:
    """What docs/performance.md quotes."""
    return Settings(folder, megabytes * 1_000_000, repeat, 200, 35.0, 20.0, 5.0, 1_000, 200_000, 10)


def quick(folder: Path) -> Settings:
    """About a minute in all."""
    return Settings(folder, 20_000_000, 1, 40, 3.0, 3.0, 1.0, 200, 40_000, 3)
