"""Networks of IPv4 and IPv6, and which addresses that logs hold are in them.

Logs write an address in more than one way: `10.0.0.7:22`, `10.0.0.7#53`, `[2001:db8::7]:443`,
`fe80::1%eth0`. The port and the zone are no part of it, and an IPv4 address that was written as one
of IPv6 (`::ffff:10.0.0.7`) is the IPv4 address. What is no address is in no network: names are not
looked up, and neither a list of addresses nor `010.0.0.7`, which may be octal, is one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)

LONGEST = 64
"""Characters beyond which a text is no address."""
_KEPT = 4096
"""Addresses that are known again: most lines are from a few."""
_IPV4_FROM = 1 << 128
"""IPv4 is numbered behind IPv6, so that one order has both."""
_MAPPED_BITS = 96

_WRITTEN = re.compile(
    r"(?:::[fF]{4}:)?([0-9.]+)(?:[:#][0-9]{1,5})?"
    r"|\[([0-9A-Fa-f:.]+)(?:%[^\]]+)?\](?:[:#][0-9]{1,5})?"
    r"|([0-9A-Fa-f:.]+)(?:%[^#]+)?(?:#[0-9]{1,5})?"
)
_MEANT = re.compile(
    r"[0-9]+(?:\.[0-9]+){3}(?:[^0-9.].*)?"  # four numbers, whatever follows
    r"|[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}\.?/[0-9]+"  # 10/8, which firewalls read
    r"|\[?(?=[^/]*::|(?:[0-9a-f]+:){7})[0-9a-f:.]+(?:[]%/].*)?",
    re.IGNORECASE,
)
_SHORT = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}\.?")


class NetworkError(ValueError):
    """Raised for a text that is no network; `remedy` is what to write instead."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def is_meant(text: str) -> bool:
    """Whether `text` was meant for an address or a network, well written or not."""
    return _MEANT.fullmatch(text) is not None


def around(text: str) -> str | None:
    """The network of which `text` has the mask, and its address or one in it; None for others."""
    try:
        return str(ip_network(text, strict=False)) if "/" in text else None
    except ValueError:
        return None


def network(text: str) -> IPv4Network | IPv6Network:
    """`10.0.0.0/8`, `2001:db8::/32`, or one address. Raises NetworkError."""
    try:
        found = ip_network(
            text.replace("%", " ")
        )  # a zone tells where, and no address is elsewhere
    except ValueError:
        raise _refused(text) from None
    if isinstance(found, IPv6Network) and found.prefixlen >= _MAPPED_BITS:
        mapped = found.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, found.prefixlen - _MAPPED_BITS))
    return found


def _refused(text: str) -> NetworkError:
    before, _, mask = text.partition("/")
    if _SHORT.fullmatch(before):
        whole = ".".join([*before.rstrip(".").split("."), "0", "0", "0"][:4])
        return NetworkError(
            f"{text[:60]!r} lacks some of four numbers", f"write {whole}/{mask or 8}"
        )
    try:
        whose = ip_address(before)
    except ValueError:
        if not mask and address(text) is not None:
            return NetworkError(f"{text[:60]!r} is more than an address", "leave its port out")
        return NetworkError(
            f"{text[:60]!r} is no address or network",
            "write one: 10.0.0.7, 10.0.0.0/8 or 2001:db8::/32",
        )
    if "%" in before:
        return NetworkError(f"{text[:60]!r} has a zone, which is not looked at", "leave %... out")
    try:
        around = ip_network(text, strict=False)
    except ValueError:
        return NetworkError(
            f"{text[:60]!r} has no mask from /0 to /{whose.max_prefixlen}",
            f"write {before} for the address, or {before}/{whose.max_prefixlen // 2} and the like",
        )
    return NetworkError(
        f"{text[:60]!r} is one address in a network",
        f"write {around} for the network, or {whose} for the address",
    )


@lru_cache(maxsize=_KEPT)
def address(text: str) -> int | None:
    """A number for the address that `text` is, one for each there is; None where it is none."""
    found = _WRITTEN.fullmatch(text)
    if found is None or found.lastindex is None:
        return None
    try:
        return _number(ip_address(found[found.lastindex]))
    except ValueError:
        return None


def _number(address_: IPv4Address | IPv6Address) -> int:
    if isinstance(address_, IPv6Address):
        if address_.ipv4_mapped is None:
            return int(address_)
        address_ = address_.ipv4_mapped
    return _IPV4_FROM + int(address_)


class Networks:
    """Some networks, as `network` reads them; how many they are hardly matters to who asks."""

    def __init__(self, texts: Sequence[str]) -> None:
        found = [network(text) for text in texts]
        ranges: list[IPv4Network | IPv6Network] = [
            *collapse_addresses(one for one in found if isinstance(one, IPv6Network)),
            *collapse_addresses(one for one in found if isinstance(one, IPv4Network)),
        ]
        self._firsts = [_number(one.network_address) for one in ranges]
        self._lasts = [_number(one.broadcast_address) for one in ranges]

    def have(self, text: str) -> bool:
        """Whether `text` is an address in one of them."""
        number = address(text) if len(text) <= LONGEST else None
        if number is None:
            return False
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number <= self._lasts[at]
