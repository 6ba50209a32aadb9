"""`format:` of a source that is a pattern."""

from __future__ import annotations

import pytest

RULES = "rules: [{name: a, match: x}]"


def test_its_groups_are_fields_that_rules_may_ask_for(bench):
    found = bench.examine(r"""
        sources: {app: {path: /dev/null, format: '(?P<ms>\d+)ms for (?P<user>\S+)', time: ms}}
        rules:
          - {name: slow, in: app, where: {ms: '> 500'}, by: user, say: '{user} waited {ms}'}
          - {name: none, in: app, where: {status: 500}}
    """)
    (problem,) = [each for each in found.problems if each.level == "error"]
    assert (problem.code, problem.line) == ("unknown-field", 4)
    assert "'status'" in problem.message


@pytest.mark.parametrize(
    ("text", "code", "columns", "told"),
    [
        ("'(?P<a>x'", "bad-pattern", (43, 44), ("missing )", "opened here")),
        ("'docker+(?P<a>x'", "bad-pattern", (50, 51), ("missing )", "opened here")),
        ("'[(?P<]'", "bad-value", (42, 50), ("names no field", "(?P<client>")),
        (
            "'(?P<a>x)', time: b",
            "unknown-field",
            (60, 61),
            ("names 'b', which", "captured field: a"),
        ),
        ("'^(x+) y'", "unknown-name", (42, 51), ("there is no format", "(?P<client>")),
        ("'%{SYSLOGLINE}'", "unknown-name", (42, 57), ("there is no format", "(?P<client>")),
        ("jsno", "unknown-name", (42, 46), ("there is no format", "did you mean 'json'")),
    ],
)
def test_what_cannot_be_is_told_at_its_place(bench, text, code, columns, told):
    found = bench.examine(f"sources: {{app: {{path: /dev/null, format: {text}}}}}\n{RULES}")
    problem = next(each for each in found.problems if each.level == "error")
    assert (problem.code, problem.line) == (code, 1)
    assert (problem.column, problem.end_column) == columns
    message, remedy = told
    assert message in problem.message
    assert remedy in problem.help


@pytest.mark.parametrize(
    ("text", "code", "columns"),
    [
        ("'(?P<a>(x+)+)$'", "risky-pattern", (42, 57)),
        (r'"(?P<a>x\b)"', "yaml-trap", (50, 52)),
        ("'cri+(?P<a>[[:digit:]]+)'", "other-dialect", (53, 64)),
    ],
)
def test_check_warns_of_it_as_of_any_pattern(bench, text, code, columns):
    found = bench.examine(f"sources: {{app: {{path: /dev/null, format: {text}}}}}\n{RULES}")
    (problem,) = [each for each in found.problems if each.code == code]
    assert (problem.level, problem.line) == ("warning", 1)
    assert (problem.column, problem.end_column) == columns


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("took 5ms\n", []),
        ("started\ntook 5ms\n", []),
        ("", []),
        ("took 5s\n  at x\n", ["one of them is 'took 5s'"]),
    ],
)
def test_check_says_where_no_line_of_the_log_is_of_the_format(bench, tmp_path, lines, told):
    log = tmp_path / "app.log"
    log.write_text(lines)
    found = bench.examine(f"""
        sources: {{app: {{path: {log}, format: 'took (?P<ms>[0-9]+)ms'}}}}
        {RULES}
    """)
    assert [each.help for each in found.problems if each.code == "no-match"] == told


def test_check_does_not_hang_on_a_line_of_the_log(bench, tmp_path):
    log = tmp_path / "app.log"
    log.write_text(("a" * 60 + "!\n") * 3)
    found = bench.examine(f"""
        sources: {{app: {{path: {log}, format: '^(?P<x>(a|aa)+)$'}}}}
        {RULES}
    """)
    assert "no-match" in [each.code for each in found.problems]


@pytest.mark.parametrize("text", ["'received +(?P<bytes>[0-9]+)'", "'journald (?P<bytes>[0-9]+)'"])
def test_it_may_begin_with_any_word(bench, text):
    """Also one by which we tell where records are from."""
    found = bench.examine(f"""
        sources: {{app: {{path: /dev/null, format: {text}}}}}
        rules:
          - {{name: more, in: app, where: {{bytes: '> 500'}}}}
          - {{name: none, in: app, where: {{peer: 203.0.113.9}}}}
    """)
    (problem,) = [each for each in found.problems if each.level == "error"]
    assert (problem.code, problem.line) == ("unknown-field", 4)
