"""`heartbeat:` and `otel:` in the configuration: whom the daemon calls by itself."""

from __future__ import annotations

import pytest

from logwatch.config.heartbeat import HeartbeatSettings
from logwatch.config.loader import examine, from_text, load
from logwatch.config.otel import OtelSettings
from logwatch.config.problems import InvalidConfigError

REST = """
sources: {app: {path: /var/log/app.log}}
rules: [{name: error, match: ERROR}]
sinks: {out: {console: {}}}
"""
of_each = pytest.mark.parametrize("key", ["heartbeat", "otel"])


@of_each
def test_there_is_none_by_itself(key, tmp_path):
    assert getattr(from_text(REST, folder=tmp_path), key) is None
    assert getattr(from_text(f"{key}:\n{REST}", folder=tmp_path), key) is None


@pytest.mark.parametrize(
    ("key", "text", "settings"),
    [
        ("heartbeat", "https://h/u", HeartbeatSettings(url="https://h/u")),
        ("heartbeat", "'https://h/${env:TOKEN}'", HeartbeatSettings(url="https://h/secret")),
        (
            "heartbeat",
            "{url: http://h/p, every: 5m, method: POST, timeout: 3s}",
            HeartbeatSettings(url="http://h/p", every=300.0, method="POST", timeout=3.0),
        ),
        ("otel", "http://127.0.0.1:4318", OtelSettings(url="http://127.0.0.1:4318")),
        (
            "otel",
            "{url: https://h/otlp, every: 5m, headers: {Authorization: '${env:TOKEN}'}}",
            OtelSettings(url="https://h/otlp", every=300.0, headers={"Authorization": "secret"}),
        ),
    ],
)
def test_it_is_an_address_or_a_map(key, text, settings, tmp_path):
    config = from_text(f"{key}: {text}{REST}", environ={"TOKEN": "secret"}, folder=tmp_path)
    assert getattr(config, key) == settings
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("heartbeat", "secret", "url must begin with https://"),
        ("heartbeat", "{every: 1m}", "'heartbeat' has no 'url'"),
        ("heartbeat", "{url: http://h/, every: 0s}", "every must be at least 1s"),
        ("heartbeat", "{url: http://h/, timeout: 0}", "timeout must be more than 0"),
        ("heartbeat", "{url: http://h/, method: PATCH}", "PATCH"),
        ("heartbeat", "{url: http://h/, evry: 1m}", "evry"),
        ("heartbeat", "[a]", "must be a map"),
        ("heartbeat", "'${file:/nowhere/secret}'", "/nowhere/secret"),
        ("otel", "127.0.0.1:4318", "url must begin with https://"),
        ("otel", "{every: 1m}", "'otel' has no 'url'"),
        ("otel", "{url: http://h/, every: 1s}", "every must be at least 5s"),
        ("otel", "{url: http://h/, evry: 1m}", "evry"),
        ("otel", "{url: http://h/, tls: {}}", "tls needs a url that begins with https://"),
        ("otel", "'${file:/nowhere/secret}'", "/nowhere/secret"),
    ],
)
def test_mistakes_are_told(key, text, words, tmp_path):
    with pytest.raises(InvalidConfigError) as caught:
        from_text(f"{key}: {text}{REST}", folder=tmp_path)
    assert words in str(caught.value)


@of_each
def test_without_sending_its_secret_need_not_be_there(key, tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(f"{key}: '${{file:/nowhere/url}}'{REST}")
    assert getattr(load(path, sends=False), key) is not None


@of_each
def test_it_stands_in_the_main_file_only(key, tmp_path):
    (tmp_path / "more.yaml").write_text(f"{key}: http://h/\n")
    path = tmp_path / "c.yaml"
    path.write_text(f"include: [more.yaml]{REST}")
    with pytest.raises(InvalidConfigError, match="not supported in an included file"):
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        "heartbeat: https://u:password@h/",
        "otel: {url: https://h/, headers: {Authorization: Bearer abcdefgh}}",
    ],
)
def test_a_secret_in_it_is_warned_of(text, tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(f"{text}{REST}")
    _, problems, _ = examine(path)
    assert "plain-secret" in {problem.code for problem in problems}
