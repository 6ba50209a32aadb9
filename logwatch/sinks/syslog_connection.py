"""Connections to a syslog daemon: its local socket, UDP, TCP, or TLS over TCP (RFC 5425).

Syslog has no answers, so a connection that its receiver has closed is looked for before each use.
A TLS receiver that does not want our certificate says so only after the handshake seems done (RFC
8446 section 4.4.2.4), so a new connection is given a moment for that, before a message could be
lost in it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from logwatch.sinks.client_tls import TLSIdentity

TIMEOUT = 5.0
"""Seconds for one connect, one handshake, and one message to be taken by the kernel or the peer."""

OBJECTION_SECONDS = 0.3
"""How long a receiver has to object to a new TLS connection."""

Transport = Literal["unix", "udp", "tcp", "tls"]

_PORTS: dict[str, tuple[Transport, int]] = {
    "udp": ("udp", 514), "tcp": ("tcp", 601), "tls": ("tls", 6514),
}  # fmt: skip


class Address(NamedTuple):
    """Where a syslog daemon listens: `host` is a path for "unix"."""

    transport: Transport
    host: str
    port: int = 0

    @property
    def streams(self) -> bool:
        """Whether messages need framing, and the peer may hang up."""
        return self.transport in ("tcp", "tls")


def parse_address(text: str) -> Address:
    """What `address:` means. Raises ValueError with a remedy."""
    if text.startswith("/"):
        return Address("unix", text)
    remedy = (
        f"{text!r} is no syslog address; write /dev/log, udp://host:514, tcp://host:601"
        " or tls://host:6514"
    )
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:
        raise ValueError(remedy) from None
    more = parts.path.strip("/") or parts.query or parts.username is not None
    if not host or more or parts.scheme not in _PORTS:
        raise ValueError(remedy)
    transport, usual = _PORTS[parts.scheme]
    return Address(transport, host, port or usual)


def connect(address: Address, identity: Callable[[], TLSIdentity]) -> socket.socket:
    """A connection that frames can be sent over; `identity` is asked for TLS. Raises OSError."""
    match address.transport:
        case "unix":
            return _connected(socket.AF_UNIX, address.host)
        case "udp":
            found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
            # Connected, so that "port unreachable" comes back as an error.
            return _connected(found[0], found[4])
        case "tcp":
            return _connect_tcp(address)
        case "tls":
            return _connect_tls(address, identity())


def _connected(family: int, target: str | tuple[object, ...]) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_DGRAM)
    try:
        connection.settimeout(TIMEOUT)
        connection.connect(target)
    except OSError:
        connection.close()
        raise
    return connection


def _connect_tcp(address: Address) -> socket.socket:
    connection = socket.create_connection((address.host, address.port), timeout=TIMEOUT)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # Bytes that a vanished peer never acknowledges must end in an error, not in a full buffer.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(TIMEOUT * 4000))
    return connection


def _connect_tls(address: Address, identity: TLSIdentity) -> socket.socket:
    plain = _connect_tcp(address)
    try:
        name = identity.server_name or address.host
        connection = identity.context().wrap_socket(plain, server_hostname=name)
    except OSError:
        plain.close()
        raise
    try:
        if not _hung_up(connection, OBJECTION_SECONDS):
            return connection
    except OSError:
        connection.close()
        raise
    connection.close()
    raise OSError(0, "the receiver hung up at once")


def closed_by_peer(connection: socket.socket) -> bool:
    """Whether the peer has hung up; whatever it said is read and thrown away."""
    try:
        return _hung_up(connection, 0.0)
    except OSError:
        return True


def _hung_up(connection: socket.socket, wait: float) -> bool:
    """Whether the peer hangs up within `wait` seconds. Raises OSError where it objects."""
    try:
        connection.settimeout(wait)
        while connection.recv(4096):
            connection.settimeout(0.0)
    except (BlockingIOError, TimeoutError):
        return False
    except OSError as error:
        if not _wants_more(error):
            raise
        return False
    finally:
        connection.settimeout(TIMEOUT)
    return True


def _wants_more(error: OSError) -> bool:
    """Whether TLS has nothing for us yet, which it says with an error of its own."""
    return type(error).__module__ == "ssl" and type(error).__name__ == "SSLWantReadError"


def words(error: OSError) -> str:
    """Why it failed, in the words of the system or of TLS."""
    verify = getattr(error, "verify_message", None)
    if verify:
        return f"its certificate is not trusted: {verify}"
    if type(error).__module__ == "ssl":
        return f"TLS: {getattr(error, 'reason', None) or 'failed'}"
    return error.strerror or str(error)
