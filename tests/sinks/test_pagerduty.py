"""PagerDuty's Events API v2, against a server on the loopback that answers as the real one does."""

from __future__ import annotations

import json

import msgspec
import pytest
from doubles import golden
from doubles.alerts import MEMBER

from logwatch.clock import ManualClock
from logwatch.errors import SinkError
from logwatch.records import (
    AlertContext,
    AlertLine,
    Delivered,
    Group,
    Rejected,
    Retry,
)
from logwatch.sinks.pagerduty import KIND, LARGEST_EVENT, PagerdutySettings, PagerdutySink, events

KEY = "0123456789abcdef0123456789ABCDEF"


def answer(status, body, *headers):
    head = [f"HTTP/1.1 {status} Whatever", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


ACCEPTED = answer(202, b'{"status":"success","message":"Event processed","dedup_key":"b4c1f0"}')
INVALID = answer(
    400,
    b'{"status":"invalid event","message":"Event object is invalid","errors":'
    b"[\"Length of 'routing_key' is incorrect " + KEY.encode() + b'"]}',
)


@pytest.fixture
def sink(server):
    made = []

    def make(*answers):
        receiver = server(*answers)
        settings = PagerdutySettings(routing_key=KEY, url=receiver.url("/v2/enqueue"))
        made.append(PagerdutySink(settings, ManualClock()))
        return made[-1], receiver

    yield make
    for one in made:
        one.close()


def sent(receiver):
    return [json.loads(request.body) for request in receiver.requests]


def test_an_episode_is_triggered_added_to_and_resolved_under_one_key(sink, notification):
    pager, receiver = sink(ACCEPTED)
    for seq, status in enumerate(("firing", "updated", "resolved"), 1):
        outcome = pager.deliver([notification(seq=seq, status=status)])
        assert isinstance(outcome, Delivered)
    events_sent = sent(receiver)
    assert [event["event_action"] for event in events_sent] == ["trigger", "trigger", "resolve"]
    assert {event["dedup_key"] for event in events_sent} == {"b4c1f0"}
    assert {event["routing_key"] for event in events_sent} == {KEY}
    assert {request.line for request in receiver.requests} == {"POST /v2/enqueue HTTP/1.1"}
    assert receiver.requests[0].headers["content-type"] == "application/json"


def test_an_end_of_which_nobody_told_the_beginning_is_triggered_first(sink, notification):
    pager, receiver = sink(ACCEPTED)
    pager.deliver([notification(seq=1, status="resolved", message="resolved after 5s: x")])
    first, second = sent(receiver)
    assert (first["event_action"], second["event_action"]) == ("trigger", "resolve")
    assert "resolved after 5s" in first["payload"]["summary"]


def test_an_end_waits_until_its_beginning_was_taken(sink, notification):
    pager, receiver = sink(answer(503, b""))
    assert isinstance(pager.deliver([notification(seq=1, status="resolved")]), Retry)
    assert [event["event_action"] for event in sent(receiver)] == ["trigger"]


def test_it_is_rejected_with_the_words_of_pagerduty_and_without_the_key(sink, notification):
    pager, _ = sink(INVALID)
    outcome = pager.deliver([notification()])
    assert isinstance(outcome, Rejected)
    assert "Event object is invalid" in outcome.reason
    assert KEY not in outcome.reason


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_tried_again(sink, notification, status):
    pager, _ = sink(answer(status, b""))
    assert isinstance(pager.deliver([notification()]), Retry)


def test_one_that_is_throttled_backs_off_longer_or_as_long_as_it_is_told(sink, notification):
    pager, _ = sink(answer(429, b""), answer(429, b"", "Retry-After: 7"))
    assert pager.deliver([notification()]).after == 60
    assert pager.deliver([notification()]).after == 7


LINES = [
    AlertLine("/var/log/auth.log", 1234, "2026-01-05T01:01:30.000Z", "Failed password for root"),
    AlertLine("/var/log/auth.log", 1300, "2026-01-05T01:01:31.000Z", "Failed \x1b[2J password"),
]
AROUND = AlertContext(
    before=(AlertLine("/var/log/auth.log", 1200, "2026-01-05T01:01:29.000Z", "Connection"),),
    after=(),
)
SEVERAL = {
    "id": "9a0b",
    "rule": "<several>",
    "severity": "critical",
    "key": {},
    "fields": {},
    "message": "12 alerts: ssh-guessing 10, disk-error 2",
    "group": Group(
        kind="group",
        by={"host": "db1"},
        alerts=12,
        burning=2,
        rules={"ssh-guessing": 10, "disk-error": 2},
        members=(MEMBER,),
    ),
}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("firing", {"lines": LINES, "context": AROUND, "labels": {"team": "ops"}}),
        ("runbook", {"labels": {"runbook": "https://wiki.example.org/ssh"}, "severity": "info"}),
        ("resolved", {"seq": 2, "status": "resolved"}),
        ("several", SEVERAL),
    ],
)
def test_an_event_is_as_it_was(alert, name, changes):
    made = [json.loads(each) for each in events(alert(**changes), KEY)]
    golden.check(f"pagerduty-{name}.json", json.dumps(made, indent=1, ensure_ascii=False) + "\n")


