"""Sockets of the Internet protocols to listen at."""

from __future__ import annotations

import socket

from logwatch.receivers.addresses import Address


def listening(address: Address, kind: socket.SocketKind) -> socket.socket:
    """A socket bound there that never blocks, for both versions of IP where no host is named.

    Raises OSError.
    """
    host = address.host or ("::" if socket.has_dualstack_ipv6() else "0.0.0.0")  # noqa: S104 - as asked
    family, _, _, _, place = socket.getaddrinfo(
        host, address.port, type=kind, flags=socket.AI_PASSIVE
    )[0]
    made = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6:
            only = host != "::"
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
        if kind == socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.settimeout(0.0)
        made.bind(place)
    except BaseException:
        made.close()
        raise
    return made
