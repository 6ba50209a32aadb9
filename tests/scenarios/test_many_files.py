"""Hundreds of files: a thread each, every line of each, and a quick end."""

from __future__ import annotations

from doubles import many


def test_three_hundred_files_are_read_whole(tmp_path):
    """With a backlog in each, then a line in each; `make stress` has a thousand."""
    found = many.run(tmp_path, files=300, folders=5)
    assert found.threads > 300
    assert found.descriptors < 300 + 100
    assert found.stop_seconds < 2.0
