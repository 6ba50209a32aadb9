"""`logwatch reload`: asks the daemon, waits for its verdict, prints what is different."""

from __future__ import annotations

import json
from signal import SIGHUP
from time import perf_counter

from doubles import oracle, process
from doubles.forked import Running, logwatch
from doubles.load import load
from doubles.process import alerts_in, environment, eventually, write_config

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules:
- {oracle.RULE.replace("{", "{{").replace("}", "}}")}
- {{{{name: failures, match: 'Failed', when: 5 in 2m, cooldown: 15m}}}}
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""


def reload(
    daemon: Running,
    *flags: str,
    config: str | None = None,
    variables: dict[str, str] | None = None,
):
    """The finished command; `config` is written first."""
    if config is not None:
        write_config(daemon.folder, config)
    environ = environment() | (variables or {})
    return logwatch("reload", "-c", str(daemon.config), *flags, text=True, env=environ)


def test_it_prints_what_is_different_once_that_is_in_force(tmp_path):
    """With the configuration's number and how long it took; the dry run before changes nothing."""
    config = CONFIG.format(folder=tmp_path)
    after = config.replace("15m", "30m").replace(
        "sinks:", "- {name: port-scan, match: 'SYN'}\nsinks:"
    )
    lines = ["+ rule port-scan", "~ rule failures (cooldown 15m → 30m, keeps its state)"]
    with Running(tmp_path, config).ready() as daemon:
        dry = reload(daemon, "--dry-run", config=after)
        assert dry.stdout.splitlines() == [*lines, "dry run: generation 1 goes on"]
        assert (dry.returncode, dry.stderr) == (0, "")
        done = reload(daemon)
        assert done.returncode == 0
        assert done.stdout.splitlines()[:-1] == lines
        assert done.stdout.splitlines()[-1].startswith("generation 2 after ")
        again = json.loads(reload(daemon, "-o", "json").stdout)
        assert (again["accepted"], again["generation"], again["changes"]) == (True, 3, [])
        assert "port-scan" in daemon.says("config.reloaded")
        daemon.signal(SIGHUP)
        daemon.ready(4)
        status = logwatch("status", "-c", daemon.config, "-o", "json", env=environment())
        assert json.loads(status.stdout)["config"]["generation"] == 4
        daemon.stop()


def test_mistakes_are_printed_as_check_prints_them_and_nothing_changes(tmp_path):
    """Exit 78, with every error and its line; the dry run says the same."""
    config = CONFIG.format(folder=tmp_path)
    broken = config.replace("cooldown: 15m", "coldown: 15m").replace("5 in 2m", "5 in 2min")
    with Running(tmp_path, config).ready() as daemon:
        for flags in ([], ["--dry-run"]):
            refused = reload(daemon, *flags, config=broken)
            assert (refused.returncode, refused.stdout) == (78, "")
            assert "unknown key 'coldown'" in refused.stderr
            assert "'2min' is not a duration" in refused.stderr
            assert "did you mean 'cooldown'?" in refused.stderr
            assert "generation 1 goes on" in refused.stderr.splitlines()[-1]
        verdict = json.loads(reload(daemon, "-o", "json").stdout)
        assert not verdict["accepted"]
        assert [each["code"] for each in verdict["problems"]] == ["bad-value", "unknown-key"]
        assert daemon.stderr.count("config.reload_refused") == 2  # a dry run is no event
        assert reload(daemon, config=config).returncode == 0
        daemon.stop()


def test_what_cannot_run_is_rolled_back(tmp_path):
    """It reads well, the daemon before it has ended, and then its store cannot be had."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    place = {"RUNTIME_DIRECTORY": str(tmp_path)}  # where it is found whatever the file says
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config, variables=place).ready() as daemon,
    ):
        writer.write(10)
        elsewhere = f"state: {tmp_path}/app.log\n{config}"
        refused = reload(daemon, config=elsewhere, variables=place)
        assert refused.returncode == 78
        assert "state folder" in refused.stderr
        assert "generation 1 goes on" in refused.stderr
        writer.write(10)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "told all the same")
        daemon.stop()
    oracle.settle(alerts_in(out), writer.written)


def test_without_a_daemon_it_exits_with_69(tmp_path):
    config = CONFIG.format(folder=tmp_path)
    with Running(tmp_path, config).ready() as daemon:
        daemon.stop()
        absent = reload(daemon)
    assert absent.returncode == 69
    assert "no daemon of this configuration answers" in absent.stderr


def test_a_file_that_is_no_yaml_is_said_to_be_that(tmp_path):
    """The daemon is found by the line that says where its store is, or by its socket, or not."""
    config = CONFIG.format(folder=tmp_path)
    place = {"RUNTIME_DIRECTORY": str(tmp_path)}
    for variables in (place, {}):
        with Running(tmp_path, config, variables=variables).ready() as daemon:
            for broken, found in (("sources: [", True), ("state: [", variables is place)):
                refused = reload(daemon, config=broken, variables=variables)
                assert refused.returncode == 78
                assert "logwatch.yaml:" in refused.stderr
                assert ("generation 1 goes on" in refused.stderr) is found
            daemon.stop()


def test_a_daemon_that_dies_meanwhile_is_not_waited_for(tmp_path):
    """The command ends at once, with 69, and says that nobody answers."""
    config = CONFIG.format(folder=tmp_path)
    slow = "import os, threading, logwatch.config.loader as l\nload = l.load\n"
    slow += "def die(*a, **k):\n"
    slow += "    if threading.current_thread().name == 'reload': os._exit(9)\n"
    slow += "    return load(*a, **k)\nl.load = die"
    with process.Running(tmp_path, config, sabotage=slow).ready() as daemon:
        began = perf_counter()
        gone = reload(daemon)
        assert (gone.returncode, gone.stdout) == (69, "")
        assert perf_counter() - began < 30
        assert daemon.exit_status() == 9


def test_reloads_under_load_lose_and_repeat_nothing(tmp_path):
    """Good and broken by turns, each with its verdict; every line is told once."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config).ready() as daemon,
    ):
        with load(writer):
            for number in range(3):
                broken = reload(daemon, config=config.replace("match:", "macht:", 1))
                assert broken.returncode == 78
                cooldown = f"cooldown: {number + 20}m"
                good = reload(daemon, config=config.replace("cooldown: 15m", cooldown))
                assert good.returncode == 0, good.stderr
                assert f"→ {number + 20}m" in good.stdout
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told")
        daemon.stop()
    oracle.settle(alerts_in(out), writer.written)
