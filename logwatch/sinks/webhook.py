"""Each alert as JSON to a URL: POST or PUT, as it is or in a body of one's own, signed if wanted.

A 2xx is what delivers; the body of the answer does not matter. When the connection breaks before
the status line is here, the alert is sent again with the same `Idempotency-Key`, so a receiver
that looks at the key gets each alert once, and another may get one twice. Neither the URL's path
nor its credentials nor a header's value nor the secret ever shows in a reason or in `repr`.

With a `secret` each request carries the time of the attempt in `X-Logwatch-Timestamp` (seconds
since the epoch) and in `X-Logwatch-Signature` the HMAC (RFC 2104) with SHA-256 of that time, a full
stop and the body: what was not made by us is told from what was, and what is old from what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import field

from logwatch import telemetry
from logwatch.clock import Clock, SystemClock
from logwatch.records import Notification, Outcome
from logwatch.sinks.base import SinkKind, SinkSettings, in_turn
from logwatch.sinks.client_tls import TLSIdentity, TLSSettings, unusable_files
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_answer import shown
from logwatch.sinks.http_settings import (
    FRAMING,
    check_headers,
    check_timeouts,
    check_url,
    json_headers,
)
from logwatch.units import Duration

if TYPE_CHECKING:
    from logwatch.sinks.json_template import JSONTemplate

TIMESTAMP = "X-Logwatch-Timestamp"
SIGNATURE = "X-Logwatch-Signature"

_OURS = FRAMING | {"idempotency-key", TIMESTAMP.lower(), SIGNATURE.lower()}


class WebhookSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of the `webhook` sink."""

    url: str
    """Where to send; `https://user:password@host/` makes an Authorization header."""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent along, over our own."""
    body: str | None = None
    """What to send instead of the alert: JSON with `{name}` for its values."""
    secret: str | None = None
    """Signs each request, so that the receiver knows that it is ours."""
    timeout: Duration = 15.0
    """For one whole attempt, from connecting to the answer."""
    connect_timeout: Duration = 5.0
    """For the connection alone."""
    method: Literal["POST", "PUT"] = "POST"
    """How it is sent."""
    tls: TLSSettings | None = None
    """Certificates: whose to trust, and our own."""

    def __post_init__(self) -> None:
        """Refuse what could never be sent. Raises ValueError, which does not repeat a secret."""
        check_url(self.url)
        check_headers(self.headers, _OURS)
        check_timeouts(self.timeout, self.connect_timeout)
        if self.body is not None:
            _template(self.body)
        if self.secret is not None and not self.secret:
            raise ValueError("secret must not be empty")
        if self.tls is not None and not self.url.startswith("https:"):
            raise ValueError("tls needs a url that begins with https://")

    def __repr__(self) -> str:
        headers = dict.fromkeys(self.headers, "…")
        return f"WebhookSettings(url={shown(self.url)!r}, headers={headers!r})"


class WebhookSink:
    """Sends alerts one by one; see the module's docstring."""

    batch_size = 1

    def __init__(self, settings: WebhookSettings, clock: Clock) -> None:
        """Raises SinkError where a file of `tls` cannot be used."""
        self._settings = settings
        self._clock = clock
        self._headers = json_headers(settings.headers)
        self._template = None if settings.body is None else _template(settings.body)
        self._complained = False
        self._endpoint = Endpoint(
            settings.url,
            timeout=settings.timeout,
            connect_timeout=settings.connect_timeout,
            clock=clock,
            tls=None if settings.tls is None else TLSIdentity(settings.tls),
            secrets=(*settings.headers.values(), settings.secret or ""),
        )

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`."""
        return in_turn(batch, self._deliver_one)

    def close(self) -> None:
        """See `Sink.close`."""
        self._endpoint.close()

    def _deliver_one(self, notification: Notification) -> Outcome:
        body = self._body(notification)
        headers = {**self._headers, "Idempotency-Key": notification.idempotency_key}
        return self._endpoint.deliver(
            body, {**headers, **self._signature(body)}, self._settings.method
        )

    def _body(self, notification: Notification) -> bytes:
        """The alert in the body of one's own; as it is where that fails."""
        if self._template is None:
            return notification.body
        try:
            body = self._template.render_alert(notification.alert)
            msgspec.json.decode(body)
        except (ValueError, TypeError, OverflowError) as error:
            self._complain(notification, error)
            return notification.body
        return body

    def _complain(self, notification: Notification, error: Exception) -> None:
        """Say it once: what fails for one alert fails for many."""
        if self._complained:
            telemetry.count("sink.template_failed")
            return
        self._complained = True
        telemetry.error(
            "sink.template_failed",
            sink=self._endpoint.shown,
            alert=notification.idempotency_key,
            reason=str(error),
            remedy="the alert was sent as it is; correct the sink's body",
        )

    def _signature(self, body: bytes) -> dict[str, str]:
        secret = self._settings.secret
        if secret is None:
            return {}
        timestamp = str(int(self._clock.wall()))
        return {TIMESTAMP: timestamp, SIGNATURE: signature(secret, timestamp, body)}


def _template(body: str) -> JSONTemplate:
    from logwatch.sinks.json_template import (  # noqa: PLC0415 - 2 ms that few need
        JSONTemplate,
    )

    return JSONTemplate(body)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What `X-Logwatch-Signature` says of a `body` sent at `timestamp`."""
    import hmac  # noqa: PLC0415 - it loads OpenSSL, and few sign

    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hexdigest()
    return f"sha256={digest}"


def _make(settings: WebhookSettings) -> WebhookSink:
    return WebhookSink(settings, SystemClock())


KIND = SinkKind(
    name="webhook",
    settings=WebhookSettings,
    make=_make,
    examine=lambda settings: unusable_files(settings.tls),
    short="url",
    schemes=("https", "http"),
    from_url=lambda url: WebhookSettings(url=url),
)
