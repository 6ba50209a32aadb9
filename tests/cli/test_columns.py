"""One rule for the width of every screen: COLUMNS, else the terminal, else eighty."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from logwatch.cli.columns import is_known, size_of
from logwatch.cli.main import run_command_line

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def nobody_says(monkeypatch):
    """No size in the environment."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("LINES", raising=False)


@pytest.fixture
def terminal():
    """One of 33 columns and 9 lines."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 9, 33, 0, 0))
    with os.fdopen(slave, "w") as stream:
        yield stream
    os.close(master)


@pytest.mark.parametrize(
    ("columns", "lines", "size"),
    [
        (None, None, (33, 9)),
        ("100", None, (100, 9)),
        ("100", "7", (100, 7)),
        ("0", "-1", (33, 9)),
        ("wide", "٣", (33, 9)),  # a digit, but none that C would read
    ],
)
def test_what_somebody_says_counts_more_than_the_terminal(
    terminal, monkeypatch, columns, lines, size
):
    """Where it is a size at all."""
    for name, text in (("COLUMNS", columns), ("LINES", lines)):
        if text is not None:
            monkeypatch.setenv(name, text)
    assert size_of(terminal) == size
    assert is_known(terminal)


def test_without_a_terminal_it_is_eighty_by_twenty_four(monkeypatch, tmp_path):
    """A file, a pipe, what has no descriptor, a terminal that does not know."""
    with (tmp_path / "out").open("w") as file:
        assert size_of(file) == (80, 24)
        assert not is_known(file)
        monkeypatch.setenv("COLUMNS", "90")
        assert size_of(file) == (90, 24)
        assert is_known(file)
    assert size_of(io.StringIO()) == size_of(None) == (90, 24)
    monkeypatch.setattr("os.get_terminal_size", lambda _: os.terminal_size((0, 0)))
    monkeypatch.delenv("COLUMNS")
    assert size_of(file_of_terminal()) == (80, 24)


@pytest.mark.parametrize(
    ("closed", "words"),
    [
        (">&-", ["help"]),
        (">&-", ["tail", "--no-follow", "x"]),
        ("<&- >&-", ["try", "x"]),
        ("<&- >&- 2>&-", ["check"]),
    ],
)
def test_where_a_standard_stream_was_closed_nothing_breaks(closed, words, tmp_path):
    """Python has none there at all, and what is opened next would take its number."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "logwatch", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 1, 78)


def file_of_terminal():
    """A stream with a descriptor."""

    class Stream(io.StringIO):
        def fileno(self) -> int:
            return 1

    return Stream()


def test_status_into_a_pipe_is_whole_unless_columns_say_how_wide(tmp_path, monkeypatch, capsys):
    """A program finds each line and path whole; a person who says how wide has it so."""
    config = tmp_path / "logwatch.yaml"
    config.write_text(f"state: {tmp_path}/{'deep/' * 12}state\n")
    assert run_command_line(["status", "-c", str(config)]) == 69
    whole = capsys.readouterr().out
    assert f"store {tmp_path}/{'deep/' * 12}state" in whole
    monkeypatch.setenv("COLUMNS", "50")
    assert run_command_line(["status", "-c", str(config)]) == 69
    narrow = capsys.readouterr().out.splitlines()
    assert max(map(len, narrow)) <= 50
    assert "".join(narrow).replace(" ", "") == whole.replace(" ", "").replace("\n", "")
