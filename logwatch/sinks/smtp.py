"""Each alert as a mail, handed to a mail server: text and HTML, an episode as one thread.

Delivered means that the server took the mail for at least one recipient and refused it for every
other one, for good or so often that it was given up; who was refused is said in the log. A
recipient who was told is not told again while others wait for their next try, but for a restart in
between. Where the connection breaks between the end of a mail and the server's word on it, the mail
is sent once more with the same Message-ID. Mail is never sent in the clear to another machine
unless the configuration says so, and neither the password nor an attempt at it ever shows in a
reason or in `repr`.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Meta, field

from logwatch import telemetry
from logwatch.clock import Clock, SystemClock
from logwatch.records import Alert, Delivered, Notification, Outcome, Rejected, Retry
from logwatch.sinks.base import PEOPLE_RATE, SinkKind, in_turn
from logwatch.sinks.client_tls import TLSIdentity, TLSSettings
from logwatch.sinks.http_answer import CREDENTIALS_RETRY_AFTER
from logwatch.sinks.own_words import PeopleSettings, Writer
from logwatch.sinks.plain_text import shorten, visible
from logwatch.sinks.settled import MOST_TRIES, Settled
from logwatch.units import Duration

if TYPE_CHECKING:
    from logwatch.sinks.mail_message import Mailbox
    from logwatch.sinks.smtp_client import Client, Encryption, Reply

MOST_RECIPIENTS = 100
"""RFC 5321 section 4.5.3.1.8: what every server must take at once."""

_PORTS = {"tls": 465, "starttls": 587}
_ADDRESS = re.compile(r"(?P<local>[^\s@<>()\[\]\\,;:\"]+)(?:@(?P<domain>[^\s@<>(),;\"]+))?")
_NAMED = re.compile(r"(?P<name>[^<>@]*?)\s*<(?P<address>[^<>]+)>")
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1", re.IGNORECASE)


class SmtpSettings(PeopleSettings, frozen=True, kw_only=True):
    """Settings of the `smtp` sink."""

    files: ClassVar[tuple[str, ...]] = ("ca",)

    to: Annotated[tuple[str, ...], Meta(extra={"one_or_many": True})]
    """Who gets the mail: one address or several, with a name or without."""
    sender: str | None = field(default=None, name="from")
    """Whom the mail is from; logwatch at this machine's name if not said."""
    host: str = "localhost"
    """The mail server."""
    port: int | None = None
    """Where it listens; by itself 465 for `tls`, 587 for `starttls`, else 25."""
    tls: Literal["auto", "starttls", "tls", "none"] = "auto"
    """How the connection is encrypted; `auto` is by port, and not at all on this machine."""
    ca: str | None = None
    """File of authorities to trust instead of the system's."""
    username: str | None = None
    """Who logs in; nobody if not said."""
    password: str | None = None
    """What proves it."""
    timeout: Duration = 30.0
    """For one whole attempt."""

    def __post_init__(self) -> None:
        """Refuse what could never be sent. Raises ValueError, which does not repeat a secret."""
        super().__post_init__()
        if not self.to:
            raise ValueError("to must name somebody: [ops@example.org]")
        if len(self.to) > MOST_RECIPIENTS:
            raise ValueError(f"to names more than {MOST_RECIPIENTS}; use a mailing list")
        for text in (*self.to, *([self.sender] if self.sender is not None else [])):
            parse_mailbox(text)
        if not re.fullmatch(r"[^\s/@]{1,253}", self.host) or not self.host.isprintable():
            raise ValueError("host must be the name or the address of a mail server")
        if self.port is not None and not 0 < self.port < 65_536:
            raise ValueError("port must be 1 to 65535")
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password come together")
        if not f"{self.username or ''}{self.password or ''}".isascii():
            raise ValueError("username and password must be ASCII, as mail servers take them")
        if self.timeout <= 0:
            raise ValueError("timeout must be more than 0")

    def __repr__(self) -> str:
        return f"SmtpSettings(to={self.to!r}, host={self.host!r}, port={self.port!r})"


