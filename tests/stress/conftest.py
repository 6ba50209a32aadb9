"""What there is to collect on this platform."""

from __future__ import annotations

import platform
import sys

# The marker of atheris in pyproject.toml: elsewhere there are no wheels, and so no fuzzing. Where
# there are, it must be installed, and its test fails without it.
ATHERIS_HAS_WHEELS = (
    sys.version_info < (3, 14) and sys.platform == "linux" and platform.machine() == "x86_64"
)
collect_ignore = [] if ATHERIS_HAS_WHEELS else ["test_matching_fuzz.py"]
