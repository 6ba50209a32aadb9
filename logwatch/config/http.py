"""`http:` -> where the daemon shows its figures and its health, and who may see them."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import ClassVar, NamedTuple

from yaml import Node

from logwatch.config.document import is_null
from logwatch.config.walker import Walker
from logwatch.sinks.base import SinkSettings

SHORTEST_TOKEN = 16
_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<four>[\d.]+|localhost)):(?P<port>\d+)")


class Address(NamedTuple):
    """A host and a port, or the path of a unix socket and no port."""

    host: str
    port: int | None


class HttpSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of `http`."""

    files: ClassVar[tuple[str, ...]] = ()

    listen: str
    """`127.0.0.1:8420`, `[::1]:8420`, or the absolute path of a unix socket."""
    token: str | None = None
    """What a client must send as `Authorization: Bearer TOKEN`; None: anybody who gets there."""

    def __post_init__(self) -> None:
        """Refuse what nobody could listen at, or everybody could read. Raises ValueError."""
        host, port = self.address
        if self.token is not None and not _is_token(self.token):
            raise ValueError(
                f"token must be {SHORTEST_TOKEN} printable characters or more, without spaces"
            )
        if port is not None and not ip_address(host).is_loopback and self.token is None:
            raise ValueError(
                f"listen: {self.listen} can be reached from other machines: add a token, or listen"
                " at 127.0.0.1"
            )

    @property
    def address(self) -> Address:
        """Where to listen. Raises ValueError."""
        if self.listen.startswith("/") and "\0" not in self.listen:
            return Address(self.listen, None)
        found = _ADDRESS.fullmatch(self.listen)
        remedy = "listen must be an address and a port such as 127.0.0.1:8420, or an absolute path"
        if found is None or not 0 <= int(found["port"]) <= 65535:
            raise ValueError(remedy)
        host = found["six"] or found["four"].replace("localhost", "127.0.0.1")
        try:
            ip_address(host)
        except ValueError:
            raise ValueError(remedy) from None
        return Address(host, int(found["port"]))

    def __repr__(self) -> str:
        token = "" if self.token is None else ", token='…'"
        return f"HttpSettings(listen={self.listen!r}{token})"


def build_http(node: Node | None, walker: Walker, *, sends: bool) -> HttpSettings | None:
    """The settings in `node`; None where there are none, or after reporting why they cannot be.

    Without `sends` nobody will listen, so that the token need not be there.
    """
    if node is None or is_null(node):
        return None
    with walker.references.needed(sends):
        return walker.settings(HttpSettings, node, "'http'", "listen")


def _is_token(text: str) -> bool:
    return len(text) >= SHORTEST_TOKEN and text.isascii() and text.isprintable() and " " not in text
