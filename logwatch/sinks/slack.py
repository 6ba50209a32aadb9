"""Alerts as messages of Slack, through an incoming webhook.

Only `200` with the body `ok` delivers; `200` with anything else is a refusal. Slack has no key by
which it knows a message again: one whose answer was lost on the way comes twice, and the end of an
episode is a message of its own. Texts go as plain text wherever Slack has that, and `&`, `<` and
`>` are escaped everywhere, so that no log line can mention a channel, make a link or format.

Sources: docs.slack.dev, "Sending messages using incoming webhooks", "Formatting message text",
"Rate limits" and the reference of Block Kit (50 blocks a message, header 150, section text 3000
characters), of 2025.
"""

from __future__ import annotations

from typing import Any

from logwatch.records import Alert, Outcome
from logwatch.sinks.base import SinkKind
from logwatch.sinks.blocks import fitted
from logwatch.sinks.chat import (
    FENCE_CHARACTERS,
    RATE,
    ChatSink,
    WebhookChatSettings,
    fenced,
    is_web_address,
)
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_answer import Answer
from logwatch.sinks.plain_text import fit
from logwatch.sinks.wording import Block, Words, blocks

LONGEST_HEADER = 150
LONGEST_SECTION = 3000
"""Characters, escaped."""


class SlackSettings(WebhookChatSettings, frozen=True, kw_only=True):
    """Settings of the `slack` sink; the URL is that of an incoming webhook."""


def escape(text: str) -> str:
    """`text` without what Slack takes for markup: `&`, `<` and `>` as its entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def size(text: str) -> int:
    """Characters of `text` once escaped."""
    return len(text) + 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))


def payload(said: Words, _alert: Alert) -> dict[str, Any]:
    """The message: a header that tells all, then a section for each block."""
    title = fit(said.title, LONGEST_HEADER, said.how_to_see, size)
    sections = [section for block in blocks(said) for section in _sections(block, said)]
    return {
        "text": escape(said.title),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [{"type": "header", "text": _plain(title)}, *sections],
    }


def _sections(block: Block, said: Words) -> list[dict[str, Any]]:
    """The section for `block`; Slack takes none without a text."""
    if block.name == "actions":
        return [_actions(said)]
    kept = fitted([block], LONGEST_SECTION - FENCE_CHARACTERS, size, note=said.how_to_see)
    text = "\n".join(line for one in kept for line in one.lines)
    if not text.strip():
        return []
    return [_markup(fenced(escape(text))) if block.quoted else _plain_section(text)]


def _actions(said: Words) -> dict[str, Any]:
    """The runbook as a link, and commands in a fence, where they can be copied as they are."""
    link, commands = "", said.actions
    if is_web_address(said.runbook):
        link = f"<{escape(said.runbook).replace('|', '%7C')}|runbook>\n"
        commands = tuple(fact for fact in commands if fact.value != said.runbook)
    lines = "\n".join(f"{fact.label}: {fact.value}" for fact in commands)
    room = LONGEST_SECTION - FENCE_CHARACTERS - len(link)
    return _markup(link + fenced(escape(fit(lines, room, size=size))))


def _markup(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _plain_section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _plain(text)}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": escape(text), "emoji": False}


def read(answer: Answer, endpoint: Endpoint) -> Outcome | None:
    """`200` delivers only with `ok`; for the rest the rules of HTTP hold."""
    if answer.status == 200 and answer.excerpt.strip() != "ok":
        return endpoint.refusal(answer)
    return None


def _make(settings: SlackSettings) -> ChatSink:
    return ChatSink.of("slack", settings, settings.url, payload, read=read)


def _from_url(url: str) -> SlackSettings:
    return SlackSettings(url=f"https{url.removeprefix('slack')}")


KIND = SinkKind(
    name="slack",
    settings=SlackSettings,
    make=_make,
    short="url",
    schemes=("slack",),
    from_url=_from_url,
    for_people=True,
    rate=RATE,
)
