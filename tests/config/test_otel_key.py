"""`otel:` in the configuration."""

from __future__ import annotations

import pytest

from logwatch.config.loader import examine, from_text, load
from logwatch.config.otel import OtelSettings
from logwatch.config.problems import InvalidConfigError

REST = """
sources: {app: {path: /var/log/app.log}}
rules: [{name: error, match: ERROR}]
sinks: {out: {console: {}}}
"""


def test_there_is_none_by_itself(tmp_path):
    assert from_text(REST, folder=tmp_path).otel is None
    assert from_text("otel:\n" + REST, folder=tmp_path).otel is None


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("http://127.0.0.1:4318", OtelSettings(url="http://127.0.0.1:4318")),
        (
            "{url: https://h/otlp, every: 5m, headers: {Authorization: '${env:TOKEN}'}}",
            OtelSettings(url="https://h/otlp", every=300.0, headers={"Authorization": "secret"}),
        ),
    ],
)
def test_it_is_an_address_or_a_map(text, settings, tmp_path):
    config = from_text(f"otel: {text}{REST}", environ={"TOKEN": "secret"}, folder=tmp_path)
    assert config.otel == settings
    assert "secret" not in repr(config.otel)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("127.0.0.1:4318", "url must begin with https://"),
        ("{every: 1m}", "'otel' has no 'url'"),
        ("{url: http://h/, every: 1s}", "every must be at least 5s"),
        ("{url: http://h/, evry: 1m}", "evry"),
        ("{url: http://h/, tls: {}}", "tls needs a url that begins with https://"),
        ("'${file:/nowhere/secret}'", "/nowhere/secret"),
    ],
)
def test_mistakes_are_told(text, words, tmp_path):
    with pytest.raises(InvalidConfigError) as caught:
        from_text(f"otel: {text}{REST}", folder=tmp_path)
    assert words in str(caught.value)


def test_without_sending_its_secret_need_not_be_there(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(f"otel: '${{file:/nowhere/url}}'{REST}")
    assert load(path, sends=False).otel is not None


def test_it_stands_in_the_main_file_only(tmp_path):
    (tmp_path / "more.yaml").write_text("otel: http://h/\n")
    path = tmp_path / "c.yaml"
    path.write_text(f"include: [more.yaml]{REST}")
    with pytest.raises(InvalidConfigError, match="not supported in an included file"):
        load(path)


def test_a_token_in_it_is_warned_of(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(f"otel: {{url: https://h/, headers: {{Authorization: Bearer abcdefgh}}}}{REST}")
    _, problems, _ = examine(path)
    assert "plain-secret" in {problem.code for problem in problems}
