"""SIGHUP: a good configuration takes effect, no line lost or doubled; a bad one changes nothing."""

from __future__ import annotations

from signal import SIGHUP

import pytest
from doubles import oracle
from doubles.forked import Running
from doubles.load import load
from doubles.process import alerts_in, eventually, write_config

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules:
- {oracle.RULE.replace("{", "{{").replace("}", "}}")}
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""


def reloads(daemon: Running, config: str, times: int) -> None:
    """Give it another configuration, and wait until it says that it is done with it."""
    write_config(daemon.folder, config)
    daemon.signal(SIGHUP)
    daemon.ready(times)


def by_rule(out, rule: str):
    return [alert for alert in alerts_in(out) if alert["rule"] == rule]


def test_a_new_rule_takes_effect_and_no_line_is_lost_or_doubled(tmp_path):
    """Five reloads under load, of which two bring mistakes."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    extra = "- {name: more, match: 'MORE (?P<number>\\d+)', cooldown: 0}\n"
    wider = config.replace("sinks:", extra + "sinks:")
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config).ready() as daemon,
    ):
        broken = config.replace("match:", "macht:"), wider.replace("cooldown: 0", "cooldown: soon")
        with load(writer):
            for number, each in enumerate((broken[0], wider, broken[1], config, wider), start=1):
                eventually(lambda so_far=40 * number: len(writer.written) > so_far, "some load")
                reloads(daemon, each, number + 1)
        with (tmp_path / "app.log").open("a") as log:
            log.write("MORE 7\n")
        eventually(lambda: by_rule(out, "more"), "the new rule's alert")
        eventually(lambda: oracle.has_all(by_rule(out, "oracle"), writer.written), "all told")
        daemon.stop()
    assert oracle.settle(by_rule(out, "oracle"), writer.written).alerts > 200
    assert [alert["fields"]["number"] for alert in by_rule(out, "more")] == ["7"]


def test_a_broken_configuration_is_refused_with_its_line(tmp_path):
    """The running one goes on, undisturbed: a file that exists in its hands alone is still read."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config).ready() as daemon,
    ):
        writer.write(10)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "told")
        (tmp_path / "app.log").unlink()
        reloads(daemon, config.replace("match:", "macht:"), 2)
        assert f"{daemon.config}:4:" in daemon.says("config.reload_refused")
        assert "did you mean" in daemon.stderr
        writer.write(10)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "told all the same")
        daemon.stop()
    oracle.settle(alerts_in(out), writer.written)


@pytest.mark.parametrize("state", ["/proc/no/such/folder", "{folder}/app.log"])
def test_a_configuration_that_reads_well_and_cannot_run_is_refused(tmp_path, state):
    """Its state folder cannot be made: the old configuration goes on."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config).ready() as daemon,
    ):
        writer.write(10)
        reloads(daemon, f"state: {state.format(folder=tmp_path)}\n{config}", 2)
        assert "state folder" in daemon.says("config.reload_refused")
        writer.write(10)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "told")
        daemon.stop()
    oracle.settle(alerts_in(out), writer.written)


def test_the_service_manager_is_told_of_a_reload(tmp_path):
    """RELOADING=1 with the monotonic time, then READY=1, for a good and for a bad one."""
    config = CONFIG.format(folder=tmp_path)
    with Running(tmp_path, config).ready() as daemon:
        assert "EXTEND_TIMEOUT_USEC=10000" in daemon.notices, "longer with many files"
        for number, text in enumerate((config, "nonsense: ["), start=2):
            del daemon.notices[:]
            write_config(tmp_path, text)
            daemon.signal(SIGHUP)
            daemon.ready()
            [reloading] = [each for each in daemon.notices if "RELOADING=1" in each]
            assert "MONOTONIC_USEC=" in reloading
            assert not any("STOPPING" in each for each in daemon.notices), number
        daemon.stop()
        daemon.heard()
        assert "STOPPING=1" in daemon.notices[-1]
        assert "EXTEND_TIMEOUT_USEC=21000500" in daemon.notices[-2], "longer with many files"
