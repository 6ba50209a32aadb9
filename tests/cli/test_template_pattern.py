"""Templates as patterns: what is found by them, and what is not tried."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from logwatch.cli.config_draft import Entry, as_yaml
from logwatch.cli.template_pattern import escaped, pattern_for
from logwatch.matching.pattern import risk
from logwatch.templates import TemplateMiner

words = st.one_of(
    st.text(st.characters(exclude_characters="\n\r"), max_size=12),
    st.sampled_from(
        [
            '"a b"',
            "17 bytes",
            "5 ms",
            "10.0.0.1:80",
            "/var/x",
            "<*>",
            "<num>",
            "a.b(c)[d]",
            "failed",
        ]
    ),
)
messages = st.lists(words, min_size=1, max_size=12).map(" ".join)


@given(st.lists(messages, min_size=1, max_size=8))
def test_a_pattern_survives_yaml_and_finds_the_messages_that_it_was_made_from(texts):
    """Whatever stands in them."""
    miner = TemplateMiner()
    shown: dict[str, list[str]] = {}
    for text in texts:
        shown.setdefault(miner.learn(text, 0.0).template_id, []).append(text)
    for template in miner.templates():
        pattern = pattern_for(template.text, shown[template.id])
        if pattern is None:
            continue
        written = as_yaml((), (), [Entry((), {"name": "x", "match": pattern})], {})
        read = yaml.load(written, yaml.CSafeLoader)["rules"][0]["match"]
        assert read == pattern
        assert all(re.search(read, text) for text in shown[template.id])
        assert risk(read) is None


@pytest.mark.parametrize(
    ("template", "example", "pattern"),
    [
        ("lost disk <num> after <num> errors", "lost disk 7 after 31 errors",
         r"lost disk \d+ after \d+ errors"),
        ("<time> ERROR cannot open <path>", "02:00:00 ERROR cannot open /a", "ERROR cannot open"),
        ("read <size> (of all) from <*>", "read 17 bytes (of all) from x",
         r"read [-+\d.,]+ ?\S+ \(of all\) from"),
        ("user <quoted> failed", 'user "a b" failed', "user (?:\"[^\"]*\"|'[^']*') failed"),
        ("took <*> in all", "took   5 ms in all", r"took.{1,200}?in\s+all"),
        ("at <num>:<num>:<num> node<num> died", "at 1:2:3 node7 died", r"at \S+ node\d+ died"),
    ],
)  # fmt: skip
def test_what_varies_becomes_as_little_as_it_can(template, example, pattern):
    """And the words stay as they are."""
    assert pattern_for(template, [example]) == pattern


def test_what_stands_before_the_message_is_in_the_pattern_where_it_fits():
    """Else it is left out."""
    assert pattern_for("lost it", ["a[1]: lost it"], r"a\[\d+\]: ") == r"a\[\d+\]: lost it"
    assert pattern_for("lost it", ["b: lost it"], r"a\[\d+\]: ") == "lost it"


def test_a_template_of_hardly_a_letter_has_no_pattern():
    """It would find anything."""
    assert pattern_for("<num> <num> x", ["1 2 x"]) is None


@given(st.text())
def test_escaped_text_finds_itself(text):
    """With no backslash that it does not need."""
    assert re.fullmatch(escaped(text), text)
    assert escaped("a-b c/d") == "a-b c/d"
