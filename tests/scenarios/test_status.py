"""`logwatch status` beside a daemon that runs, hangs, was stopped, or was killed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections import Counter
from signal import SIGCONT, SIGHUP, SIGSTOP
from unittest.mock import patch

import pytest
from doubles.forked import Forked, Running, logwatch
from doubles.process import alerts_in, environment, eventually, line_of, write_config

from logwatch.cli import looker
from logwatch.cli.looker import Looker
from logwatch.cli.main import run_command_line
from logwatch.clock import SystemClock

CONFIG = """\
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules: [{{name: err, match: ERROR, cooldown: 0}}]
sinks:
  out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}
{more}
"""


def config(folder, more: str = "") -> str:
    (folder / "app.log").write_text("fine\nERROR one\n")
    return CONFIG.format(folder=folder, more=more)


def status(daemon: Running, *flags: str, variables=None) -> subprocess.CompletedProcess[str]:
    """The real command, as a person in another shell types it."""
    environ = environment() | (variables or {})
    return logwatch("status", "-c", str(daemon.config), *flags, text=True, env=environ)


def document(daemon: Running, variables=None) -> dict:
    """What `status -o json` prints, without the start of a process."""
    with patch.dict(os.environ, variables or {}):
        _, text = Looker(str(daemon.config), SystemClock()).look()
    return json.loads(text)


def test_a_daemon_that_is_well_says_so_to_people_and_programs(tmp_path):
    with Running(tmp_path, config(tmp_path)).ready() as daemon:
        eventually(lambda: document(daemon)["sinks"][0]["delivered"] == 1, "the alert is delivered")
        shown = status(daemon)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert "all is well: 1 file followed, 0 B behind, 0 messages waiting" in shown.stdout
        assert "hyperscan" in shown.stdout
        assert "/app.log " in shown.stdout  # a long path is cut at its beginning
        answer = json.loads(status(daemon, "-o", "json").stdout)
        assert (answer["schema"], answer["running"], answer["pid"]) == (1, True, daemon.pid)
        assert answer["phase"] == "live"
        assert answer["files"][0]["offset"] == 15
        assert answer["engines"][0]["reason"]
        daemon.stop()
    assert not (tmp_path / "state" / "control.sock").exists()


def test_after_a_stop_it_tells_when_and_that_it_was_in_order(tmp_path):
    with Running(tmp_path, config(tmp_path)).ready() as daemon:
        daemon.stop()
        shown = status(daemon)
    assert shown.returncode == 69
    assert "logwatch is not running" in shown.stdout
    assert "it stopped in order" in shown.stdout


def test_after_kill_9_it_says_so_and_the_next_daemon_takes_the_stale_socket(tmp_path):
    with Running(tmp_path, config(tmp_path)).ready() as daemon:
        daemon.kill()
        assert (tmp_path / "state" / "control.sock").is_socket()
        answer = document(daemon)
        assert (answer["running"], answer["ended_in_order"]) == (False, False)
        assert "it was killed" in status(daemon).stdout
    with Running(tmp_path, daemon.config.read_text()).ready() as daemon:
        assert document(daemon)["pid"] == daemon.pid
        assert "control." not in daemon.stderr
        daemon.stop()


def test_a_sink_that_is_down_is_the_first_thing_that_one_reads(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody listens
        more = f"  pager: {{webhook: {{url: 'http://127.0.0.1:{closed.getsockname()[1]}/'}}}}"
        (tmp_path / "app.log").touch()
        text = config(tmp_path, more)
        (tmp_path / "app.log").write_text("".join(f"ERROR {n}\n" for n in range(8)))
        with Running(tmp_path, text).ready() as daemon:
            daemon.says("sink.down")
            shown = status(daemon)
            assert shown.returncode == 1
            lines = shown.stdout.splitlines()
            assert lines[1] == "✗ 1 thing is wrong"
            assert lines[3].startswith("✗ sink pager: down, 8 messages waiting: no connection")
            pager = document(daemon)["sinks"][1]
            assert (pager["down"], pager["waiting"]) == (True, 8)
            assert pager["failing_since"]
            daemon.stop()
            assert document(daemon)["sinks"] == [{"name": "pager", "waiting": 8, "given_up": 0}]


def test_the_service_managers_folder_is_where_the_socket_goes(tmp_path):
    runtime = tmp_path / "run"
    runtime.mkdir()
    variables = {"RUNTIME_DIRECTORY": str(runtime)}
    with Running(tmp_path, config(tmp_path), variables=variables).ready() as daemon:
        assert (runtime / "control.sock").is_socket()
        assert not (tmp_path / "state" / "control.sock").exists()
        assert document(daemon, variables=variables)["pid"] == daemon.pid
        daemon.stop()
    assert not (runtime / "control.sock").exists()


def test_two_daemons_in_one_folder_are_told_apart_by_their_stores(tmp_path):
    runtime = tmp_path / "run"
    runtime.mkdir()
    variables = {"RUNTIME_DIRECTORY": str(runtime)}
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
    first, second = folders
    with (
        Running(first, config(first), variables=variables).ready() as one,
        Running(second, config(second), variables=variables).ready() as two,
    ):
        assert document(one, variables=variables)["pid"] == one.pid
        assert document(two, variables=variables)["pid"] == two.pid
        two.stop()
        one.stop()


def test_a_reload_is_never_taken_for_a_daemon_that_is_gone(tmp_path):
    with Running(tmp_path, config(tmp_path)).ready() as daemon:
        before = document(daemon)["since"]
        for number in range(3):
            daemon.signal(SIGHUP)
            assert document(daemon)["running"]
            daemon.ready(number + 2)
        assert document(daemon)["since"] > before
        daemon.stop()


def test_a_refused_reload_is_a_trouble_until_it_is_mended(tmp_path):
    text = config(tmp_path)
    with Running(tmp_path, text).ready() as daemon:
        write_config(tmp_path, text.replace("match:", "macht:"))
        daemon.signal(SIGHUP)
        daemon.ready(2)
        shown = status(daemon)
        assert shown.returncode == 1
        assert "✗ config: reload refused" in shown.stdout
        write_config(tmp_path, text)
        daemon.signal(SIGHUP)
        daemon.ready(3)
        assert status(daemon).returncode == 0
        daemon.stop()


def test_a_configuration_that_an_editor_broke_does_not_hide_the_daemon(tmp_path):
    runtime = tmp_path / "run"
    runtime.mkdir()
    variables = {"RUNTIME_DIRECTORY": str(runtime)}
    with Running(tmp_path, config(tmp_path), variables=variables).ready() as daemon:
        daemon.config.write_text("sources: [\n")
        shown = status(daemon, variables=variables)
        assert shown.returncode == 0
        assert "! config: changed on disk since it was read" in shown.stdout
        daemon.stop()


def test_a_daemon_that_hangs_is_named_with_its_process(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(looker, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(looker, "PATIENCE_SECONDS", 0.1)
    with Running(tmp_path, config(tmp_path)).ready() as daemon:
        daemon.signal(SIGSTOP)
        code = run_command_line(["status", "-c", str(daemon.config)])
        daemon.signal(SIGCONT)
        assert code == 69
        assert f"(pid {daemon.pid}) does not answer" in capsys.readouterr().out
        daemon.stop()


def test_where_no_socket_can_be_had_everything_else_works(tmp_path):
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "control.sock").write_text("in the way")
    with Running(tmp_path, config(tmp_path)).ready() as daemon:
        daemon.says("control.unavailable")
        eventually((tmp_path / "alerts.jsonl").exists, "the alert is told all the same")
        assert status(daemon).returncode == 69
        daemon.stop()
    assert (tmp_path / "state" / "control.sock").read_text() == "in the way"


def test_watching_for_a_program_gives_a_document_a_line(tmp_path):
    with Running(tmp_path, config(tmp_path)).ready() as daemon:
        watching = Forked(
            *("status", "-c", daemon.config, "-w", "-o", "json"),
            stdout=subprocess.PIPE,
            env=environment(),
        )
        with watching:
            assert json.loads(line_of(watching.stdout))["pid"] == daemon.pid
            watching.kill()
        daemon.stop()


BLIND = """
from logwatch.matching.engines import Engines

