"""The `tls` settings, against real servers that ask for a certificate."""

from __future__ import annotations

import shutil
import ssl
from pathlib import Path

import pytest

from logwatch.clock import SystemClock
from logwatch.errors import SinkError
from logwatch.records import Delivered, Retry
from logwatch.sinks.client_tls import TLSSettings
from logwatch.sinks.webhook import KIND, WebhookSettings, WebhookSink
from logwatch.telemetry import telemetry

CERTIFICATES = Path(__file__).with_name("certificates")
AUTHORITY = str(CERTIFICATES / "authority.pem")
HANG_UP = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def asked():
    """The names of those who came with a certificate, and the context of a server that asks."""
    names = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # or a refusal comes after the request
    context.load_cert_chain(CERTIFICATES / "server.pem")
    context.load_verify_locations(AUTHORITY)
    context.verify_mode = ssl.CERT_REQUIRED

    def answer(connection):
        subject = dict(pair for part in connection.getpeercert()["subject"] for pair in part)
        names.append(subject["commonName"])
        connection.sendall(HANG_UP)
        return True

    return names, context, answer


@pytest.fixture
def sink(server):
    made = []

    def make(answer, context, **tls):
        url = server(answer, context=context).url()
        made.append(WebhookSink(WebhookSettings(url=url, tls=TLSSettings(**tls)), SystemClock()))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_receiver_that_asks_is_shown_our_certificate(asked, sink, notification):
    names, context, answer = asked
    own = {"cert": str(CERTIFICATES / "first.crt"), "key": str(CERTIFICATES / "first.key")}
    one = sink(answer, context, ca=AUTHORITY, server_name="receiver.test", **own)
    assert isinstance(one.deliver([notification()]), Delivered)
    assert names == ["first.test"]


def test_without_a_certificate_such_a_receiver_takes_nothing(asked, sink, notification):
    names, context, answer = asked
    one = sink(answer, context, ca=AUTHORITY, server_name="receiver.test")
    assert isinstance(one.deliver([notification()]), Retry)
    assert names == []


@pytest.mark.parametrize(
    ("tls", "reason"),
    [
        ({"server_name": "receiver.test"}, "certificate is not trusted: self-signed"),
        ({"ca": AUTHORITY}, "certificate is not trusted: IP address mismatch"),
        ({"ca": AUTHORITY, "server_name": "other.test"}, "not trusted: Hostname mismatch"),
    ],
)
def test_the_receiver_must_have_the_name_and_an_authority_that_is_trusted(
    asked, sink, notification, tls, reason
):
    outcome = sink(asked[2], asked[1], **tls).deliver([notification()])
    assert isinstance(outcome, Retry)
    assert reason in outcome.reason


def test_a_renewed_certificate_is_used_from_the_next_connection_on(
    asked, sink, notification, tmp_path
):
    names, context, answer = asked
    own = tmp_path / "own.pem"
    shutil.copy(CERTIFICATES / "second.pem", own)
    one = sink(answer, context, ca=AUTHORITY, cert=str(own), server_name="receiver.test")
    assert isinstance(one.deliver([notification()]), Delivered)
    renewed = tmp_path / "renewed.pem"
    parts = (CERTIFICATES / "first.crt", CERTIFICATES / "first.key")
    renewed.write_text("".join(part.read_text() for part in parts))
    renewed.rename(own)
    assert isinstance(one.deliver([notification()]), Delivered)
    assert names == ["second.test", "first.test"]


def test_a_renewed_certificate_that_is_broken_leaves_the_old_one_in_use(
    asked, sink, notification, tmp_path, capsys
):
    names, context, answer = asked
    own = tmp_path / "own.pem"
    shutil.copy(CERTIFICATES / "second.pem", own)
    one = sink(answer, context, ca=AUTHORITY, cert=str(own), server_name="receiver.test")
    own.write_text("half of a certif")
    before = telemetry.counters["sink.tls_file_unusable"]
    for _ in range(3):
        assert isinstance(one.deliver([notification()]), Delivered)
    assert names == ["second.test"] * 3
    assert telemetry.counters["sink.tls_file_unusable"] == before + 1
    assert str(own) in capsys.readouterr().err


FIRST = {"cert": str(CERTIFICATES / "first.crt"), "key": str(CERTIFICATES / "first.key")}


@pytest.mark.parametrize(
    ("tls", "words"),
    [
        ({"ca": "/nowhere/ca.pem"}, "tls: ca: /nowhere/ca.pem: No such file"),
        ({"ca": FIRST["key"]}, "in PEM form"),
        ({"cert": "/nowhere/own.pem"}, "tls: cert: /nowhere/own.pem: No such file"),
        (FIRST | {"key": "/nowhere/own.key"}, "tls: key: /nowhere/own.key: No such file"),
        (FIRST | {"key": str(CERTIFICATES / "second.pem")}, "does not belong to the certificate"),
        (FIRST | {"key": str(CERTIFICATES / "encrypted.key")}, "the key is encrypted"),
        ({"cert": FIRST["cert"]}, "in PEM form"),
        ({"cert": str(CERTIFICATES)}, "Is a directory"),
    ],
)
def test_files_that_cannot_be_used_are_told_when_the_sink_is_made(tls, words):
    settings = WebhookSettings(url="https://127.0.0.1:1/", tls=TLSSettings(**tls))
    with pytest.raises(SinkError, match=r"^tls: ") as caught:
        KIND.make(settings)
    assert words in str(caught.value)


@pytest.mark.parametrize("tls", [{"key": "/x"}, {"ca": ""}, {"cert": "a\0b"}, {"server_name": ""}])
def test_settings_that_mean_nothing_are_refused(tls):
    with pytest.raises(ValueError, match="tls"):
        TLSSettings(**tls)


def test_tls_needs_https():
    with pytest.raises(ValueError, match="https://"):
        WebhookSettings(url="http://host/", tls=TLSSettings())
