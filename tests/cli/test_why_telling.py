"""`logwatch why`: what hid an alert, which message told of it, who stood in for whom."""

from __future__ import annotations

import json
import time

import pytest
from doubles.golden_cases import member
from doubles.messages import make_alert
from doubles.rules import START
from doubles.why_world import settle
from msgspec.structs import replace

from logwatch.alerts.silence_orders import EndSilence, NewSilence
from logwatch.cli import why_known, why_line
from logwatch.cli.main import run_command_line
from logwatch.cli.silence_keeper import StoreKeeper
from logwatch.clock import ManualClock
from logwatch.config.loader import load
from logwatch.records import Group
from logwatch.store.forwarding import Forwarded
from logwatch.store.outgoing import DeadLetter
from logwatch.store.writer import Addressed, Store, Transaction

CONFIG = r"""
state: state
sources: {auth: {path: /var/log/logwatch-test/auth.log}}
rules:
  - {name: ssh-guessing, match: 'Failed \w+ for (?P<user>\S+) from (?P<ip>\S+)', by: ip,
     when: 3 in 2m}
  - {name: oops, match: 'oops (?P<what>\S+)'}
  - {name: down, match: '^down', when: 1 in 1h}
  - {name: quiet, match: 'quiet (?P<what>\S+)', mode: shadow}
mutes:
  - {name: patch-night, if: {rule: oops}, from: '2026-01-04T00:00Z', until: '2027-01-01T00:00Z'}
inhibit:
  - {while: {rule: down}, mute: {what: disk}}
routes:
  - {if: {ip: 203.0.113.9}, to: mail, wait: 30s}
  - {to: [chat, hook]}
sinks:
  mail: {console: {}}
  chat: {console: {}, rate: 2/h, fallback: mail}
  hook: {console: {}, rate: none}
"""
ONE = make_alert(id="a" * 16, key={"ip": "192.0.2.1"})


@pytest.fixture
def clock(tmp_path, monkeypatch):
    """The time at which the person asks; the configuration is there."""
    settle(tmp_path, monkeypatch)
    (tmp_path / "logwatch.yaml").write_text(CONFIG)
    made = ManualClock()
    made.advance(START + 7200 - made.wall())
    monkeypatch.setattr(why_known, "SystemClock", lambda: made)
    monkeypatch.setattr(why_line, "SystemClock", lambda: made)
    yield made
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def store(clock, tmp_path):
    """Commits one thing after the other."""

    def commit(*addressed: Addressed, **more):
        opened = Store(tmp_path / "state")
        transaction = Transaction(alerts=list(addressed), **more)
        opened.commit(transaction, now=clock.wall())
        opened.close()

    return commit


def why(capsys, *words: str) -> str:
    """What it prints, each text in one line."""
    run_command_line(["why", *words])
    return " ".join(capsys.readouterr().out.split())


def group(*members, alerts: int, **changes):
    """A message about several alerts."""
    about = Group("group", {"host": "web1"}, alerts, 1, {"ssh-guessing": alerts}, members)
    values = {"id": "c" * 16, "rule": "ssh-guessing", "key": {}, "group": about}
    return make_alert(**values | changes)


def test_a_silence_is_told_with_its_reason_and_its_end(clock, store, capsys):
    """While it is in force, and afterwards."""
    store(Addressed(replace(ONE, muted_by="silence #1"), START, (), burns=True))
    keeper = StoreKeeper(load("logwatch.yaml").state, clock)
    keeper.obey(
        NewSilence(matchers=("ip=192.0.2.1",), until=clock.wall() + 3600, comment="pen test")
    )
    out = why(capsys, "aaaa")
    assert "hidden message 1 by silence #1 'pen test' by " in out
    assert "(ip=192.0.2.1), until 03:00:00 (1h)" in out
    assert "nobody was told that it burns" in out
    keeper.obey(EndSilence(number=1))
    store(Addressed(ONE, clock.wall(), ("chat", "hook"), burns=True, told=("chat", "hook")))
    out = why(capsys, "aaaa")
    assert "02:00:00 told message 1: what hid it is over" in out
    assert "ended 02:00:00 by " in out
    assert "chat 1 firing: waiting" in out
    assert "of its end will be told: chat, hook" in out


def test_a_mute_and_inhibition_are_named(store, capsys):
    store(Addressed(replace(ONE, muted_by="mute patch-night"), START, ()))
    store(Addressed(replace(ONE, id="b" * 16, muted_by="inhibit by down"), START, ()))
    assert "hidden message 1 by mute patch-night" in why(capsys, "aaaa")
    assert "hidden message 1 by inhibit by down" in why(capsys, "bbbb")
    document = json.loads(why(capsys, "bbbb", "-o", "json"))
    assert document["messages"][0]["muted_by"] == "inhibit by down"
    assert document["untold"] == []


