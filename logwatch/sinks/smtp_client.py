"""A conversation with a mail server that ends in time, whatever the server does.

All of an attempt (connecting, TLS, logging in, handing over) shares one time-out, and no answer
may be longer than 64 KiB. Certificates and the names in them are always verified. A refusal is a
`Reply`, one for each recipient; what breaks the conversation off is raised.

Sources: RFC 5321 (section 4.2 on replies, 4.5.3.2 on time-outs), RFC 3207 (STARTTLS), RFC 8314
(TLS from the beginning), RFC 4954 (AUTH), RFC 1870 (SIZE), RFC 6531 (SMTPUTF8).
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

from logwatch.clock import Clock
from logwatch.sinks.plain_text import shorten, visible
from logwatch.units import format_duration

CONNECT_SECONDS = 10.0
"""For one address of the host."""

QUIT_SECONDS = 1.0
"""How long the server has for a goodbye."""

LONGEST_IDLE = 30.0
"""Seconds after which a connection is not used again: servers and firewalls forget it."""

CREDENTIALS = frozenset({530, 534, 535, 538})
"""RFC 4954 section 6: what the server says where it wants to know who we are, or does not."""

CLOSING = 421
_LONGEST_REPLY = 65_536
_EXCERPT = 200
_NO_SUCH_ADDRESS = (
    553,
    "5.6.7 the server takes no address with other than ASCII characters",
)

Encryption = Literal["none", "starttls", "tls"]


class Reply(NamedTuple):
    """What the server said of a message for one recipient."""

    code: int
    text: str
    """The code and the server's words, fit for a reason."""

    @property
    def accepted(self) -> bool:
        """Whether the server has taken it upon itself."""
        return 200 <= self.code < 300

    @property
    def refused(self) -> bool:
        """Whether it never will."""
        return 500 <= self.code < 600 and not self.credentials

    @property
    def credentials(self) -> bool:
        """Whether it wants to know who we are."""
        return self.code in CREDENTIALS


class Login(NamedTuple):
    """Who we are."""

    username: str
    password: str


class Server(NamedTuple):
    """Where mail is handed over, and how."""

    host: str
    port: int
    encryption: Encryption
    login: Login | None
    timeout: float
    """Seconds for a whole attempt."""
    context: Callable[[], ssl.SSLContext]
    """What TLS is made with; called once a connection."""


