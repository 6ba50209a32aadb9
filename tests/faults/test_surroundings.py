"""Discovery and environment: rows 18 to 34 of docs/reliability.md, against the real program."""

from __future__ import annotations

import json
import mmap
import os
import resource
import shutil
import socket
from pathlib import Path
from threading import Event, Thread

import pytest
from doubles import oracle
from doubles.forked import Running
from doubles.process import alerts_in, ended, eventually
from doubles.stage import IMPATIENT, stopped

from logwatch.daemon.control_wire import ask

CONFIG = f"""\
sources: {{{{app: {{{{path: '{{path}}', start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""

WITHOUT_PRIVILEGES = """
import ctypes, struct
_, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 0, 1, 2
libc = ctypes.CDLL(None, use_errno=True)
# linux/capability.h, _LINUX_CAPABILITY_VERSION_3
header, sets = struct.pack("=Ii", 0x20080522, 0), ctypes.create_string_buffer(24)
assert libc.capget(header, sets) == 0
low = list(struct.unpack("=6I", sets.raw))
for which in range(3):
    low[which] &= ~(1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH)
assert libc.capset(header, struct.pack("=6I", *low)) == 0
"""
"""Permissions bind root too from now on; whoever else runs the tests has these rights never."""


def config(folder: Path, path: str = "app.log") -> str:
    return CONFIG.format(folder=folder, path=f"{folder}/{path}")


def all_told(folder: Path, *writers: oracle.Writer, seconds: float = 60.0) -> list[dict]:
    """Wait for every line; each was told once and in order, and nothing was lost."""
    written = [one for each in writers for one in each.written]
    out = folder / "alerts.jsonl"
    eventually(lambda: oracle.has_all(oracle.ours(alerts_in(out)), written), "all told", seconds)
    alerts = alerts_in(out)
    oracle.settle(oracle.ours(alerts), written)
    assert not [each for each in alerts if each["rule"] == "logwatch.source-lost"]
    return alerts


def test_r18_a_log_whose_directories_come_one_by_one(stage):
    """It was born while the daemon ran, so that it is read from its start, whatever `start` is."""
    place = stage.place("deep")
    for number in range(3):
        (place.folder / "current").mkdir()
        with place.writer("current/app.log", generation=number) as writer:
            writer.write(5)
            place.heard(writer)
        (place.folder / "current").rename(place.folder / f"before-{number}")
    assert len(place.alerts()) == 15


def test_r19_files_that_live_for_milliseconds_are_read_whole_or_not_at_all(stage):
    """A hundred of them: what was opened in time is told to its last line, and nothing twice."""
    place, pause, writers = stage.place("twice"), Event(), []
    with place.writer("stays.log", generation=1_000) as stays:
        stays.write(1)
        place.heard(stays)
        for number in range(100):
            with place.writer(f"{number}.log", generation=number) as writer:
                writer.write(5)
                pause.wait(number % 5 / 250)
                (place.folder / f"{number}.log").unlink()
                writers.append(writer)
        stays.write(1)
        place.heard(stays)
    told = oracle.told(place.alerts())
    assert len(set(told)) == len(told)
    each_told = [len({n for g, n in told if g == writer.generation}) for writer in writers]
    assert {*each_told} <= {0, 5}
    print(f"{each_told.count(5)} of {len(writers)} were read")
    assert not place.losses()


def test_r20_a_line_between_the_first_look_and_the_watch_is_told(tmp_path):
    """And nothing is written afterwards that would wake anybody."""
    sabotage = f"""
from logwatch.daemon.inotify import InotifyWaker
watch, log = InotifyWaker.watch, {str(tmp_path / "app.log")!r}
def late(waker, path, wake):
    with open(log, "a") as file:
        file.write({oracle.line(0, 5)!r} + "\\n")
    watch(waker, path, wake)
    with open(log, "a") as file:
        file.write({oracle.line(0, 6)!r} + "\\n")
