"""The long campaign of kills."""

from __future__ import annotations

import pytest
from doubles import crashes


@pytest.mark.stress
@pytest.mark.parametrize("style", ["date", "shift"])
def test_killed_fifty_times_under_load_and_rotation(tmp_path, style):
    """At least two rotations a round, a webhook that fails a third of the time."""
    campaign = crashes.run(tmp_path, rounds=50, seed=11, rotate_every=0.25, live=1.5, style=style)
    print(campaign)
    assert campaign.rotations >= 100
    assert campaign.received.repetitions > 0
    assert campaign.losses == 0
