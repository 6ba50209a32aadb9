"""How every HTTP sink reads an answer, and how it shows an address: pure, no I/O.

What may pass by itself is tried again (408, 425, 429, 5xx; 401 and 403 slowly, for credentials get
mended); what never will is rejected at once, so that it holds up nothing behind it. A redirect is
not followed: an alert goes where the configuration says. Sources: RFC 9110 sections 10.2.3 and 15,
RFC 6585 section 4, RFC 8470 section 5.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from logwatch.records import Delivered, Outcome, Rejected, Retry
from logwatch.sinks.plain_text import visible

LONGEST_RETRY_AFTER = 3600.0
"""A receiver's own wish is obeyed up to this many seconds."""

CREDENTIALS_RETRY_AFTER = 300.0
"""Seconds between tries while the receiver refuses our credentials."""

EXCERPT_CHARACTERS = 200
"""How much of a refusal's body a reason quotes."""

_PASSING = frozenset({408, 425, 429})
_SHORTEST_SECRET = 6  # shorter pieces of a URL are words; to hide them would hide the message


class Answer(Struct, frozen=True):
    """What came back: status, the headers that matter, the beginning of the body."""

    status: int
    retry_after: str | None = None
    location: str | None = None
    excerpt: str = ""
    headers: dict[str, str] = {}
    """All of them, by their names in lower case."""


class NoAnswer(Struct, frozen=True):
    """Nothing came back, and why."""

    reason: str


def shown(url: str) -> str:
    """`url` without what may be secret: `https://host:8443/…`."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{visible(host)}/…"


def secrets_of(url: str, header_values: Iterable[str]) -> tuple[str, ...]:
    """What a receiver must not make us repeat, longest first: credentials, path, header values."""
    parts = urlsplit(url)
    pieces = {parts.path, parts.query, parts.username or "", parts.password or ""}
    pieces.update(re.split(r"[/&=]", f"{parts.path}/{parts.query}"))
    for value in header_values:
        pieces.update((value, *value.split()))
    pieces.update([unquote(piece) for piece in pieces])
    return tuple(sorted({p for p in pieces if len(p) >= _SHORTEST_SECRET}, key=len, reverse=True))


def outcome_of(answer: Answer, wall: float, where: str, secrets: Iterable[str] = ()) -> Outcome:
    """What `answer` from `where` (a shown URL), received at `wall` seconds, means for its alert."""
    status = answer.status
    if 200 <= status < 300:
        return Delivered(f"{status} from {where}")
    if status in (401, 403):
        reason = f"{status} from {where}: it refuses the credentials; check URL and headers"
        return Retry(reason, after=CREDENTIALS_RETRY_AFTER)
    if status in _PASSING or status >= 500:
        return Retry(f"{status} from {where}", after=parse_retry_after(answer.retry_after, wall))
    if 300 <= status < 400:
        target = _host_of(answer.location)
        return Rejected(f"{status} from {where}: redirects to {target}, which is not followed")
    return refusal_of(answer, where, secrets)


def refusal_of(answer: Answer, where: str, secrets: Iterable[str] = ()) -> Rejected:
    """That what was sent will never be taken, with what the receiver at `where` says of it."""
    excerpt = _excerpt(answer.excerpt, secrets)
    return Rejected(f"{answer.status} from {where}{': ' if excerpt else ''}{excerpt}")


def parse_retry_after(value: str | None, wall: float) -> float | None:
    """Seconds meant by a Retry-After header, at most an hour; None where it means nothing."""
    if value is None:
        return None
    value = value.strip()
    if re.fullmatch(r"\d+(\.\d+)?", value, re.ASCII):
        seconds = float(value)
    else:
        from email.utils import (  # noqa: PLC0415 - 10 ms that only a rare answer needs
            parsedate_to_datetime,
        )

        try:
            seconds = parsedate_to_datetime(value).timestamp() - wall
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _host_of(location: str | None) -> str:
    if location is None:
        return "nowhere"
    try:
        return visible(urlsplit(location).hostname or "another path of the same host")
    except ValueError:
        return "something that is no URL"


def _excerpt(body: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        body = body.replace(secret, "…")
    return visible(" ".join(body[:EXCERPT_CHARACTERS].split()))
