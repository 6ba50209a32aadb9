"""Streams of bytes: stdin, named pipes, programs; what they hand out and how they end."""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path
from time import perf_counter

import pytest

from logwatch.clock import Moment
from logwatch.receivers import streams
from logwatch.receivers.pipe import PipeReceiver
from logwatch.receivers.program import ExecReceiver
from logwatch.receivers.stream_settings import ExecSettings, PipeSettings, StdinSettings
from logwatch.tailer.multiline import MultilineSettings
from logwatch.tailer.settings import SourceSettings


class Reader:
    """A receiver, driven as its thread does it, at a time of ours."""

    def __init__(self, make, origin, *, once=False, known=(), **settings) -> None:
        source = SourceSettings(name="s", paths=(), origin=origin, **settings)
        self.receiver = make(source, known)
        self.receiver.once = once
        self.now = 0.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.receiver.close()

    @property
    def moment(self):
        return Moment(self.now, 1e9)

    @property
    def state(self):
        return self.receiver.state()

    def until(self, done, seconds=60.0):
        """All that comes until `done(data)` holds."""
        data, deadline = b"", perf_counter() + seconds
        while not done(data):
            assert perf_counter() < deadline, data
            block = self.receiver.read(self.moment)
            if block is not None:
                data += block.records
                continue
            waiting = select.poll()
            for descriptor, events in self.receiver.descriptors().items():
                waiting.register(descriptor, events)
            waiting.poll(20)
        return data

    def lines(self, count):
        return self.until(lambda data: data.count(b"\n") >= count).splitlines()


# -- stdin ------------------------------------------------------------------------------------


@pytest.fixture
def stdin(monkeypatch):
    """The end to write to, in the place of what the tests were started with."""
    reader, writer = os.pipe()
    monkeypatch.setattr(streams, "STDIN", reader)
    with os.fdopen(writer, "wb", buffering=0) as file:
        yield file
    os.close(reader)


def test_stdin_is_read_to_its_end_with_an_unfinished_last_line(stdin):
    """Then nothing will ever come again."""
    with Reader(streams.StdinReceiver, StdinSettings()) as reader:
        stdin.write(b"one\ntw")
        assert reader.lines(1) == [b"one"]
        assert not reader.receiver.ended
        stdin.write(b"o\nthree")
        stdin.close()
        assert reader.lines(2) == [b"two", b"three"]
        assert reader.receiver.ended
        assert reader.state.status == "waiting"
        assert reader.receiver.descriptors() == {}


def test_in_a_single_run_the_backlog_of_stdin_goes_to_its_end(stdin):
    """Else it is live from the beginning."""
    with Reader(streams.StdinReceiver, StdinSettings(), once=True) as reader:
        assert not reader.receiver.past_opening()
        stdin.close()
        reader.until(lambda _: reader.receiver.past_opening())
    with Reader(streams.StdinReceiver, StdinSettings()) as reader:
        assert reader.receiver.past_opening()


def test_lines_of_stdin_are_put_together_to_records(stdin):
    """As in a file; the last one is complete after the timeout, or at the end."""
    settings = MultilineSettings(preset="indent", timeout=2.0)
    with Reader(streams.StdinReceiver, StdinSettings(), multiline=settings) as reader:
        stdin.write(b"a\n b\nc\n d\n")
        assert reader.lines(1) == [b"a\x0b b"]
        assert reader.receiver.next_look(reader.moment) == 2.0
        reader.now = 2.0
        assert reader.lines(1) == [b"c\x0b d"]
        stdin.write(b"e\n f")
        stdin.close()
        assert reader.lines(1) == [b"e\x0b f"]


def test_in_a_single_run_old_stamps_are_believed(stdin):
    """What is piped in was written before."""
    for once in (True, False):
        with Reader(streams.StdinReceiver, StdinSettings(), once=once) as reader:
            stdin.write(b"one\n")
            while (block := reader.receiver.read(reader.moment)) is None:
                pass
            assert block.backlog is once


# -- pipe -------------------------------------------------------------------------------------


@pytest.fixture
def fifo(tmp_path):
    return str(tmp_path / "app.fifo")


def test_a_pipe_is_made_and_read_from_one_writer_after_the_other(fifo):
    """The unfinished line of one is not joined to what the next one writes."""
    with Reader(PipeReceiver, PipeSettings(place=fifo)) as reader:
        reader.receiver.read(reader.moment)
        assert Path(fifo).is_fifo()
        assert Path(fifo).stat().st_mode & 0o777 == 0o660
        for number in range(3):
            with Path(fifo).open("wb", buffering=0) as writer:
                writer.write(b"line %d\nrest %d" % (number, number))
            assert reader.lines(2) == [b"line %d" % number, b"rest %d" % number]
        waiting = select.poll()
        for descriptor, events in reader.receiver.descriptors().items():
            waiting.register(descriptor, events)
        assert waiting.poll(0) == []  # or it would spin


