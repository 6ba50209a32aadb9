"""Text in any encoding, however it is written, read and cut: the same lines, where they are."""

from __future__ import annotations

import codecs
import gzip
import tempfile
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from doubles.examples import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from logwatch.cli.log_blocks import whole_lines
from logwatch.clock import ManualClock
from logwatch.records import Block, Checkpoint
from logwatch.simulation.generations import opened
from logwatch.tailer.multiline import MultilineSettings
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.tail import Tail
from logwatch.tailer.text_encoding import read_as_matched

LONGEST = 64
# U+0A0D, U+0D0A and U+000A: halves and neighbours that look like a newline; U+010A U+0041 likewise.
LETTERS = "a é\r\u0a0a\u0a41\u410a\u0d0a\u0100\u3042\U0001f600\ufeff\u2028\x85\0"
TEXTS = st.lists(st.text(st.sampled_from(LETTERS), max_size=12), max_size=8)
LONG = st.sampled_from(["", "", "", "x" * 40, "\u3042" * 30, "y" * 300])

MARKED = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}
WAYS = [
    (codec, named, mark)
    for codec, named, mark in [
        ("utf-8", "utf-8", True),
        ("utf-8", "utf-16", True),
        ("utf-16-le", "utf-8", True),
        ("utf-16-le", "utf-16-be", True),
        ("utf-16-le", "utf-16", False),
        ("utf-16-le", "utf-16-le", False),
        ("utf-16-be", "utf-8", True),
        ("utf-16-be", "utf-16", True),
        ("utf-16-be", "utf-16-be", False),
    ]
]


def expected(lines: list[str], codec: str, mark: bytes) -> list[tuple[int, bytes]]:
    """Where each line is in the file, and what it is, cut at the longest length."""
    at, found = len(mark), []
    for line in lines:
        found.append((at, line.encode()[:LONGEST]))
        at += len(f"{line}\n".encode(codec))
    return found


def lines_of(block: Block) -> list[tuple[int, bytes]]:
    """The lines of a block as expected has them; a matcher cuts a complete line."""
    if block.truncated or block.partial:
        return [(block.start, block.data[:LONGEST])]
    found, at = [], 0
    for line in block.data.split(b"\n")[:-1]:
        found.append((block.offset(at), line[:LONGEST]))
        assert block.index(block.offset(at)) == at
        at += len(line) + 1
    assert not block.data or block.offset(len(block.data)) == block.end
    return found


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(ends)]


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=examples(25))
@given(TEXTS, LONG, st.lists(st.integers(0, 400), max_size=6), st.integers(1, 90))
@example(["\u0a0a\u010a\u0a00", "\U0001f600"], "", [3, 4, 5, 7, 8], 1)
def test_any_writing_and_any_blocks_give_the_same_lines_where_they_are(
    way, lines, long, cuts, block_size
):
    """Whatever is written at a time, whatever is read at a time, with a restart after each."""
    codec, named, marked = way
    lines = ["first", *lines, long, "end"]
    mark = MARKED[codec] if marked else b""
    data = mark + "".join(f"{line}\n" for line in lines).encode(codec)
    found: list[tuple[int, bytes]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "app.log")
        path.touch()
        known: dict[str, Checkpoint] = {}

        def begun() -> Tail:
            return Tail(
                str(path),
                start="beginning",
                max_line=LONGEST,
                block_size=block_size,
                encoding=named,
                known=tuple(known.values()),
            )

        tail, now = begun(), ManualClock().moment()
        for piece in pieces_of(data, cuts):
            with path.open("ab") as file:
                file.write(piece)
            while (block := tail.read(now)) is not None:
                known[block.checkpoint.identity] = block.checkpoint
                found += lines_of(block) if block.data or not block.truncated else []
            tail.close()
            tail = begun()
        tail.close()
        assert found == expected(lines, codec, mark)
        for name, content in (("app.log", data), ("app.log.1.gz", gzip.compress(data))):
            Path(folder, name).write_bytes(content)
            source = SourceSettings(name="app", paths=(), max_line=LONGEST, encoding=named)
            with opened(f"{folder}/{name}", "app.log", source) as generation:
                again = [line for block in generation.blocks for line in lines_of(block)]
            assert again == expected(lines, codec, mark)


@pytest.mark.parametrize(("codec", "named", "marked"), WAYS)
@settings(max_examples=examples(20))
@given(st.lists(st.integers(0, 5), max_size=9), st.lists(st.integers(0, 200), max_size=6))
def test_records_of_several_lines_are_the_same_and_where_they_are(
    codec, named, marked, sizes, cuts
):
    """Each begins where its first line is, in the file as in its compressed copy."""
    data, records = (MARKED[codec] if marked else b""), []
    for number, size in enumerate(sizes):
        text = f"{number}é\u0a0a\n" + "  \u3042\U0001f600\n" * size
        records.append((len(data), text.encode()))
        data += text.encode(codec)
    source = SourceSettings(
        name="app",
        paths=(),
        encoding=named,
        multiline=MultilineSettings(start=r"^\d"),
        max_line=4096,
    )

    def records_in(block: Block) -> list[tuple[int, bytes]]:
        found, at = [], 0
        for record in block.records.split(b"\n")[:-1]:
            text = block.data[at : at + len(record) + 1]
            found.append((block.offset(at), text))
            at += len(record) + 1
        return found

    with tempfile.TemporaryDirectory() as folder:
        path, found, clock = Path(folder, "app.log"), [], ManualClock()
        path.touch()
        tail = Tail(
            str(path),
            start="beginning",
            block_size=50,
            encoding=named,
            framer=source.framer,
            max_line=4096,
        )
        for piece in pieces_of(data, cuts):
            with path.open("ab") as file:
                file.write(piece)
            while (block := tail.read(clock.moment())) is not None:
                found += records_in(block)
        clock.advance(10)
        while (block := tail.read(clock.moment())) is not None:
            found += records_in(block)
        tail.close()
        assert found == records
        Path(folder, "app.log.1.gz").write_bytes(gzip.compress(data))
        for name in ("app.log", "app.log.1.gz"):
            with opened(f"{folder}/{name}", "app.log", source) as generation:
                assert [one for block in generation.blocks for one in records_in(block)] == records


@pytest.mark.parametrize(("codec", "named", "marked"), WAYS)
@settings(max_examples=examples(20))
@given(TEXTS, st.integers(1, 9))
def test_what_can_be_read_but_once_is_the_same_text(codec, named, marked, lines, size):
    """As the verbs read files and standard input that nobody follows."""
    mark, lines = MARKED[codec] if marked else b"", ["first", *lines]
    stream = BytesIO(mark + "".join(f"{line}\n" for line in lines).encode(codec))
    blocks = whole_lines(read_as_matched(lambda: stream.read(size), named), 1000)
    assert b"".join(blocks).decode() == "".join(f"{line}\n" for line in lines)


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "utf-16", "utf-16-be", "cp1252"]))
def test_no_bytes_are_an_error(data, named):
    """Whatever is in a file, all of it but half a character at its end is handed out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "app.log")
        path.write_bytes(data)
        tail = Tail(str(path), start="beginning", encoding=named, block_size=64, max_line=30)
        now, end = ManualClock().moment(), 0
        while (block := tail.read(now, finish=True)) is not None:
            assert block.end >= end
            end = block.end
        tail.close()
    is_mark = data[:3] == codecs.BOM_UTF8 or data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    assert end >= len(data) - 1 or (is_mark and len(data) <= 3)
