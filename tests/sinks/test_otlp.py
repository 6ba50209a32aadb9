"""OTLP over HTTP, against a server on the loopback that answers as the protocol says."""

from __future__ import annotations

import gzip
import json

import msgspec
import pytest
from doubles import golden

from logwatch import __version__
from logwatch.clock import ManualClock
from logwatch.records import AlertLine, Delivered, Group, Rejected, Retry
from logwatch.sinks import otlp
from logwatch.sinks.otlp import KIND, OtlpSettings, OtlpSink, partial_success
from logwatch.sinks.otlp_record import record_of, request_of
from logwatch.telemetry import telemetry


def answer(status, *headers, body=b"{}"):
    head = [f"HTTP/1.1 {status} Whatever", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


OK = answer(200)


@pytest.fixture
def sink(server):
    made = []

    def make(*answers, path="", **settings):
        receiver = server(*(answers or (OK,)))
        made.append(OtlpSink(OtlpSettings(url=receiver.url(path), **settings), ManualClock()))
        return made[-1], receiver

    yield make
    for one in made:
        one.close()


def records(request):
    body = request.body
    if request.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return [
        record
        for resource in json.loads(body)["resourceLogs"]
        for scope in resource["scopeLogs"]
        for record in scope["logRecords"]
    ]


def attributes(holder):
    return {each["key"]: next(iter(each["value"].values())) for each in holder["attributes"]}


def test_a_batch_is_one_request_of_compressed_json(sink, notification):
    collector, receiver = sink()
    batch = [notification(seq=seq) for seq in range(1, 201)]
    assert isinstance(collector.deliver(batch), Delivered)
    (request,) = receiver.requests
    assert request.line == "POST /v1/logs HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["content-encoding"] == "gzip"
    found = [attributes(record)["logwatch.alert.seq"] for record in records(request)]
    assert found == [str(seq) for seq in range(1, 201)]
    assert collector.batch_size == 512


def test_it_can_be_sent_as_it_is(sink, notification):
    collector, receiver = sink(compression="none", headers={"Authorization": "Bearer x"})
    collector.deliver([notification()])
    (request,) = receiver.requests
    assert "content-encoding" not in request.headers
    assert request.headers["authorization"] == "Bearer x"
    assert len(records(request)) == 1


@pytest.mark.parametrize(
    ("path", "target"), [("", "/v1/logs"), ("/", "/v1/logs"), ("/otlp/logs?x=1", "/otlp/logs?x=1")]
)
def test_the_path_is_added_where_there_is_none(sink, notification, path, target):
    collector, receiver = sink(path=path)
    collector.deliver([notification()])
    assert receiver.requests[0].line == f"POST {target} HTTP/1.1"


GROUP = Group(kind="storm", by={}, alerts=90, burning=2, rules={"ssh-guessing": 90}, members=())


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("firing", {"labels": {"team": "ops"}, "severity": "critical"}),
        ("several", {"rule": "<several>", "group": GROUP, "status": "updated", "seq": 3}),
    ],
)
def test_a_request_is_as_it_was(alert, name, changes):
    made = request_of([alert(**changes)], {"deployment.environment": "test"})
    text = json.dumps(made, indent=1, ensure_ascii=False).replace(__version__, "VERSION")
    golden.check(f"otlp-{name}.json", text + "\n")


@pytest.mark.parametrize(
    ("severity", "number"), [("info", 9), ("warning", 13), ("error", 17), ("critical", 21)]
)
def test_severities_have_the_numbers_of_the_data_model(alert, severity, number):
    record = record_of(alert(severity=severity))
    assert (record["severityNumber"], record["severityText"]) == (number, severity)


def test_alerts_of_several_hosts_are_of_several_resources(alert):
    made = request_of([alert(host="a"), alert(host="b"), alert(host="a", seq=2)], {})
    hosts = [attributes(each["resource"])["host.name"] for each in made["resourceLogs"]]
    counts = [len(each["scopeLogs"][0]["logRecords"]) for each in made["resourceLogs"]]
    assert list(zip(hosts, counts, strict=True)) == [("a", 2), ("b", 1)]


def test_times_are_nanoseconds_as_text_and_unknown_where_there_are_none(alert):
    assert record_of(alert(at="2026-01-05T01:01:30.012Z"))["timeUnixNano"] == "1767574890012000000"
    assert record_of(alert(at="never"))["timeUnixNano"] == "0"


