"""A sink that stands in for another, rates, and sinks that are taken out of the configuration."""

from __future__ import annotations

import socket

from doubles.forked import TRYING_AGAIN_SOON, Running, run_once
from doubles.process import alerts_in, eventually
from doubles.receiver import Receiver

CONFIG = """\
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules: [{{name: err, match: 'ERROR', cooldown: 0}}]
routes: [{{to: pager}}]
sinks:
  pager: {{webhook: 'http://127.0.0.1:{port}/', {beside}}}
  notes: {{jsonl_file: {{path: {folder}/notes.jsonl}}}}
"""


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write(folder, number) -> None:
    with (folder / "app.log").open("a") as file:
        file.writelines(f"ERROR {n}\n" for n in range(number))


def test_what_a_receiver_refuses_goes_to_the_fallback_in_the_same_run(tmp_path):
    """A run that ends waits for the sink that stands in, too."""
    write(tmp_path, 300)
    port = unused_port()
    with Receiver(lambda _number: "refuse", port):
        config = CONFIG.format(folder=tmp_path, port=port, beside="fallback: notes")
        done = run_once(tmp_path, config)
    assert done.returncode == 0
    alerts = [each for each in alerts_in(tmp_path / "notes.jsonl") if each["rule"] == "err"]
    texts = [each["lines"][0]["text"] for each in alerts]
    assert sorted(texts) == sorted(f"ERROR {n}" for n in range(300))


def test_while_nobody_listens_the_fallback_is_told_and_later_whoever_listens(tmp_path):
    port = unused_port()
    notes = tmp_path / "notes.jsonl"
    beside = "fallback: {to: notes, after: 1s}"
    config = CONFIG.format(folder=tmp_path, port=port, beside=beside)
    write(tmp_path, 40)
    with Running(tmp_path, config, sabotage=TRYING_AGAIN_SOON).ready() as daemon:
        eventually(lambda: len(alerts_in(notes)) == 40, "all in the file")
        daemon.says("sink.moved_alert")
        with Receiver(lambda _number: "take", port) as receiver:

            def write_one() -> bool:
                write(tmp_path, 1)
                return bool(receiver.alerts())

            eventually(write_one, "the receiver is told again")
        daemon.stop()


def test_a_sink_with_a_rate_gets_a_few_messages_that_stand_for_all(tmp_path):
    """The single run sends the digest, too, for there is room for it."""
    write(tmp_path, 5000)
    port = unused_port()
    with Receiver(lambda _number: "take", port) as receiver:
        config = CONFIG.format(folder=tmp_path, port=port, beside="rate: 5/h")
        assert run_once(tmp_path, config).returncode == 0
        alerts = receiver.alerts()
    assert len(alerts) == 5
    assert sum(alert["count"] for alert in alerts) == 5000
    assert alerts[-1]["group"]["kind"] == "storm"


def test_what_waits_for_a_sink_that_is_taken_out_is_said(tmp_path):
    write(tmp_path, 3)
    config = CONFIG.format(folder=tmp_path, port=unused_port(), beside="")
    assert run_once(tmp_path, config).returncode == 0
    without = config.replace("pager", "other")
    done = run_once(tmp_path, without)
    assert done.returncode == 0
    assert "sink.absent" in done.stderr
    assert "waiting=3" in done.stderr
