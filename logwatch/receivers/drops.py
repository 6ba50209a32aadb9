"""Datagrams that the kernel threw away because nobody had read the ones before.

Each socket counts its own (sk_drops): SO_MEMINFO gives that, the same figure as /proc/net/udp has
in its last column, and as SO_RXQ_OVFL tells with each datagram, in one call for any number of
them. Source: socket(7), sock_diag(7), include/uapi/linux/sock_diag.h.
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

from logwatch import telemetry

_SO_MEMINFO = 55
_SO_RCVBUFFORCE = 33
_DROPS = 8
_WORDS = struct.Struct("9I")
TELL_SECONDS = 60.0
"""How often new ones are told, at most."""


class Drops:
    """What is thrown away of one socket; its buffer is made as large as may be, up to `room`."""

    def __init__(self, made: socket.socket, room: int) -> None:
        self._socket = made
        for option in (_SO_RCVBUFFORCE, socket.SO_RCVBUF):  # the first needs CAP_NET_ADMIN
            with suppress(OSError):
                made.setsockopt(socket.SOL_SOCKET, option, room)
                break
        self.room = made.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
        """Bytes; the kernel doubles what it is asked for, for what it needs itself."""
        if self.room < room:
            telemetry.info(
                "receivers.small_buffer",
                bytes=self.room,
                wanted=room,
                remedy=f"sysctl -w net.core.rmem_max={room}",
            )
        self._told = 0
        self._told = self._count()
        self._told_at: float | None = None

    def to_tell(self, now: float) -> int:
        """How many there are that nobody was told of, if it is time to tell somebody."""
        if self._told_at is not None and now - self._told_at < TELL_SECONDS:
            return 0
        count = self._count()
        lost = (count - self._told) % (1 << 32)  # it begins anew at 2^32
        if lost:
            self._told, self._told_at = count, now
        return lost

    def _count(self) -> int:
        try:
            found = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _WORDS.size)
        except OSError:
            return self._told
        return int(_WORDS.unpack(found)[_DROPS]) if len(found) == _WORDS.size else 0
