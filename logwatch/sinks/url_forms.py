"""How sinks are written as URLs, and what is said of a URL that names none."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

FORMS: Final[dict[str, str]] = {
    "console": "console:",
    "jsonl": "jsonl:/path/to/file",
    "https": "https://host/path",
    "http": "http://host/path",
    "exec": "exec:/path/to/program",
    "mailto": "mailto:ops@example.org",
    "smtp": "smtp://host/?to=ops@example.org",
    "smtps": "smtps://host/?to=ops@example.org",
    "syslog": "syslog:",
    "syslog+udp": "syslog+udp://host:514",
    "syslog+tcp": "syslog+tcp://host:601",
    "syslog+tls": "syslog+tls://host:6514",
    "journald": "journald:",
    "slack": "slack://hooks.slack.com/services/...",
    "teams": "teams://host/path",
    "discord": "discord://discord.com/api/webhooks/...",
    "telegram": "telegram://TOKEN@CHAT_ID",
    "ntfy": "ntfy://host/topic",
    "ntfy+http": "ntfy+http://host:port/topic",
    "alertmanager+http": "alertmanager+http://host:9093",
    "alertmanager+https": "alertmanager+https://host",
    "otlp+http": "otlp+http://host:4318",
    "otlp+https": "otlp+https://host",
    "apprise": "apprise:gotify://host/token",
}
"""An example for each scheme of our own."""

_SCHEME = re.compile(r"[a-z][a-z0-9+]{0,40}(?=:)", re.IGNORECASE | re.ASCII)
_SOME = "https://host/path, mailto:ops@example.org or exec:/path/to/program"


class UnknownSinkError(ValueError):
    """Raised for what is no URL of a sink; it repeats no more than the scheme."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}; {remedy}")
        self.message = message
        self.remedy = remedy


def scheme_of(text: str) -> str | None:
    """The scheme with which `text` begins, in lower case; None where it is no URL."""
    found = _SCHEME.match(text)
    return found[0].lower() if found else None


def unknown_scheme(
    scheme: str | None, *, missing: str, others: Collection[str] = ()
) -> UnknownSinkError:
    """What to raise for `scheme`, which no sink has.

    `missing` says how to get the library that might know it, and is empty where it is there;
    `others` are the schemes that it knows.
    """
    if scheme is None:
        return UnknownSinkError(
            "that is no URL of a sink", f"write one such as {_SOME}; docs/sinks.md has them all"
        )
    from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

    close = get_close_matches(scheme, [*FORMS, *others], 1, 0.7)
    remedies = [f"did you mean {FORMS.get(close[0], f'{close[0]}://...')!r}?"] if close else []
    if missing:
        remedies.append(f"if it is a service of apprise: {missing}")
    remedy = "  ".join(remedies) or f"write one such as {_SOME}; docs/sinks.md has them all"
    return UnknownSinkError(f"{scheme}: is no sink that logwatch knows", remedy)
