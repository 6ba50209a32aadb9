"""Alerts as messages of Discord, through a webhook.

The request asks Discord to wait until the message is kept, so that yes means shown. Nothing in a
message can mention anybody: `allowed_mentions` is empty, whatever a log line says. Log lines stand
in fences, and other text has its markup escaped. Discord has no key by which it knows a message
again: one whose answer was lost on the way comes twice. What it says of its rate limit is obeyed,
also ahead of a refusal, for refused requests count against the sender.

Sources: Discord's developer documentation, "Webhook resource", "Message resource" (embed limits)
and "Rate limits", of August 2026.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from logwatch.records import Alert, Outcome
from logwatch.sinks.base import SinkKind
from logwatch.sinks.blocks import Block, blocks, fitted
from logwatch.sinks.chat import (
    RATE,
    ChatSink,
    WebhookChatSettings,
    as_json,
    color,
    fenced,
    is_web_address,
    later,
    seconds_in,
    utf16_units,
)
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_answer import Answer
from logwatch.sinks.plain_text import fit
from logwatch.sinks.words import Words

LONGEST_CONTENT = 2000
LONGEST_DESCRIPTION = 4096
"""Characters; where Discord counts in another way than by UTF-16, it counts less."""

# Only what needs it is escaped: what a phone shows as it came must be readable still.
_MARKUP = re.compile(
    r"[\\*~`|<\[\]]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|(?<=:)//|@(?=everyone|here)"
    r"|^\s*(?:[#>+\-]|\d+\.)",
    re.MULTILINE,
)


class DiscordSettings(WebhookChatSettings, frozen=True, kw_only=True):
    """Settings of the `discord` sink; `?thread_id=...` at the end of the URL chooses a thread."""


def escape(text: str) -> str:
    """`text` with a backslash before all that Discord takes for markup, mentions and links."""
    return _MARKUP.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return f"{found[0][:-1]}\\{found[0][-1]}"


def size(text: str) -> int:
    """UTF-16 units of `text` once escaped."""
    return utf16_units(escape(text))


def payload(said: Words, _alert: Alert) -> dict[str, Any]:
    """The message: the title as its content, all the rest as one embed."""
    title = fit(said.title, LONGEST_CONTENT // 2, said.how_to_see, size)
    message: dict[str, Any] = {"content": escape(title), "allowed_mentions": {"parse": []}}
    description = _description(said)
    if description:
        message["embeds"] = [{"description": description, "color": color(said)}]
    return message


def _description(said: Words) -> str:
    made = blocks(said)
    room = LONGEST_DESCRIPTION - len(made) * (len(fenced("")) + 2)
    kept = fitted(made, room, size, note=said.how_to_see)
    return "\n\n".join(_part(block, said) for block in kept)


def _part(block: Block, said: Words) -> str:
    if block.quoted:
        return fenced("\n".join(block.lines))
    if block.name != "actions":
        return escape("\n".join(block.lines))
    runbook = f"runbook: {said.runbook}"
    lines = [line for line in block.lines if line != runbook or not is_web_address(said.runbook)]
    link = [f"runbook: <{said.runbook}>"] if len(lines) < len(block.lines) else []
    return "\n".join([*link, fenced("\n".join(lines))])


def read(answer: Answer, endpoint: Endpoint) -> Outcome | None:
    """429 names its seconds, with their fraction, in the body."""
    if answer.status == 429:
        return later(answer, endpoint.shown, as_json(answer).get("retry_after"))
    return None


def pause(answer: Answer) -> float:
    """Seconds until the next message, where this one was the last of its bucket."""
    if answer.headers.get("x-ratelimit-remaining") != "0":
        return 0.0
    return seconds_in(answer.headers.get("x-ratelimit-reset-after")) or 0.0


def waiting(url: str) -> str:
    """`url` with the wish that Discord answers once the message is kept."""
    parts = urlsplit(url)
    query = [part for part in parts.query.split("&") if part and not part.startswith("wait=")]
    return urlunsplit(parts._replace(query="&".join([*query, "wait=true"])))


def _make(settings: DiscordSettings) -> ChatSink:
    url = waiting(settings.url)
    return ChatSink.of("discord", settings, url, payload, read=read, pause=pause)


def _from_url(url: str) -> DiscordSettings:
    return DiscordSettings(url=f"https{url.removeprefix('discord')}")


KIND = SinkKind(
    name="discord",
    settings=DiscordSettings,
    make=_make,
    short="url",
    schemes=("discord",),
    from_url=_from_url,
    for_people=True,
    rate=RATE,
)
