"""One request at a time over urllib3, in a time that no server can stretch.

urllib3's own time-outs bound each wait, so a server that sends a byte a second is never late. Here
each wait on the socket is given only what is left until one deadline: connecting (each address of
a host in turn), a proxy's answer, TLS, sending, status line, headers and body all count. Only the
resolver keeps its own time-outs. Certificates are verified against the system's authorities
(`SSL_CERT_FILE` and `SSL_CERT_DIR` are obeyed), or those that a sink's `tls` names. Redirects and
retries are left to the caller.
"""

from __future__ import annotations

import http.client
import io
import logging
import re
import socket
import ssl
import traceback
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from logwatch.clock import Clock
from logwatch.sinks.http_answer import Answer, NoAnswer, shown
from logwatch.units import format_duration

if TYPE_CHECKING:
    from logwatch.sinks.client_tls import TLSIdentity
    from logwatch.sinks.proxy import Proxy

# urllib3 names whole URLs, tokens and all, when it logs.
logging.getLogger("urllib3").propagate = False

_AFTER_THE_VERDICT = 1.0  # seconds spent on a body once the status line has said it all
_BODY_LIMIT = 65_536  # a longer body is not worth keeping the connection for
_CHUNK = 65_536


class Client:
    """Talks to one URL, over one connection that is kept while it lasts."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float,
        connect_timeout: float,
        clock: Clock,
        tls: TLSIdentity | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        parts = urlsplit(url)
        self._where = shown(url) + (f" through the proxy {proxy.shown}" if proxy else "")
        self._timeout = timeout
        self._budget = _Budget(clock)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = _basic_auth(parts.username, parts.password)
        host, port = str(parts.hostname), parts.port
        make: type[urllib3.HTTPConnectionPool] = _PlainPool
        options: dict[str, Any] = {"budget": self._budget, "connect_timeout": connect_timeout}
        if parts.scheme == "https":
            make = _TLSPool
            options["identity"] = tls
            if tls is None:
                options["ssl_context"] = ssl.create_default_context()
            elif tls.server_name is not None:
                options["server_hostname"] = tls.server_name
        if proxy is not None:
            options["_proxy"] = urllib3.util.Url("http", host=proxy.host, port=proxy.port)
            if proxy.credentials is not None:
                options["_proxy_headers"] = _proxy_auth(proxy.credentials)
            if parts.scheme == "http":  # the proxy itself is asked, for a whole address
                host, port = proxy.host, proxy.port
                self._target = f"http://{parts.netloc.rpartition('@')[2]}{self._target}"
        self._pool = make(host, port, maxsize=1, **options)

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer | NoAnswer:
        """What the server answered to a POST, or why it did not."""
        return self.request("POST", body, headers)

    def request(
        self, method: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer | NoAnswer:
        """What the server answered, or why it did not."""
        self._budget.begin(self._timeout)
        try:
            response = self._pool.urlopen(
                method,
                self._target,
                body=body,
                headers={**self._headers, **headers},
                retries=False,
                redirect=False,
                assert_same_host=False,  # through a proxy it is not
                preload_content=False,
                decode_content=False,
                timeout=self._timeout,
            )
        except (HTTPError, http.client.HTTPException, OSError) as error:
            reason = self._reason(error)
            _let_go_of_frames(error)
            return NoAnswer(reason)
        return Answer(
            status=response.status,
            retry_after=response.headers.get("Retry-After"),
            location=response.headers.get("Location"),
            excerpt=self._read_body(response).decode(errors="replace"),
            headers={name.lower(): value for name, value in response.headers.items()},
        )

    def close(self) -> None:
        """Hang up."""
        self._pool.close()

    def _read_body(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """The beginning of the body; what does not come soon is left, and the connection too."""
        self._budget.at_most(_AFTER_THE_VERDICT)
        body = b""
        try:
            while len(body) < _BODY_LIMIT:
                chunk = response.read1(_CHUNK)
                if not chunk:
                    return body
                body += chunk
        except (HTTPError, http.client.HTTPException, OSError):
            pass
        response.close()
        return body

    def _reason(self, error: Exception) -> str:
        why = _cause(error)
        if not self._budget.connected:
            return f"no connection to {self._where}: {why}"
        if why == _TIMED_OUT:
            return f"no answer from {self._where} within {format_duration(self._timeout)}"
        return f"no answer from {self._where}: {why}"


def _basic_auth(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    credentials = f"{unquote(user)}:{unquote(password or '')}"
    header = urllib3.make_headers(basic_auth=credentials)
    return {"Authorization": header["authorization"]}


def _proxy_auth(credentials: str) -> dict[str, str]:
    header = urllib3.make_headers(proxy_basic_auth=credentials)
    return {"Proxy-Authorization": header["proxy-authorization"]}


_TIMED_OUT = "timed out"


def _cause(error: BaseException) -> str:
    """Why, in the words of the system: urllib3's own would name the path."""
    for link in _chain(error):
        words = _words(link)
        if words:
            return words
    return type(error).__name__


