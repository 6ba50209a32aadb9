"""Each alert as an event of PagerDuty's Events API v2: triggers, and resolves where it is over.

The episode's id is the `dedup_key`, so that PagerDuty puts what happens to it into one alert of its
own: a `firing` opens it, an `updated` is added to it, a `resolved` closes it. What has no end, an
alert of a plain match, is triggered and closed by a person. PagerDuty drops the end of what it
never heard of; so an episode of which the end is the first that is told is triggered first.

An event is accepted with 202 and worked on later: accepted is delivered, what becomes of it after
that is PagerDuty's to say. Of an event that would be too large the quoted lines are left out first.

Sources: PagerDuty developer documentation, "Events API v2 Overview" (answers, 512 KB) and "Send an
Alert Event" (routing_key 32 characters, dedup_key 255, summary 1024; severities; links; a resolve
for an unknown key is dropped); "Service Regions" (events.eu.pagerduty.com).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from logwatch.clock import Clock, SystemClock
from logwatch.errors import SinkError
from logwatch.records import Alert, Notification, Outcome, Retry
from logwatch.sinks.base import SinkKind, SinkSettings, in_turn
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_answer import Answer, shown
from logwatch.sinks.http_settings import check_timeouts, check_url, json_headers
from logwatch.sinks.plain_text import shorten, visible
from logwatch.sinks.wording import SEVERAL, words
from logwatch.sinks.words import Fact, Quote, Words
from logwatch.units import Duration

LONGEST_SUMMARY = 1024
LONGEST_KEY = 255
LARGEST_EVENT = 500_000
"""Bytes; PagerDuty takes 512 KB, and does not say which."""

THROTTLED_RETRY_AFTER = 60.0
"""Seconds between tries while PagerDuty has too much of us and names no time itself."""

Region = Literal["us", "eu"]

_URLS: dict[Region, str] = {
    "us": "https://events.pagerduty.com/v2/enqueue",
    "eu": "https://events.eu.pagerduty.com/v2/enqueue",
}
_ROUTING_KEY = re.compile(r"[0-9A-Za-z]{32}")
_LONGEST_NAME = 255
_LONGEST_LINK = 2000


class PagerdutySettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of the `pagerduty` sink."""

    routing_key: str
    """The Integration Key of an Events API v2 integration, 32 characters."""
    region: Region = "us"
    """Where the account is served from."""
    url: str | None = None
    """Where to send, where it is neither of the regions: a proxy, a test."""
    timeout: Duration = 15.0
    """For one whole attempt, from connecting to the answer."""
    connect_timeout: Duration = 5.0
    """For the connection alone."""

    def __post_init__(self) -> None:
        """Refuse what could never be sent. Raises ValueError, which does not repeat the key."""
        if not self.routing_key:
            raise ValueError("routing_key must not be empty")
        if self.url is not None:
            check_url(self.url)
        check_timeouts(self.timeout, self.connect_timeout)

    def __repr__(self) -> str:
        return f"PagerdutySettings(url={shown(self.url or _URLS[self.region])!r})"


def problems(settings: PagerdutySettings) -> Iterator[str]:
    """What is wrong with the key, without repeating it."""
    if not _ROUTING_KEY.fullmatch(settings.routing_key):
        yield (
            "routing_key is no Integration Key, which has 32 letters and digits; copy it from the"
            " integration 'Events API v2' of the service"
        )


class PagerdutySink:
    """Sends one event an alert; see the module's docstring."""

    batch_size = 1

    def __init__(self, settings: PagerdutySettings, clock: Clock) -> None:
        """Raises SinkError, which does not repeat the key, where that cannot be one."""
        for problem in problems(settings):
            raise SinkError(f"pagerduty: {problem}")
        self._routing_key = settings.routing_key
        self._headers = json_headers({})
        self._endpoint = Endpoint(
            settings.url or _URLS[settings.region],
            timeout=settings.timeout,
            connect_timeout=settings.connect_timeout,
            clock=clock,
            secrets=(settings.routing_key,),
        )

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`."""
        bodies = (body for each in batch for body in events(each.alert, self._routing_key))
        return in_turn(bodies, self._send)

    def close(self) -> None:
        """See `Sink.close`."""
        self._endpoint.close()

    def _send(self, body: bytes) -> Outcome:
        answer = self._endpoint.send(body, self._headers)
        outcome = self._endpoint.outcome(answer)
        throttled = isinstance(answer, Answer) and answer.status == 429
        if throttled and isinstance(outcome, Retry) and outcome.after is None:
            return Retry(outcome.reason, after=THROTTLED_RETRY_AFTER)
        return outcome


def events(alert: Alert, routing_key: str) -> list[bytes]:
    """What is sent for `alert`, in order, each as JSON."""
    if alert.status != "resolved":
        return [_trigger(alert, routing_key)]
    end = {
        "routing_key": routing_key,
        "event_action": "resolve",
        "dedup_key": _dedup_key(alert),
    }
    beginning = [_trigger(alert, routing_key)] if alert.seq == 1 else []
    return [*beginning, msgspec.json.encode(end)]


def _trigger(alert: Alert, routing_key: str) -> bytes:
    said = words(alert, longest_title=LONGEST_SUMMARY)
    details = _details(said)
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": _dedup_key(alert),
        "client": "logwatch",
        "payload": {
            "summary": said.title[:LONGEST_SUMMARY],
            "source": _name(alert.host) or "several hosts",
            "severity": alert.severity,
            "timestamp": alert.at,
            "component": _name(alert.source),
            "class": _name(alert.rule),
            "custom_details": details,
        },
    }
    if said.runbook.startswith(("https://", "http://")) and len(said.runbook) <= _LONGEST_LINK:
        event["links"] = [{"href": said.runbook, "text": "runbook"}]
    body = msgspec.json.encode(event)
    for name in ("before", "after", "lines", "members"):  # what matters least first
        if len(body) <= LARGEST_EVENT:
            break
        if details.pop(name, None) is not None:
            details["left out"] = f"too large for PagerDuty: {said.how_to_see}"
            body = msgspec.json.encode(event)
    return body


def _details(said: Words) -> dict[str, Any]:
    """What else is known; each part is bounded by `words`."""
    details: dict[str, Any] = {"message": said.text, **_unique(said.facts_and_captures)}
    if said.totals:
        details["rules"] = _unique(said.totals)
        details["members"] = list(said.members)
    for name, quotes in (
        ("lines", said.samples),
        ("before", said.before),
        ("after", said.after),
    ):
        if quotes:
            details[name] = [_line(quote) for quote in quotes]
    return details | dict(said.actions)


def _unique(facts: Sequence[Fact]) -> dict[str, str]:
    """Facts by their labels; one whose label is taken gets another."""
    named: dict[str, str] = {}
    for label, value in facts:
        while label in named:
            label += "'"  # noqa: PLW2901 - until it is free
        named[label] = value
    return named


def _line(quote: Quote) -> str:
    return f"{quote.place} {quote.text}"


def _dedup_key(alert: Alert) -> str:
    return visible(alert.id)[:LONGEST_KEY]


def _name(text: str) -> str:
    """The name of one thing, empty where it is not the same for all of several alerts."""
    return "" if text == SEVERAL else shorten(visible(text), _LONGEST_NAME - 40)


def _make(settings: PagerdutySettings) -> PagerdutySink:
    return PagerdutySink(settings, SystemClock())


KIND = SinkKind(
    name="pagerduty",
    settings=PagerdutySettings,
    make=_make,
    examine=problems,
    short="routing_key",
)
