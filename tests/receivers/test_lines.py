"""Lines of streams, however they are cut, against a list of lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.receivers.back_off import BackOff
from logwatch.receivers.course import Course, is_file
from logwatch.receivers.lines import LineBuffer
from logwatch.receivers.texts import texts_of
from logwatch.tailer.multiline import MultilineSettings, framer_of

LINES = st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=8)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({*(cut for cut in cuts if cut < len(data)), len(data)})
    return [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]


@given(lines=LINES, last=st.binary(max_size=3).filter(lambda x: b"\n" not in x),
       cuts=st.lists(st.integers(0, 100), max_size=8))  # fmt: skip
def test_each_line_is_handed_out_once_and_whole(lines, last, cuts):
    """The last one without a newline when it is the end."""
    buffer, found = LineBuffer(max_line=100), b""
    data = b"".join(line + b"\n" for line in lines) + last
    for piece in pieces(data, cuts):
        buffer.feed(piece, 0.0)
        taken = buffer.take(0.0).data
        assert not taken or taken.endswith(b"\n")
        found += taken
    found += buffer.take(0.0, final=True).data
    assert found == data + (b"\n" if last else b"")
    assert buffer.waiting == 0


@given(length=st.integers(1, 60), cuts=st.lists(st.integers(0, 80), max_size=8))
def test_an_over_long_line_is_cut_and_its_rest_is_passed_over(length, cuts):
    """One byte more than allowed is handed out, by which whoever matches it knows."""
    buffer, found = LineBuffer(max_line=10), b""
    for piece in pieces(b"a" * length + b"\nnext\n", cuts):
        buffer.feed(piece, 0.0)
        found += buffer.take(0.0).data
        assert buffer.waiting <= 10
    first, rest = found.split(b"\n", 1)
    assert rest == b"next\n"
    assert len(first) == length or (length > 10 and 11 <= len(first) <= length)


@given(data=st.lists(st.sampled_from([b"a\n", b" b\n", b" c\n", b"\n"]), max_size=12),
       cuts=st.lists(st.integers(0, 40), max_size=6))  # fmt: skip
def test_records_are_those_of_the_whole(data, cuts):
    """Put together as in a file, wherever the stream is cut."""
    framer = framer_of(MultilineSettings(preset="indent"), "utf-8", 100)
    whole = b"".join(data)
    buffer = LineBuffer(max_line=100, framer=framer)
    found = b""
    for piece in pieces(whole, cuts):
        buffer.feed(piece, 0.0)
        found += buffer.take(0.0).joined
    found += buffer.take(0.0, final=True).joined
    assert found == framer.frame(whole, final=True).joined


def test_a_record_that_is_not_complete_waits_for_its_timeout():
    """And is taken as it is then."""
    framer = framer_of(MultilineSettings(preset="indent", timeout=2.0), "utf-8", 100)
    buffer = LineBuffer(max_line=100, framer=framer)
    buffer.feed(b"a\n b\n", 5.0)
    assert (buffer.take(6.0).data, buffer.due_at) == (b"", 7.0)
    assert buffer.take(7.0).joined == b"a\x0b b\n"
    assert buffer.due_at is None


def test_texts_become_records_of_one_line_or_several():
    """Newlines at their end are no part of them."""
    assert texts_of([b"a", b"b\r\n", b""]) == (b"a\nb\n\n", None, [0, 2, 4])
    assert texts_of([b"a\nb\n", b"c"]) == (b"a\nb\nc\n", b"a\x0bb\nc\n", [0, 4])
    assert texts_of([]) == (b"", None, [])


def test_a_count_goes_on_from_the_one_that_was_committed():
    """Under the name that was drawn when the source was first met."""
    first = Course("stdin:s", [], "draw")
    block = first.block(b"one\n")
    assert (block.start, block.end, block.checkpoint.identity) == (0, 4, "stdin:s:draw.0")
    second = Course("stdin:s", [block.checkpoint], "other")
    assert second.block(b"two\n").start == 4
    assert second.offset == 8
    assert not is_file(block.checkpoint)


@pytest.mark.parametrize(("runs", "waits"), [([0.0] * 8, [1, 2, 4, 8, 16, 32, 60, 60]),
                                             ([0.0, 0.0, 60.0], [1, 2, 1])])  # fmt: skip
def test_waits_double_up_to_a_minute_and_begin_anew_after_a_minute_of_health(runs, waits):
    back_off, now, found = BackOff(), 0.0, []
    for run in runs:
        back_off.began(now)
        now += run
        found.append(back_off.failed(now))
        now = back_off.again_at
    assert found == waits
