"""Receivers behind a proxy: which one the environment names, and what goes through it."""

from __future__ import annotations

import socket
import ssl
import threading
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest
from doubles.scripted_server import answer

from logwatch.clock import ManualClock, SystemClock
from logwatch.records import Delivered, Retry
from logwatch.sinks.bounded_http import Client
from logwatch.sinks.client_tls import TLSIdentity, TLSSettings
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_answer import Answer, NoAnswer
from logwatch.sinks.proxy import Proxy, parse_proxy, proxy_for

CERTIFICATE = Path(__file__).with_name("loopback.pem")


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def client(url, port, *, timeout=5.0, **options):
    proxy = Proxy("127.0.0.1", port, **options.pop("login", {}))
    return Client(
        url, timeout=timeout, connect_timeout=5.0, clock=SystemClock(), proxy=proxy, **options
    )


def connecting(port):
    """An answer to CONNECT: from then on every byte goes to `port` and back."""

    def answered(connection):
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port)) as far:
            back = threading.Thread(target=copied, args=(far, connection), daemon=True)
            back.start()
            copied(connection, far)
            back.join(60)
        return True

    return answered


def copied(origin, to):
    with suppress(OSError):
        while data := origin.recv(65_536):
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)


@pytest.fixture
def receiver(server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return server(answer(200, body=b"ok"), context=context)


@pytest.mark.parametrize(
    ("environment", "url", "expected"),
    [
        ({}, "https://hooks.example.org/x", None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "https://hooks.example.org/x", ("proxy", 3128)),
        ({"https_proxy": "http://proxy:3128"}, "https://hooks.example.org/x", ("proxy", 3128)),
        ({"HTTPS_PROXY": "proxy"}, "https://hooks.example.org/x", ("proxy", 1080)),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://hooks.example.org/x", None),
        ({"http_proxy": "http://proxy:3128"}, "http://hooks.example.org/x", ("proxy", 3128)),
        ({"ALL_PROXY": "http://proxy:3128"}, "http://hooks.example.org/x", ("proxy", 3128)),
        (
            {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.com,.example.org"},
            "https://hooks.example.org/x",
            None,
        ),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "https://127.0.0.1:9093/", None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "https://[::1]:9093/", None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "https://localhost:9093/", None),
    ],
)
def test_the_environment_names_the_proxy_as_it_does_for_other_programs(
    environment, url, expected, monkeypatch
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = proxy_for(url)
    assert (None if found is None else found[:2]) == expected


@pytest.mark.parametrize(
    "text", ["socks5://proxy:1080", "https://proxy", "http://", "http://ann:s3cret@proxy:x"]
)
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable_and_no_secret(text):
    with pytest.raises(ValueError, match="HTTPS_PROXY") as raised:
        parse_proxy(text, "HTTPS_PROXY")
    assert "s3cret" not in str(raised.value)


def test_credentials_of_a_proxy_may_be_percent_encoded():
    assert parse_proxy("http://a%40b:p%3Aw@proxy:1", "X").credentials == "a@b:p:w"


def test_a_plain_receiver_is_asked_for_by_its_whole_address(server):
    proxy = server(answer(204))
    it = client("http://u:p@hooks.invalid:81/path?x=1", proxy.port, login={"user": "ann"})
    assert isinstance(it.post(b"{}", {}), Answer)
    (request,) = proxy.requests
    assert request.line == "POST http://hooks.invalid:81/path?x=1 HTTP/1.1"
    assert request.headers["host"] == "hooks.invalid:81"
    assert request.headers["authorization"] == "Basic " + b64encode(b"u:p").decode()
    assert request.headers["proxy-authorization"] == "Basic " + b64encode(b"ann:").decode()


def test_a_receiver_with_tls_is_connected_to_and_its_certificate_verified(server, receiver):
    proxy = server(connecting(receiver.port))
    trusted = TLSIdentity(TLSSettings(ca=str(CERTIFICATE)))
    login = {"user": "ann", "password": "s3cret"}
    it = client(f"https://127.0.0.1:{receiver.port}/hook", proxy.port, tls=trusted, login=login)
    found = it.post(b'{"a": 1}', {"X-Key": "receiver only"})
    it.close()
    assert isinstance(found, Answer)
    assert found.excerpt == "ok"
    (connect,), (post,) = proxy.requests, receiver.requests
    assert connect.line.startswith(f"CONNECT 127.0.0.1:{receiver.port} HTTP/1.")
    assert connect.headers["proxy-authorization"].startswith("Basic ")
    assert "x-key" not in connect.headers
    assert post.line == "POST /hook HTTP/1.1"
    assert "proxy-authorization" not in post.headers


def test_a_receiver_whose_certificate_is_not_trusted_gets_nothing(server, receiver):
    proxy = server(connecting(receiver.port))
    it = client(f"https://127.0.0.1:{receiver.port}/hook", proxy.port)
    found = it.post(b"{}", {})
    assert isinstance(found, NoAnswer)
    assert "its certificate is not trusted" in found.reason
    assert receiver.requests == []


def test_a_proxy_that_refuses_is_named_with_its_status(server):
    proxy = server(answer("407", "Proxy-Authenticate: Basic", body=b"\x1b[2J who are you"))
    found = client("https://hooks.invalid/secret-path", proxy.port).post(b"{}", {})
    assert isinstance(found, NoAnswer)
    assert found.reason == (
        f"no connection to https://hooks.invalid/… through the proxy 127.0.0.1:{proxy.port}:"
        " it refuses with 407"
    )


def test_a_proxy_that_is_not_there_is_named():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    found = client("https://hooks.invalid/x", port).post(b"{}", {})
    assert isinstance(found, NoAnswer)
    assert f"through the proxy 127.0.0.1:{port}: Connection refused" in found.reason


def test_a_proxy_that_says_a_byte_at_a_time_is_given_up_in_time(server):
    def dribbling(connection):
        with suppress(OSError):
            for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000:
                connection.sendall(bytes([byte]))
                if stop.wait(0.05):
                    break
        return True

    stop = threading.Event()
    proxy = server(dribbling)
    found = client("https://hooks.invalid/x", proxy.port, timeout=0.3).post(b"{}", {})
    stop.set()
    assert isinstance(found, NoAnswer)
    assert "timed out" in found.reason


def test_a_sink_takes_the_way_that_the_environment_names(server, monkeypatch):
    proxy = server(answer(204))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    it = Endpoint("http://hooks.invalid/x", timeout=5.0, connect_timeout=5.0, clock=SystemClock())
    assert isinstance(it.deliver(b"{}", {}), Delivered)
    it.close()
    assert proxy.requests[0].line == "POST http://hooks.invalid/x HTTP/1.1"


def test_an_environment_that_cannot_be_used_puts_the_message_off(monkeypatch):
    monkeypatch.setenv("https_proxy", "socks5://ann:s3cret@proxy:1080")
    it = Endpoint("https://hooks.invalid/x", timeout=5.0, connect_timeout=5.0, clock=ManualClock())
    outcome = it.deliver(b"{}", {})
    assert isinstance(outcome, Retry)
    assert outcome.reason == (
        "no connection to https://hooks.invalid/…: HTTPS_PROXY must begin with http:// and name"
        " a host"
    )
