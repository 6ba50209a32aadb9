"""`where:` in a configuration: what it is read as, what is refused, and what is only said."""

from __future__ import annotations

import pytest

from logwatch.conditions import Comparison, Condition

SOURCES = """
sources:
  app: {path: /dev/null, format: json}
  web: {path: /dev/null, format: combined}
  sys: {path: /dev/null, format: syslog}
  txt: {path: /dev/null}
"""


def rule(text):
    """A configuration with that one rule, on four sources."""
    return f"{SOURCES}rules: [{{name: a, {text}}}]\n"


def where(bench, text):
    """The conditions of a rule on `app`."""
    return bench.load(rule(f"in: app, where: {text}")).rules[0].where


@pytest.mark.parametrize(
    ("text", "operator", "operand"),
    [
        ("error", "=", "error"),
        ("500", "=", "500"),
        ("true", "=", "true"),
        ("007", "=", "007"),
        ("'= 500'", "=", "500"),
        ("'!=debug'", "!=", "debug"),
        ("'>= 500'", ">=", "500"),
        ("'> 800ms '", ">", "800ms"),
        ("'<= 3 MiB'", "<=", "3 MiB"),
        ("'~ ^/checkout'", "~", "^/checkout"),
        ("'!~ ^/health'", "!~", "^/health"),
        ("'web*'", "=", "web*"),
        ("in 10.0.0.0/8", "in", "10.0.0.0/8"),
        ("'!in 10.0.0.0/8, ::1'", "!in", "10.0.0.0/8 ::1"),
        ("''", "=", ""),
    ],
)
def test_a_condition_is_a_value_or_an_operator_and_a_value(bench, text, operator, operand):
    """Values are text, as everywhere."""
    assert where(bench, f"{{x: {text}}}") == (Condition("x", (Comparison(operator, operand),)),)


def test_conditions_and_lists_of_tests_keep_their_order(bench):
    """A list is any of; names are dotted."""
    assert where(bench, "{http.status: ['404', '>= 500'], method: POST}") == (
        Condition("http.status", (Comparison("=", "404"), Comparison(">=", "500"))),
        Condition("method", (Comparison("=", "POST"),)),
    )


def test_a_rule_needs_a_match_or_a_where(bench):
    """Either will do, and both."""
    assert bench.load(rule("in: app, where: {level: error}")).rules[0].match == ()
    both = bench.load(rule("in: app, match: 'x (?P<y>.)', where: {level: error}, by: y")).rules[0]
    assert both.match
    assert both.where
    problem = bench.one(rule("in: app, by: ip"))
    assert problem.message == "rule 'a' has no 'match' or 'where'"
    assert problem.help.endswith(", or write where: {level: error}")


def test_a_value_may_come_from_the_environment(bench):
    """As any value."""
    bench.environ["LEVEL"] = ">= 5"
    assert where(bench, "{level: '${env:LEVEL}'}")[0].tests == (Comparison(">=", "5"),)
    bench.environ["LEVEL"] = "=> 5"
    problem = bench.one(rule("in: app, where: {level: '${env:LEVEL}'}"))
    assert (problem.column, problem.end_column) == (43, 57), "the reference, not a part of it"


def test_unless_has_patterns_and_conditions_in_their_order(bench):
    """A map alone is a list of one; captures are known as well as fields."""
    text = rule(r"in: app, match: 'x (?P<ip>\S+)', unless: [a, {ip: in 10.0.0.0/8, n: [1, 2]}, b]")
    ip = Condition("ip", (Comparison("in", "10.0.0.0/8"),))
    number = Condition("n", (Comparison("=", "1"), Comparison("=", "2")))
    loaded = bench.load(text).rules[0]
    assert loaded.unless == ("a", (ip, number), "b")
    (selector,) = loaded.selectors()
    assert (selector.unless_found, selector.unless_so) == (("a", "b"), ((ip, number),))
    alone = rule(r"in: txt, match: 'x (?P<ip>\S+)', unless: {ip: in 10.0.0.0/8}")
    assert bench.load(alone).rules[0].unless == ((ip,),)


def test_what_one_pattern_captures_unless_may_ask_for(bench):
    """What the others find has no such name, and is let through; `by` would need it in each."""
    text = rule(r"in: txt, match: ['x (?P<ip>\S+)', 'y'], unless: {ip: in 10.0.0.0/8}")
    assert bench.load(text).rules[0].unless


