"""What holds for every test."""

from __future__ import annotations

import pytest

from logwatch.telemetry import telemetry

# Some tests give up their rights, and could not import it any more at the first event.
telemetry.load()


@pytest.fixture(autouse=True)
def everything_is_said():
    """A command that a test ran in this process may have lowered the voice of all others."""
    telemetry.configure()
    telemetry.load()
