"""What holds for every test."""

from __future__ import annotations

import gc
import os

import pytest
from doubles.examples import examples
from hypothesis import settings

from logwatch.telemetry import telemetry

# How long an example takes says more about the machine's other work than about the code.
settings.register_profile("logwatch", deadline=None, max_examples=examples(50))
settings.load_profile("logwatch")

# Whoever loaded readline in the process that started this one has put its width there.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)

# Some tests give up their rights, and could not import it any more at the first event.
telemetry.load()


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected stays to the end: nobody need look through it for garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items):
    """A campaign takes as long as it is told to: the limit for one test is no limit for it."""
    for item in items:
        if item.get_closest_marker("stress"):
            item.add_marker(pytest.mark.timeout(0))


@pytest.fixture(autouse=True)
def everything_is_said():
    """A command that a test ran in this process may have lowered the voice of all others."""
    telemetry.configure()
    telemetry.load()
