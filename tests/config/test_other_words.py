"""Who comes from another program and writes its words is told ours, and that alone."""

from __future__ import annotations

import pytest

from logwatch import parsers
from logwatch.config.keys import RouteKeys, RuleKeys, SourceKeys
from logwatch.config.other_words import FORMATS, KEYS, KINDS
from logwatch.config.shapes import shape_of
from logwatch.sinks.registry import KINDS as SINKS

SHAPES = [shape_of(each) for each in (RuleKeys, SourceKeys, RouteKeys)]
SETTINGS = [shape_of(each.settings) for each in SINKS.values()]


@pytest.mark.parametrize("word", KEYS)
def test_a_word_for_a_key_leads_to_one_that_there_is(word):
    """And where it is a key itself it is never taken for another."""
    known = [*SHAPES, *SETTINGS]
    for ours in KEYS[word]:
        assert any(ours in shape.fields for shape in known)
    assert any(word not in shape.fields and shape.meant([word]) for shape in known)
    assert not any(shape.meant([word]) for shape in known if word in shape.fields)


def test_a_word_for_a_kind_or_a_format_leads_to_one_that_there_is():
    assert {ours for all_ in KINDS.values() for ours in all_} <= SINKS.keys()
    assert KINDS.keys().isdisjoint(SINKS)
    formats = {*parsers.FORMATS, *parsers.WRAPPINGS}
    assert {ours for all_ in FORMATS.values() for ours in all_} <= formats
    assert FORMATS.keys().isdisjoint(formats)


@pytest.mark.parametrize(
    ("text", "remedies"),
    [
        ("rules: [{name: a, failregex: x}]", ["did you mean 'match'?"]),
        (
            "rules: [{name: a, match: '(?P<ip>x)', query_key: ip, threshold: 5, timeframe: 2m}]",
            ["did you mean 'by'?", "did you mean 'when'?", "did you mean 'when'?"],
        ),
        (
            "rules: [{name: a, match: x, bantime: 10m, ignoreip: 10.0.0.1, exec: y}]",
            ["did you mean 'hold'?", "did you mean 'unless'?", "did you mean 'to'?"],
        ),
        ("rules: [{name: a, match: x, aggregation: 5m}]", ["did you mean 'to'?"]),
        (
            "rules: [{name: a, match: 'from (?<ip>.)'}]",
            ["a named group is written (?P<name>...)"],
        ),
        ("sources: {app: {include: /dev/null}}", ["did you mean 'path'?"]),
        ("sources: {app: {file: /dev/null}}", ["did you mean 'path'?"]),
        ("rules: [{name: a, match: x, file: app}]", ["did you mean 'in'?"]),
        (
            "sources: {app: {path: /dev/null, format: nginx}}",
            ["did you mean 'combined'?  also: cri docker json logfmt plain syslog"],
        ),
        ("sinks: {out: {file: /dev/null}}", ["did you mean 'jsonl_file'?"]),
        ("sinks: {out: {exec: {argv: [/bin/true]}}}", ["did you mean 'command'?"]),
        (
            "sinks: {out: {carrier_pigeon: {}}}",
            ["kinds: command console jsonl_file webhook"],
        ),
        ("sinks: {webhook: 'http://localhost/'}", ["write webhook: {webhook: {...}}"]),
        ("rules: [{name: a, match: x, by: ip}]", ["give what it captures a name: (?P<ip>\\S+)"]),
        ("rules: [{name: a, match: x, by: $ip}]", ["give what it captures a name: (?P<ip>\\S+)"]),
    ],
)
def test_the_remedy_is_our_word(bench, text, remedies):
    """No list of thirty keys among which to look for it, and no second mistake."""
    found = bench.examine(text)
    assert [each.help for each in found.problems] == remedies, found.text
