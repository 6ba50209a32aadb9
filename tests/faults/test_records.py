"""Bytes and records: rows 35 to 39 and 42 of docs/reliability.md, against the real program."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import pytest
from doubles import oracle
from doubles.forked import Running, run_once
from doubles.process import alerts_in, eventually

CONFIG = """\
sources: {{app: {{path: {folder}/app.log, start: beginning{more}}}}}
rules: [{{name: err, match: 'ERROR', cooldown: 0}}]
sinks: {{out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}}}
"""


def texts(folder: Path) -> list[str]:
    """The quoted lines so far; after a kill a message may be there again, under its name."""
    alerts = {(each["id"], each["seq"]): each for each in alerts_in(folder / "alerts.jsonl")}
    return [each["lines"][0]["text"] for each in alerts.values()]


def read_once(folder: Path, more: str = "") -> list[str]:
    """The quoted lines after a single run."""
    done = run_once(folder, CONFIG.format(folder=folder, more=more))
    assert done.returncode == 0, done.stderr
    return texts(folder)


def test_r35_a_line_in_halves_over_a_kill(tmp_path):
    """The position is the end of the last whole line: the half is read again with its rest."""
    whole, half = oracle.line(0, 0), oracle.line(0, 1)
    config = CONFIG.format(folder=tmp_path, more="")
    with (tmp_path / "app.log").open("w", buffering=1) as log:
        log.write(f"{whole}\n{half[:10]}")
        log.flush()
        with Running(tmp_path, config).ready() as daemon:
            eventually(lambda: texts(tmp_path) == [whole], "the first")
            daemon.kill()
        log.write(half[10:])
        log.flush()
        assert read_once(tmp_path) == [whole]
        log.write("\n")
        assert read_once(tmp_path) == [whole, half]


def test_r35_a_last_line_without_newline_is_handed_on_once_its_file_has_ended(stage):
    place = stage.place()
    with place.writer() as writer:
        writer.write(3)
        os.write(writer._file, oracle.line(0, 3).encode())
        place.heard(writer)
        writer.rename(place.beside(".1"))
        writer.written.append((0, 3))
        writer.begin_anew()
        writer.write(3)
        place.settle(writer)


def test_r36_lines_of_any_length_and_end(tmp_path):
    """Around the size of a block, with CRLF, with a bare CR, and with characters of four bytes."""
    long = [f"ERROR {number} " + "\U0001f600é" * 10_000 + "x" * number for number in range(40)]
    edge = [f"ERROR {length} ".ljust(length, "y") for length in range(65_530, 65_543)]
    mixed = ["ERROR a\rb", "ERROR \u2028 is no end", "ERROR \x0b\x0c\x1c\x85"]
    with (tmp_path / "app.log").open("w", newline="", encoding="utf-8") as log:
        for number, line in enumerate([*long, *edge, *mixed]):
            log.write(line + ("\r\n" if number % 2 else "\n"))
    lines = [*long, *edge, *mixed]
    found = read_once(tmp_path)
    assert [each[:1_000] for each in found] == [line[:1_000] for line in lines]
    sizes = [len(line.encode()) + 1 + number % 2 for number, line in enumerate(lines)]
    offsets = [each["lines"][0]["offset"] for each in alerts_in(tmp_path / "alerts.jsonl")]
    assert offsets == [sum(sizes[:number]) for number in range(len(lines))]


def test_r37_a_hole_where_a_writer_does_not_append(stage):
    """It writes on at its old offset after the cut: the hole is passed over, however large."""
    place = stage.place()
    with place.writer() as writer:
        writer.write(5)
        place.heard(writer)
        with place.log.open("r+b", buffering=0) as log:
            log.truncate(0)
            log.seek(1 << 30)
            log.write(f"{oracle.line(1, 0)}\n".encode())
        writer.written.append((1, 0))
        place.heard(writer)
        assert stage.daemon.resident_bytes() < 300 << 20
        oracle.settle(place.alerts(), writer.written)


def test_r38_a_line_of_a_hundred_megabytes(tmp_path):
    """Its beginning is matched, the rest takes no memory, and the next line is whole."""
    config = CONFIG.format(folder=tmp_path, more="")
    log = tmp_path / "app.log"
    log.write_text("ERROR before\n")
    with Running(tmp_path, config).ready() as daemon:
        eventually(lambda: len(texts(tmp_path)) == 1, "the first")
        before = daemon.resident_bytes()
        with log.open("ab", buffering=0) as file:
            file.write(b"ERROR long ")
            for _ in range(100):
                file.write(b"x" * 1_000_000)
            file.write(b"\nERROR after\n")
        eventually(lambda: len(texts(tmp_path)) == 3, "all three")
        grown = daemon.resident_bytes() - before
        daemon.stop()
    _, long, after = alerts_in(tmp_path / "alerts.jsonl")
    assert long["lines"][0]["text"].startswith("ERROR long xxx")
    assert after["lines"][0]["text"] == "ERROR after"
    assert after["lines"][0]["offset"] == log.stat().st_size - len("ERROR after\n")
    assert grown < 32 << 20


@pytest.mark.parametrize(
    ("encoding", "data", "text"),
    [
        ("utf-8", b"ERROR \xe9\xff\xc3\xa9\xed\xa0\x80", r"ERROR \xe9\xffé\xed\xa0\x80"),
        ("latin-1", b"ERROR \xe9\xa4", "ERROR é¤"),
        ("cp1252", b"ERROR \x80\x81", "ERROR €\\x81"),
        ("utf-8", b"\xef\xbb\xbfERROR \xef\xbb\xbf", "ERROR \ufeff"),
        ("cp1252", b"\xef\xbb\xbfERROR \xc3\xa9 \xe2\x86\x92", "ERROR é \\u2192"),
    ],
)
def test_r39_bytes_of_any_encoding(tmp_path, encoding, data, text):
    """None is an error or lost: what cannot be decoded is shown as it is. No mark is shown."""
    (tmp_path / "app.log").write_bytes(data + b"\nERROR next\n")
    assert read_once(tmp_path, f", encoding: {encoding}") == [text, "ERROR next"]


@pytest.mark.parametrize(
    ("codec", "named", "mark", "rest"),
    [
        ("utf-16-le", "utf-8", codecs.BOM_UTF16_LE, ""),
        ("utf-16-be", "latin-1", codecs.BOM_UTF16_BE, ""),
        ("utf-16-le", "utf-16", b"", ""),
        ("utf-16-be", "utf-16-be", b"", ", multiline: {start: '^ERROR'}"),
    ],
)
def test_r39_text_in_utf_16(tmp_path, codec, named, mark, rest):
    """By its mark or by its source's word; no half of a character is a newline, and each line is
    where the file has it, also where it is quoted around another one.
    """
    lines = ["ERROR 1 é\r", "ERROR 2 \u0a0a\u0a41\u0d0a", "around", "ERROR 3 \U0001f600", "ERROR 4"]
    shown = [line.rstrip("\r") for line in lines]
    if named == "latin-1":
        shown = [line.encode("latin-1", "backslashreplace").decode("latin-1") for line in shown]
    places, at = [], len(mark)
    for line in lines:
        places.append(at)
        at += len(f"{line}\n".encode(codec))
    text = "".join(f"{line}\n" for line in lines)
    (tmp_path / "app.log").write_bytes(mark + text.encode(codec))
    os.utime(tmp_path / "app.log", (0, 0))  # nothing will come that belongs to its last record
    around = "context: {{before: 1, after: 1, max_wait: 100ms}}"
    config = CONFIG.replace("cooldown: 0", f"cooldown: 0, {around}")
    more = f", encoding: {named}{rest}"
    done = run_once(tmp_path, config.format(folder=tmp_path, more=more))
    assert done.returncode == 0, done.stderr
    alerts = alerts_in(tmp_path / "alerts.jsonl")
    found = [(each["lines"][0]["offset"], each["lines"][0]["text"]) for each in alerts]
    if rest:
        shown[1] += "\naround"
    records = [0, 1, 3, 4]
    assert found == [(places[number], shown[number]) for number in records]
    before = alerts[2]["context"]["before"][0]
    expected = 1 if rest else 2
    assert (before["offset"], before["text"]) == (places[expected], shown[expected])


def test_r42_a_file_that_is_written_in_place(stage):
    """It is read again, flagged, and said to be no log, once; no loop, and no line is missed."""
    place = stage.place()
    with place.writer(noise=0) as writer:
        writer.write(3)
        place.heard(writer)
        for number in range(1, 6):
            with place.log.open("r+b", buffering=0) as log:
                log.write("".join(f"{oracle.line(number, n)}\n" for n in range(3)).encode())
            writer.written += [(number, n) for n in range(3)]
            place.heard(writer)
    assert len(place.said("tailer.not_append_only")) == 1
    assert len(place.said("tailer.file_truncated")) < 5
    eventually(lambda: len(place.told("logwatch.not-append-only")) == 1, "the alert")
    assert all(each["reread"] for each in place.alerts()[3:])
    oracle.settle(place.alerts(), writer.written)


def test_r42_a_thousand_equal_lines_are_a_thousand_records(tmp_path):
    """A line is known by where it stands, never by its text."""
    (tmp_path / "app.log").write_text("ERROR the same\n" * 1_000)
    assert read_once(tmp_path) == ["ERROR the same"] * 1_000
    offsets = [each["lines"][0]["offset"] for each in alerts_in(tmp_path / "alerts.jsonl")]
    assert offsets == [15 * number for number in range(1_000)]
