"""What a sink sends: shown without being sent, or seen while it is. For `logwatch send`.

What the settings hold as a secret (keys, tokens, passwords, headers, the paths of URLs) shows as
`…`. A secret that stands in a body of one's own cannot be told from the rest of it.
"""

from __future__ import annotations

import gzip
import io
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from socket import gethostname
from typing import Any, NamedTuple

from msgspec.structs import asdict

from logwatch.clock import Clock
from logwatch.records import Notification, Outcome
from logwatch.sinks.base import Sink, SinkKind, SinkSettings
from logwatch.sinks.blocks import as_text
from logwatch.sinks.endpoint import onlooker
from logwatch.sinks.http_answer import Answer, NoAnswer, secrets_of
from logwatch.sinks.own_words import Writer

_GZIP = b"\x1f\x8b"
"""How what gzip made begins; source: RFC 1952 section 2.3.1."""
_SECRET = ("routing_key", "token", "password", "secret")


class Exchange(NamedTuple):
    """One request, and what came back."""

    method: str
    where: str
    """The address without what may be secret."""
    body: bytes
    status: int | None
    """None: no answer."""
    seconds: float


class Written(NamedTuple):
    """What would be sent."""

    where: str
    """`POST https://host/…`, or what stands for an address."""
    text: str


class _Watching:
    """Lets every request go out, and notes what came back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.exchanges: list[Exchange] = []

    def request(
        self,
        method: str,
        where: str,
        body: bytes | None,
        send: Callable[[], Answer | NoAnswer],
    ) -> Answer | NoAnswer:
        """See `Onlooker`."""
        began = self._clock.steady()
        answer = send()
        status = answer.status if isinstance(answer, Answer) else None
        seconds = self._clock.steady() - began
        self.exchanges.append(Exchange(method, where, body or b"", status, seconds))
        return answer


class _Rehearsing:
    """Lets no request go out."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def request(
        self,
        method: str,
        where: str,
        body: bytes | None,
        send: Callable[[], Answer | NoAnswer],
    ) -> Answer | NoAnswer:
        """See `Onlooker`."""
        del send
        self.exchanges.append(Exchange(method, where, body or b"", None, 0.0))
        return NoAnswer("it was not sent")


def watched(sink: Sink, notification: Notification, clock: Clock) -> tuple[Outcome, list[Exchange]]:
    """Deliver, and say what was sent over HTTP meanwhile: nothing by sinks that do not speak it."""
    watching = _Watching(clock)
    with _looking(watching):
        outcome = sink.deliver([notification])
    return outcome, watching.exchanges


def written(kind: SinkKind, settings: SinkSettings, notification: Notification) -> list[Written]:
    """What the sink would send for this one; nothing is sent. Raises SinkError."""
    make = _WRITERS.get(kind.name)
    found = make(settings, notification) if make else _over_http(kind, settings, notification)
    secrets = sorted(_secrets(settings), key=len, reverse=True)
    return [Written(each.where, _without(secrets, each.text)) for each in found]


def _over_http(kind: SinkKind, settings: SinkSettings, notification: Notification) -> list[Written]:
    rehearsing = _Rehearsing()
    sink = kind.make(settings)
    try:
        with _looking(rehearsing):
            sink.deliver([notification])
    finally:
        sink.close()
    return [
        Written(f"{each.method} {each.where}", _readable(each.body))
        for each in rehearsing.exchanges
    ]


def _readable(body: bytes) -> str:
    """As text; what was compressed is shown as it was before."""
    if body.startswith(_GZIP):
        body = gzip.decompress(body)
    return body.decode("utf-8", "replace")


@contextmanager
def _looking(who: _Watching | _Rehearsing) -> Iterator[None]:
    token = onlooker.set(who)
    try:
        yield
    finally:
        onlooker.reset(token)


def _secrets(settings: SinkSettings) -> set[str]:
    values = asdict(settings)
    found = {values[name] for name in _SECRET if isinstance(values.get(name), str)}
    found.update((values.get("headers") or {}).values())
    url = values.get("url")
    if isinstance(url, str):
        found.update(secrets_of(url, ()))
    return found - {""}


def _without(secrets: list[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    return text


# -- sinks that do not speak HTTP ----------------------------------------------------------------


def _json_line(settings: Any, notification: Notification) -> list[Written]:
    return [Written(f"append to {settings.path}", notification.body.decode())]


def _console(settings: Any, notification: Notification) -> list[Written]:
    from logwatch.sinks.console import ConsoleSink  # noqa: PLC0415 - only the one that is asked for

    shown = io.BytesIO()
    stream = io.TextIOWrapper(shown, encoding="utf-8")
    ConsoleSink(settings, stream, color=False).deliver([notification])
    stream.flush()
    return [Written(settings.stream, shown.getvalue().decode().rstrip("\n"))]


def _command(settings: Any, notification: Notification) -> list[Written]:
    return [Written(f"run {shlex.join(settings.argv)} <", notification.body.decode())]


def _syslog(settings: Any, notification: Notification) -> list[Written]:
    from logwatch.sinks.syslog import FACILITIES, format_message  # noqa: PLC0415 - see above

    message = format_message(
        notification.alert, facility=FACILITIES[settings.facility], app_name=settings.app_name
    )
    return [Written(f"to {settings.address}", message.decode())]


def _journald(settings: Any, notification: Notification) -> list[Written]:
    from logwatch.sinks.journald import fields_of, format_entry  # noqa: PLC0415 - see above

    entry = format_entry(fields_of(notification.alert, settings.identifier))
    return [Written(f"to {settings.path}", entry.decode("utf-8", "replace").rstrip("\n"))]


def _mail(settings: Any, notification: Notification) -> list[Written]:
    from logwatch.sinks.mail_message import Mailbox, compose  # noqa: PLC0415 - see above
    from logwatch.sinks.smtp import parse_mailbox  # noqa: PLC0415

    alert = notification.alert
    mail = compose(
        alert,
        Writer(settings, "smtp").words(alert),
        sender=Mailbox(*parse_mailbox(settings.sender or f"logwatch@{gethostname()}")),
        recipients=[Mailbox(*parse_mailbox(text)) for text in settings.to],
        wall=datetime.fromisoformat(alert.at).timestamp(),
    )
    return [Written(f"to {settings.host}", mail.as_string().replace("\r\n", "\n"))]


def _apprise(settings: Any, notification: Notification) -> list[Written]:
    from logwatch.sinks.apprise import LONGEST_BODY, shown  # noqa: PLC0415 - see above

    said = Writer(settings, "apprise").words(notification.alert)
    text = as_text(said, LONGEST_BODY, title=True)
    return [Written(f"to {shown(url)}", text) for url in settings.urls]


_WRITERS: dict[str, Callable[[Any, Notification], list[Written]]] = {
    "jsonl_file": _json_line,
    "console": _console,
    "command": _command,
    "syslog": _syslog,
    "journald": _journald,
    "smtp": _mail,
    "apprise": _apprise,
}
