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
    slow_repeat: int
    """Rounds of what takes long: other programs with a thousand rules and more."""
    peer_seconds: float
    """About how long a peer's slice of the log should take it."""
    peer_longest_seconds: float
    """A part of the log that takes more is not made longer, though that would be cheaper a byte."""
    peer_patience_seconds: float
    """A peer that takes longer only to start is left out."""
    peer_rules: int
    """The most rules that peers are given."""
    daemon_rules: int
    """The most that those are given which follow files: with 5,000 most take hours a GB, and what
    they make of some kilobytes in some seconds says little but that."""
    samples: int
    """Lines whose way is timed."""
    peer_samples: int
    settle_seconds: float
    """How long files are left alone before they count as idle."""
    idle_seconds: float
    hot_seconds: float
    files: int
    backlog_bytes: int
    """In each of the files that have one, when there are many."""
    hit_lines: int
    """Lines in the logs of which every line is a hit."""
    starts: int


def full(folder: Path, megabytes: int, repeat: int) -> Settings:
    """What docs/performance.md quotes."""
    return Settings(
        folder=folder,
        log_bytes=megabytes * 1_000_000,
        repeat=repeat,
        slow_repeat=min(2, repeat),
        peer_seconds=1.3,
        peer_longest_seconds=8.0,
        peer_patience_seconds=8.0,
        peer_rules=5_000,
        daemon_rules=1_000,
        samples=200,
        peer_samples=50,
        settle_seconds=35.0,
        idle_seconds=20.0,
        hot_seconds=5.0,
        files=1_000,
        backlog_bytes=1_200_000,
        hit_lines=200_000,
        starts=5,
    )


def quick(folder: Path) -> Settings:
    """Some minutes in all, without the longest parts."""
    return Settings(
        folder=folder,
        log_bytes=12_000_000,
        repeat=1,
        slow_repeat=1,
        peer_seconds=0.2,
        peer_longest_seconds=1.0,
        peer_patience_seconds=2.0,
        peer_rules=100,
        daemon_rules=100,
        samples=20,
        peer_samples=5,
        settle_seconds=2.0,
        idle_seconds=2.0,
        hot_seconds=1.0,
        files=100,
        backlog_bytes=100_000,
        hit_lines=20_000,
        starts=1,
    )
