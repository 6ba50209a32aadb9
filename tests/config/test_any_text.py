"""Whatever a file holds, the answer is problems, never an exception."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from doubles.examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logwatch.config.keys import (
    FileKeys,
    InhibitKeys,
    MuteKeys,
    RouteKeys,
    RuleKeys,
    SourceKeys,
)
from logwatch.config.kind_keys import (
    AbsentKeys,
    ContextKeys,
    NewKeys,
    RatioKeys,
    SpikeKeys,
    StepKeys,
    UniqueKeys,
    ValueKeys,
    WhenKeys,
)
from logwatch.config.line_keys import LineKeys
from logwatch.config.loader import examine, from_text
from logwatch.config.problems import CODES, InvalidConfigError, render
from logwatch.config.tests_section import RuleTestKeys

# A plugin of Apprise's own imports it, and a broken URL may ask for Apprise.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

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
  - {name: beat, in: web, match: 'beat of (?P<host>.+)', by: host, absent: {for: 3m, expect: [a]}}
  - name: then
    by: ip
    sequence: [{rule: guessing}, {in: auth, match: 'Accepted for {user} from (?P<ip>.)'}]
    within: 10m
    active: 'Mon-Fri 08:00-18:00 Europe/Paris; Sat'
  - {name: job, in: web, match: 's=(?P<job>.)', expect: {match: 'e={job}', within: 2h}, hold: 1h}
  - {name: scan, match: 'to (?P<port>.)', unique: {of: port, above: 20, in: 1m}, context: 3}
  - {name: who, match: 'by (?P<who>.)', new: {value: who, learn: 7d, forget: 90d}}
  - {name: what, new: {template: message, at_most: 5/h}, mode: shadow}
  - {name: many, match: x, spike: {up: 3, over: 10m, vs: same hour last 4 weeks, min: 30}}
  - {name: slow, match: 't=(?P<t>.)', value: {p95: t, above: 800ms, in: 5m, min: 50}}
  - {name: bad, in: web, ratio: {of: ' 5.. ', above: 5%, in: 5m}}
  - {name: all, all_of: [many, slow], within: 5m, absorbs: true}
tests:
  - {rule: many, start: 2026-01-05T01:00Z, lines: ['+0s x', y], fires: [{at: +2h, say: x}]}
  - {rule: slow, file: a.log, quiet: true, at: [{at: +1m, burning: false}]}
routes:
  - {if: {severity: [error, '>= critical']}, to: [out, 'slack://host/x', 'jsonl:a'], also: true}
  - {to: log, group: [rule, host], wait: 30s, updates: 5m, remind: 4h, also: true}
  - {to: log, digest: weekly Mon-Fri 08:00 Europe/Paris}
mutes:
  - {name: night, if: {host: '~ ^w'}, every: 'Tue 02:00-04:00', then: summarise}
  - {name: once, from: 2026-01-05T01:00Z, until: 2026-01-06 02:00 Europe/Paris}
inhibit:
  - {while: {rule: many}, mute: {source: [web, '!= auth']}, same: [host]}
sinks:
  out: {console: {}}
  log: {jsonl_file: '${env:HOME}/alerts.jsonl'}
"""

_KIND_KEYS = (
    *(AbsentKeys, ContextKeys, NewKeys, RatioKeys, SpikeKeys, StepKeys),
    *(UniqueKeys, ValueKeys, WhenKeys, LineKeys, RuleTestKeys),
)

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
            "+5m x",
            "first 5",
            "same hour last 4 weeks",
            "Mon-Fri",
            "5/h",
            "800ms",
        ),
    ]
)
_NOTIFYING_KEYS = (RouteKeys, MuteKeys, InhibitKeys)
_KEYS = st.sampled_from(
    sorted(
        {
            field
            for keys in (
                FileKeys,
                RuleKeys,
                RouteKeys,
                MuteKeys,
                InhibitKeys,
                SourceKeys,
                *_KIND_KEYS,
            )
            for field in (*keys.__struct_encode_fields__, *keys.later)
        }
        | {"console", "webhook", "url", "x", "<<", "count", "warning", "p95", ""}
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
        "mutes": st.lists(_VALUES, max_size=3) | _VALUES,
        "inhibit": st.lists(_VALUES, max_size=3) | _VALUES,
        "tests": st.lists(_VALUES, max_size=3) | _VALUES,
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


@settings(max_examples=examples(50), deadline=None)
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


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_FILES)
def test_any_tree_under_the_known_keys(path, tree):
    """Values of every type where others belong."""
    _read(path, json.dumps(tree))


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_RULE, max_size=3))
def test_any_values_in_rules(path, rules):
    """The section with most rules of its own."""
    _read(
        path,
        json.dumps({"sources": {"a": "/x"}, "sinks": {"out": {"console": {}}}, "rules": rules}),
    )


_KIND = st.fixed_dictionaries(
    {"name": _WORDS, "match": _WORDS},
    optional={
        word: st.dictionaries(_KEYS, _VALUES | _WORDS, max_size=5) | _VALUES
        for word in (
            *("when", "absent", "sequence", "within", "expect", "unique", "new", "spike"),
            *("value", "ratio", "all_of", "any_of", "context", "active", "by", "say"),
        )
    },
)


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_KIND, max_size=3), st.lists(_VALUES, max_size=2))
def test_any_values_in_kinds_and_tests(path, rules, tests):
    """What belongs inside a kind is a map of its own."""
    tree = {"sources": {"a": "/x"}, "sinks": {"out": {"console": {}}}}
    _read(path, json.dumps(tree | {"rules": rules, "tests": tests}))


def test_the_good_file_is_good():
    """Else the slips prove nothing."""
    assert len(from_text(GOOD, environ={"HOME": "/h"}).rules) == 11
