"""The webhook against real servers on the loopback, well and badly behaved."""

from __future__ import annotations

import gc
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from email.utils import formatdate
from pathlib import Path

import msgspec
import pytest

from logwatch import __version__
from logwatch.clock import ManualClock, SystemClock
from logwatch.records import Delivered, Rejected, Retry
from logwatch.sinks import bounded_http
from logwatch.sinks.webhook import WebhookSettings, WebhookSink

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer(status, *headers, body=b""):
    head = [f"HTTP/1.1 {status} Whatever", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@pytest.fixture
def post(notification):
    sinks = []

    def deliver(url, *, clock=None, batch=None, **settings):
        sinks.append(WebhookSink(WebhookSettings(url=url, **settings), clock or SystemClock()))
        return sinks[-1].deliver(batch or [notification()])

    yield deliver
    for sink in sinks:
        sink.close()


@pytest.fixture
def sink(server):
    made = []

    def make(*answers, clock=None, **settings):
        one = server(*answers)
        made.append(WebhookSink(WebhookSettings(url=one.url(), **settings), clock or SystemClock()))
        return made[-1], one

    yield make
    for one in made:
        one.close()


def test_the_request_is_the_alert_with_its_key(server, post, notification):
    receiver = server(OK)
    one = notification(seq=7, message="naïve \x1b")
    assert post(receiver.url("/hook?x=1"), batch=[one]) == Delivered(
        f"200 from http://127.0.0.1:{receiver.port}/…"
    )
    (request,) = receiver.requests
    assert request.line == "POST /hook?x=1 HTTP/1.1"
    assert request.body == one.body
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == "b4c1f0:7"
    assert request.headers["user-agent"] == f"logwatch/{__version__}"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_configured_headers_win_however_they_are_written(server, post):
    receiver = server(OK)
    post(receiver.url(), headers={"content-type": "application/vnd.x+json", "X-Token": "t"})
    headers = receiver.requests[0].headers
    assert headers["content-type"] == "application/vnd.x+json"
    assert headers["x-token"] == "t"


def test_credentials_of_the_url_become_a_header(server, post):
    receiver = server(OK)
    post(receiver.url().replace("http://", "http://us%40er:pa%3Ass@"))
    assert receiver.requests[0].headers["authorization"] == "Basic dXNAZXI6cGE6c3M="


def test_one_connection_serves_many_alerts(sink, notification):
    webhook_sink, receiver = sink(OK)
    for seq in range(5):
        assert isinstance(webhook_sink.deliver([notification(seq=seq)]), Delivered)
    assert (len(receiver.requests), receiver.connections) == (5, 1)


def test_an_answer_without_a_body_keeps_the_connection(sink, notification):
    webhook_sink, receiver = sink(b"HTTP/1.1 204 No Content\r\n\r\n")
    for _ in range(3):
        assert isinstance(webhook_sink.deliver([notification()]), Delivered)
    assert receiver.connections == 1


def test_a_kept_connection_that_was_closed_is_made_anew(sink, notification):
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    webhook_sink, receiver = sink(closing)
    for _ in range(3):
        assert isinstance(webhook_sink.deliver([notification()]), Delivered)
    assert receiver.connections == 3


def test_a_chunked_answer_is_read(sink, notification):
    chunked = b"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    webhook_sink, receiver = sink(chunked)
    for _ in range(2):
        outcome = webhook_sink.deliver([notification()])
        assert isinstance(outcome, Rejected)
        assert outcome.reason.endswith(": hello")
    assert receiver.connections == 1


def test_a_huge_answer_is_not_read_to_its_end(sink, notification):
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 100_000
    webhook_sink, _ = sink(huge)
    assert isinstance(webhook_sink.deliver([notification()]), Delivered)


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_a_refusal_is_for_ever_and_quoted(server, post, status):
    outcome = post(server(answer(status, body=b"bad \x1b[2J" + b"x" * 5000)).url())
    assert isinstance(outcome, Rejected)
    assert f"{status} from http://127.0.0.1" in outcome.reason
    assert "bad ␛[2Jxxx" in outcome.reason
    assert len(outcome.reason) < 260


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_tried_again_slowly(server, post, status):
    outcome = post(server(answer(status)).url())
    assert isinstance(outcome, Retry)
    assert outcome.after == 300
    assert "credentials" in outcome.reason


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(server, post, status):
    outcome = post(server(answer(status)).url())
    assert isinstance(outcome, Retry)
    assert outcome.after is None


def test_retry_after_in_seconds_is_obeyed(server, post):
    outcome = post(server(answer(429, "Retry-After: 41")).url())
    assert isinstance(outcome, Retry)
    assert outcome.after == 41


def test_retry_after_as_a_date_is_obeyed(server, post):
    clock = ManualClock()
    date = formatdate(clock.wall() + 90, usegmt=True)
    outcome = post(server(answer(429, f"Retry-After: {date}")).url(), clock=clock)
    assert isinstance(outcome, Retry)
    assert outcome.after == 90


def test_a_redirect_is_not_followed(server, post):
    other = server(OK)
    location = f"Location: {other.url('/secret')}".replace("127.0.0.1", "localhost")
    outcome = post(server(answer(302, location)).url())
    assert isinstance(outcome, Rejected)
    assert "redirects to localhost" in outcome.reason
    assert "secret" not in outcome.reason
    assert other.requests == []


LONG = 30.0
"""A time-out costs less on any machine; what these servers do takes longer, or for ever."""


def took(action):
    began = time.monotonic()
    outcome = action()
    return outcome, time.monotonic() - began


def test_a_server_that_says_nothing_costs_the_time_out_and_no_more(server, post):
    receiver = server(lambda connection: not connection.recv(1))
    outcome, seconds = took(lambda: post(receiver.url(), timeout=0.3))
    assert outcome == Retry(f"no answer from http://127.0.0.1:{receiver.port}/… within 300ms")
    assert seconds < LONG


def drip(server_box, text):
    def send(connection):
        for byte in text:
            if server_box[0].stop.wait(0.05):
                return True
            connection.sendall(bytes([byte]))
        return True

    return send


@pytest.mark.parametrize("text", [b"H" * 1000, b"HTTP/1.1 500 No\r\nX-A: " + b"b" * 1000])
def test_a_server_that_trickles_its_head_costs_the_time_out_and_no_more(server, post, text):
    box = []
    box.append(server(drip(box, text)))
    outcome, seconds = took(lambda: post(box[0].url(), timeout=0.4))
    assert isinstance(outcome, Retry)
    assert "within 400ms" in outcome.reason
    assert seconds < LONG


def test_a_body_that_trickles_does_not_hold_up_a_verdict(server, post):
    box = []
    slow = drip(box, b"x" * 1000)

    def send(connection):
        connection.sendall(b"HTTP/1.1 400 No\r\nContent-Length: 1000\r\n\r\nfirst ")
        return slow(connection)

    box.append(server(send))
    outcome, seconds = took(lambda: post(box[0].url(), timeout=99))
    assert isinstance(outcome, Rejected)
    assert "first x" in outcome.reason
    assert seconds < LONG


def test_a_server_that_does_not_read_costs_the_time_out_and_no_more(notification, post):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        big = notification(message="x" * 20_000_000)
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        outcome, seconds = took(lambda: post(url, timeout=0.3, batch=[big]))
        assert isinstance(outcome, Retry)
        assert "within 300ms" in outcome.reason
        assert seconds < LONG


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return True


def test_a_reset_connection_is_tried_again(server, post):
    outcome = post(server(reset).url())
    assert isinstance(outcome, Retry)
    assert "Connection reset by peer" in outcome.reason


def test_an_alert_whose_2xx_was_lost_comes_again_with_the_same_key(sink, notification):
    webhook_sink, receiver = sink(lambda connection: True, OK)
    outcome = webhook_sink.deliver([notification()])
    assert isinstance(outcome, Retry)
    assert "the connection was closed" in outcome.reason
    assert isinstance(webhook_sink.deliver([notification()]), Delivered)
    first, second = receiver.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body


def test_a_2xx_counts_even_when_its_body_is_cut(sink, notification):
    def cut(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        return True

    webhook_sink, receiver = sink(cut, OK)
    assert isinstance(webhook_sink.deliver([notification()]), Delivered)
    assert isinstance(webhook_sink.deliver([notification()]), Delivered)
    assert receiver.connections == 2


def test_what_is_not_http_is_tried_again(server, post):
    outcome = post(server(b"220 smtp.example.org ESMTP\r\nConnection: close\r\n\r\n").url())
    assert isinstance(outcome, Retry)
    assert outcome.reason.endswith("what came back is not HTTP")


def test_a_port_where_nobody_listens_is_tried_again(post):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/token") == Retry(
        f"no connection to http://127.0.0.1:{port}/…: Connection refused"
    )


def test_a_try_that_fails_leaves_no_garbage(notification):
    """Its body would stay until some hundred tries have failed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    sink = WebhookSink(WebhookSettings(url=f"http://127.0.0.1:{port}/"), SystemClock())
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            assert isinstance(sink.deliver([notification()]), Retry)
        left = [each for each in gc.get_objects() if type(each) is bounded_http._Bounded]
        assert len(left) <= 1  # which the sink itself may have
    finally:
        gc.enable()
        sink.close()


def test_an_address_that_swallows_packets_costs_the_time_out_and_no_more(post):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        held = [socket.socket() for _ in range(4)]
        for one in held:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        outcome, seconds = took(lambda: post(url, connect_timeout=0.3))
        for one in held:
            one.close()
    assert isinstance(outcome, Retry)
    assert outcome.reason.endswith("timed out")
    assert seconds < LONG


CERTIFICATE = Path(__file__).with_name("loopback.pem")


@pytest.fixture
def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(CERTIFICATE)
    return made


def test_a_certificate_that_nobody_vouches_for_is_refused(server, post, context):
    receiver = server(OK, context=context)
    outcome = post(receiver.url("/token"))
    assert isinstance(outcome, Retry)
    assert outcome.reason == (
        f"no connection to https://127.0.0.1:{receiver.port}/…: "
        "its certificate is not trusted: self-signed certificate"
    )
    assert receiver.requests == []


def test_a_certificate_of_an_authority_one_trusts_is_taken(
    server, notification, context, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    receiver = server(OK, context=context)
    sink = WebhookSink(WebhookSettings(url=receiver.url()), SystemClock())
    for _ in range(2):
        assert isinstance(sink.deliver([notification()]), Delivered)
    sink.close()
    assert (len(receiver.requests), receiver.connections) == (2, 1)


def test_a_certificate_for_another_host_is_refused(server, post, context, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    outcome = post(server(OK, context=context).url().replace("127.0.0.1", "localhost"))
    assert isinstance(outcome, Retry)
    assert "certificate is not trusted: Hostname mismatch" in outcome.reason


def test_a_trickle_over_tls_costs_the_time_out_and_no_more(server, post, context, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    box = []
    box.append(server(drip(box, b"H" * 1000), context=context))
    outcome, seconds = took(lambda: post(box[0].url(), timeout=0.5))
    assert isinstance(outcome, Retry)
    assert "within 500ms" in outcome.reason
    assert seconds < LONG


def test_a_server_that_does_not_speak_tls_is_tried_again(post):
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def greet():
            connection, _ = plain.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 plain\r\n\r\n")
                connection.recv(4096)

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        outcome = post(f"https://127.0.0.1:{plain.getsockname()[1]}/token")
        thread.join(60)
    assert isinstance(outcome, Retry)
    assert "TLS: " in outcome.reason


def test_a_server_that_never_finishes_tls_costs_the_time_out_and_no_more(post):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        outcome, seconds = took(lambda: post(url, connect_timeout=0.3))
    assert isinstance(outcome, Retry)
    assert seconds < LONG


def test_no_secret_shows_in_repr_or_in_a_reason(post):
    secret = "s3cr3t-token"
    settings = WebhookSettings(
        url=f"http://user:{secret}@127.0.0.1:1/{secret}?{secret}", headers={"X-Key": secret}
    )
    assert repr(settings) == "WebhookSettings(url='http://127.0.0.1:1/…', headers={'X-Key': '…'})"
    assert secret not in str(post(settings.url, headers=settings.headers))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://secret@host/",
        "https:///secret",
        "secret",
        "https://user:secret/x@host/",
        "https://host:secret/",
        "http://[secret/",
        "https://host/sec ret",
        "https://host/sec\nret",
        "https://host/secrét",
        f"https://{'secret' * 20}/",
    ],
)
def test_a_url_that_cannot_be_is_refused_without_repeating_it(url):
    with pytest.raises(ValueError) as caught:
        WebhookSettings(url=url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "headers",
    [
        {"X Y": "v"},
        {"": "v"},
        {"X-Key": "secret\r\nX-Forged: 1"},
        {"X-Key": "secret\n"},
        {"X-Key": "sécrét€"},
        {"Idempotency-Key": "secret"},
        {"content-length": "5"},
    ],
)
def test_headers_that_cannot_be_are_refused_without_repeating_them(headers):
    with pytest.raises(ValueError) as caught:
        WebhookSettings(url="https://host/", headers=headers)
    assert "secret" not in str(caught.value)


def test_the_loader_is_told_of_a_bad_value_as_a_validation_error():
    with pytest.raises(msgspec.ValidationError, match="must begin with https://"):
        msgspec.convert({"url": "ftp://x"}, WebhookSettings)


def test_time_outs_must_be_positive():
    with pytest.raises(ValueError, match="more than 0"):
        WebhookSettings(url="https://host/", timeout=0)


def test_urllib3_is_not_loaded_before_it_is_needed():
    code = (
        "import sys; from logwatch.sinks import KINDS, sink_from_url; "
        "kind, settings = sink_from_url('https://host/'); KINDS[kind].make(settings); "
        "sys.exit('urllib3' in sys.modules or 'ssl' in sys.modules or 'subprocess' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
