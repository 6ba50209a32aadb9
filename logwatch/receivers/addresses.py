"""Addresses to listen at, as people write them: `0.0.0.0:514`, `:514`, `[::1]:6514`."""

from __future__ import annotations

import ipaddress
import re

from msgspec import Struct

_ADDRESS = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]]*)):([0-9]{1,5})")


class Address(Struct, frozen=True):
    """Where to listen; an empty host means every one of this machine."""

    host: str
    port: int

    def __str__(self) -> str:
        """As people write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Raises ValueError with what is wrong and a remedy, parted by a semicolon."""
    found = _ADDRESS.fullmatch(text.strip())
    if found is None or int(found[3]) > 65535:
        raise ValueError(f"{text!r} is no address; write 0.0.0.0:514, :514 or [::1]:514")
    return Address(found[1] or found[2] or "", int(found[3]))


def peer_name(place: object) -> str:
    """The host in what `accept` and `recvfrom` give, as IPv4 where it is that; else empty."""
    host = place[0] if isinstance(place, tuple) else ""
    return str(host).removeprefix("::ffff:").partition("%")[0]


class Allowed:
    """Which hosts may send."""

    def __init__(self, networks: tuple[str, ...]) -> None:
        """None named: all. Raises ValueError for what is no network."""
        self._networks = [ipaddress.ip_network(each, strict=False) for each in networks]
        self._known: dict[str, bool] = {}

    def __call__(self, host: str) -> bool:
        """Whether this one may."""
        if not self._networks or not host:
            return True
        found = self._known.get(host)
        if found is None:
            if len(self._known) >= 10_000:
                self._known.clear()
            address = ipaddress.ip_address(host)
            found = any(address in network for network in self._networks)
            self._known[host] = found
        return found
