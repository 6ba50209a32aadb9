"""Every kind of sink, and what a URL of a sink means. `logwatch.sinks` hands both on."""

from __future__ import annotations

from logwatch.sinks import (
    alertmanager,
    apprise,
    command,
    console,
    discord,
    journald,
    jsonl_file,
    ntfy,
    otlp,
    pagerduty,
    slack,
    smtp,
    syslog,
    teams,
    telegram,
    webhook,
)
from logwatch.sinks.base import SinkKind, SinkSettings
from logwatch.sinks.url_forms import UnknownSinkError, scheme_of, unknown_scheme

KINDS: dict[str, SinkKind] = {
    kind.name: kind
    for kind in (
        console.KIND,
        jsonl_file.KIND,
        webhook.KIND,
        command.KIND,
        syslog.KIND,
        journald.KIND,
        pagerduty.KIND,
        alertmanager.KIND,
        otlp.KIND,
        smtp.KIND,
        slack.KIND,
        teams.KIND,
        discord.KIND,
        telegram.KIND,
        ntfy.KIND,
        apprise.KIND,
    )
}
"""Every kind of sink that a configuration may name."""

_BY_SCHEME = {scheme: kind for kind in KINDS.values() for scheme in kind.schemes}


def sink_from_url(url: str) -> tuple[str, SinkSettings]:
    """Kind and settings meant by the URL of a sink, as `--to` and `to` take it.

    Our own kinds win for their schemes; any other goes to Apprise, which is loaded to see whether
    it knows it. Raises ValueError with a remedy: UnknownSinkError where nobody knows the scheme.
    """
    scheme = scheme_of(url)
    kind = _BY_SCHEME.get(scheme) if scheme is not None else None
    if scheme is not None and kind is not None and kind.from_url is not None:
        return kind.name, kind.from_url(scheme + url[len(scheme) :])
    known = apprise.schemes() if scheme is not None else frozenset()
    if scheme is None or scheme not in known:
        missing = "" if apprise.is_installed() else apprise.HOW_TO_INSTALL
        raise unknown_scheme(scheme, missing=missing, others=known)
    if not url[len(scheme) :].startswith("://"):
        raise UnknownSinkError(f"{scheme}: is no whole URL", f"write '{scheme}://...'")
    return apprise.KIND.name, apprise.AppriseSettings(urls=(url,))
