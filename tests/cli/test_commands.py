"""The commands as a person types them: what they print, and how they exit."""

from __future__ import annotations

import errno
import json
import sqlite3
from pathlib import Path

import pytest
from doubles.forked import logwatch

from logwatch.cli.main import VERBS, run_command_line


@pytest.fixture
def config(tmp_path):
    """The minimal configuration, and a log with two errors in five lines."""
    (tmp_path / "app.log").write_text("fine\nERROR one\nfine\nERROR two\nfine\n")
    path = tmp_path / "logwatch.yaml"
    path.write_text(
        f"state: {tmp_path}/state\n"
        f"sources: {{app: {{path: {tmp_path}/app.log, start: beginning}}}}\n"
        "rules: [{name: err, match: 'ERROR', cooldown: 0}]\n"
        f"sinks: {{out: {{jsonl_file: {{path: {tmp_path}/alerts.jsonl}}}}}}\n"
    )
    return path


def test_without_a_verb_it_shows_what_there_is(capsys):
    """The overview names every verb."""
    assert run_command_line([]) == 0
    shown = capsys.readouterr().out
    assert all(verb in shown for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples(verb, capsys):
    """`--help` ends with commands that can be copied."""
    with pytest.raises(SystemExit) as ended:
        run_command_line([verb, "--help"])
    assert ended.value.code == 0
    assert f"logwatch {verb}" in capsys.readouterr().out.partition("examples:")[2]


def test_an_unknown_verb_or_flag_gets_a_suggestion_and_exit_2(capsys):
    """`did you mean`."""
    assert run_command_line(["chekc"]) == 2
    assert "did you mean 'check'?" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        run_command_line(["run", "--onec"])
    assert ended.value.code == 2
    assert "did you mean --once?" in capsys.readouterr().err


def test_a_value_that_will_not_do_is_no_flag_that_was_meant(capsys):
    """`-o xml` meant `-o`; what is suggested is another flag."""
    with pytest.raises(SystemExit):
        run_command_line(["status", "-o", "xml"])
    said = capsys.readouterr().err
    assert "invalid choice: 'xml'" in said
    assert "did you mean" not in said


@pytest.mark.parametrize("word", ["-h", "--help", "help"])
def test_help_on_help_is_the_overview(word, capsys):
    """Somebody who asks for help twice gets it."""
    assert run_command_line(["help", word]) == 0
    assert "logwatch help COMMAND" in capsys.readouterr().out


def test_check_of_a_good_configuration_says_what_it_read(config, capsys):
    """A check that checked nothing would be worse than none."""
    assert run_command_line(["check", str(config)]) == 0
    assert "1 file, 1 rule, 1 source, 1 sink, 0 routes: no problems" in capsys.readouterr().out


def test_check_of_a_bad_configuration_shows_the_place_and_exits_78(config, capsys):
    """file:line:col, the line, a caret, a remedy."""
    config.write_text(config.read_text().replace("cooldown", "coldown"))
    assert run_command_line(["check", "-c", str(config)]) == 78
    shown = capsys.readouterr().out
    assert f"{config}:3:37: error: unknown key 'coldown' in rule 'err'" in shown
    assert "^^^^^^^  did you mean 'cooldown'?" in shown


def test_check_can_speak_json_and_be_strict(config, capsys):
    """For editors and CI."""
    config.write_text(config.read_text().replace("app.log", "nothing-here.log"))
    assert run_command_line(["check", "-c", str(config), "-o", "json", "--strict"]) == 1
    problem, sums = map(json.loads, capsys.readouterr().out.splitlines())
    assert (problem["level"], problem["code"], problem["line"]) == ("warning", "no-match", 2)
    assert (sums["kind"], sums["rules"], sums["errors"], sums["warnings"]) == ("sum", 1, 0, 1)


def test_run_refuses_a_bad_configuration_with_exit_78_and_no_traceback(config):
    """A wrong pattern is shown with its place."""
    config.write_text(config.read_text().replace("'ERROR'", "'ERR('"))
    done = logwatch("run", "-c", config)
    assert done.returncode == 78
    assert b"bad pattern" in done.stderr
    assert b"Traceback" not in done.stderr


def test_alerts_shows_history_and_one_alert_in_full(config, capsys):
    """Newest last, as a log; an id may be shortened."""
    assert logwatch("run", "-c", config, "--once").returncode == 0
    assert run_command_line(["alerts", "-c", str(config)]) == 0
    shown = capsys.readouterr().out
    assert shown.index("err: ERROR one") < shown.index("err: ERROR two")
    assert run_command_line(["alerts", "-c", str(config), "-o", "json", "-n", "1"]) == 0
    newest = json.loads(capsys.readouterr().out)
    assert newest["message"] == "ERROR two"
    assert run_command_line(["alerts", newest["id"][:8], "-c", str(config)]) == 0
    assert f"{config.parent}/app.log:20  ERROR two" in capsys.readouterr().out
    assert run_command_line(["alerts", "--rule", "other", "-c", str(config)]) == 0
    assert run_command_line(["alerts", "zzzz", "-c", str(config)]) == 1
    assert run_command_line(["alerts", "--exit-code", "-c", str(config)]) == 0


@pytest.mark.parametrize(
    ("flags", "status"), [(["--since", "2h"], 0), (["--since", "soon"], 2), (["--until", "1d"], 0)]
)
def test_alerts_understands_durations_and_dates(config, flags, status):
    """What cannot be a time is wrong usage."""
    logwatch("run", "-c", config, "--once")
    assert run_command_line(["alerts", "-c", str(config), *flags]) == status


def test_alerts_without_a_store_says_so(config, capsys):
    """No fault of ours, nor words of SQLite's: a daemon has to run first, as for `status`."""
    assert run_command_line(["alerts", "-c", str(config)]) == 69
    assert capsys.readouterr().err.endswith("/state.db: no daemon has run yet\n")


def test_send_delivers_a_message_that_is_marked_as_a_test(config, capsys):
    """Through the real sink; flags may stand anywhere."""
    assert run_command_line(["send", "out", "-c", str(config), "hello"]) == 0
    sent = json.loads((config.parent / "alerts.jsonl").read_text())
    assert sent["message"] == "[TEST] hello"
    assert sent["labels"] == {"test": "true"}
    assert "delivered" in capsys.readouterr().err


def test_send_show_prints_and_sends_nothing(config, capsysbinary):
    """A look before the leap."""
    assert run_command_line(["send", "out", "-c", str(config), "--show"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["rule"] == "logwatch.test"
    assert not (config.parent / "alerts.jsonl").exists()


def test_send_to_what_is_no_sink_names_those_there_are(config, capsys):
    """And a receiver that is not there is exit 1, with the reason."""
    assert run_command_line(["send", "pager", "-c", str(config)]) == 2
    assert "it has: out" in capsys.readouterr().err
    assert run_command_line(["send", "http://127.0.0.1:9/"]) == 1
    assert "Connection refused" in capsys.readouterr().err


def test_a_rule_tells_a_sink_that_it_names_by_url(tmp_path):
    """No `sinks:` at all; a relative path is one beside the configuration."""
    (tmp_path / "app.log").write_text("disk ERROR\nall is well\n")
    (tmp_path / "logwatch.yaml").write_text(
        "state: state\n"
        "sources: {app: {path: app.log, start: beginning}}\n"
        "rules: [{name: errors, match: ERROR, to: 'jsonl:alerts.jsonl'}]\n"
    )
    done = logwatch("run", "--once", "-c", tmp_path / "logwatch.yaml")
    assert done.returncode in (0, 1), done.stderr
    (told,) = [json.loads(line) for line in (tmp_path / "alerts.jsonl").read_text().splitlines()]
    assert told["rule"] == "errors"


# Four times as fast as a person would watch it: the same lines, in the same order.
IN_A_HURRY = """
from logwatch.cli import demo
play = demo._play
demo._play = lambda folder, seconds, seed: play(folder, seconds / 4, seed)
"""


def test_the_demo_tells_its_story_and_leaves_nothing_behind(tmp_path):
    """Every promised rule fires; the temporary folder is gone."""
    environ = {"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "LANG": "C.UTF-8"}
    done = logwatch("demo", "--for", "10s", env=environ, sabotage=IN_A_HURRY)
    shown = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    for rule in ("ssh-guessing", "oom-kill", "web-5xx-surge", "upstream-down", "app-errors"):
        assert f" {rule} " in shown
    assert "nothing undelivered" in shown
    assert list(tmp_path.iterdir()) == []


def test_the_stock_folder_is_found_in_a_checkout():
    """The demo's rules come from there."""
    from logwatch.cli.demo import stock_folder  # noqa: PLC0415 - imports the daemon

    assert (stock_folder() / "rules.d" / "ssh.yaml").is_file()
    assert isinstance(stock_folder(), Path)


def test_alerts_needs_no_secret_and_no_sound_rule(config, capsys):
    """What reads the store looks at nothing but `state`."""
    assert logwatch("run", "-c", config, "--once").returncode == 0
    config.write_text(config.read_text().replace("'ERROR'", "'${file:/nowhere}('"))
    assert run_command_line(["alerts", "-c", str(config)]) == 0
    assert "err: ERROR two" in capsys.readouterr().out


def test_a_store_that_is_closed_to_this_user_is_exit_77_with_a_remedy(config, monkeypatch, capsys):
    """It holds lines of logs."""
    assert logwatch("run", "-c", config, "--once").returncode == 0
    monkeypatch.setattr("os.access", lambda *_: False)
    assert run_command_line(["alerts", "-c", str(config)]) == 77
    assert "run this as root" in capsys.readouterr().err


def test_a_fault_of_ours_is_exit_70_and_says_so(monkeypatch, capsys):
    """With the traceback, for the report."""
    monkeypatch.setattr("logwatch.cli.check.find_config", lambda *_, **__: 1 / 0)
    assert run_command_line(["check"]) == 70
    shown = capsys.readouterr().err
    assert "ZeroDivisionError" in shown
    assert "this is a fault of logwatch" in shown


def test_an_error_of_the_system_that_is_not_of_the_output_writes_nothing_into_it(
    monkeypatch, capfd
):
    """A program that reads the output as JSON finds no line that is none."""

    def refused(*_, **__):
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

    monkeypatch.setattr("logwatch.cli.check.find_config", refused)
    assert run_command_line(["check", "-o", "json"]) == 70
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "this is a fault of logwatch" in shown.err


def test_check_alone_looks_into_the_working_folder_and_run_never_does(config, monkeypatch, capsys):
    """A file that a stranger left there may name programs to run."""
    monkeypatch.chdir(config.parent)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config.parent / "none"))
    monkeypatch.delenv("LOGWATCH_CONFIG", raising=False)
    assert run_command_line(["check"]) == 0
    assert capsys.readouterr().out.startswith("logwatch.yaml: 1 file")
    done = logwatch("run", "--once")
    assert done.returncode == 78
    assert b"there is no configuration" in done.stderr


def test_a_damaged_store_is_named_as_such_and_not_as_a_fault_of_logwatch(config, tmp_path):
    """With what becomes of it: nobody has to report this."""
    assert logwatch("run", "-c", config, "--once").returncode == 0
    store = sqlite3.connect(tmp_path / "state" / "state.db")
    [(page,)] = store.execute("SELECT rootpage FROM sqlite_master WHERE name = 'segments'")
    [(size,)] = store.execute("PRAGMA page_size")
    store.close()
    with (tmp_path / "state" / "state.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)
    done = logwatch("alerts", "-c", config)
    assert done.returncode == 70
    assert done.stderr.startswith(b"logwatch alerts: the store is damaged: ")
    assert b"goes on with the copy of the last hour" in done.stderr
    assert b"Traceback" not in done.stderr
