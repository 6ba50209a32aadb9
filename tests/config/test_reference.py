"""`docs/config.md` says what the code does: every key, every default, every code, every example."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from logwatch.config.keys import (
    DefaultKeys,
    FileKeys,
    InhibitKeys,
    MuteKeys,
    RouteKeys,
    RuleKeys,
    SourceKeys,
)
from logwatch.config.kind_keys import (
    AbsentKeys,
    ClearKeys,
    ContextKeys,
    ExpectKeys,
    NewKeys,
    RatioKeys,
    SpikeKeys,
    StepKeys,
    UniqueKeys,
    ValueKeys,
    WhenKeys,
)
from logwatch.config.line_keys import LineKeys
from logwatch.config.loader import from_text
from logwatch.config.multiline import MultilineKeys
from logwatch.config.problems import CODES
from logwatch.config.rule_tests import START_SECONDS
from logwatch.config.tests_section import RuleTestKeys
from logwatch.rules.kinds import Sampling

PAGE = (Path(__file__).parents[2] / "docs" / "config.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
ALL_KEYS = [
    (keys, name)
    for keys in (
        *(FileKeys, DefaultKeys, SourceKeys, RuleKeys, RouteKeys, WhenKeys, ClearKeys, AbsentKeys),
        *(StepKeys, ExpectKeys, UniqueKeys, NewKeys, SpikeKeys, ValueKeys, RatioKeys, ContextKeys),
        *(MuteKeys, InhibitKeys, LineKeys, RuleTestKeys, MultilineKeys),
    )
    for name in (*keys.__struct_encode_fields__, *keys.later)
]


@pytest.mark.parametrize(("keys", "name"), ALL_KEYS)
def test_every_key_is_in_the_reference(keys, name):
    """Planned ones too."""
    assert f"`{name}`" in PAGE or f"{name}: " in PAGE


@pytest.mark.parametrize(("keys", "name"), ALL_KEYS)
def test_every_key_has_an_example_for_its_errors(keys, name):
    """The help line of an error quotes it."""
    assert name in keys.examples or name in keys.later


def test_every_code_is_in_the_reference():
    """In the order in which `CODES` has them."""
    table = PAGE.split("## What is checked")[1]
    assert re.findall(r"^\| `([a-z]+-?[a-z]*)` \| [a-z]", table, re.MULTILINE) == list(CODES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_loads(example):
    """With the real sinks."""
    assert from_text(example, environ={"HOME": "/home/someone"}).rules


def test_the_defaults_are_as_told():
    """Those that the tables name."""
    source, defaults = SourceKeys(), DefaultKeys()
    assert (source.format, source.encoding, source.start) == ("plain", "utf-8", "end")
    assert source.max_line == 256 * 1024
    assert (defaults.cooldown, defaults.severity) == (60.0, "warning")
    assert (RouteKeys().also, MuteKeys().then) == (False, "hold")
    assert (defaults.context, defaults.late, source.max_skew) == (ContextKeys(), 120.0, 86_400.0)
    assert (RuleKeys().mode, RuleKeys().max_keys, SpikeKeys().vs) == ("live", 100_000, "previous")
    assert Sampling(which="every", count=5).pause == 3600.0
    assert datetime.fromisoformat("2026-01-05T00:00:00Z").timestamp() == START_SECONDS
