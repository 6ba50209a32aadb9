"""`tests:` in a configuration: what comes out, and what is refused, each with its place."""

from __future__ import annotations

import pytest

from logwatch.config.rule_tests import START_SECONDS

BASE = r"""
sources: {app: /dev/null, web: /dev/zero}
rules:
  - {name: started, in: web, match: 'started job=(?P<job>\S+)', by: job}
sinks: {out: {console: {}}, ops: {console: {}}}
tests:
"""


def test_a_test_is_read_with_its_times_and_places(bench):
    """Seconds since the epoch, and where each value stands in the file."""
    config = bench.load(BASE + """\
  - rule: started
    start: 2026-01-05T01:00Z
    lines:
      - '+0s started job=db'
      - started job=web
      - {at: +5m, text: +7 odd, source: app}
    until: +3h
    fires:
      - {at: +0s, job: db, severity: warning}
      - at: 2026-01-05T02:00+01:00
        say: started job=web
    resolves: [{at: +2h}]
    sent_to: [out, ops]
    at: [{at: +1m, job: db, burning: true}, {at: +2m, burning: false}]
""")  # fmt: skip
    (test,) = config.tests
    hour = START_SECONDS + 3600
    assert (test.rule, test.start, test.until, test.source) == (
        "started",
        hour,
        hour + 10800,
        "web",
    )
    assert [(line.at - hour, line.text, line.source) for line in test.lines] == [
        (0, "started job=db", "web"),
        (0, "started job=web", "web"),
        (300, "+7 odd", "app"),
    ]
    first, second = test.fires
    assert (first.at, first.values) == (hour, {"job": "db", "severity": "warning"})
    assert (second.at, second.values) == (hour, {"message": "started job=web"})
    assert [end.at for end in test.resolves] == [hour + 7200]
    assert test.sent_to == ("out", "ops")
    assert [(probe.at - hour, probe.key, probe.burning) for probe in test.probes] == [
        (60, {"job": "db"}, True), (120, {}, False),
    ]  # fmt: skip


def test_each_part_of_a_test_knows_where_it_stands(bench):
    """A failure points at it, and it can be written anew."""
    text = BASE + """\
  - rule: started
    lines: ['+0s started job=db']
    fires: [{at: +0s, job: db, say: x}]
"""  # fmt: skip
    (test,) = bench.load(text).tests
    lines = text.splitlines()

    def stands(place):
        return lines[place.line - 1 + 1][place.column - 1 : place.end_column - 1]

    (alert,) = test.fires
    assert stands(test.lines[0].place) == "'+0s started job=db'"
    assert stands(alert.place) == "{at: +0s, job: db, say: x}"
    assert {name: stands(place) for name, place in alert.places.items()} == {
        "at": "+0s", "job": "db", "message": "x",
    }  # fmt: skip
    assert stands(test.fires_place) == "[{at: +0s, job: db, say: x}]"


def test_one_entry_may_stand_for_many_lines(bench):
    """With their number in the text; what comes next without a time is at the time of the last."""
    (test,) = bench.load(BASE + """\
  - rule: started
    lines: [{at: +1m, text: 'job {n} of {m}', times: 3, every: 30s}, 'job {n}']
    quiet: true
""").tests  # fmt: skip
    assert [(line.at - START_SECONDS, line.text) for line in test.lines] == [
        (60, "job 1 of {m}"), (90, "job 2 of {m}"), (120, "job 3 of {m}"), (120, "job {n}"),
    ]  # fmt: skip
    assert {line.place for line in test.lines[:3]} == {test.lines[0].place}


def test_a_test_may_read_a_file_beside_the_configuration(bench):
    """One that is not there now is a warning: the daemon does not need it."""
    text = BASE + "  - {rule: started, file: samples/jobs.log, source: app, quiet: true}\n"
    (test,) = bench.load(text).tests
    assert (test.file, test.source, test.quiet) == (
        bench.folder / "samples" / "jobs.log", "app", True,
    )  # fmt: skip
    found = bench.examine(text)
    assert found.codes == ["no-match"]
    assert "1 test" in found.text
    bench.write("x\n", "samples/jobs.log")
    assert bench.examine(text).problems == []


