"""docs/sources.md names every key of sources that are no files, and its examples load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from logwatch.config import origin_keys
from logwatch.config.loader import from_text
from logwatch.config.origin_keys import ORIGINS, JournaldKeys, SyslogKeys

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
KEYS = [
    (keys, name) for keys in (JournaldKeys, SyslogKeys) for name in keys.__struct_encode_fields__
]


@pytest.mark.parametrize(("keys", "name"), KEYS)
def test_every_key_is_on_the_page_and_has_an_example(keys, name):
    assert f"| `{name}` |" in PAGE
    assert name in keys.examples


@pytest.mark.parametrize("name", ORIGINS)
def test_every_kind_is_in_the_table_and_in_an_example(name):
    assert re.search(rf"\|.*`{name}`.*\|", PAGE.split("## ")[0])
    assert any(re.search(rf"\b{name}:", example) for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_loads(example):
    assert from_text(example, environ={"HOME": "/home/someone"}).rules


def test_the_page_is_about_all_there_are():
    """Whoever adds a kind adds its keys to this test."""
    structs = [name for name in vars(origin_keys) if name.endswith("Keys") and name != "Keys"]
    assert {keys.__name__ for keys, _ in KEYS} == {*structs}
