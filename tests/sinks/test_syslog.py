"""RFC 5424 messages, over real sockets."""

from __future__ import annotations

import re
import socket
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.records import Alert, Delivered, Retry
from logwatch.sinks.syslog import (
    SyslogSettings,
    SyslogSink,
    _cut,
    _parameter,
    format_message,
)
from logwatch.sinks.syslog_connection import Address, parse_address

# RFC 5424 section 6, as far as we use it.
GRAMMAR = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<time>[!-~]+) (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) "
    r"(?P<pid>\d+) (?P<msgid>[!-~]{1,32}) "
    r'\[logwatch@32473(?P<data>(?: [a-z]+="(?:[^"\\\]]|\\["\\\]])*")+)\] (?P<msg>.*)',
    re.DOTALL,
)


@pytest.fixture
def unix(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(60)
        receiver.bind(str(tmp_path / "log"))
        yield receiver, str(tmp_path / "log")


@pytest.fixture
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(60)
        receiver.bind(("127.0.0.1", 0))
        yield receiver, f"udp://127.0.0.1:{receiver.getsockname()[1]}"


@pytest.fixture
def tcp():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        yield listener, f"tcp://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def sink():
    made = []

    def make(address, **settings):
        made.append(SyslogSink(SyslogSettings(address=address, **settings)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def message(alert, **changes):
    return format_message(alert(**changes), facility=3, app_name="logwatch").decode()


def test_a_message_is_as_the_rfc_says(alert):
    found = GRAMMAR.fullmatch(message(alert))
    assert found
    assert found["time"] == "2026-01-05T01:01:30.012Z"
    assert (found["host"], found["app"], found["msgid"]) == ("web1", "logwatch", "ssh-guessing")
    assert found["data"] == ' id="b4c1f0" seq="1" rule="ssh-guessing" status="firing"'
    assert found["msg"] == "5 failed logins from 203.0.113.9"


@pytest.mark.parametrize(
    ("severity", "priority"), [("info", 30), ("warning", 28), ("error", 27), ("critical", 26)]
)
def test_the_priority_is_of_facility_and_severity(alert, severity, priority):
    assert message(alert, severity=severity).startswith(f"<{priority}>1 ")


def test_text_beyond_ascii_is_marked_as_utf_8_and_other_text_is_not(alert):
    assert message(alert, message="naïve").endswith('"] \ufeffnaïve')
    assert message(alert, message="plain").endswith('"] plain')


def test_control_characters_are_shown(alert):
    shown = message(alert, message="a\nb\x1b[2J\0")
    assert shown.endswith("\ufeffa␊b␛[2J␀")
    assert "\n" not in shown


def test_a_parameter_cannot_end_its_element(alert):
    assert _parameter('a"b\\c]d[e') == 'a\\"b\\\\c\\]d[e'
    found = GRAMMAR.fullmatch(message(alert, rule='x"] <0>1 forged \\'))
    assert found
    assert found["msgid"] == 'x"]_<0>1_forged_\\'


@given(st.text(), st.text(), st.text())
def test_whatever_the_texts_the_message_is_well_formed(rule, host, text):
    alert = msgspec.convert(
        {"schema": 1, "id": "i", "seq": 1, "status": "firing", "rule": rule, "severity": "error",
         "message": text, "source": "", "path": "", "host": host, "key": {}, "fields": {},
         "count": 1, "suppressed": 0, "first": "", "last": "", "at": "", "late": False,
         "lines": []},
        Alert,
    )  # fmt: skip
    assert GRAMMAR.fullmatch(format_message(alert, facility=3, app_name="logwatch").decode())


@given(st.text(), st.integers(0, 40))
def test_a_cut_falls_between_characters(text, longest):
    whole = text.encode()
    cut = _cut(whole, longest)
    assert len(cut) <= longest
    assert whole.startswith(cut)
    cut.decode()
    assert len(cut) > min(len(whole), longest) - 4


def test_the_local_socket_gets_one_datagram_an_alert(unix, sink, notification):
    receiver, path = unix
    assert isinstance(sink(path).deliver([notification(seq=n) for n in (1, 2)]), Delivered)
    assert b'seq="1"' in receiver.recv(10_000)
    assert b'seq="2"' in receiver.recv(10_000)


@pytest.mark.parametrize(("transport", "longest"), [("unix", 8192), ("udp", 2048)])
def test_a_long_message_is_cut_to_what_a_datagram_may_hold(
    request, transport, longest, sink, notification
):
    receiver, address = request.getfixturevalue(transport)
    one = notification(message="€" * 100_000)
    assert isinstance(sink(address).deliver([one]), Delivered)
    got = receiver.recv(65536)
    assert longest - 3 < len(got) <= longest
    got.decode()


def test_a_local_socket_that_comes_back_is_used_again(tmp_path, sink, notification):
    path = tmp_path / "log"
    one = sink(str(path))
    assert one.deliver([notification()]) == Retry(f"syslog at {path}: No such file or directory")
    for _ in range(2):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
            receiver.bind(str(path))
            assert isinstance(one.deliver([notification()]), Delivered)
            assert receiver.recv(10_000)
        path.unlink()
        assert isinstance(one.deliver([notification()]), Retry)


def test_a_udp_port_that_nobody_has_is_noticed(sink, notification):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    one = sink(f"udp://127.0.0.1:{port}")
    outcomes = [one.deliver([notification()]) for _ in range(3)]
    assert Retry(f"syslog at udp://127.0.0.1:{port}: Connection refused") in outcomes


def frames(data):
    """The messages in an octet-counted stream."""
    found = []
    while data:
        length, _, data = data.partition(b" ")
        found.append(data[: int(length)])
        data = data[int(length) :]
    return found


def test_messages_over_tcp_are_counted_and_whole(tcp, sink, notification):
    listener, address = tcp
    one = sink(address)
    batch = [notification(seq=1, message="€" * 2000), notification(seq=2, message="a\nb")]
    assert isinstance(one.deliver(batch), Delivered)
    connection, _ = listener.accept()
    one.close()
    with connection, connection.makefile("rb") as stream:
        first, second = frames(stream.read())
    assert first.decode().endswith("€" * 2000)
    assert b'seq="2"' in second


def test_what_is_too_long_over_tcp_is_cut_so_that_its_end_is_no_message(tcp, sink, notification):
    listener, address = tcp
    one = sink(address)
    forged = "x" * 8000 + " 30 <0>1 - - - - - - forged" * 10
    assert isinstance(one.deliver([notification(message=forged + "€" * 5000)]), Delivered)
    connection, _ = listener.accept()
    one.close()
    with connection, connection.makefile("rb") as stream:
        (only,) = frames(stream.read())
    assert 8189 < len(only) <= 8192
    only.decode()


def test_a_connection_that_the_receiver_closed_costs_no_message(tcp, sink, notification):
    listener, address = tcp
    one = sink(address)
    for seq in (1, 2):
        assert isinstance(one.deliver([notification(seq=seq)]), Delivered)
        connection, _ = listener.accept()
        with connection:
            assert b'seq="%d"' % seq in connection.recv(10_000)
            connection.shutdown(socket.SHUT_WR)


def test_a_reset_connection_costs_no_message(tcp, sink, notification):
    listener, address = tcp
    one = sink(address)
    for seq in (1, 2):
        assert isinstance(one.deliver([notification(seq=seq)]), Delivered)
        connection, _ = listener.accept()
        with connection:
            assert b'seq="%d"' % seq in connection.recv(10_000)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_receiver_that_stops_reading_costs_the_time_out(tcp, sink, notification, monkeypatch):
    monkeypatch.setattr("logwatch.sinks.syslog_connection.TIMEOUT", 0.2)
    _, address = tcp
    batch = [notification(message="x" * 10_000)] * 4000
    assert sink(address).deliver(batch) == Retry(f"syslog at {address}: timed out")


def test_a_tcp_port_where_nobody_listens_is_tried_again(sink, notification):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
    assert sink(address).deliver([notification()]) == Retry(
        f"syslog at {address}: Connection refused"
    )


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/dev/log", Address("unix", "/dev/log")),
        ("udp://logs.example.org", Address("udp", "logs.example.org", 514)),
        ("tcp://logs.example.org", Address("tcp", "logs.example.org", 601)),
        ("tcp://[::1]:6514/", Address("tcp", "::1", 6514)),
        ("tls://logs.example.org", Address("tls", "logs.example.org", 6514)),
    ],
)
def test_an_address_is_read(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "log", "ssl://x", "udp://", "udp://x:y", "udp://x:99999", "tcp://[", "tcp://x/path",
     "udp://u@x", f"udp://{'x' * 64}"],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_a_remedy(text):
    with pytest.raises(ValueError, match="write /dev/log"):
        SyslogSettings(address=text)


@pytest.mark.parametrize("name", ["", "log watch", "x" * 49, "naïve", "a\nb"])
def test_an_app_name_that_would_break_the_header_is_refused(name):
    with pytest.raises(ValueError, match="app_name"):
        SyslogSettings(app_name=name)
