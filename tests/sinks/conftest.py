"""Alerts to send, and a server that answers as a test has scripted."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from logwatch.records import SCHEMA, Alert, AlertLine, Notification, encode_alert


def make_alert(**changes) -> Alert:
    values = {
        "schema": SCHEMA,
        "id": "b4c1f0",
        "seq": 1,
        "status": "firing",
        "rule": "ssh-guessing",
        "severity": "warning",
        "message": "5 failed logins from 203.0.113.9",
        "source": "auth",
        "path": "/var/log/auth.log",
        "host": "web1",
        "key": {"ip": "203.0.113.9"},
        "fields": {"ip": "203.0.113.9"},
        "count": 5,
        "suppressed": 0,
        "first": "2026-01-05T01:00:00.000Z",
        "last": "2026-01-05T01:01:30.000Z",
        "at": "2026-01-05T01:01:30.012Z",
        "late": False,
        "lines": [AlertLine("/var/log/auth.log", 1234, "2026-01-05T01:01:30.000Z", "Failed")],
    }
    return Alert(**(values | changes))


def make_notification(**changes) -> Notification:
    alert = make_alert(**changes)
    return Notification(alert.seq, encode_alert(alert))


@pytest.fixture
def alert() -> Callable[..., Alert]:
    return make_alert


@pytest.fixture
def notification() -> Callable[..., Notification]:
    return make_notification


@dataclass
class Request:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """Answers request number n with `answers[n]`, and every further one with the last.

    An answer is bytes to send, or a callable that is given the connection and does as it likes;
    the connection is closed after an answer that says so, or whose callable returns True.
    """

    answers: list
    context: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def url(self, path="/hook") -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}{path}"

    def close(self):
        self.stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        for connection in self._open:
            connection.close()

    def _serve(self):
        while not self.stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                    self._open[-1] = connection
                self._talk(connection)
            except OSError:
                pass
            connection.close()

    def _talk(self, connection):
        while request := self._read(connection):
            self.requests.append(request)
            answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
            if callable(answer):
                if answer(connection):
                    return
            else:
                connection.sendall(answer)
                if b"connection: close" in answer.lower():
                    return

    @staticmethod
    def _read(connection) -> Request | None:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return None
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        line, *rest = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (h.partition(":") for h in rest)
        }
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65536)
        return Request(line, headers, body)


@pytest.fixture
def server() -> Iterator[Callable[..., ScriptedServer]]:
    made = []

    def make(*answers, context=None):
        made.append(ScriptedServer(list(answers), context))
        return made[-1]

    yield make
    for one in made:
        one.close()
