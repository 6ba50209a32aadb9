"""What the settings of HTTP sinks have in common, and their checks: pure, no I/O.

Nothing that is raised here repeats a secret: neither a URL's path nor its credentials nor the value
of a header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from logwatch import __version__

USER_AGENT = f"logwatch/{__version__}"

FRAMING = frozenset({"content-length", "transfer-encoding"})
"""Headers that only the client can know, in lower case."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]*")


def check_url(url: str, key: str = "url") -> None:
    """Refuse what is no HTTP address. Raises ValueError."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        _check_labels(host or "")
    except ValueError:  # its text may hold the password
        raise ValueError(f"{key} is no URL; write https://host/path") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"{key} must begin with https:// or http:// and name a host")
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise ValueError(f"{key} holds a space or a character that must be percent-encoded")


def _check_labels(host: str) -> None:
    """Refuse a name with a part that is empty or too long: RFC 1035, 2.3.4. Raises ValueError."""
    labels = host.removesuffix(".").split(".")
    if host and not all(0 < len(label) < 64 for label in labels):
        raise ValueError(host)


def check_headers(headers: Mapping[str, str], ours: Iterable[str] = FRAMING) -> None:
    """Refuse what is no header, or one of `ours` (in lower case). Raises ValueError."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a header")
        if name.lower() in ours:
            raise ValueError(f"the header {name} is set by logwatch itself")
        if not _HEADER_VALUE.fullmatch(value) or value != value.strip():
            raise ValueError(f"the value of header {name} has a line break, or space around it")


def check_timeouts(timeout: float, connect_timeout: float) -> None:
    """Refuse time-outs in which nothing can be done. Raises ValueError."""
    if timeout <= 0 or connect_timeout <= 0:
        raise ValueError("timeout and connect_timeout must be more than 0")


def merged(ours: Mapping[str, str], configured: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request; a configured one replaces ours, however it is capitalised."""
    chosen = {name.lower() for name in configured}
    kept = {name: value for name, value in ours.items() if name.lower() not in chosen}
    return {**kept, **configured}


def json_headers(configured: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request whose body is JSON."""
    return merged({"Content-Type": "application/json", "User-Agent": USER_AGENT}, configured)
