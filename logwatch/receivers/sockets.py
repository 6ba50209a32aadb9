"""Sockets to listen at; a stale Unix socket is replaced, one that somebody uses is not."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress

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


class UnixListener:
    """One bound socket and its name in the file system. Raises OSError."""

    def __init__(self, path: str, kind: socket.SocketKind, mode: int) -> None:
        _remove_stale(path, kind)
        self.socket = socket.socket(socket.AF_UNIX, kind)
        try:
            self.socket.settimeout(0.0)
            self.socket.bind(path)
            os.chmod(path, mode)  # noqa: PTH101 - a plain string
            self._path, self._identity = path, _identity(path)
        except BaseException:
            self.socket.close()
            raise

    def close(self) -> None:
        """Remove the name, if it is still ours."""
        self.socket.close()
        if _identity(self._path) == self._identity:
            with suppress(OSError):
                os.unlink(self._path)  # noqa: PTH108 - a plain string


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _remove_stale(path: str, kind: socket.SocketKind) -> None:
    try:
        is_socket = stat.S_ISSOCK(os.lstat(path).st_mode)
    except OSError:
        return  # then binding tells
    if not is_socket:
        return
    with socket.socket(socket.AF_UNIX, kind) as asking:
        asking.settimeout(0.0)
        try:
            asking.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)  # noqa: PTH108 - a plain string
        except OSError:
            return
