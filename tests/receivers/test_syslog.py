"""Syslog from real sockets on the loopback: every transport, every limit, mean peers."""

from __future__ import annotations

import errno
import re
import select
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from unittest.mock import patch

import pytest

from logwatch.clock import Moment
from logwatch.receivers.addresses import Address, Allowed, parse_address, peer_name
from logwatch.receivers.drops import Drops
from logwatch.receivers.syslog import SyslogReceiver
from logwatch.receivers.syslog_settings import SyslogSettings, TlsSettings
from logwatch.tailer.settings import SourceSettings

HERE = Address("127.0.0.1", 0)
PEM = str(Path(__file__).parents[1] / "sinks" / "loopback.pem")


class Listening:
    """A receiver, driven as its thread does it, at a time of ours."""

    def __init__(self, known=(), *, max_line=1000, **settings) -> None:
        self.receiver = SyslogReceiver(
            SourceSettings(
                name="net", paths=(), format="syslog", max_line=max_line,
                origin=SyslogSettings(**settings),
            ),
            known,
        )  # fmt: skip
        self.now = 100.0
        self.peers: list[socket.socket] = []
        self.receiver.read(self.moment)

    @property
    def moment(self):
        return Moment(self.now, 1e9)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.receiver.close()
        for peer in self.peers:
            peer.close()

    @property
    def ports(self):
        return [int(port) for port in re.findall(r":(\d+)", self.receiver.state().detail)]

    def peer(self, number=0, kind=socket.SOCK_STREAM):
        made = socket.socket(socket.AF_INET, kind)
        made.connect(("127.0.0.1", self.ports[number]))
        self.peers.append(made)
        return made

    def read(self):
        return self.receiver.read(self.moment)

    def records(self, count, seconds=60.0):
        """The next records, so many at least, with who sent them."""
        found, deadline = [], perf_counter() + seconds
        while len(found) < count:
            assert perf_counter() < deadline, found
            block = self.read()
            if block is None:
                waiting = select.poll()
                for descriptor, events in self.receiver.descriptors().items():
                    waiting.register(descriptor, events)
                waiting.poll(50)
                continue
            at = 0
            for line in block.records.split(b"\n")[:-1]:
                found.append((line, block.envelopes.told(at)[1].get("peer", "")))
                at += len(line) + 1
        return found

    def texts(self, count):
        return [text for text, _ in self.records(count)]


def test_datagrams_are_messages_and_have_a_sender():
    """One each, whatever newlines are in it or at its end."""
    with Listening(udp=(HERE,)) as net:
        peer = net.peer(kind=socket.SOCK_DGRAM)
        for message in (b"<34>one", b"<34>two\n", b"<34>a\nb\0", b"\n"):
            peer.send(message)
        peer.send(b"<34>end")
        assert net.records(4) == [
            (b"<34>one", "127.0.0.1"),
            (b"<34>two", "127.0.0.1"),
            (b"<34>a\x0bb", "127.0.0.1"),
            (b"<34>end", "127.0.0.1"),
        ]


def test_both_framings_come_over_one_connection():
    """Also the last message, that ends with the connection."""
    with Listening(tcp=(HERE,)) as net:
        peer = net.peer()
        peer.sendall(b"<34>one\n7 <34>two<34>three\n8 <34>a\nb")
        peer.shutdown(socket.SHUT_WR)
        assert net.texts(4) == [b"<34>one", b"<34>two", b"<34>three", b"<34>a\x0bb"]
        net.read()
        assert net.receiver.state().generations == 0


def test_unix_sockets_of_both_kinds(tmp_path):
    """Their names go when they are closed, and stale ones are replaced."""
    log, stream = str(tmp_path / "log"), str(tmp_path / "stream")
    stale = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    stale.bind(log)
    stale.close()
    with Listening(unix=(log,), unix_stream=(stream,), mode=0o666) as net:
        assert Path(log).stat().st_mode & 0o777 == 0o666
        for path, kind in ((log, socket.SOCK_DGRAM), (stream, socket.SOCK_STREAM)):
            peer = socket.socket(socket.AF_UNIX, kind)
            net.peers.append(peer)
            peer.connect(path)
            peer.sendall(b"<34>hello\n")
            assert net.records(1) == [(b"<34>hello", "")]
    assert list(tmp_path.iterdir()) == []


def test_a_socket_that_somebody_uses_is_left_alone(tmp_path):
    """The source is in error, and tries again."""
    log = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(log)
        with Listening(unix=(log,)) as net:
            assert net.receiver.state().status == "error"
            assert "in use" in net.receiver.state().detail
            assert net.receiver.next_look(net.moment) == 101.0
            other.close()
            net.now = 101.0
            net.read()
            assert net.receiver.state().status == "following"


def test_a_port_that_this_user_may_not_have_is_told_with_what_to_do():
    """The one thing that everybody meets."""
    problem = PermissionError(errno.EACCES, "Permission denied")
    with patch("socket.socket.bind", side_effect=problem), Listening(udp=(HERE,)) as net:
        state = net.receiver.state()
        assert state.status == "denied"
        assert "CAP_NET_BIND_SERVICE" in state.detail


def test_tls_peers_are_heard_and_one_that_says_nothing_holds_up_nobody():
    """The beginning of TLS is bounded in time."""
    certificates = TlsSettings(certificate=PEM, key=PEM)
    with Listening(tls=(HERE,), certificates=certificates) as net:
        silent = net.peer()
        plain = net.peer()
        plain.settimeout(60)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain.settimeout(0.0)
        secure = context.wrap_socket(plain, do_handshake_on_connect=False)
        net.peers.append(secure)
        deadline = perf_counter() + 10
        while True:
            assert perf_counter() < deadline
            net.read()
            try:
                secure.do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                continue
            break
        secure.sendall(b"9 <34>large" + b"<34>" + b"x" * 900 + b"\n")
        assert net.texts(2) == [b"<34>large", b"<34>" + b"x" * 900]
        assert net.receiver.state().generations == 2
        net.now += 11
        net.read()
        assert net.receiver.state().generations == 1
        assert silent.recv(1) == b""


