"""RFC 6587: both framings, mixed, wherever TCP cuts them, and what no peer should send."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.receivers.syslog_framing import SyslogFrames

LINES = st.binary(max_size=20).filter(lambda line: b"\n" not in line).map(lambda x: b"<1>" + x)
COUNTED = st.binary(max_size=20).map(lambda text: b"<1>" + text)
FRAMES = st.lists(
    st.tuples(st.just("line"), LINES) | st.tuples(st.just("counted"), COUNTED), max_size=6
)


def framed(kind: str, text: bytes) -> bytes:
    return text + b"\n" if kind == "line" else b"%d %s" % (len(text), text)


def fed(data: bytes, cuts: list[int], most: int = 1000) -> tuple[list[bytes], SyslogFrames]:
    frames, found, at = SyslogFrames(most), [], 0
    for cut in [*sorted(cut for cut in cuts if cut < len(data)), len(data)]:
        found += frames.feed(data[at:cut])
        at = cut
    return found, frames


@given(frames=FRAMES, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_each_message_comes_once_and_whole_in_both_framings(frames, cuts):
    """A counted one may hold newlines."""
    found, rest = fed(b"".join(framed(*each) for each in frames), cuts)
    assert found == [text for _, text in frames]
    assert (rest._rest, rest.end()) == (b"", [])


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=8))
def test_whatever_a_peer_sends_is_bounded_and_ends(data, cuts):
    """And it is the same messages, wherever it is cut."""
    found, rest = fed(data, cuts, most=16)
    assert all(len(message) <= 17 for message in found)
    assert len(rest._rest) <= 16 + len(b"123456789 <")
    whole, other = fed(data, [], most=16)
    assert (found, rest.end()) == (whole, other.end())


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        (b"<34>a\n<35>b\n", [b"<34>a", b"<35>b"]),
        (b"5 <34>a6 <35>bc", [b"<34>a", b"<35>bc"]),
        (b"6 <1>a\nb<34>x\n", [b"<1>a\nb", b"<34>x"]),
        (b"2026-01-05 no priority\n", [b"2026-01-05 no priority"]),
        (b"12 apples\n", [b"12 apples"]),
        (b"\n\n", [b"", b""]),
        (b"0 <1>\n", [b"0 <1>"]),
    ],
)
def test_a_number_is_a_length_only_before_a_message(data, messages):
    """A line may begin with digits, too."""
    assert fed(data, [*range(len(data))])[0] == messages


def test_an_over_long_message_is_cut_and_the_next_one_is_read():
    """One byte more than allowed is handed out, by which whoever matches it knows."""
    for data in (b"100 <" + b"a" * 99 + b"5 <34>b", b"<" + b"a" * 99 + b"\n<34>b\n"):
        found, _ = fed(data, [*range(0, 110, 7)], most=10)
        assert found == [b"<" + b"a" * 10, b"<34>b"]


@pytest.mark.parametrize(("data", "left"), [(b"<1>half", [b"<1>half"]), (b"9 <1>ha", [b"<1>ha"]),
                                            (b"12", [b"12"]), (b"", [])])  # fmt: skip
def test_what_is_left_when_a_peer_goes_is_told(data, left):
    """It is the beginning of a message, and better than nothing."""
    _, frames = fed(data, [])
    assert frames.end() == left
    assert frames.end() == []


def test_a_peer_that_dribbles_costs_little():
    """What is kept is looked at when there may be a message in it, and not for each byte."""
    for data in (b"<34>" + b"a" * 200_000 + b"\n", b"200000 <" + b"a" * 199_999):
        frames, found, began = SyslogFrames(262_144), [], process_time()
        for at in range(len(data)):
            found += frames.feed(data[at : at + 1])
        assert len(found) == 1
        assert process_time() - began < 2.0  # it would be a minute


def test_bytes_of_a_length_may_come_one_by_one():
    """Also where the message is as long as can be."""
    data = b"17 <34>" + b"b" * 13 + b"5 <34>c"
    assert fed(data, [*range(len(data))], most=20)[0] == [b"<34>" + b"b" * 13, b"<34>c"]
