"""What the daemon and its commands say to each other over the control socket, and where that is.

A unix stream socket. The client writes one request, a JSON object on one line; the daemon writes
one answer, a JSON object on one line, and closes:

    {"version": 1, "verb": "status"}
    {"version": 1, "result": {...}}
    {"version": 1, "error": {"code": "unknown-verb", "message": "..."}}

Whoever may write to the socket may speak: mode 0660, and the kernel sees to it (unix(7)). An answer
that does not come is lost with nothing changed in the daemon.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from logwatch.clock import SystemClock
from logwatch.errors import Exit, LogwatchError

VERSION = 1
SOCKET_NAME = "control.sock"
SERVICE_FOLDER = Path("/run/logwatchd")
"""The RuntimeDirectory of our systemd unit: a shell has no $RUNTIME_DIRECTORY that names it."""

LONGEST_REQUEST = 65_536
LONGEST_ANSWER = 64 * 1024 * 1024
"""Bytes. Ten thousand files make about three megabytes of status."""

_LONGEST_ADDRESS = 107
"""Bytes of `sun_path` in unix(7), without the zero at its end."""


class Request(Struct, frozen=True, kw_only=True):
    """What a client asks for."""

    version: int
    verb: str
    arguments: dict[str, Any] = {}
    user: int = -1
    """Who asks: put here by the daemon, from the kernel, whatever the client wrote."""


class Fault(Struct, frozen=True, kw_only=True):
    """Why there is no result."""

    code: str
    """For programs: too-long, bad-request, unsupported-version, unknown-verb, failed."""
    message: str


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What comes back: `result`, else `error`."""

    version: int
    result: Raw | UnsetType = UNSET
    error: Fault | None = None


class NoDaemonError(LogwatchError):
    """Raised when nobody listens at a control socket, or nobody answers."""

    exit = Exit.UNREACHABLE


class ControlDeniedError(LogwatchError):
    """Raised when this user may not speak to the daemon; the text has the remedy."""

    exit = Exit.NOT_PERMITTED


class ControlRefusedError(LogwatchError):
    """Raised when the daemon answers with an error."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"the daemon refuses: {fault.message}")
        self.fault = fault


def server_places(state: Path, environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Where a daemon puts its socket: the first of these that it can have."""
    runtime = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]  # systemd may name several
    folders = [Path(runtime).absolute()] if runtime else []
    return [folder / SOCKET_NAME for folder in (*folders, state.absolute())]


def client_places(state: Path | None, environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Where a command looks for the daemon whose store is in `state` (None: nobody knows)."""
    places = server_places(state or SERVICE_FOLDER, environ)
    service = SERVICE_FOLDER / SOCKET_NAME
    return places if service in places else [*places, service]


@contextmanager
def address(path: Path) -> Iterator[str]:
    """What to pass to `bind` or `connect` for the socket at `path`, however long that is.

    Raises OSError where the folder of a long path cannot be opened.
    """
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def ask(
    path: Path, verb: str, *, seconds: float = 5.0, arguments: Mapping[str, Any] | None = None
) -> bytes:
    """The JSON of what the daemon at `path` answers to `verb`, within `seconds`.

    Raises NoDaemonError, ControlDeniedError, ControlRefusedError.
    """
    asked = Request(version=VERSION, verb=verb, arguments=dict(arguments or {}))
    request = msgspec.json.encode(asked) + b"\n"
    try:
        data = _exchange(path, request, seconds)
        answer = msgspec.json.decode(data, type=Answer)
    except PermissionError as problem:
        raise ControlDeniedError(
            f"{path} is closed to user {os.geteuid()}; run this as root, or as the user of the"
            " daemon"
        ) from problem
    except TimeoutError as problem:
        raise NoDaemonError(f"nothing came from {path} within {seconds:g} s") from problem
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise NoDaemonError(f"no daemon answers at {path}: {problem}") from problem
    if answer.error is not None:
        raise ControlRefusedError(answer.error)
    if answer.result is UNSET:
        raise NoDaemonError(f"no daemon answers at {path}: neither result nor error")
    return bytes(answer.result)


def _connect(line: socket.socket, path: Path, seconds: float) -> None:
    """Wait for a place in the line of those who ask; a socket with a time-out would be refused.

    Source: unix(7), and SO_SNDTIMEO in socket(7).
    """
    whole, rest = divmod(seconds, 1.0)
    patience = struct.pack("@ll", int(whole), int(rest * 1e6))
    line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
    try:
        with address(path) as name:
            line.connect(name)
    except BlockingIOError as problem:
        raise TimeoutError from problem


def _exchange(path: Path, request: bytes, seconds: float) -> bytes:
    clock = SystemClock()
    deadline = clock.steady() + seconds
    answer = bytearray()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        _connect(line, path, seconds)
        line.settimeout(seconds)
        line.sendall(request)
        while not answer.endswith(b"\n"):
            left = deadline - clock.steady()
            if left <= 0:
                raise TimeoutError
            line.settimeout(left)
            data = line.recv(1 << 18)
            if not data or len(answer) > LONGEST_ANSWER:
                raise ConnectionError("the answer has no end")
            answer += data
    return bytes(answer)