InotifyWaker.watch = late
"""
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(5)
        writer.written += [(0, 5), (0, 6)]
        with Running(tmp_path, config(tmp_path), sabotage=sabotage).ready() as daemon:
            all_told(tmp_path, writer)
            daemon.stop()


def test_r21_a_directory_that_is_removed_and_made_again_while_its_file_is_held(stage):
    """Removed twice while the daemon has its file open: what killed a reader of events once."""
    place, writers = stage.place("deep"), []
    current = place.folder / "current"
    for number in range(4):
        current.mkdir()
        with place.writer("current/app.log", generation=number) as writer:
            writer.write(5)
            writers.append(writer)
            place.heard(*writers)
        shutil.rmtree(current)
        current.mkdir()
        shutil.rmtree(current)
    current.mkdir()
    with place.writer("current/app.log", generation=4) as writer:
        writer.write(5)
        place.settle(*writers, writer)
    assert "reader_died" not in stage.daemon.stderr


def test_r22_a_directory_that_is_renamed_and_made_anew(stage):
    """The old file to its end, under its new name; the new directory's file from its start."""
    place = stage.place("deep")
    current = place.folder / "current"
    current.mkdir()
    with place.writer("current/app.log") as old:
        old.write(10)
        place.heard(old)
        current.rename(place.folder / "before")
        old.write(10)
        current.mkdir()
        with place.writer("current/app.log", generation=1) as young:
            young.write(10)
            place.heard(old, young)
            old.write(5)
            young.write(5)
            assert place.settle(old, young).alerts == 40


def test_r23_rights_that_are_taken_away_and_given_back(tmp_path):
    """Said once with the remedy; an open file is read on; nothing is skipped after the grant."""
    log = tmp_path / "app.log"
    with oracle.Writer(log) as writer:
        writer.write(5)
        log.chmod(0)
        sabotage = WITHOUT_PRIVILEGES + IMPATIENT
        with Running(tmp_path, config(tmp_path), sabotage=sabotage).ready() as daemon:
            daemon.says("tailer.file_denied")
            writer.write(5)
            log.chmod(0o600)
            all_told(tmp_path, writer)
            log.chmod(0)
            writer.write(5)
            all_told(tmp_path, writer)
            with stopped(daemon):
                writer.rename(tmp_path / "app.log.1")
                writer.write(5)
                writer.begin_anew()
                log.chmod(0)
                writer.write(5)
            daemon.says("tailer.file_denied", 2)
            log.chmod(0o600)
            all_told(tmp_path, writer)
            assert daemon.stderr.count("tailer.file_denied") == 2
            assert "chmod" in daemon.stderr or "usermod" in daemon.stderr
            daemon.stop()


def test_r23_files_that_cannot_be_read_are_told_of(tmp_path):
    """After a minute, all of a source in one alert, which ends when the last of them is read."""
    sabotage = (
        WITHOUT_PRIVILEGES
        + IMPATIENT
        + """
from logwatch.daemon import unread
from logwatch.tailer import pauses
pauses.LONGEST_SECONDS, unread.PATIENCE_SECONDS[unread.NOT_READ] = 0.5, 0.2
"""
    )
    out = tmp_path / "alerts.jsonl"
    logs = [tmp_path / f"{number}.log" for number in range(3)]
    for each in logs:
        each.touch(mode=0)
    with Running(tmp_path, config(tmp_path, "*.log"), sabotage=sabotage).ready() as daemon:
        [alert] = eventually(lambda: alerts_in(out), "the alert")
        assert (alert["rule"], alert["status"]) == ("logwatch.file-not-read", "firing")
        assert "nor can 2 more of source app" in alert["message"]
        for each in logs:
            each.chmod(0o600)
        [_, end] = eventually(lambda: len(alerts_in(out)) > 1 and alerts_in(out), "its end")
        assert (end["id"], end["status"]) == (alert["id"], "resolved")
        daemon.stop()


