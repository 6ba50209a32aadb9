"""What every test of matching may ask for."""

from __future__ import annotations

import pytest
from doubles.engines import ENGINES


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    name: str = request.param
    return name
