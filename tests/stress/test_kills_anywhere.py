"""Thousands of rounds: killed anywhere, on a full disk, over errors of the disk.

    LOGWATCH_CAMPAIGN=1800 pytest -m stress -s tests/stress/test_kills_anywhere.py

plays for so many seconds (60). Root may mount small file systems: for others no disk is ever full.
`LOGWATCH_SEED` is the number of the first world; the worlds that did not come out even are left in
the folder of the test.
"""

from __future__ import annotations

import faulthandler
import os
from random import SystemRandom

import pytest
from doubles import kill_campaign


@pytest.mark.stress
def test_killed_thousands_of_times_and_nothing_is_lost(tmp_path):
    """Whatever was expected was told, and what was told twice was so under one name."""
    faulthandler.cancel_dump_traceback_later()  # it is long on purpose
    seconds = float(os.environ.get("LOGWATCH_CAMPAIGN", "60"))
    seed = int(os.environ.get("LOGWATCH_SEED") or SystemRandom().randrange(1_000_000))
    print(f"\nseeds from {seed} on", flush=True)
    tally = kill_campaign.run(tmp_path, seconds=seconds, seed=seed)
    print(tally)
    print(dict(sorted(tally.kills.items())))
    assert tally.differences == []
    assert tally.lives > 2 * seconds
    assert tally.repetitions > 0