def test_r23_a_log_that_is_gone_is_told_of_where_its_silence_would_mean_something(tmp_path):
    """Of two that are missing only the one that a rule waits for."""
    sabotage = (
        IMPATIENT
        + """
from logwatch.daemon import unread
unread.PATIENCE_SECONDS[unread.MISSING] = 0.2
"""
    )
    log, out = tmp_path / "beat.log", tmp_path / "alerts.jsonl"
    text = f"""
sources: {{beats: {{path: {log}}}, rare: {{path: {tmp_path}/rare.log}}}}
rules: [{{name: silent, in: beats, match: beat, absent: {{for: 1h}}}}]
sinks: {{out: {{jsonl_file: {{path: {out}}}}}}}
"""
    log.touch()
    with Running(tmp_path, text, sabotage=sabotage).ready() as daemon:
        log.rename(tmp_path / "elsewhere")
        [alert] = eventually(lambda: alerts_in(out), "the alert")
        assert (alert["rule"], alert["status"]) == ("logwatch.file-missing", "firing")
        assert alert["path"] == str(log)
        log.touch()
        [_, end] = eventually(lambda: len(alerts_in(out)) > 1 and alerts_in(out), "its end")
        assert (end["id"], end["status"]) == (alert["id"], "resolved")
        daemon.stop()


def test_r24_a_directory_that_may_be_entered_and_not_listed(tmp_path):
    """A file that is written out in the configuration is read; a glob says why it finds nothing."""
    closed, listed = tmp_path / "closed", tmp_path / "listed"
    closed.mkdir()
    listed.mkdir()
    text = config(tmp_path, "closed/app.log").replace(
        "sources: {", f"sources: {{glob: {{path: '{listed}/*.log'}}, "
    )
    with oracle.Writer(closed / "app.log") as writer:
        writer.write(5)
        closed.chmod(0o300)
        listed.chmod(0)
        sabotage = WITHOUT_PRIVILEGES + IMPATIENT
        with Running(tmp_path, text, sabotage=sabotage).ready() as daemon:
            all_told(tmp_path, writer)
            assert str(listed) in daemon.says("tailer.cannot_look")
            writer.write(5)
            all_told(tmp_path, writer)
            assert daemon.stderr.count("tailer.cannot_look") == 1
            daemon.stop()
        closed.chmod(0o700)
        listed.chmod(0o700)


def test_r25_more_events_than_the_kernel_keeps(stage):
    """The queue runs over while a log is rotated and a new one comes: all is looked at again."""
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text(encoding="ascii"))
    place = stage.place("twice")
    with (
        place.writer() as one,
        place.writer("two.log", generation=50) as two,
        place.writer("three.log", generation=100) as three,
    ):
        one.write(5)
        two.write(5)
        place.heard(one, two, three)
        with stage.looking_away():
            for _ in range(most // 2 + 10):  # events that differ are not merged
                os.write(one._file, b"\n")
                os.write(two._file, b"\n")
            three.write(5)
            two.write(5)
            one.rename(place.beside(".1"))
            one.begin_anew()
            one.write(5)
            with place.writer("four.log", generation=150) as four:
                four.write(5)
        if not stage.polls:
            stage.daemon.says("waker.overflow")
        place.settle(one, two, three, four)


@pytest.mark.parametrize("limit", ["watches", "instances"])
def test_r26_a_limit_of_inotify_that_is_reached(tmp_path, limit):
    """The daemon starts and polls, names what to raise, and uses events once there is room."""
    errno = {"watches": "ENOSPC", "instances": "EMFILE"}[limit]
    sabotage = (
        IMPATIENT
        + f"""
import errno, os
from logwatch.daemon import event_reader, inotify
from watchdog.observers.inotify_c import InotifyFD
let_go = {str(tmp_path / "room")!r}
def limited(real):
    def call(*arguments):
        if not os.path.exists(let_go):
            raise OSError(errno.{errno}, "limit")
        return real(*arguments)
    return call
if {errno!r} == "ENOSPC":
    event_reader.Reader.add_callback = limited(event_reader.Reader.add_callback)
else:
    InotifyFD._create_inotify_fd = staticmethod(limited(InotifyFD._create_inotify_fd))
"""
    )
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config(tmp_path), sabotage=sabotage).ready() as daemon,
    ):
        for _ in range(2):
            writer.write(5)
            all_told(tmp_path, writer)
        assert f"sysctl -w fs.inotify.max_user_{limit}" in daemon.stderr
        (tmp_path / "room").touch()
        if limit == "watches":
            daemon.says("waker.directory_watched")
        writer.write(5)
        all_told(tmp_path, writer)
        daemon.stop()


