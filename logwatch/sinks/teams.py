"""Alerts as cards in Microsoft Teams, through a webhook of the Workflows app.

A card is made of runs of text (`TextRun`), which know no markdown, unlike `TextBlock` and facts; so
no log line can format, link or mention. A workflow answers that it has accepted a card, which is
not yet that it has shown it: what fails after that is seen in the workflow's run history only.
Teams has no key by which it knows a message again, so one whose answer was lost comes twice.

Old connector URLs, which are being retired, answer `200` for failures too and name the true status
in the body; that is read.

Sources: Microsoft Learn, "Create incoming webhooks" (28 KB a message, four requests a second),
"Text formatting in cards" (markdown in TextBlock, Fact.Title, Fact.Value), of 2025; that cards of
more than about 21,000 bytes were refused in practice is a report of 2024 by a client library.
"""

from __future__ import annotations

import re
from typing import Any

from logwatch.records import Alert, Outcome, Retry
from logwatch.sinks.base import SinkKind
from logwatch.sinks.blocks import Block, blocks, fitted
from logwatch.sinks.chat import RATE, ChatSink, WebhookChatSettings, is_web_address, json_bytes
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_answer import Answer, parse_retry_after
from logwatch.sinks.words import Words

LARGEST = 20_000
"""Bytes of a card; see the module's docstring."""

_STYLES = {"info": "Accent", "warning": "Warning", "error": "Attention", "critical": "Attention"}
_INNER_STATUS = re.compile(r"returned HTTP error (\d{3})")
_MARGIN = re.compile(r"^    ")
"""How quoted lines are set in; Teams leaves out spaces at the beginning of a line."""

_OVERHEAD = 200
"""Bytes that a line takes beside its text."""


class TeamsSettings(WebhookChatSettings, frozen=True, kw_only=True):
    """Settings of the `teams` sink; the URL is that of a workflow."""


def payload(said: Words, _alert: Alert) -> dict[str, Any]:
    """The message: one card, of which each line is a paragraph of plain text."""
    made = [Block("title", (said.title,)), *blocks(said)]
    kept = fitted(made, LARGEST, json_bytes, note=said.how_to_see, overhead=_OVERHEAD)
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "fallbackText": kept[0].lines[0],
        "msteams": {"width": "Full"},
        "body": [line for block in kept for line in _lines(block, said)],
    }
    if is_web_address(said.runbook):
        card["actions"] = [{"type": "Action.OpenUrl", "title": "runbook", "url": said.runbook}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


def _lines(block: Block, said: Words) -> list[dict[str, Any]]:
    style: dict[str, Any] = {}
    if block.name == "title":
        tone = "Good" if said.status == "resolved" else _STYLES[said.severity]
        style = {"size": "Medium", "weight": "Bolder", "color": tone}
    elif block.quoted or block.name == "actions":
        style = {"fontType": "Monospace", "size": "Small"}
    return [
        _paragraph(_MARGIN.sub("│ ", line) if block.quoted else line, style, first=not number)
        for number, line in enumerate(block.lines)
    ]


def _paragraph(text: str, style: dict[str, Any], *, first: bool) -> dict[str, Any]:
    run = {"type": "TextRun", "text": text, **style}
    spacing = "Medium" if first else "None"
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": [run]}


def read(answer: Answer, endpoint: Endpoint) -> Outcome | None:
    """What an old connector tells of Teams itself, under a 200 of its own."""
    inner = _INNER_STATUS.search(answer.excerpt) if answer.status == 200 else None
    if inner is None:
        return None
    status = int(inner[1])
    if status in (408, 429) or status >= 500:
        return Retry(f"{status} from Teams behind {endpoint.shown}", after=_named(answer))
    return endpoint.refusal(answer)


def _named(answer: Answer) -> float | None:
    value = answer.retry_after
    return parse_retry_after(value, 0.0) if value is not None and value.isdigit() else None


def _make(settings: TeamsSettings) -> ChatSink:
    return ChatSink.of("teams", settings, settings.url, payload, read=read)


def _from_url(url: str) -> TeamsSettings:
    return TeamsSettings(url=f"https{url.removeprefix('teams')}")


KIND = SinkKind(
    name="teams",
    settings=TeamsSettings,
    make=_make,
    short="url",
    schemes=("teams",),
    from_url=_from_url,
    for_people=True,
    rate=RATE,
)
