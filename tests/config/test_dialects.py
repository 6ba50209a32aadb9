r"""What is written as for another program and looks for other text here is named, with our way."""

from __future__ import annotations

import re
import sys

import pytest

from logwatch.config.dialects import habits


def warned(bench, rule):
    """The text at each place of a warning, with what to type instead."""
    text = f"rules:\n  - {{name: a, {rule}}}\n"
    found = bench.examine(text)
    assert {each.code for each in found.problems} <= {"other-dialect"}, found.text
    assert all(each.level == "warning" for each in found.problems)
    line = text.splitlines()[1]
    return [(line[each.column - 1 : each.end_column - 1], each.help) for each in found.problems]


@pytest.mark.parametrize(
    ("pattern", "place", "remedy"),
    [
        (r"from <HOST>$", "<HOST>", r"write (?P<ip>\S+)"),
        (r"IP<ADDR>", "<ADDR>", r"write (?P<ip>\S+)"),
        (r"for <F-USER>\w+</F-USER> x", "<F-USER>", r"write (?P<user>\w+)"),
        (r"for <F-USER/> x", "<F-USER/>", r"write (?P<user>\S+)"),
        (
            "^%(__prefix_line)sFailed",
            "%(__prefix_line)s",
            "leave it out, and a ^ before it: what stands there need not be matched",
        ),
        ("%(known/failregex)s", "%(known/failregex)s", "write what it stands for"),
        ("x[[:digit:]]+", "[[:digit:]]", r"write \d for [[:digit:]]"),
        ("x[^[:space:]]", "[^[:space:]]", r"write \S for [^[:space:]]"),
        ("x[[:alpha:]]", "[[:alpha:]]", "write [a-zA-Z] for [[:alpha:]]"),
        ("x[[:alnum:]_-]", "[:alnum:]", "write a-zA-Z0-9 for [:alnum:]"),
        ("x[:digit:]", "[:digit:]", r"write \d for [:digit:]"),
        ("/error/i", "/error/i", "write (?i)error"),
        (r"/a\/b c/gi", r"/a\/b c/gi", "write (?i)a/b c"),
        (r"/err\d+/i", r"/err\d+/i", r"write (?i)err\d+"),
        (
            "127.0.0.1/8 ::1",
            "127.0.0.1/8 ::1",
            "write unless: [{ip: in 127.0.0.0/8 ::1}], and capture it: (?P<ip>...)",
        ),
        (
            "in 10.0.0.0/8",
            "in 10.0.0.0/8",
            "write unless: [{ip: in 10.0.0.0/8}], and capture it: (?P<ip>...)",
        ),
        (r"error\|fatal", r"\|", "write error|fatal; for the bar itself [|]"),
        (
            r"Failed password\|Invalid user",
            r"\|",
            "write Failed password|Invalid user; for the bar itself [|]",
        ),
    ],
)
@pytest.mark.parametrize("key", ["match", "unless"])
def test_a_pattern_for_another_program_is_warned_of_at_its_place(
    bench, key, pattern, place, remedy
):
    """In single quotes, as patterns should be."""
    rest = "match: some, " if key == "unless" else ""
    assert warned(bench, f"{rest}{key}: '{pattern}'") == [(place, remedy)]


def test_a_condition_on_a_field_is_looked_at_as_well(bench):
    text = "sources: {app: {path: /dev/null, format: json}}\n"
    found = bench.examine(text + "rules: [{name: a, match: x, where: {msg: '~ from <HOST>'}}]")
    (problem,) = [each for each in found.problems if each.code == "other-dialect"]
    assert (problem.column, problem.end_column) == (50, 56)


def test_in_a_block_and_in_a_list_the_place_is_that_of_the_text(bench):
    problem = bench.check_drawing(
        """
        rules:
          - name: a
            match:
              - some
              - |-
                from <HOST>
                     ^^^^^^
        """,
        "other-dialect",
    )
    assert problem.level == "warning"


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<HOST>\S+)(?P=HOST)",
        r"\<HOST>",
        "<HOST>(?P<name>[^<]+)</HOST>",
        r"<ADDR>[^<]+<\/ADDR>",
        "user@<host>",
        "<HOSTS>",
        r"100%\(usage\)s",
        "100% (usage)s",
        r"\[:digit:]",
        "[[:]digit",
        "[:abc]",
        "/admin/",
        "/var/log/i",
        "/wp-admin/x",
        "/api/mix",
        r"ERROR\|auth",
        r"^\d+\|error\|",
        r"error \| fatal",
        r"a\|b",
        "error|fatal",
        r"error[|]fatal",
    ],
)
def test_what_may_well_be_meant_is_not_warned_of(pattern):
    """Paths, tags of XML with their end, groups, and lines with bars between their fields."""
    assert list(habits(pattern)) == []


