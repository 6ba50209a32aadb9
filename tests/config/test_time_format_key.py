"""`time_format:` of a source."""

from __future__ import annotations

import pytest

RULES = "rules: [{name: a, match: x}]"


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("'%d/%m/%Y %H:%M:%S'", ("%d/%m/%Y %H:%M:%S",)),
        ("['%d/%m %H:%M', '%s']", ("%d/%m %H:%M", "%s")),
        ("'%d/%m %H:%M', format: json, time: when", ("%d/%m %H:%M",)),
    ],
)
def test_it_is_one_format_or_several(bench, text, formats):
    (source,) = bench.load(f"sources: {{app: {{path: /dev/null, time_format: {text}}}}}").sources
    assert source.time_format == formats


@pytest.mark.parametrize(
    ("text", "columns", "message", "remedy"),
    [
        ("'%d/%m/%Y %T'", (57, 59), "there is no directive '%T'", "write %H:%M:%S"),
        ("[x, '%d/%m %T']", (48, 49), "it has no directives", "write '%d/%m/%Y %H:%M:%S' for"),
        ("'%H:%M'", (47, 54), "it names no month", "write %m or %b where that stands"),
        ("'%d/%m %H:%M', format: syslog", (34, 45), "has stamps of its own", "set format: plain"),
        ("'%d/%m %H:%M', format: docker+json", (34, 45), "'docker+json' has stamps", "remove"),
    ],
)
def test_what_cannot_be_is_told_at_its_place(bench, text, columns, message, remedy):
    found = bench.examine(f"sources: {{app: {{path: /dev/null, time_format: {text}}}}}\n{RULES}")
    problem = next(each for each in found.problems if each.level == "error")
    assert (problem.code, problem.line) == ("bad-value", 1)
    assert (problem.column, problem.end_column) == columns
    assert message in problem.message
    assert remedy in problem.help


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("05/01/2026 01:00:00 x\n  at y\n", []),
        ("started\n05/01/2026 01:00:00 x\n", []),
        ("", []),
        ("05.01.2026 01:00:00 x\n  at y\n", ["one of them is '05.01.2026 01:00:00 x'"]),
    ],
)
def test_check_says_where_no_line_of_the_log_is_written_so(bench, tmp_path, lines, told):
    log = tmp_path / "app.log"
    log.write_text(lines)
    found = bench.examine(f"""
        sources: {{app: {{path: {log}, time_format: '%d/%m/%Y %H:%M:%S'}}}}
        {RULES}
    """)
    assert [each.help for each in found.problems if each.code == "no-match"] == told


def test_a_log_that_is_left_out_is_not_looked_at(bench, tmp_path):
    """Nor one of two bytes a character."""
    (tmp_path / "app.old").write_text("x\n")
    found = bench.examine(f"""
        sources:
          app: {{path: '{tmp_path}/*.old', exclude: '*.old', time_format: '%d/%m/%Y %H:%M:%S'}}
          wide: {{path: '{tmp_path}/app.old', encoding: utf-16-le, time_format: '%d/%m %H:%M'}}
        {RULES}
    """)
    assert [each for each in found.problems if each.code == "no-match"] == []


def test_check_looks_for_a_log_with_lines_that_is_read(bench, tmp_path):
    """Past one that is left out, a folder, and one that is empty."""
    for name, text in [("a-old.log", "neither\n"), ("c.log", ""), ("d.log", "nor\n")]:
        (tmp_path / name).write_text(text)
    (tmp_path / "b.log").mkdir()
    found = bench.examine(f"""
        sources:
          app:
            path: ['{tmp_path}/a*.log', '{tmp_path}/b*.log', '{tmp_path}/[cd].log']
            exclude: '*-old.log'
            time_format: '%d/%m/%Y %H:%M'
        {RULES}
    """)
    told = [each.help for each in found.problems if each.code == "no-match"]
    assert told == ["one of them is 'nor'"]
