"""Whatever a file holds, the answer is problems, never an exception."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logwatch.config.keys import FileKeys, RouteKeys, RuleKeys, SourceKeys
from logwatch.config.loader import examine, from_text
from logwatch.config.problems import CODES, InvalidConfigError, render

GOOD = r"""
version: 1
state: state
defaults: {cooldown: 5m, severity: error}
sources:
  auth: {path: /var/log/auth.log, format: syslog, tz: Europe/Paris, tags: [host]}
  web: /var/log/web.log
rules:
  - name: guessing
    in: [auth]
    match: ['Failed for (?P<user>\S+) from (?P<ip>\S+)', "bad (?P<user>\\S+) (?P<ip>.)"]
    unless: from 10\.
    by: ip
    when: 5 in 2m
    levels: {error: 5, critical: 50}
    clear: {count: 0, in: 15m}
    say: '{count:,} by {user}, {ip|nobody}'
routes:
  - {if: {severity: [error, critical]}, to: [out], also: true}
sinks:
  out: {console: {}}
  log: {jsonl_file: '${env:HOME}/alerts.jsonl'}
"""

ENVIRON = {"HOME": "/h", "X": "secret-value"}

_WORDS = st.sampled_from(
    [
        *(
            "a",
            "",
            "5 in 2m",
            "x(",
            "{x",
            "{x}",
            "${env:X}",
            "${file:/}",
            "out",
            "console",
            "~",
            "1",
        ),
        *(
            "true",
            "\0",
            "\x1b",
            "é\u2028",
            "*",
            "&a",
            "!t",
            "<<",
            "critical",
            "utf-16",
            "../..",
            "5m",
        ),
    ]
)
_KEYS = st.sampled_from(
    sorted(
        {
            field
            for keys in (FileKeys, RuleKeys, RouteKeys, SourceKeys)
            for field in (*keys.__struct_encode_fields__, *keys.later)
        }
        | {"console", "webhook", "url", "x", "<<", "count", "warning", ""}
    )
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=25,
)
_FILES = st.fixed_dictionaries(
    {},
    optional={
        "sources": st.dictionaries(_WORDS, _VALUES, max_size=3) | _VALUES,
        "rules": st.lists(_VALUES, max_size=3) | _VALUES,
        "sinks": st.dictionaries(_WORDS, _VALUES, max_size=3) | _VALUES,
        "routes": st.lists(_VALUES, max_size=3) | _VALUES,
        "defaults": _VALUES,
        "version": _VALUES,
        "state": _VALUES,
    },
)
_RULE = st.dictionaries(st.sampled_from(RuleKeys.__struct_encode_fields__), _VALUES, min_size=3)


@pytest.fixture(scope="session")
def path(tmp_path_factory):
    """One file, written anew for each text."""
    return tmp_path_factory.mktemp("any") / "logwatch.yaml"


def _read(path: Path, text: str) -> None:
    """Both ways to read it: `run`'s, and that of `check`, which looks closer."""
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    _, problems, summary = examine(path, environ=ENVIRON)
    assert "secret-value" not in render(problems, summary.texts)
    lines = text.count("\n") + text.count("\r") + 5 + sum(text.count(c) for c in "\x85\u2028\u2029")
    try:
        from_text(text, environ=ENVIRON)
    except InvalidConfigError as error:
        assert error.problems  # noqa: PT017  # a valid text is as good
        for problem in error.problems:
            assert problem.code in CODES
            assert problem.line <= lines
            assert problem.end_column > problem.column
            assert "secret-value" not in problem.message


@settings(deadline=None)
@given(st.text(max_size=200))
def test_arbitrary_text(path, text):
    """Including what is no YAML at all."""
    _read(path, text)


@settings(deadline=None)
@given(st.text(alphabet="ab:-[]{}#&*!|>'\"%@`?,~<\\ \t\n0\u2028", max_size=80))
def test_arbitrary_syntax(path, text):
    """What YAML gives a meaning to, in any order."""
    _read(path, text)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), st.text(max_size=4) | _WORDS),
        min_size=1, max_size=3,
    )
)  # fmt: skip
def test_a_good_file_with_slips_in_it(path, slips):
    """Pieces cut out and typed in."""
    text = GOOD
    for start, length, typed in slips:
        text = text[:start] + typed + text[start + length :]
    _read(path, text)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_FILES)
def test_any_tree_under_the_known_keys(path, tree):
    """Values of every type where others belong."""
    _read(path, json.dumps(tree))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_RULE, max_size=3))
def test_any_values_in_rules(path, rules):
    """The section with most rules of its own."""
    _read(
        path,
        json.dumps({"sources": {"a": "/x"}, "sinks": {"out": {"console": {}}}, "rules": rules}),
    )


def test_the_good_file_is_good():
    """Else the slips prove nothing."""
    assert len(from_text(GOOD, environ={"HOME": "/h"}).rules) == 1
