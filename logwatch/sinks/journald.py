"""Alerts as entries of the systemd journal, with fields that `journalctl` can ask for.

Each alert is one datagram of the journal's native protocol: any text fits into any field, for a
value with a line break is sent with its length. What is too big for a datagram goes as a sealed
memory file. The journal has no answers: what the kernel took counts as delivered, and what
journald drops after that (its own rate limit, a full disk) is lost without a word. When journald
goes away in the middle of a batch, the alerts before that come twice, with the same `LOGWATCH_ID`
and `LOGWATCH_SEQ`.

Sources: "Native Journal Protocol" (systemd.io/JOURNAL_NATIVE_PROTOCOL), systemd.journal-fields(7),
journald's limits of 1,024 fields an entry and 64 characters a name (journal-importer.h,
journal-file.c).
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence

from msgspec import UNSET

from logwatch.records import Alert, Delivered, Notification, Outcome, Retry, Severity, Status
from logwatch.sinks.base import SinkKind, SinkSettings
from logwatch.sinks.plain_text import shorten, visible

SOCKET = "/run/systemd/journal/socket"

TIMEOUT = 5.0
"""Seconds for journald to make room for one message."""

LONGEST_VALUE = 65_536
"""Characters of one field; what is longer is cut in its middle, and the cut is shown."""

MOST_NAMED, MOST_QUOTED = 100, 50
"""Fields made of an alert's keys, fields and labels, of each; lines or members, of each."""

MESSAGE_IDS: dict[Status, str] = {
    "firing": "b625863c01b9475b9e1af66d06aad54d",
    "updated": "77da636868914fbd88ca7ee3a18e1d18",
    "resolved": "f28c1ec8730a4e0b805cd764c3563c4b",
}
"""Names of our three kinds of entry, for ever the same (`journalctl MESSAGE_ID=...`)."""

_PRIORITIES: dict[Severity, int] = {"critical": 2, "error": 3, "warning": 4, "info": 6}
_LONGEST_NAME = 64
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
_TOO_BIG = (errno.EMSGSIZE, errno.ENOBUFS)

Field = tuple[str, str]


class JournaldSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of the `journald` sink."""

    path: str = SOCKET
    """The journal's native socket."""
    identifier: str = "logwatch"
    """What the journal takes for the program's name (`journalctl -t`)."""

    def __post_init__(self) -> None:
        """Refuse what is no socket's path, or no name. Raises ValueError."""
        if not self.path.startswith("/") or "\0" in self.path or len(os.fsencode(self.path)) > 107:
            raise ValueError(f"path must name a socket by its full path, such as {SOCKET}")
        if not re.fullmatch(r"[!-~]{1,48}", self.identifier):
            raise ValueError("identifier must be 1 to 48 printable ASCII characters, no space")


class JournaldSink:
    """Sends one entry an alert; see the module's docstring."""

    batch_size = 100

    def __init__(self, settings: JournaldSettings) -> None:
        self._path = settings.path
        self._identifier = settings.identifier
        self._connection: socket.socket | None = None

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`: any error closes the connection, for the next call to make anew."""
        entries = [
            format_entry(fields_of(notification.alert, self._identifier)) for notification in batch
        ]
        try:
            connection = self._connected()
            for entry in entries:
                _send(connection, entry)
        except OSError as error:
            self.close()
            return Retry(f"journal at {visible(self._path)}: {error.strerror or error}")
        return Delivered("written; the journal has no answers")

    def close(self) -> None:
        """See `Sink.close`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> socket.socket:
        if self._connection is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                connection.settimeout(TIMEOUT)
                connection.connect(self._path)
            except OSError:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _send(connection: socket.socket, entry: bytes) -> None:
    """One entry in a datagram, or beside one that is empty. Raises OSError."""
    try:
        connection.send(entry)
    except OSError as error:
        if error.errno not in _TOO_BIG:
            raise
    else:
        return
    file = os.memfd_create("logwatch-alert", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    try:
        written = 0
        while written < len(entry):
            written += os.write(file, memoryview(entry)[written:])
        # journald maps the file and takes it only where nobody can change it any more.
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, _SEALS)
        socket.send_fds(connection, [b""], [file])
    finally:
        os.close(file)


def fields_of(alert: Alert, identifier: str) -> Iterator[Field]:
    """Names and values of the journal entry for `alert`, a name more than once where it has many.

    `MESSAGE` is one line; a quoted record may have several. Hidden characters are made visible.
    """
    yield "MESSAGE", visible(alert.message)
    yield "PRIORITY", str(_PRIORITIES[alert.severity])
    yield "MESSAGE_ID", MESSAGE_IDS[alert.status]
    yield "SYSLOG_IDENTIFIER", identifier
    for name in ("rule", "id", "status", "severity", "source", "path", "host"):
        yield f"LOGWATCH_{name.upper()}", visible(getattr(alert, name))
    for name in ("seq", "count", "suppressed", "first", "last", "at"):
        yield f"LOGWATCH_{name.upper()}", visible(str(getattr(alert, name)))
    for prefix, values in (("KEY", alert.key), ("FIELD", alert.fields), ("LABEL", alert.labels)):
        yield from _named(prefix, values)
    for line in alert.lines[:MOST_QUOTED]:
        yield "LOGWATCH_LINE", _in_lines(line.text)
    if alert.group is not UNSET:
        yield "LOGWATCH_GROUP", alert.group.kind
        yield "LOGWATCH_GROUP_ALERTS", str(alert.group.alerts)
        yield "LOGWATCH_GROUP_BURNING", str(alert.group.burning)
        for member in alert.group.members[:MOST_QUOTED]:
            yield "LOGWATCH_MEMBER", visible(f"{member.id}:{member.seq} {member.message}")


def _named(prefix: str, values: Mapping[str, str]) -> Iterator[Field]:
    for name, value in list(values.items())[:MOST_NAMED]:
        yield field_name(f"LOGWATCH_{prefix}_{name}"), visible(value)


def field_name(text: str) -> str:
    """`text` as journald takes a name: A to Z, digits and `_`, 64 characters at most."""
    return re.sub(r"[^A-Z0-9_]", "_", text[:_LONGEST_NAME].upper())[:_LONGEST_NAME]


def _in_lines(text: str) -> str:
    return "\n".join([visible(line) for line in text.split("\n")])


def format_entry(fields: Iterator[Field]) -> bytes:
    """`fields` as the native protocol writes them: `NAME=value`, or the value's length before it.

    The length is 64 bits, little endian.
    """
    parts = []
    for name, text in fields:
        value = shorten(text, LONGEST_VALUE).encode()
        if b"\n" in value:
            length = len(value).to_bytes(8, "little")
            parts.append(b"%b\n%b%b\n" % (name.encode(), length, value))
        else:
            parts.append(b"%b=%b\n" % (name.encode(), value))
    return b"".join(parts)


KIND = SinkKind(
    name="journald",
    settings=JournaldSettings,
    make=JournaldSink,
    short="path",
    schemes=("journald",),
    from_url=lambda url: JournaldSettings(path=url.removeprefix("journald:") or SOCKET),
)
