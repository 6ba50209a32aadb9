"""Alerts as RFC 5424 messages: to the local socket, over UDP (RFC 5426) or TCP (RFC 6587).

Syslog has no answers: written counts as delivered, and what a receiver drops after that is lost
without a word. Datagrams are cut, at a character, to 2,048 bytes over UDP (the size that RFC 5424
section 6.1 says receivers should take) and 8,192 on the local socket. Over TCP each message is
counted in octets (RFC 6587 section 3.4.1) and sent whole; a connection that the receiver has
closed is noticed before the next message, not during the last.

The message text starts with the byte order mark only where it holds more than ASCII: RFC 5424
demands the mark for text that is declared as UTF-8 (MSG-UTF8) and leaves it out otherwise
(MSG-ANY), and many receivers show it as rubbish.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from logwatch.records import Alert, Delivered, Notification, Outcome, Retry, Severity
from logwatch.sinks.base import SinkKind, SinkSettings
from logwatch.sinks.plain_text import visible

TIMEOUT = 5.0
"""Seconds for one connect, and for one message to be taken by the kernel or the peer."""

UDP_LONGEST = 2048
UNIX_LONGEST = 8192

SD_ID = "logwatch@32473"
"""Name of the structured data; 32473 is the enterprise number set aside by RFC 5612."""

# RFC 5424, tables 1 and 2.
_FACILITIES = {
    "kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "syslog": 5, "lpr": 6, "news": 7,
    "uucp": 8, "cron": 9, "authpriv": 10, "ftp": 11, "local0": 16, "local1": 17, "local2": 18,
    "local3": 19, "local4": 20, "local5": 21, "local6": 22, "local7": 23,
}  # fmt: skip
_SEVERITIES: dict[Severity, int] = {"critical": 2, "error": 3, "warning": 4, "info": 6}

Facility = Literal[
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news",
    "uucp", "cron", "authpriv", "ftp", "local0", "local1", "local2",
    "local3", "local4", "local5", "local6", "local7",
]  # fmt: skip


class SyslogSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of the `syslog` sink."""

    address: str = "/dev/log"
    """The local socket's path, `udp://host:514` or `tcp://host:601`."""
    facility: Facility = "daemon"
    """Which part of the system speaks."""
    app_name: str = "logwatch"
    """What the receiver takes for the program's name."""

    def __post_init__(self) -> None:
        """Refuse what is no address or no name. Raises ValueError."""
        parse_address(self.address)
        if not re.fullmatch(r"[!-~]{1,48}", self.app_name):
            raise ValueError("app_name must be 1 to 48 printable ASCII characters, no space")


class Address(NamedTuple):
    """Where a syslog daemon listens: `host` is a path for "unix"."""

    transport: Literal["unix", "udp", "tcp"]
    host: str
    port: int = 0


def parse_address(text: str) -> Address:
    """What `address:` means. Raises ValueError with a remedy."""
    if text.startswith("/"):
        return Address("unix", text)
    remedy = f"{text!r} is no syslog address; write /dev/log, udp://host:514 or tcp://host:601"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:
        raise ValueError(remedy) from None
    if not host or parts.path.strip("/") or parts.query or parts.username is not None:
        raise ValueError(remedy)
    if parts.scheme == "udp":
        return Address("udp", host, port or 514)
    if parts.scheme == "tcp":
        return Address("tcp", host, port or 601)
    raise ValueError(remedy)


def _connect_unix(address: Address) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        connection.settimeout(TIMEOUT)
        connection.connect(address.host)
    except OSError:
        connection.close()
        raise
    return connection


def _connect_udp(address: Address) -> socket.socket:
    family, kind, protocol, _, target = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_DGRAM
    )[0]
    connection = socket.socket(family, kind, protocol)
    try:
        connection.settimeout(TIMEOUT)
        connection.connect(target)  # so that "port unreachable" comes back as an error
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


_CONNECT: dict[str, Callable[[Address], socket.socket]] = {
    "unix": _connect_unix,
    "udp": _connect_udp,
    "tcp": _connect_tcp,
}


class SyslogSink:
    """Sends one message an alert; see the module's docstring."""

    batch_size = 100

    def __init__(self, settings: SyslogSettings) -> None:
        self._shown = settings.address
        self._address = parse_address(settings.address)
        self._facility = _FACILITIES[settings.facility]
        self._app_name = settings.app_name
        self._connection: socket.socket | None = None

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`: any error closes the connection, for the next call to make anew."""
        frames = [self._frame(notification.alert) for notification in batch]
        try:
            connection = self._connected()
            for frame in frames:
                connection.sendall(frame)
        except OSError as error:
            self.close()
            return Retry(f"syslog at {self._shown}: {error.strerror or error}")
        return Delivered("written; syslog has no answers")

    def close(self) -> None:
        """See `Sink.close`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> socket.socket:
        connection = self._connection
        if connection and self._address.transport == "tcp" and _closed_by_peer(connection):
            self.close()
        if self._connection is None:
            self._connection = _CONNECT[self._address.transport](self._address)
        return self._connection

    def _frame(self, alert: Alert) -> bytes:
        message = format_message(alert, facility=self._facility, app_name=self._app_name)
        match self._address.transport:
            case "tcp":
                return b"%d %b" % (len(message), message)
            case "udp":
                return _cut(message, UDP_LONGEST)
            case "unix":
                return _cut(message, UNIX_LONGEST)


def _closed_by_peer(connection: socket.socket) -> bool:
    """Whether the peer has hung up; whatever it said is read and thrown away."""
    try:
        connection.settimeout(0)
        while connection.recv(4096):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(TIMEOUT)
    return True


def format_message(alert: Alert, *, facility: int, app_name: str) -> bytes:
    """`alert` as one RFC 5424 message, without framing; hidden characters are made visible."""
    priority = facility * 8 + _SEVERITIES[alert.severity]
    header = (
        f"<{priority}>1 {_token(alert.at, 32)} {_token(alert.host, 255)} {app_name} "
        f"{os.getpid()} {_token(alert.rule, 32)}"
    )
    data = {"id": alert.id, "seq": str(alert.seq), "rule": alert.rule, "status": alert.status}
    elements = " ".join(f'{name}="{_parameter(value)}"' for name, value in data.items())
    message = visible(alert.message)
    mark = "" if message.isascii() else "\ufeff"
    return f"{header} [{SD_ID} {elements}] {mark}{message}".encode()


def _token(text: str, longest: int) -> str:
    """A header field: printable ASCII without spaces, `-` where nothing is left."""
    return re.sub(r"[^!-~]+", "_", text)[:longest] or "-"


def _parameter(text: str) -> str:
    """A PARAM-VALUE: quote, backslash and bracket escaped (RFC 5424 section 6.3.3)."""
    return re.sub(r'(["\\\]])', r"\\\1", visible(text[:255]))


def _cut(message: bytes, longest: int) -> bytes:
    """The first `longest` bytes, less the half of a character."""
    if len(message) <= longest:
        return message
    return message[:longest].decode(errors="ignore").encode()


def _from_url(url: str) -> SyslogSettings:
    if url.startswith("syslog+"):
        return SyslogSettings(address=url.removeprefix("syslog+"))
    return SyslogSettings(address=url.removeprefix("syslog:") or "/dev/log")


KIND = SinkKind(
    name="syslog",
    settings=SyslogSettings,
    make=SyslogSink,
    short="address",
    schemes=("syslog", "syslog+udp", "syslog+tcp"),
    from_url=_from_url,
)
