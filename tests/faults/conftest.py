"""The daemons that the stories of a module share: one with events, one that only polls."""

from __future__ import annotations

import pytest
from doubles.stage import staged


@pytest.fixture(scope="module", params=["auto", "poll"])
def stage(request, tmp_path_factory):
    """See `doubles.stage`."""
    with staged(tmp_path_factory.mktemp("stage"), request.param) as made:
        yield made
