"""One test in virtual time: what it is given, what it comes to, and what is told of it."""

from __future__ import annotations

import gzip

import pytest

from logwatch.clock import ManualClock, SystemClock
from logwatch.config.loader import load
from logwatch.rules.threshold import ThresholdRule
from logwatch.testing.runner import Runner


def only(scene):
    """The outcome of the only test."""
    (outcome,) = scene.run()
    return outcome


def said(outcome):
    """What each row says that it did."""
    return [", ".join(one.text for one in row.did) for row in outcome.rows]


def test_a_log_file_has_its_own_stamps(scene, tmp_path):
    """Also compressed; a line without a stamp comes with the line before."""
    lines = "2026-01-05T00:00:10Z refused\n  more\n2026-01-05T00:00:20Z refused\n"
    (tmp_path / "app.log").write_text(lines)
    (tmp_path / "app.log.gz").write_bytes(gzip.compress(lines.encode()))
    scene.write(
        "tests:\n"
        "  - {rule: many, file: app.log, fires: [{at: +20s}]}\n"
        "  - {rule: many, file: app.log.gz, fires: [{at: +20s}]}\n"
    )
    assert [outcome.passed for outcome in scene.run()] == [True, True]


def test_the_stamps_of_a_log_file_are_written_as_its_source_says(scene, tmp_path):
    """In the place of the usual forms."""
    (tmp_path / "app.log").write_text("05/01/2026 00:00:10 refused\n05/01/2026 00:00:20 refused\n")
    scene.write("tests: [{rule: many, file: app.log, fires: [{at: +20s}]}]")
    text = scene.path.read_text()
    told = "path: /srv/app.log, time_format: '%d/%m/%Y %H:%M:%S'"
    scene.path.write_text(text.replace("path: /srv/app.log", told))
    assert only(scene).passed


@pytest.mark.parametrize(
    ("name", "content", "trouble"),
    [
        ("not-there.log", None, "not-there.log cannot be read: No such file or directory"),
        ("empty.log", b"", "empty.log is empty: nothing was tested"),
        ("bad.gz", b"no gzip", "bad.gz cannot be read: Not a gzipped file"),
        (
            "old.log",
            b"2025-11-22T14:03:11Z refused\n",
            "old.log begins before the test does: write start: 2025-11-22T14:03:11Z",
        ),
    ],
)
def test_a_log_file_that_cannot_be_used_fails_the_test(name, content, trouble, scene, tmp_path):
    """Though nothing fired, as it says: nothing was tested."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    scene.write(f"tests: [{{rule: many, file: {name}, quiet: true}}]")
    outcome = only(scene)
    assert not outcome.passed
    assert trouble in outcome.trouble


def test_a_rule_that_fails_on_a_line_fails_the_test(scene, monkeypatch):
    """A rule that is stopped fires no more, and that must not pass for quiet."""

    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(ThresholdRule, "feed", fail)
    scene.write("tests: [{rule: many, lines: [refused], quiet: true}]")
    assert "rule many failed on these lines" in only(scene).trouble


def test_nothing_is_written_anywhere(scene, tmp_path, monkeypatch):
    """Not even for a while: what the engine compiles stays in memory."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))  # there is no such folder
    scene.write("state: state\ntests: [{rule: many, lines: [refused], quiet: true}]")
    config = load(scene.path)
    runner = Runner(config, SystemClock())
    assert runner.run(config.tests[0]).passed
    assert list(tmp_path.iterdir()) == [scene.path]


def test_a_test_takes_no_time_of_the_clock(scene):
    """Thirty days of virtual time; the clock is looked at only to say how long it took."""
    scene.write("tests: [{rule: many, lines: [refused], until: +30d, quiet: true}]")
    config = load(scene.path)
    runner = Runner(config, ManualClock())
    assert runner.run(config.tests[0]).seconds == 0


def test_tests_know_nothing_of_one_another(scene):
    """Each begins without memory, in any order."""
    scene.write(
        "tests:\n"
        "  - {rule: many, lines: [refused, refused], fires: [{at: +0s}]}\n"
        "  - {rule: many, lines: [refused], quiet: true}\n"
        "  - {rule: many, lines: [refused, refused], fires: [{at: +0s}]}\n"
    )
    config = load(scene.path)
    runner = Runner(config, SystemClock())
    for test in (*config.tests, *reversed(config.tests)):
        assert runner.run(test).passed


