"""`logwatch why ID`, as a person types it."""

from __future__ import annotations

import json
import os
import time

import pytest
from doubles.alerts import alert
from doubles.screens import wear
from doubles.why_world import RULES, morning, running, same_screen, settle, told, why, world_in

from logwatch.records import AlertContext, AlertLine
from logwatch.store.outgoing import DeadLetter, Postponed
from logwatch.store.writer import Addressed, Store


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with a configuration."""
    settle(tmp_path, monkeypatch)
    yield tmp_path
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def world(here, monkeypatch):
    """A store, written by the pipeline."""
    return world_in(here, monkeypatch)


@pytest.mark.parametrize("color", [False, True], ids=["plain", "color"])
@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize("rule", ["ssh-guessing", "oom", "disk"])
def test_the_screen_of_an_alert_is_as_it_was_drawn(
    rule, columns, color, *, world, capsys, monkeypatch
):
    """One that burns and was not told yet, one in shadow mode, one that was absorbed."""
    monkeypatch.setenv("COLUMNS", columns)
    wear(monkeypatch, color=color)
    morning(world)
    running(monkeypatch)
    out = why(capsys, world.ids(rule)[0][:8])[1]
    same_screen(f"alert-{rule}", columns, out, color=color)


def test_what_is_given_up_is_told_with_its_reason(world, capsys):
    """A dead letter; and what waits for the next start."""
    for at in (1, 2, 3):
        world.guess(at, "10.0.0.1")
    world.commit(taken={("pager", 1): 1}, dead=[DeadLetter("pager", 1, 4, "HTTP 404")])
    world.until(500)
    world.end()
    out = why(capsys, world.ids("ssh-guessing")[0])[1]
    assert "pager  1 firing: given up after 4 tries: HTTP 404" in out
    assert "chat  2 resolved: waiting, to be delivered with the next start: no daemon runs" in out
    assert "resolved  warning, 3 in all, 2s from first to last" in out


def test_what_is_done_with_is_said_to_be(world, capsys):
    """The store forgets what was delivered."""
    for at in (1, 2, 3):
        world.guess(at, "10.0.0.1")
    world.commit(taken={("pager", 1): 1, ("chat", 1): 1})
    world.end()
    out = why(capsys, world.ids("ssh-guessing")[0])[1]
    assert "pager  1 firing: done with, nothing of it waits" in out
    assert "of its end will be told: chat, pager" in out


def test_the_firing_before_is_named(world, capsys):
    """And how long ago it was, and how much the cool-down held back since."""
    for at in (1, 2, 3, 600, 601, 602):
        world.guess(at, "10.0.0.1")
        world.until(at)
    world.end()
    first, second = world.ids("ssh-guessing")
    out = why(capsys, second)[1]
    assert f"cool-down 1m; the firing before was 9m59s earlier ({first})" in out


def test_a_broken_configuration_hides_no_alert(world, here, capsys):
    """An editor may have it open; only routes and windows are not known then."""
    morning(world)
    (here / "logwatch.yaml").write_text(RULES.replace("to: chat}", "to: nowhere}"))
    status, out, err = why(capsys, world.ids("ssh-guessing")[0])
    assert status == 0
    assert "the configuration cannot be read: logwatch.yaml:" in err
    assert "pager  1 firing: postponed after 1 try: HTTP 429" in out
    assert why(capsys, "ssh-guessing")[0] == 78


def test_several_alerts_that_begin_alike_are_named(world, capsys):
    """Nobody is told of one when another was meant."""
    for number in range(40):
        world.line(1, "disk", "disk x is full", source="shop", dev=f"{number}")
    world.end()
    ids = world.ids("disk")
    prefix = next(each[0] for each in ids if sum(one[0] == each[0] for one in ids) > 1)
    status, _, err = why(capsys, prefix)
    assert status == 2
    assert "alerts begin so: " in err


def test_a_long_life_is_told_in_order(world, capsys):
    """What is forgotten, the lines around, what was suppressed, and that it came from a backlog."""
    quoted = [
        AlertLine("/var/log/x.log", n * 10, f"2026-01-05T00:00:0{n}Z", f"line {n}")
        for n in range(3)
    ]
    told(
        world,
        alert(
            seq=2,
            status="updated",
            suppressed=7,
            late=True,
            lines=[quoted[1]],
            context=AlertContext(before=(quoted[0],), after=(quoted[2],)),
        ),
        alert(seq=3, status="resolved", at="2026-01-05T02:00:00.000Z"),
    )
    out = why(capsys, alert().id)[1]
    assert "alert b4c1f0aa55aa55aa  resolved at 02:00:00" in out
    assert "1 earlier message of it are forgotten" in out
    before, line, after = (out.index(f"{what} ") for what in ("before", "line", "after"))
    assert before < line < after
    assert "warning, 3 in 2m: warning, 5 since it fired, 7 suppressed, of a backlog" in out


def test_a_rules_own_to_and_a_configuration_without_routes_are_named(world, here, capsys):
    """No route is asked then."""
    told(world, alert(), sinks=("chat",))
    text, _, rest = RULES.partition("routes:")
    without = text + rest[rest.index("sinks:") :]
    (here / "logwatch.yaml").write_text(without)
    assert "there are no routes: every sink is told: pager, chat" in why(capsys, "b4c1")[1]
    (here / "logwatch.yaml").write_text(RULES.replace("by: ip\n", "by: ip\n    to: [pager]\n"))
    out = why(capsys, "b4c1")[1]
    assert "by the rule's own 'to': pager" in out
    (here / "logwatch.yaml").write_text(RULES.replace("  - {to: chat}\n", ""))
    told_of_other = why(capsys, "b4c1")[1]
    assert "yes: rule ssh-*, source auth; to chat, pager" in told_of_other


def test_a_route_that_collects_says_when_its_messages_go_out(world, here, capsys):
    """Nobody wonders why nothing has come yet."""
    told(world, alert())
    waiting = "  - {to: chat, group: [rule, ip], wait: 30s, remind: 4h, also: true}\n"
    digest = "  - {to: chat, digest: daily 08:00}\n"
    text, _, rest = RULES.partition("routes:")
    changed = f"{text}routes:\n{waiting}{digest}{rest[rest.index('sinks:') :]}"
    (here / "logwatch.yaml").write_text(changed)
    out = " ".join(why(capsys, "b4c1")[1].split())
    assert "to chat, grouped by rule, ip, wait 30s, remind 4h, and on to the next" in out
    assert "yes: takes everything; to chat, digest daily 08:00" in out


def test_where_no_route_takes_it_nobody_is_told(world, here, capsys):
    """That is the whole answer."""
    told(world, alert(rule="disk"))
    (here / "logwatch.yaml").write_text(RULES.replace("  - {to: chat}\n", ""))
    assert "no route takes it: nobody is told" in why(capsys, "b4c1")[1]


def test_what_logwatch_tells_of_itself_has_no_rule(world, capsys):
    """It is not said to be missing."""
    told(world, alert(rule="logwatch.source-lost"))
    assert "tells of logwatch itself" in why(capsys, "b4c1")[1]


def test_a_message_that_may_not_overtake_says_so(world, capsys):
    """And with no daemon it says when it goes out."""
    told(world, alert(), alert(seq=2, status="resolved"), sinks=("chat",))
    world.bench.store = Store(world.config.state)
    world.commit(
        taken={("chat", 1): 2},
        postponed=[
            Postponed("chat", 1, alert().id, 0.0, "HTTP 500"),
            Postponed("chat", 2, alert().id, 0.0, None, tried=False),
        ],
    )
    world.bench.store.close()
    out = " ".join(why(capsys, "b4c1")[1].split())
    assert "HTTP 500; again with the next start: no daemon runs" in out
    assert "waits for an earlier message of this alert; goes out with the next start" in out


def test_who_is_told_of_a_later_message_only_is_not_said_to_know_of_the_first(world, here, capsys):
    """An episode that became critical goes to the pager from then on; its end goes to both."""
    (here / "logwatch.yaml").write_text(
        RULES.replace("rule: 'ssh-*', source: auth", "rule: none-*")
    )
    messages = [
        alert(),
        alert(seq=2, status="updated", severity="critical"),
        alert(seq=3, status="resolved", severity="critical"),
    ]
    both = ("chat", "pager")
    addressed = zip(messages, (("chat",), both, both), strict=True)
    wall = world.bench.clock.wall()
    world.commit(alerts=[Addressed(one, wall, sinks) for one, sinks in addressed])
    world.commit(taken={("chat", 1): 3, ("pager", 1): 2})
    world.end()
    lines = [line.split("told")[-1].strip() for line in why(capsys, "b4c1")[1].splitlines()]
    done = "done with, nothing of it waits"
    assert f"chat  1 firing: {done}" in lines
    assert f"pager  1 firing: {done}" not in lines
    assert f"pager  2 updated: {done}" in lines
    assert {f"{sink}  3 resolved: {done}" for sink in ("chat", "pager")} <= set(lines)


def test_of_messages_of_one_time_only_those_are_absorbed_that_came_with_the_composite(
    world, capsys
):
    """In a backlog, very many are made at once; their order tells."""
    part, whole = {"rule": "disk", "key": {"dev": "x"}}, {"rule": "whole", "key": {}}
    told(
        world,
        alert(id="a1", **part),
        alert(id="a2", **part),
        alert(id="c1", **whole),
        alert(id="a3", **part),
        alert(id="c1", seq=2, status="resolved", **whole),
        alert(id="a4", **part),
    )
    absorbed = [
        name for name in ("a1", "a2", "a3", "a4") if "was absorbed: whole" in why(capsys, name)[1]
    ]
    assert absorbed == ["a2", "a3"]


def test_an_id_that_is_nearly_a_rule_is_asked_back(world, here, capsys):
    """Rules may be named with the letters of an id."""
    (here / "logwatch.yaml").write_text(
        RULES.replace("name: disk", "name: decade").replace("[disk,", "[decade,")
    )
    world.end()
    assert "did you mean the rule 'decade'?" in why(capsys, "decad")[2]


def test_a_configuration_that_was_written_after_the_alert_is_named(world, here, capsys):
    """What is told of the rule and the routes may have been different then."""
    morning(world)
    alert = world.ids("ssh-guessing")[0]
    assert "was written after it" not in why(capsys, alert)[1]
    now = world.bench.clock.wall()
    os.utime(here / "logwatch.yaml", (now, now))
    out = " ".join(why(capsys, alert)[1].split())
    assert f"config {here}/logwatch.yaml was written after it, 00:0" in out
    assert "may have been different then" in out
    (document,) = map(json.loads, why(capsys, alert, "-o", "json")[1].splitlines())
    (written,) = document["written_since"]
    assert written["path"].endswith("logwatch.yaml")
    assert written["at"].startswith("2026-01-05T00:0")
