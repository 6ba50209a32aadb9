"""SIGTERM under load: an end in order, soon, whatever the sinks do; and a start that goes on."""

from __future__ import annotations

from signal import SIGTERM

from doubles import oracle
from doubles.forked import Running
from doubles.load import load
from doubles.process import PATIENT_STOP, alerts_in, eventually
from doubles.receiver import Receiver

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks:
  out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}
  web: {{{{webhook: {{{{url: '{{url}}'}}}}}}}}
"""


def test_a_hanging_sink_does_not_hold_up_the_stop(tmp_path):
    """Exit 0 at once under load; the next start tells the rest, and nothing twice."""
    out = tmp_path / "alerts.jsonl"
    with Receiver(lambda number: "hang") as receiver, oracle.Writer(tmp_path / "app.log") as writer:
        config = CONFIG.format(folder=tmp_path, url=receiver.url)
        with load(writer), Running(tmp_path, config, sabotage=PATIENT_STOP).ready() as daemon:
            eventually(lambda: len(alerts_in(out)) > 500 and receiver.requests, "some alerts")
            daemon.signal(SIGTERM)
            daemon.stop()
            assert "sink web" in daemon.says("daemon.thread_late")
        before = len(alerts_in(out))
        receiver.decide = lambda number: "take"
        with Running(tmp_path, config).ready() as daemon:
            eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all in the file")
            eventually(lambda: oracle.has_all(receiver.alerts(), writer.written), "all received")
            daemon.stop()
        assert 500 < before < len(alerts_in(out))
        oracle.settle(alerts_in(out), writer.written)
        oracle.settle(receiver.alerts(), writer.written)


def test_a_stop_leaves_nothing_that_was_found_untold(tmp_path):
    """Sinks that answer are given what was found before the stop; a quiet stop takes no time."""
    out = tmp_path / "alerts.jsonl"
    with Receiver() as receiver, oracle.Writer(tmp_path / "app.log") as writer:
        config = CONFIG.format(folder=tmp_path, url=receiver.url)
        with Running(tmp_path, config, sabotage=PATIENT_STOP).ready() as daemon:
            writer.write(200)
            eventually(lambda: alerts_in(out), "the first alert")
            daemon.stop()
        with Running(tmp_path, config, sabotage=PATIENT_STOP).ready() as daemon:
            eventually(lambda: oracle.has_all(receiver.alerts(), writer.written), "all received")
            daemon.stop()
        oracle.settle(alerts_in(out), writer.written)
        oracle.settle(receiver.alerts(), writer.written)
