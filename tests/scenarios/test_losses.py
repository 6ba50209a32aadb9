"""What is lost is told: by an alert, never by silence, whatever the reason."""

from __future__ import annotations

import gzip
from typing import get_args

import pytest
from doubles import oracle
from doubles.forked import run_once
from doubles.process import alerts_in

from logwatch.daemon import losses
from logwatch.tailer.state import Loss, LossReason

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""


@pytest.mark.parametrize("reason", get_args(LossReason))
def test_every_reason_has_its_words(reason):
    """A reason without words would end the monitor that wants to tell it."""
    loss = Loss(path="/var/log/app.log", generation="1.2.0", start=1_000, end=3_000, reason=reason)
    assert losses.in_words(loss).startswith("/var/log/app.log ")
    assert "2,000 bytes from offset 1,000 on are lost" in losses.in_words(loss)


def test_what_was_compressed_while_nobody_looked_is_read_on(tmp_path):
    """The rest of the old generation, then the new one, with no alert about it."""
    log, config = tmp_path / "app.log", CONFIG.format(folder=tmp_path)
    with oracle.Writer(log) as writer:
        writer.write(10)
        assert run_once(tmp_path, config).returncode == 0
        writer.write(10)
        (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
        log.unlink()
        writer.begin_anew()
        writer.write(5)
        for _ in range(2):
            assert run_once(tmp_path, config).returncode == 0
            alerts = alerts_in(tmp_path / "alerts.jsonl")
            assert oracle.settle(alerts, writer.written).repetitions == 0


@pytest.mark.parametrize("fate", ["deleted", "damaged"])
def test_what_went_while_nobody_looked_is_told(tmp_path, fate):
    """Lines that were never read: one alert, with the path, and the new lines after it."""
    log, config = tmp_path / "app.log", CONFIG.format(folder=tmp_path)
    with oracle.Writer(log) as writer:
        writer.write(10)
        assert run_once(tmp_path, config).returncode == 0
        told = writer.written.copy()
        writer.write(10)
        if fate == "damaged":
            packed = gzip.compress(log.read_bytes())
            (tmp_path / "app.log.1.gz").write_bytes(packed[: len(packed) // 3])
        log.unlink()
        writer.begin_anew()
        del writer.written[:]
        writer.write(5)
        assert run_once(tmp_path, config).returncode == 0
        alerts = alerts_in(tmp_path / "alerts.jsonl")
    [lost] = [alert for alert in alerts if alert["rule"] == "logwatch.source-lost"]
    assert lost["path"] == str(log)
    assert fate in lost["message"]
    oracle.settle(oracle.ours(alerts), told + writer.written)
    assert run_once(tmp_path, config).returncode == 0
    assert len(alerts_in(tmp_path / "alerts.jsonl")) == len(alerts)
