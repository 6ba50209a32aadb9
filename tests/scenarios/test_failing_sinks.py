"""Sinks that are down, slow, full, or wrong: nothing is lost, and nobody else waits for them."""

from __future__ import annotations

import socket
from collections import defaultdict

import pytest
from doubles import oracle
from doubles.forked import TRYING_AGAIN_SOON, Running
from doubles.process import PATIENT_STOP, alerts_in, eventually
from doubles.receiver import Receiver

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks:
  out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}
  bad: {{{{{{bad}}}}}}
"""


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_receiver_that_was_down_gets_everything_later(tmp_path):
    """First nobody listens, then it answers 503, then it is well; the file never waits for it."""
    out = tmp_path / "alerts.jsonl"
    port = unused_port()
    config = CONFIG.format(folder=tmp_path, bad=f"webhook: 'http://127.0.0.1:{port}/'")
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config, sabotage=TRYING_AGAIN_SOON).ready() as daemon,
    ):
        writer.write(100)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all in the file")
        daemon.says("sink.down")
        with Receiver(lambda number: "unavailable" if number < 4 else "take", port) as receiver:
            writer.write(100)
            eventually(lambda: oracle.has_all(receiver.alerts(), writer.written), "all received")
            daemon.says("sink.up")
            daemon.stop()
        oracle.settle(alerts_in(out), writer.written)
        oracle.settle(receiver.alerts(), writer.written, ordered=False)


def test_the_messages_of_one_episode_come_in_order(tmp_path):
    """`updated` never before `firing`, though every other attempt fails."""
    config = f"""
sources: {{app: {{path: {tmp_path}/app.log, start: beginning}}}}
rules:
- name: many
  match: 'ERROR host=(?P<host>\\w+)'
  by: host
  when: 2 in 1m
  levels: {{warning: 2, error: 4, critical: 6}}
sinks: {{web: {{webhook: {{url: '{{url}}'}}}}}}
"""
    (tmp_path / "app.log").write_text(
        "".join(f"ERROR host=web{host}\n" for _ in range(6) for host in range(10))
    )
    deeds = ("unavailable", "take", "cut")
    with Receiver(lambda number: deeds[number % 3] if number < 40 else "take") as receiver:
        with Running(
            tmp_path, config.replace("{url}", receiver.url), sabotage=TRYING_AGAIN_SOON
        ).ready() as daemon:
            eventually(lambda: len(receiver.taken) == 30, "three messages of each of ten")
            daemon.stop()
        told = defaultdict(list)
        for alert in receiver.alerts():
            told[alert["key"]["host"]].append((alert["seq"], alert["status"], alert["severity"]))
    in_order = [(1, "firing", "warning"), (2, "updated", "error"), (3, "updated", "critical")]
    assert dict(told) == {f"web{host}": in_order for host in range(10)}


def test_an_alert_whose_receipt_is_lost_comes_again_with_its_key(tmp_path):
    """The receiver has it, the connection breaks: a repetition, told by its key."""
    config = CONFIG.format(folder=tmp_path, bad="webhook: {url: '%s'}")
    with Receiver(lambda number: "cut after taking" if number % 4 == 0 else "take") as receiver:
        with (
            oracle.Writer(tmp_path / "app.log") as writer,
            Running(tmp_path, config % receiver.url, sabotage=TRYING_AGAIN_SOON).ready() as daemon,
        ):
            writer.write(20)
            eventually(
                lambda: (
                    {r.key for r in receiver.requests if r.deed == "take"}
                    == {f"{a['id']}:{a['seq']}" for a in alerts_in(tmp_path / "alerts.jsonl")}
                    and len(receiver.taken) > 20
                ),
                "all received and acknowledged",
            )
            daemon.stop()
        account = oracle.settle(receiver.alerts(), writer.written, repetitions=True, ordered=False)
        assert account.repetitions >= 5
        assert all(r.key == f"{r.alert['id']}:{r.alert['seq']}" for r in receiver.requests)


def test_an_alert_that_is_refused_does_not_block_the_next(tmp_path):
    """400 is final for one alert: it is kept as dead, said on stderr, and the rest goes on."""
    config = CONFIG.format(folder=tmp_path, bad="webhook: {url: '%s'}")
    with Receiver(lambda number: "refuse" if number == 2 else "take") as receiver:
        with (
            oracle.Writer(tmp_path / "app.log") as writer,
            Running(tmp_path, config % receiver.url, sabotage=TRYING_AGAIN_SOON).ready() as daemon,
        ):
            writer.write(10)
            eventually(lambda: len(receiver.taken) == 9, "nine of ten")
            daemon.says("sink.rejected_alert")
            daemon.stop()
        assert len(receiver.requests) == 10
        oracle.settle(receiver.alerts(), writer.written[:2] + writer.written[3:])


@pytest.mark.parametrize("where", ["/dev/full", "{folder}", "{folder}/missing/alerts.jsonl"])
def test_a_file_that_cannot_be_written_delays_nobody(tmp_path, where):
    """A full disk, a folder, a missing folder: tried again for ever, other sinks go on."""
    bad = f"jsonl_file: {{path: {where.format(folder=tmp_path)}}}"
    config = CONFIG.format(folder=tmp_path, bad=bad)
    out = tmp_path / "alerts.jsonl"
    sabotage = TRYING_AGAIN_SOON + PATIENT_STOP
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config, sabotage=sabotage).ready() as daemon,
    ):
        writer.write(50)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all in the file")
        daemon.says("sink.down")
        if "missing" in where:
            (tmp_path / "missing").mkdir()
            late = tmp_path / "missing" / "alerts.jsonl"
            eventually(lambda: oracle.has_all(alerts_in(late), writer.written), "all there too")
            oracle.settle(alerts_in(late), writer.written)
        writer.write(50)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all in the file")
        daemon.stop()
    oracle.settle(alerts_in(out), writer.written)


def test_a_pause_between_tries_grows(tmp_path):
    """A dead receiver is probed with one alert, not with all that wait, and ever more seldom."""
    config = CONFIG.format(folder=tmp_path, bad="webhook: {url: '%s'}")
    with Receiver(lambda number: "unavailable") as receiver:
        with (
            oracle.Writer(tmp_path / "app.log") as writer,
            Running(tmp_path, config % receiver.url).ready() as daemon,
        ):
            writer.write(500)
            eventually(lambda: len(receiver.requests) >= 5, "five tries")
            cpu = daemon.cpu_seconds()
            eventually(lambda: len(receiver.requests) >= 7, "seven tries")
            assert daemon.cpu_seconds() - cpu < 0.5
            daemon.stop()
        keys = [each.key for each in receiver.requests]
        assert len(keys) < 40
