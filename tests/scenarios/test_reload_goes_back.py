"""A new configuration under which the daemon cannot be started: the one before runs on.

The threads of the new one are there in part, have read and told something, and end in order.
"""

from __future__ import annotations

from signal import SIGHUP

import pytest
from doubles import oracle
from doubles.forked import Running
from doubles.load import load
from doubles.process import alerts_in, eventually, write_config

CONFIG = f"""\
sources:
  app: {{{{path: {{folder}}/app.log, start: beginning}}}}
  box: {{{{syslog: {{{{unix: {{folder}}/box}}}}}}}}
rules:
- {oracle.RULE.replace("{", "{{").replace("}", "}}")}
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""

SABOTAGE = """\
from logwatch.daemon.{module} import {owner} as Owner
usual, calls = Owner.{method}, []
def fails(self, *arguments):
    calls.append(self)
    if len(calls) == 2:
        raise {error}
    return usual(self, *arguments)
Owner.{method} = fails
"""
"""The second daemon cannot be started, as where no thread is left (TasksMax=)."""

NO_THREAD = 'RuntimeError("no thread is left")'
STAGES = [
    ("control", "ControlServer", "start", NO_THREAD),
    ("timed_work", "TimedWork", "start", NO_THREAD),
    ("following", "Following", "prepare", "OSError(24, 'Too many open files')"),
    ("consumer", "Consumer", "start", NO_THREAD),
    ("deliverer", "Deliverer", "start", NO_THREAD),
    ("supervisor", "Daemon", "_say_ready", "ZeroDivisionError('a fault of ours')"),
    ("following", "Following", "start", "OSError(24, 'Too many open files')"),
    ("supervisor", "Daemon", "_await_first_looks", NO_THREAD),
    ("backing_up", "BackingUp", "start", NO_THREAD),
]


@pytest.mark.parametrize(("module", "owner", "method", "error"), STAGES)
def test_a_daemon_that_cannot_be_started_gives_way_to_the_one_before(
    tmp_path, module, owner, method, error
):
    """Under load, wherever the start breaks off; a later reload is taken."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    sabotage = SABOTAGE.format(module=module, owner=owner, method=method, error=error)
    wider = config.replace("sinks:", "- {name: more, match: 'MORE', cooldown: 0}\nsinks:")
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config, sabotage=sabotage).ready() as daemon,
    ):
        daemon.may_trace = True
        with load(writer):
            eventually(lambda: len(writer.written) > 20, "some load")
            write_config(tmp_path, wider)
            daemon.signal(SIGHUP)
            daemon.says("config.reload_refused")
            daemon.says("daemon.ready", 2)
        assert "config.reloaded" not in daemon.stderr
        assert any("reload refused: " in each for each in daemon.heard())
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told")
        daemon.signal(SIGHUP)
        assert "rules=2" in daemon.says("config.reloaded")
        writer.write(10)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "told by that")
        daemon.stop()
    oracle.settle(alerts_in(out), writer.written)


def test_the_first_daemon_has_none_before_it(tmp_path):
    """It ends as a fault of ours does, with its store closed, and starts again afterwards."""
    config = CONFIG.format(folder=tmp_path)
    sabotage = SABOTAGE.format(
        module="consumer", owner="Consumer", method="start", error="RuntimeError('no')"
    ).replace("== 2", "== 1")
    with Running(tmp_path, config, sabotage=sabotage) as daemon:
        daemon.may_trace = True
        assert daemon.exit_status() not in (0, 78)
        assert "config.reload_refused" not in daemon.stderr
        assert "daemon.stopped" in daemon.stderr
    with Running(tmp_path, config).ready() as daemon:
        daemon.stop()