def parse_mailbox(text: str) -> tuple[str, str]:
    """Address and shown name meant by `ops@example.org` or `Ops <ops@example.org>`.

    A name of another alphabet in the domain comes out as RFC 5890 writes it. Raises ValueError.
    """
    named = _NAMED.fullmatch(text)
    name, address = (named["name"].strip(' "'), named["address"]) if named else ("", text)
    found = _ADDRESS.fullmatch(address)
    remedy = f"{shorten(visible(text), 80)!r} is no mail address; write ops@example.org"
    if not found or not text.isprintable() or len(address) > 254:
        raise ValueError(remedy)
    if found["domain"] is None:
        return address, name
    try:
        domain = found["domain"].encode("idna").decode()
    except ValueError:
        raise ValueError(remedy) from None
    return f"{found['local']}@{domain}", name


def encryption_of(settings: SmtpSettings) -> Encryption:
    """What `tls:` means: `auto` sends nothing in the clear to another machine."""
    if settings.tls != "auto":
        return settings.tls
    if settings.port == _PORTS["tls"]:
        return "tls"
    return "none" if _LOOPBACK.fullmatch(settings.host) else "starttls"


class SmtpSink:
    """Sends alerts one by one over a connection that is kept for a while; see the module."""

    batch_size = 1

    def __init__(self, settings: SmtpSettings, clock: Clock) -> None:
        """Raises SinkError where `ca` cannot be used."""
        self._settings = settings
        self._clock = clock
        self._encryption = encryption_of(settings)
        self._identity = TLSIdentity(TLSSettings(ca=settings.ca)) if settings.ca else None
        self._writer = Writer(settings, "smtp")
        self._client: Client | None = None
        self._sender: Mailbox | None = None
        self._recipients: tuple[Mailbox, ...] = ()
        self._settled: Settled[Reply] = Settled()
        self._refused: dict[str, str] = {}

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`."""
        return in_turn(batch, self._deliver_one)

    def close(self) -> None:
        """See `Sink.close`."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _deliver_one(self, notification: Notification) -> Outcome:
        from logwatch.sinks.smtp_client import (  # noqa: PLC0415 - 40 ms for whoever sends mail
            BrokenOffError,
        )

        client = self._ready()
        alert = notification.alert
        key = notification.idempotency_key
        settled = self._settled.take(key)
        waiting = [each.address for each in self._recipients if each.address not in settled]
        assert self._sender is not None
        try:
            replies = client.hand_over(self._sender.address, waiting, partial(self._message, alert))
        except BrokenOffError as broken:
            self._settled.keep(key, settled)
            after = CREDENTIALS_RETRY_AFTER if broken.credentials else None
            return Retry(broken.reason, after=after)
        return self._outcome(notification, settled | replies)

    def _ready(self) -> Client:
        """The client; what needs the network to be known is found out at the first mail."""
        if self._client is None:
            from logwatch.sinks import mail_message, smtp_client  # noqa: PLC0415 - see above

            settings = self._settings
            our_name = _our_name()
            sender = settings.sender or f"logwatch@{our_name}"
            self._sender = mail_message.Mailbox(*parse_mailbox(sender))
            mailboxes = [mail_message.Mailbox(*parse_mailbox(text)) for text in settings.to]
            self._recipients = tuple({each.address: each for each in mailboxes}.values())
            login = None
            if settings.username is not None and settings.password is not None:
                login = smtp_client.Login(settings.username, settings.password)
            server = smtp_client.Server(
                settings.host,
                settings.port or _PORTS.get(self._encryption, 25),
                self._encryption,
                login,
                settings.timeout,
                self._identity.context if self._identity else smtp_client.trusting_the_system,
            )
            self._client = smtp_client.Client(server, our_name, self._clock)
        return self._client

    def _message(self, alert: Alert, wide: bool) -> bytes:  # noqa: FBT001 - as hand_over calls it
        from logwatch.sinks.mail_message import as_bytes, compose  # noqa: PLC0415 - see above

        assert self._sender is not None
        mail = compose(
            alert,
            self._writer.words(alert),
            sender=self._sender,
            recipients=self._recipients,
            wall=self._clock.wall(),
        )
        return as_bytes(mail, self._recipients, wide=wide)

    def _outcome(self, notification: Notification, replies: Mapping[str, Reply]) -> Outcome:
        """What became of a message, of which `replies` has the last word about each recipient."""
        taken = [address for address, reply in replies.items() if reply.accepted]
        later = {a: reply for a, reply in replies.items() if not (reply.accepted or reply.refused)}
        given_up = bool(taken) and notification.attempts >= MOST_TRIES
        if later and not given_up:
            settled = {a: reply for a, reply in replies.items() if a not in later}
            self._settled.keep(notification.idempotency_key, settled)
            patience = any(reply.credentials for reply in later.values())
            after = CREDENTIALS_RETRY_AFTER if patience else None
            return Retry(f"mail server: {_listed(later)}", after=after, partly=bool(taken))
        refused = {a: reply for a, reply in replies.items() if not reply.accepted}
        self._say_refused(taken, refused)
        if not taken:
            return Rejected(f"mail server: {_listed(refused)}")
        return Delivered(f"but not to {_listed(refused)}" if refused else "")

    def _say_refused(self, taken: Sequence[str], refused: Mapping[str, Reply]) -> None:
        """Log who does not get it, once until that changes: others do, or it is dead anyway."""
        for address in taken:
            self._refused.pop(address, None)
        for address, reply in refused.items():
            if self._refused.get(address) != reply.text:
                self._refused[address] = reply.text
                telemetry.warning(
                    "sink.recipient_refused", recipient=visible(address), reason=reply.text
                )


def _listed(replies: Mapping[str, Reply]) -> str:
    """`ops@example.org: 550 no such user; ...`; what is the same for many is said once."""
    by_text: dict[str, list[str]] = {}
    for address, reply in replies.items():
        by_text.setdefault(reply.text, []).append(visible(address))
    return shorten("; ".join(f"{', '.join(who)}: {why}" for why, who in by_text.items()), 500)


def _our_name() -> str:
    """This machine's full name, as far as it knows it, fit for an address and for a greeting."""
    name = socket.gethostname()
    if "." not in name:
        name = socket.getfqdn()
    return (
        name
        if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", name)
        else ("localhost")
    )


def _make(settings: SmtpSettings) -> SmtpSink:
    return SmtpSink(settings, SystemClock())


def _from_url(url: str) -> SmtpSettings:
    """`mailto:ops@example.org`, or `smtps://user:password@host:465/?to=ops@example.org`."""
    parts = urlsplit(url)
    if parts.scheme == "mailto":
        return SmtpSettings(to=tuple(unquote(each) for each in parts.path.split(",")))
    try:
        query, host, port = parse_qs(parts.query, strict_parsing=True), parts.hostname, parts.port
    except ValueError:  # its text may hold the password
        raise ValueError(_URL_REMEDY) from None
    if not host or parts.path.strip("/") or not set(query) <= {"to", "from"} or "to" not in query:
        raise ValueError(_URL_REMEDY)
    return SmtpSettings(
        to=tuple(query["to"]),
        sender=query.get("from", [None])[0],
        host=host,
        port=port,
        tls="tls" if parts.scheme == "smtps" else "auto",
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


_URL_REMEDY = "write smtp://user:password@host:587/?to=ops@example.org (or smtps:, or mailto:)"

KIND = SinkKind(
    name="smtp",
    settings=SmtpSettings,
    make=_make,
    short="to",
    schemes=("mailto", "smtp", "smtps"),
    from_url=_from_url,
    for_people=True,
    rate=PEOPLE_RATE,
)
