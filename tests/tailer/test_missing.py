"""Generations that no file was found for."""

from __future__ import annotations

from msgspec.structs import replace

from logwatch.records import Checkpoint, Marker
from logwatch.tailer.missing import MOST, Missing

READ = Checkpoint(
    identity="1.7.0",
    path="/var/log/äpp.log",
    device=1,
    inode=1,
    birth=7 << 40,
    epoch=0,
    offset=10,
    head=Marker(10, 10, "ab"),
    markers=(Marker(5, 5, "cd"), Marker(10, 5, "ef")),
    reread_end=4,
    beside="0123456789abcdefghij",
)


def test_they_are_what_they_were():
    missing = Missing()
    missing.add(READ)
    missing.add(replace(READ, identity="1.7.1", epoch=1))
    assert [each.epoch for each in missing] == [0, 1]
    assert next(iter(missing)) == READ
    assert READ in missing
    assert replace(READ, offset=11) not in missing


def test_of_many_the_last_ones_are_kept():
    missing = Missing()
    for number in range(MOST + 3):
        missing.add(replace(READ, epoch=number))
    assert [each.epoch for each in missing] == list(range(3, MOST + 3))


def test_what_is_missed_again_takes_no_place_of_others():
    """As at each try to begin a log for which its disk has an error."""
    missing = Missing()
    for each in (READ, replace(READ, epoch=1), *[READ] * MOST):
        missing.add(each)
    assert [each.epoch for each in missing] == [1, 0]


def test_what_was_found_after_all_is_not_missing():
    missing = Missing()
    other = replace(READ, offset=20)
    for each in (READ, other):
        missing.add(each)
    missing.remove(READ)
    assert list(missing) == [other]
