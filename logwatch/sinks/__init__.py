"""Stage 7, notifications -> the world: one file per protocol.

To add one: a file beside these with its settings, its sink and its `KIND`, one line in `KINDS`, an
example in `config/examples/sinks/` and a page in `docs/sinks/`; `tests/contracts` says what is
missing.
"""

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

_UNDERSTOOD = (
    "console:, jsonl:/path/to/file, https://host/path, http://host/path, exec:/path/to/program, "
    "mailto:ops@example.org, smtp://host/?to=ops@example.org, smtps://host/?to=ops@example.org, "
    "syslog:, syslog+udp://host:514, syslog+tcp://host:601, syslog+tls://host:6514, journald:, "
    "slack://hooks.slack.com/services/..., teams://host/path, "
    "discord://discord.com/api/webhooks/..., telegram://TOKEN@CHAT_ID, ntfy://host/topic, "
    "ntfy+http://host:port/topic, alertmanager+http://host:9093, alertmanager+https://host, "
    "otlp+http://host:4318, otlp+https://host, apprise:gotify://host/token"
)


def sink_from_url(url: str) -> tuple[str, SinkSettings]:
    """Kind and settings meant by a `--to` URL. Raises ValueError with what is understood."""
    scheme, colon, _ = url.partition(":")
    kind = _BY_SCHEME.get(scheme.lower()) if colon else None
    if kind is None or kind.from_url is None:
        named = f"{scheme}: is" if colon and scheme.isalnum() else "that is"
        raise ValueError(f"{named} no sink that logwatch knows; write one of {_UNDERSTOOD}")
    return kind.name, kind.from_url(scheme.lower() + url[len(scheme) :])
