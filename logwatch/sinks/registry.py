"""Every kind of sink, and what a URL of a sink means. `logwatch.sinks` hands both on.

The file of a kind is loaded when the kind is first asked for: most configurations name two or three
of them, and all together are a twentieth of what a short command takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Final

from logwatch.sinks.base import SinkKind, SinkSettings
from logwatch.sinks.url_forms import UnknownSinkError, scheme_of, unknown_scheme

_NAMES: Final = (
    "console",
    "jsonl_file",
    "webhook",
    "command",
    "syslog",
    "journald",
    "pagerduty",
    "alertmanager",
    "otlp",
    "smtp",
    "slack",
    "teams",
    "discord",
    "telegram",
    "ntfy",
    "apprise",
)
"""Each is the name of a kind and of its file beside this one."""


class _Kinds(Mapping[str, SinkKind]):
    """Kinds by their names; to ask which there are loads none."""

    def __getitem__(self, name: str) -> SinkKind:
        if name not in _NAMES:
            raise KeyError(name)
        kind: SinkKind = import_module(f"logwatch.sinks.{name}").KIND
        return kind

    def __contains__(self, name: object) -> bool:
        return name in _NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


KINDS: Final[Mapping[str, SinkKind]] = _Kinds()
"""Every kind of sink that a configuration may name."""


@cache
def _by_scheme() -> dict[str, SinkKind]:
    return {scheme: kind for kind in KINDS.values() for scheme in kind.schemes}


def sink_from_url(url: str) -> tuple[str, SinkSettings]:
    """Kind and settings meant by the URL of a sink, as `--to` and `to` take it.

    Our own kinds win for their schemes; any other goes to Apprise, which is loaded to see whether
    it knows it. Raises ValueError with a remedy: UnknownSinkError where nobody knows the scheme.
    """
    scheme = scheme_of(url)
    kind = _by_scheme().get(scheme) if scheme is not None else None
    if scheme is not None and kind is not None and kind.from_url is not None:
        return kind.name, kind.from_url(scheme + url[len(scheme) :])
    from logwatch.sinks import apprise  # noqa: PLC0415 - the long tail

    known = apprise.schemes() if scheme is not None else frozenset()
    if scheme is None or scheme not in known:
        missing = "" if apprise.is_installed() else apprise.HOW_TO_INSTALL
        raise unknown_scheme(scheme, missing=missing, others=known)
    if not url[len(scheme) :].startswith("://"):
        raise UnknownSinkError(f"{scheme}: is no whole URL", f"write '{scheme}://...'")
    return apprise.KIND.name, apprise.AppriseSettings(urls=(url,))
