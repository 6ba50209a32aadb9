"""A web server on loopback that takes alerts, and fails in whatever way a test asks for."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Literal, NamedTuple, Self

from doubles.process import ended

Deed = Literal["take", "refuse", "unavailable", "cut", "cut after taking", "hang"]
"""What becomes of one request: 200, 400, 503, no answer, taken and no answer, none until the end.

`cut` reads the request and forgets it; `cut after taking` keeps it although the client cannot know.
"""


class Received(NamedTuple):
    """One request as it came, and what was done with it."""

    alert: dict[str, Any]
    key: str
    deed: Deed

    @property
    def taken(self) -> bool:
        """Whether the receiver has the alert."""
        return self.deed in ("take", "cut after taking")


class Receiver:
    """The server; `with Receiver(...) as receiver`, then `receiver.url`."""

    def __init__(
        self, decide: Callable[[int], Deed] = lambda _number: "take", port: int = 0
    ) -> None:
        """`decide` gets the number of the request, from 0, and says what becomes of it."""
        self.decide = decide
        self.requests: list[Received] = []
        self._lock = Lock()
        self._ended = Event()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.receiver = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/alerts"
        self._thread = Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        ended(self._thread)
        self._server.server_close()

    @property
    def taken(self) -> list[Received]:
        """The requests that were accepted, in order; one alert may be there twice."""
        with self._lock:
            return [each for each in self.requests if each.taken]

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that were accepted, in order, with repetitions."""
        return [each.alert for each in self.taken]

    def handle(self, body: bytes, key: str) -> Deed:
        """Take note of one request; called in a thread of the server."""
        alert = json.loads(body)
        with self._lock:
            deed = self.decide(len(self.requests))
            self.requests.append(Received(alert, key, deed))
        if deed == "hang":
            self._ended.wait()
        return deed


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed in the middle of a request is part of the story."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        deed = self.server.receiver.handle(body, self.headers["Idempotency-Key"])
        if deed in ("cut", "cut after taking", "hang"):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response({"take": 200, "refuse": 400}.get(deed, 503))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
