"""The last lines or bytes, or all but the first, held to a naive model."""

from __future__ import annotations

import os

import pytest
from doubles.tail_request import FOLLOWING
from hypothesis import given
from hypothesis import strategies as st

from logwatch.cli import tail_last
from logwatch.cli.tail_last import dump, show_last

CONTENT = st.lists(st.sampled_from([b"\n", b"a", b"bb\n", b"\0", b"ccc"]), max_size=40).map(
    b"".join
)


def asked(**changes):
    """A request; only how much is wanted counts here."""
    return FOLLOWING._replace(files=("-",), follow=None, retry=False, **changes)


def naive(data, request):
    """What is wanted, in one line for each case."""
    if request.unit == "bytes":
        cut = request.amount if request.from_start else max(0, len(data) - request.amount)
        return data[cut:]
    lines = data.split(request.end)
    ended = [line + request.end for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    if request.from_start:
        return b"".join(ended[request.amount :])
    return b"".join(ended[len(ended) - min(request.amount, len(ended)) :])


def shown(fd, request):
    """What `show_last` hands out."""
    pieces = []
    show_last(fd, request, pieces.append)
    return b"".join(pieces)


@given(
    data=CONTENT,
    unit=st.sampled_from(["lines", "bytes"]),
    amount=st.integers(0, 30),
    from_start=st.booleans(),
    end=st.sampled_from([b"\n", b"\0"]),
    step=st.integers(1, 9),
    is_pipe=st.booleans(),
)
def test_it_is_what_a_naive_reader_would_show(
    *, data, unit, amount, from_start, end, step, is_pipe
):
    """Of a file that is read backwards, and of a pipe, in pieces of any size."""
    request = asked(unit=unit, amount=amount, from_start=from_start, end=end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tail_last, "STEP", step)
        patch.setattr(tail_last, "_SMALL", 0)
        patch.setattr(tail_last, "_knows_its_size", lambda status: status.st_size > 0)
        if is_pipe:
            reader, writer = os.pipe()
        else:
            reader = writer = os.memfd_create("lines")
        os.write(writer, data)
        if is_pipe:
            os.close(writer)
        else:
            os.lseek(reader, 0, os.SEEK_SET)
        try:
            assert shown(reader, request) == naive(data, request)
        finally:
            os.close(reader)


def test_a_file_is_read_from_where_its_reader_stands(tmp_path):
    """`sh -c 'read x; logwatch tail' < file`: what was read already is not shown again."""
    path = tmp_path / "lines"
    path.write_bytes(b"1\n2\n3\n")
    fd = os.open(path, os.O_RDONLY)
    os.read(fd, 2)
    assert shown(fd, asked()) == b"2\n3\n"
    os.close(fd)


def test_a_file_that_does_not_know_its_size_is_read_to_its_end():
    """As those of /proc."""
    fd = os.open("/proc/self/status", os.O_RDONLY)
    assert shown(fd, asked(amount=1)).startswith(b"nonvoluntary_ctxt_switches")
    os.close(fd)


def test_of_a_pipe_no_more_is_kept_than_is_shown(monkeypatch):
    """However much comes."""
    monkeypatch.setattr(tail_last, "STEP", 64)
    reader, writer = os.pipe()
    os.write(writer, b"x" * 30_000 + b"\nlast\n")
    os.close(writer)
    pieces = []
    show_last(reader, asked(amount=1), pieces.append)
    assert pieces == [b"last\n"]
    os.close(reader)


def test_what_is_not_there_yet_is_no_error():
    """A pipe that is open and empty."""
    reader, writer = os.pipe2(os.O_NONBLOCK)
    assert dump(reader, lambda data: None, begin_at=7) == 7
    os.close(reader)
    os.close(writer)
