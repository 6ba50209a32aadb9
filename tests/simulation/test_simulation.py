"""Rules on virtual time: lines in, alerts out, and who would have been told."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from logwatch.config.loader import load
from logwatch.rules.base import ContextSettings
from logwatch.rules.composite_parts import MOST_EPISODES
from logwatch.simulation import SimulatedAlert, Simulation

START = 1_767_571_200.0  # 2026-01-05T00:00:00Z

CONFIG = """\
state: FOLDER/state
sources:
  app: {path: FOLDER/app.log}
  auth: {path: FOLDER/auth.log, format: syslog, tz: UTC}
rules:
- {name: oom, match: 'out of memory', cooldown: 1m}
- {name: burst, in: app, match: 'slow (?P<path>\\S+)', by: path, when: 3 in 1m}
- {name: job, in: app, match: 'started job=(?P<job>\\S+)', by: job,
   expect: {match: 'finished job={job} ok', within: 2h}}
- {name: secret, in: app, match: secret, mode: shadow, cooldown: 0}
- {name: silent, in: auth, match: beat, absent: {for: 3m}}
- {name: outage, all_of: [burst, oom], within: 5m, absorbs: true}
sinks:
  chat: {jsonl_file: FOLDER/chat.jsonl}
  pager: {jsonl_file: FOLDER/pager.jsonl}
