"""Which proxy stands between us and a receiver, as the environment says it to every program.

`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in either case, hold as they do for curl and for
Python's own `urllib`; a receiver on this machine is never asked for through one.

Sources: curl(1), "ENVIRONMENT"; RFC 9110 sections 7.3.2 (a proxy), 9.3.6 (CONNECT).
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

PORT = 1080
"""Where nothing is said, as for curl."""


class Proxy(NamedTuple):
    """An HTTP proxy."""

    host: str
    port: int
    user: str | None = None
    password: str = ""

    @property
    def shown(self) -> str:
        """Its name, without a secret."""
        return f"{self.host}:{self.port}"

    @property
    def credentials(self) -> str | None:
        """For `Proxy-Authorization`, in the clear; None where it wants none."""
        return None if self.user is None else f"{self.user}:{self.password}"


def proxy_for(url: str) -> Proxy | None:
    """The proxy through which `url` is reached, None for none.

    Raises ValueError where the environment names one that cannot be used.
    """
    parts = urlsplit(url)
    known = getproxies_environment()
    named = known.get(parts.scheme) or known.get("all")
    host = parts.hostname or ""
    if not named or _is_here(host) or proxy_bypass(host, known):
        return None
    return parse_proxy(named, f"{parts.scheme.upper()}_PROXY")


def parse_proxy(text: str, variable: str) -> Proxy:
    """`http://user:password@host:port`, or `host:port`. Raises ValueError, without the text."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError:  # its words may hold the password
        raise ValueError(f"{variable} is no URL; write http://host:port") from None
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"{variable} must begin with http:// and name a host")
    user = None if parts.username is None else unquote(parts.username)
    return Proxy(parts.hostname, port or PORT, user, unquote(parts.password or ""))


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
