"""Alerts by way of Apprise, an optional library that knows a hundred and more services by URL.

It is the long tail: a service that has a sink of its own here is better served by that, which knows
its limits, its mark-up and its answers. Apprise says of an attempt little more than whether it
failed; so all is tried again but for a plain refusal (400, 413 and their like, where its log names
one). A URL whose service took a message is not tried again for it, but for a restart in between.
A service that does not answer within `timeout` counts as failed, though it may still take the
message, which then comes twice. What Apprise itself would repeat, look up on disk or interpret is
turned off; what a service takes for mark-up is up to Apprise. No URL ever shows in a reason or in
`repr`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from msgspec import Meta

from logwatch import telemetry
from logwatch.errors import SinkError
from logwatch.records import Alert, Delivered, Notification, Outcome, Rejected, Retry
from logwatch.sinks.base import PEOPLE_RATE, SinkKind, in_turn
from logwatch.sinks.blocks import as_text
from logwatch.sinks.http_answer import CREDENTIALS_RETRY_AFTER, secrets_of
from logwatch.sinks.own_words import PeopleSettings, Writer
from logwatch.sinks.plain_text import fit, shorten, visible
from logwatch.sinks.settled import MOST_TRIES, Settled
from logwatch.sinks.words import Words
from logwatch.units import Duration

if TYPE_CHECKING:
    from apprise import Apprise, NotifyBase

LONGEST_BODY = 10_000
"""Characters, where the service takes as many."""

MOST_URLS = 20

HOW_TO_INSTALL = "pip install 'logwatchd[apprise]'"

MISSING = f"apprise is not installed: {HOW_TO_INSTALL}"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,40}(?=://)")
_STATUS = re.compile(r"\berror=(\d{3})\b")
_PASSING = frozenset({408, 425, 429})
_EXCERPT = 200


class AppriseSettings(PeopleSettings, frozen=True, kw_only=True):
    """Settings of the `apprise` sink."""

    urls: Annotated[tuple[str, ...], Meta(extra={"one_or_many": True})]
    """Where to send, in the URLs of Apprise: one or several."""
    timeout: Duration = 15.0
    """For one attempt at one URL."""

    def __post_init__(self) -> None:
        """Refuse what is no URL. Raises ValueError, which does not repeat a secret."""
        super().__post_init__()
        if not self.urls:
            raise ValueError("urls must name a service: 'gotify://host/token'")
        if len(self.urls) > MOST_URLS:
            raise ValueError(f"urls has more than {MOST_URLS}; make several sinks of them")
        if not all(_SCHEME.match(url) and url.isprintable() for url in self.urls):
            raise ValueError("urls has something that is no URL; write 'gotify://host/token'")
        if self.timeout <= 0:
            raise ValueError("timeout must be more than 0")

    def __repr__(self) -> str:
        return f"AppriseSettings(urls={[shown(url) for url in self.urls]!r})"


def shown(url: str) -> str:
    """`url` without what may be secret, which is all but its scheme."""
    found = _SCHEME.match(url)
    return f"{found[0].lower() if found else 'something'}://…"


class _Service(NamedTuple):
    """One URL that Apprise understands."""

    name: str
    """Which of the URLs it is, for a reason."""
    url: str
    plugin: NotifyBase
    caller: Apprise


class _Refusal(NamedTuple):
    """Why a service does not take a message, or will not now."""

    reason: str
    status: int | None = None

    @property
    def final(self) -> bool:
        """Whether it never will."""
        return (
            self.status is not None
            and 400 <= self.status < 500
            and self.status not in _PASSING
            and not self.credentials
        )

    @property
    def credentials(self) -> bool:
        """Whether it does not take us for who we say we are."""
        return self.status in (401, 403)


class AppriseSink:
    """Sends alerts one by one, to each URL in turn; see the module's docstring."""

    batch_size = 1

    def __init__(self, settings: AppriseSettings) -> None:
        """Raises SinkError where Apprise is not installed."""
        if not is_installed():
            raise SinkError(f"apprise: {MISSING}")
        self._settings = settings
        self._writer = Writer(settings, "apprise")
        self._services: tuple[_Service, ...] | None = None
        self._settled: Settled[_Refusal | None] = Settled()
        self._refused: dict[str, str] = {}

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`."""
        return in_turn(batch, self._deliver_one)

    def close(self) -> None:
        """See `Sink.close`: Apprise keeps no connections."""
        self._services = None

    def _deliver_one(self, notification: Notification) -> Outcome:
        services = self._loaded()
        if not services:
            refused = ", ".join(shown(url) for url in self._settings.urls)
            return Retry(f"apprise does not take {refused}", after=CREDENTIALS_RETRY_AFTER)
        alert = notification.alert
        said = self._writer.words(alert)
        verdicts = self._settled.take(notification.idempotency_key)
        for service in services:
            if service.name not in verdicts:
                verdicts[service.name] = self._send(service, said, alert)
        return self._outcome(notification, verdicts)

    def _loaded(self) -> tuple[_Service, ...]:
        """What the URLs stand for; those that Apprise refuses are logged and left out."""
        if self._services is None:
            self._services = tuple(_services(self._settings.urls))
            taken = {service.url for service in self._services}
            for url in self._settings.urls:
                if url not in taken:
                    telemetry.warning("sink.url_refused", sink="apprise", url=shown(url))
        return self._services

    def _send(self, service: _Service, said: Words, alert: Alert) -> _Refusal | None:
        """None where the service took it."""
        title, body = _fitted(said, service.plugin)
        result = service.caller.notify(
            body=body,
            title=title,
            notify_type=_type_of(alert),
            body_format="text",
            timeout=self._settings.timeout,
        )
        if result:
            return None
        lines = [str(entry.message) for entry in result.logs()]
        statuses = [int(found[1]) for line in lines if (found := _STATUS.search(line))]
        why = lines[-1] if lines else f"it failed ({result.status.name.lower()})"
        for secret in secrets_of(service.url, ()):
            why = why.replace(secret, "…")
        reason = visible(shorten(" ".join(why.split()), _EXCERPT))
        return _Refusal(f"{service.name}: {reason}", statuses[-1] if statuses else None)

    def _outcome(
        self, notification: Notification, verdicts: Mapping[str, _Refusal | None]
    ) -> Outcome:
        """What became of a message, of which `verdicts` has the last word of each service."""
        failed = {name: refusal for name, refusal in verdicts.items() if refusal is not None}
        later = {name: refusal for name, refusal in failed.items() if not refusal.final}
        taken = len(failed) < len(verdicts)
        given_up = taken and notification.attempts >= MOST_TRIES
        if later and not given_up:
            settled = {name: verdict for name, verdict in verdicts.items() if name not in later}
            self._settled.keep(notification.idempotency_key, settled)
            slowly = all(refusal.credentials for refusal in later.values())
            after = CREDENTIALS_RETRY_AFTER if slowly else None
            return Retry(_listed(later), after=after, partly=taken)
        self._say_refused(verdicts)
        if not taken:
            return Rejected(_listed(failed))
        return Delivered(f"but {_listed(failed)}" if failed else "")

    def _say_refused(self, verdicts: Mapping[str, _Refusal | None]) -> None:
        """Log which service does not take it, once until that changes."""
        for name, refusal in verdicts.items():
            if refusal is None:
                self._refused.pop(name, None)
            elif self._refused.get(name) != refusal.reason:
                self._refused[name] = refusal.reason
                telemetry.warning("sink.service_refused", sink="apprise", reason=refusal.reason)


def _listed(refusals: Mapping[str, _Refusal]) -> str:
    return shorten("; ".join(refusal.reason for refusal in refusals.values()), 500)


def _services(urls: Iterable[str]) -> Iterable[_Service]:
    """Those of `urls` that Apprise takes, each numbered where there are several of a scheme."""
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - half a second and 50 MiB

    asset = AppriseAsset(
        app_id="logwatch",
        app_desc="logwatch",
        app_url="",
        async_mode=False,
        secure_logging=True,
        http_redirects=False,
        interpret_emojis=False,
        interpret_escapes=False,
        default_service_retry=0,
        storage_mode="memory",
        pgp_autogen=False,
        pem_autogen=False,
    )
    for number, url in enumerate(urls, start=1):
        plugin = Apprise.instantiate(url, asset=asset)
        if plugin is not None:
            plugin.retry = 0  # whatever the URL says: the outbox tries again
            caller = Apprise(asset=asset)
            caller.add(plugin)
            yield _Service(f"{shown(url)} (URL {number})", url, plugin, caller)


def _fitted(said: Words, plugin: NotifyBase) -> tuple[str, str]:
    """Title and body, as long as the service takes them; one without titles has it in the body."""
    room = min(LONGEST_BODY, plugin.body_maxlen or LONGEST_BODY)
    if plugin.title_maxlen <= 0:
        return "", as_text(said, room, title=True)
    title = fit(visible(said.title), plugin.title_maxlen, said.how_to_see)
    if plugin.overflow_amalgamate_title:
        room -= len(title) + 2
    return title, as_text(said, room) or said.title


def _type_of(alert: Alert) -> str:
    """What Apprise calls it, for a colour or a sign."""
    if alert.status == "resolved":
        return "success"
    return {"info": "info", "warning": "warning"}.get(alert.severity, "failure")


def is_installed() -> bool:
    """Whether there is Apprise on this machine."""
    return find_spec("apprise") is not None


def schemes() -> frozenset[str]:
    """The schemes that Apprise knows, which takes half a second; none where it is not installed."""
    if not is_installed():
        return frozenset()
    library: Any = import_module("apprise")  # its types say nothing of this
    return frozenset(map(str, library.NotificationManager().schemas()))


def holds_secret(url: str) -> bool:
    """Whether Apprise hides a part of `url` where it shows it; it is loaded for this."""
    if not is_installed():
        return False
    plugins: list[Any] = [service.plugin for service in _services([url])]
    return any(plugin.url(privacy=True) != plugin.url(privacy=False) for plugin in plugins)


def problems(settings: AppriseSettings) -> list[str]:
    """What only Apprise itself can say of `settings`, which takes half a second."""
    if not is_installed():
        return [MISSING]
    taken = {service.url for service in _services(settings.urls)}
    return [
        f"apprise does not take URL {number}, {shown(url)}; write it as"
        " https://appriseit.com/services/ says"
        for number, url in enumerate(settings.urls, start=1)
        if url not in taken
    ]


KIND = SinkKind(
    name="apprise",
    settings=AppriseSettings,
    make=AppriseSink,
    short="urls",
    schemes=("apprise",),
    from_url=lambda url: AppriseSettings(urls=(url.removeprefix("apprise:"),)),
    examine=problems,
    for_people=True,
    rate=PEOPLE_RATE,
)
