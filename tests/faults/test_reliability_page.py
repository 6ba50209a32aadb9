"""docs/reliability.md: every row is there, and every test that it names is in the tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = {int(row[1]): row[0] for row in re.finditer(r"^\| (\d+) \|.*\|$", PAGE, re.MULTILINE)}
NAMED = re.compile(r"`(test_\w+)`")
STRESS = re.compile(r"\*`(test_\w+)`\*")


def defined() -> dict[str, str]:
    """Every test of the tree, and the text of its file before it."""
    found: dict[str, str] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        for each in re.finditer(r"^def (test_\w+)", text, re.MULTILINE):
            found[each[1]] = text[: each.start()]
    return found


TESTS = defined()


def is_long(name: str) -> bool:
    """Whether only `make stress` runs this test."""
    before = TESTS[name]
    marks = before[before.rfind("\n\n\n") :]
    return "pytest.mark.stress" in marks or "pytestmark = pytest.mark.stress" in before


def test_the_rows_are_numbered_without_a_gap():
    assert [*ROWS] == [*range(1, 61)]


@pytest.mark.parametrize("number", ROWS)
def test_each_row_names_tests_that_there_are(number):
    """And at least one that `make test` runs, unless only hours show anything."""
    names = NAMED.findall(ROWS[number])
    assert names
    assert [name for name in names if name not in TESTS] == []
    assert {name for name in names if is_long(name)} == {*STRESS.findall(ROWS[number])}
    assert {*names} - {*STRESS.findall(ROWS[number])}


@pytest.mark.parametrize("name", [name for name in TESTS if re.match(r"test_r\d+_", name)])
def test_each_test_with_a_number_is_named_in_its_row(name):
    [number] = re.findall(r"^test_r(\d+)_", name)
    assert f"`{name}`" in ROWS[int(number)]


def test_whatever_else_the_page_names_is_there():
    assert [name for name in NAMED.findall(PAGE) if name not in TESTS] == []
    alerts = set(re.findall(r"`logwatch\.([\w-]+)`", PAGE))
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "logwatch").rglob("*.py"))
    assert [each for each in alerts if f'"{each}"' not in code and f".{each}" not in code] == []


def test_what_is_not_yet_promised_is_summed_up():
    """Nobody has to find it in the tables."""
    summary = PAGE.partition("## Not yet")[2].partition("\n## ")[0]
    told = {int(number) for number in re.findall(r"row\s+(\d+)", summary)}
    marked = {number for number, row in ROWS.items() if "**Not yet**" in row}
    assert marked <= told