def test_an_included_file_may_hold_tests(bench):
    """Beside its rules."""
    bench.write(
        "rules: [{name: b, match: x}]\ntests: [{rule: b, lines: [x], fires: [{}]}]\n", "b.yaml"
    )
    found = bench.examine("include: b.yaml")
    assert [test.rule for test in found.config.tests] == ["b"]
    assert found.config.tests[0].place.file.endswith("b.yaml")


REFUSED = [
    ("missing-key", "'every' without 'times'", r"""
      - {rule: started, lines: [{text: x, every: 1s}], quiet: true}
                                                 ^^
    """),
    ("unknown-name", "there is no rule 'startd'", r"""
      - {rule: startd, lines: [x], quiet: true}
               ^^^^^^
    """),
    ("missing-key", "has no 'rule'", r"""
      - {lines: [x], quiet: true}
        ^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("missing-key", "has no 'lines' or 'file'", r"""
      - {rule: started, quiet: true}
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("missing-key", "neither 'fires' nor 'quiet'", r"""
      - {rule: started, lines: [x]}
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'quiet' says that nothing fires", r"""
      - {rule: started, lines: [x], fires: [{at: +0s}], quiet: true}
                                                               ^^^^
    """),
    ("bad-value", "'file' beside 'lines'", r"""
      - {rule: started, lines: [x], file: a.log, quiet: true}
                                    ^^^^
    """),
    ("bad-value", "'5x' is not a duration", r"""
      - {rule: started, lines: ['+5x y'], quiet: true}
                                ^^^^^^^
    """),
    ("bad-value", "this is more than one line", r"""
      - {rule: started, lines: ["+5m a\nb"], quiet: true}
                                ^^^^^^^^^^
    """),
    ("bad-value", "'fields' beside a line of 'app', which has them in its text", r"""
      - {rule: started, lines: [{text: x, source: app, fields: {PRIORITY: 3}}], quiet: true}
                                                               ^^^^^^^^^^^^^
    """),
    ("bad-value", "'soon' is no time", r"""
      - {rule: started, lines: [x], until: soon, quiet: true}
                                           ^^^^
    """),
    ("bad-value", "names no zone", r"""
      - {rule: started, start: 2026-01-05 01:00, lines: [x], quiet: true}
                               ^^^^^^^^^^^^^^^^
    """),
    ("unknown-name", "there is no source 'ap'", r"""
      - {rule: started, source: ap, lines: [x], quiet: true}
                                ^^
    """),
    ("unknown-name", "there is no source 'ap'", r"""
      - {rule: started, lines: [{text: x, source: ap}], quiet: true}
                                                  ^^
    """),
    ("bad-value", "'file' names no file", r"""
      - {rule: started, file: '', quiet: true}
                              ^^
    """),
    ("bad-value", "'warn' is no 'severity'", r"""
      - {rule: started, lines: [x], fires: [{severity: warn}]}
                                                       ^^^^
    """),
    ("bad-type", "'count' must be a whole number", r"""
      - {rule: started, lines: [x], fires: [{count: many}]}
                                                    ^^^^
    """),
    ("unknown-name", "there is no sink 'oops'", r"""
      - {rule: started, lines: [x], fires: [{at: +0s}], sent_to: [out, oops]}
                                                                       ^^^^
    """),
    ("unknown-name", "'outage' neither absorbs nor mutes 'started'", r"""
      - {rule: started, lines: [x], fires: [{at: +0s}], muted_by: outage}
                                                                  ^^^^^^
    """),
    ("missing-key", "the probe has no 'burning'", r"""
      - {rule: started, lines: [x], quiet: true, at: [{at: +1m}]}
                                                      ^^^^^^^^^
    """),
    ("bad-type", "'burning' must be true or false", r"""
      - {rule: started, lines: [x], quiet: true, at: [{at: +1m, burning: yes}]}
                                                                         ^^^
    """),
    ("unknown-key", "unknown key 'fire' in test 1", r"""
      - {rule: started, lines: [x], quiet: true, fire: []}
                                                 ^^^^
    """),
    ("bad-type", "'tests' must be a list, not a map", r"""
      {rule: started, lines: [x], quiet: true}
      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message", "drawing"), REFUSED)
def test_what_is_wrong_with_a_test_is_told_at_its_place(bench, code, message, drawing):
    """With what to type instead."""
    bench.check_drawing(BASE + drawing.lstrip("\n").rstrip(" "), code, message)


def test_a_time_that_is_none_is_told_in_a_line(bench):
    """In the long form too."""
    text = "  - {rule: started, lines: [{at: soon, text: x}], quiet: true}\n"
    assert bench.one(BASE + text).message.startswith("'soon' is no time")


def test_a_test_of_a_broken_rule_is_not_asked_further(bench):
    """One mistake, one message."""
    text = (
        BASE.replace("(?P<job>", "(?P<job")
        + "  - {rule: started, lines: [x], muted_by: z, quiet: true}\n"
    )
    assert bench.examine(text).codes == ["bad-pattern"]


@pytest.mark.parametrize("source", ["journald: {boot: x}", "paths: /x", "journald: all, no: 1"])
def test_entries_of_a_broken_source_are_not_asked_further(bench, source):
    """Nobody knows then whether they may have several lines, and fields."""
    found = bench.examine(f"""
        sources: {{system: {{{source}}}}}
        rules: [{{name: oom, in: system, match: memory}}]
        tests:
          - {{rule: oom, lines: [{{text: "a\\nb", source: system, fields: {{A: b}}}}], quiet: true}}
    """)
    assert found.config is None
    assert {problem.line for problem in found.problems} == {1}, found.text


def test_a_test_may_say_which_rule_absorbs_the_alert(bench):
    """One that names it in `all_of` or `any_of`; the lines of both are those of its parts."""
    text = """
        sources: {app: /dev/null, web: /dev/zero}
        rules:
          - {name: a, in: web, match: x}
          - {name: b, match: y}
          - {name: both, all_of: [a, b], within: 5m, absorbs: true}
          - {name: either, any_of: [a, b], within: 5m}
        tests:
          - {rule: a, lines: [x, y], fires: [{}], muted_by: both}
          - {rule: both, lines: [x, y], fires: [{}]}
    """
    first, second = bench.load(text).tests
    assert (first.muted_by, first.source, second.source) == ("both", "web", "web")
    problem = bench.one(text.replace("muted_by: both", "muted_by: either"))
    assert problem.message == "'either' neither absorbs nor mutes 'a'"
    assert problem.help == "what may: both"


MUTED = """
    rules:
      - {name: a, match: x, when: 1 in 1m}
      - {name: b, match: y}
    mutes: [{name: night, every: 'Mon 00:00-04:00'}]
    inhibit: [{while: {rule: a}, mute: {rule: b}}]
    tests: [{rule: b, lines: [y], fires: [{}], muted_by: WHAT, sent_to: []}]
"""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("night", "mute night"),
        ("mute night", "mute night"),
        ("a", "inhibit by a"),
        ("inhibit by a", "inhibit by a"),
    ],
)
def test_a_test_may_say_what_mutes_its_rule(bench, written, meant):
    """By name, or in the words of an alert."""
    (test,) = bench.load(MUTED.replace("WHAT", written)).tests
    assert test.muted_by == meant


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("mute nigth", "there is no mute 'nigth'"),
        ("nigth", "'nigth' neither absorbs nor mutes 'b'"),
        ("inhibit by c", "'inhibit by c' neither absorbs nor mutes 'b'"),
    ],
)
def test_a_test_may_not_say_what_does_not_exist(bench, written, message):
    """With what was meant."""
    problem = bench.one(MUTED.replace("WHAT", written))
    assert (problem.code, problem.message) == ("unknown-name", message)
    assert "nigth" not in written or "did you mean 'night'" in problem.help
