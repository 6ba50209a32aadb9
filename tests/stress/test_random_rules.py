"""Random rules over random logs tell the same with restarts as without, for as long as one likes.

`LOGWATCH_CAMPAIGN=1800 pytest -m stress -s tests/stress/test_random_rules.py` runs for so many
seconds (60 without it); `LOGWATCH_CAMPAIGN_SEED=7` begins with that seed, 1 without it. What
differs is printed with its seed, and the last line is the sum. Compared is what is compared of
`properties/every_kind.yaml`, a configuration that is always the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from random import Random
from time import monotonic

import pytest
from doubles.random_rules import PLAYS, configuration, history
from doubles.survival import by_rule_and_key, told

from logwatch import telemetry


@pytest.mark.stress
@pytest.mark.timeout(0)
def test_random_rules_tell_the_same_with_restarts_as_without(monkeypatch, tmp_path):
    monkeypatch.setattr(telemetry.telemetry, "_threshold", 100)
    until = monotonic() + float(os.environ.get("LOGWATCH_CAMPAIGN", "60"))
    seed, alerts, differences = int(os.environ.get("LOGWATCH_CAMPAIGN_SEED", "1")), 0, []
    first = seed
    while monotonic() < until:
        for play in PLAYS:
            number, found = difference(play, seed, tmp_path)
            alerts += number
            if found:
                differences.append((play, seed))
                print(f"\n{play}, seed {seed}: {found}", flush=True)
        seed += 1
    rounds = (seed - first) * len(PLAYS)
    print(f"random rules: {rounds} histories, {alerts} alerts, {len(differences)} differences")
    assert alerts
    assert not differences


def difference(play: str, seed: int, folder: Path) -> tuple[int, str]:
    """How many alerts there are, and what differs; empty: nothing."""
    rng = Random(f"{play} {seed}")
    text, steps = configuration(rng, PLAYS[play]), history(rng, PLAYS[play])
    without = by_rule_and_key(told(text, steps, folder, restarts=False))
    with_them = by_rule_and_key(told(text, steps, folder, restarts=True))
    return sum(map(len, without.values())), "\n".join(_differing(without, with_them))


def _differing(
    without: dict[str, list[tuple[bytes, list[str]]]],
    with_them: dict[str, list[tuple[bytes, list[str]]]],
) -> Iterator[str]:
    """Of each key that differs, the first alert that does: without restarts, and with them."""
    for key in sorted({*without, *with_them}):
        pairs = zip_longest(without.get(key, []), with_them.get(key, []))
        yield from [f"{key}\n  {one}\n  {other}" for one, other in pairs if one != other][:1]
