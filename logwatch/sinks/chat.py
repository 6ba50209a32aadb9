"""What the sinks for chats and phones share: an alert becomes a message, and is posted as JSON.

Each message is one request. A receiver that says when it will take the next one is believed: until
then nothing is sent. None of them knows an idempotency key, so an alert whose answer was lost on
the way may be told twice. Neither URL, token nor a header's value ever shows in a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import isfinite, nan
from typing import Any

import msgspec

from logwatch.clock import Clock, SystemClock
from logwatch.records import Alert, Notification, Outcome, Retry
from logwatch.sinks.base import in_turn
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_answer import LONGEST_RETRY_AFTER, Answer, shown
from logwatch.sinks.http_settings import check_timeouts, check_url, json_headers
from logwatch.sinks.own_words import PeopleSettings, Writer
from logwatch.sinks.words import Words
from logwatch.units import Duration, Rate

RATE = Rate(30, 60.0)
"""Messages that a person can still read: the default of sinks for people."""

COLORS = {"info": 0x3B82F6, "warning": 0xF59E0B, "error": 0xEF4444, "critical": 0xB91C1C}
RESOLVED_COLOR = 0x22C55E


class ChatSettings(PeopleSettings, frozen=True, kw_only=True):
    """Settings that the sinks of this kind have in common."""

    timeout: Duration = 15.0
    """For one whole attempt, from connecting to the answer."""
    connect_timeout: Duration = 5.0
    """For the connection alone."""

    def __post_init__(self) -> None:
        """Refuse time-outs and templates that cannot work. Raises ValueError."""
        super().__post_init__()
        check_timeouts(self.timeout, self.connect_timeout)


class WebhookChatSettings(ChatSettings, frozen=True, kw_only=True):
    """Settings of a chat that gives out an address for each of its rooms."""

    url: str
    """The webhook's URL, which is a secret: who knows it can post."""

    def __post_init__(self) -> None:
        """Refuse what could never be sent. Raises ValueError, which does not repeat the URL."""
        super().__post_init__()
        check_url(self.url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(url={shown(self.url)!r})"


class ChatSink:
    """Posts a message an alert; see the module's docstring."""

    batch_size = 1

    def __init__(
        self,
        endpoint: Endpoint,
        writer: Writer,
        payload: Callable[[Words, Alert], object],
        *,
        clock: Clock,
        read: Callable[[Answer, Endpoint], Outcome | None] = lambda _answer, _endpoint: None,
        pause: Callable[[Answer], float] = lambda _answer: 0.0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`read` may judge an answer first; `pause` is for how long it wants no more."""
        self._endpoint = endpoint
        self._writer = writer
        self._payload = payload
        self._clock = clock
        self._read = read
        self._pause = pause
        self._headers = json_headers(headers or {})
        self._not_before = clock.steady()

    @classmethod
    def of(
        cls,
        kind: str,
        settings: ChatSettings,
        url: str,
        payload: Callable[[Words, Alert], object],
        *,
        secrets: Sequence[str] = (),
        **reading: Any,
    ) -> ChatSink:
        """The sink of `kind` that posts to `url` and shows no `secrets`; see `__init__`."""
        clock = SystemClock()
        endpoint = Endpoint(
            url,
            timeout=settings.timeout,
            connect_timeout=settings.connect_timeout,
            clock=clock,
            secrets=secrets,
        )
        return cls(endpoint, Writer(settings, kind), payload, clock=clock, **reading)

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`."""
        return in_turn((each.alert for each in batch), self._post)

    def close(self) -> None:
        """See `Sink.close`."""
        self._endpoint.close()

    def _post(self, alert: Alert) -> Outcome:
        wait = self._not_before - self._clock.steady()
        if wait > 0:
            where = self._endpoint.shown
            return Retry(f"{where} takes no more for now", after=min(wait, LONGEST_RETRY_AFTER))
        message = self._payload(self._writer.words(alert), alert)
        answer = self._endpoint.send(msgspec.json.encode(message), self._headers)
        if not isinstance(answer, Answer):
            return self._endpoint.outcome(answer)
        self._not_before = self._clock.steady() + self._pause(answer)
        return self._read(answer, self._endpoint) or self._endpoint.outcome(answer)


def utf16_units(text: str) -> int:
    """The size of `text` as some count it."""
    return len(text.encode("utf-16-le")) // 2


def json_bytes(text: str) -> int:
    """The size of `text` in JSON, without the quotes around it."""
    return len(msgspec.json.encode(text)) - 2


def color(said: Words) -> int:
    """A colour for the message, as 0xRRGGBB; it is never the only carrier of meaning."""
    return RESOLVED_COLOR if said.status == "resolved" else COLORS[said.severity]


_FENCE = "```"
_WEB_ADDRESS = re.compile(r"https?://[!-~]+")


def fenced(text: str) -> str:
    """`text` in a fence, where nothing is markup; three backquotes in it only look the same."""
    inside = text.replace(_FENCE, "\u02cb" * 3)
    return f"{_FENCE}\n{inside}\n{_FENCE}"


FENCE_CHARACTERS = len(fenced(""))


def is_web_address(text: str) -> bool:
    """Whether `text` may be shown as a link."""
    return _WEB_ADDRESS.fullmatch(text) is not None


def as_json(answer: Answer) -> dict[str, Any]:
    """The body of `answer` where it is a JSON object, else an empty one."""
    try:
        body = msgspec.json.decode(answer.excerpt)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def seconds_in(value: object) -> float | None:
    """Seconds to wait that a receiver names, at most an hour; None where it is no such thing."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) else nan
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if isfinite(seconds) else None


def later(answer: Answer, where: str, seconds: object) -> Retry | None:
    """To be tried again after `seconds` of the answer's body; None where it names none."""
    after = seconds_in(seconds)
    return None if after is None else Retry(f"{answer.status} from {where}", after=after)