routes:
- {if: {rule: oom}, to: pager}
- {if: {rule: silent}, to: []}
- {to: chat}
"""


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "logwatch.yaml"
    text = CONFIG.replace("- {if: {rule: silent}, to: []}\n", "")
    file.write_text(text.replace("FOLDER", str(tmp_path)), encoding="utf-8")
    return load(file)


def app(*lines: tuple[float, str]):
    return [(START + at, text) for at, text in lines]


def story(events: list[SimulatedAlert]):
    return [
        (each.alert.rule, each.alert.status, each.at - START, each.sinks, each.muted_by)
        for each in events
    ]


def test_lines_without_stamps_have_their_virtual_arrival(config):
    simulation = Simulation(config, host="web1", rules=["burst"])
    simulation.feed_lines(
        "app", app((0, "slow /a"), (5, "slow /a"), (7, "slow /b"), (9, "slow /a"))
    )
    simulation.run_until(START + 300)
    assert story(simulation.events) == [
        ("burst", "firing", 9, ("chat",), None),
        ("burst", "resolved", 120, ("chat",), None),
    ]
    assert simulation.events[0].alert.at == "2026-01-05T00:00:09.000Z"
    assert simulation.matched == {"burst": 4}


def test_what_does_not_come_in_time_is_told_when_time_passes(config):
    simulation = Simulation(config, host="web1", rules=["job"], start=START)
    simulation.feed_lines("app", app((0, "started job=db"), (300, "started job=web")))
    simulation.feed_lines("app", app((3600, "finished job=web ok")))
    assert simulation.events == []
    simulation.run_until(START + 3 * 3600)
    assert story(simulation.events) == [("job", "firing", 7200, ("chat",), None)]
    assert simulation.events[0].alert.key == {"job": "db"}


def test_the_stamp_of_a_line_is_its_time(config):
    simulation = Simulation(config, host="web1", rules=["silent"])
    simulation.feed_lines("auth", [(START + 50, "Jan  5 00:00:10 web1 cron: beat")])
    simulation.run_until(START + 1000)
    assert [each.at - START for each in simulation.events] == [190]


def test_a_rule_brings_those_it_hears_of_and_no_others(config):
    simulation = Simulation(config, host="web1", rules=["outage"])
    assert [rule.name for rule in simulation.config.rules] == ["oom", "burst", "outage"]


def test_alerts_have_the_lines_around_them(config):
    from msgspec.structs import replace  # noqa: PLC0415 - of two tests alone

    around = ContextSettings(before=1, after=2, max_wait=10.0)
    rules = tuple(replace(rule, context=around) for rule in config.rules if rule.name == "oom")
    simulation = Simulation(replace(config, rules=rules), host="web1")
    simulation.feed_lines("app", app((0, "one"), (1, "two"), (2, "out of memory"), (3, "three")))
    assert simulation.events == []
    simulation.feed_lines("app", app((20, "long after")))
    [one] = simulation.events
    assert [each.text for each in one.alert.context.before] == ["two"]
    assert [each.text for each in one.alert.context.after] == ["three"]
    simulation.feed_lines("app", app((100, "out of memory")))
    simulation.run_until(START + 200)
    assert [each.text for each in simulation.events[1].alert.context.before] == ["long after"]


def test_who_mutes_an_alert_is_said(config):
    simulation = Simulation(config, host="web1")
    simulation.feed_lines("app", app((0, "out of memory"), (1, "a secret")))
    simulation.feed_lines("app", app((2, "slow /a"), (2, "slow /a"), (2, "slow /a")))
    assert story(simulation.events) == [
        ("oom", "firing", 0, ("pager",), None),
        ("secret", "firing", 1, (), "shadow"),
        ("burst", "firing", 2, (), "outage"),
        ("outage", "firing", 2, ("chat",), None),
    ]


def test_nobody_is_told_of_the_end_of_what_was_absorbed(config):
    """As live: who was not told that it began is not told that it is over."""
    simulation = Simulation(config, host="web1")
    pages = range(MOST_EPISODES + 1)  # the composite itself knows no more of them
    simulation.feed_lines("app", app((0, "out of memory")))
    simulation.feed_lines("app", app(*((290, f"slow /{page}") for page in pages for _ in range(3))))
    simulation.run_until(START + 900)
    told = [each.alert for each in simulation.events if each.is_told and each.alert.rule != "oom"]
    assert [(each.rule, each.status) for each in told] == [
        ("outage", "firing"),
        ("outage", "resolved"),
    ]


def test_what_no_route_takes_is_told_to_nobody(config):
    simulation = Simulation(replace(config, routes=config.routes[:1]), host="web1")
    simulation.feed_lines("app", app(*3 * [(2, "slow /a")]))
    simulation.run_until(START + 900)
    assert [each.is_told for each in simulation.events] == [False, False]


def test_without_sinks_alerts_still_come_about(config):
    simulation = Simulation(replace(config, sinks=(), routes=()), host="web1")
    simulation.feed_lines("app", app((0, "out of memory"), (1, "a secret")))
    assert story(simulation.events) == [
        ("oom", "firing", 0, (), None),
        ("secret", "firing", 1, (), "shadow"),
    ]
    assert [each.is_told for each in simulation.events] == [True, False]


def test_alerts_are_never_late_and_have_their_own_time(config):
    """Also where no rule needs a clock."""
    simulation = Simulation(config, host="web1", rules=["secret"])
    simulation.feed_lines("app", app((0, "secret"), (0, "secret"), (60, "secret")))
    assert [each.alert.late for each in simulation.events] == [False] * 3
    assert [each.alert.at[11:19] for each in simulation.events] == [
        "00:00:00",
        "00:00:00",
        "00:01:00",
    ]
    assert len({each.alert.id for each in simulation.events}) == 3


def test_alerts_can_be_handed_on_instead_of_kept(config):
    told: list[SimulatedAlert] = []
    simulation = Simulation(config, host="web1", tell=told.append)
    simulation.feed_lines("app", app(*[(number, "a secret") for number in range(200)]))
    assert len(told) == 200
    assert simulation.events == []


def test_nothing_is_written_anywhere(config, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    simulation = Simulation(config, host="web1")
    simulation.feed_lines("app", app((0, "out of memory")))
    folder = Path(simulation.config.state)
    assert sorted(tmp_path.rglob("*")) == before
    del simulation
    assert not folder.exists()


def test_an_unknown_source_is_refused(config):
    with pytest.raises(KeyError, match="nowhere"):
        Simulation(config, host="web1").feed_lines("nowhere", app((0, "x")))