def test_updates_count_where_one_is_listed(scene):
    """Else only what begins is compared, so that a level more breaks no test."""
    rule = "  - {name: up, match: x, when: 1 in 1m, levels: {warning: 1, critical: 2}}\n"
    scene.write(
        f"{rule}tests:\n"
        "  - {rule: up, lines: [x, x], fires: [{severity: warning}]}\n"
        "  - rule: up\n    lines: [x, x]\n"
        "    fires: [{severity: warning}, {severity: critical, status: updated}]\n"
        "  - {rule: up, lines: [x], fires: [{}, {status: updated}]}\n"
    )
    assert [outcome.passed for outcome in scene.run()] == [True, True, False]


def test_a_field_may_be_called_status(scene):
    """What is no word of an alert's life is looked for among the fields."""
    scene.write(
        "  - {name: slow, in: api, where: {status: '5??'}, cooldown: 0}\n"
        "tests:\n"
        "  - {rule: slow, lines: ['{\"status\": 502}'], fires: [{status: 502}]}\n"
        "  - {rule: slow, lines: ['{\"status\": 502}'], fires: [{status: 503}]}\n"
        "  - {rule: slow, lines: ['{\"status\": 502}'], fires: [{status: firing}]}\n"
    )
    assert [outcome.passed for outcome in scene.run()] == [True, False, True]


TIMELINES = [
    ("absent: {for: 1m}", ["x", "+30s y"], ["seen, due +1m", "not matched", "FIRED"]),
    (
        "absent: {for: 1m, below: 2}",
        ["x", "+30s x", "+2m y"],
        ["seen, 1 of 2 in 1m", "seen, 2 of 2 in 1m", "FIRED", "not matched"],
    ),
    ("unique: {of: v, below: 2, in: 1m}", ["x 1", "+2m x 2"], ["seen v=1", "FIRED", "seen v=2"]),
    (
        "expect: {match: y, within: 1m}",
        ["x", "+1s x", "+2s y", "+3s y"],
        ["opened, due +1m", "opened again, due +1m", "closed in time", "matched, nothing is open"],
    ),
    (
        "unique: {of: v, above: 1, in: 1m}",
        ["x 1", "x 2"],
        ["matched v=1", "FIRED", "resolved"],
    ),
    ("new: {value: v, learn: 1m}", ["x 1", "+2m x 2"], ["learned v=1", "FIRED"]),
    ("value: {max: v, above: 3, in: 1m}", ["x 1", "x 4"], ["matched v=1", "FIRED", "resolved"]),
    ("when: every 2", ["x", "x"], ["matched, number 1, tells every 2", "FIRED"]),
    ("when: 2 in 1m", ["x", "x"], ["matched, 1 of 2 in 1m", "FIRED", "resolved"]),
    ("cooldown: 1m", ["x", "x"], ["FIRED", "matched, held back by cooldown 1m", "updated"]),
    ("active: '10:00-11:00 UTC'", ["x"], ["matched, outside of its hours: 10:00-11:00 UTC"]),
]


@pytest.mark.parametrize(("kind", "lines", "rows"), TIMELINES, ids=[each[0] for each in TIMELINES])
def test_the_timeline_says_what_each_line_did(kind, lines, rows, scene):
    """As far as a kind gives it cheaply."""
    scene.write(
        f"  - {{name: k, in: app, match: 'x ?(?P<v>\\d*)', {kind}}}\n"
        f"tests: [{{rule: k, lines: {lines}, until: +5m, quiet: true}}]"
    )
    assert said(only(scene)) == rows


def test_the_timeline_says_which_lines_are_of_a_share(scene):
    """They are counted among all, too."""
    scene.write(
        "  - {name: k, in: app, ratio: {of: 'bad', above: 60%, in: 1m, min: 3}}\n"
        "tests: [{rule: k, lines: [good, bad], quiet: true}]"
    )
    assert said(only(scene)) == ["matched, counted", "one of the share, matched, counted"]


def test_what_is_quiet_by_accident_is_noted(scene):
    """The rule looks elsewhere, or its conditions had nothing to look at."""
    scene.write(
        "  - {name: bad, in: api, where: {level: error}}\n"
        "tests:\n"
        "  - {rule: many, lines: [refused, refused], source: api, quiet: true}\n"
        "  - {rule: bad, lines: [level=error], quiet: true}\n"
        '  - {rule: bad, lines: [level=error, \'{"level": "info"}\'], quiet: true}\n'
    )
    elsewhere, unreadable, fine = scene.run()
    assert elsewhere.passed
    assert unreadable.passed
    assert elsewhere.hints == ("the rule does not look at 'api', the source of lines, but at: app",)
    assert "line 11 is no json: it has no fields" in unreadable.hints[0]
    assert fine.hints == ()


