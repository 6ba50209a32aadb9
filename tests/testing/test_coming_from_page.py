"""docs/coming-from.md: each configuration on the page passes the tests that it carries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from logwatch.cli.main import run_command_line

PAGE = (Path(__file__).parents[2] / "docs" / "coming-from.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_passes_its_own_tests(example, tmp_path, capsys):
    path = tmp_path / "logwatch.yaml"
    path.write_text(f"state: {tmp_path}/state\n{example}")
    assert run_command_line(["test", "-c", str(path)]) == 0, capsys.readouterr()


def test_every_program_has_one():
    assert len(EXAMPLES) == PAGE.count("\n## ")
