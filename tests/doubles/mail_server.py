"""Mail servers on the loopback: a real one (aiosmtpd) that refuses on demand, and a rude one.

The rude one says what a test has written down, line by line, and then hangs, hangs up or resets.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


@dataclass
class Mail:
    """What came in."""

    sender: str
    recipients: list[str]
    content: bytes
    options: list[str]

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


@dataclass
class MailServer:
    """`answers` holds what to say instead of yes: by command, or by recipient's address.

    A list is said one at a time, and then yes.
    """

    answers: dict[str, str | list[str]] = field(default_factory=dict)
    password: str | None = None
    mails: list[Mail] = field(default_factory=list)
    connections: int = 0
    commands: list[str] = field(default_factory=list)

    def listen(self, **parameters) -> None:
        if self.password is not None:
            parameters |= {"authenticator": self._check, "auth_required": True}
        parameters = {"auth_require_tls": False, "enable_SMTPUTF8": False} | parameters
        self._controller = _OnAnyPort(self, hostname="127.0.0.1", port=0, **parameters)
        self._controller.start()

    @property
    def port(self) -> int:
        return self._controller.port

    def close(self) -> None:
        self._controller.stop()

    def hang_up(self) -> None:
        """Close every connection, and go on listening."""
        self._controller.hang_up()

    def _check(self, server, session, envelope, mechanism, data):
        assert isinstance(data, LoginPassword)
        right = data.login == b"logwatch" and data.password == self.password.encode()
        return AuthResult(success=right, handled=False)

    def _answer(self, name: str) -> str | None:
        found = self.answers.get(name)
        if isinstance(found, list):
            found = found.pop(0) if found else None
        return found

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 - theirs
        self.commands.append(f"MAIL {address}")
        refusal = self._answer("MAIL")
        if refusal is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return refusal or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - theirs
        self.commands.append(f"RCPT {address}")
        refusal = self._answer("RCPT") or self._answer(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - theirs
        self.commands.append("DATA")
        refusal = self._answer("DATA")
        if refusal is None:
            self.mails.append(
                Mail(
                    envelope.mail_from,
                    list(envelope.rcpt_tos),
                    envelope.content,
                    list(envelope.mail_options),
                )
            )
        return refusal or "250 queued"

    async def handle_RSET(self, server, session, envelope):  # noqa: N802 - theirs
        self.commands.append("RSET")
        return self._answer("RSET") or "250 OK"


class _OnAnyPort(Controller):
    def __init__(self, *arguments, **parameters):
        super().__init__(*arguments, **parameters)
        self._conversations = []

    def factory(self):
        self.handler.connections += 1
        self._conversations.append(SMTP(self.handler, **self.SMTP_kwargs))
        return self._conversations[-1]

    def stop(self, no_assert=False):
        """Hang up first: what is left to the garbage collector complains."""
        self.hang_up()
        super().stop(no_assert)

    def hang_up(self):
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(5)

    async def _hang_up(self):
        for one in self._conversations:
            for transport in (one.transport, one._original_transport):
                if transport is not None:
                    transport.abort()
            if one._handler_coroutine is not None:
                await asyncio.wait([one._handler_coroutine], timeout=5)
        for _ in range(5):
            await asyncio.sleep(0)

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
        self.handler.connections = 0


RESET = "<reset>"
HANG = "<hang>"
HANG_UP = "<hang up>"
ENCRYPT = "<encrypt>"


@dataclass
class RudeMailServer:
    """Says `script[0]` at once and `script[n]` to line n of the client."""

    script: list[str]
    context: ssl.SSLContext | None = None
    lines: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._open: list[socket.socket] = []
        self._thread.start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def close(self) -> None:
        self.stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        for connection in self._open:
            connection.close()

    def _serve(self) -> None:
        while not self.stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            with suppress(OSError):
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        for said, following in zip(self.script, [*self.script[1:], ""], strict=True):
            if said == RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                reader.close()
                connection.close()
                return
            if said == HANG:
                self.stop.wait(30)
                break
            if said == HANG_UP:
                break
            if said == ENCRYPT:
                reader.close()
                connection = self.context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
                reader = connection.makefile("rb")
                continue
            connection.sendall(said.encode() + b"\r\n")
            if following == ENCRYPT:
                continue  # what comes now is no line
            line = reader.readline()
            if not line:
                break
            self.lines.append(line.decode().rstrip())
        reader.close()
        connection.close()
