"""Alerts as RFC 5424 messages: to the local socket, over UDP (RFC 5426), TCP (RFC 6587) or TLS.

Syslog has no answers: written counts as delivered, and what a receiver drops after that is lost
without a word. Messages are cut, at a character, to 2,048 bytes over UDP and 8,192 else: sizes that
RFC 5424 section 6.1 and RFC 5425 section 4.3.1 say receivers should take, and beyond which some
would take the rest for a message of its own. Over TCP and TLS each message is counted in octets
(RFC 6587 section 3.4.1, RFC 5425 section 4.3); a connection that the receiver has closed is noticed
before the next message, not during the last.

The message text starts with the byte order mark only where it holds more than ASCII: RFC 5424
demands the mark for text that is declared as UTF-8 (MSG-UTF8) and leaves it out otherwise
(MSG-ANY), and many receivers show it as rubbish.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Sequence
from typing import Literal

from logwatch.records import Alert, Delivered, Notification, Outcome, Retry, Severity
from logwatch.sinks.base import SinkKind, SinkSettings
from logwatch.sinks.client_tls import TLSIdentity, TLSSettings
from logwatch.sinks.plain_text import visible
from logwatch.sinks.syslog_connection import closed_by_peer, connect, parse_address, words

UDP_LONGEST = 2048
LONGEST = 8192
"""Bytes of one message."""

SD_ID = "logwatch@32473"
"""Name of the structured data; 32473 is the enterprise number set aside by RFC 5612."""

# RFC 5424, tables 1 and 2.
FACILITIES = {
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
    """The local socket's path, `udp://host:514`, `tcp://host:601` or `tls://host:6514`."""
    tls: TLSSettings | None = None
    """Whom to trust over TLS, and who we are."""
    facility: Facility = "daemon"
    """Which part of the system speaks."""
    app_name: str = "logwatch"
    """What the receiver takes for the program's name."""

    def __post_init__(self) -> None:
        """Refuse what is no address or no name. Raises ValueError."""
        if self.tls is not None and parse_address(self.address).transport != "tls":
            raise ValueError("tls needs an address that begins with tls://")
        parse_address(self.address)
        if not re.fullmatch(r"[!-~]{1,48}", self.app_name):
            raise ValueError("app_name must be 1 to 48 printable ASCII characters, no space")


class SyslogSink:
    """Sends one message an alert; see the module's docstring."""

    batch_size = 100

    def __init__(self, settings: SyslogSettings) -> None:
        """Raises SinkError where a file of `tls` cannot be used."""
        self._shown = settings.address
        self._address = parse_address(settings.address)
        self._facility = FACILITIES[settings.facility]
        self._app_name = settings.app_name
        self._identity = None if settings.tls is None else TLSIdentity(settings.tls)
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
            return Retry(f"syslog at {self._shown}: {words(error)}")
        return Delivered("written; syslog has no answers")

    def close(self) -> None:
        """See `Sink.close`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> socket.socket:
        connection = self._connection
        if connection and self._address.streams and closed_by_peer(connection):
            self.close()
        if self._connection is None:
            self._connection = connect(self._address, self._trusting)
        return self._connection

    def _trusting(self) -> TLSIdentity:
        if self._identity is None:  # TLS takes a while to load; nobody else needs it
            self._identity = TLSIdentity(TLSSettings())
        return self._identity

    def _frame(self, alert: Alert) -> bytes:
        message = format_message(alert, facility=self._facility, app_name=self._app_name)
        if self._address.streams:
            message = _cut(message, LONGEST)
            return b"%d %b" % (len(message), message)
        return _cut(message, UDP_LONGEST if self._address.transport == "udp" else LONGEST)


def format_message(
    alert: Alert, *, facility: int, app_name: str, process: int | None = None
) -> bytes:
    """`alert` as one RFC 5424 message, without framing; hidden characters are made visible.

    `process` is the number of whoever speaks: this process if not said.
    """
    priority = facility * 8 + _SEVERITIES[alert.severity]
    header = (
        f"<{priority}>1 {_token(alert.at, 32)} {_token(alert.host, 255)} {app_name} "
        f"{process or os.getpid()} {_token(alert.rule, 32)}"
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
    schemes=("syslog", "syslog+udp", "syslog+tcp", "syslog+tls"),
    from_url=_from_url,
)
