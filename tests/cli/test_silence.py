"""`logwatch silence` without a daemon: the preview, the warnings, the list, the end."""

from __future__ import annotations

import getpass
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from doubles import shell
from doubles.daemon import Bench
from doubles.rules import START
from doubles.why_world import World, settle
from msgspec.structs import replace

from logwatch.alerts.silences import NAME
from logwatch.cli import silence
from logwatch.clock import ManualClock
from logwatch.config.loader import load
from logwatch.records import StateChange
from logwatch.store.writer import Addressed, Store, Transaction

ME = getpass.getuser()


class Ahead(ManualClock):
    """The time at which the person types, an hour after the alerts."""

    now = START + 3600

    def __init__(self) -> None:
        super().__init__()
        self.advance(self.now - self.wall())


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Two addresses guess passwords, one of them in vain: then the daemon ends."""
    settle(tmp_path, monkeypatch)
    monkeypatch.setattr(silence, "SystemClock", Ahead)
    made = World(tmp_path)
    for at in range(3):
        made.guess(at, "203.0.113.9")
    for at in range(3, 6):
        made.guess(at, "198.51.100.7")
    made.line(7, "disk", "disk sda is full", source="shop", dev="sda")
    made.end()
    return made


def typed(capsys, *words: str) -> tuple[int, str, str]:
    """As `shell.logwatch`."""
    return shell.logwatch(capsys, "silence", *words)


def document(capsys, *words: str):
    status, out, _ = typed(capsys, *words, "-o", "json")
    assert status == 0
    return json.loads(out)


def test_what_it_hides_is_said_first(world, capsys):
    """Of what burns now, and of the last week."""
    (alert,) = world.ids("ssh-guessing")[:1]
    status, out, err = typed(
        capsys, "rule=ssh-guessing", "ip=203.0.113.9", "--for", "2h", "-m", "pen test"
    )
    assert (status, err) == (0, "")
    assert f"hides 1 firing alert now ({alert[:6]});" in out
    assert "in the last 7 days it would have hidden 1 of 3" in out
    assert "silence #1 until " in out
    assert "(2h)" in out
    assert "End it: logwatch silence end 1." in out
    assert "no daemon runs now" in out


def test_a_trial_changes_nothing(world, capsys):
    _, out, _ = typed(capsys, "rule=ssh-*", "--for", "2h", "--dry-run")
    assert "would hide 2 firing alerts now" in out
    assert "2 of 3" in out
    assert document(capsys, "list") == {"schema": 1, "silences": []}


def test_a_daemon_that_starts_obeys_it(world, capsys):
    """It is in the store, with a number, an author and a reason."""
    typed(capsys, "rule=ssh-*", "--for", "2h", "-m", "pen test")
    config = load("logwatch.yaml")
    bench = Bench(config.state, *config.rules, sinks=("chat",))
    (one,) = bench.pipeline._dispatch.silences.listed(bench.clock.moment())
    assert (one.number, one.author, one.comment) == (1, ME, "pen test")
    bench.store.close()


def test_an_acknowledgement_names_what_it_waits_for(world, capsys):
    alert = world.ids("ssh-guessing")[1]
    _, out, _ = typed(capsys, "ip=198.51.100.7", "--until-resolved")
    assert f"until {alert[:6]} is resolved" in out
    (listed,) = document(capsys, "list")["silences"]
    assert listed["until_resolved"] == [alert]
    assert listed["until"] is None


def test_a_silence_is_ended_by_its_number(world, capsys):
    """And never again; its number is not given to another."""
    typed(capsys, "rule=oom", "--for", "2h")
    status, out, _ = typed(capsys, "end", "#1")
    assert status == 0
    assert "silence #1 is over; it hid 0 messages" in out
    status, _, err = typed(capsys, "end", "1")
    assert (status, "over already" in err) == (1, True)
    typed(capsys, "rule=oom", "--for", "2h")
    assert [each["number"] for each in document(capsys, "list")["silences"]] == [2]
    assert [each["number"] for each in document(capsys, "list", "--all")["silences"]] == [2, 1]
    _, out, _ = typed(capsys, "list")
    assert "1 silence of the last 7 days over; --all lists them" in out
    assert f"ended 01:00:00 by {ME}" in typed(capsys, "list", "--all")[1]


def test_one_whose_time_is_over_is_not_in_the_list(world, capsys, monkeypatch):
    """Though no daemon has looked at it since."""
    typed(capsys, "rule=oom", "--for", "5m")
    monkeypatch.setattr(Ahead, "now", START + 2 * 3600)
    assert "no silence is in force" in typed(capsys, "list")[1]


def test_the_list_can_be_typed_again(world, capsys):
    """Conditions are quoted for a shell."""
    typed(capsys, "rule=ssh-*", "host=~^web[0-9]+$", "severity>=error", "--for", "1h")
    _, out, _ = typed(capsys, "list")
    assert "'rule=ssh-*' 'host=~^web[0-9]+$' 'severity>=error'" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rule=ssh-gessing"], "no rule is 'ssh-gessing'; did you mean 'ssh-guessing'?"),
        (["rule=shs-*"], "no rule is 'shs-*'"),
        (["severity=eror"], "no severity is 'eror'; did you mean 'error'?"),
        (["source=atuh"], "no source is 'atuh'; did you mean 'auth'?"),
    ],
)
def test_what_no_alert_has_is_warned_of(world, capsys, words, said):
    """It is made all the same: an alert may come that has it."""
    status, out, err = typed(capsys, *words, "--for", "2h")
    assert status == 0
    assert said in err
    assert "hides no firing alert now" in out


@pytest.mark.parametrize(
    "words",
    [
        ["rule=ssh-*"],
        ["rule!=ssh-*"],
        ["rule=logwatch.sink-down"],
        ["user=root"],
        ["dev=sdb"],
        ["severity>=error"],
        ["source=~^au"],
        ["job=db"],
        ["sink=chat"],
    ],
)
def test_what_alerts_can_have_is_not_warned_of(world, capsys, words):
    """What rules capture counts, and what was seen in the last week."""
    assert typed(capsys, *words, "--for", "2h", "--dry-run")[2] == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "silence what?"),
        (["end"], "which one?"),
        (["list", "5"], "list takes no more"),
        (["lst"], "did you mean 'list'?"),
        (["edn", "3"], "did you mean 'end'?"),
        (["end", "three"], "is no number"),
        (["rule=oom"], "until when?"),
        (["rule=oom", "--for", "soon"], "is not a duration"),
        (["rule=oom", "--for", "0"], "for how long?"),
        (["rule=oom", "--until", "later"], "is no time"),
        (["rule=oom", "--until", "2001-01-05T14:00"], "lies in the past"),
        (["rule=oom", "--for", "9999999d"], "beyond what a calendar has"),
        (["severity", "--for", "2h"], "quote what has one"),
        (["oom", "--for", "2h"], "names no field and value"),
        (["ip=~(", "--for", "2h"], "no regular expression"),
        (["ip=~*", "--for", "2h"], "write a \\ before a character that stands for itself"),
        (["ip=~(x+)+$", "--for", "2h"], "very long"),
    ],
)
def test_what_is_no_silence_is_refused(world, capsys, words, said):
    """Wrong usage, with a remedy."""
    status, _, err = typed(capsys, *words)
    assert (status, said in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rul=q"], "no alert can have a field 'rul'; did you mean 'rule'?"),
        (["usr=root"], "no alert can have a field 'usr'; did you mean 'user'?"),
        (["rule=oom", "colour!=red"], "no alert can have a field 'colour'"),
    ],
)
def test_a_field_that_no_alert_can_have_is_refused(world, capsys, words, said):
    """Its conditions would hide nothing, or with != everything; nothing is made, not even tried."""
    for how in ([], ["--dry-run"]):
        status, out, err = typed(capsys, *words, "--for", "2h", *how)
        assert (status, out) == (2, "")
        assert said in err
        assert "--force" in err
    assert document(capsys, "list")["silences"] == []


def test_force_makes_a_silence_on_a_field_that_no_alert_can_have(world, capsys):
    status, out, err = typed(capsys, "rul=q", "--for", "2h", "--force")
    assert status == 0
    assert "warning: no alert can have a field 'rul'; did you mean 'rule'?" in err
    assert "hides no firing alert now" in out
    assert len(document(capsys, "list")["silences"]) == 1


def test_a_field_of_an_old_alert_may_be_asked_for(world, capsys, monkeypatch):
    """Of any that is stored, be it older than a week and its rule gone from the configuration."""
    written = Path("logwatch.yaml").read_text()
    Path("logwatch.yaml").write_text(written.replace("dev", "disk_name"))
    monkeypatch.setattr(Ahead, "now", START + 30 * 86_400)
    assert typed(capsys, "dev=sda", "--for", "2h", "--dry-run")[0] == 0
    assert typed(capsys, "volume=sda", "--for", "2h", "--dry-run")[0] == 2


def test_lines_that_may_have_any_field_are_not_spoken_for(world, capsys):
    """What nothing speaks of is warned of; what is near a name that there is, is a slip."""
    written = Path("logwatch.yaml").read_text()
    added = written.replace("sources:", "sources:\n  api: {path: api.log, format: json}", 1)
    assert added != written
    Path("logwatch.yaml").write_text(added)
    status, _, err = typed(capsys, "tenant=blue", "--for", "2h", "--dry-run")
    assert (status, "no stored alert, has a field 'tenant'" in err) == (0, True)
    assert typed(capsys, "usr=root", "--for", "2h", "--dry-run")[0] == 2


def test_a_broken_configuration_does_not_stand_in_the_way_of_a_silence(world, capsys):
    Path("logwatch.yaml").write_text(Path("logwatch.yaml").read_text() + "\nrul: []\n")
    status, _, err = typed(capsys, "rul=q", "--for", "2h", "--dry-run")
    assert (status, "has a field 'rul'; did you mean 'rule'?" in err) == (0, True)


def test_a_time_of_day_is_the_next_one():
    """17:00 is tomorrow's at six in the evening."""
    noon = datetime(2026, 1, 5, 12, 0).astimezone()
    five = datetime(2026, 1, 5, 17, 0).astimezone()
    assert silence._time("17:00", noon.timestamp()) == five.timestamp()
    tomorrow = (five + timedelta(days=1)).timestamp()
    assert silence._time("17:00", five.timestamp()) == tomorrow
    assert silence._time("2026-01-05T17:00", noon.timestamp()) == five.timestamp()


