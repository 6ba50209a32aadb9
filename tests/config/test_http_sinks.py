"""What the loader makes of certificates and keys of sinks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from logwatch.config.loader import examine, load

CERTIFICATES = Path(__file__).parents[1] / "sinks" / "certificates"
REST = """
sources: {app: {path: /var/log/app.log}}
rules: [{name: error, match: ERROR}]
"""


@pytest.fixture
def written(tmp_path):
    """A configuration with this one sink."""

    def write(sink):
        path = tmp_path / "logwatch.yaml"
        path.write_text(f"sinks: {{out: {sink}}}{REST}")
        return path

    return write


def test_certificates_are_found_beside_the_configuration(written, tmp_path):
    shutil.copy(CERTIFICATES / "second.pem", tmp_path / "own.pem")
    path = written("{webhook: {url: 'https://h/', tls: {ca: tls/ca.pem, cert: own.pem}}}")
    (sink,) = load(path).sinks
    assert sink.settings.tls.cert == str(tmp_path / "own.pem")
    assert sink.settings.tls.ca == str(tmp_path / "tls/ca.pem")
    assert sink.settings.tls.key is None


@pytest.mark.parametrize(
    "sink",
    [
        "{webhook: {url: 'https://h/', tls: {ca: none.pem}}}",
        "{otlp: {url: 'https://h/', tls: {ca: none.pem}}}",
        "{alertmanager: {urls: ['https://h/'], tls: {ca: none.pem}}}",
    ],
)
def test_check_looks_at_certificates_and_loading_does_not(written, tmp_path, sink):
    path = written(sink)
    assert load(path).sinks
    _, problems, _ = examine(path)
    (problem,) = [each for each in problems if each.level == "error"]
    assert f"tls: ca: {tmp_path}/none.pem: No such file or directory" in problem.message


def test_check_looks_at_the_key_of_pagerduty(written):
    path = written("{pagerduty: abc123secret}")
    assert load(path).sinks
    _, problems, _ = examine(path)
    assert any("no Integration Key" in problem.message for problem in problems)
    assert not any("abc123secret" in problem.message for problem in problems)


@pytest.mark.parametrize(
    "sink",
    [
        "{webhook: {url: 'https://h/', secret: s3cr3t}}",
        "{pagerduty: {routing_key: 0123456789abcdef0123456789abcdef}}",
        "{alertmanager: {urls: ['https://u:s3cr3t@h/']}}",
        "{otlp: {url: 'https://h/', headers: {Authorization: s3cr3t}}}",
    ],
)
def test_a_secret_that_stands_in_the_file_is_warned_of(written, sink):
    _, problems, _ = examine(written(sink))
    assert "plain-secret" in {problem.code for problem in problems}
    assert all(problem.level == "warning" for problem in problems)


@pytest.mark.parametrize(
    ("sink", "words"),
    [
        ("{webhook: {url: 'https://h/', body: '{message'}}", "body is not JSON once it is filled"),
        ("{webhook: {url: 'https://h/', tls: {key: a}}}", "tls has a key but no cert"),
        ("{webhook: {url: 'https://h/', tls: {crt: a}}}", "unknown key 'crt'"),
        ("{alertmanager: {urls: []}}", "length"),
        ("{alertmanager: {}}", "has no 'urls'"),
        ("{pagerduty: {routing_key: ''}}", "must not be empty"),
    ],
)
def test_mistakes_have_a_place(written, sink, words):
    _, problems, _ = examine(written(sink))
    (problem,) = [each for each in problems if each.level == "error"]
    assert words in problem.message
    assert problem.line == 1


def test_one_alertmanager_can_be_written_as_text(written):
    (sink,) = load(written("{alertmanager: http://h:9093}")).sinks
    assert sink.settings.urls == ("http://h:9093",)
