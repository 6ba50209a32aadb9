"""JSON and YAML that may be shown on a terminal: they mean the same, and steer nothing."""

from __future__ import annotations

import json

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from logwatch.cli.json_lines import encoded, harmless
from logwatch.sinks.plain_text import escaped_in_yaml, visible, visible_lines

TRICKS = "\x1b[2J\x7f\x85\x9b31m\u202e\u200b\u2066\ufeff\U000e0041\U0001bca0"
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(TRICKS))


@given(ANY_TEXT, ANY_TEXT)
def test_what_is_escaped_means_the_same_and_steers_nothing(name, text):
    """As a key, too."""
    line = msgspec.json.encode({name: [text]})
    shown = harmless(line)
    assert json.loads(shown) == {name: [text]}
    assert visible(shown.decode()) == shown.decode()
    assert encoded({name: [text]}) == shown.decode()


@pytest.mark.parametrize("text", ["plain", "caf\u00e9 \u4e2d \U0001f600", "\u00a0"])
def test_what_steers_nothing_is_left_as_it_is(text):
    """Most lines cost no more than a look."""
    line = msgspec.json.encode(text)
    assert harmless(line) == line


def test_every_trick_is_written_by_its_number():
    """Those beyond the first 65,536 as the pairs that JSON has for them."""
    assert harmless(msgspec.json.encode("\u202e\x9b\x7f\U000e0041")) == (
        b'"\\u202e\\u009b\\u007f\\udb40\\udc41"'
    )


@given(ANY_TEXT)
def test_in_yaml_too_it_means_the_same(text):
    """Where it stands in double quotes."""
    written = yaml.dump([text], allow_unicode=True, default_style='"', width=1_000_000)
    shown = escaped_in_yaml(written)
    assert yaml.safe_load(shown) == [text]
    assert visible_lines(shown) == shown