def test_what_burns_says_what_would_hide_its_next_message(clock, store, capsys):
    """A silence that was made after it was told."""
    store(Addressed(ONE, START, ("chat", "hook"), burns=True, told=("chat", "hook")))
    StoreKeeper(load("logwatch.yaml").state, clock).obey(
        NewSilence(matchers=("rule=ssh-*",), until=clock.wall() + 60)
    )
    assert "what comes of it now: by silence #1 by " in why(capsys, "aaaa")
    assert json.loads(why(capsys, "aaaa", "-o", "json"))["hidden_now"] == "silence #1"


def test_the_message_that_told_of_it_is_named(store, capsys):
    """With what it stands for, and how far it is."""
    collected = replace(ONE, key={"ip": "203.0.113.9"})
    store(Addressed(collected, START, (), burns=True))
    out = why(capsys, "aaaa")
    assert "grouped by" in out or "wait 30s" in out
    assert "mail collected by route 0: not told yet, or in a message that does not name it" in out
    store(Addressed(group(member(1, id=ONE.id), alerts=2), START, ("mail",)))
    out = why(capsys, "aaaa")
    assert f"mail in message {'c' * 16}:1 at 01:01:30 (group host=web1, 2 alerts): waiting" in out
    assert "collected by route 0" not in out
    assert "of its end will be told: mail" in out
    document = json.loads(why(capsys, "aaaa", "-o", "json"))
    (within,) = document["within"]
    assert (within["id"], within["sinks"]) == ("c" * 16, ["mail"])


def test_a_message_about_several_names_them(store, capsys):
    """Each with the id to ask about next."""
    about = group(member(1), member(2, rule="oops", message="oops disk"), alerts=40)
    store(Addressed(about, START, ("mail",)))
    out = why(capsys, "cccc")
    assert out.startswith("group message cccccccccccccccc host=web1")
    assert "m2 firing oops: oops disk" in out
    assert "and 38 alerts more" in out
    assert "routes" not in out


def test_a_sink_that_is_told_later_by_its_rate_is_named(store, capsys):
    """And one for which it never was is not said to be told."""
    store(Addressed(ONE, START, (), burns=True))
    out = why(capsys, "aaaa")
    assert "chat no message of its own: it waits for the rate of the sink" in out
    assert "hook not made for it: the configuration was another then" in out


def test_who_stood_in_for_whom_is_told(store, capsys):
    store(Addressed(ONE, START, ("chat", "hook"), burns=True, told=("chat", "hook")))
    store(forwarded=[Forwarded("chat", "mail", 1, ONE.id)])
    out = why(capsys, "aaaa")
    assert "mail 1: told in the place of chat, which did not take it" in out
    assert "chat 1 firing: done with" not in out


def test_a_dead_letter_says_how_to_send_it_again(store, capsys):
    store(Addressed(ONE, START, ("hook",)))
    store(taken={("hook", 1): 1}, dead=[DeadLetter("hook", 1, 2, "HTTP 400")])
    out = why(capsys, "aaaa")
    assert "hook 1 firing: given up after 2 tries: HTTP 400; logwatch send hook --dead" in out


def test_a_line_says_what_would_hide_its_alert(clock, store, capsys):
    """Mutes, silences, inhibition by what burns; nothing for a rule that tells nobody anyway."""
    store(Addressed(replace(ONE, rule="down"), START, (), burns=True))
    StoreKeeper(load("logwatch.yaml").state, clock).obey(
        NewSilence(matchers=("user=ro*",), until=clock.wall() + 60, comment="x")
    )
    line = "Failed password for root from 192.0.2.7"
    assert "its alert would be hidden now by silence #1 'x' by " in why(capsys, "--line", line)
    assert "would be hidden" not in why(capsys, "--line", line.replace("root", "bob"))
    assert "hidden now by mute patch-night" in why(capsys, "--line", "oops db")
    assert "hidden" not in why(capsys, "--line", "quiet disk")
    (verdict, *_) = json.loads(why(capsys, "--line", "oops db", "-o", "json"))["verdicts"]
    assert verdict["hidden_by"] == "mute patch-night"


def test_inhibition_hides_a_line_whose_rule_nothing_else_hides(store, capsys, tmp_path):
    text = (tmp_path / "logwatch.yaml").read_text()
    (tmp_path / "logwatch.yaml").write_text(text.replace("2027-01-01T00:00Z", "2026-01-04T01:00Z"))
    store(Addressed(replace(ONE, rule="down"), START, (), burns=True))
    assert "hidden now by inhibit by down" in why(capsys, "--line", "oops disk")


def test_without_a_store_a_line_is_asked_of_mutes_alone(clock, capsys):
    """No daemon ran yet."""
    assert "hidden now by mute patch-night" in why(capsys, "--line", "oops db")


def test_what_was_told_and_hidden_is_no_traceback_without_its_rule(store, capsys):
    """A rule that is gone, and what a later version wrote."""
    store(Addressed(replace(ONE, rule="gone", muted_by="silence #7"), START, ()))
    assert "hidden message 1 by silence #7" in why(capsys, "aaaa")
