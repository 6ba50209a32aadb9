"""Alerts to Prometheus' Alertmanager, API v2: to every peer, again and again while they burn.

Alertmanager keeps nothing on disk and ends an alert of which it hears no more. So each is sent with
the time at which it ends if nothing else is heard, `event_lasts` from now, and what burns is sent
again every `resend`: the deliverer reads it from the store, after a restart as well. What has no
end, an alert of a plain match, ends at that time. The end of an episode is sent at the earliest
`shortest` after its beginning was, for Alertmanager says nothing of what is over within its
`group_wait`.

Its documentation wants each alert at all peers of a cluster. It counts as delivered as soon as one
took it; a peer that did not is sent it with the next resend. May be lost: an end that is still to
be sent to a peer when logwatch stops; the alert ends there by itself after `event_lasts`.

Sources: Prometheus documentation, "Sending alerts" (clients re-send continuously) and, on
Alertmanager, "High availability" (do not load-balance); prometheus/alertmanager api/v2/api.go (400
where one of several is not valid, the others being taken all the same) and types/types.go (how
alerts merge).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, field

from logwatch import telemetry
from logwatch.clock import Clock, SystemClock
from logwatch.records import Alert, Delivered, Notification, Outcome, Retry
from logwatch.sinks.alertmanager_alert import PostableAlert, label_name
from logwatch.sinks.base import SinkKind, SinkSettings
from logwatch.sinks.batching import Batching
from logwatch.sinks.client_tls import TLSIdentity, TLSSettings, unusable_files
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_answer import shown
from logwatch.sinks.http_settings import check_headers, check_timeouts, check_url, json_headers
from logwatch.units import Duration

PATH = "/api/v2/alerts"

LARGEST_BATCH = 64
LEFT_ALONE = 30.0
"""Seconds for which a peer that failed is not asked, where another takes the alerts."""

Urls = Annotated[tuple[str, ...], Meta(min_length=1, extra={"one_or_many": True})]


class AlertmanagerSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of the `alertmanager` sink."""

    urls: Urls
    """Every peer of the cluster, each as `http://host:9093`, with its path prefix if it has one."""
    labels: dict[str, str] = field(default_factory=dict)
    """Labels that each alert gets, such as `cluster` or `team`."""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent along, over our own."""
    resend: Duration = 60.0
    """How often what burns is sent again."""
    event_lasts: Duration = 300.0
    """How long an alert burns there of which nothing more is heard."""
    shortest: Duration = 60.0
    """How long an episode burns there at least; more than its `group_wait`."""
    timeout: Duration = 15.0
    """For one whole attempt, from connecting to the answer."""
    connect_timeout: Duration = 5.0
    """For the connection alone."""
    tls: TLSSettings | None = None
    """Certificates: whose to trust, and our own."""

    def __post_init__(self) -> None:
        """Refuse what could never be sent. Raises ValueError, which does not repeat a secret."""
        if not self.urls:
            raise ValueError("urls must name at least one Alertmanager")
        for url in self.urls:
            check_url(url, "urls")
            if "?" in url or "#" in url:
                raise ValueError("urls must be addresses such as http://host:9093, without a query")
            if self.tls is not None and not url.startswith("https:"):
                raise ValueError("tls needs urls that begin with https://")
        check_headers(self.headers)
        check_timeouts(self.timeout, self.connect_timeout)
        if not 1 <= self.resend <= self.event_lasts / 2:
            raise ValueError("resend must be at least 1s, and at most half of event_lasts")
        if self.shortest < 0:
            raise ValueError("shortest must not be less than 0")
        for name in self.labels:
            if label_name(name) != name:
                raise ValueError(f"{name!r} is no label's name; write letters, digits and _")

    def __repr__(self) -> str:
        return f"AlertmanagerSettings(urls={[shown(url) for url in self.urls]!r})"


class AlertmanagerSink:
    """Sends to each peer; see the module's docstring."""

    def __init__(self, settings: AlertmanagerSettings, clock: Clock) -> None:
        """Raises SinkError where a file of `tls` cannot be used."""
        self._resend = settings.resend
        self._clock = clock
        self._batching = Batching(LARGEST_BATCH)
        tls = None if settings.tls is None else TLSIdentity(settings.tls)
        self._peers = [_Peer(url, settings, clock, tls) for url in settings.urls]
        from logwatch.sinks.alertmanager_memory import (  # noqa: PLC0415 - 3 ms that few need
            Memory,
        )

        self._memory = Memory(
            settings.labels, event_lasts=settings.event_lasts, shortest=settings.shortest
        )

    @property
    def batch_size(self) -> int:
        """See `Sink.batch_size`."""
        return self._batching.size

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`: delivered as soon as one peer took it."""
        plan = self._memory.plan((one.alert for one in batch), self._clock.wall())
        outcome = self._batching.judged(self._post(plan.post), len(batch))
        if isinstance(outcome, Delivered):
            self._memory.commit(plan)
        return outcome

    def remind(self, burning: Sequence[Alert]) -> float:
        """See `Reminding.remind`."""
        plan = self._memory.reminder(burning, self._clock.wall())
        taken = False
        for chunk in _chunks([*plan.again, *plan.post]):
            taken = isinstance(self._post(chunk), Delivered) or taken
        if taken:
            self._memory.commit(plan)
        due = self._memory.next_due(self._clock.wall())
        return self._resend if due is None else min(max(due, 1.0), self._resend)

    def close(self) -> None:
        """See `Sink.close`."""
        for peer in self._peers:
            peer.close()

    def _post(self, alerts: Sequence[PostableAlert]) -> Outcome:
        """What became of `alerts` at the peer that liked them best."""
        if not alerts:
            return Delivered("nothing to say before its end is due")
        body = msgspec.json.encode(alerts)
        now = self._clock.steady()
        rested = [peer for peer in self._peers if peer.rests_until <= now]
        outcomes = [peer.post(body) for peer in rested]
        if not any(isinstance(outcome, Delivered) for outcome in outcomes):
            outcomes += [peer.post(body) for peer in self._peers if peer not in rested]
        return _best(outcomes)


class _Peer:
    """One Alertmanager."""

    def __init__(
        self, url: str, settings: AlertmanagerSettings, clock: Clock, tls: TLSIdentity | None
    ) -> None:
        self.rests_until = 0.0
        """Steady time before which it is only asked where no other takes the alerts."""
        self._clock = clock
        self._headers = json_headers(settings.headers)
        self._down = False
        self._endpoint = Endpoint(
            url.rstrip("/").removesuffix(PATH) + PATH,
            timeout=settings.timeout,
            connect_timeout=settings.connect_timeout,
            clock=clock,
            tls=tls,
            secrets=settings.headers.values(),
        )

    def post(self, body: bytes) -> Outcome:
        """Send `body`; note and log whether this peer is there."""
        outcome = self._endpoint.deliver(body, self._headers)
        if isinstance(outcome, Retry):
            self.rests_until = self._clock.steady() + max(LEFT_ALONE, outcome.after or 0.0)
            if not self._down:
                telemetry.warning(
                    "alertmanager.peer_down", peer=self._endpoint.shown, reason=outcome.reason
                )
            self._down = True
        elif self._down:
            self._down, self.rests_until = False, 0.0
            telemetry.info("alertmanager.peer_up", peer=self._endpoint.shown)
        return outcome

    def close(self) -> None:
        """Hang up."""
        self._endpoint.close()


def _best(outcomes: Sequence[Outcome]) -> Outcome:
    """Delivered where one peer took it; later where one may yet; else never."""
    taken = [outcome for outcome in outcomes if isinstance(outcome, Delivered)]
    if taken:
        return Delivered(f"{taken[0].detail}, {len(taken)} of {len(outcomes)} asked")
    return next((each for each in outcomes if isinstance(each, Retry)), outcomes[0])


def _chunks(alerts: Sequence[PostableAlert]) -> Iterable[Sequence[PostableAlert]]:
    return (alerts[at : at + LARGEST_BATCH] for at in range(0, len(alerts), LARGEST_BATCH))


def _from_url(url: str) -> AlertmanagerSettings:
    return AlertmanagerSettings(urls=(url.removeprefix("alertmanager+"),))


def _make(settings: AlertmanagerSettings) -> AlertmanagerSink:
    return AlertmanagerSink(settings, SystemClock())


KIND = SinkKind(
    name="alertmanager",
    settings=AlertmanagerSettings,
    make=_make,
    examine=lambda settings: unusable_files(settings.tls),
    short="urls",
    schemes=("alertmanager+http", "alertmanager+https"),
    from_url=_from_url,
)