def test_what_is_wrong_with_a_test_is_told(scene):
    """Of many lines that cannot be read a few; hours; what never burns."""
    scene.write(
        "  - {name: bad, in: api, where: {level: error}}\n"
        "  - {name: night, in: app, match: x, active: '22:00-06:00 UTC'}\n"
        "tests:\n"
        "  - rule: bad\n    lines:\n"
        + "".join(f"      - line {number}\n" for number in range(5))
        + "    fires: [{}]\n"
        "  - {rule: night, lines: [+7h x, +8h x], fires: [{}]}\n"
        "  - {rule: job, lines: [job=a b], fires: [{}], at: [{at: +0s, burning: true}]}\n"
        f"  - {{rule: job, lines: [{'x' * 300}], fires: [{{}}]}}\n"
    )
    unread, asleep, event, long = (outcome.hints for outcome in scene.run())
    assert sum("is no json" in hint for hint in unread) == 3
    assert "2 more lines are like this" in unread
    assert asleep == ("2 of the lines come when the rule is not active: '22:00-06:00 UTC'",)
    assert event == ("a rule of this kind tells events: nothing burns, and nothing is resolved",)
    assert long == ("no line is matched; logwatch try job FILE says why",)


def test_the_timeline_tells_of_the_rules_that_are_heard(scene):
    """And of the steps of a sequence."""
    scene.write(
        "  - {name: both, all_of: [job, many], within: 1m}\n"
        "  - {name: then, sequence: [{rule: many}, {in: app, match: after}], within: 1m}\n"
        "tests:\n"
        "  - {rule: both, lines: [refused, refused, '+1s job=a b'], fires: [{at: +1s}]}\n"
        "  - {rule: then, lines: [after, +1s refused, refused, +2s after], fires: [{at: +2s}]}\n"
    )
    both, then = scene.run()
    assert said(both) == ["matched by many", "many FIRED", "job FIRED, FIRED"]
    assert said(then) == ["step 2 of 2", "matched by many", "many FIRED", "FIRED"]


def test_a_probe_looks_at_one_key(scene):
    """After all that happened up to its time."""
    scene.write(
        "  - {name: k, in: app, match: 'x (?P<v>\\S+)', by: v, when: 1 in 1m}\n"
        "tests:\n"
        "  - rule: k\n    lines: [x a, +30s x b]\n    fires: [{v: a}, {v: b}]\n"
        "    at:\n"
        "      - {at: +30s, v: a, burning: true}\n"
        "      - {at: +29s, v: b, burning: false}\n"
        "      - {at: +2m, v: a, burning: false}\n"
        "      - {at: +2m, burning: true}\n"
        "      - {at: +1h, burning: false}\n"
    )
    assert only(scene).mismatches == ()


MUTED = """
sources: {app: {path: /dev/null}}
rules:
  - {name: down, match: cannot connect, when: 1 in 1m}
  - {name: failed, match: query failed}
routes:
  - {if: {rule: down}, to: pager}
  - {to: chat, wait: 30s}
mutes:
  - {name: night, if: {rule: failed}, every: 'Mon 02:00-04:00'}
inhibit:
  - {while: {rule: down}, mute: {rule: failed}, same: [source]}
sinks: {pager: {console: {}}, chat: {console: {}}}
tests:
  - {rule: failed, lines: ['+0s query failed'], until: +5m, fires: [{at: +0s}], sent_to: [chat]}
  - {rule: failed, lines: ['+3h query failed'], until: +5h, fires: [{at: +3h}], sent_to: [], muted_by: night}
  - rule: failed
    lines: ['+0s cannot connect', '+1s query failed']
    fires: [{at: +1s}]
    sent_to: []
    muted_by: down
  - {rule: failed, lines: ['+0s query failed'], fires: [{}], muted_by: night}
  - {rule: down, lines: ['+0s cannot connect'], fires: [{}], sent_to: [pager]}
"""  # noqa: E501 - as one writes them


def test_a_test_sees_mutes_inhibition_and_routes_that_wait(tmp_path):
    """Messages that stand for several alerts are no firings of a rule."""
    path = tmp_path / "logwatch.yaml"
    path.write_text(MUTED)
    config = load(path)
    runner = Runner(config, ManualClock())
    outcomes = [runner.run(test) for test in config.tests]
    assert [outcome.passed for outcome in outcomes] == [True, True, True, False, True]
    ((difference,),) = [each.differences for each in outcomes[3].mismatches]
    assert (difference.name, difference.expected, difference.got) == (
        *("muted_by", "mute night", "nobody"),
    )
