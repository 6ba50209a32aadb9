"""The keys of sources that are no files: one struct for each kind of them."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from logwatch.config.key_forms import Keys, OneOrMany, Pieces, Window
from logwatch.receivers.options import CONNECTIONS, IDLE_SECONDS, RECEIVE_BUFFER, Priority

ORIGINS = ("journald", "syslog", "stdin", "pipe", "exec")
"""Keys of a source of which it has one in the place of `path`."""

_ALL = ("all", "true", "yes", "on")


class JournaldKeys(Keys, frozen=True):
    """`journald: all`, `journald: sshd.service`, or a map of what is wanted."""

    examples: ClassVar = {
        "units": "[sshd.service, 'nginx*']",
        "identifiers": "sudo",
        "priority": "warning",
        "match": "{_UID: '0'}",
        "boot": "current",
        "directory": "/var/log/journal/remote",
    }

    units: OneOrMany = ()
    identifiers: OneOrMany = ()
    priority: Priority | None = None
    match: dict[str, OneOrMany] = field(default_factory=dict)
    boot: Literal["all", "current"] = "all"
    directory: str | None = None

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`sshd.service`, or `all`."""
        return {} if text in _ALL else {"units": (0, text)}


class SyslogKeys(Keys, frozen=True):
    """`syslog: 0.0.0.0:514`, over UDP and TCP, or a map of where to listen."""

    examples: ClassVar = {
        "udp": "0.0.0.0:514",
        "tcp": "0.0.0.0:601",
        "tls": "0.0.0.0:6514",
        "unix": "/run/logwatch/log",
        "unix_stream": "/run/logwatch/log.stream",
        "mode": "'0660'",
        "allow": "[10.0.0.0/8]",
        "connections": "512",
        "idle": "1h",
        "receive_buffer": "4MiB",
        "certificate": "/etc/logwatchd/syslog.pem",
        "key": "/etc/logwatchd/syslog.key",
        "client_ca": "/etc/logwatchd/clients.pem",
    }

    udp: OneOrMany = ()
    tcp: OneOrMany = ()
    tls: OneOrMany = ()
    unix: OneOrMany = ()
    unix_stream: OneOrMany = ()
    mode: str = "0660"
    allow: OneOrMany = ()
    connections: Annotated[int, Meta(ge=1, le=100_000)] = CONNECTIONS
    idle: Window = IDLE_SECONDS
    receive_buffer: Annotated[int, Meta(ge=4096, le=1 << 30, extra={"unit": "size"})] = (
        RECEIVE_BUFFER
    )
    certificate: str | None = None
    key: str | None = None
    client_ca: str | None = None

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`0.0.0.0:514`."""
        return {"udp": (0, text), "tcp": (0, text)}
