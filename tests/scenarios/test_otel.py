"""`otel:` of a running daemon: the figures of `/metrics`, and a receiver that holds nobody up."""

from __future__ import annotations

import gzip

from doubles.forked import Running
from doubles.process import PATIENT_STOP, alerts_in, eventually
from doubles.scripted_server import ScriptedServer, answer, silence
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from logwatch.daemon.exposition_names import HELP

CONFIG = """\
otel: {{url: '{url}', every: 200ms}}
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules: [{{name: err, match: 'ERROR', cooldown: 0}}]
sinks: {{out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}}}
"""
OFTEN = f"{PATIENT_STOP}\nfrom logwatch.config import otel; otel.SHORTEST = 0.2"
"""The shortest pause is five seconds for users."""


def figures(server: ScriptedServer) -> dict[str, list[float]]:
    """What was sent last: name -> values."""
    body = gzip.decompress(server.requests[-1].body)
    request = Parse(body, ExportMetricsServiceRequest())
    metrics = request.resource_metrics[0].scope_metrics[0].metrics
    return {
        each.name: [point.as_double for of in (each.gauge, each.sum) for point in of.data_points]
        for each in metrics
    }


def test_the_figures_of_a_daemon_arrive_and_go_on(tmp_path):
    """At its start and then every so often; each name is one of docs/metrics.md."""
    (tmp_path / "app.log").write_text("ERROR one\nfine\nERROR two\n")
    server = ScriptedServer([answer(200, body=b"{}")])
    config = CONFIG.format(folder=tmp_path, url=server.url(""))
    with Running(tmp_path, config, sabotage=OFTEN).ready() as daemon:
        eventually(lambda: server.requests, "a first request")
        assert figures(server)["logwatch_rules"] == [1]
        eventually(
            lambda: sum(figures(server).get("logwatch_alerts_total", ())) == 2, "the alerts", 20
        )
        last = figures(server)
        assert last["logwatch_read_lines_total"] == [3]
        ours = {name for name in last if name.startswith("logwatch_")}
        assert ours <= {f"logwatch_{name}" for name in HELP}
        assert "process_resident_memory_bytes" in last
        daemon.stop()
    server.close()


def test_a_receiver_that_never_answers_holds_up_neither_alerts_nor_the_stop(tmp_path):
    (tmp_path / "app.log").write_text("ERROR one\n")
    server = ScriptedServer([silence])
    config = CONFIG.format(folder=tmp_path, url=server.url(""))
    with Running(tmp_path, config, sabotage=OFTEN).ready() as daemon:
        eventually(lambda: server.requests, "a request that hangs")
        eventually(lambda: len(alerts_in(tmp_path / "alerts.jsonl")) == 1, "the alert")
        daemon.stop()
    server.close()
