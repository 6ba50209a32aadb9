"""Where the last lines of a file begin."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logwatch.clock import ManualClock
from logwatch.tailer.latest import at_last_lines
from logwatch.tailer.tail import Tail


@given(st.lists(st.integers(0, 30_000), max_size=12), st.integers(0, 15), st.booleans())
def test_reading_on_from_there_gives_just_the_last_lines(tmp_path_factory, lengths, number, whole):
    """As GNU tail counts: a last line without its newline is a line."""
    path = tmp_path_factory.mktemp("latest") / "app.log"
    lines = [b"x" * length for length in lengths]
    text = b"\n".join(lines) + (b"\n" if whole and lines else b"")
    path.write_bytes(text)
    expected = text.splitlines(keepends=True)
    wanted = expected[len(expected) - min(number, len(expected)) :] if number else []
    tail = Tail(str(path), known=[at_last_lines(str(path), number)])
    got = b""
    while block := tail.read(ManualClock().moment(), finish=True):
        got += block.data
    tail.close()
    partial = expected[-1:] if expected and not expected[-1].endswith(b"\n") else []
    assert got == b"".join(wanted or partial)


@given(st.lists(st.text("ab\u0a0a\u0a00\u000d", max_size=9), max_size=8), st.integers(0, 9))
def test_lines_are_counted_in_whole_characters(tmp_path_factory, lines, number):
    """No half of one is a newline in UTF-16."""
    path = tmp_path_factory.mktemp("latest") / "app.log"
    path.write_bytes(("\ufeff" + "".join(f"{line}\n" for line in lines)).encode("utf-16-be"))
    tail = Tail(str(path), known=[at_last_lines(str(path), number)])
    got = b""
    while block := tail.read(ManualClock().moment(), finish=True):
        got += block.data
    tail.close()
    wanted = lines[len(lines) - min(number, len(lines)) :]
    assert got.decode() == "".join(f"{line}\n" for line in wanted)
