"""Pages over HTTP: for whom, how many at a time, and how long anybody may take."""

from __future__ import annotations

import http.client
import os
import socket
import stat
import threading
from http import HTTPStatus

import pytest
from doubles.process import eventually

from logwatch.clock import ManualClock, SystemClock
from logwatch.config.http import HttpSettings
from logwatch.daemon.http_server import (
    LOOK_SECONDS,
    MOST_CONNECTIONS,
    PATIENCE_SECONDS,
    HttpServer,
    text_page,
)
from logwatch.telemetry import telemetry

TOKEN = "correct-horse-battery"


def fault(_accept):
    raise ZeroDivisionError("of ours")


@pytest.fixture
def serving():
    """A server that runs, with a page, one that fails, and one that waits for an event."""
    made = []

    def make(listen="127.0.0.1:0", clock=None, **settings):
        go_on = threading.Event()

        def wait(_accept):
            go_on.wait(60)
            return text_page(HTTPStatus.OK, "at last\n")

        pages = {
            "/page": lambda accept: text_page(HTTPStatus.OK, f"for {accept}\n"),
            "/fault": fault,
            "/wait": wait,
        }
        server = HttpServer(
            HttpSettings(listen=listen, **settings), pages, clock=clock or SystemClock()
        )
        server.go_on = go_on
        made.append(server)
        server.start()
        return server

    yield make
    for server in made:
        server.go_on.set()
        server.end()
        assert server.join(60)


def get(server, path="/page", method="GET", **headers):
    host, port = server.place
    connection = http.client.HTTPConnection(host, port, timeout=20)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())
    finally:
        connection.close()


def test_a_page_its_head_and_what_there_is_not(serving):
    server = serving()
    status, body, headers = get(server, Accept="text/plain")
    assert (status, body) == (200, "for text/plain\n")
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Python" not in headers["Server"]
    assert get(server, "/page?x=1", Accept="*/*")[0] == 200
    assert get(server, method="HEAD")[:2] == (200, "")
    assert get(server, "/nothing")[:2] == (404, "there are: /fault /page /wait\n")
    assert get(server, method="POST")[0] == 501


def test_a_fault_of_ours_is_one_answer_and_one_line_of_the_log(serving, capsys):
    server = serving()
    assert get(server, "/fault")[:2] == (500, "a fault of logwatch\n")
    assert get(server)[0] == 200
    assert capsys.readouterr().err.count("http.page_failed") == 1


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8420", 200), ("localhost", 200), ("LOCALHOST:1", 200), ("[::1]:8420", 200),
        ("127.0.0.2", 200), ("evil.example", 421), ("evil.example:8420", 421), ("", 421),
        ("localhost.evil.example", 421), ("[::1].evil.example", 421), ("127.evil.example", 421),
    ],
)  # fmt: skip
def test_without_a_token_a_foreign_name_is_refused(serving, host, status):
    """DNS rebinding: a page in a browser asks its own name, which leads here."""
    assert get(serving(), Host=host)[0] == status


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (f"Bearer {TOKEN}", 200), (f"bearer  {TOKEN}", 200), (f"Bearer {TOKEN}x", 401),
        (f"Basic {TOKEN}", 401), ("Bearer", 401), ("", 401), ("Bearer \xe4", 401),
    ],
)  # fmt: skip
def test_with_a_token_nobody_is_served_without(serving, given, status):
    """And whoever has it may call us by any name."""
    found, _, headers = get(serving(token=TOKEN), Authorization=given, Host="web1:8420")
    assert found == status
    assert ("WWW-Authenticate" in headers) == (status == 401)


def test_slow_clients_hold_up_nobody_and_are_ended(serving):
    """One says nothing, one has half a request, one takes no answer."""
    clock = ManualClock()
    server = serving(clock=clock)
    slow = [socket.create_connection(server.place) for _ in range(3)]
    slow[1].sendall(b"GET /page HT")
    slow[2].sendall(b"GET /wait HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert get(server)[0] == 200
    clock.advance(PATIENCE_SECONDS)
    assert get(server)[0] == 200  # which makes it look at the clock
    for line in slow:
        line.settimeout(60)
        assert line.recv(100) == b""
        line.close()


def test_of_too_many_the_next_is_turned_away(serving):
    """And room is made again."""
    server = serving()
    before = telemetry.counters["http.turned_away"]
    waiting = [socket.create_connection(server.place) for _ in range(MOST_CONNECTIONS)]
    for line in waiting:
        line.sendall(b"GET /wait HTTP/1.0\r\nHost: localhost\r\n\r\n")
    status, _, headers = get(server)
    assert (status, headers["Retry-After"]) == (503, "5")
    assert telemetry.counters["http.turned_away"] == before + 1
    server.go_on.set()
    for line in waiting:
        assert b"at last" in line.makefile("rb").read()
        line.close()
    eventually(lambda: get(server)[0] == 200, "there is room")


def test_an_address_that_another_has_is_said_once_and_tried_again(serving, capsys):
    """All else goes on meanwhile."""
    clock = ManualClock()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        server = serving(f"127.0.0.1:{port}", clock=clock)
        assert server.place is None
        for _ in range(3):
            clock.advance(LOOK_SECONDS)
            server._open(clock.steady())
    clock.advance(LOOK_SECONDS)
    os.eventfd_write(server._nudge, 1)
    eventually(lambda: server.place is not None, "it listens")
    assert get(server)[0] == 200
    assert capsys.readouterr().err.count("http.unavailable") == 1


def test_a_unix_socket_is_for_its_user_and_group_and_goes_with_its_server(serving, tmp_path):
    """A socket that a killed one left is replaced."""
    place = tmp_path / "http.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place))
    server = serving(str(place))
    assert stat.S_IMODE(place.stat().st_mode) == 0o660
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(60)
        line.connect(str(place))
        line.sendall(b"GET /page HTTP/1.0\r\nHost: whatever\r\n\r\n")
        assert b"200 OK" in line.makefile("rb").read()
    server.end()
    assert server.join(60)
    assert not place.exists()


def test_ipv6_loopback(serving):
    assert get(serving("[::1]:0"), Host="[::1]")[0] == 200
