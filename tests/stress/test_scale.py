"""Many files and many lines, measured."""

from __future__ import annotations

import pytest
from doubles import many


@pytest.mark.stress
def test_a_thousand_files_cost_next_to_nothing_while_idle(tmp_path):
    """Every line of each is told, idle takes under 1 % of a core, and the end under 2 seconds."""
    found = many.run(tmp_path, files=1_000, folders=20, idle_seconds=10)
    print(found)
    assert found.threads > 1_000
    assert found.idle_share < 0.01
    assert found.stop_seconds < 2.0


@pytest.mark.stress
def test_a_thousand_directories_take_no_more_threads_than_their_files(tmp_path):
    """One watch for each, and one thread for all watches."""
    found = many.run(tmp_path, files=1_000, folders=1_000)
    print(found)
    assert found.threads < 1_030
    assert found.stop_seconds < 3.0