def test_without_a_store_nothing_is_known_and_it_is_made(tmp_path, capsys, monkeypatch):
    """For a machine that is only installed, and `run --once` from cron."""
    settle(tmp_path, monkeypatch)
    assert typed(capsys, "list")[1] == "there is no silence\n"
    status, out, _ = typed(capsys, "rule=oom", "--for", "1h")
    assert status == 0
    assert "not known: there is no store" in out
    assert [each["number"] for each in document(capsys, "list")["silences"]] == [1]


def test_a_hostile_comment_is_made_harmless(world, capsys):
    """It comes from whoever may write to the socket."""
    typed(capsys, "rule=oom\udcff", "--for", "2h", "-m", "\x1b[2Jgone \udcff")
    assert "\x1b" not in typed(capsys, "list")[1]


def test_what_is_hidden_already_counts_for_nothing(world, capsys):
    """Neither as hidden by it, nor as told."""
    bench = Bench(world.config.state, *world.config.rules, sinks=("chat",))
    first = bench.store.burning()[0].alert
    hidden = replace(first, id="f" * 16, muted_by="mute night")
    bench.pipeline.pending.alerts.append(Addressed(hidden, START, (), burns=True))
    bench.take()
    bench.store.close()
    assert (
        "would hide 2 firing alerts now"
        in typed(capsys, "rule=ssh-*", "--for", "2h", "--dry-run")[1]
    )


def test_silences_of_a_later_version_do_not_hide_the_others(world, capsys):
    """They are left as they are."""
    typed(capsys, "rule=oom", "--for", "2h")
    store = Store(world.config.state)
    later = StateChange(NAME, "2", b"what nobody can read")
    store.commit(Transaction(states={(NAME, "2"): later}), now=START)
    store.close()
    assert [each["number"] for each in document(capsys, "list")["silences"]] == [1]