def test_records_are_bounded_and_names_stand_once(alert):
    text = "€\x1b" * 50_000
    many = {f"{number}{text}": text for number in range(300)}
    record = record_of(
        alert(message=text, key=many, fields=many, lines=[AlertLine("/x", 0, "", text)] * 90)
    )
    names = [each["key"] for each in record["attributes"]]
    assert len(names) == len(set(names)) == 128
    assert len(msgspec.json.encode(record)) < 3_000_000
    assert len(record["body"]["stringValue"]) <= 4096


def test_a_large_batch_is_several_requests(sink, notification, monkeypatch):
    monkeypatch.setattr(otlp, "LARGEST_REQUEST", 20_000)
    collector, receiver = sink()
    batch = [notification(seq=seq, message="m" * 1000) for seq in range(64)]
    assert isinstance(collector.deliver(batch), Delivered)
    sizes = [len(gzip.decompress(request.body)) for request in receiver.requests]
    assert len(sizes) > 1
    assert max(sizes) <= 20_000
    seqs = [
        attributes(each)["logwatch.alert.seq"] for r in receiver.requests for each in records(r)
    ]
    assert seqs == [str(seq) for seq in range(64)]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_the_protocol_lets_one_try_again_is_tried_again(sink, notification, status):
    collector, _ = sink(answer(status, "Retry-After: 9"))
    outcome = collector.deliver([notification()])
    assert isinstance(outcome, Retry)
    assert outcome.after == 9


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 425, 500, 501])
def test_nothing_else_is_tried_again(sink, notification, status):
    collector, _ = sink(answer(status, body=b'{"message": "no such \x1b tenant"}'))
    outcome = collector.deliver([notification()])
    assert isinstance(outcome, Rejected)
    assert "no such ␛ tenant" in outcome.reason


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_batch_is_not_taken_apart_for_what_is_not_about_its_content(sink, notification, status):
    collector, _ = sink(answer(status))
    assert isinstance(collector.deliver([notification()] * 5), Rejected)
    assert collector.batch_size == 512


@pytest.mark.parametrize("status", [400, 413])
def test_of_a_batch_whose_content_is_refused_each_is_tried_by_itself(sink, notification, status):
    collector, _ = sink(answer(status), answer(status), OK)
    batch = [notification(seq=seq) for seq in range(3)]
    outcome = collector.deliver(batch)
    assert isinstance(outcome, Retry)
    assert "3 alerts are sent again, each by itself" in outcome.reason
    outcomes = []
    for one in batch:
        assert collector.batch_size == 1
        outcomes.append(type(collector.deliver([one])))
    assert outcomes == [Rejected, Delivered, Delivered]
    assert collector.batch_size == 512


def test_what_a_receiver_left_out_is_said_and_not_sent_again(sink, notification, capsys):
    remark = "body too long \x1b[2J"
    body = {"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": remark}}
    collector, receiver = sink(answer(200, body=json.dumps(body).encode()))
    before = telemetry.counters["otlp.records_rejected"]
    assert isinstance(collector.deliver([notification()] * 3), Delivered)
    assert len(receiver.requests) == 1
    assert telemetry.counters["otlp.records_rejected"] == before + 2
    said = capsys.readouterr().err
    assert "otlp.partial_success" in said
    assert "\x1b[2J" not in said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{}", (0, "")),
        ("", (0, "")),
        ("<html>", (0, "")),
        ("[]", (0, "")),
        ('{"partialSuccess": null}', (0, "")),
        ('{"partialSuccess": {}}', (0, "")),
        ('{"partialSuccess": {"rejectedLogRecords": 3}}', (3, "")),
        ('{"partialSuccess": {"rejectedLogRecords": "x"}}', (0, "")),
        ('{"partialSuccess": {"rejectedLogRecords": -3}}', (0, "")),
        ('{"partialSuccess": {"rejectedLogRecords": "0", "errorMessage": "hint"}}', (0, "hint")),
    ],
)
def test_every_answer_can_be_read(body, said):
    assert partial_success(body) == said


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "secret"},
        {"url": "http://h", "headers": {"Content-Encoding": "br"}},
        {"url": "http://h", "headers": {"X": "secret\n"}},
        {"url": "http://h", "tls": {}},
        {"url": "http://h", "timeout": 0.0},
    ],
)
def test_settings_that_cannot_be_are_refused_without_repeating_a_secret(settings):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(settings, OtlpSettings)
    assert "secret" not in str(caught.value)


def test_no_secret_shows_and_a_url_makes_one():
    settings = KIND.from_url("otlp+https://u:s3cr3t@h/s3cr3t")
    assert repr(settings) == "OtlpSettings(url='https://h/…')"
