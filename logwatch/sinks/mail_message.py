"""An alert as a mail: plain text and HTML with the same words, and headers that make one thread.

Every message of an episode refers to its first one by a Message-ID that follows from the alert
alone, so a mail that had to be sent again is the same mail to whoever compares. Mail programs that
go by the subject as well may still show an end beside its beginning, not below it. No text of a
log can become a header, a recipient or markup: headers are set by the email package, which refuses
line breaks, after `visible`; HTML is escaped and refers to nothing outside the mail. What is sent
is ASCII with lines of at most 78 characters, but for addresses that need RFC 6531.

Sources: RFC 5322 (section 3.6.4 on threads), RFC 2046 section 5.1.4 (alternatives), RFC 2047,
RFC 3834 (Auto-Submitted), MS-OXCMAIL (X-Auto-Response-Suppress).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import blake2b
from html import escape
from typing import NamedTuple

from logwatch.records import Alert
from logwatch.sinks.blocks import as_text
from logwatch.sinks.plain_text import shorten, visible
from logwatch.sinks.words import Fact, Quote, Words

LONGEST_TEXT = 60_000
LONGEST_HEADER = 200
"""Characters."""

_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LINK = re.compile(r"https?://[!-~]+")
_COLORS = {"info": "#2f7fd6", "warning": "#d99a00", "error": "#e0533d", "critical": "#c2185b"}
_RESOLVED = "#2e9e5b"

# No colour of text or ground is set: the mail program's own are right by day and by night.
_STYLE = (
    ":root{color-scheme:light dark;supported-color-schemes:light dark}"
    "body{font:15px/1.4 sans-serif;margin:12px}"
    "h1{font-size:18px;margin:0 0 8px}h2{font-size:15px;margin:16px 0 4px}"
    ".said{white-space:pre-wrap;overflow-wrap:anywhere}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:4px 0;font:13px/1.4 monospace}"
    "th{text-align:left;font-weight:normal;opacity:.7;padding:0 12px 0 0;vertical-align:top}"
    "td{overflow-wrap:anywhere}small{opacity:.7}"
)


class Mailbox(NamedTuple):
    """An address, and the name shown for it."""

    address: str
    name: str = ""

    def as_address(self) -> Address:
        """As the email package takes it."""
        local, _, domain = self.address.rpartition("@")
        if not local:  # the mail server knows its own users
            return Address(self.name, domain)
        return Address(self.name, local, domain)


def compose(
    alert: Alert,
    said: Words,
    *,
    sender: Mailbox,
    recipients: Sequence[Mailbox],
    wall: float,
) -> EmailMessage:
    """The mail that says of `alert` what `said` has; `wall` is when it is sent.

    A recipient whose address is not ASCII is left out of the header.
    """
    mail = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    mail["Subject"] = visible(said.title)  # a template of one's own may hold anything
    mail["From"] = sender.as_address()
    mail["To"] = [each.as_address() for each in recipients if each.address.isascii()]
    mail["Date"] = format_datetime(datetime.fromtimestamp(wall, UTC).astimezone())
    domain = _domain_of(sender)
    mail["Message-ID"] = f"<{_name_of(alert)}.{alert.seq}@{domain}>"
    if alert.seq > 1:
        mail["In-Reply-To"] = mail["References"] = f"<{_name_of(alert)}.1@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if said.severity == "critical" and said.status != "resolved":
        mail["Importance"] = "high"
    for name, value in _about(alert):
        mail[f"X-Logwatch-{name}"] = visible(shorten(value, LONGEST_HEADER))
    # Quoted-printable has no bare "=", so nothing in a part can pass for the boundary.
    mail.set_content(as_text(said, LONGEST_TEXT) + "\n", cte="quoted-printable")
    mail.add_alternative(as_html(said), subtype="html", cte="quoted-printable")
    mail.set_boundary(f"=_{_name_of(alert)}")
    return mail


def as_bytes(mail: EmailMessage, recipients: Iterable[Mailbox], *, wide: bool) -> bytes:
    """What goes over the wire; `wide` where the server takes other than ASCII in addresses."""
    if not wide:
        return mail.as_bytes()
    del mail["To"]
    mail["To"] = [each.as_address() for each in recipients]
    return mail.as_bytes(policy=policy.SMTPUTF8)


def _about(alert: Alert) -> Iterable[tuple[str, str]]:
    yield "ID", f"{alert.id}:{alert.seq}"
    for name in ("rule", "status", "severity", "source", "host"):
        yield name.capitalize(), getattr(alert, name)


def _domain_of(sender: Mailbox) -> str:
    domain = sender.address.rpartition("@")[2]
    return domain if domain.isascii() and not domain.startswith("[") else "logwatch.invalid"


def _name_of(alert: Alert) -> str:
    """A name for the alert's episode, whatever its id holds."""
    if _SAFE_ID.fullmatch(alert.id):
        return f"logwatch.{alert.id}"
    digest = blake2b(alert.id.encode(errors="backslashreplace"), digest_size=16)
    return f"logwatch.{digest.hexdigest()}"


def as_html(said: Words) -> str:
    """All of `said` as a page of HTML that needs nothing from outside."""
    color = _RESOLVED if said.status == "resolved" else _COLORS[said.severity]
    body = [f"<h1>{escape(said.title)}</h1>"]
    if not said.title_says_it:
        body.append(f'<p class="said">{escape(said.text)}</p>')
    if not said.own:
        body += _parts(said)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="supported-color-schemes" content="light dark">'
        f"<title>{escape(said.title)}</title><style>{_STYLE}</style></head>\n"
        f'<body><div style="border-left:5px solid {color};padding-left:12px">\n'
        + "\n".join(body)
        + "\n</div></body></html>\n"
    )


def _parts(said: Words) -> list[str]:
    """What is below the message."""
    return [
        *_several(said),
        *_quoted("", said.samples, said.more_samples),
        *_quoted("Before the first", said.before),
        *_quoted("After the first", said.after),
        *_table("Facts", said.facts_and_captures),
        *_actions(said),
    ]


def _several(said: Words) -> list[str]:
    if not said.members and not said.totals:
        return []
    members = [f"<li>{escape(member)}</li>" for member in said.members]
    if said.more_members:
        members.append(f"<li>and {said.more_members:,} more</li>")
    return [*_table("Rules", said.totals), f"<ul>{''.join(members)}</ul>"]


def _quoted(title: str, quotes: Sequence[Quote], more: int = 0) -> list[str]:
    if not quotes:
        return []
    parts = [f"<h2>{title}</h2>"] if title else []
    parts += [
        f"<pre><small>{escape(quote.place)}</small>\n{escape(quote.text)}</pre>" for quote in quotes
    ]
    if more:
        parts.append(f"<p><small>and {more:,} more lines</small></p>")
    return parts


def _table(title: str, facts: Sequence[Fact]) -> list[str]:
    if not facts:
        return []
    rows = [
        f"<tr><th>{escape(fact.label)}</th><td>{escape(fact.value)}</td></tr>" for fact in facts
    ]
    return [f"<h2>{title}</h2><table>{''.join(rows)}</table>"]


def _actions(said: Words) -> list[str]:
    return [
        f"<p>{escape(label)}: {_linked(value)}</p>"
        if value == said.runbook
        else f"<p><small>{escape(label)}</small></p><pre>{escape(value)}</pre>"
        for label, value in said.actions
    ]


def _linked(text: str) -> str:
    shown = escape(text)
    return f'<a href="{shown}">{shown}</a>' if _LINK.fullmatch(text) else shown
