"""`to: 'slack://...'`: a sink by its URL, in a route or a rule."""

from __future__ import annotations

import re

import pytest

from logwatch.config.loader import examine, load
from logwatch.sinks import apprise
from logwatch.sinks.apprise import AppriseSettings
from logwatch.sinks.base import PEOPLE_RATE
from logwatch.sinks.jsonl_file import JsonlFileSettings
from logwatch.sinks.slack import SlackSettings
from logwatch.sinks.smtp import SmtpSettings
from logwatch.sinks.telegram import TelegramSettings
from logwatch.sinks.webhook import WebhookSettings

# A plugin of Apprise's own imports it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

TGRAM = "tgram://123456789:abcdefg_hijklmnop/12315544"
SOURCES = "sources: {app: /var/log/app.log}\n"


def rule(to, name="any"):
    return f"{{name: {name}, match: x, to: {to}}}"


def inline(config):
    """The sinks that were named by URL."""
    return [sink for sink in config.sinks if sink.name != "out"]


@pytest.mark.parametrize(
    ("url", "kind", "settings"),
    [
        ("https://host/hook", "webhook", WebhookSettings(url="https://host/hook")),
        ("slack://host/services/T/B", "slack", SlackSettings(url="https://host/services/T/B")),
        ("mailto:ops@example.org", "smtp", SmtpSettings(to=("ops@example.org",))),
        (TGRAM, "apprise", AppriseSettings(urls=(TGRAM,))),
    ],
)
@pytest.mark.parametrize(
    "text", ["routes: [{{to: '{}'}}]", "rules: [{{name: a, match: x, to: {}}}]"]
)
def test_a_url_in_to_is_a_sink(bench, text, url, kind, settings):
    """In a route and in a rule; its name begins with the scheme."""
    config = bench.load(text.format(url))
    (sink,) = inline(config)
    assert (sink.kind, sink.settings) == (kind, settings)
    assert re.fullmatch(rf"{url.partition(':')[0]}-[0-9a-f]{{6}}", sink.name)
    told = config.routes[0].to if config.routes else config.rules[0].to
    assert told == (sink.name,)


def test_a_url_stands_beside_names(bench):
    config = bench.load(f"routes: [{{to: [out, '{TGRAM}']}}]")
    (sink,) = inline(config)
    assert config.routes[0].to == ("out", sink.name)
    assert sink.defined_at == "<text>:1"


def test_the_name_is_always_the_same_and_shows_no_secret(bench):
    """What waits in the outbox must find its sink after a restart."""
    names = {inline(bench.load(f"routes: [{{to: '{TGRAM}'}}]"))[0].name for _ in range(3)}
    assert len(names) == 1
    assert "abcdefg" not in names.pop()


def test_a_new_secret_leaves_the_name_as_it_is(bench):
    """The name is that of the URL as it is written."""
    names = set()
    for bench.environ["TOKEN"] in ("123456789:abcdefg_hijklmnop", "987654321:zyxwvut_srqponmlk"):
        config = bench.load("routes: [{to: 'tgram://${env:TOKEN}/12315544'}]")
        (sink,) = inline(config)
        assert sink.settings.urls == (f"tgram://{bench.environ['TOKEN']}/12315544",)
        names.add(sink.name)
    assert len(names) == 1


def test_a_whole_url_may_come_from_elsewhere(bench):
    """And so may a name; the secret decides which it is."""
    bench.write("slack://host/services/T/B\n", "hook")
    bench.environ["WHERE"] = "out"
    config = bench.load("routes: [{to: ['${file:hook}', '${env:WHERE}']}]")
    (sink,) = inline(config)
    assert sink.settings == SlackSettings(url="https://host/services/T/B")
    assert config.routes[0].to == (sink.name, "out")
    assert sink.name.startswith("url-")


def test_however_often_it_is_named_there_is_one_sink(bench):
    """In routes and rules, in several files and by an alias."""
    bench.write(f"rules: [{rule(TGRAM, 'b')}, {rule('mailto:ops@example.org', 'c')}]", "d/b.yaml")
    bench.write(f"""
        sources: {{app: /var/log/app.log}}
        include: [d/*.yaml]
        rules:
          - {{name: a, match: x, to: [&me '{TGRAM}', mailto:ops@example.org, *me]}}
        routes:
          - {{to: *me}}
    """)
    config = load(bench.folder / "logwatch.yaml", environ={})
    first, second = config.sinks
    assert [first.name[:6], second.name[:7]] == ["tgram-", "mailto-"]
    assert config.rules[0].to == (first.name, second.name)
    assert (config.rules[1].to, config.rules[2].to) == ((first.name,), (second.name,))
    assert config.routes[0].to == (first.name,)


def test_a_relative_path_means_the_folder_of_its_file(bench):
    """The same text in two folders is two sinks."""
    bench.write(f"rules: [{rule('jsonl:a.jsonl', 'b')}]", "d/b.yaml")
    bench.write(f"{SOURCES}include: [d/*.yaml]\nrules: [{rule('jsonl:a.jsonl', 'a')}]\n")
    config = load(bench.folder / "logwatch.yaml", environ={})
    assert {sink.settings for sink in config.sinks} == {
        JsonlFileSettings(path=str(bench.folder / "a.jsonl")),
        JsonlFileSettings(path=str(bench.folder / "d/a.jsonl")),
    }
    assert len({sink.name for sink in config.sinks}) == 2


def test_it_has_the_rate_of_its_kind(bench):
    config = bench.load(f"routes: [{{to: [https://host/hook, '{TGRAM}']}}]")
    assert [sink.rate for sink in inline(config)] == [None, PEOPLE_RATE]