def test_a_long_list_of_networks_may_stand_in_a_file(bench, tmp_path):
    """One a line, with comments."""
    (tmp_path / "office.txt").write_text("# the office\n10.0.0.0/8\n\n2001:db8::/32  # and home\n")
    wanted = (Comparison("in", "10.0.0.0/8 2001:db8::/32"),)
    assert where(bench, "{ip: 'in ${file:office.txt}'}")[0].tests == wanted


DRAWINGS = [
    ("bad-value", "there is no operator '=='", r"""
        in: app, where: {status: '== 500'}
                                  ^^
    """),
    ("bad-value", "there is no operator '=>'", r"""
        in: app, where: {status: [404, '=> 500']}
                                        ^^
    """),
    ("bad-value", "'>' compares numbers, and 'fast' is none", r"""
        in: app, where: {took: '> fast'}
                                  ^^^^
    """),
    ("bad-value", "'>' compares numbers, and '' is none", r"""
        in: app, where: {took: '>'}
                                ^
    """),
    ("bad-value", "'~' has no pattern", r"""
        in: app, where: {path: '~'}
                                ^
    """),
    ("bad-pattern", "bad pattern: missing ), unterminated subpattern", r"""
        in: app, where: {path: '~ ^(x'}
                                   ^
    """),
    ("bad-pattern", "bad pattern: nothing to repeat", r"""
        in: app, where: {path: [/x, '!~  *y']}
                                         ^
    """),
    ("bad-value", "'where' holds no condition", r"""
        in: app, where: {}
                 ^^^^^
    """),
    ("bad-value", "'level' is compared with nothing", r"""
        in: app, where: {level: []}
                         ^^^^^
    """),
    ("bad-type", "'where' must be a map", r"""
        in: app, where: level
                        ^^^^^
    """),
    ("bad-type", "'user' has no value", r"""
        in: app, where: {user: null}
                               ^^^^
    """),
    ("bad-type", "'http' must be text, or a list of texts, not a map", r"""
        in: app, where: {http: {status: 500}}
                               ^^^^^^^^^^^^^
    """),
    ("bad-value", "one of a list is enough, and every value passes one of these", r"""
        in: app, where: {level: ['!= info', '!= debug']}
                                            ^^^^^^^^^^
    """),
    ("bad-value", "one of a list is enough, and every value passes one of these", r"""
        in: app, where: {ip: ['!in 10.0.0.0/8', '!in ::1']}
                                                ^^^^^^^^^
    """),
    ("other-dialect", "this is a text to compare with, and no address is equal to a network", r"""
        in: app, where: {level: error, ip: ['::1', 127.0.0.1/8]}
                                                   ^^^^^^^^^^^
    """),
    ("other-dialect", "this is a text to compare with, and no address is equal to a network", r"""
        in: app, match: x, unless: [{ip: '!= 10.0.0.0/8'}]
                                         ^^^^^^^^^^^^^^^
    """),
    ("other-dialect", "this is a text to compare with, and no address is equal to a network", r"""
        in: app, match: x, unless: [{ip: "IN '10.0.0.0/8', 192.168.0.0/16"}]
                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("unknown-field", "'unless' uses 'ipp', which 'match' does not capture", r"""
        in: txt, match: 'x (?P<ip>\S+)', unless: [a, {ipp: in 10.0.0.0/8}]
                                                      ^^^
    """),
    ("unknown-field", "'unless' uses 'host', which its lines do not have", r"""
        in: web, where: {status: 500}, unless: {host: web1}
                                                ^^^^
    """),
    ("bad-value", "'10/8' lacks some of four numbers", r"""
        in: app, match: x, unless: [a, {ip: [lo, in 10/8]}]
                                                    ^^^^
    """),
    ("bad-value", "a map in 'unless' holds no condition", r"""
        in: app, match: x, unless: [a, {}]
                                       ^^
    """),
    ("bad-value", "'error' is no 'severity' of syslog", r"""
        in: sys, match: x, unless: [a, {severity: error}]
                                                  ^^^^^
    """),
    ("bad-pattern", "bad pattern: missing ), unterminated subpattern", r"""
        in: app, match: x, unless: {path: '~ ^(x'}
                                              ^
    """),
    ("risky-pattern", "this pattern can take very long on some line", r"""
        in: app, match: x, unless: [{path: '~ (a+)+$'}, y]
                                           ^^^^^^^^^^
    """),
    ("bad-type", "'unless' must be text, not a list", r"""
        in: app, match: x, unless: [[a]]
                                    ^^^
    """),
    ("bad-value", "'127.0.0.1/8' is one address in a network", r"""
        in: app, where: {ip: in 127.0.0.1/8 ::1}
                                ^^^^^^^^^^^
    """),
    ("every-line", "nothing in a line of 'app' tells whether this holds", r"""
        in: app, where: {ip: '!in 10.0.0.0/8'}
                 ^^^^^
    """),
    ("every-line", "each line of 'app' that has the field is parsed", r"""
        in: app, where: {ip: in 10.0.0.0/8}
                 ^^^^^
    """),
    ("unknown-field", "'where' asks for 'staus', a field that source 'web' (combined) has not", r"""
        in: web, where: {staus: 500}
                         ^^^^^
    """),
    ("unknown-field", "'where' asks for 'staus', a field that its sources have not", r"""
        in: [web, sys], where: {staus: 500}
                                ^^^^^
    """),
    ("unknown-field", "source 'txt' has no fields: the format is plain", r"""
        in: txt, where: {level: error}
                 ^^^^^
    """),
    ("unknown-field", "source 'web' (combined) has no field 'level', so this holds for each", r"""
        where: {level: '!= debug'}
                ^^^^^
    """),
    ("bad-value", "'error' is no 'severity' of syslog", r"""
        in: sys, where: {severity: error}
                                   ^^^^^
    """),
    ("unknown-field", "'by' uses 'client', which its lines do not have", r"""
        in: web, where: {status: '>= 500'}, by: client
                                                ^^^^^^
    """),
    ("duplicate-key", "key 'status' stands twice in 'where'", r"""
        in: app, where: {status: 500, status: 501}
                                      ^^^^^^
    """),
    ("risky-pattern", "this pattern can take very long on some line", r"""
        in: app, where: {status: 500, path: '~ (a+)+$'}
                                            ^^^^^^^^^^
    """),
    ("yaml-trap", "in double quotes YAML makes a backspace of \\b", r"""
        in: app, where: {status: 500, path: "~ \bx"}
                                               ^^
    """),
    ("every-line", "nothing in a line of 'app' tells whether this holds", r"""
        in: app, where: {level: '!= debug'}
                 ^^^^^
    """),
    ("every-line", "each line of 'app' that has the field is parsed", r"""
        in: app, where: {took: '> 800ms'}
                 ^^^^^
    """),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message", "drawing"), DRAWINGS)
def test_the_caret_stands_under_what_is_wrong(bench, code, message, drawing):
    """And nothing else is said."""
    text, carets = [line for line in drawing.splitlines() if line.strip()]
    indent = len(text) - len(text.lstrip())
    before = "rules: [{name: a, "
    line = f"{before}{text[indent:]}}}]"
    drawn = f"{SOURCES.strip()}\n{line}\n{' ' * len(before)}{carets[indent:]}\n"
    bench.check_drawing(drawn, code, message)


def test_nested_names_are_joined_with_a_dot(bench):
    """The help line shows how."""
    problem = bench.one(rule("in: app, where: {http: {status: 500}}"))
    assert problem.help == "join the names with a dot: http.status: ..."


def test_addresses_in_none_of_several_networks_are_one_test(bench):
    """The help line shows how."""
    problem = bench.one(rule("in: app, where: {ip: ['!in 10.0.0.0/8', '!in ::1']}"))
    assert problem.help == "for none of them write ip: '!in 10.0.0.0/8 ::1'"


def test_a_network_that_is_a_text_is_told_with_what_to_write(bench):
    """Whatever word of another language stands before it."""
    problem = bench.one(rule("in: app, where: {level: x, ip: 'within 10.0.0.0/8 and ::1/128'}"))
    assert problem.help == "write in 10.0.0.0/8 ::1/128"


def test_a_note_is_no_problem(bench):
    """It is shown, and counts for nothing."""
    found = bench.examine(rule("in: app, where: {level: '!= debug'}"))
    assert found.config is not None
    assert "note: nothing in a line of 'app'" in found.text
    assert found.text.endswith("no problem")


def test_a_field_of_any_source_will_do(bench):
    """The others are not searched for it."""
    assert bench.load(rule("where: {level: error}")).rules[0].where
    assert bench.load(rule("in: [web, txt], where: {status: 500}")).rules[0].where
    assert bench.load(rule("in: sys, where: {origin.ip: 192.0.2.1, severity: 'e*'}")).rules[0].where


def test_by_and_say_may_use_the_fields_of_a_format(bench):
    """With no pattern at all."""
    config = bench.load(rule("in: web, where: {status: '>= 500'}, by: ip, say: '{path} {status}'"))
    assert config.rules[0].by == ("ip",)
