"""Every kind of rule: what its keys become, and each mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from logwatch.conditions import Comparison, Condition
from logwatch.config.loader import load
from logwatch.rules import fingerprint
from logwatch.rules.base import ContextSettings, PlainMatch, Selector, Threshold
from logwatch.rules.kinds import (
    Absence,
    Cleared,
    Composite,
    Expect,
    Heard,
    NewTemplate,
    NewValue,
    Ratio,
    Sampling,
    Sequence,
    Spike,
    TooFew,
    TooFewValues,
    Unique,
    Value,
)

EXAMPLE = Path(__file__).with_name("rules_example.yaml")
SOURCES = "sources: {app: /dev/null, web: /dev/zero, js: {path: /dev/full, format: json}}\n"


def test_the_example_of_the_reference_loads():
    """All kinds together, with routes, mutes and real sinks."""
    urls = {"PAGER_URL": "http://localhost/", "SLACK_URL": "https://hooks.slack.com/services/x"}
    config = load(EXAMPLE, environ=urls)
    kinds = {rule.name: type(rule.kind) for rule in config.rules}
    assert kinds == {
        "disk-error": PlainMatch, "ssh-guessing": Threshold, "heartbeat-lost": Absence,
        "login-after-guessing": Sequence, "backup-not-finished": Expect, "port-scan": Unique,
        "new-sudo": NewValue, "never-seen-error": NewTemplate, "5xx-surge": Spike,
        "slow-checkout": Value, "error-share": Ratio, "outage": Composite,
    }  # fmt: skip
    assert [rule.name for rule in config.rules] == list(kinds)
    assert [source.quiet_after for source in config.sources] == [None, None, 1200.0, None]
    assert {test.rule for test in config.tests} == set(kinds)
    assert [sink.kind for sink in config.sinks] == ["webhook", "slack", "smtp"]
    assert [route.timers is not None for route in config.routes] == [True, True, True]
    assert (len(config.mutes), len(config.inhibit)) == (1, 1)


def _kind(bench, rule: str, others: str = ""):
    """The kind of rule `a`, and the rule."""
    config = bench.load(f"{SOURCES}rules:\n  - {{name: a, {rule}}}\n{others}")
    built = next(each for each in config.rules if each.name == "a")
    return built.kind, built


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("match: x, clear: 0 in 5m",
         Threshold(count=1, window=300.0, clear_count=0, clear_window=300.0)),
        ("match: x, when: first 5 in 1h", Sampling(which="first", count=5, pause=3600.0)),
        ("match: x, when: first 5", Sampling(which="first", count=5)),
        ("match: x, when: every 5 in 10m", Sampling(which="every", count=5, pause=600.0)),
        ("match: x, when: {every: 7}", Sampling(which="every", count=7)),
        ("in: app, absent: 3m", Absence(limit=180.0)),
        ("match: 'h=(?P<h>.)', by: h, absent: {for: 3m, expect: a}",
         Absence(limit=180.0, roster=(("a",),))),
        ("in: app, absent: {for: 3m, below: 1}", Absence(limit=180.0)),
        ("match: 'h=(?P<h>.)', by: h, absent: {for: 3m, below: 5, expect: a}",
         TooFew(limit=180.0, below=5, roster=(("a",),))),
        ("in: js, by: [h, p], absent: {for: 1m, expect: [[a, 1], {p: 2, h: b}, [a, 1]]}",
         Absence(limit=60.0, roster=(("a", "1"), ("b", "2")))),
        ("in: js, unique: {of: [ip, port], above: 20, in: 1m}",
         Unique(of=("ip", "port"), above=20, window=60.0)),
        ("in: js, unique: {of: node, below: 3, in: 5m}",
         TooFewValues(of=("node",), below=3, limit=300.0)),
        ("in: js, new: user", NewValue(value=("user",))),
        ("in: js, new: {value: [who, as], learn: 7d, forget: 90d}",
         NewValue(value=("who", "as"), learn=604_800.0, forget=7_776_000.0)),
        ("in: app, new: {template: message, learn: 24h, at_most: 5/h}",
         NewTemplate(field="message", learn=86_400.0, at_most=(5, 3600.0))),
        ("in: js, new: {template: msg, at_most: 3/30m}",
         NewTemplate(field="msg", at_most=(3, 1800.0))),
        ("in: js, new: {template: msg, at_most: 10 / min}",
         NewTemplate(field="msg", at_most=(10, 60.0))),
        ("match: x, spike: {up: 3, over: 10m, min: 30}", Spike(up=3.0, over=600.0, minimum=30)),
        ("match: x, spike: {down: 4, over: 1h, vs: same hour last 4 weeks, min: 30}",
         Spike(down=4.0, over=3600.0, weeks=4, minimum=30)),
        ("in: js, value: {p95: took, above: 800ms, in: 5m, min: 50}",
         Value(measure="p95", field="took", above=0.8, bound="800ms", window=300.0, minimum=50)),
        ("in: js, value: {min: free, below: 3MiB, in: 5m}",
         Value(measure="min", field="free", below=3_145_728.0, bound="3MiB", window=300.0)),
        ("in: js, value: {measure: min, of: t, above: 90, below: -5, in: 1m, min: 2}",
         Value(measure="min", field="t", above=90.0, below=-5.0, bound="90", window=60.0,
               minimum=2)),
    ],
)  # fmt: skip
def test_what_a_kind_becomes(bench, rule, kind):
    """In the short form and the long one."""
    assert _kind(bench, rule)[0] == kind


def test_a_sequence_joins_lines_and_rules(bench):
    """A step without sources looks where the rule does; `{ip}` is a group of that name."""
    kind, rule = _kind(
        bench,
        r"by: ip, in: web, within: 10m, sequence: [{rule: b},"
        r" {match: 'for (?P<user>\w+) from (?P<ip>\S+)', unless: root},"
        r" {in: [app], match: '{user} of {ip}$'}], say: '{user} {steps}'",
        "  - {name: b, match: 'x(?P<ip>.)', by: ip, when: 5 in 2m}\n",
    )
    assert rule.by == ("ip",)
    first, second, third = kind.steps
    assert first == Heard(rule="b")
    assert (second.sources, second.unless) == (("web",), ("root",))
    assert third.sources == ("app",)
    assert "(?P<user>" in third.match[0]
    assert "(?P<ip>" in third.match[0]
    assert kind.references == ((), (), ("user", "ip"))
    assert kind.within == 600.0
    assert len(rule.selectors()) == 2


def test_expect_takes_its_key_from_what_it_refers_to(bench):
    """Where the rule says none; the closing line stands where the opening one does."""
    kind, rule = _kind(
        bench, "in: web, match: 's=(?P<job>.)', expect: {match: ['e={job}', 'x={job}'], within: 2h}"
    )
    assert rule.by == kind.references == ("job",)
    assert kind.closing.sources == ("web",)
    assert all("(?P<job>" in text for text in kind.closing.match)
    kind, rule = _kind(
        bench, "in: js, where: {e: on}, by: id, expect: {where: {e: off}, within: 1m}"
    )
    assert (rule.by, kind.references) == (("id",), ())
    assert kind.closing == Selector(
        sources=("js",), where=(Condition("e", (Comparison("=", "off"),)),)
    )


def test_a_line_that_clears_takes_its_key_from_what_it_refers_to_or_captures(bench):
    """It stands where the opening one does, unless it names its source."""
    kind, rule = _kind(bench, "in: web, match: 'd=(?P<p>.)', clear: {match: 'u={p}', unless: x}")
    assert (rule.by, kind.references) == (("p",), ())
    same = _kind(bench, "in: web, match: 'd=(?P<p>.)', by: p, clear: {match: 'u=(?P<p>.)'}")[1]
    assert fingerprint(same) == fingerprint(rule)
    both = "in: web, match: '(?P<h>.) d=(?P<p>.)', by: h, clear: {match: '{h} u={p}'}"
    assert _kind(bench, both)[0].references == ("p",)
    assert (kind.count, kind.window, kind.clear_window) == (1, 0.0, None)
    assert (kind.closing.sources, kind.closing.unless) == (("web",), ("x",))
    assert "(?P<p>" in kind.closing.match[0]
    assert rule.selectors()[1].match == ("d=(?P<p>.)",)
    kind, rule = _kind(
        bench,
        "in: web, match: 'd(?P<id>.)', by: id, when: 5 in 2m, levels: {warning: 5, error: 9},"
        " clear: {where: {e: up}, source: js, count: 1, in: 5m}, hold: 1h",
    )
    assert kind == Cleared(
        count=5,
        window=120.0,
        levels=((5, "warning"), (9, "error")),
        clear_count=1,
        clear_window=300.0,
        closing=Selector(sources=("js",), where=(Condition("e", (Comparison("=", "up"),)),)),
    )


def test_words_may_have_what_only_the_line_that_clears_has(bench):
    """With something to say before that has come."""
    rule = "in: web, match: 'd=(?P<p>.)', clear: {match: 'u={p} after (?P<took>.)'}"
    assert _kind(bench, f"{rule}, say: '{{p}} {{took|-}}'")[1].say


def test_the_part_of_a_ratio_has_the_conditions_of_all(bench):
    """So that it is a part."""
    kind, rule = _kind(
        bench, "in: js, match: GET, where: {a: b}, ratio: {of: {s: '> 5'}, above: 5%, in: 5m}"
    )
    assert (kind.above, kind.window, kind.minimum) == (0.05, 300.0, 1)
    assert kind.of.match == rule.match == ("GET",)
    assert [condition.field for condition in kind.of.where] == ["a", "s"]
    kind, rule = _kind(bench, "in: web, ratio: {of: [' 5.. ', x], below: 95%, in: 5m, min: 3}")
    assert (kind.of.match, kind.of.sources, rule.match) == ((" 5.. ", "x"), ("web",), ())


def test_a_composite_names_rules_that_come_later(bench):
    """The order in the file is kept."""
    others = "  - {name: b, match: x, by: []}\n  - {name: c, any_of: [b, d], within: 1m}\n"
    text = f"{others}  - {{name: d, match: y}}\n"
    kind, _ = _kind(bench, "all_of: [c, b, c], within: 5m, absorbs: true", text)
    assert kind == Composite(rules=("c", "b"), needed=2, within=300.0, absorbs=True)
    config = bench.load(f"rules:\n  - {{name: a, all_of: [c, b], within: 5m}}\n{text}")
    assert [rule.name for rule in config.rules] == ["a", "b", "c", "d"]
    assert config.rules[2].kind.needed == 1


def test_what_every_rule_may_say(bench):
    """Hours, shadow, context, how long it burns, how many keys."""
    _, rule = _kind(
        bench,
        "match: x, clear: 0 in 5m, hold: 10m, mode: shadow, max_keys: 500,"
        " active: 'Mon-Fri 08:00-18:00 Europe/Paris', context: {before: 5, after: 3, max_wait: 1s}",
    )
    assert (rule.hold, rule.shadow, rule.max_keys) == (600.0, True, 500)
    assert rule.active is not None
    assert rule.active.text == "Mon-Fri 08:00-18:00 Europe/Paris"
    assert rule.context == ContextSettings(before=5, after=3, max_wait=1.0)
    assert _kind(bench, "match: x, context: 5")[1].context == ContextSettings(before=5, after=5)
    assert _kind(bench, "match: x, context: 0")[1].context is None


def test_defaults_and_sources_say_how_late_a_line_may_be(bench):
    """And how many lines are quoted."""
    config = bench.load("""
        defaults: {context: {before: 2}, late: 5m}
        sources:
          app: {path: /dev/null, late: 10s, max_skew: 2h, quiet_after: 20m}
          web: /dev/zero
        rules:
          - {name: a, match: x}
          - {name: b, match: x, context: 0}
          - {name: c, all_of: [a, b], within: 1m}
    """)
    app, web = config.sources
    assert (app.late, app.max_skew, app.quiet_after) == (10.0, 7200.0, 1200.0)
    assert (web.late, web.max_skew, web.quiet_after) == (300.0, 86_400.0, None)
    assert [rule.context for rule in config.rules] == [ContextSettings(before=2), None, None]


def test_the_fields_of_other_rules_may_be_used(bench):
    """Those of the parts, their keys, and the words of the kind."""
    assert bench.examine(r"""
        rules:
          - {name: a, match: 'x(?P<ip>.)(?P<user>.)', by: ip, when: 5 in 2m}
          - {name: b, match: 'y(?P<ip>.)', by: ip}
          - {name: c, all_of: [a, b], by: ip, within: 5m, say: '{parts} {user} {ip}'}
          - {name: d, sequence: [{rule: c}, {match: '{user} done'}], within: 5m, say: '{user}'}
    """).problems == []  # fmt: skip


REFUSED = [
    # -- which kind
    ("bad-value", "'when' and 'absent' make two kinds of one rule", r"""
        rules: [{name: a, match: x, when: 5 in 2m, absent: 3m}]
                                                   ^^^^^^
    """),
    ("bad-value", "'within' belongs to 'sequence' or 'all_of' or 'any_of', not to 'unique'", r"""
        rules: [{name: a, match: '(?P<p>.)', unique: {of: p, above: 2, in: 1m}, within: 5m}]
                                                                                ^^^^^^
    """),
    ("bad-value", "'within' belongs to 'sequence' or 'all_of' or 'any_of', not to 'expect'", r"""
        rules: [{name: a, match: x, expect: {match: y, within: 1h}, within: 5m}]
                                                                    ^^^^^^
    """),
    ("bad-value", "'absorbs' belongs to 'all_of' or 'any_of'", r"""
        rules: [{name: a, match: x, absorbs: true}]
                                    ^^^^^^^
    """),
    ("bad-value", "'clear' belongs to 'when' or a plain rule, not to 'spike'", r"""
        rules: [{name: a, match: x, clear: 0 in 5m, spike: {up: 2, over: 5m, min: 3}}]
                                    ^^^^^
    """),
    ("unknown-key", "'learn' belongs inside 'new'", r"""
        rules: [{name: a, match: x, learn: 7d}]
                                    ^^^^^
    """),
    ("unknown-key", "unknown key 'within' in 'unique'", r"""
        rules: [{name: a, match: '(?P<p>.)', unique: {of: p, above: 2, in: 1m, within: 5m}}]
                                                                               ^^^^^^
    """),
    ("missing-key", "rule 'a' has no 'match' or 'where'", r"""
        rules: [{name: a, expect: {match: y, within: 1h}}]
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    # -- when, clear
    ("bad-value", "'x' is not a duration", r"""
        rules: [{name: a, match: x, when: first 5 in x}]
                                                     ^
    """),
    ("bad-value", "'every' has no number", r"""
        rules: [{name: a, match: x, when: every}]
                                          ^^^^^
    """),
    ("bad-value", "'first' and 'every' in one 'when'", r"""
        rules: [{name: a, match: x, when: {first: 5, every: 3}}]
                                          ^^^^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'cooldown' has no meaning beside 'when: first'", r"""
        rules: [{name: a, match: x, when: first 5, cooldown: 5m}]
                                                   ^^^^^^^^
    """),
    ("bad-value", "without 'when' each line is one too many", r"""
        rules: [{name: a, match: x, clear: 2 in 5m}]
                                           ^^^^^^^
    """),
    ("missing-key", "'clear' has no 'count' or 'match' or 'where'", r"""
        rules: [{name: a, match: x, clear: {source: app, in: 5m}}]
                                           ^^^^^^^^^^^^^^^^^^^^^
    """),
    ("missing-key", "'clear' has 'count', but no 'in'", r"""
        rules: [{name: a, match: x, clear: {match: y, count: 0}}]
                                                      ^^^^^
    """),
    ("missing-key", "'clear' has 'in', but no 'count'", r"""
        rules: [{name: a, match: x, when: 2 in 1m, clear: {match: y, in: 5m}}]
                                                                     ^^
    """),
    ("missing-key", "'clear' does not say which lines clear", r"""
        rules: [{name: a, match: x, clear: {unless: y, count: 0, in: 5m}}]
                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'link up' is not COUNT in DURATION", r"""
        rules: [{name: a, match: x, clear: link up}]
                                           ^^^^^^^
    """),
    ("bad-value", "without 'when' each line is one too many", r"""
        rules: [{name: a, match: x, clear: {match: y, count: 2, in: 5m}}]
                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'clear' is looser than 'when'", r"""
        rules: [{name: a, match: x, when: 2 in 1m, clear: {match: y, count: 2, in: 1m}}]
                                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'clear' has no meaning beside 'when: every'", r"""
        rules: [{name: a, match: x, when: every 5, clear: {match: y}}]
                                                   ^^^^^
    """),
    ("bad-value", "'clear' belongs to 'when' or a plain rule, not to 'expect'", r"""
        rules: [{name: a, match: x, clear: {match: y}, expect: {match: z, within: 1m}}]
                                    ^^^^^
    """),
    ("bad-value", "each line that the rule matches is one that clears", r"""
        rules: [{name: a, match: x, clear: {match: [y, x]}}]
                                           ^^^^^^^^^^^^^^^
    """),
    ("bad-value", "each line that the rule matches is one that clears", r"""
        rules: [{name: a, match: x, unless: y, clear: {match: x, source: app}, in: app}]
                                                      ^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("unknown-name", "there is no source 'ap'", r"""
        rules: [{name: a, match: x, clear: {source: ap, match: y}}]
                                                    ^^
    """),
    ("bad-value", "in 'clear', 'in' is the time of its 'count', not a source", r"""
        rules: [{name: a, match: x, clear: {match: y, in: app}}]
                                           ^^^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "in 'clear', 'in' is the time of its 'count', not a source", r"""
        rules: [{name: a, match: x, clear: {match: y, in: [app, web]}}]
                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'24 hours' is not a duration", r"""
        rules: [{name: a, match: x, clear: {match: y, count: 0, in: 24 hours}}]
                                                                    ^^^^^^^^
    """),
    ("bad-value", "'source' names no source", r"""
        rules: [{name: a, match: x, clear: {match: y, source: []}}]
                                                      ^^^^^^
    """),
    ("unknown-field", "{prt} refers to what no earlier record has", r"""
        rules: [{name: a, in: app, match: 'd (?P<port>.)', clear: {match: 'u {prt}'}}]
                                                                              ^^^
    """),
    ("unknown-field", "'by' uses 'p', which the closing line neither captures nor", r"""
        rules: [{name: a, in: app, match: 'd (?P<p>.)', by: p, clear: {match: u}}]
                                                            ^
    """),
    ("unknown-field", "'say' uses {q}, which only the line that clears has", r"""
        rules: [{name: a, in: app, match: x, clear: {match: 'u (?P<q>.)'}, say: '{q}'}]
                                                                                  ^
    """),
    ("bad-pattern", "unterminated subpattern", r"""
        rules: [{name: a, match: x, clear: {match: 'y('}}]
                                                     ^
    """),
    # -- absent
    ("missing-key", "'absent' has no 'for'", r"""
        rules: [{name: a, match: x, absent: {expect: [b]}}]
                                            ^^^^^^^^^^^^^
    """),
    ("missing-key", "'expect' needs 'by'", r"""
        rules: [{name: a, match: x, absent: {for: 3m, expect: [b]}}]
                                                      ^^^^^^
    """),
    ("bad-value", "this is no key of 'by': h, p", r"""
        rules: [{name: a, match: '(?P<h>.)(?P<p>.)', by: [h, p], absent: {for: 3m, expect: [b]}}]
                                                                                            ^
    """),
    ("bad-value", "this is no key of 'by': h", r"""
        rules: [{name: a, match: '(?P<h>.)', by: h, absent: {for: 3m, expect: [a, {x: b}]}}]
                                                                                  ^^^^^^
    """),
    ("bad-value", "'3 in 5m' is not a duration", r"""
        rules: [{name: a, match: x, absent: 3 in 5m}]
                                            ^^^^^^^
    """),
    ("bad-value", "'below' must be at least 1", r"""
        rules: [{name: a, match: x, absent: {for: 3m, below: 0}}]
                                                             ^
    """),
    # -- sequence
    ("missing-key", "'sequence' needs 'within'", r"""
        rules: [{name: a, sequence: [{match: x}, {match: y}]}]
                          ^^^^^^^^
    """),
    ("bad-value", "a sequence has two steps or more", r"""
        rules: [{name: a, within: 5m, sequence: [{match: x}]}]
                                      ^^^^^^^^
    """),
    ("missing-key", "'sequence' has no 'match' or 'where' or 'rule'", r"""
        rules: [{name: a, within: 5m, sequence: [{match: x}, {in: app}]}]
                                                             ^^^^^^^^^
    """),
    ("bad-value", "a step is a rule or lines, not both", r"""
        rules:
          - {name: b, match: x}
          - {name: a, within: 5m, sequence: [{match: x, rule: b}, {rule: b}]}
                                             ^^^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'match' beside 'sequence', whose steps have their own", r"""
        rules: [{name: a, match: z, within: 5m, sequence: [{match: x}, {match: y}]}]
                          ^^^^^
    """),
    ("bad-pattern", "unterminated subpattern", r"""
        rules: [{name: a, within: 5m, sequence: [{match: x}, {match: 'y('}]}]
                                                                       ^
    """),
    ("unknown-name", "there is no source 'ap'", r"""
        rules: [{name: a, within: 5m, sequence: [{match: x}, {in: ap, match: y}]}]
                                                                  ^^
    """),
    ("unknown-field", "'by' uses 'ip', which step 2 does not have", r"""
        rules: [{name: a, within: 5m, by: ip, sequence: [{match: 'x(?P<ip>.)'}, {match: y}]}]
                                          ^^
    """),
    ("unknown-field", "{usr} refers to what no earlier record has", r"""
        rules: [{name: a, within: 5m, sequence: [{match: 'x(?P<user>.)'}, {match: 'y{usr}'}]}]
                                                                                     ^^^
    """),
    ("unknown-field", "'say' uses {usr}", r"""
        rules: [{name: a, within: 5m, sequence: [{match: '(?P<u>.)'}, {match: y}], say: '{usr}'}]
                                                                                          ^^^
    """),
    ("bad-pattern", "stands in two alternatives", r"""
        rules: [{name: a, match: '(?P<j>.)', expect: {match: '{j} a|{j} b', within: 1h}}]
                                                             ^^^^^^^^^^^^^
    """),
    # -- rules that name rules
    ("unknown-name", "there is no rule 'bb'", r"""
        rules: [{name: b, match: x}, {name: a, within: 5m, sequence: [{rule: bb}, {match: y}]}]
                                                                             ^^
    """),
    ("unknown-name", "there is no rule 'd'", r"""
        rules: [{name: bcd, match: x}, {name: a, within: 5m, all_of: [bcd, d]}]
                                                                           ^
    """),
    ("bad-value", "rule 'a' names itself", r"""
        rules: [{name: b, match: x}, {name: a, within: 5m, any_of: [b, a]}]
                                                                       ^
    """),
    ("bad-value", "these rules wait for one another: a -> b -> c -> a", r"""
        rules:
          - {name: x, match: x}
          - {name: a, within: 5m, all_of: [x, b]}
                                              ^
          - {name: b, within: 5m, sequence: [{rule: c}, {match: y}]}
          - {name: c, within: 5m, any_of: [x, a]}
    """),
    ("bad-value", "'all_of' names fewer than two rules", r"""
        rules: [{name: b, match: x}, {name: a, within: 5m, all_of: b}]
                                                           ^^^^^^
    """),
    ("missing-key", "'any_of' needs 'within'", r"""
        rules: [{name: b, match: x}, {name: c, match: x}, {name: a, any_of: [b, c]}]
                                                                    ^^^^^^
    """),
    ("bad-value", "'in' beside 'all_of', which looks at no lines", r"""
        rules:
          - {name: b, match: x}
          - {name: c, match: x}
          - {name: a, in: app, all_of: [b, c], within: 5m}
                      ^^
    """),
    ("bad-value", "'context' in a rule that looks at no lines", r"""
        rules:
          - {name: b, match: x}
          - {name: c, match: x}
          - {name: a, context: 5, all_of: [b, c], within: 5m}
                      ^^^^^^^
    """),
    ("unknown-field", "'by' uses 'ip', which rule 'c' does not have", r"""
        rules:
          - {name: b, match: '(?P<ip>.)'}
          - {name: c, match: x}
          - {name: a, by: ip, all_of: [b, c], within: 5m}
                          ^^
    """),
    # -- expect
    ("missing-key", "'expect' has no 'within'", r"""
        rules: [{name: a, match: x, expect: {match: y}}]
                                            ^^^^^^^^^^
    """),
    ("unknown-field", "'by' uses 'job', which the closing line neither captures nor refers to", r"""
        rules: [{name: a, match: '(?P<job>.)', by: job, expect: {match: y, within: 2h}}]
                                                   ^^^
    """),
    ("unknown-field", "{jbo} refers to what no earlier record has", r"""
        rules: [{name: a, match: '(?P<job>.)', expect: {match: 'end {jbo}', within: 2h}}]
                                                                     ^^^
    """),
    # -- those that reckon
    ("unknown-field", "'of' uses 'prt', which 'match' does not capture", r"""
        rules: [{name: a, match: '(?P<port>.)', unique: {of: prt, above: 20, in: 1m}}]
                                                             ^^^
    """),
    ("bad-value", "'of' names no field", r"""
        rules: [{name: a, match: x, unique: {of: [], above: 20, in: 1m}}]
                                                 ^^
    """),
    ("missing-key", "'unique' has no 'above' or 'below'", r"""
        rules: [{name: a, match: '(?P<p>.)', unique: {of: p, in: 1m}}]
                                                     ^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'above' and 'below' in one 'unique'", r"""
        rules: [{name: a, match: '(?P<p>.)', unique: {of: p, above: 9, below: 3, in: 1m}}]
                                                                       ^^^^^
    """),
    ("bad-value", "'below' must be at most 1000", r"""
        rules: [{name: a, match: '(?P<p>.)', unique: {of: p, below: 5000, in: 1m}}]
                                                                    ^^^^
    """),
    ("missing-key", "'new' has no 'value' or 'template'", r"""
        rules: [{name: a, match: x, new: {learn: 7d}}]
                                         ^^^^^^^^^^^
    """),
    ("bad-value", "'value' has no meaning beside 'template'", r"""
        rules: [{name: a, match: x, new: {template: message, value: b}}]
                                                             ^^^^^
    """),
    ("bad-value", "'forget' has no meaning beside 'template'", r"""
        rules: [{name: a, match: x, new: {template: message, forget: 3d}}]
                                                             ^^^^^^
    """),
    ("bad-value", "'at_most' has no meaning beside 'value'", r"""
        rules: [{name: a, match: '(?P<u>.)', new: {value: u, at_most: 5/h}}]
                                                             ^^^^^^^
    """),
    ("bad-value", "'often' is no rate", r"""
        rules: [{name: a, match: x, new: {template: message, at_most: often}}]
                                                                      ^^^^^
    """),
    ("bad-value", "'cooldown' has no meaning beside 'template'", r"""
        rules: [{name: a, match: x, new: {template: message}, cooldown: 5m}]
                                                              ^^^^^^^^
    """),
    ("unknown-field", "'template' uses 'msg'", r"""
        rules: [{name: a, in: app, new: {template: msg}}]
                                                   ^^^
    """),
    ("missing-key", "'spike' has no 'min'", r"""
        rules: [{name: a, match: x, spike: {up: 3, over: 10m}}]
                                           ^^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'up' must be more than 1", r"""
        rules: [{name: a, match: x, spike: {up: 0.5, over: 10m, min: 3}}]
                                                ^^^
    """),
    ("bad-value", "'last week' is nothing to compare with", r"""
        rules: [{name: a, match: x, spike: {up: 3, over: 10m, min: 3, vs: last week}}]
                                                                          ^^^^^^^^^
    """),
    ("bad-value", "no whole part of a week", r"""
        rules: [{name: a, match: x, spike: {up: 3, over: 11m, min: 3, vs: same hour last 4 weeks}}]
                                                         ^^^
    """),
    ("missing-key", "'value' has no figure", r"""
        rules: [{name: a, match: '(?P<t>.)', value: {of: t, above: 5, in: 5m}}]
                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "there is no figure 'p100'", r"""
        rules: [{name: a, match: '(?P<t>.)', value: {measure: p100, of: t, above: 5, in: 5m}}]
                                                              ^^^^
    """),
    ("bad-value", "not 'p50' and 'p99'", r"""
        rules: [{name: a, match: '(?P<t>.)', value: {p50: t, p99: t, above: 5, in: 5m}}]
                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("unknown-field", "'p95' uses 'took', which 'match' does not capture", r"""
        rules: [{name: a, match: '(?P<t>.)', value: {p95: took, above: 5, in: 5m}}]
                                                          ^^^^
    """),
    ("bad-value", "'fast' is no number", r"""
        rules: [{name: a, match: '(?P<t>.)', value: {avg: t, below: fast, in: 5m}}]
                                                                    ^^^^
    """),
    ("bad-value", "'below' is not less than 'above'", r"""
        rules: [{name: a, match: '(?P<t>.)', value: {avg: t, above: 5, below: 800s, in: 5m}}]
                                                                              ^^^^
    """),
    ("bad-value", "'5' is not a share", r"""
        rules: [{name: a, ratio: {of: x, above: 5, in: 5m}}]
                                                ^
    """),
    ("bad-value", "'below' is not less than 'above'", r"""
        rules: [{name: a, ratio: {of: x, above: 5%, below: 6%, in: 5m}}]
                                                           ^^
    """),
    ("bad-value", "patterns in 'of' beside 'match'", r"""
        rules: [{name: a, match: y, ratio: {of: x, above: 5%, in: 5m}}]
                                                ^
    """),
    ("bad-pattern", "unterminated subpattern", r"""
        rules: [{name: a, ratio: {of: [x, 'y('], above: 5%, in: 5m}}]
                                            ^
    """),
    ("unknown-field", "has no fields: the format is plain", r"""
        rules: [{name: a, ratio: {of: {status: '>= 500'}, above: 5%, in: 5m}}]
                                      ^^^^^^^^^^^^^^^^^^
    """),
    # -- what every rule may have
    ("bad-value", "'hold' needs an episode", r"""
        rules: [{name: a, match: x, hold: 5m}]
                                    ^^^^
    """),
    ("bad-value", "'Fry' in", r"""
        rules: [{name: a, match: x, active: Mon-Fry}]
                                            ^^^^^^^
    """),
    ("bad-value", "'silent' is no 'mode'", r"""
        rules: [{name: a, match: x, mode: silent}]
                                          ^^^^^^
    """),
    ("bad-value", "'some' is no number of lines up to 1000", r"""
        rules: [{name: a, match: x, context: some}]
                                             ^^^^
    """),
    ("bad-value", "'max_keys' must be at least 1", r"""
        rules: [{name: a, match: x, max_keys: 0}]
                                              ^
    """),
    ("bad-value", "'quiet_after' must be more than 0", r"""
        sources: {app: {path: /dev/null, quiet_after: 0s}}
                                                      ^^
    """),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message", "drawing"), REFUSED)
def test_what_is_wrong_with_a_kind_is_told_at_its_place(bench, code, message, drawing):
    """Once, with what to type instead."""
    bench.check_drawing(drawing, code, message)


def test_a_field_of_a_log_that_has_none_needs_a_format(bench):
    """Rather than a list of what would do, which is empty."""
    found = bench.one("rules: [{name: a, value: {p95: took, above: 5, in: 5m, min: 2}}]")
    assert found.message == "'p95' uses 'took', which its lines do not have"
    assert found.help.startswith("give the source a format (json,")


def test_a_mistyped_rule_is_suggested(bench):
    """In a sequence as in a composite."""
    rules = "{name: guessing, match: x}, {name: other, match: x}"
    step = "{name: a, within: 5m, sequence: [{rule: gessing}, {match: y}]}"
    assert "did you mean 'guessing'?" in bench.one(f"rules: [{rules}, {step}]").help
    whole = "{name: a, within: 5m, all_of: [gessing, other]}"
    assert "did you mean 'guessing'?" in bench.one(f"rules: [{rules}, {whole}]").help


def test_a_rule_that_names_a_broken_one_is_not_asked_further(bench):
    """One mistake, one message; two circles are two."""
    text = "rules: [{name: b, match: 'x('}, {name: a, by: ip, within: 5m, any_of: [b, c]}, {name: c, match: '(?P<ip>.)'}]"  # noqa: E501  # one text
    assert bench.examine(text).codes == ["bad-pattern"]
    text = """
        rules:
          - {name: a, within: 5m, all_of: [b, c]}
          - {name: b, within: 5m, all_of: [a, c]}
          - {name: c, within: 5m, all_of: [d, e]}
          - {name: d, within: 5m, all_of: [c, e]}
          - {name: e, match: x}
    """
    messages = [problem.message for problem in bench.examine(text).problems]
    assert messages == [
        "these rules wait for one another: a -> b -> a",
        "these rules wait for one another: c -> d -> c",
    ]
