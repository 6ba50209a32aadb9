"""Alerts as log records to an OpenTelemetry receiver: OTLP over HTTP, as JSON, 512 a request.

A 200 is what delivers. Where the receiver says that it took only a part, the rest is not sent
again, as the protocol wants, but logged and counted. Tried again is what the protocol lets one try
again, and nothing else: 429, 502, 503, 504, and where no answer came. A batch that is refused for
what is in it (400, 413) is sent again alert by alert, so that only what is refused by itself is
given up. A receiver may get a record twice; `logwatch.alert.id` and `.seq` are the same then.

Source: opentelemetry-proto docs/specification.md, "OTLP/HTTP" (partial success, retryable response
codes, gzip, 20 MiB as the limit of a request, `/v1/logs`, port 4318).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import field

from logwatch import telemetry
from logwatch.clock import Clock, SystemClock
from logwatch.records import Alert, Delivered, Notification, Outcome, Retry
from logwatch.sinks.base import SinkKind, SinkSettings, in_turn
from logwatch.sinks.batching import Batching
from logwatch.sinks.client_tls import TLSIdentity, TLSSettings, unusable_files
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_answer import Answer, shown
from logwatch.sinks.http_settings import (
    FRAMING,
    check_headers,
    check_timeouts,
    check_url,
    json_headers,
)
from logwatch.sinks.otlp_record import request_of
from logwatch.sinks.plain_text import fit, visible
from logwatch.units import Duration

PATH = "/v1/logs"

LARGEST_BATCH = 512
LARGEST_REQUEST = 4 * 1024 * 1024
"""Bytes of JSON, from which a batch is sent in several requests; receivers should take 20 MiB."""

_RETRYABLE = frozenset({429, 502, 503, 504})
_ABOUT_THE_CONTENT = frozenset({400, 413})
_LONGEST_REMARK = 200


class OtlpSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of the `otlp` sink."""

    url: str
    """The receiver, as `http://host:4318`; with a path where that is not `/v1/logs`."""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent along, over our own."""
    resource: dict[str, str] = field(default_factory=dict)
    """Attributes of the resource, such as `deployment.environment`, over our own."""
    compression: Literal["gzip", "none"] = "gzip"
    """Of the request."""
    timeout: Duration = 15.0
    """For one whole attempt, from connecting to the answer."""
    connect_timeout: Duration = 5.0
    """For the connection alone."""
    tls: TLSSettings | None = None
    """Certificates: whose to trust, and our own."""

    def __post_init__(self) -> None:
        """Refuse what could never be sent. Raises ValueError, which does not repeat a secret."""
        check_url(self.url)
        check_headers(self.headers, FRAMING | {"content-encoding", "content-type"})
        check_timeouts(self.timeout, self.connect_timeout)
        if self.tls is not None and not self.url.startswith("https:"):
            raise ValueError("tls needs a url that begins with https://")

    def __repr__(self) -> str:
        return f"OtlpSettings(url={shown(self.url)!r})"


class OtlpSink:
    """Sends batches; see the module's docstring."""

    def __init__(self, settings: OtlpSettings, clock: Clock) -> None:
        """Raises SinkError where a file of `tls` cannot be used."""
        self._settings = settings
        self._headers = json_headers(settings.headers)
        if settings.compression == "gzip":
            self._headers["Content-Encoding"] = "gzip"
        self._batching = Batching(LARGEST_BATCH)
        self._endpoint = Endpoint(
            target(settings.url),
            timeout=settings.timeout,
            connect_timeout=settings.connect_timeout,
            clock=clock,
            tls=None if settings.tls is None else TLSIdentity(settings.tls),
            secrets=settings.headers.values(),
        )

    @property
    def batch_size(self) -> int:
        """See `Sink.batch_size`."""
        return self._batching.size

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`."""
        bodies = _bodies([one.alert for one in batch], self._settings.resource)
        return in_turn(bodies, lambda body: self._send(body, len(batch)))

    def close(self) -> None:
        """See `Sink.close`."""
        self._endpoint.close()

    def _send(self, body: bytes, alerts: int) -> Outcome:
        if self._settings.compression == "gzip":
            import gzip  # noqa: PLC0415 - 2 ms that few need

            body = gzip.compress(body, compresslevel=6, mtime=0)
        answer = self._endpoint.send(body, self._headers)
        outcome = self._endpoint.outcome(answer)
        if isinstance(answer, Answer):
            if isinstance(outcome, Delivered):
                self._say_what_was_left_out(answer)
            elif isinstance(outcome, Retry) and answer.status not in _RETRYABLE:
                outcome = self._endpoint.refusal(answer)
        about_content = isinstance(answer, Answer) and answer.status in _ABOUT_THE_CONTENT
        if about_content or isinstance(outcome, Delivered):
            return self._batching.judged(outcome, alerts)
        return outcome

    def _say_what_was_left_out(self, answer: Answer) -> None:
        rejected, remark = partial_success(answer.excerpt)
        if rejected or remark:
            telemetry.count("otlp.records_rejected", rejected)
            telemetry.warning(
                "otlp.partial_success",
                receiver=self._endpoint.shown,
                rejected=rejected,
                remark=remark,
            )


def partial_success(body: str, counted: str = "rejectedLogRecords") -> tuple[int, str]:
    """How many an answer says were rejected, under the name `counted`, and its remark."""
    try:
        answer: Any = msgspec.json.decode(body)
        said = answer["partialSuccess"]
        rejected = int(said.get(counted, 0))
        remark = visible(fit(str(said.get("errorMessage", "")), _LONGEST_REMARK))
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, AttributeError):
        return 0, ""
    return max(0, rejected), remark


def _bodies(alerts: Sequence[Alert], resource: Mapping[str, str]) -> Iterator[bytes]:
    """Requests with all of `alerts`, in order; one is large only where a single alert is."""
    if not alerts:
        return
    body = msgspec.json.encode(request_of(alerts, resource))
    if len(body) <= LARGEST_REQUEST or len(alerts) == 1:
        yield body
        return
    middle = len(alerts) // 2
    yield from _bodies(alerts[:middle], resource)
    yield from _bodies(alerts[middle:], resource)


def target(url: str, path: str = PATH) -> str:
    """`url`, with `path` where it has none."""
    parts = urlsplit(url)
    return parts._replace(path=path).geturl() if parts.path in ("", "/") else url


def _make(settings: OtlpSettings) -> OtlpSink:
    return OtlpSink(settings, SystemClock())


KIND = SinkKind(
    name="otlp",
    settings=OtlpSettings,
    make=_make,
    examine=lambda settings: unusable_files(settings.tls),
    short="url",
    schemes=("otlp+http", "otlp+https"),
    from_url=lambda url: OtlpSettings(url=url.removeprefix("otlp+")),
)
