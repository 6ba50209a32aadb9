"""docs/code.md names what is there, and leaves out no folder."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "code.md").read_text(encoding="utf-8")


def test_every_path_on_the_page_is_there():
    """With the folder, or a file's bare name in the folder that its row is about."""
    paths = re.findall(r"`((?:logwatch|tests|docs)/[\w/.]*)`", PAGE)
    assert len(paths) > 40
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_module_that_is_named_without_its_folder_is_there():
    """Somewhere in the package."""
    modules = {path.name for path in (ROOT / "logwatch").rglob("*.py")}
    names = set(re.findall(r"`(?:[\w/]+/)?(\w+\.py)`", PAGE))
    assert len(names) > 30
    assert names - modules - {path.name for path in (ROOT / "tests").rglob("*.py")} == set()


def test_every_function_that_is_named_is_in_the_file_of_its_row():
    """The way of one line is walked by them."""
    rows = re.findall(r"^\| \d+ \| `([\w/.]+)` \| `(\w+)\.(\w+)`", PAGE, re.MULTILINE)
    assert len(rows) > 7
    for file, owner, name in rows:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert f"class {owner}" in source, file
        assert f"    def {name}(" in source, file


def test_every_folder_of_the_package_has_its_row():
    """A folder that nobody explains is a folder that nobody finds."""
    folders = {path.parent.name for path in (ROOT / "logwatch").glob("*/__init__.py")}
    rows = set(re.findall(r"^\| `logwatch/(\w+)/` \|", PAGE, re.MULTILINE))
    assert rows == folders


def test_every_module_of_the_large_folder_has_its_place():
    """In one row, and no row names what is not there."""
    table = PAGE.partition("modules of `logwatch/daemon/` |")[2].partition("\n\n")[0]
    modules = {path.stem for path in (ROOT / "logwatch" / "daemon").glob("*.py")} - {"__init__"}
    assert sorted(re.findall(r"`(\w+)`", table)) == sorted(modules)