def test_r27_the_reader_of_events_dies(tmp_path):
    """Another takes its place within seconds, and what came meanwhile is told."""
    sabotage = (
        IMPATIENT
        + """
from logwatch.daemon.event_reader import Reader
run, times = Reader.run, []
def dies(reader):
    times.append(1)
    if len(times) == 1:
        raise KeyError("as watchdog does")
    run(reader)
Reader.run = dies
"""
    )
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config(tmp_path), sabotage=sabotage).ready() as daemon,
    ):
        daemon.may_trace = True
        writer.write(5)
        daemon.says("waker.reader_died")
        writer.write(5)
        all_told(tmp_path, writer)
        daemon.stop()


@pytest.mark.parametrize("way", ["a hard link elsewhere", "memory"])
def test_r28_writers_of_whom_no_event_tells(stage, way):
    """Polling finds what they wrote."""
    place = stage.place()
    with place.writer() as writer:
        writer.write(5)
        place.heard(writer)
        elsewhere = place.folder.parent.parent / f"elsewhere-{place.folder.name}"
        os.link(place.log, elsewhere)
        if way == "memory":
            text = (oracle.line(0, 5) + "\n").encode()
            size = place.log.stat().st_size
            os.truncate(place.log, size + len(text))
            with elsewhere.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
                memory[size:] = text
            writer.written.append((0, 5))
        else:
            with elsewhere.open("ab", buffering=0) as file:
                file.write((oracle.line(0, 5) + "\n").encode())
            writer.written.append((0, 5))
        place.settle(writer)


def test_r29_a_remote_file_system_that_shows_an_old_size(tmp_path):
    """For a moment the file seems shorter than what was read of it: it is not read again."""
    sabotage = (
        IMPATIENT
        + f"""
import os
import resource
from logwatch.tailer import tail
fstat, lies, log = os.fstat, [], {str(tmp_path / "app.log")!r}
def late(fd):
    status = fstat(fd)
    if os.path.exists(log + ".lie") and status.st_size > 1000:
        lies.append(1)
        if len(lies) < 6:
            return os.stat_result((*status[:6], 100, *status[7:]))
    return status
os.fstat, tail.is_remote = late, lambda fd: True
"""
    )
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(100)
        with Running(tmp_path, config(tmp_path), sabotage=sabotage).ready() as daemon:
            all_told(tmp_path, writer)
            (tmp_path / "app.log.lie").touch()
            writer.write(10)
            all_told(tmp_path, writer)
            assert "file_truncated" not in daemon.stderr
            daemon.stop()


@pytest.mark.parametrize("error", ["EIO", "ESTALE"])
def test_r30_an_error_of_reading_moves_no_position(tmp_path, error):
    """It is said once and tried again, and then reading goes on where it was."""
    sabotage = (
        IMPATIENT
        + f"""
import errno, os
from logwatch.tailer import pauses
pauses.FIRST_SECONDS = 0.2
pread, calls, log = os.pread, [], {str(tmp_path / "bad")!r}
def fails(fd, length, offset):
    if os.path.exists(log) and len(calls) < 3:
        calls.append(1)
        raise OSError(errno.{error}, os.strerror(errno.{error}))
    return pread(fd, length, offset)
os.pread = fails
"""
    )
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(50)
        with Running(tmp_path, config(tmp_path), sabotage=sabotage).ready() as daemon:
            all_told(tmp_path, writer)
            (tmp_path / "bad").touch()
            writer.write(20)
            daemon.says("tailer.file_error")
            all_told(tmp_path, writer)
            assert daemon.stderr.count("tailer.file_error") == 1
            daemon.stop()


def test_r31_what_is_no_regular_file_is_passed_over(stage):
    """A FIFO, a socket, a device, a folder, /proc and a name that is no text: none is read."""
    place = stage.place("twice")
    no_text = os.open(os.fsencode(place.folder) + b"/\xff.log", os.O_CREAT | os.O_WRONLY)
    os.write(no_text, b"ERROR this would end the store, and every alert\n")
    os.close(no_text)
    os.mkfifo(place.folder / "app.fifo.log")
    (place.folder / "zero.log").symlink_to("/dev/zero")
    (place.folder / "folder.log").mkdir()
    (place.folder / "kernel.log").symlink_to("/proc/version")
    with socket.socket(socket.AF_UNIX) as made, place.writer() as writer:
        made.bind(str(place.folder / "socket.log"))
        writer.write(5)
        place.settle(writer)
        assert len(place.said("not a regular file")) == 4
        assert len(place.said("its name is not UTF-8")) == 1


