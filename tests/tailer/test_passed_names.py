"""A log under a glob of which all that is known has passed to its rotated names."""

from __future__ import annotations

import gzip
import os

from logwatch.clock import ManualClock
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import created_ns
from logwatch.tailer.tail import Tail

GRAIN_NS = 20_000_000
"""Births further apart are told apart on every file system, and in what is kept of them."""


def start(path, stored, beginning="beginning"):
    """What the tail of one path reads at a start; `stored` is kept up to date."""
    claims, clock = Claims(), ManualClock()
    claims.learn(stored.values())
    known = [each for each in stored.values() if each.path == str(path)]
    tail = Tail(str(path), known=known, claims=claims, start=beginning)
    found = []
    while (block := tail.read(clock.moment())) is not None:
        stored[block.checkpoint.identity] = block.checkpoint
        found += [block.data] if block.data else []
    tail.close()
    return found


def test_what_came_and_went_since_is_read(tmp_path, numbered):
    """The log could not be read, or was not there, when logwatch stopped."""
    log, old, stored = tmp_path / "app.log", tmp_path / "app.log.1", {}
    before = old.with_name("app.log.3.gz")
    before.write_bytes(gzip.compress(numbered(900, 100)))
    os.utime(before, (1, 1))
    old.write_bytes(numbered(0, 100))
    assert start(old, stored) == [numbered(0, 100)]
    old.rename(old.with_name("app.log.2"))
    old.with_name("app.log.1.gz").write_bytes(gzip.compress(numbered(100, 100)))
    log.write_bytes(numbered(200, 1))
    assert start(log, stored) == [numbered(100, 100), numbered(200, 1)]
    assert start(log, stored) == []


def test_at_the_very_first_start_what_was_rotated_is_left_alone(tmp_path, numbered):
    log = tmp_path / "app.log"
    log.with_name("app.log.1.gz").write_bytes(gzip.compress(numbered(0, 100)))
    log.write_bytes(numbered(200, 1))
    assert start(log, {}) == [numbered(200, 1)]


def test_a_log_that_is_older_than_what_has_the_look_of_its_rotated_names_was_not_followed(
    tmp_path, numbered
):
    """`worker-2` is a log of its own: `worker` is new to a glob that took no such name before."""
    log, other, stored = tmp_path / "worker", tmp_path / "worker-2", {}
    log.write_bytes(numbered(0, 100))
    other.write_bytes(numbered(200, 1))
    while created_ns(str(other)) - created_ns(str(log)) < GRAIN_NS:
        other.unlink()
        other.write_bytes(numbered(200, 1))
    assert start(other, stored) == [numbered(200, 1)]
    assert start(log, stored, "end") == []
    with log.open("ab") as writer:
        writer.write(numbered(100, 1))
    assert start(log, stored, "end") == [numbered(100, 1)]
