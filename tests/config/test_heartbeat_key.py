"""`heartbeat:` in the configuration."""

from __future__ import annotations

import pytest

from logwatch.config.heartbeat import HeartbeatSettings
from logwatch.config.loader import examine, from_text, load
from logwatch.config.problems import InvalidConfigError

REST = """
sources: {app: {path: /var/log/app.log}}
rules: [{name: error, match: ERROR}]
sinks: {out: {console: {}}}
"""


def test_there_is_none_by_itself(tmp_path):
    assert from_text(REST, folder=tmp_path).heartbeat is None
    assert from_text("heartbeat:\n" + REST, folder=tmp_path).heartbeat is None


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("https://hc-ping.com/u", HeartbeatSettings(url="https://hc-ping.com/u")),
        ("'${env:URL}'", HeartbeatSettings(url="https://hc-ping.com/secret")),
        (
            "{url: http://h/p, every: 5m, method: POST, timeout: 3s}",
            HeartbeatSettings(url="http://h/p", every=300.0, method="POST", timeout=3.0),
        ),
    ],
)
def test_it_is_an_address_or_a_map(text, settings, tmp_path):
    environ = {"URL": "https://hc-ping.com/secret"}
    assert (
        from_text(f"heartbeat: {text}{REST}", environ=environ, folder=tmp_path).heartbeat
        == settings
    )
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("secret", "url must begin with https://"),
        ("{every: 1m}", "'heartbeat' has no 'url'"),
        ("{url: http://h/, every: 0s}", "every must be at least 1s"),
        ("{url: http://h/, timeout: 0}", "timeout must be more than 0"),
        ("{url: http://h/, method: PATCH}", "PATCH"),
        ("{url: http://h/, evry: 1m}", "evry"),
        ("[a]", "must be a map"),
        ("'${file:/nowhere/secret}'", "/nowhere/secret"),
    ],
)
def test_mistakes_are_told(text, words, tmp_path):
    with pytest.raises(InvalidConfigError) as caught:
        from_text(f"heartbeat: {text}{REST}", folder=tmp_path)
    assert words in str(caught.value)


def test_without_sending_its_secret_need_not_be_there(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(f"heartbeat: '${{file:/nowhere/url}}'{REST}")
    assert load(path, sends=False).heartbeat is not None


def test_it_stands_in_the_main_file_only(tmp_path):
    (tmp_path / "more.yaml").write_text("heartbeat: http://h/\n")
    path = tmp_path / "c.yaml"
    path.write_text(f"include: [more.yaml]{REST}")
    with pytest.raises(InvalidConfigError, match="not supported in an included file"):
        load(path)


def test_a_password_in_it_is_warned_of(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(f"heartbeat: https://u:password@h/{REST}")
    _, problems, _ = examine(path)
    assert "plain-secret" in {problem.code for problem in problems}
