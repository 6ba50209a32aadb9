"""Sends the daemon's figures to an OpenTelemetry receiver, every so often: OTLP over HTTP, as JSON.

What cannot be sent is not sent later: every figure is cumulative, so the next time brings all but
the curve in between. A receiver that does not answer holds nobody up and is logged once, until it
answers again. What it wishes to wait is obeyed. Of the time since the last export nothing is sent
at the end of the process.

Source: opentelemetry-proto docs/specification.md, "OTLP/HTTP" (`/v1/metrics`, partial success).
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from threading import Event

import msgspec
from prometheus_client.core import Metric

from logwatch import __version__, telemetry
from logwatch.clock import Clock, Moment
from logwatch.config.otel import OtelSettings
from logwatch.daemon.exposition import Exposition
from logwatch.daemon.figures import Figures
from logwatch.daemon.observer import Observed, Observer
from logwatch.daemon.otlp_metrics import request_of
from logwatch.daemon.threads import Worker
from logwatch.records import Delivered, Outcome, Retry
from logwatch.sinks.client_tls import TLSIdentity
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_answer import Answer
from logwatch.sinks.http_settings import json_headers
from logwatch.sinks.otlp import partial_success, target

PATH = "/v1/metrics"


def figure_sender(
    settings: OtelSettings, observed: Observed, figures: Figures, *, compiled: Callable[[], float]
) -> FigureSender:
    """Who sends what `/metrics` shows, not started. Raises SinkError where `tls` cannot be used.

    `compiled` says how long compiling has taken.
    """
    exposition = Exposition(Observer(observed).status, figures, compiled, observed.clock)
    return FigureSender(settings, exposition.families, host=observed.host, clock=observed.clock)


class FigureSender(Worker):
    """The thread that sends."""

    def __init__(
        self,
        settings: OtelSettings,
        families: Callable[[], Iterable[Metric]],
        *,
        host: str,
        clock: Clock,
    ) -> None:
        """`families`, called by this thread alone, looks at the daemon; `host` is its name.

        Raises SinkError where a file of `tls` cannot be used.
        """
        super().__init__("figures", clock=clock, stop=Event())
        self._settings = settings
        self._families = families
        ours = {"service.name": "logwatch", "service.version": __version__, "host.name": host}
        self._resource = ours | settings.resource
        self._headers = json_headers(settings.headers)
        if settings.compression == "gzip":
            self._headers["Content-Encoding"] = "gzip"
        self._failing = False
        self._refusing = False
        self._endpoint = Endpoint(
            target(settings.url, PATH),
            timeout=settings.timeout,
            connect_timeout=settings.connect_timeout,
            clock=clock,
            tls=None if settings.tls is None else TLSIdentity(settings.tls),
            secrets=settings.headers.values(),
        )

    def step(self, now: Moment) -> None:
        """Send, then wait for the next time."""
        self.stopping.wait(self.send(now))

    def send(self, now: Moment) -> float:
        """Send what the figures are now; seconds until the next time."""
        body = msgspec.json.encode(request_of(self._families(), self._resource, now.wall))
        if self._settings.compression == "gzip":
            body = gzip.compress(body, compresslevel=6, mtime=0)
        answer = self._endpoint.send(body, self._headers)
        outcome = self._endpoint.outcome(answer)
        self._say(outcome)
        if isinstance(answer, Answer) and isinstance(outcome, Delivered):
            self._say_what_was_left_out(answer)
        wished = outcome.after if isinstance(outcome, Retry) else None
        wait = self._settings.every - (self.clock.steady() - now.steady)
        return max(0.0, wait, wished or 0.0)

    def finish(self) -> None:
        """Hang up."""
        self._endpoint.close()

    def _say(self, outcome: Outcome) -> None:
        if isinstance(outcome, Delivered):
            if self._failing:
                telemetry.info("otel.restored", to=self._endpoint.shown)
            self._failing = False
            telemetry.count("otel.sent")
        elif self._failing:
            telemetry.count("otel.failed")
        else:
            self._failing = True
            telemetry.warning("otel.failed", reason=outcome.reason)

    def _say_what_was_left_out(self, answer: Answer) -> None:
        rejected, remark = partial_success(answer.excerpt, "rejectedDataPoints")
        before, self._refusing = self._refusing, bool(rejected)
        if rejected and not before:
            telemetry.warning(
                "otel.refused", to=self._endpoint.shown, figures=rejected, remark=remark
            )
        elif rejected:
            telemetry.count("otel.refused")
