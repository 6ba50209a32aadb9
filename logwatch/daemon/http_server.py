"""Serves a few pages over HTTP, to whoever may see them, without ever waiting for anybody.

A thread accepts, and each connection has one of its own for at most `PATIENCE_SECONDS` in all,
however slowly it speaks; of more than `MOST_CONNECTIONS` at a time the next is told 503. Where the
address cannot be had (another program has it) that is said once and tried again: it costs the
daemon its pages and nothing else.

Where no token is demanded, a page of somebody's browser must not read along by giving its own name
our address: then the `Host` of a request must be an address or a name of this machine's loopback.
Source: RFC 9110, RFC 6750 (bearer tokens); sections 7.2 and 17.1 of the former for `Host`.
"""

from __future__ import annotations

import hmac
import os
import re
import selectors
import socket
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseServer, ThreadingMixIn
from threading import Event, Lock, Thread
from typing import Any, NamedTuple, cast

from logwatch import telemetry
from logwatch.clock import Clock, Moment
from logwatch.config.http import HttpSettings
from logwatch.daemon.control import make_way
from logwatch.daemon.control_wire import address
from logwatch.daemon.threads import Worker

MOST_CONNECTIONS = 16
PATIENCE_SECONDS = 10.0
"""For a request and for taking its answer."""
LOOK_SECONDS = 10.0
"""How often an address is tried that could not be had."""
_OUR_NAME = re.compile(
    r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?", re.IGNORECASE | re.ASCII
)
_BUSY = b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"


class Page(NamedTuple):
    """What is served."""

    status: HTTPStatus
    content_type: str
    body: bytes


def text_page(status: HTTPStatus, text: str) -> Page:
    """A page for people."""
    return Page(status, "text/plain; charset=utf-8", text.encode(errors="replace"))


Serve = Callable[[str], Page]
"""Makes a page, given what the client accepts; called in the thread of a connection."""


class HttpServer(Worker):
    """The thread that accepts. Never raises for want of its address."""

    def __init__(self, settings: HttpSettings, pages: Mapping[str, Serve], *, clock: Clock) -> None:
        """`pages`: path -> what makes its page."""
        super().__init__("http", clock=clock, stop=Event())
        self._settings = settings
        self._pages = pages
        self._server: _Server | None = None
        self._selector = selectors.DefaultSelector()
        self._nudging = Lock()  # held for one system call, as in control.py
        self._nudge = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._selector.register(self._nudge, selectors.EVENT_READ)
        self._said = ""
        self._next_try = 0.0

    @property
    def place(self) -> tuple[str, int] | None:
        """Host (or path, and 0) where it listens; None while it does not."""
        return None if self._server is None else self._server.place

    def start(self) -> None:
        """Listen, so that whoever comes once this returns is served, and start."""
        self._open(self.clock.steady())
        super().start()

    def end(self) -> None:
        """Stop; callable from any thread, also before the start."""
        self.stopping.set()
        with self._nudging:
            if self._nudge >= 0:
                os.eventfd_write(self._nudge, 1)

    def step(self, now: Moment) -> None:
        """Wait for somebody, and have him served; end whoever has taken too long."""
        if self._server is None and now.steady >= self._next_try:
            self._open(now.steady)
        server = self._server
        until = self._next_try if server is None else server.first_deadline()
        patience = None if until is None else max(0.0, until - now.steady)
        for key, _ in self._selector.select(patience):
            if key.fileobj is server:
                assert server is not None
                server.take_one()
            else:
                os.eventfd_read(self._nudge)
        if server is not None:
            server.end_the_late(self.clock.steady())

    def finish(self) -> None:
        """Listen no more; connections that are being served end by themselves."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._selector.close()
        with self._nudging:
            os.close(self._nudge)
            self._nudge = -1

    def _open(self, now: float) -> None:
        try:
            self._server = _Server(self._settings, self._pages, self.clock)
        except OSError as problem:
            self._next_try = now + LOOK_SECONDS
            reason = problem.strerror or str(problem)
            if reason != self._said:
                self._said = reason
                telemetry.warning(
                    "http.unavailable",
                    listen=self._settings.listen,
                    reason=reason,
                    effect="nobody can see /metrics, /healthz and /readyz; all else goes on",
                )
            return
        self._selector.register(self._server, selectors.EVENT_READ)
        self._said = ""
        telemetry.debug("http.listening", listen=self._settings.listen)


class _Server(ThreadingMixIn, BaseServer):
    """One listening socket and its connections."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, settings: HttpSettings, pages: Mapping[str, Serve], clock: Clock) -> None:
        """Raises OSError."""
        self.settings, self.pages = settings, pages
        self._clock = clock
        self._deadlines: dict[socket.socket, float] = {}
        self._line = _listening(settings)
        super().__init__(self._line.getsockname(), _Handler)

    @property
    def place(self) -> tuple[str, int]:
        name = self._line.getsockname()
        return (name, 0) if isinstance(name, str) else (name[0], name[1])

    def fileno(self) -> int:
        return self._line.fileno()

    def take_one(self) -> None:
        """Serve the next connection in a thread of its own, or turn it away."""
        try:
            line, where = self._line.accept()
        except OSError:
            return  # it has gone again
        line.settimeout(PATIENCE_SECONDS)
        if len(self._deadlines) >= MOST_CONNECTIONS:
            telemetry.count("http.turned_away")
            with suppress(OSError):
                line.send(_BUSY, socket.MSG_DONTWAIT)
            line.close()
            return
        self._deadlines[line] = self._clock.steady() + PATIENCE_SECONDS
        try:
            self.process_request(line, where)
        except RuntimeError:  # no thread is left
            self.shutdown_request(line)

    def process_request(self, request: Any, client_address: Any) -> None:
        """As the mix-in has it, with a name."""
        Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="http client",
            daemon=True,
        ).start()

    def shutdown_request(self, request: Any) -> None:
        """Let go of a connection."""
        self._deadlines.pop(request, None)
        with suppress(OSError):
            request.shutdown(socket.SHUT_WR)
        request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base's
        """A client that breaks off, or is ended, is no event."""
        telemetry.count("http.broken_off")

    def first_deadline(self) -> float | None:
        """When there is somebody to end, in steady seconds."""
        return min(list(self._deadlines.values()), default=None)

    def end_the_late(self, now: float) -> None:
        """End connections that have had their time: their thread wakes and goes."""
        for line, deadline in list(self._deadlines.items()):
            if now >= deadline:
                self._deadlines.pop(line, None)
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Listen no more, and take the socket's file away."""
        path, port = self.settings.address
        if port is None:
            with suppress(OSError):
                Path(path).unlink()
        self._line.close()


