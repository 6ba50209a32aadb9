"""Figures to an OpenTelemetry receiver: what its own classes read in them, and how often."""

from __future__ import annotations

import gzip

import pytest
from doubles.scripted_server import ScriptedServer, answer
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from logwatch.clock import ManualClock
from logwatch.config.otel import OtelSettings
from logwatch.daemon.figure_sender import FigureSender
from logwatch.telemetry import telemetry

OK = answer(200, body=b"{}")
PROCESS, CONFIGURED, NOW = 1_767_571_200.0, 1_767_571_300.25, 1_767_571_400.5


def families():
    """One figure of each shape, and what says when things began."""
    waiting = GaugeMetricFamily("logwatch_sink_waiting", "Messages that wait.", labels=["sink"])
    waiting.add_metric(["chat"], 3.0)
    waiting.add_metric(['ö "mail"'], 0.0)
    read = CounterMetricFamily("logwatch_read_bytes", "Bytes read.", labels=["source"])
    read.add_metric(["app"], 2.0**60)
    events = CounterMetricFamily("logwatch_events", "Events.", labels=["event"])
    events.add_metric(["daemon.ready"], 1)
    commits = HistogramMetricFamily("logwatch_commit_seconds", "Commits.")
    commits.add_metric([], [("0.001", 2), ("0.5", 5), ("+Inf", 6)], 1.25)
    return [
        GaugeMetricFamily("process_start_time_seconds", "Start.", value=PROCESS),
        GaugeMetricFamily("logwatch_start_time_seconds", "Start.", value=CONFIGURED),
        GaugeMetricFamily("logwatch_engine_info", "None in use.", labels=["engine"]),
        *(waiting, read, events, commits),
    ]


@pytest.fixture
def sending():
    """A sender, and the receiver that it sends to."""
    made = []

    def make(*answers, **settings):
        server = ScriptedServer(list(answers) or [OK])
        sender = FigureSender(
            OtelSettings(url=server.url(settings.pop("path", "")), **settings),
            families,
            host="web1",
            clock=ManualClock(),
        )
        sender.clock.advance(NOW - sender.clock.wall())
        made.append((sender, server))
        return sender, server

    yield make
    for sender, server in made:
        sender.finish()
        server.close()


def received(request) -> ExportMetricsServiceRequest:
    """The body as the receiver's own classes read it: an unknown name would be an error."""
    body = request.body
    if request.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return Parse(body, ExportMetricsServiceRequest())


def attributes(of) -> dict[str, str]:
    return {each.key: each.value.string_value for each in of}


def test_every_shape_of_figure_is_understood_by_the_protocols_own_classes(sending):
    sender, server = sending(resource={"deployment.environment": "test"})
    sender.send(sender.clock.moment())
    [request] = server.requests
    assert request.line == "POST /v1/metrics HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    [of_resource] = received(request).resource_metrics
    resource = attributes(of_resource.resource.attributes)
    assert resource.pop("service.version")
    assert resource == {
        "service.name": "logwatch",
        "host.name": "web1",
        "deployment.environment": "test",
    }
    [scope] = of_resource.scope_metrics
    assert scope.scope.name == "logwatch"
    found = {each.name: each for each in scope.metrics}
    assert "logwatch_engine_info" not in found, "no metric without a point"

    waiting = found["logwatch_sink_waiting"]
    assert waiting.description == "Messages that wait."
    values = {attributes(p.attributes)["sink"]: p.as_double for p in waiting.gauge.data_points}
    assert values == {"chat": 3.0, 'ö "mail"': 0.0}

    read = found["logwatch_read_bytes_total"]
    assert (read.unit, read.sum.is_monotonic, read.sum.aggregation_temporality) == ("By", True, 2)
    [point] = read.sum.data_points
    assert point.as_double == 2.0**60
    assert point.start_time_unix_nano == 1_767_571_300_250_000_000
    assert point.time_unix_nano == 1_767_571_400_500_000_000
    [event] = found["logwatch_events_total"].sum.data_points
    assert event.start_time_unix_nano == 1_767_571_200_000_000_000, "which outlives a configuration"

    commits = found["logwatch_commit_seconds"]
    assert (commits.unit, commits.histogram.aggregation_temporality) == ("s", 2)
    [curve] = commits.histogram.data_points
    assert (curve.count, curve.sum) == (6, 1.25)
    assert list(curve.bucket_counts) == [2, 3, 1]
    assert list(curve.explicit_bounds) == [0.001, 0.5]


def test_a_path_headers_and_plain_text_are_as_configured(sending):
    sender, server = sending(
        path="/api/v1/otlp/v1/metrics", compression="none", headers={"Authorization": "Bearer x"}
    )
    sender.send(sender.clock.moment())
    [request] = server.requests
    assert request.line == "POST /api/v1/otlp/v1/metrics HTTP/1.1"
    assert request.headers["authorization"] == "Bearer x"
    assert request.body.startswith(b'{"resourceMetrics":')
    assert received(request).resource_metrics


def test_a_receiver_that_fails_is_told_of_once_and_asked_at_the_usual_time(sending, capsys):
    """What it wishes to wait is obeyed; nothing is sent twice, for all figures are cumulative."""
    later = answer(503, "Retry-After: 300")
    sender, server = sending(answer(500), later, answer(400), OK, OK, every=60.0)
    before = telemetry.counters["otel.failed"], telemetry.counters["otel.sent"]
    waits = [sender.send(sender.clock.moment()) for _ in range(5)]
    assert waits == [60, 300, 60, 60, 60]
    assert len(server.requests) == 5
    said = capsys.readouterr().err
    assert (said.count("otel.failed"), said.count("otel.restored")) == (1, 1)
    after = telemetry.counters["otel.failed"], telemetry.counters["otel.sent"]
    assert (after[0] - before[0], after[1] - before[1]) == (3, 2)


def test_what_a_receiver_leaves_out_is_told_once(sending, capsys):
    part = answer(
        200, body=b'{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"too old"}}'
    )
    sender, _ = sending(part, part, OK)
    for _ in range(3):
        assert sender.send(sender.clock.moment()) == 60
    said = capsys.readouterr().err
    assert said.count("otel.refused") == 1
    assert "figures=2" in said
    assert "too old" in said
