"""The templates that are found are those that a person would tell apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from logwatch.templates import TemplateMiner

FOLDER = Path(__file__).parent / "ground_truth"
FLOORS = {"login": 0.9, "shop": 0.9, "kernel": 0.9, "queue": 0.9}


def grouping_accuracy(truth, found):
    """The share of messages whose group is, message for message, a group of the truth."""
    groups = defaultdict(Counter)
    for true, template in zip(truth, found, strict=True):
        groups[template][true] += 1
    sizes = Counter(truth)
    right = sum(
        group.total()
        for group in groups.values()
        if len(group) == 1 and group.items() <= sizes.items()
    )
    return right / len(truth)


def labelled(name):
    lines = (FOLDER / f"{name}.txt").read_text().splitlines()
    return [line.split("|", 1) for line in lines]


def test_each_excerpt_has_its_floor():
    assert {path.stem for path in FOLDER.iterdir()} == set(FLOORS)


@pytest.mark.parametrize("name", FLOORS)
def test_an_excerpt_is_grouped_as_a_person_would(name):
    miner = TemplateMiner()
    pairs = labelled(name)
    found = [miner.learn(message, 0.0).template_id for _, message in pairs]
    assert grouping_accuracy([label for label, _ in pairs], found) >= FLOORS[name]


def test_a_group_that_is_split_or_mixed_counts_as_wrong():
    assert grouping_accuracy("aabb", "xxyz") == 0.5
    assert grouping_accuracy("aabb", "xxxx") == 0.0
    assert grouping_accuracy("aabb", "yyxx") == 1.0


def test_names_vary_and_levels_do_not():
    """One name among three words is a parameter; `ERROR` in the place of `INFO` is not."""
    miner = TemplateMiner()

    def same(one, other):
        return miner.learn(one, 0.0).template_id == miner.learn(other, 0.0).template_id

    assert same("user anna logged in", "user bob logged in")
    assert same("Invalid user oracle from 192.0.2.7", "Invalid user guest from 192.0.2.9")
    assert not same("job 7 INFO backup done in 5 s", "job 8 ERROR backup done in 6 s")
    assert not same('10.0.0.1 "GET /a HTTP/1.1" 200 17', '10.0.0.1 "DELETE /a HTTP/1.1" 200 17')
