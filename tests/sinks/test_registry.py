"""What `--to` understands."""

from __future__ import annotations

import subprocess
import sys

import pytest

from logwatch.sinks import KINDS, sink_from_url
from logwatch.sinks.command import CommandSettings
from logwatch.sinks.console import ConsoleSettings
from logwatch.sinks.discord import DiscordSettings
from logwatch.sinks.jsonl_file import JsonlFileSettings
from logwatch.sinks.ntfy import NtfySettings
from logwatch.sinks.slack import SlackSettings
from logwatch.sinks.syslog import SyslogSettings
from logwatch.sinks.teams import TeamsSettings
from logwatch.sinks.telegram import TelegramSettings
from logwatch.sinks.webhook import WebhookSettings


@pytest.mark.parametrize(
    ("url", "kind", "settings"),
    [
        ("console:", "console", ConsoleSettings()),
        ("console:stderr", "console", ConsoleSettings(stream="stderr")),
        ("jsonl:/tmp/a:b.jsonl", "jsonl_file", JsonlFileSettings(path="/tmp/a:b.jsonl")),
        ("https://u:p@host/x?y=1", "webhook", WebhookSettings(url="https://u:p@host/x?y=1")),
        ("HTTP://host/x", "webhook", WebhookSettings(url="http://host/x")),
        ("exec:/usr/bin/notify me", "command", CommandSettings(argv=("/usr/bin/notify me",))),
        ("syslog:", "syslog", SyslogSettings()),
        ("syslog:/run/log", "syslog", SyslogSettings(address="/run/log")),
        ("syslog+udp://host:514", "syslog", SyslogSettings(address="udp://host:514")),
        ("syslog+tls://logs", "syslog", SyslogSettings(address="tls://logs")),
        ("syslog+tcp://[::1]:601", "syslog", SyslogSettings(address="tcp://[::1]:601")),
        ("slack://host/services/T/B", "slack", SlackSettings(url="https://host/services/T/B")),
        ("teams://host/w?sig=x", "teams", TeamsSettings(url="https://host/w?sig=x")),
        ("discord://host/api/1/x", "discord", DiscordSettings(url="https://host/api/1/x")),
        ("telegram://12:A-b@-100", "telegram", TelegramSettings(token="12:A-b", chat_id=-100)),
        (
            "telegram://12:A-b@ops/7",
            "telegram",
            TelegramSettings(token="12:A-b", chat_id="@ops", thread_id=7),
        ),
        ("ntfy:ops", "ntfy", NtfySettings(topic="ops")),
        ("ntfy://ntfy.sh/ops", "ntfy", NtfySettings(topic="ops")),
        ("ntfy://u:p@host/ops", "ntfy", NtfySettings(topic="ops", url="https://u:p@host")),
        ("ntfy+http://[::1]:80/ops", "ntfy", NtfySettings(topic="ops", url="http://[::1]:80")),
        (
            "ntfy://tk_x@host:8/ops",
            "ntfy",
            NtfySettings(topic="ops", url="https://host:8", token="tk_x"),
        ),
    ],
)
def test_a_url_names_a_sink(url, kind, settings):
    assert sink_from_url(url) == (kind, settings)


@pytest.mark.parametrize("url", ["gopher://host/topic", "/tmp/file", "", "webhook", "\x1b:x"])
def test_an_unknown_scheme_lists_what_is_understood(url):
    with pytest.raises(ValueError, match="jsonl:/path/to/file") as caught:
        sink_from_url(url)
    for kind in KINDS.values():
        for scheme in kind.schemes:
            assert f"{scheme}:" in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("console:window", "jsonl:", "https://", "exec:", "exec:./x", "syslog+udp://"),
        *("slack:", "slack://", "teams://", "discord:x", "ntfy:", "ntfy://host", "ntfy://[/x"),
        *("telegram:", "telegram://12:A", "telegram://@-100", "telegram://12:A@-100/x"),
    ],
)
def test_a_known_scheme_with_nonsense_is_refused(url):
    with pytest.raises(ValueError):
        sink_from_url(url)


def test_the_registry_is_light():
    code = (
        "import sys, logwatch.sinks; "
        "heavy = {'urllib3', 'ssl', 'subprocess', 'http.client', 'email', 'smtplib', 'apprise'}; "
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
