"""What `--to` understands."""

from __future__ import annotations

import subprocess
import sys

import pytest

from logwatch.sinks import KINDS, apprise, sink_from_url
from logwatch.sinks.command import CommandSettings
from logwatch.sinks.console import ConsoleSettings
from logwatch.sinks.discord import DiscordSettings
from logwatch.sinks.jsonl_file import JsonlFileSettings
from logwatch.sinks.ntfy import NtfySettings
from logwatch.sinks.slack import SlackSettings
from logwatch.sinks.syslog import SyslogSettings
from logwatch.sinks.teams import TeamsSettings
from logwatch.sinks.telegram import TelegramSettings
from logwatch.sinks.url_forms import FORMS, UnknownSinkError
from logwatch.sinks.webhook import WebhookSettings

# A plugin of Apprise's own imports it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


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


@pytest.fixture
def without_apprise(monkeypatch):
    """A machine on which the extra is not installed."""
    monkeypatch.setattr(apprise, "find_spec", lambda _: None)


@pytest.mark.parametrize("url", ["gopher://host/topic", "/tmp/file", "", "webhook", "\x1b:x"])
def test_what_nobody_knows_is_refused_with_a_few_examples(url):
    with pytest.raises(UnknownSinkError, match="write one such as https://host/path") as caught:
        sink_from_url(url)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("slak:T/B", "slack://hooks.slack.com/services/..."),
        ("slak://host/x", "slack://hooks.slack.com/services/..."),
        ("mail:ops@example.org", "mailto:ops@example.org"),
        ("htps://host/x", "https://host/path"),
        ("sylog+udp://host", "syslog+udp://host:514"),
        ("tgrm://s3cret", "tgram://..."),
        ("tgram:s3cret", "tgram://..."),
    ],
)
def test_a_near_miss_names_what_was_meant(url, meant):
    """Of our own schemes and of those of Apprise; and nothing of what follows the scheme."""
    with pytest.raises(UnknownSinkError) as caught:
        sink_from_url(url)
    assert f"'{meant}'" in caught.value.remedy
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["tgram://1:a/2", "gotify://host/token", "pover://user@token"])
def test_a_scheme_that_is_none_of_ours_goes_to_apprise(url):
    assert sink_from_url(url) == ("apprise", apprise.AppriseSettings(urls=(url,)))


@pytest.mark.parametrize("scheme", ["slack", "discord", "ntfy", "syslog", "mailto"])
def test_our_own_kinds_win_for_their_schemes(scheme):
    """Apprise knows these as well."""
    assert scheme in apprise.schemes()
    assert sink_from_url(FORMS[scheme].replace("...", "T/B"))[0] != "apprise"


@pytest.mark.usefixtures("without_apprise")
@pytest.mark.parametrize("url", ["tgram://1:a/2", "gotify://host/token", "slak://host/x"])
def test_without_apprise_it_is_said_how_to_install_it(url):
    with pytest.raises(UnknownSinkError) as caught:
        sink_from_url(url)
    assert "pip install 'logwatchd[apprise]'" in caught.value.remedy


@pytest.mark.usefixtures("without_apprise")
def test_without_apprise_a_near_miss_is_named_all_the_same():
    with pytest.raises(UnknownSinkError, match="did you mean 'slack://hooks"):
        sink_from_url("slak://host/x")


def test_each_scheme_of_ours_has_an_example():
    schemes = {scheme for kind in KINDS.values() for scheme in kind.schemes}
    assert set(FORMS) == schemes
    assert all(form.startswith(f"{scheme}:") for scheme, form in FORMS.items())


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
