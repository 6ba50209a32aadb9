"""The fuzz target runs, is guided by coverage, and finds nothing for a while."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.mark.stress
def test_fuzzing_finds_no_difference(tmp_path):
    """For `LOGWATCH_FUZZ_SECONDS` (60)."""
    seconds = os.environ.get("LOGWATCH_FUZZ_SECONDS", "60")
    done = subprocess.run(
        [
            sys.executable, str(TESTS / "stress" / "fuzz_matching.py"), str(tmp_path),
            f"-max_total_time={seconds}", f"-artifact_prefix={tmp_path}/",
        ],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=float(seconds) + 120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    [runs] = re.findall(r"Done (\d+) runs", done.stderr)
    print(f"{runs} runs, {len(list(tmp_path.iterdir()))} inputs that reached something new")
    assert int(runs) > 100
