"""`multiline:` of a source: a preset, or patterns of one's own."""

from __future__ import annotations

import pytest

from logwatch.tailer.multiline import MultilineSettings


def settings_of(bench, text):
    (source,) = bench.load(f"""
        sources: {{app: {{path: /dev/null, multiline: {text}}}}}
        rules: [{{name: a, match: x}}]
    """).sources
    return source.multiline


@pytest.mark.parametrize("preset", ["java", "python", "go", "indent"])
def test_a_preset_is_a_word(bench, preset):
    assert settings_of(bench, preset) == MultilineSettings(preset=preset)


def test_a_preset_may_have_bounds_of_its_own(bench):
    settings = settings_of(bench, "{preset: go, max_lines: 90, timeout: 300ms}")
    assert settings == MultilineSettings(preset="go", max_lines=90, timeout=0.3)


def test_own_patterns_say_where_a_record_begins_and_ends(bench):
    settings = settings_of(bench, r"{start: '^\d{4}-', end: 'done$'}")
    assert settings == MultilineSettings(start=r"^\d{4}-", end="done$")
    assert (settings.max_lines, settings.timeout) == (500, 2.0)


def test_without_it_each_line_is_a_record(bench):
    (source,) = bench.load("sources: {a: /dev/null}").sources
    assert source.multiline is None


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("rust", "bad-value", "'rust'"),
        ("{timeout: 5s}", "missing-key", "says not what begins or ends a record"),
        ("{preset: java, start: x}", "bad-value", "has both a preset and 'start'"),
        ("{start: '('}", "bad-pattern", "missing )"),
        ("{end: '(a+)+b'}", "bad-pattern", "exponentially many ways"),
        (r"{start: '^\[.*\] .*ERROR'}", "bad-pattern", "share the same text"),
        (f"{{start: 'a*{'a?' * 15}b'}}", "bad-pattern", "share the same text"),
        (f"{{end: '{'a?' * 14}b'}}", "bad-pattern", "share the same text"),
        ("{start: x, max_lines: 1}", "bad-value", "max_lines"),
        ("{start: x, timeout: 0s}", "bad-value", "timeout"),
        ("{start: x, stop: y}", "unknown-key", "'stop'"),
        ("[java]", "bad-type", "multiline"),
    ],
)
def test_what_cannot_be_is_told_at_its_place(bench, text, code, message):
    found = bench.examine(f"""
        sources: {{app: {{path: /dev/null, multiline: {text}}}}}
        rules: [{{name: a, match: x}}]
    """)
    (problem,) = [each for each in found.problems if each.level == "error"]
    assert problem.code == code
    assert message in problem.message


@pytest.mark.parametrize(
    "start",
    [
        r"^<\d+>",
        r"^\[?\d{4}-?\d\d-?\d\d",
        r"^(?:\d{1,3}\.){3}\d{1,3} ",
        r"^\d+ .*ERROR$",
        r'"?\d+"?,',
        r"^" + "a?" * 15,
        r"(?i)warn(?:ing)?|err(?:or)?",
    ],
)
def test_what_takes_no_line_long_may_begin_a_record(bench, start):
    assert settings_of(bench, f"{{start: '{start}'}}").start == start