FEW_HANDLES = (
    IMPATIENT
    + """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
"""
)


@pytest.mark.parametrize("waking", ["auto", "poll"])
def test_r32_more_files_than_handles(tmp_path, waking):
    """Those at rest lend theirs: all are read, and what is written to any of them is told."""
    (tmp_path / "logs").mkdir()
    writers = [oracle.Writer(tmp_path / "logs" / f"{number}.log") for number in range(200)]
    for number, writer in enumerate(writers):
        writer.generation = 10 * number
        writer.write(2)
    text = config(tmp_path, "logs/*.log")
    running = Running(tmp_path, text, "--waking", waking, sabotage=FEW_HANDLES)
    with running.ready() as daemon:
        all_told(tmp_path, *writers)
        for number, writer in enumerate(writers):
            if number % 3 == 0:
                writer.write(1)
        all_told(tmp_path, *writers)
        writers[1].write(1)
        writers[1].rename(tmp_path / "logs" / "1.log.1")
        writers[1].write(1)
        writers[1].begin_anew()
        writers[1].write(1)
        writers[2].truncate()
        writers[2].write(1)
        all_told(tmp_path, *writers)
        writers[4].path.unlink()
        with oracle.Writer(tmp_path / "logs" / "4.log") as anew:
            anew.generation = 5
            anew.write(2)
            all_told(tmp_path, anew, *writers)
        assert daemon.descriptors() < 64
        assert daemon.stderr.count("LimitNOFILE=") == 1
        answer = json.loads(ask(tmp_path / "state" / "control.sock", "status"))
        assert {each["status"] for each in answer["files"]} == {"following"}
        daemon.stop()
    for writer in writers:
        writer.__exit__(None, None, None)
    assert not [
        each for each in alerts_in(tmp_path / "alerts.jsonl") if "gen" not in each["fields"]
    ]


def test_r32_none_at_rest_gives_its_handle(tmp_path):
    """All are written and not at their end: some wait, which is told, and lose nothing."""
    (tmp_path / "logs").mkdir()
    writers = []
    for number in range(60):
        with oracle.Writer(tmp_path / "logs" / f"{number}.log") as writer:
            writer.generation = number
            writer.write(2)
            os.write(writer._file, b"half a line")
            writers.append(writer)
    out = tmp_path / "alerts.jsonl"
    with Running(tmp_path, config(tmp_path, "logs/*.log"), sabotage=FEW_HANDLES).ready() as daemon:
        daemon.says("LimitNOFILE=")
        answer = json.loads(ask(tmp_path / "state" / "control.sock", "status"))
        assert {each["status"] for each in answer["files"]} == {"following", "error"}
        assert len(alerts_in(out)) < 120
        for writer in writers:
            with writer.path.open("ab") as file:
                file.write(b"\n")
        all_told(tmp_path, *writers)
        daemon.stop()


def test_r32_the_limit_is_raised_as_far_as_it_may_be(tmp_path):
    """A shell allows a process a thousand handles at first, and many more if it asks."""
    sabotage = """
import resource
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (40, most))
"""
    (tmp_path / "app.log").touch()
    with Running(tmp_path, config(tmp_path), sabotage=sabotage).ready() as daemon:
        soft, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
        assert soft == hard > 40
        daemon.stop()


