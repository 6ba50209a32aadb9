"""Random lives of one log, and of one with a glob, against the models, for as long as one likes.

`LOGWATCH_CAMPAIGN=1800 pytest -m stress -k random_lives -s` runs for so many seconds (30 without
it), each time with other seeds; `LOGWATCH_CAMPAIGN_SEED=7` begins with that one. The last line
printed is the sum.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test
from properties.test_glob_model import GlobMachine
from properties.test_record_model import RecordMachine
from properties.test_tail_model import STEPS, TailMachine

from logwatch import telemetry
from logwatch.clock import SystemClock

EXAMPLES, LENGTH = 60, 60
LIVES = settings(
    max_examples=EXAMPLES,
    stateful_step_count=LENGTH,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.stress
def test_random_lives_differ_in_nothing_from_the_models(monkeypatch):
    monkeypatch.setattr(telemetry.telemetry, "_threshold", 100)
    clock, done = SystemClock(), Counter[str]()
    seconds = float(os.environ.get("LOGWATCH_CAMPAIGN", "30"))
    given = os.environ.get("LOGWATCH_CAMPAIGN_SEED")
    seed = int(given) if given else random.randrange(1 << 32)
    begun, before, failed = clock.steady(), STEPS.copy(), []
    while not done or clock.steady() < begun + seconds:
        for machine in (TailMachine, RecordMachine, GlobMachine):
            done[machine.__name__] += 1
            if found := difference(machine, seed):
                failed.append((machine.__name__, seed))
                print(f"\n{machine.__name__}, seed {seed}: {found}", flush=True)
        seed = (seed + 1) % (1 << 32)
        print(summary(clock.steady() - begun, done, STEPS - before, failed), flush=True)
    assert not failed


def difference(machine: type[TailMachine], seed: int) -> str:
    """What went wrong in the lives that a seed gives; empty: nothing."""
    try:
        run_state_machine_as_test(hypothesis.seed(seed)(machine), settings=LIVES)
    except (AssertionError, Flaky) as error:  # inodes are not the same in two runs
        return "\n".join([repr(error), *getattr(error, "__notes__", ())])
    return ""


def summary(
    seconds: float, done: Counter[str], steps: Counter[str], failed: list[tuple[str, int]]
) -> str:
    return (
        f"campaign: {seconds:.0f} s, {done.total()} seeds, {steps['life']} lives, "
        f"{steps['step']} steps, {steps['read']} reads, {len(failed)} differences"
    )