def test_a_runbook_that_is_no_url_is_told_but_is_no_link(alert):
    (event,) = events(alert(labels={"runbook": "javascript:alert(1)"}), KEY)
    event = json.loads(event)
    assert "links" not in event
    assert event["payload"]["custom_details"]["runbook"] == "javascript:alert(1)"


@pytest.mark.parametrize("text", ["€" * 100_000, "\x1b" * 100_000, '"\\' * 50_000, "\u202e" * 9000])
def test_what_pagerduty_limits_is_kept_to(alert, text):
    lines = [AlertLine(text, 0, "", text)] * 40
    (event,) = events(
        alert(
            id=text,
            message=text,
            host=text,
            rule=text,
            source=text,
            fields={f"{number}{text}": text for number in range(50)},
            labels={"runbook": f"https://{text}"},
            lines=lines,
            context=AlertContext(before=tuple(lines), after=tuple(lines)),
        ),
        KEY,
    )
    assert len(event) <= LARGEST_EVENT
    event = json.loads(event)
    assert len(event["payload"]["summary"]) <= 1024
    assert len(event["dedup_key"]) <= 255
    assert json.dumps(event, ensure_ascii=False).isprintable()


def test_an_event_that_is_too_large_loses_its_lines_first(alert, monkeypatch):
    monkeypatch.setattr("logwatch.sinks.pagerduty.LARGEST_EVENT", 1200)
    (event,) = events(alert(lines=LINES * 40, context=AROUND, message="m" * 200), KEY)
    details = json.loads(event)["payload"]["custom_details"]
    assert "lines" not in details
    assert details["left out"] == "too large for PagerDuty: logwatch why b4c1f0"
    assert details["message"] == "m" * 200


def test_events_go_where_the_account_is():
    sink = PagerdutySink(PagerdutySettings(routing_key=KEY, region="eu"), ManualClock())
    assert sink._endpoint.shown == "https://events.eu.pagerduty.com/…"


@pytest.mark.parametrize("key", [KEY[1:], KEY + "0", "secret-" + KEY[7:], "a b"])
def test_a_key_that_cannot_be_is_refused_at_the_start_without_repeating_it(key):
    with pytest.raises(SinkError, match="Integration Key") as caught:
        KIND.make(PagerdutySettings(routing_key=key))
    assert key not in str(caught.value)


def test_the_key_does_not_show_and_must_be_there():
    assert KEY not in repr(PagerdutySettings(routing_key=KEY))
    with pytest.raises(msgspec.ValidationError, match="must not be empty"):
        msgspec.convert({"routing_key": ""}, PagerdutySettings)