def _words(link: BaseException) -> str | None:
    match link:
        case ssl.SSLCertVerificationError():
            words: str | None = f"its certificate is not trusted: {link.verify_message}"
        case ssl.SSLError():
            words = f"TLS: {link.reason or 'failed'}"
        case TimeoutError():
            words = _TIMED_OUT
        case http.client.RemoteDisconnected():
            words = "the connection was closed"
        case _RefusedByProxyError():
            words = str(link)
        case OSError():
            words = link.strerror
        case http.client.HTTPException():
            words = "what came back is not HTTP"
        case _:
            words = None
    return words


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it was made of, which urllib3 keeps in `args` or as the cause."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop(0)
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [part for part in link.args if isinstance(part, BaseException)]
        waiting += [link.__cause__, link.__context__]


def _let_go_of_frames(error: BaseException) -> None:
    """Empty the frames of a failure, some of which keep a failure that keeps them.

    Else every request that fails leaves its body, and a connection, to the garbage collector, which
    looks for them after hundreds of such.
    """
    for link in _chain(error):
        traceback.clear_frames(link.__traceback__)


class _RefusedByProxyError(OSError):
    """A proxy does not connect us."""


_TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: (\d{3})")


class _Budget:
    """The time that one request has left."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._end = 0.0
        self.connected = False
        """Whether there is a connection: made for this request, or kept from the last."""

    def begin(self, seconds: float) -> None:
        self._end = self._clock.steady() + seconds

    def at_most(self, seconds: float) -> None:
        self._end = min(self._end, self._clock.steady() + seconds)

    def left(self) -> float:
        """Seconds, more than 0. Raises TimeoutError when there are none."""
        left = self._end - self._clock.steady()
        if left <= 0:
            raise TimeoutError(_TIMED_OUT)
        return left


class _BoundedSocket:
    """A connected socket of which every wait ends by the end of the budget."""

    def __init__(self, connection: socket.socket, budget: _Budget) -> None:
        self._connection = connection
        self._budget = budget

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def sendall(self, data: bytes | bytearray | memoryview) -> None:
        rest = memoryview(data).cast("B")
        while rest:
            self._connection.settimeout(self._budget.left())
            rest = rest[self._connection.send(rest[:_CHUNK]) :]

    def makefile(self, mode: str, *_buffering: int) -> io.BufferedReader:
        """What http.client reads answers from; the only mode is "rb"."""
        raw = self._connection.makefile(cast("Any", mode), buffering=0)
        return io.BufferedReader(_BoundedReader(raw, self._connection, self._budget))


class _BoundedReader(io.RawIOBase):
    """The reading side; it keeps the socket open as long as itself, as http.client expects."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket, budget: _Budget) -> None:
        self._raw = raw
        self._connection = connection
        self._budget = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._connection.settimeout(self._budget.left())
        return cast("int | None", self._raw.readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Bounded(HTTPConnection):
    """Makes urllib3's connection keep to a budget."""

    def __init__(self, *args: Any, budget: _Budget, connect_timeout: float, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self._budget = budget
        self._connect_timeout = connect_timeout

    def _new_conn(self) -> socket.socket:
        """A connection to the first address that takes one. Raises OSError."""
        problem = OSError(0, "the host has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(
            self.host, self.port, type=socket.SOCK_STREAM
        ):
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(self._patience())
                connection.connect(address)
                connection.settimeout(self._patience())  # for the TLS handshake
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                connection.close()
                problem = error
            else:
                return connection
        raise problem

    def _patience(self) -> float:
        return min(self._connect_timeout, self._budget.left())

    def _tunnel(self) -> None:
        """Have a proxy connect us, within the budget. Raises OSError."""
        connection = self.sock
        self.sock = cast("socket.socket", _BoundedSocket(connection, self._budget))
        try:
            super()._tunnel()
        except OSError as error:
            found = _TUNNEL_REFUSED.match(str(error))
            if found is None:
                raise
            raise _RefusedByProxyError(f"it refuses with {found[1]}") from None
        self.sock = connection

    def connect(self) -> None:
        """Connect, with TLS where it is due, and bound whatever is said from then on."""
        self._budget.connected = False
        super().connect()
        self._budget.connected = True
        self.sock = cast("socket.socket", _BoundedSocket(self.sock, self._budget))


class _BoundedTLS(_Bounded, HTTPSConnection):
    """The same over TLS: the handshake is within the connection's time-out."""

    def __init__(self, *args: Any, identity: TLSIdentity | None, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self._identity = identity

    def connect(self) -> None:
        """Connect with the certificates of now: they may have been renewed."""
        if self._identity is not None:
            self.ssl_context = self._identity.context()
        super().connect()


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Bounded


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _BoundedTLS
