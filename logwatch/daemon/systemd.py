"""Tells systemd how we are: the sd_notify(3) protocol, one datagram a message.

Where NOTIFY_SOCKET is not set, or systemd does not answer, nothing happens: a message about the
daemon's health must never harm it. Failed messages are counted as `systemd.notify_failed`.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

from logwatch.telemetry import count

_SEND_TIMEOUT_SECONDS = 1.0


class Notifier:
    """The daemon's line to its service manager.

    Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of `environ` (the process's own when
    None), so that no child can speak in our name.
    """

    def __init__(self, environ: MutableMapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        address = environ.pop("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_interval = _watchdog_interval(
            environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
        )
        """Seconds between two calls of `watchdog`: half of WatchdogSec=. None: do not call it."""
        self.remark = ""
        """Ends each status line from now on: what people must see until it is no longer so."""

    @property
    def connected(self) -> bool:
        """Whether a service manager asked to be told."""
        return bool(self._address)

    def ready(self, status: str) -> None:
        """Starting up, or reloading, is over."""
        self._send(f"READY=1\n{self._status(status)}")

    def status(self, text: str) -> None:
        """One line for people, shown by `systemctl status`."""
        self._send(self._status(text))

    def reloading(self, monotonic_usec: int) -> None:
        """Reloading began at `monotonic_usec` (CLOCK_MONOTONIC, microseconds); ends by `ready`."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={monotonic_usec}")

    def stopping(self) -> None:
        """Stopping began."""
        self._send("STOPPING=1")

    def watchdog(self) -> None:
        """All is well; without this for WatchdogSec= the service is killed and restarted."""
        self._send("WATCHDOG=1")

    def extend_timeout(self, usec: int) -> None:
        """Starting, reloading or stopping needs `usec` microseconds more, counted from now."""
        self._send(f"EXTEND_TIMEOUT_USEC={usec}")

    def _status(self, text: str) -> str:
        parts = [" ".join(each.split()) for each in (text, self.remark)]
        return "STATUS=" + "; ".join(part for part in parts if part)

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.settimeout(_SEND_TIMEOUT_SECONDS)
                line.sendto(message.encode(errors="replace"), self._address)
        except OSError:
            count("systemd.notify_failed")


def _watchdog_interval(usec: str, pid: str) -> float | None:
    """sd_watchdog_enabled(3): the time-out counts only for the process that it was meant for."""
    if not usec.isdecimal() or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 2e6 or None
