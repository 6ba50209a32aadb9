"""`docs/multiline.md` says what the code does: its examples load, and its trace is one record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from logwatch.config.loader import from_text
from logwatch.tailer.multiline import LOOKED_AT, MAX_LINES, TIMEOUT_SECONDS, framer_of
from logwatch.tailer.traces import trace

PAGE = (Path(__file__).parents[2] / "docs" / "multiline.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
LOG = re.sub(r" +<-.*", "", re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0])


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_loads(example):
    assert from_text(example, environ={}).sources


def test_the_trace_is_one_record_that_the_rule_takes():
    config = from_text(EXAMPLES[0], environ={})
    shop = next(source for source in config.sources if source.name == "shop")
    framed = framer_of(shop.multiline, "utf-8", shop.max_line).frame(LOG.encode(), final=True)
    assert framed.joined.count(b"\n") == 2
    first = LOG[: framed.joined.index(b"\n")]
    (pattern,) = config.rules[0].match
    assert re.search(pattern, first)["what"] == "checkout failed"


def test_the_figures_are_as_told():
    assert f"`max_lines` lines ({MAX_LINES})" in PAGE
    assert f"`timeout` ({TIMEOUT_SECONDS:.0f} s)" in PAGE
    assert f"first {LOOKED_AT:,} bytes" in PAGE


@pytest.mark.parametrize("preset", re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
def test_every_preset_that_is_told_exists(preset):
    assert trace(preset, MAX_LINES)
