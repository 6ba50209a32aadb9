"""What a source says about the sockets at which syslog is heard."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from logwatch.parsers import RECEIVED
from logwatch.receivers.addresses import Address
from logwatch.receivers.options import CONNECTIONS, IDLE_SECONDS, RECEIVE_BUFFER
from logwatch.tailer.settings import Origin


class TlsSettings(Struct, frozen=True, kw_only=True):
    """A certificate of ours, and whose certificates the peers must have."""

    certificate: str
    """PEM file with the certificate and those between it and its root."""
    key: str
    """PEM file with its key."""
    client_ca: str | None = None
    """PEM file with the roots of the peers' certificates; None: they need none."""


class SyslogSettings(Origin, frozen=True, kw_only=True):
    """Where it listens, and how much it takes."""

    kind: ClassVar[str] = "syslog"
    joins: ClassVar[bool] = True

    udp: tuple[Address, ...] = ()
    tcp: tuple[Address, ...] = ()
    tls: tuple[Address, ...] = ()
    unix: tuple[str, ...] = ()
    """Paths of datagram sockets, as `/dev/log` is one."""
    unix_stream: tuple[str, ...] = ()
    """Paths of stream sockets."""
    mode: int = 0o660
    """Who may write to the unix sockets."""
    allow: tuple[str, ...] = ()
    """Addresses and networks that may send; empty: all."""
    connections: int = CONNECTIONS
    """So many at once; further ones are closed at once."""
    idle: float = IDLE_SECONDS
    """Seconds without a whole message after which a connection is closed."""
    receive_buffer: int = RECEIVE_BUFFER
    """Bytes that the kernel shall keep of UDP until they are read."""
    certificates: TlsSettings | None = None
    """For `tls`."""

    def told_as(self, format: str) -> str:  # noqa: A002 - as `Origin` has it
        """The fields of the format, and the sender's address."""
        return f"{RECEIVED}{format}"