@pytest.mark.parametrize("pattern", ["<HOST>", "x[[:punct:]]", "/error/i", r"error\|fatal"])
def test_what_is_to_be_typed_is_a_pattern(pattern):
    (habit,) = habits(pattern)
    assert re.compile(habit.remedy.removeprefix("write ").partition(" for ")[0].partition(";")[0])


@pytest.mark.parametrize("pattern", ["<HOST>|to <HOST>", "[[:digit:]]x[[:digit:]]"])
def test_of_the_same_in_one_pattern_the_first_is_named(bench, pattern):
    assert len(warned(bench, f"match: '{pattern}'")) == 1


def test_of_a_long_pattern_the_help_line_holds_the_beginning():
    (habit,) = habits(f"/{'x' * 500}/i")
    assert habit.remedy == f"write (?i){'x' * 59}…"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("match: 'from (?P<ip>.) x', say: 'ban $1 now'", [("$1", "write {ip}")]),
        ("match: 'from (?P<ip>.) x', say: 'ban $ip'", [("$ip", "write {ip}")]),
        ("match: 'from (?P<ip>.) x', say: 'ban $+{ip}'", [("$+{ip}", "write {ip}")]),
        ("match: x, say: 'on $host'", [("$host", "write {host}")]),
        (
            "match: 'from (.) x', say: 'ban $1'",
            [("$1", "give the group a name, as in (?P<user>...), and write {user}")],
        ),
        (
            "sequence: [{match: 'x(?P<ip>.)'}, {match: y}], within: 1m, say: '$ip'",
            [("$ip", "write {ip}")],
        ),
    ],
)
def test_a_variable_in_say_is_warned_of_where_there_is_what_it_names(bench, rule, told):
    assert warned(bench, rule) == told


@pytest.mark.parametrize(
    "rule",
    [
        "match: x, say: 'more than $1'",
        "match: 'x(.)', say: 'more than $100 or $1.50 or $1,000 or $5'",
        "match: 'x(?P<n>.)', say: 'it cost ${n}'",
        "match: x, say: 'set $HOME'",
        "match: x, say: 'US$host'",
    ],
)
def test_money_and_other_variables_in_say_are_not_warned_of(bench, rule):
    assert warned(bench, rule) == []


def test_a_start_does_not_look_for_habits(bench, monkeypatch):
    """Only a check does."""
    monkeypatch.setattr("logwatch.config.dialects.habits", None)
    monkeypatch.setattr("logwatch.config.dialects.warn_of_variables", None)
    assert bench.load("rules: [{name: a, match: 'from <HOST>', say: $host}]").rules


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        (r"\Qa.b\E", r"there is no \Q...\E: write \ before . * + ? ( ) [ { | ^ $ in a literal"),
        (r"a\h", r"write [ \t]"),
        (r"a\H", r"write [^ \t]"),
        (r"a\R", r"write \r?\n"),
        (r"a\e", r"write \x1b"),
        (r"a\Kb", "leave it out, and put what is wanted into (?P<name>...)"),
        (r"\p{L}", r"write [^\W\d_] for \p{L}, \d for \p{N}, [A-Z] for \p{Lu}"),
        (r"\P{L}", r"write [\W\d_] for \P{L}, \D for \P{N}"),
        (r"(?P<a>x)\k<a>", "a group is repeated with (?P=name)"),
        (r"(x)\g1", r"a group is repeated with \1 or (?P=name)"),
        ("(?|a|b)", "write (?:...), and give each group within its own name"),
        ("(?''x''a)", "a named group is written (?P<name>...)"),
        ("(a(?R))", "a pattern cannot call itself: write it out"),
        ("(?&x)", "a pattern cannot call a group: write it out"),
        ("(?P<x>a)(?P>x)", "a pattern cannot call a group: write it out"),
        pytest.param(
            r"a\z",
            r"write \Z, which is the very end here",
            marks=pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python knows it there"),
        ),
    ],
)
def test_for_what_python_refuses_it_is_said_what_to_type(bench, pattern, remedy):
    problem = bench.one(f"rules: [{{name: a, match: '{pattern}'}}]")
    assert problem.code == "bad-pattern"
    assert problem.help.startswith(remedy)
