"""The control socket: commands ask the running daemon, which answers (see control_wire.py).

One thread serves every client, without ever waiting for one: each has `PATIENCE_SECONDS` in all
for its request and for taking the answer, a request has a longest length, and no more than
`MOST_CLIENTS` are looked at at once, the others wait in the kernel. Whatever goes wrong here costs
the daemon its control socket for a while and nothing else.

The socket of a daemon that was killed is replaced; one at which somebody answers is never taken
away, and a file that is no socket is left alone: then the next place is tried. The socket goes with
its daemon, and where somebody else removed it, it is there again within `LOOK_SECONDS`.
"""

from __future__ import annotations

import os
import selectors
import socket
import stat
import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from threading import Event, Lock

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from logwatch import telemetry
from logwatch.clock import Clock, Moment
from logwatch.daemon.control_wire import (
    LONGEST_REQUEST,
    VERSION,
    Answer,
    Fault,
    Request,
    address,
)
from logwatch.daemon.threads import Worker

PATIENCE_SECONDS = 5.0
MOST_CLIENTS = 32
LOOK_SECONDS = 10.0
"""How often it looks whether its socket is still there: all that wakes it while nobody asks."""
REST_SECONDS = 1.0
"""How long no client is accepted where the last one could not be: for want of descriptors, say."""

Verb = Callable[[Request], object]
"""Called in the control thread; what it returns must be what msgspec can write as JSON."""

_CREDENTIALS = struct.Struct("3i")
"""struct ucred of unix(7): pid, uid, gid."""


class Client:
    """One connection: a request that comes in, then an answer that goes out, then the end."""

    def __init__(self, line: socket.socket, deadline: float) -> None:
        line.settimeout(0)
        self.line = line
        self.deadline = deadline
        """Steady time at which it is let go, whatever it does."""
        self._received = bytearray()
        self._left = memoryview(b"")

    def receive(self) -> bytes | None:
        """Take what is there; the request once it is whole. Raises EOFError, OSError."""
        data = self.line.recv(LONGEST_REQUEST + 1)
        if not data:
            raise EOFError
        self._received += data
        end = self._received.find(b"\n")
        if end < 0 and len(self._received) <= LONGEST_REQUEST:
            return None
        return bytes(self._received[:end] if end >= 0 else self._received)

    def reply(self, answer: bytes) -> None:
        """What `send` is to send."""
        self._left = memoryview(answer)

    def send(self) -> bool:
        """Send what the connection takes now; True when all is sent. Raises OSError."""
        sent = self.line.send(self._left)
        self._left = self._left[sent:]
        return not self._left

    def peer(self) -> tuple[int, int]:
        """Process and user at the other end, as they were when they connected."""
        raw = self.line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid, uid, _ = _CREDENTIALS.unpack(raw)
        return pid, uid


