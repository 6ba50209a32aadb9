"""Each alert as a JSON POST to a URL.

A 2xx is what delivers; the body of the answer does not matter. When the connection breaks before
the status line is here, the alert is sent again with the same `Idempotency-Key`, so a receiver
that looks at the key gets each alert once, and another may get one twice. Neither the URL's path
nor its credentials nor a header's value ever shows in a reason or in `repr`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from msgspec import field

from logwatch import __version__
from logwatch.clock import Clock, SystemClock
from logwatch.records import Delivered, Notification, Outcome, Retry
from logwatch.sinks.base import SinkKind, SinkSettings
from logwatch.sinks.http_answer import NoAnswer, outcome_of, secrets_of, shown
from logwatch.units import Duration

if TYPE_CHECKING:
    from logwatch.sinks.bounded_http import Client

_OURS = frozenset({"content-length", "idempotency-key", "transfer-encoding"})
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]*")


class WebhookSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of the `webhook` sink."""

    url: str
    """Where to post; `https://user:password@host/` makes an Authorization header."""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent along, over our own."""
    timeout: Duration = 15.0
    """For one whole attempt, from connecting to the answer."""
    connect_timeout: Duration = 5.0
    """For the connection alone."""
    method: Literal["POST"] = "POST"
    """The only one there is."""

    def __post_init__(self) -> None:
        """Refuse what could never be sent. Raises ValueError, which does not repeat a secret."""
        _check_url(self.url)
        for name, value in self.headers.items():
            _check_header(name, value)
        if self.timeout <= 0 or self.connect_timeout <= 0:
            raise ValueError("timeout and connect_timeout must be more than 0")

    def __repr__(self) -> str:
        headers = dict.fromkeys(self.headers, "…")
        return f"WebhookSettings(url={shown(self.url)!r}, headers={headers!r})"


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:  # its text may hold the password
        raise ValueError("url is no URL; write https://host/path") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("url must begin with https:// or http:// and name a host")
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise ValueError("url holds a space or a character that must be percent-encoded")


def _check_header(name: str, value: str) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a header")
    if name.lower() in _OURS:
        raise ValueError(f"the header {name} is set by logwatch itself")
    if not _HEADER_VALUE.fullmatch(value) or value != value.strip():
        raise ValueError(f"the value of header {name} has a line break, or space around it")


class WebhookSink:
    """Posts alerts one by one; see the module's docstring."""

    batch_size = 1

    def __init__(self, settings: WebhookSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._where = shown(settings.url)
        self._secrets = secrets_of(settings.url, settings.headers.values())
        self._client: Client | None = None

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`."""
        outcome: Outcome = Delivered()
        for notification in batch:
            outcome = self._post(notification)
            if not isinstance(outcome, Delivered):
                break
        return outcome

    def close(self) -> None:
        """See `Sink.close`."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _post(self, notification: Notification) -> Outcome:
        headers = _headers(self._settings.headers, notification.idempotency_key)
        answer = self._connected().post(notification.body, headers)
        if isinstance(answer, NoAnswer):
            return Retry(answer.reason)
        return outcome_of(answer, self._clock.wall(), self._where, self._secrets)

    def _connected(self) -> Client:
        if self._client is None:
            from logwatch.sinks.bounded_http import (  # noqa: PLC0415 - urllib3 takes 70 ms to load
                Client,
            )

            self._client = Client(
                self._settings.url,
                timeout=self._settings.timeout,
                connect_timeout=self._settings.connect_timeout,
                clock=self._clock,
            )
        return self._client


def _headers(configured: dict[str, str], key: str) -> dict[str, str]:
    """The headers of one request; a configured one replaces ours, however it is capitalised."""
    ours = {"Content-Type": "application/json", "User-Agent": f"logwatch/{__version__}"}
    chosen = {name.lower() for name in configured}
    kept = {name: value for name, value in ours.items() if name.lower() not in chosen}
    return {**kept, **configured, "Idempotency-Key": key}


def _make(settings: WebhookSettings) -> WebhookSink:
    return WebhookSink(settings, SystemClock())


KIND = SinkKind(
    name="webhook",
    settings=WebhookSettings,
    make=_make,
    short="url",
    schemes=("https", "http"),
    from_url=lambda url: WebhookSettings(url=url),
)
