"""Bodies of one's own, and signatures."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.clock import ManualClock
from logwatch.records import Delivered
from logwatch.sinks import webhook
from logwatch.sinks.json_template import JSONTemplate, values_of
from logwatch.sinks.webhook import WebhookSettings, WebhookSink
from logwatch.telemetry import telemetry

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def sent(server, notification):
    """What is sent for an alert, given settings."""
    sinks = []

    def send(changes=(), **settings):
        receiver = server(OK)
        one = WebhookSink(WebhookSettings(url=receiver.url(), **settings), ManualClock())
        sinks.append(one)
        assert isinstance(one.deliver([notification(**dict(changes))]), Delivered)
        return receiver.requests[-1]

    yield send
    for one in sinks:
        one.close()


BODY = """\
{"text": "{rule} on {host}: {message}", "n": {count}, "big": "{count:,}", "key": {key},
 "user": "{user|nobody}", "team": {team}, "level": {level|5}, "who": {who|nobody},
 "late": {late}, "where": {"path": {path}, "lines": {lines}}, "braces": "{ } {}"}"""


def test_placeholders_become_text_within_quotes_and_values_without(sent):
    request = sent({"count": 12345, "message": 'said "no" \\ \n'}, body=BODY)
    assert json.loads(request.body) == {
        "text": 'ssh-guessing on web1: said "no" \\ \n',
        "n": 12345,
        "big": "12,345",
        "key": {"ip": "203.0.113.9"},
        "user": "nobody",
        "team": None,
        "level": 5,
        "who": "nobody",
        "late": False,
        "where": {
            "path": "/var/log/auth.log",
            "lines": [
                {
                    "path": "/var/log/auth.log",
                    "offset": 1234,
                    "time": "2026-01-05T01:01:30.000Z",
                    "text": "Failed",
                }
            ],
        },
        "braces": "{ } {}",
    }


def test_the_alert_itself_wins_over_a_field_of_its_name_and_can_be_had_whole(sent, alert):
    request = sent(
        {"fields": {"rule": "forged", "user": "root"}, "labels": {"user": "x"}},
        body='{"rule": {rule}, "user": {user}, "event": {alert}, "text": "{key}"}',
    )
    body = json.loads(request.body)
    assert (body["rule"], body["user"]) == ("ssh-guessing", "x")
    assert body["event"]["id"] == alert().id
    assert json.loads(body["text"]) == {"ip": "203.0.113.9"}


def test_the_words_that_people_are_told_can_be_had(sent):
    request = sent(body='{"title": {title}, "how": "{silence}; {see}", "all": {text}}')
    body = json.loads(request.body)
    assert body["title"].startswith("▲ WARNING ssh-guessing on web1/auth: 5 failed logins")
    assert body["how"].startswith("logwatch silence rule=ssh-guessing")
    assert "path: /var/log/auth.log" in body["all"]


@given(text=st.text(), name=st.sampled_from(["message", "user", "host"]))
def test_no_text_of_a_log_changes_the_structure(text, name):
    template = JSONTemplate('{"a": "{X}", "b": {X}, "c": 1}'.replace("X", name))
    filled = json.loads(template.render({name: text}))
    assert filled == {"a": text, "b": text, "c": 1}


@pytest.mark.parametrize(
    "body",
    [
        "{message}}",
        '{"text": {message}',
        '{"text": "{message}',
        "{'text': '{message}'}",
        '{"n": {count}0x}',
        "text",
        "",
        '{"a": "{count:zz}"}',
        '{"a": "{count:99999}"}',
    ],
)
def test_a_body_that_is_not_json_once_filled_is_refused(body):
    with pytest.raises(ValueError, match=r"JSON|format"):
        WebhookSettings(url="https://host/", body=body)


def test_a_body_that_fails_is_replaced_by_the_alert_and_said_once(
    server, notification, monkeypatch, capsys
):
    monkeypatch.setattr(JSONTemplate, "render_alert", lambda _self, _alert: b"{")
    receiver = server(OK)
    settings = WebhookSettings(url=receiver.url("/secret-path"), body='{"a": 1}')
    one = WebhookSink(settings, ManualClock())
    before = telemetry.counters["sink.template_failed"]
    for seq in (1, 2, 3):
        assert isinstance(one.deliver([notification(seq=seq)]), Delivered)
    one.close()
    assert [json.loads(each.body)["seq"] for each in receiver.requests] == [1, 2, 3]
    assert telemetry.counters["sink.template_failed"] == before + 3
    said = capsys.readouterr().err
    assert said.count("sink.template_failed") == 1
    assert "b4c1f0:1" in said
    assert "secret-path" not in said


def verify(secret: bytes, headers: dict[str, str], body: bytes, now: float) -> bool:
    """As the page of the webhook says that a receiver should."""
    timestamp = headers["x-logwatch-timestamp"]
    expected = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    fresh = abs(now - int(timestamp)) <= 300
    return fresh and hmac.compare_digest("sha256=" + expected, headers["x-logwatch-signature"])


def test_a_signed_request_is_told_from_others(sent):
    now = ManualClock().wall()
    request = sent(secret="s3cr3t-of-ours")
    assert verify(b"s3cr3t-of-ours", request.headers, request.body, now)
    assert not verify(b"another", request.headers, request.body, now)
    assert not verify(b"s3cr3t-of-ours", request.headers, request.body + b" ", now)
    assert not verify(b"s3cr3t-of-ours", request.headers, request.body, now + 301)
    later = request.headers | {"x-logwatch-timestamp": str(int(now) + 200)}
    assert not verify(b"s3cr3t-of-ours", later, request.body, now)


def test_a_signature_as_it_was_computed_elsewhere():
    # printf '1767571200.{"a":1}' | openssl dgst -sha256 -hmac key
    assert (
        webhook.signature("key", "1767571200", b'{"a":1}')
        == "sha256=e164fa98a086f037ba207163ea251e3ab880f9fc0a65b82360d78fede58afa65"
    )


def test_unsigned_requests_have_no_such_headers(sent):
    assert not {"x-logwatch-signature", "x-logwatch-timestamp"} & sent().headers.keys()


def test_what_is_signed_is_what_is_sent(sent):
    request = sent(body='{"text": "{message}"}', secret="s3cr3t", method="PUT")
    assert request.line.startswith("PUT ")
    assert verify(b"s3cr3t", request.headers, request.body, ManualClock().wall())


@pytest.mark.parametrize("name", ["x-logwatch-signature", "X-Logwatch-Timestamp"])
def test_our_own_headers_cannot_be_configured(name):
    with pytest.raises(ValueError, match="set by logwatch itself"):
        WebhookSettings(url="https://host/", headers={name: "x"})


def test_the_secret_does_not_show():
    settings = WebhookSettings(url="https://host/", secret="s3cr3t-of-ours")
    assert "s3cr3t" not in repr(settings)
    with pytest.raises(ValueError, match="secret must not be empty"):
        WebhookSettings(url="https://host/", secret="")


def test_every_value_of_an_alert_can_be_named(alert):
    values = values_of(alert())
    assert {"id", "seq", "status", "severity", "lines", "context", "at", "alert"} <= values.keys()