class BrokenOffError(Exception):
    """Raised where there is no conversation, or an end to it: try again later."""

    def __init__(self, reason: str, *, credentials: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.credentials = credentials
        """Whether the server does not take our name and password, or wants some."""


class Client:
    """Hands messages to one server, over one connection for as long as they come quickly."""

    def __init__(self, server: Server, our_name: str, clock: Clock) -> None:
        self._server = server
        self._our_name = our_name
        self._clock = clock
        self._connection: _Connection | None = None
        self._used = 0.0

    def hand_over(
        self,
        sender: str,
        recipients: Sequence[str],
        message: Callable[[bool], bytes],
    ) -> dict[str, Reply]:
        """The last word about each of `recipients`.

        `message` gives the bytes to send, with or without SMTPUTF8 (RFC 6531), which is used where
        an address needs it. Raises BrokenOffError.
        """
        deadline = self._clock.steady() + self._server.timeout
        try:
            connection = self._connected(deadline)
            wide = not all(address.isascii() for address in (sender, *recipients))
            wide = wide and connection.has_extn("smtputf8")
            replies = connection.transact(sender, recipients, message(wide), wide=wide)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise self._broken_off(error) from None
        self._used = self._clock.steady()
        if any(reply.code == CLOSING for reply in replies.values()):
            self._drop()
        return replies

    def close(self) -> None:
        """Say goodbye, which the server may answer within a second."""
        connection = self._connection
        if connection is not None:
            connection.deadline = self._clock.steady() + QUIT_SECONDS
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
        self._drop()

    def _connected(self, deadline: float) -> _Connection:
        """A connection on which a transaction may begin. Raises OSError, SMTPException."""
        if self._clock.steady() - self._used > LONGEST_IDLE:
            self.close()
        if self._connection is not None:
            self._connection.deadline = deadline
            if self._connection.is_usable():
                return self._connection
            self._drop()
        connection = _Connection(self._server, self._our_name, self._clock, deadline)
        self._connection = connection  # so that it is closed, however far it comes
        connection.begin()
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _broken_off(self, error: Exception) -> BrokenOffError:
        where = f"{self._server.host}:{self._server.port}"
        credentials = isinstance(error, smtplib.SMTPResponseException) and (
            error.smtp_code in CREDENTIALS
        )
        words = _words(error)
        if isinstance(error, smtplib.SMTPAuthenticationError):
            words = f"it refuses user name and password: {words}"
        if words == _TIMED_OUT:
            words = f"no answer within {format_duration(self._server.timeout)}"
        if self._server.login is not None:
            words = words.replace(self._server.login.password, "…")
        return BrokenOffError(f"mail server at {visible(where)}: {words}", credentials=credentials)


class _Connection(smtplib.SMTP):
    """One connection; every wait of it ends at `deadline`, a steady time."""

    def __init__(self, server: Server, our_name: str, clock: Clock, deadline: float) -> None:
        super().__init__(local_hostname=our_name)
        self._host = server.host  # by which the base class checks the certificate
        self._server = server
        self._clock = clock
        self.deadline = deadline

    def begin(self) -> None:
        """Connect, up to where a transaction may begin. Raises OSError, SMTPException."""
        server = self._server
        self.sock = self._dialled()
        if server.encryption == "tls":
            self.sock.settimeout(self._left())
            self.sock = server.context().wrap_socket(self.sock, server_hostname=server.host)
        code, text = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        self.ehlo_or_helo_if_needed()
        if server.encryption == "starttls":
            self._encrypt()
        if server.login is not None:
            self.login(*server.login)

    def _dialled(self) -> socket.socket:
        """A connection to the first address of the host that answers. Raises OSError."""
        server = self._server
        failure = OSError(0, "its name has no address")
        for family, kind, protocol, _, target in socket.getaddrinfo(
            server.host, server.port, type=socket.SOCK_STREAM
        ):
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(min(CONNECT_SECONDS, self._left()))
                connection.connect(target)
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        try:
            raise failure
        finally:
            del failure  # it keeps this frame: each kept by the other they would stay, and the mail

    def is_usable(self) -> bool:
        """Whether the server is still there; whatever was begun is forgotten."""
        try:
            return self.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def transact(
        self, sender: str, recipients: Sequence[str], message: bytes, *, wide: bool
    ) -> dict[str, Reply]:
        """The last word about each of `recipients`. Raises OSError, SMTPException."""
        options = [f"size={len(message)}"] if self.has_extn("size") else []
        if wide:
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        first = Reply(*_NO_SUCH_ADDRESS)
        if wide or sender.isascii():
            first = _reply(self.mail(sender, options))
        if not first.accepted:
            return dict.fromkeys(recipients, first)
        replies = {}
        for recipient in recipients:
            reachable = wide or recipient.isascii()
            replies[recipient] = (
                _reply(self.rcpt(recipient)) if reachable else Reply(*_NO_SUCH_ADDRESS)
            )
            if replies[recipient].code == CLOSING:
                return dict.fromkeys(recipients, replies[recipient]) | replies
        taken = [address for address, reply in replies.items() if reply.accepted]
        return replies | dict.fromkeys(taken, self._hand_over(message)) if taken else replies

    def send(self, s: object) -> None:
        """See smtplib: within what is left of the time."""
        if self.sock is not None:
            self.sock.settimeout(self._left())
        super().send(s)  # type: ignore[arg-type]  # whatever the base class gives itself

    def getreply(self) -> tuple[int, bytes]:
        """See smtplib: within what is left of the time, and of bounded length."""
        if self.file is None and self.sock is not None:
            self.file = _Lines(self.sock, self._left)
        if self.file is not None:
            self.file.begin_reply()
        return super().getreply()

    def _hand_over(self, message: bytes) -> Reply:
        try:
            return _reply(self.data(message))
        except smtplib.SMTPDataError as error:  # the server did not even want to see it
            return _reply((error.smtp_code, error.smtp_error))

    def _encrypt(self) -> None:
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError(
                "it does not offer STARTTLS; write `tls: none` if mail may go in the clear"
            )
        code, text = self.starttls(context=self._server.context())
        if code != 220:
            raise smtplib.SMTPResponseException(code, text)
        self.ehlo_or_helo_if_needed()

    def _left(self) -> float:
        """Seconds left. Raises TimeoutError."""
        left = self.deadline - self._clock.steady()
        if left <= 0:
            raise TimeoutError(_TIMED_OUT)
        return left


class _Lines:
    """What the server says, line by line, in the manner of a file."""

    def __init__(self, connection: socket.socket, left: Callable[[], float]) -> None:
        self._connection = connection
        self._left = left
        self._data = b""
        self._room = 0

    def begin_reply(self) -> None:
        """What comes now is an answer of its own."""
        self._room = _LONGEST_REPLY

    def readline(self, limit: int) -> bytes:
        """The next line with its end, `limit` bytes at most; less at the end. Raises OSError."""
        while b"\n" not in self._data and len(self._data) < limit:
            self._connection.settimeout(self._left())
            chunk = self._connection.recv(4096)
            self._data += chunk
            if not chunk:
                limit = len(self._data)
                break
        end = self._data.find(b"\n") + 1 or limit
        line, self._data = self._data[: min(end, limit)], self._data[min(end, limit) :]
        self._room -= len(line)
        if self._room < 0:
            raise OSError(0, "its answer does not end")
        return line

    def close(self) -> None:
        """The connection is not ours to close."""


_TIMED_OUT = "timed out"


def trusting_the_system() -> ssl.SSLContext:
    """TLS that believes the system's authorities."""
    return ssl.create_default_context()


def _reply(said: tuple[int, bytes | str]) -> Reply:
    """What was said, as far as it is SMTP. Raises SMTPResponseException."""
    code, text = said
    if code < 0:
        raise smtplib.SMTPResponseException(code, text)
    return Reply(code, f"{code} {_shown(text)}".rstrip())


def _shown(text: bytes | str) -> str:
    """The server's words on one line, without what hides or steers."""
    words = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return visible(shorten(" ".join(words.split()), _EXCERPT))


def _words(error: BaseException) -> str:
    """Why a conversation was broken off: in the server's words, else in the system's."""
    match error:
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=text):
            said = f"{code} {_shown(text)}" if code >= 0 else "what it says is not SMTP"
        case smtplib.SMTPServerDisconnected():
            cause = error.__context__
            said = _words(cause) if isinstance(cause, OSError) else "the connection was closed"
        case ssl.SSLCertVerificationError():
            said = f"its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError():
            said = f"TLS: {error.reason or 'failed'}"
        case TimeoutError():
            said = _TIMED_OUT
        case OSError(strerror=str(words)):
            said = _shown(words)
        case _:
            said = _shown(str(error)) or type(error).__name__
    return said