def test_a_peer_that_dribbles_is_closed_when_it_was_idle_too_long():
    """Bytes alone are no message."""
    with Listening(tcp=(HERE,), idle=60.0) as net:
        mean, good = net.peer(), net.peer()
        good.sendall(b"<34>one\n")
        net.texts(1)
        for _ in range(6):
            mean.sendall(b"<")
            good.sendall(b"<34>more\n")
            net.now += 10
            net.texts(1)
        assert net.receiver.state().generations == 1
        with suppress(ConnectionResetError):
            assert mean.recv(1) == b""


def test_beyond_the_limit_of_connections_none_is_taken():
    """And those that there are go on."""
    with Listening(tcp=(HERE,), connections=2) as net:
        peers = [net.peer() for _ in range(4)]
        for _ in range(10):
            net.read()
        assert net.receiver.state().generations == 2
        peers[0].sendall(b"<34>one\n")
        assert net.texts(1) == [b"<34>one"]
        assert peers[3].recv(1) == b""


def test_only_those_that_are_allowed_are_heard():
    """By address or network, over UDP and TCP."""
    with Listening(udp=(HERE,), tcp=(HERE,), allow=("10.0.0.0/8",)) as net:
        net.peer(0, socket.SOCK_DGRAM).send(b"<34>no")
        peer = net.peer(1)
        deadline = perf_counter() + 5
        while net.read() is None and peer.recv(1) != b"" and perf_counter() < deadline:
            pass
        assert net.receiver.state().generations == 0


def test_an_over_long_message_is_cut_by_every_transport():
    """One byte more than allowed, by which it is known."""
    with Listening(udp=(HERE,), tcp=(HERE,), max_line=20) as net:
        net.peer(0, socket.SOCK_DGRAM).send(b"<34>" + b"u" * 50)
        assert [len(text) for text in net.texts(1)] == [21]
        net.peer(1).sendall(b"<34>" + b"t" * 50 + b"\n<34>next\n")
        assert [len(text) for text in net.texts(2)] == [21, 8]


def test_what_the_kernel_threw_away_is_counted_and_told():
    """With the buffer as small as it can be."""
    with Listening(udp=(HERE,), receive_buffer=4096) as net:
        peer = net.peer(kind=socket.SOCK_DGRAM)
        for _ in range(300):
            peer.send(b"<34>" + b"x" * 200)
        kept = len(net.texts(1))
        net.now += 5
        net.read()
        (sentence,) = net.receiver.lost()
        lost = int(sentence.split()[0])
        assert lost == 300 - kept - sum(1 for _ in iter(net.read, None))
        for _ in range(300):
            peer.send(b"<34>" + b"x" * 200)
        net.now += 5
        net.read()
        assert net.receiver.lost() == []
        net.now += 60
        net.read()
        assert len(net.receiver.lost()) == 1


def test_a_count_of_drops_that_begins_anew_is_a_difference_all_the_same():
    """The kernel counts to 2^32."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        drops = Drops(made, 4096)
        drops._told = (1 << 32) - 5
        assert drops.to_tell(0.0) == 5


def test_without_descriptors_it_waits_and_does_not_spin():
    """Whoever is not accepted now is accepted later."""
    with Listening(tcp=(HERE,)) as net:
        peer = net.peer()
        peer.sendall(b"<34>one\n")
        problem = OSError(errno.EMFILE, "Too many open files")
        with patch("socket.socket.accept", side_effect=problem):
            assert net.read() is None
        waiting = select.poll()
        for descriptor, events in net.receiver.descriptors().items():
            waiting.register(descriptor, events)
        assert waiting.poll(0) == []
        net.now += 5
        assert net.texts(1) == [b"<34>one"]


def test_places_are_counted_on_from_the_position_that_was_committed():
    """So no two records have the same."""
    with Listening(udp=(HERE,)) as net:
        net.peer(kind=socket.SOCK_DGRAM).send(b"<34>one")
        while (block := net.read()) is None:
            pass
    with Listening([block.checkpoint], udp=(HERE,)) as net:
        net.peer(kind=socket.SOCK_DGRAM).send(b"<34>two")
        while (other := net.read()) is None:
            pass
    assert (other.start, other.checkpoint.identity) == (block.end, block.checkpoint.identity)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0:514", Address("0.0.0.0", 514)),
        (":514", Address("", 514)),
        ("[::1]:6514", Address("::1", 6514)),
        ("localhost:1", Address("localhost", 1)),
    ],
)
def test_addresses_are_as_people_write_them(text, address):
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize("text", ["514", "a:b", "::1:514", "host:99999", ""])
def test_what_is_no_address_is_told(text):
    with pytest.raises(ValueError, match="is no address"):
        parse_address(text)


def test_addresses_of_peers_are_ipv4_where_they_are():
    assert peer_name(("::ffff:10.0.0.1", 1, 0, 0)) == "10.0.0.1"
    assert peer_name(("fe80::1%eth0", 1, 0, 0)) == "fe80::1"
    assert peer_name("") == ""
    assert Allowed(("10.0.0.0/8", "fe80::/16"))("fe80::1")
    assert not Allowed(("10.0.0.1",))("10.0.0.2")
