"""Alerts as notifications of ntfy, on phones and desktops.

Posted as JSON to the server's root, so that no text has to go into a header. Title and message are
plain text. How loud a phone gets follows from the severity; the end of an episode makes no sound.
ntfy has no key by which it knows a message again, so one whose answer was lost comes twice.

Sources: docs.ntfy.sh, "Publishing" (publish as JSON, priorities, limitations), of 2025; its server:
messages of more than 4,096 bytes become attachments, a JSON body may have twice that, and recent
versions take titles of at most 1,024 bytes and tags of 512.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from logwatch.records import Alert, Outcome, Retry, Severity
from logwatch.sinks.base import SinkKind
from logwatch.sinks.blocks import as_text
from logwatch.sinks.chat import RATE, ChatSettings, ChatSink, as_json, is_web_address, json_bytes
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_answer import LONGEST_RETRY_AFTER, Answer, shown
from logwatch.sinks.http_settings import check_headers, check_url
from logwatch.sinks.plain_text import fit
from logwatch.sinks.words import Words

LONGEST_TITLE = 1000
LONGEST_MESSAGE = 4000
"""Bytes, as JSON writes them, which is never less than UTF-8."""

PRIORITIES: dict[Severity, int] = {"info": 2, "warning": 3, "error": 4, "critical": 5}
RESOLVED_PRIORITY = 2

_SIGNS = {"info": "information_source", "warning": "warning", "error": "x"}
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TAG = re.compile(r"[\w+\-]{1,40}")
_DAILY_QUOTA = 42908  # the code of ntfy for it; there is no Retry-After


class NtfySettings(ChatSettings, frozen=True, kw_only=True):
    """Settings of the `ntfy` sink."""

    topic: str
    """Where to publish; on a server without accounts who knows its name can read it."""
    url: str = "https://ntfy.sh"
    """The server; a user and password in it become an `Authorization` header."""
    token: str | None = None
    """Access token, which begins with `tk_`."""
    tags: tuple[str, ...] = ()
    """Sent along behind a sign for the severity; names of emoji are shown as such."""

    def __post_init__(self) -> None:
        """Refuse what could never be sent. Raises ValueError, which does not repeat a secret."""
        super().__post_init__()
        check_url(self.url)
        if not _TOPIC.fullmatch(self.topic):
            raise ValueError("topic must be 1 to 64 letters, digits, '_' or '-'")
        if self.token is not None:
            check_headers({"Authorization": f"Bearer {self.token}"})
        if len(self.tags) > 10 or not all(_TAG.fullmatch(tag) for tag in self.tags):
            raise ValueError("tags must be 10 at most, each of letters, digits, '_', '+' or '-'")

    def __repr__(self) -> str:
        return f"NtfySettings(topic=…, url={shown(self.url)!r})"


def payload(said: Words, settings: NtfySettings) -> dict[str, Any]:
    """The notification; a tap on it opens the runbook."""
    resolved = said.status == "resolved"
    sign = "white_check_mark" if resolved else _SIGNS.get(said.severity, "rotating_light")
    message: dict[str, Any] = {
        "topic": settings.topic,
        "title": fit(said.title, LONGEST_TITLE, said.how_to_see, json_bytes),
        "message": as_text(said, LONGEST_MESSAGE, size=json_bytes),
        "priority": RESOLVED_PRIORITY if resolved else PRIORITIES[said.severity],
        "tags": [sign, *settings.tags],
    }
    if is_web_address(said.runbook):
        message["click"] = said.runbook
    return message


def read(answer: Answer, endpoint: Endpoint) -> Outcome | None:
    """A quota that is used up for the day is asked for again after an hour."""
    if answer.status == 429 and as_json(answer).get("code") == _DAILY_QUOTA:
        reason = f"429 from {endpoint.shown}: the daily quota is used up"
        return Retry(reason, after=LONGEST_RETRY_AFTER)
    return None


def _make(settings: NtfySettings) -> ChatSink:
    token = settings.token
    secrets = (settings.topic, *([token] if token else []))

    def message(said: Words, _alert: Alert) -> dict[str, Any]:
        return payload(said, settings)

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return ChatSink.of(
        "ntfy", settings, settings.url, message, secrets=secrets, read=read, headers=headers
    )


def _from_url(url: str) -> NtfySettings:
    """`ntfy://host/topic`, `ntfy+http://host:port/topic`, `ntfy:topic`; a user may be a token."""
    scheme, _, rest = url.partition(":")
    if not rest.startswith("//"):
        return NtfySettings(topic=rest)
    try:
        parts = urlsplit(f"{'http' if scheme.endswith('http') else 'https'}:{rest}")
        user = unquote(parts.username or "")
    except ValueError:
        raise ValueError("write ntfy://host/topic") from None
    token = user if user.startswith("tk_") else None
    host = parts.netloc.rpartition("@")[2] if token else parts.netloc
    return NtfySettings(topic=parts.path.strip("/"), url=f"{parts.scheme}://{host}", token=token)


KIND = SinkKind(
    name="ntfy",
    settings=NtfySettings,
    make=_make,
    short="topic",
    schemes=("ntfy", "ntfy+http"),
    from_url=_from_url,
    for_people=True,
    rate=RATE,
)