class Blind:
    @staticmethod
    def scan(data):
        return []

choose = Engines.choose

def choose_the_blind(self, patterns, **options):
    choice = choose(self, patterns, **options)
    return choice._replace(prefilter=choice.prefilter._replace(scanner=Blind()))

Engines.choose = choose_the_blind
"""


def test_an_engine_that_lies_is_found_out_told_of_and_shown(tmp_path):
    """It finds nothing at all; the audit sees that, and the lines are found all the same."""
    text = config(tmp_path)
    (tmp_path / "app.log").write_text("".join(f"ERROR {n}\n" for n in range(200)))
    alerts = tmp_path / "alerts.jsonl"
    with Running(tmp_path, text, sabotage=BLIND).ready() as daemon:
        eventually(lambda: len(alerts_in(alerts)) > 200, "every line and the lie are told")
        told = Counter(alert["rule"] for alert in alerts_in(alerts))
        assert told == {"err": 200, "logwatch.engine-differs": 1}
        shown = status(daemon)
        assert shown.returncode == 1
        assert "✗ rule err: the engine" in shown.stdout
        (engine,) = document(daemon)["engines"]
        assert engine["fallback"] == ["err"]
        assert engine["audit"]["differences"] > 0
        daemon.stop()


@pytest.mark.parametrize(
    "condition", ["match: 'x=(a|aa)+(?<!a)$'", "where: {x: '~ ^(a|aa)+(?<!a)$'}"]
)
def test_a_pattern_in_quarantine_is_shown_and_the_rest_goes_on(tmp_path, condition):
    """Each of these lines would take the rule's search longer than the sun will shine."""
    text = (
        config(tmp_path)
        .replace("rules: [", f"rules: [{{name: endless, {condition}, cooldown: 0}}, ")
        .replace("app.log", "app.log, format: logfmt", 1)
    )
    (tmp_path / "app.log").write_text("x=" + "a" * 60 + "\n" + "ERROR one\n")
    with Running(tmp_path, text).ready() as daemon:
        with (tmp_path / "app.log").open("a") as log:
            for _ in range(100):
                log.write("x=" + "a" * 60 + "\n")
            log.write("ERROR two\n")
        eventually(lambda: document(daemon)["engines"][0]["quarantined"], "quarantine")
        shown = status(daemon)
        assert shown.returncode == 1
        assert "✗ rule endless: a pattern of it took too long again and again" in shown.stdout
        assert document(daemon)["engines"][0]["timeouts"]["endless"] > 1
        eventually(lambda: "two" in (tmp_path / "alerts.jsonl").read_text(), "the rest goes on")
        daemon.stop()
