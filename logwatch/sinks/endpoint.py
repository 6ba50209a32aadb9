"""One address that a sink sends to: connects at the first request, judges what comes back.

What it says of itself names the host and nothing else: path, credentials and the values of headers
are left out even where the receiver repeats them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from logwatch.clock import Clock
from logwatch.records import Outcome, Rejected, Retry
from logwatch.sinks.http_answer import Answer, NoAnswer, outcome_of, refusal_of, secrets_of, shown

if TYPE_CHECKING:
    from logwatch.sinks.bounded_http import Client
    from logwatch.sinks.client_tls import TLSIdentity


class Onlooker(Protocol):
    """Sees each request of the context that it is set in, and decides whether it is sent."""

    def request(
        self,
        method: str,
        where: str,
        body: bytes | None,
        send: Callable[[], Answer | NoAnswer],
    ) -> Answer | NoAnswer:
        """The answer of `send`, or another one; `where` is harmless to show, `body` is not."""
        ...


onlooker: ContextVar[Onlooker | None] = ContextVar("onlooker", default=None)
"""None: nobody looks, and everything is sent."""


class Endpoint:
    """Sends to `url`; `secrets` are what it must never repeat, beside what the URL holds."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float,
        connect_timeout: float,
        clock: Clock,
        tls: TLSIdentity | None = None,
        secrets: Iterable[str] = (),
    ) -> None:
        self.shown = shown(url)
        self._url = url
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._clock = clock
        self._tls = tls
        self._secrets = secrets_of(url, secrets)
        self._client: Client | None = None

    def send(
        self, body: bytes | None, headers: Mapping[str, str], method: str = "POST"
    ) -> Answer | NoAnswer:
        """What the receiver answered, or why it did not."""
        looking = onlooker.get()
        if looking is None:
            return self._request(method, body, headers)
        return looking.request(
            method, self.shown, body, lambda: self._request(method, body, headers)
        )

    def outcome(self, answer: Answer | NoAnswer) -> Outcome:
        """What `answer` means for what was sent, as `http_answer` reads it."""
        if isinstance(answer, NoAnswer):
            return Retry(answer.reason)
        return outcome_of(answer, self._clock.wall(), self.shown, self._secrets)

    def refusal(self, answer: Answer) -> Rejected:
        """That what was sent will never be taken, with what the receiver says of it."""
        return refusal_of(answer, self.shown, self._secrets)

    def deliver(self, body: bytes, headers: Mapping[str, str], method: str = "POST") -> Outcome:
        """Send, and say what became of it."""
        return self.outcome(self.send(body, headers, method))

    def close(self) -> None:
        """Hang up; a second call does nothing."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _request(
        self, method: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer | NoAnswer:
        try:
            client = self._connected()
        except ValueError as problem:  # of the environment
            return NoAnswer(f"no connection to {self.shown}: {problem}")
        return client.request(method, body, headers)

    def _connected(self) -> Client:
        if self._client is None:
            from logwatch.sinks.bounded_http import (  # noqa: PLC0415 - urllib3 takes 70 ms to load
                Client,
            )
            from logwatch.sinks.proxy import (  # noqa: PLC0415 - urllib.request takes 20 ms
                proxy_for,
            )

            self._client = Client(
                self._url,
                timeout=self._timeout,
                connect_timeout=self._connect_timeout,
                clock=self._clock,
                tls=self._tls,
                proxy=proxy_for(self._url),
            )
        return self._client
