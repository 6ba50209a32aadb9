"""Long runs of what the stories tell in short: a million lines, many stops, many reloads."""

from __future__ import annotations

from random import Random
from signal import SIGHUP
from threading import Event
from time import perf_counter

import pytest
from doubles import oracle
from doubles.load import load
from doubles.process import Running, alerts_in, eventually, run_once, write_config

pytestmark = pytest.mark.stress

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules:
- {oracle.RULE.replace("{", "{{").replace("}", "}}")}
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""


@pytest.mark.parametrize(("noise", "alerts"), [(99, 10_000), (0, 300_000)])
def test_a_great_backlog_is_told_exactly_once(tmp_path, noise, alerts):
    """10,000 alerts among a million lines; then lines of which every one is an alert."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    with oracle.Writer(tmp_path / "app.log", noise=noise) as writer:
        for _ in range(alerts // 1_000):
            writer.write(1_000)
    began = perf_counter()
    done = run_once(tmp_path, config, seconds=300)
    took = perf_counter() - began
    assert (done.returncode, done.stderr) == (0, "")
    account = oracle.settle(alerts_in(out), writer.written)
    assert run_once(tmp_path, config).returncode == 0
    assert len(alerts_in(out)) == account.alerts
    assert account.alerts == alerts
    print(f"{alerts} alerts from {alerts * (noise + 1)} lines in {took:.1f} s")


def test_forty_stops_under_load_repeat_nothing(tmp_path):
    """SIGTERM at a random instant: in a file that takes everything, each alert is there once."""
    config, out, random = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl", Random(5)
    longest, pause = 0.0, Event()
    with oracle.Writer(tmp_path / "app.log") as writer:
        with load(writer):
            for number in range(40):
                with Running(tmp_path, config).ready() as daemon:
                    pause.wait(random.uniform(0, 0.4))
                    if number % 4 == 0:
                        writer.shift()
                        writer.begin_anew()
                    longest = max(longest, daemon.stop())
        assert run_once(tmp_path, config).returncode == 0
    account = oracle.settle(alerts_in(out), writer.written)
    print(f"{account.alerts} alerts, longest stop {longest:.2f} s")
    assert longest < 2.0


def test_forty_reloads_under_load_repeat_nothing(tmp_path):
    """Every other one is broken; the log is rotated on the way."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config).ready() as daemon,
    ):
        with load(writer):
            for number in range(40):
                broken = number % 2
                write_config(tmp_path, config.replace("match:", "macht:") if broken else config)
                if number % 5 == 0:
                    writer.shift()
                    writer.begin_anew()
                daemon.signal(SIGHUP)
                daemon.ready(number + 2)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told", 30)
        assert daemon.stderr.count("config.reload_refused") == 20
        assert daemon.stderr.count("config.reloaded") == 20
        threads, descriptors = daemon.threads(), daemon.descriptors()
        daemon.stop()
    account = oracle.settle(alerts_in(out), writer.written)
    print(f"{account.alerts} alerts, {threads} threads, {descriptors} descriptors at the end")
    assert threads < 12
    assert descriptors < 60