class ControlServer(Worker):
    """The thread that answers commands. Never raises for want of a socket: it says so, once."""

    def __init__(
        self,
        places: Sequence[Path],
        verbs: Mapping[str, Verb],
        *,
        clock: Clock,
        orders: Collection[str] = (),
    ) -> None:
        """`places`: paths for the socket, the best one first.

        `orders`: verbs that change something; who gives one is logged.
        """
        super().__init__("control", clock=clock, stop=Event())
        self._places = places
        self._verbs = verbs
        self._orders = frozenset(orders)
        self._selector = selectors.DefaultSelector()
        self._nudging = Lock()  # held for one system call: no number is used that is another's now
        self._nudge = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._selector.register(self._nudge, selectors.EVENT_READ)
        self._listener: socket.socket | None = None
        self._accepts = False
        self._accept_at = 0.0
        self._look_at = 0.0
        self._identity: tuple[int, int] | None = None
        self._clients: dict[int, Client] = {}
        self._said = ""
        self.path: Path | None = None
        """Where the socket is now, None without one."""

    def start(self) -> None:
        """Open the socket, so that commands find it as soon as this returns, and start."""
        self._keep_open(self.clock.steady())
        super().start()

    def end(self) -> None:
        """Stop; callable from any thread, also before the start."""
        self.stopping.set()
        self.nudge()

    def nudge(self) -> None:
        """Look at the clock and the stop Event now; callable from any thread."""
        with self._nudging:
            if self._nudge >= 0:
                os.eventfd_write(self._nudge, 1)

    def step(self, now: Moment) -> None:
        """Serve whoever is ready; waits until somebody is, or until there is something to look at.

        An error that nobody foresaw costs all clients their answer, and the next step opens anew.
        """
        try:
            self._serve(now.steady)
        except Exception as error:  # noqa: BLE001 - the loop's edge: status must outlive its faults
            telemetry.error("control.failed", exc_info=error)
            self._close()
            self._look_at = self.clock.steady() + REST_SECONDS
            self.stopping.wait(REST_SECONDS)

    def finish(self) -> None:
        """Remove the socket, where it is still ours, and let go of every client."""
        self._close()
        self._selector.close()
        with self._nudging:
            os.close(self._nudge)
            self._nudge = -1

    def _serve(self, now: float) -> None:
        if now >= self._look_at:
            self._keep_open(now)
        self._accept_or_not(now)
        deadlines = [self._look_at, *(each.deadline for each in self._clients.values())]
        if self._listener is not None and not self._accepts and now < self._accept_at:
            deadlines.append(self._accept_at)
        for key, _ in self._selector.select(max(0.0, min(deadlines) - now)):
            if key.fileobj is self._listener:
                self._accept()
            elif isinstance(key.data, Client):
                self._attend(key.data)
            else:
                os.eventfd_read(self._nudge)
        now = self.clock.steady()
        for client in [each for each in self._clients.values() if now >= each.deadline]:
            telemetry.debug("control.client_late")
            self._let_go(client)

    # -- clients -----------------------------------------------------------------------------

    def _accept_or_not(self, now: float) -> None:
        """Listen, or leave whoever comes to the kernel, as there is room."""
        wanted = len(self._clients) < MOST_CLIENTS and now >= self._accept_at
        if self._listener is None or wanted == self._accepts:
            return
        if wanted:
            self._selector.register(self._listener, selectors.EVENT_READ)
        else:
            self._selector.unregister(self._listener)
        self._accepts = wanted

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            line, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return  # it has gone again
        except OSError as problem:
            self._accept_at = self.clock.steady() + REST_SECONDS
            telemetry.debug("control.cannot_accept", reason=str(problem))
            return
        client = Client(line, self.clock.steady() + PATIENCE_SECONDS)
        self._clients[line.fileno()] = client
        self._selector.register(line, selectors.EVENT_READ, client)

    def _attend(self, client: Client) -> None:
        try:
            if client.line.fileno() in self._clients and self._advance(client):
                self._let_go(client)
        except (BlockingIOError, InterruptedError):
            pass
        except (OSError, EOFError):
            self._let_go(client)

    def _advance(self, client: Client) -> bool:
        """Take a request, or send on; True when this client has all that it asked for."""
        if self._selector.get_key(client.line).events == selectors.EVENT_WRITE:
            return client.send()
        request = client.receive()
        if request is None:
            return False
        client.reply(self._answer(request, client))
        self._selector.modify(client.line, selectors.EVENT_WRITE, client)
        return client.send()

    def _let_go(self, client: Client) -> None:
        self._selector.unregister(client.line)
        del self._clients[client.line.fileno()]
        client.line.close()

    # -- requests ----------------------------------------------------------------------------

    def _answer(self, line: bytes, client: Client) -> bytes:
        outcome = self._outcome(line, client)
        if isinstance(outcome, Fault):
            answer = Answer(version=VERSION, error=outcome)
        else:
            answer = Answer(version=VERSION, result=Raw(outcome))
        return msgspec.json.encode(answer) + b"\n"

    def _outcome(self, line: bytes, client: Client) -> bytes | Fault:
        if len(line) > LONGEST_REQUEST:
            message = f"a request is one line of at most {LONGEST_REQUEST} bytes"
            return Fault(code="too-long", message=message)
        try:
            request = msgspec.json.decode(line, type=Request)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
            return Fault(code="bad-request", message=f"this is no request: {problem}")
        if request.version != VERSION:
            message = f"this daemon speaks version {VERSION}, not {request.version}"
            return Fault(code="unsupported-version", message=message)
        verb = self._verbs.get(request.verb)
        if verb is None:
            message = f"no verb {request.verb!r}; there are: {', '.join(sorted(self._verbs))}"
            return Fault(code="unknown-verb", message=message)
        pid, uid = client.peer()
        telemetry.debug("control.request", verb=request.verb, pid=pid, uid=uid)
        if request.verb in self._orders and not request.arguments.get("ticket"):
            telemetry.info("control.ordered", verb=request.verb, pid=pid, uid=uid)
        return self._done(replace(request, user=uid), verb)

    def _done(self, request: Request, verb: Verb) -> bytes | Fault:
        try:
            return msgspec.json.encode(verb(request))
        except Exception as error:  # noqa: BLE001 - one verb's fault must not stop the others
            telemetry.error("control.verb_failed", verb=request.verb, exc_info=error)
            return Fault(code="failed", message=f"a fault of logwatch: {error!r}")

    # -- the socket --------------------------------------------------------------------------

    def _keep_open(self, now: float) -> None:
        """See that the socket is there, or try to have one."""
        self._look_at = now + LOOK_SECONDS
        if self.path is not None and _identity(self.path) == self._identity:
            return
        if self.path is not None:
            telemetry.warning("control.socket_gone", path=str(self.path))
            self._stop_listening()
        problems = []
        for place in self._places:
            try:
                self._open(place)
            except OSError as problem:
                problems.append(f"{place}: {problem.strerror or problem}")
            else:
                return
        self._say_unavailable("; ".join(problems))

    def _open(self, place: Path) -> None:
        """Listen at `place`. Raises OSError where that cannot be had."""
        make_way(place)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            with address(place) as name:
                listener.bind(name)
            # Nobody can connect before `listen`, so at no time is it open to more than these.
            place.chmod(0o660)
            listener.listen(MOST_CLIENTS)
        except BaseException:
            listener.close()
            raise
        self._listener, self.path, self._identity = listener, place, _identity(place)
        self._said = ""
        telemetry.debug("control.listening", path=str(place))

    def _say_unavailable(self, reason: str) -> None:
        if reason != self._said:
            self._said = reason
            telemetry.warning(
                "control.unavailable",
                reason=reason,
                effect="commands such as `logwatch status` cannot reach this daemon",
            )

    def _close(self) -> None:
        for client in list(self._clients.values()):
            self._let_go(client)
        path, identity = self.path, self._identity
        self._stop_listening()
        if path is not None and _identity(path) == identity:
            path.unlink(missing_ok=True)

    def _stop_listening(self) -> None:
        if self._listener is not None:
            if self._accepts:
                self._selector.unregister(self._listener)
            self._listener.close()
        self._listener, self.path, self._accepts = None, None, False


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of what is at `path`, None where nothing is."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def make_way(place: Path) -> None:
    """Remove the socket that a dead daemon left at `place`.

    Raises OSError where somebody answers there, or where it is no socket.
    """
    try:
        mode = place.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(0, "there is a file that is no socket; remove it")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as line:
        try:
            with address(place) as name:
                line.connect(name)
        except ConnectionRefusedError:
            place.unlink(missing_ok=True)
            return
        except BlockingIOError:
            pass  # so many wait there that it must be alive
    raise FileExistsError(0, "another daemon answers there")
