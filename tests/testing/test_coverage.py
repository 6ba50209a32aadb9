"""Which branches of a rule no test reaches."""

from __future__ import annotations

import pytest

LISTS = "match: [a, b], unless: [c, d]"
CASES = [
    (LISTS, "[a]", "[{}]", {"match[1]", "unless[0]", "unless[1]"}),
    (LISTS, "[a, b c, b, d]", "[{}, {}]", {"unless[1]"}),
    (LISTS, "[c, d]", None, {"match[0]", "match[1]", "unless[0]", "unless[1]", "fires"}),
    (LISTS, "[a c, a d, b, a]", "[{}, {}]", set()),
    ("match: 'a(?P<v>.?)', unless: [{v: 1}, b, {v: 2}]", "[a1, ab, a]", "[{}]", {"unless[2]"}),
    ("match: a", "[a]", "[{}]", set()),
    ("match: a, when: 2 in 1m", "[a, a]", "[{}]", {"resolves", "quiet"}),
    ("match: a, when: 2 in 1m", "[a]", None, {"fires", "resolves"}),
    (
        "match: a, when: 2 in 1m, levels: {warning: 2, critical: 3}",
        "[a, a]",
        "[{}]",
        {"level critical", "resolves", "quiet"},
    ),
    ("match: a, when: first 1", "[a, a]", "[{}]", set()),
    ("match: a, expect: {match: b, within: 1m}", "[b]", None, {"opened", "fires", "resolves"}),
    ("match: a, expect: {match: [b, c], unless: d, within: 1m}", "[a, b]", None, {
        "expect.match[1]", "expect.unless[0]", "fires", "resolves",
    }),
    ("match: a, clear: {match: b}", "[a]", "[{}]", {"cleared by a line", "resolves", "quiet"}),
    ("match: a, when: 2 in 1m, clear: {match: [b, c], unless: d}", "[a, b, c d]", None, {
        "clear.match[1]", "fires", "resolves",
    }),
    ("sequence: [{match: a}, {match: [b, c]}], within: 1m", "[a]", None, {
        "step 2", "step 2.match[0]", "step 2.match[1]", "fires", "resolves",
    }),
    ("sequence: [{rule: other}, {match: b}], within: 1m", "[other]", None, {
        "step 2", "fires", "resolves",
    }),
    ("all_of: [other, another], within: 1m", "[other]", None, {
        "rule another", "fires", "resolves",
    }),
    ("any_of: [other, another], within: 1m", "[other]", "[{}]", {"rule another", "resolves"}),
    ("match: (?P<v>a), new: {value: v, learn: 1m}", "[a]", None, {"fires"}),
    (
        "unless: x, ratio: {of: {level: error}, above: 5%, in: 1m}, in: api",
        "['{\"level\": \"info\"}']",
        None,
        {"unless[0]", "fires", "resolves"},
    ),
    (
        "match: a, unless: [{level: info}, {level: debug}], in: api",
        "['{\"level\": \"info\", \"msg\": \"a\"}']",
        None,
        {"unless[1]", "fires"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "lines", "fires", "missed"), CASES)
def test_what_no_test_reaches_is_named(rule, lines, fires, missed, scene):
    """By the key in the rule that it belongs to."""
    where = "" if "in: " in rule or "_of" in rule or "sequence" in rule else "in: app, "
    verdict = f"fires: {fires}" if fires else "quiet: true"
    scene.write(
        f"  - {{name: r, {where}{rule}{'' if 'first' in rule else ', cooldown: 0'}}}\n"
        "  - {name: other, in: app, match: other, cooldown: 0}\n"
        "  - {name: another, in: app, match: another, cooldown: 0}\n"
        f"tests: [{{rule: r, lines: {lines}, {verdict}}}]"
    )
    covered = scene.coverage()["r"]
    assert set(covered.missed) == missed
    assert set(covered.missed) <= set(covered.branches)


def test_a_rule_without_a_test_is_named(scene):
    """And counts in the share of rules that have one."""
    scene.write("tests: [{rule: job, lines: [job=a b], fires: [{}]}]")
    covered = scene.coverage()
    assert (covered["job"].tests, covered["many"].tests) == (1, 0)
    assert covered["many"].missed == covered["many"].branches
