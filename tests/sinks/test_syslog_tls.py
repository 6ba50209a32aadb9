"""RFC 5425: syslog over TLS, against real servers that may ask for a certificate."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from logwatch.errors import SinkError
from logwatch.records import Delivered, Retry
from logwatch.sinks.client_tls import TLSSettings
from logwatch.sinks.syslog import SyslogSettings, SyslogSink

CERTIFICATES = Path(__file__).with_name("certificates")
AUTHORITY = str(CERTIFICATES / "authority.pem")


class Receiver:
    """Reads one octet-counted frame after another, from one connection after another."""

    def __init__(self, context, *, hang_up=False):
        self.frames = []
        self.got = threading.Event()
        self.done = threading.Event()
        self._hang_up = hang_up
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tls://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while not self.done.is_set():
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            plain.settimeout(60)
            try:
                with self._context.wrap_socket(plain, server_side=True) as connection:
                    self._read(connection)
            except OSError:
                plain.close()

    def _read(self, connection):
        if self._hang_up:
            return
        stream = connection.makefile("rb")
        while length := b"".join(iter(lambda: stream.read(1).strip(), b"")):
            self.frames.append(stream.read(int(length)))
            self.got.set()
        stream.close()

    def close(self):
        if self.done.is_set():
            return
        self.done.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(60)


@pytest.fixture
def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(CERTIFICATES / "server.pem")
    return made


@pytest.fixture
def receiver(context):
    made = []

    def make(**how):
        made.append(Receiver(context, **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def sink():
    made = []

    def make(receiver, **tls):
        settings = TLSSettings(**{"ca": AUTHORITY, "server_name": "receiver.test"} | tls)
        made.append(SyslogSink(SyslogSettings(address=receiver.address, tls=settings)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_messages_are_counted_in_octets(receiver, sink, notification):
    server = receiver()
    one = sink(server)
    assert isinstance(one.deliver([notification(seq=n) for n in (1, 2)]), Delivered)
    assert isinstance(one.deliver([notification(seq=3, message="x" * 20_000)]), Delivered)
    one.close()
    server.close()
    assert [b'seq="%d"' % n in frame for n, frame in enumerate(server.frames, 1)] == [True] * 3
    assert len(server.frames[2]) == 8192


def test_a_certificate_that_nobody_vouches_for_is_refused(receiver, notification):
    server = receiver()
    one = SyslogSink(SyslogSettings(address=server.address))
    outcome = one.deliver([notification()])
    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith(f"syslog at {server.address}: its certificate is not trusted")


def test_a_certificate_for_another_host_is_refused(receiver, sink, notification):
    outcome = sink(receiver(), server_name="logs.example.org").deliver([notification()])
    assert isinstance(outcome, Retry)
    assert "its certificate is not trusted: Hostname mismatch" in outcome.reason


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_receiver_that_wants_to_know_us_gets_our_certificate(
    receiver, sink, notification, context, version
):
    context.maximum_version = context.minimum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(AUTHORITY)
    server = receiver()
    outcome = sink(server).deliver([notification()])
    assert isinstance(outcome, Retry)  # and no message is lost in a connection that will be closed
    assert "TLS: " in outcome.reason or "hung up" in outcome.reason
    known = sink(server, cert=str(CERTIFICATES / "first.crt"), key=str(CERTIFICATES / "first.key"))
    assert isinstance(known.deliver([notification()]), Delivered)
    assert server.got.wait(60)


def test_a_receiver_that_hangs_up_at_once_costs_no_message(receiver, sink, notification):
    outcome = sink(receiver(hang_up=True)).deliver([notification()])
    assert isinstance(outcome, Retry)
    assert outcome.reason.endswith("the receiver hung up at once")


def test_a_connection_that_the_receiver_closed_costs_no_message(receiver, sink, notification):
    first = receiver()
    one = sink(first)
    assert isinstance(one.deliver([notification()]), Delivered)
    assert first.got.wait(60)
    one._connection.shutdown(socket.SHUT_RD)
    assert isinstance(one.deliver([notification(seq=2)]), Delivered)
    one.close()
    first.close()
    assert len(first.frames) == 2


def test_what_does_not_speak_tls_is_tried_again(sink, notification, monkeypatch):
    monkeypatch.setattr("logwatch.sinks.syslog_connection.TIMEOUT", 0.3)

    class Silent:
        def __init__(self, listener):
            self.address = f"tls://127.0.0.1:{listener.getsockname()[1]}"

    with socket.create_server(("127.0.0.1", 0)) as listener:
        outcome = sink(Silent(listener)).deliver([notification()])
    assert isinstance(outcome, Retry)
    assert "timed out" in outcome.reason


def test_a_file_that_cannot_be_used_is_found_at_the_start(tmp_path):
    settings = TLSSettings(ca=str(tmp_path / "none"))
    with pytest.raises(SinkError, match="ca"):
        SyslogSink(SyslogSettings(address="tls://host", tls=settings))


def test_tls_settings_without_tls_are_refused():
    with pytest.raises(ValueError, match="begins with tls://"):
        SyslogSettings(address="tcp://host", tls=TLSSettings())


def test_only_tls_loads_tls():
    code = (
        "import sys; from logwatch.sinks.syslog import *;"
        "s = SyslogSink(SyslogSettings(address='/x'));"
        "s.deliver([]); sys.exit('ssl' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
