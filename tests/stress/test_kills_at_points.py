"""Killed at every named point, the first, the second and the third time that it is reached."""

from __future__ import annotations

import pytest
from doubles.crash_stories import CONFIG, Story, points
from doubles.process import write_config
from doubles.zygote import Zygote


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zygote")
    with Zygote(write_config(folder, CONFIG.format(folder=folder))) as made:
        yield made


@pytest.mark.stress
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("point", points())
def test_r43_killed_at_every_point(zygote, tmp_path, point, number):
    """Each is reached: a campaign that kills nobody shows nothing."""
    assert Story(zygote, tmp_path).killed_at(point, number) >= 1
