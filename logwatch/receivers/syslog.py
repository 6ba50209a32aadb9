"""`syslog`: messages from the network and from unix sockets, each a record.

UDP: a datagram is a message (RFC 5426). TCP: both framings of RFC 6587. The parser of the format
reads RFC 3164 and RFC 5424; here only the sender's address comes to it, as the field `peer`.

What was received and not committed is lost at a kill. Where rules cannot keep up TCP, TLS and unix
streams are not read, so whoever writes to them waits. UDP cannot wait: what the kernel threw away
for want of room is counted by the kernel, and told, once a minute at most. Unix datagrams make
their writers wait.

A peer can hold up nobody: no call waits, each connection is read a piece at a time, an unfinished
message is bounded, one that brings no whole message for `idle` is closed, and beyond `connections`
none is taken.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial

from logwatch import telemetry
from logwatch.clock import Moment
from logwatch.receivers.addresses import Allowed, peer_name
from logwatch.receivers.back_off import BackOff
from logwatch.receivers.base import Receiver
from logwatch.receivers.course import Course
from logwatch.receivers.drops import Drops
from logwatch.receivers.sockets import UnixListener, listening
from logwatch.receivers.syslog_framing import SyslogFrames
from logwatch.receivers.syslog_settings import SyslogSettings
from logwatch.receivers.texts import texts_of
from logwatch.records import Block, Checkpoint
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.state import TailStatus

BLOCK_BYTES = 256 * 1024
"""Of text in one block, about."""
CHUNK = 64 * 1024
MOST_DATAGRAMS = 1000
"""Datagrams that are taken from one socket before the others have their turn."""
MOST_EVENTS = 64
MOST_ROUNDS = 64
"""Looks at all that has something, for one block: peers that dribble must not keep it back."""
LOOK_SECONDS = 5.0
"""So often idle connections are looked for, and what the kernel threw away."""
HANDSHAKE_SECONDS = 10.0
LARGEST_DATAGRAM = 65_536
REFUSALS_SECONDS = 60.0
"""How often it is said that connections were refused."""


class Senders:
    """Who sent each record of one block."""

    def __init__(self, peers: Sequence[str], starts: Sequence[int]) -> None:
        self._peers = peers
        self._starts = starts

    def told(self, index: int) -> tuple[float | None, dict[str, str]]:
        """See `Envelopes.told`."""
        peer = self._peers[bisect_right(self._starts, index) - 1]
        return None, {"peer": peer} if peer else {}

    def cursor(self, index: int) -> str:
        """See `Envelopes.cursor`: there is none."""
        del index
        return ""


class _Connection:
    """One peer."""

    def __init__(self, made: socket.socket, peer: str, frames: SyslogFrames, now: float) -> None:
        self.socket = made
        self.peer = peer
        self.frames = frames
        self.heard_at = now
        """Steady time of its last whole message, or of its beginning."""
        self.shaking = isinstance(made, ssl.SSLSocket)
        """Whether the beginning of TLS is not over yet."""


class SyslogReceiver(Receiver):
    """See the module."""

    def __init__(self, source: SourceSettings, known: Sequence[Checkpoint]) -> None:
        super().__init__(source.address)
        assert isinstance(source.origin, SyslogSettings)
        self._settings = source.origin
        self._most = source.max_line
        self._allowed = Allowed(self._settings.allow)
        self._course = Course(self.path, known, os.urandom(8).hex())
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[float], None]] = {}
        """What to do when a descriptor has something."""
        self._connections: dict[int, _Connection] = {}
        self._listeners = ExitStack()
        self._is_open = False
        self._back_off = BackOff()
        self._drops: list[Drops] = []
        self._buffer = bytearray(LARGEST_DATAGRAM)
        self._messages: list[bytes] = []
        self._peers: list[str] = []
        self._size = 0
        self._look_at = 0.0
        self._resting: list[socket.socket] = []
        """Listeners that take nobody until the next look."""
        self._refused = 0
        self._refusals_told_at: float | None = None
        self.gathers = not self._settings.udp  # whose buffer is small

    # See `Receiver`.

    def read(self, now: Moment) -> Block | None:
        """See `Receiver.read`."""
        if not self._is_open and not self._open(now):
            return None
        if now.steady >= self._look_at:
            self._look_around(now)
        for _ in range(MOST_ROUNDS):
            events = self._epoll.poll(0, MOST_EVENTS) if self._size < BLOCK_BYTES else ()
            if not events:
                break
            for descriptor, _ in events:
                handler = self._handlers.get(descriptor)  # closed meanwhile: none
                if handler is not None:
                    handler(now.steady)
        return self._block()

    def drain(self, now: Moment) -> Block | None:
        """See `Receiver.drain`: what is in the sockets."""
        return self.read(now)

    def descriptors(self) -> Mapping[int, int]:
        """See `Receiver.descriptors`: one stands for all."""
        return {} if self._epoll.closed else {self._epoll.fileno(): select.POLLIN}

    def next_look(self, now: Moment) -> float | None:
        """See `Receiver.next_look`."""
        if not self._is_open:
            return self._back_off.again_at
        needs = bool(self._connections or self._drops or self._refused or self._resting)
        return max(now.steady, self._look_at) if needs else None

    def close(self) -> None:
        """See `Receiver.close`."""
        for connection in list(self._connections.values()):
            self._forget(connection)
        self._listeners.close()
        self._handlers.clear()
        self._is_open = False
        self._epoll.close()

    # Opening.

    def _open(self, now: Moment) -> bool:
        if now.steady < self._back_off.again_at or self._epoll.closed:
            return False
        try:
            places = self._listen()
        except OSError as problem:
            self._listeners.close()
            self._handlers.clear()
            self._drops.clear()
            self._back_off.failed(now.steady)
            self._say(*_why_not(problem))
            return False
        self._is_open = True
        self._say("following", ", ".join(places))
        return True

    def _listen(self) -> list[str]:
        """Bind every socket; what it listens at, in words. Raises OSError."""
        settings, places = self._settings, []
        context = _context(settings)
        for address in settings.udp:
            made = listening(address, socket.SOCK_DGRAM)
            self._listeners.callback(made.close)
            self._drops.append(Drops(made, settings.receive_buffer))
            self._hear(made, partial(self._take_datagrams, made))
            places.append(f"udp {_place(made)}")
        for address, is_tls in (
            *((one, False) for one in settings.tcp),
            *((one, True) for one in settings.tls),
        ):
            made = listening(address, socket.SOCK_STREAM)
            self._listeners.callback(made.close)
            made.listen(128)
            over = context if is_tls else None
            self._hear(made, partial(self._accept, made, over))
            places.append(f"{'tls' if is_tls else 'tcp'} {_place(made)}")
        for path in settings.unix:
            unix = UnixListener(path, socket.SOCK_DGRAM, settings.mode)
            self._listeners.callback(unix.close)
            self._hear(unix.socket, partial(self._take_datagrams, unix.socket))
            places.append(f"unix {path}")
        for path in settings.unix_stream:
            unix = UnixListener(path, socket.SOCK_STREAM, settings.mode)
            self._listeners.callback(unix.close)
            unix.socket.listen(128)
            self._hear(unix.socket, partial(self._accept, unix.socket, None))
            places.append(f"unix {path}")
        return places

    def _hear(self, made: socket.socket, handler: Callable[[float], None]) -> None:
        self._epoll.register(made.fileno(), select.EPOLLIN)
        self._handlers[made.fileno()] = handler

    # Datagrams.

    def _take_datagrams(self, made: socket.socket, _now: float) -> None:
        buffer, allowed = self._buffer, self._allowed
        messages, peers = self._messages, self._peers
        for _ in range(MOST_DATAGRAMS):
            try:
                size, place = made.recvfrom_into(buffer)
            except BlockingIOError:
                return
            except OSError as problem:  # an error that an earlier datagram came back with
                telemetry.debug("receivers.datagram_failed", source=self.path, error=str(problem))
                return
            peer = peer_name(place)
            if allowed(peer):
                messages.append(bytes(buffer[: min(size, self._most + 1)]))
                peers.append(peer)
                self._size += size
            else:
                telemetry.count("receivers.not_allowed")

    # Connections.

    def _accept(self, listener: socket.socket, over: ssl.SSLContext | None, now: float) -> None:
        for _ in range(MOST_EVENTS):
            try:
                made, place = listener.accept()
            except (BlockingIOError, ConnectionError):  # nobody, or nobody any more
                return
            except OSError as problem:  # no descriptors are left
                telemetry.warning(
                    "receivers.accept_failed", source=self.path, error=problem.strerror
                )
                self._epoll.modify(listener.fileno(), 0)  # or it would wake us for ever
                self._resting.append(listener)
                return
            peer = peer_name(place)
            if len(self._connections) >= self._settings.connections or not self._allowed(peer):
                self._refused += 1
                telemetry.count("receivers.connections_refused")
                made.close()
                continue
            made.settimeout(0.0)
            if over is not None:
                try:
                    made = over.wrap_socket(made, server_side=True, do_handshake_on_connect=False)
                except OSError:
                    made.close()
                    continue
            connection = _Connection(made, peer, SyslogFrames(self._most), now)
            self._connections[made.fileno()] = connection
            self._hear(made, partial(self._take, connection))
            self._count_connections()

    def _take(self, connection: _Connection, now: float) -> None:
        """Read a piece of what one peer has sent."""
        try:
            if connection.shaking:
                self._shake(connection)
            chunk = connection.socket.recv(CHUNK)
            if isinstance(connection.socket, ssl.SSLSocket):
                while waiting := connection.socket.pending():  # of which epoll knows nothing
                    chunk += connection.socket.recv(waiting)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as problem:
            telemetry.debug("receivers.peer_failed", source=self.path, error=str(problem))
            chunk = b""
        messages = connection.frames.feed(chunk) if chunk else connection.frames.end()
        if messages:
            connection.heard_at = now
            self._messages += messages
            self._peers += [connection.peer] * len(messages)
            self._size += sum(map(len, messages))
        if not chunk:
            self._forget(connection)

    def _shake(self, connection: _Connection) -> None:
        assert isinstance(connection.socket, ssl.SSLSocket)
        try:
            connection.socket.do_handshake()
        except ssl.SSLWantWriteError:
            self._epoll.modify(connection.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)
            raise
        self._epoll.modify(connection.socket.fileno(), select.EPOLLIN)
        connection.shaking = False

    def _forget(self, connection: _Connection) -> None:
        descriptor = connection.socket.fileno()
        with suppress(OSError):
            self._epoll.unregister(descriptor)
        self._handlers.pop(descriptor, None)
        self._connections.pop(descriptor, None)
        connection.socket.close()
        self._count_connections()

    def _count_connections(self) -> None:
        self._show(self._course.offset, len(self._connections))

    # Now and then.

    def _look_around(self, now: Moment) -> None:
        self._look_at = now.steady + LOOK_SECONDS
        while self._resting:
            self._epoll.modify(self._resting.pop().fileno(), select.EPOLLIN)
        for connection in list(self._connections.values()):
            quiet = now.steady - connection.heard_at
            if quiet >= (HANDSHAKE_SECONDS if connection.shaking else self._settings.idle):
                telemetry.info("receivers.peer_idle", source=self.path, peer=connection.peer)
                self._forget(connection)
        for drops in self._drops:
            lost = drops.to_tell(now.steady)
            if lost:
                self._lose(
                    f"{lost:,} messages that came by UDP found no room in the kernel's buffer of"
                    f" {drops.room:,} bytes; see receive_buffer in docs/sources.md"
                )
        self._tell_refusals(now.steady)

    def _tell_refusals(self, now: float) -> None:
        told_at = self._refusals_told_at
        if self._refused and (told_at is None or now - told_at >= REFUSALS_SECONDS):
            telemetry.warning(
                "receivers.connections_refused",
                source=self.path,
                count=self._refused,
                open=len(self._connections),
            )
            self._refused, self._refusals_told_at = 0, now

    # Handing out.

    def _block(self) -> Block | None:
        pairs = [
            (bare, peer)
            for message, peer in zip(self._messages, self._peers, strict=True)
            if (bare := message.strip(b"\r\n\0 "))
        ]
        self._messages, self._peers, self._size = [], [], 0
        if not pairs:
            return None
        texts = texts_of([message for message, _ in pairs])
        senders = Senders([peer for _, peer in pairs], texts.starts)
        block = self._course.block(texts.data, joined=texts.joined, envelopes=senders)
        self._count_connections()
        return block


def _context(settings: SyslogSettings) -> ssl.SSLContext | None:
    """What TLS needs; None where nobody listens with it. Raises OSError, as for a bad file."""
    if settings.certificates is None or not settings.tls:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.certificates.certificate, settings.certificates.key)
    if settings.certificates.client_ca is not None:
        context.load_verify_locations(settings.certificates.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _place(made: socket.socket) -> str:
    host, port = made.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _why_not(problem: OSError) -> tuple[TailStatus, str]:
    """The state of a source that cannot listen, and what to do about it."""
    text = problem.strerror or str(problem)
    if isinstance(problem, PermissionError):
        return "denied", (
            f"cannot listen: {text}; ports below 1024 need CAP_NET_BIND_SERVICE"
            " (AmbientCapabilities= of the unit), or choose a higher one"
        )
    return "error", f"cannot listen: {text}"