def test_a_pipe_is_never_without_a_reader(fifo):
    """Writers come and go as fast as they like, and none is told that nobody reads."""
    with Reader(PipeReceiver, PipeSettings(place=fifo)) as reader:
        reader.receiver.read(reader.moment)
        data = b""
        for number in range(200):
            writer = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
            os.write(writer, b"%d\n" % number)
            os.close(writer)
            if number % 3 == 0:
                block = reader.receiver.read(reader.moment)
                data += block.data if block else b""
        data += reader.until(lambda found: found.endswith(b"199\n") or data.endswith(b"199\n"))
        assert data.split() == [b"%d" % number for number in range(200)]


def test_a_pipe_that_was_made_anew_is_found(fifo):
    """Within seconds; and made again where it was only removed."""
    with Reader(PipeReceiver, PipeSettings(place=fifo)) as reader:
        reader.receiver.read(reader.moment)
        for remake in (True, False):
            Path(fifo).unlink()
            if remake:
                os.mkfifo(fifo)
            reader.now += 5
            reader.receiver.read(reader.moment)
            with Path(fifo).open("wb", buffering=0) as writer:
                writer.write(b"new\n")
                assert reader.lines(1) == [b"new"]


def test_what_is_no_pipe_is_told_and_tried_again(fifo):
    """A file is followed by its path."""
    Path(fifo).write_bytes(b"old\n")
    with Reader(PipeReceiver, PipeSettings(place=fifo)) as reader:
        reader.receiver.read(reader.moment)
        assert reader.state.status == "error"
        assert "is no named pipe" in reader.state.detail
        Path(fifo).unlink()
        reader.now = reader.receiver.next_look(reader.moment)
        reader.receiver.read(reader.moment)
        assert reader.state.status == "following"


# -- exec -------------------------------------------------------------------------------------


def program(text, *more):
    return ExecSettings(command=(sys.executable, "-IS", "-c", text, *more))


def test_the_output_of_a_program_is_read_and_it_is_started_again_later_each_time():
    """Arguments come as they are: there is no shell."""
    origin = program("import sys; print(sys.argv[1]); print('rest', end='')", "$HOME; *")
    with Reader(ExecReceiver, origin) as reader:
        assert reader.lines(2) == [b"$HOME; *", b"rest"]
        reader.until(lambda _: reader.state.status == "waiting")
        assert reader.receiver.next_look(reader.moment) == 1.0
        assert reader.receiver.past_opening()
        assert not reader.receiver.ended
        reader.now = 1.0
        assert reader.lines(2) == [b"$HOME; *", b"rest"]
        reader.until(lambda _: reader.receiver.next_look(reader.moment) == 3.0)


def test_in_a_single_run_a_program_is_run_once_to_its_end():
    """Its last lines are part of it."""
    with Reader(ExecReceiver, program("print('one')"), once=True) as reader:
        assert not reader.receiver.past_opening()
        assert reader.until(lambda _: reader.receiver.ended) == b"one\n"
        assert reader.receiver.past_opening()
        assert reader.receiver.next_look(reader.moment) is None


def test_a_program_that_fails_is_an_error_and_what_it_said_is_in_our_log(capsys):
    """By its exit status."""
    origin = program("import sys; print('no way', file=sys.stderr); sys.exit(3)")
    with Reader(ExecReceiver, origin) as reader:
        reader.until(lambda _: reader.state.status == "error")
        assert reader.state.detail.endswith("ended with status 3")
    assert "no way" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "why"),
    [("/no/such/program", "there is no program"), ("/etc/passwd", "this user may not run")],
)
def test_a_program_that_cannot_be_started_is_told(command, why):
    """And tried again."""
    with Reader(ExecReceiver, ExecSettings(command=(command,))) as reader:
        reader.receiver.read(reader.moment)
        assert why in reader.state.detail
        assert reader.receiver.next_look(reader.moment) == 1.0


def test_a_program_starts_with_default_signals_and_nothing_of_ours(stdin):
    """No blocked signal, no descriptor, nothing on its stdin, a session of its own."""
    os.set_inheritable(stdin.fileno(), True)
    text = """
import os, signal
print(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
print(sorted(int(name) for name in os.listdir('/proc/self/fd') if int(name) > 2)[:-1])
print(os.read(0, 1), os.getsid(0) == os.getpid())
"""
    with Reader(ExecReceiver, program(text)) as reader:
        assert reader.lines(3) == [b"[]", b"[]", b"b'' True"]


def test_the_whole_family_of_a_program_ends_with_it():
    """Also one that heeds no request."""
    text = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
print(os.getpid(), flush=True)
time.sleep(100)
"""
    with Reader(ExecReceiver, program(text)) as reader:
        pids = [int(line) for line in reader.lines(2)]
    for pid in pids:
        status = Path(f"/proc/{pid}/stat")
        deadline = perf_counter() + 5
        while status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z":
            assert perf_counter() < deadline


def test_a_program_that_closes_its_output_and_lives_on_is_ended():
    """Nothing will come of it any more."""
    with Reader(ExecReceiver, program("import os, time; os.close(1); time.sleep(100)")) as reader:
        reader.until(lambda _: reader.receiver._closed_at is not None)
        reader.now += 1.0
        reader.until(lambda _: reader.state.status == "error")
        assert "closed its output" in reader.state.detail
