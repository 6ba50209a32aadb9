"""`http:` in the configuration."""

from __future__ import annotations

import pytest

from logwatch.config.http import HttpSettings
from logwatch.config.loader import examine, from_text
from logwatch.errors import ConfigError

REST = """
sources: {app: /var/log/app.log}
rules: [{name: errors, match: 'ERROR'}]
sinks: {out: {console: {}}}
"""
TOKEN = "0123456789abcdef"


def test_without_it_nobody_listens(tmp_path):
    assert from_text(REST, folder=tmp_path).http is None
    assert from_text("http:\n" + REST, folder=tmp_path).http is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8420", ("127.0.0.1", 8420)),
        ("localhost:0", ("127.0.0.1", 0)),
        ("'[::1]:8420'", ("::1", 8420)),
        ("/run/logwatchd/http.sock", ("/run/logwatchd/http.sock", None)),
        ("{listen: 127.0.0.1:8420, token: '${env:TOKEN}'}", ("127.0.0.1", 8420)),
        ("{listen: 0.0.0.0:8420, token: '${env:TOKEN}'}", ("0.0.0.0", 8420)),
    ],
)
def test_where_it_listens(text, address, tmp_path):
    """A bare address is its `listen`; a token may come from outside."""
    config = from_text(f"http: {text}{REST}", environ={"TOKEN": TOKEN}, folder=tmp_path)
    assert config.http is not None
    assert config.http.address == address
    assert TOKEN not in repr(config)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{token: 0123456789abcdef}", "'http' has no 'listen'"),
        ("8420", "listen must be an address and a port such as 127.0.0.1:8420"),
        ("127.0.0.1", "listen must be an address"),
        ("127.0.0.1:99999", "listen must be an address"),
        ("999.0.0.1:80", "listen must be an address"),
        ("web1:8420", "listen must be an address"),
        ("http.sock", "listen must be an address"),
        ("0.0.0.0:8420", "can be reached from other machines: add a token"),
        ("'[::]:8420'", "can be reached from other machines: add a token"),
        ("{listen: 127.0.0.1:8420, token: short}", "token must be 16 printable characters"),
        ("{listen: 127.0.0.1:8420, tokne: x}", "did you mean 'token'?"),
    ],
)
def test_what_cannot_be_is_refused(text, said, tmp_path):
    """With what to write instead."""
    with pytest.raises(ConfigError) as refused:
        from_text(f"http: {text}{REST}", folder=tmp_path)
    assert said in str(refused.value)


def test_a_token_in_the_file_is_warned_of(tmp_path):
    path = tmp_path / "logwatch.yaml"
    path.write_text(f"http: {{listen: 127.0.0.1:8420, token: {TOKEN}}}{REST}")
    _, problems, _ = examine(path)
    assert "plain-secret" in [each.code for each in problems]


def test_it_belongs_to_the_main_file(tmp_path):
    (tmp_path / "more.yaml").write_text("http: 127.0.0.1:8420\n")
    with pytest.raises(ConfigError, match="'http' is not supported in an included file"):
        from_text(f"include: more.yaml{REST}", name=str(tmp_path / "x.yaml"), folder=tmp_path)


def test_a_repr_hides_the_token():
    assert "hunter" not in repr(HttpSettings(listen="127.0.0.1:1", token="hunter2-hunter2-hunter2"))
