"""`routes:` with timers, `mutes:` and `inhibit:`: what they become, and what is wrong with them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from doubles.conditions import condition

from logwatch.alerts.mute_settings import InhibitSettings
from logwatch.alerts.timers import RouteTimers
from logwatch.config.dates import date_time
from logwatch.schedule import parse_schedule

JANUARY = 1_767_571_200.0
"""2026-01-05T00:00:00Z, a Monday."""


# -- routes --------------------------------------------------------------------------------------


def test_a_route_may_collect(bench):
    """Every timer; without one there are none."""
    config = bench.load("""
        routes:
          - {to: out, also: true}
          - {to: out, group: [rule, host, rule], wait: 30s, updates: 5m, remind: 4h, also: true}
          - {to: out, group: host, also: true}
          - {to: out, group: [], digest: daily 08:00 Europe/Paris, also: true}
          - {to: out, wait: 0s}
    """)
    assert [route.timers for route in config.routes] == [
        None,
        RouteTimers(group=("rule", "host"), wait=30.0, updates=300.0, remind=14400.0),
        RouteTimers(group=("host",)),
        RouteTimers(group=(), digest="daily 08:00 Europe/Paris"),
        RouteTimers(),
    ]


def test_a_route_asks_in_the_language_of_where(bench):
    """Severities by rank, patterns, and what must not be."""
    config = bench.load("""
        rules: [{name: any, match: x, labels: {team: web}}]
        routes: [{if: {severity: '>= error', team: ['~ ^w', '!= db'], rule: 'an*'}, to: out}]
    """)
    assert config.routes[0].condition == (
        condition("severity", ">= error"),
        condition("team", "~ ^w", "!= db"),
        condition("rule", "an*"),
    )


def test_alerts_about_logwatch_itself_may_be_asked_for(bench):
    """Nobody writes their rules."""
    found = bench.examine("""
        routes: [{if: {rule: 'logwatch.*'}, to: out}, {if: {rule: logwatch.sink-down}, to: out}]
    """)
    assert found.problems == []


# -- mutes and inhibition ------------------------------------------------------------------------


def test_mutes_as_they_are_written(bench):
    """Hours of the week, or times; `hold` unless something else is said."""
    config = bench.load("""
        mutes:
          - name: patch-night
            if: {host: 'web*'}
            every: 'Tue 02:00-04:00 Europe/Paris'
            then: summarise
          - {name: move, from: 2026-01-05T01:00+01:00, until: 2026-01-05 02:00 Europe/Paris}
    """)
    weekly, once = config.mutes
    assert (weekly.name, weekly.condition) == ("patch-night", (condition("host", "web*"),))
    assert weekly.every == parse_schedule("Tue 02:00-04:00 Europe/Paris")
    assert (weekly.begin, weekly.end, weekly.then) == (None, None, "summarise")
    assert weekly.defined_at.endswith(":2")
    assert (once.begin, once.end) == (JANUARY, JANUARY + 3600)
    assert (once.condition, once.every, once.then) == ((), None, "hold")


def test_inhibition_as_it_is_written(bench):
    """What burns, what is not told then, and what both must have in common."""
    config = bench.load("""
        rules: [{name: any, match: x, when: 5 in 2m}]
        inhibit: [{while: {rule: any}, mute: {source: [app]}, same: [host, path, host]}]
    """)
    (only,) = config.inhibit
    assert only == InhibitSettings(
        source=(condition("rule", "any"),),
        target=(condition("source", "app"),),
        same=("host", "path"),
        defined_at=only.defined_at,
    )


def test_files_that_are_included_may_hold_them(bench):
    """Names are one set."""
    bench.write("mutes: [{name: a, every: Sun}]\n", "more.yaml")
    found = bench.examine("include: [more.yaml]\nmutes: [{name: a, every: Sat}]\n")
    assert found.codes == ["duplicate-key"]
    assert found.summary.counted.endswith("0 routes, 2 mutes")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-05T00:00:00Z", JANUARY),
        ("2026-01-05T00:00Z", JANUARY),
        ("2026-01-05 01:00 Europe/Paris", JANUARY),
        ("2026-01-05T01:00:00+01:00", JANUARY),
        ("2026-10-25 02:30 Europe/Paris", 1_792_888_200.0),
    ],
)
def test_times_have_a_zone(text, seconds):
    """In autumn the first of two."""
    assert date_time(text) == seconds


DRAWINGS = [
    ("bad-value", "'>' compares with one of info, warning, error, critical, not '5'", """
        routes: [{if: {severity: '> 5'}, to: out}]
                                    ^
    """),
    ("bad-value", "no 'severity' is '> critical'", """
        routes: [{if: {severity: '> critical'}, to: out}]
                                 ^^^^^^^^^^^^
    """),
    ("bad-value", "every 'severity' is '!= grave'", """
        routes: [{if: {severity: '!= grave'}, to: out}]
                                 ^^^^^^^^^^
    """),
    ("bad-value", "there is no operator '=='", """
        routes: [{if: {host: '== web'}, to: out}]
                              ^^
    """),
    ("bad-value", "every value passes one of these", """
        routes: [{if: {host: ['!= a', '!= b']}, to: out}]
                                      ^^^^^^
    """),
    ("bad-pattern", "bad pattern", """
        routes: [{if: {host: '~ (web'}, to: out}]
                                ^
    """),
    ("bad-value", "'host' is compared with nothing", """
        routes: [{if: {host: []}, to: out}]
                       ^^^^
    """),
    ("no-match", "every rule is other than this", """
        routes: [{if: {rule: '!= anny'}, to: out}]
                             ^^^^^^^^^
    """),
    ("risky-pattern", "can take very long", """
        routes: [{if: {host: '~ (a+)+$'}, to: out}]
                             ^^^^^^^^^^
    """),
    ("unknown-key", "'rate' belongs inside a sink", """
        routes: [{to: out, rate: 10/min}]
                           ^^^^
    """),
    ("bad-value", "'5x' is not a duration", """
        routes: [{to: out, wait: 5x}]
                                 ^^
    """),
    ("bad-value", "'remind' must be more than 0", """
        routes: [{to: out, remind: 0s}]
                                   ^^
    """),
    ("bad-value", "is not when a digest goes out", """
        routes: [{to: out, digest: daily 8 o'clock}]
                                   ^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'remind' beside 'digest'", """
        routes: [{to: out, digest: hourly, remind: 4h}]
                                           ^^^^^^
    """),
    ("unknown-field", "no alert has a field 'hots'", """
        routes: [{to: out, group: [rule, hots]}]
                                         ^^^^
    """),
    ("missing-key", "mute 1 has no 'name'", """
        mutes: [{every: Sun}]
                ^^^^^^^^^^^^
    """),
    ("unknown-key", "unknown key 'evry' in mute 'a'", """
        mutes: [{name: a, every: Sun, evry: Sun}]
                                      ^^^^
    """),
    ("bad-value", "cannot name a mute", """
        mutes: [{name: a b, every: Sun}]
                       ^^^
    """),
    ("bad-value", "'Tu 02:00-04:00' is no span of the week", """
        mutes: [{name: a, every: 'Tu 02:00-04:00'}]
                                 ^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'2026-01-05T01:00' names no zone", """
        mutes: [{name: a, until: 2026-01-05T01:00}]
                                 ^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'tomorrow' is no time", """
        mutes: [{name: a, from: tomorrow, until: 2026-01-05T01:00Z}]
                                ^^^^^^^^
    """),
    ("bad-value", "'Europe/Pariss' is no time zone", """
        mutes: [{name: a, until: 2026-01-05 01:00 Europe/Pariss}]
                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "the mute ends before it begins", """
        mutes: [{name: a, from: 2026-01-05T02:00Z, until: 2026-01-05T01:00Z}]
                                                          ^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'summarize' is no 'then'", """
        mutes: [{name: a, every: Sun, then: summarize}]
                                            ^^^^^^^^^
    """),
    ("unknown-name", "there is no rule 'anny'", """
        mutes: [{name: a, every: Sun, if: {rule: anny}}]
                                                 ^^^^
    """),
    ("unknown-field", "no alert has a field 'taem'", """
        mutes: [{name: a, every: Sun, if: {taem: x}}]
                                           ^^^^
    """),
    ("unused", "none of these hours lies before the end of mute 'a'", """
        mutes: [{name: a, every: Sun, from: 2026-01-05T00:00Z, until: 2026-01-06T00:00Z}]
                                 ^^^
    """),
    ("missing-key", "inhibit 1 has no 'mute'", """
        rules: [{name: any, match: x, when: 5 in 2m}]
        inhibit: [{while: {rule: any}}]
                  ^^^^^^^^^^^^^^^^^^^^
    """),
    ("bad-value", "'mute' holds no condition", """
        rules: [{name: any, match: x, when: 5 in 2m}]
        inhibit: [{while: {rule: any}, mute: {}}]
                                       ^^^^
    """),
    ("unknown-name", "there is no source 'ap'", """
        rules: [{name: any, match: x, when: 5 in 2m}]
        inhibit: [{while: {rule: any}, mute: {source: ap}}]
                                                      ^^
    """),
    ("unknown-field", "no alert has a field 'hots'", """
        rules: [{name: any, match: x, when: 5 in 2m}]
        inhibit: [{while: {rule: any}, mute: {source: app}, same: [hots]}]
                                                                   ^^^^
    """),
    ("unused", "is an event that is over at once", """
        inhibit: [{while: {rule: any}, mute: {source: app}}]
                                 ^^^
    """),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message", "drawing"), DRAWINGS)
def test_the_caret_stands_under_what_is_wrong(bench, code, message, drawing):
    """Nothing else is said about the example, and the help line says what to type."""
    bench.check_drawing(drawing, code, message)


def test_a_mute_that_is_over_is_told_of(bench):
    """Where it is known what time it is."""
    text = "mutes: [{name: a, until: 2026-01-05T00:00Z}, {name: b, every: Sun}]"
    assert bench.examine(text, now=JANUARY - 1).problems == []
    found = bench.examine(text, now=JANUARY)
    assert [each.message for each in found.problems] == ["mute 'a' is over and never holds again"]


def test_a_start_warns_of_nothing(bench):
    """Only a check does."""
    assert bench.load("mutes: [{name: a}]").mutes[0].end is None


PAGE = (Path(__file__).parents[2] / "docs" / "routing.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", [each for each in EXAMPLES if "rules:" in each])
def test_the_examples_of_the_page_load(bench, example):
    """And a check finds nothing to say, before that night."""
    found = bench.examine(example, now=JANUARY)
    assert [each for each in found.problems if each.level == "error"] == []
    assert not {"unused", "no-end"} & set(found.codes)