def test_r33_deleted_files_are_let_go_of_beyond_a_limit(tmp_path):
    """A program goes on writing to a log that was deleted: told of before, lost with account."""
    text = config(tmp_path) + "held_files: {most: 1MiB}\n"
    log, out, noise = tmp_path / "app.log", tmp_path / "alerts.jsonl", b"noise\n" * 20_000

    def deleted() -> list[str]:
        handles = (Path(f"/proc/{daemon.pid}/fd")).iterdir()
        return [where for each in handles if "app.log (deleted)" in (where := _target(each))]

    def alert(rule: str) -> dict:
        found = [each for each in alerts_in(out) if each["rule"] == f"logwatch.{rule}"]
        return found[-1] if found else {}

    with Running(tmp_path, text, sabotage=IMPATIENT).ready() as daemon, log.open("ab", 0) as file:
        with oracle.Writer(log) as writer:
            writer.write(5)
            eventually(lambda: oracle.has_all(oracle.ours(alerts_in(out)), writer.written), "read")
        log.unlink()
        for _ in range(8):
            file.write(noise)
        eventually(lambda: alert("files-held").get("status") == "firing", "told of before")
        assert len(deleted()) == 1
        for _ in range(2):
            file.write(noise)
        eventually(lambda: alert("source-lost"), "told as lost")
        assert "was deleted and let go of" in alert("source-lost")["message"]
        eventually(lambda: not deleted(), "the disk has its bytes back")
        eventually(lambda: alert("files-held")["status"] == "resolved", "over")
        with oracle.Writer(log) as writer:
            writer.generation = 1
            writer.write(5)
            eventually(
                lambda: oracle.has_all(oracle.ours(alerts_in(out)), writer.written),
                "followed again",
            )
        daemon.stop()


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""


def test_r34_no_file_is_exchanged_for_a_device_behind_our_back(stage):
    """A log that is swapped for a link to a device and back, as fast as can be."""
    place, stop = stage.place(), Event()
    with place.writer("real.log") as writer:
        writer.write(5)

        def swap() -> None:
            while not stop.wait(0.0005):
                for target in ("/dev/zero", "/dev/full", place.folder / "real.log"):
                    new = place.folder / "new"
                    new.symlink_to(target)
                    new.rename(place.log)

        thread = Thread(target=swap, daemon=True)
        thread.start()
        try:
            for _ in range(20):
                writer.write(5)
                stop.wait(0.02)
        finally:
            stop.set()
            ended(thread)
        place.settle(writer)


@pytest.mark.parametrize("rule", ["allowed_roots", "owners"])
def test_r34_a_log_that_is_swapped_for_a_link_to_a_secret_shows_nothing_of_it(tmp_path, rule):
    """Two thousand times, and as the last thing: what is told are the log's own lines, once."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "secret").mkdir()
    log, new = tmp_path / "logs" / "app.log", tmp_path / "logs" / "new"
    for name in ("app.log", "app.log.1", "app.log-20260105"):
        (tmp_path / "secret" / name).write_text("ERROR gen=9 seq=9 crc=00000000 secret\n")
    # Whoever runs the tests makes all links; here nobody trusts him, and the secret is another's.
    sabotage = (
        IMPATIENT
        + f"""
import os
from logwatch.tailer import links
class Calls:
    def __getattr__(self, name):
        return getattr(os, name)
    def fstat(self, fd):
        status = os.fstat(fd)
        where = os.readlink("/proc/self/fd/%d" % fd)
        fields = list(status)
        fields[4] = 1 if where.startswith({str(tmp_path / "secret")!r}) else 65534
        return os.stat_result(fields)
if {rule == "owners"}:
    links._trusted, links.os = tuple, Calls()
"""
    )
    text = config(tmp_path, "logs/app.log")
    if rule == "allowed_roots":
        text += f"allowed_roots: [{tmp_path}/logs]\n"
    out, pause = tmp_path / "alerts.jsonl", Event()

    def state() -> dict[str, str]:
        answer = json.loads(ask(tmp_path / "state" / "control.sock", "status"))
        return next(each for each in answer["files"] if each["path"] == str(log))

    with oracle.Writer(log) as writer:
        writer.write(5)
        os.link(log, tmp_path / "logs" / "real.log")
        with Running(tmp_path, text, sabotage=sabotage).ready() as daemon:
            for number in range(2000):
                new.symlink_to(tmp_path / "secret" / "app.log")
                new.rename(log)
                if not number % 100:
                    writer.write(1)
                pause.wait(0.0005)
                os.link(tmp_path / "logs" / "real.log", new)
                new.rename(log)
            new.symlink_to(tmp_path / "secret" / "app.log")
            new.rename(log)
            writer.write(1)
            said = (
                "in none of allowed_roots" if rule == "allowed_roots" else "is a link that belongs"
            )
            daemon.says(said)
            eventually(lambda: said in state()["detail"], "shown by status")
            assert state()["status"] == "error"
            all_told(tmp_path, writer)
            daemon.stop()
    assert "00 secret" not in out.read_text()