class _Handler(BaseHTTPRequestHandler):
    """One request: this speaks HTTP/1.0, so that a connection has one."""

    server_version = "logwatch"
    sys_version = ""

    def do_GET(self) -> None:
        """A page."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Its head."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base calls it
        """Who looks is no event."""

    def address_string(self) -> str:
        """No look-up of names, whatever happens."""
        return "client"

    def _answer(self, *, with_body: bool) -> None:
        page = self._page()
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        if page.status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        if with_body:
            self.wfile.write(page.body)

    def _page(self) -> Page:
        server = cast("_Server", self.server)
        if server.settings.token is not None:
            if not self._has_token(server.settings.token):
                return text_page(HTTPStatus.UNAUTHORIZED, "a token is needed\n")
        elif server.settings.address.port is not None and not self._asks_for_us():
            return text_page(HTTPStatus.MISDIRECTED_REQUEST, "this is another host\n")
        serve = server.pages.get(self.path.partition("?")[0])
        if serve is None:
            known = " ".join(sorted(server.pages))
            return text_page(HTTPStatus.NOT_FOUND, f"there are: {known}\n")
        try:
            return serve(self.headers.get("Accept", ""))
        except Exception as error:  # noqa: BLE001 - the edge of a thread: the next one may go well
            telemetry.error("http.page_failed", path=self.path, exc_info=error)
            return text_page(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of logwatch\n")

    def _has_token(self, token: str) -> bool:
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            given.strip().encode(errors="replace"), token.encode()
        )

    def _asks_for_us(self) -> bool:
        """Whether `Host` names loopback, with whatever port."""
        return _OUR_NAME.fullmatch(self.headers.get("Host", "").strip()) is not None


def _listening(settings: HttpSettings) -> socket.socket:
    """The socket that `settings` ask for. Raises OSError."""
    host, port = settings.address
    if port is None:
        return _listening_at(Path(host))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    line = socket.socket(family, socket.SOCK_STREAM)
    try:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind((host, port))
        line.listen(MOST_CONNECTIONS)
        line.settimeout(0)
    except BaseException:
        line.close()
        raise
    return line


def _listening_at(place: Path) -> socket.socket:
    make_way(place)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with address(place) as name:
            line.bind(name)
        place.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IWGRP)
        line.listen(MOST_CONNECTIONS)
        line.settimeout(0)
    except BaseException:
        line.close()
        raise
    return line
