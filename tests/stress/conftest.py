"""What there is to collect on this platform."""

from __future__ import annotations

import platform
import sys
from collections import defaultdict

import pytest

# The marker of atheris in pyproject.toml: elsewhere there are no wheels, and so no fuzzing. Where
# there are, it must be installed, and its test fails without it.
ATHERIS_HAS_WHEELS = (
    sys.version_info < (3, 14) and sys.platform == "linux" and platform.machine() == "x86_64"
)
collect_ignore = [] if ATHERIS_HAS_WHEELS else ["test_matching_fuzz.py"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Tests of a file with `IS_STORY` go on from one another: those are not shuffled."""
    places = defaultdict(list)
    for place, item in enumerate(items):
        if getattr(item.module, "IS_STORY", False):
            places[item.module].append(place)
    for those in places.values():
        told = sorted((items[each] for each in those), key=lambda item: item.reportinfo()[1])
        for place, item in zip(those, told, strict=True):
            items[place] = item
