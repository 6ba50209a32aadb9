"""Alerts as messages of a Telegram bot.

The text is plain: without `parse_mode` Telegram takes nothing in it for markup but what looks like
a link, a mention or a command. So that no log line can call somebody or be tapped, all but the
runbook is marked as code, by place and length (`entities`), where Telegram looks for nothing;
commands are copied by a tap. The bot's token is part of the address and never shows, nor does what
the server repeats of it. Telegram has no key by which it knows a message again, so one whose answer
was lost on the way comes twice.

Sources: core.telegram.org, "Bot API" (sendMessage: 1 to 4096 characters; ResponseParameters) and
"Bots FAQ" (about one message a second to a chat, 20 a minute to a group), of 2026. That characters
are counted as UTF-16 units is said there of entities only; for the limit it is the safe reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from logwatch.records import Alert, Outcome, Rejected, Retry, Severity
from logwatch.sinks.base import SinkKind
from logwatch.sinks.blocks import Block, blocks, fitted
from logwatch.sinks.chat import RATE, ChatSettings, ChatSink, as_json, later, utf16_units
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_answer import CREDENTIALS_RETRY_AFTER, Answer, shown
from logwatch.sinks.http_settings import check_url
from logwatch.sinks.words import Words

LONGEST = 4096
"""UTF-16 units of a message."""

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,200}")
_CHAT = re.compile(r"-?\d{1,20}|@[A-Za-z0-9_]{1,64}")


class TelegramSettings(ChatSettings, frozen=True, kw_only=True):
    """Settings of the `telegram` sink."""

    token: str
    """The bot's token, as BotFather gave it."""
    chat_id: int | str
    """Number of the chat, which of groups is negative, or `@name` of a channel."""
    thread_id: int | None = None
    """Number of the topic in a group with topics."""
    silent: tuple[Severity, ...] = ("info",)
    """Severities of which messages make no sound."""
    url: str = "https://api.telegram.org"
    """The server of the Bot API, where it is one of your own."""

    def __post_init__(self) -> None:
        """Refuse what could never be sent. Raises ValueError, which does not repeat the token."""
        super().__post_init__()
        check_url(self.url)
        if not _TOKEN.fullmatch(self.token):
            raise ValueError("token is no bot token; those look like 123456:ABC-DEF")
        if not _CHAT.fullmatch(str(self.chat_id)):
            raise ValueError("chat_id must be a number such as -1001234567890, or @channel")

    def __repr__(self) -> str:
        return f"TelegramSettings(chat_id={self.chat_id!r}, url={shown(self.url)!r})"


def payload(said: Words, settings: TelegramSettings) -> dict[str, Any]:
    """The message: all of it as one text, the title first."""
    text, entities = _text(said)
    message: dict[str, Any] = {
        "chat_id": settings.chat_id,
        "text": text,
        "entities": entities,
        "link_preview_options": {"is_disabled": True},
    }
    if settings.thread_id is not None:
        message["message_thread_id"] = settings.thread_id
    if said.severity in settings.silent:
        message["disable_notification"] = True
    return message


def _text(said: Words) -> tuple[str, list[dict[str, Any]]]:
    """The text, and which stretches of it are code."""
    made = [Block("title", (said.title,)), *blocks(said)]
    text = ""
    entities = []
    for block in fitted(made, LONGEST, utf16_units, note=said.how_to_see):
        text += "\n\n" if text else ""
        for kind, part, end in _parts(block, said):
            if kind and part.strip():
                place = {"offset": utf16_units(text), "length": utf16_units(part)}
                entities.append({"type": kind, **place})
            text += part + end
        text = text.removesuffix("\n")
    return text, entities


def _parts(block: Block, said: Words) -> Iterator[tuple[str, str, str]]:
    """The stretches of `block`: as what each is shown, its text, and what comes behind it."""
    if block.name == "title":
        yield "code", block.lines[0], "\n"
    elif block.name != "actions":
        yield "pre", "\n".join(block.lines), "\n"
    else:
        for line in block.lines:
            label, colon, value = line.partition(": ")
            yield "", f"{label}{colon}", ""
            yield "" if value == said.runbook else "code", value, "\n"


def read(answer: Answer, endpoint: Endpoint) -> Outcome | None:
    """Telegram tells more in the body than by its status."""
    body = as_json(answer)
    given = body.get("parameters")
    parameters = given if isinstance(given, dict) else {}
    match answer.status:
        case 200 if body.get("ok") is not True:
            return endpoint.refusal(answer)
        case 400 if isinstance(parameters.get("migrate_to_chat_id"), int):
            new = parameters["migrate_to_chat_id"]
            return Rejected(f"400 from {endpoint.shown}: the group is now chat_id {new}")
        case 403:
            return endpoint.refusal(answer)
        case 404:
            reason = f"404 from {endpoint.shown}: it does not know the token"
            return Retry(reason, after=CREDENTIALS_RETRY_AFTER)
        case 429:
            return later(answer, endpoint.shown, parameters.get("retry_after"))
        case _:
            return None


def _make(settings: TelegramSettings) -> ChatSink:
    url = f"{settings.url.rstrip('/')}/bot{settings.token}/sendMessage"
    secrets = (settings.token, settings.token.partition(":")[2])

    def message(said: Words, _alert: Alert) -> dict[str, Any]:
        return payload(said, settings)

    return ChatSink.of("telegram", settings, url, message, secrets=secrets, read=read)


def _from_url(url: str) -> TelegramSettings:
    """`telegram://123456:ABC-DEF@-1001234567890`, with `/THREAD` behind where there is one."""
    token, at, rest = url.removeprefix("telegram:").removeprefix("//").partition("@")
    chat, _, thread = unquote(rest).strip("/").partition("/")
    if not at or not re.fullmatch(r"\d*", thread):
        raise ValueError("write telegram://TOKEN@CHAT_ID")
    return TelegramSettings(
        token=token,
        chat_id=int(chat) if re.fullmatch(r"-?\d{1,20}", chat) else f"@{chat.removeprefix('@')}",
        thread_id=int(thread) if thread else None,
    )


KIND = SinkKind(
    name="telegram",
    settings=TelegramSettings,
    make=_make,
    schemes=("telegram",),
    from_url=_from_url,
    for_people=True,
    rate=RATE,
)