def test_it_counts_as_a_sink(bench):
    """Nobody is warned that nobody is told."""
    bench.write(f"{SOURCES}rules: [{rule('https://host/hook')}]\n")
    config, problems, summary = examine(bench.folder / "logwatch.yaml", environ={})
    assert (len(config.sinks), summary.sinks) == (1, 1)
    assert [each.code for each in problems] == ["no-match"]


def test_a_sink_of_a_plus_has_a_name_without(bench):
    assert inline(bench.load("routes: [{to: 'ntfy+http://h:1/t'}]"))[0].name[:10] == "ntfy-http-"


# -- what is wrong with them ---------------------------------------------------------------------


def test_a_near_miss_is_named_at_its_place(bench):
    found = bench.one("routes: [{to: [out, slak://host/services/s3cret]}]")
    assert (found.code, found.level) == ("unknown-name", "error")
    assert found.message == "slak: is no sink that logwatch knows"
    assert "did you mean 'slack://hooks.slack.com/services/...'?" in found.help
    assert found.column == 21


@pytest.mark.parametrize(
    "url",
    [
        "slak://host/s3cret0/s3cret0",
        "telegram://s3cret0",
        "telegram://12:s3cret0@",
        "ntfy://s3cret0:s3cret0@[/x",
        "smtp://u:s3cret0@",
        "smtps://u:s3cret0@host:s3cret0/?to=x",
        "https://u:s3cret0@",
        "syslog+udp://x:s3cret0",
        "console:s3cret0",
        "gotify://s3cret0",
        "tgram:s3cret0",
        "alertmanager+http://u:s3cret0@[x",
    ],
)
def test_what_is_no_sink_is_reported_without_its_secrets(bench, url):
    """In the message, and in the line that is shown."""
    found = bench.examine(f"routes: [{{to: '{url}'}}]")
    (error,) = [each for each in found.problems if each.level == "error"]
    assert "s3cret0" not in error.message + str(error.help)
    if "//" in url:
        assert "s3cret0" not in found.text


def test_what_a_url_lacks_is_said(bench):
    found = bench.one("routes: [{to: 'telegram://12'}]")
    assert found.message == "telegram: is not followed by what it needs"
    assert found.help == "write telegram://TOKEN@CHAT_ID"


def test_what_apprise_does_not_take_is_found_by_check(bench):
    """Though it knows the scheme."""
    found = bench.one("routes: [{to: 'gotify://x'}]")
    assert re.fullmatch(
        r"sink 'gotify-\w{6}' \(apprise\): apprise does not take URL 1, gotify://…", found.message
    )


def test_without_apprise_it_is_said_how_to_install_it(bench, monkeypatch):
    monkeypatch.setattr(apprise, "find_spec", lambda _: None)
    found = bench.examine(f"routes: [{{to: '{TGRAM}'}}]")
    (error,) = found.problems
    assert "pip install 'logwatchd[apprise]'" in error.help


def test_a_reference_that_leads_nowhere_is_reported_once(bench):
    found = bench.one("routes: [{to: 'slack://${env:NOPE}'}]")
    assert found.message == "the environment has no 'NOPE'"


def test_a_shells_reference_is_refused(bench):
    assert bench.one("routes: [{to: 'slack://${HOOK}'}]").message == "${HOOK} is not looked up"


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        (TGRAM, True),
        ("gotify://host/tokenabcdefghij", True),
        ("https://hooks.slack.com/services/T/B/C", True),
        ("https://user:word@host/hook", True),
        ("telegram://12:A-b@-100", True),
        ("ntfy://tk_x@host/topic", True),
        ("https://host/hook", False),
        ("mailto:ops@example.org", False),
        ("ntfy://host/topic", False),
        ("json://localhost/", False),
        ("slack://${env:HOOK}", False),
    ],
)
def test_a_token_in_the_file_is_warned_of(bench, url, secret):
    bench.environ["HOOK"] = "host/services/T/B"
    found = bench.examine(f"routes: [{{to: '{url}'}}, {{to: out}}]")
    assert [code for code in found.codes if code == "plain-secret"] == ["plain-secret"] * secret
    assert not [each for each in found.problems if each.level == "error"]


def test_who_sends_nothing_needs_no_secret(bench):
    """`replay`, `test` and their like: another sink stands in for one that nobody knows here."""
    text = "telegram://${env:TOKEN}@-100"
    bench.write(f"{SOURCES}rules: [{rule(repr(text))}, {rule(repr('${env:URL}'), 'b')}]\n")
    config = load(bench.folder / "logwatch.yaml", environ={}, sends=False)
    full = {"TOKEN": "12:A-b", "URL": "https://host/hook"}
    real = load(bench.folder / "logwatch.yaml", environ=full)
    assert [sink.name for sink in config.sinks] == [sink.name for sink in real.sinks]
    assert real.sinks[0].settings == TelegramSettings(token="12:A-b", chat_id=-100)


def test_who_sends_nothing_needs_no_apprise(bench, monkeypatch):
    """The same configuration is tried out on a machine that has not the extra."""
    path = bench.write(f"{SOURCES}rules: [{rule(TGRAM)}]\n")
    real = load(path, environ={})
    monkeypatch.setattr(apprise, "find_spec", lambda _: None)
    config = load(path, environ={}, sends=False)
    assert [sink.name for sink in config.sinks] == [sink.name for sink in real.sinks]


def test_a_name_that_is_no_url_is_still_a_name(bench):
    found = bench.one("routes: [{to: opps}]")
    assert found.message == "there is no sink 'opps'"


def test_a_sink_that_has_the_same_name_is_refused(bench):
    name = inline(bench.load("routes: [{to: 'console:'}]"))[0].name
    found = bench.one(f"routes: [{{to: 'console:'}}]\nsinks: {{{name}: {{console: {{}}}}}}\n")
    assert found.code == "duplicate-key"
