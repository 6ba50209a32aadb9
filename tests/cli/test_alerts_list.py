"""`logwatch alerts`: what burns, what was told or hidden, and messages about several alerts."""

from __future__ import annotations

import json

import pytest
from doubles.golden_cases import CASES
from doubles.messages import make_alert
from doubles.why_world import settle
from msgspec import UNSET
from msgspec.structs import replace

from logwatch.cli.main import run_command_line
from logwatch.cli.marking import columns_of
from logwatch.clock import ManualClock
from logwatch.store.writer import Addressed, Store, Transaction

ONE = make_alert(id="a" * 16)
HIDDEN = make_alert(id="b" * 16, muted_by="silence #3", message="disk is full")
GROUP = make_alert(**CASES["group"], id="c" * 16)


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Puts alerts into the store, each in a commit of its own."""
    settle(tmp_path, monkeypatch)

    def put(*alerts, burns=True):
        store, now = Store(tmp_path / "state"), ManualClock().wall()
        for each in alerts:
            addressed = [Addressed(each, now, ("chat",), burns=burns)]
            store.commit(Transaction(alerts=addressed), now=now)
        store.close()

    return put


def typed(capsys, *words: str) -> str:
    """What it prints."""
    assert run_command_line(["alerts", *words]) == 0
    return capsys.readouterr().out


def test_what_is_hidden_is_marked_by_what_hides_it(stored, capsys):
    stored(ONE, HIDDEN)
    burning, _, recent = typed(capsys).partition("\n\n")
    for part in (burning, recent):
        assert "disk is full  [silence #3]" in part
        assert "aaaaaa" in part
        assert part.count("[") == 1
    assert "nobody was told: silence #3" in typed(capsys, "bbbb")


def test_where_none_is_as_asked_that_is_said(stored, capsys):
    """Not that there are none at all."""
    stored(ONE)
    assert "no alert that is kept is so" in typed(capsys, "--rule", "other")
    assert "no alert that is kept is so" in typed(capsys, "--until", "2026-01-01")


def test_a_line_is_cut_where_somebody_looks_on_and_whole_for_a_program(stored, capsys, monkeypatch):
    """Who sees that it was cut is told where the rest is."""
    stored(replace(HIDDEN, message="disk 満杯 is full " * 20))
    monkeypatch.delenv("COLUMNS")
    assert max(map(len, typed(capsys).splitlines())) > 200
    monkeypatch.setenv("COLUMNS", "60")
    lines = typed(capsys).splitlines()
    assert {columns_of(line) for line in lines if line.startswith("▲")} <= {59, 60}
    assert lines[-1] == "whole: logwatch alerts bbbbbb"


def test_what_was_hidden_and_told_later_is_listed_once(stored, capsys):
    """As it is now."""
    stored(HIDDEN, replace(HIDDEN, muted_by=UNSET))
    assert typed(capsys).count("bbbbbb") == 2  # it burns, and it is the newest message
    assert "[silence #3]" not in typed(capsys)


def test_a_message_about_several_is_none_of_the_alerts(stored, capsys):
    """Neither of those that burn; it is listed where that is asked for."""
    stored(ONE, GROUP)
    assert "burning 1\n" in typed(capsys)
    assert "cccccc" not in typed(capsys)
    assert "cccccc  critical (group) <several>: 12 alerts" in typed(capsys, "--groups")
    (only,) = typed(capsys, "-o", "json").splitlines()
    assert json.loads(only)["id"] == ONE.id
    assert len(typed(capsys, "-o", "json", "--groups").splitlines()) == 2


def test_a_message_about_several_names_them_in_full(stored, capsys):
    stored(GROUP)
    out = typed(capsys, "cccc")
    member = GROUP.group.members[0]
    assert f"{member.id[:6]}  {member.rule}: {member.message}" in out
    assert f"group  host=db1  {GROUP.group.alerts} alerts" in out


def test_the_number_is_of_alerts_that_are_listed(stored, capsys):
    """Messages about several do not take their place."""
    some = [make_alert(id=f"{number:016x}") for number in range(3)]
    stored(*some, GROUP, burns=False)
    assert "last 2 messages" in typed(capsys, "-n", "2")


@pytest.mark.parametrize("number", ["-1", "0", "abc", "1.5"])
def test_a_number_of_alerts_is_one_from_1_on(number, stored, capsys):
    """With -1 it said that there was none yet."""
    stored(ONE)
    with pytest.raises(SystemExit) as ended:
        run_command_line(["alerts", f"--number={number}"])
    assert ended.value.code == 2
    assert f"'{number}' is no number from 1 on" in capsys.readouterr().err
