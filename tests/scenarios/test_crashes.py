"""kill -9 at any instant: everything is told, and a repetition is told by its key."""

from __future__ import annotations

from doubles import crashes


def test_killed_four_times_under_load_and_rotation(tmp_path):
    """The full campaign, `make stress`, has fifty rounds."""
    campaign = crashes.run(tmp_path, rounds=4, seed=1, rotate_every=0.4, live=1.0, style="shift")
    assert campaign.rotations >= 3
    assert campaign.received.alerts == campaign.in_file.alerts == campaign.lines
