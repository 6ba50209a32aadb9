"""What the waker rests on in watchdog 7.1 and in the kernel, so that neither changes unnoticed.

Each trap is one that the waker avoids or works around; where a test here fails after an upgrade,
the waker must be looked at before the version is let in.
"""

import inspect
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, InotifyFD

from logwatch.daemon.event_reader import MASK, Reader

WITHIN = 5.0


class Seen:
    """A `WatchCallback` that keeps what it is told."""

    def __init__(self):
        self.events = []
        self.deleted = []
        self.overflows = 0
        self.changed = threading.Condition()

    def on_event(self, event):
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def on_watch_deleted(self, wd):
        with self.changed:
            self.deleted.append(wd)
            self.changed.notify_all()

    def on_queue_overflow(self):
        with self.changed:
            self.overflows += 1
            self.changed.notify_all()

    def until(self, condition):
        with self.changed:
            return self.changed.wait_for(condition, WITHIN)

    def names(self, flag=0xFFFFFFFF):
        return [event.name for event in self.events if event.mask & flag]


@pytest.fixture
def reader():
    made = InotifyFD()
    made.start()
    yield made
    made.stop()
    made.join(WITHIN)
    assert not made.is_alive()


@pytest.fixture
def public():
    """A directory that anyone can reach; those of pytest are for their owner only."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def add(reader, path, seen, number=1, mask=MASK):
    return reader.add_callback(os.fsencode(path), mask, seen, number)


def append(path):
    with path.open("a") as file:
        file.write("line\n")


def test_t1_a_directory_removed_twice_while_its_file_is_held_leaves_the_reader_alive(
    reader, tmp_path
):
    """With a recursive watch this raises KeyError in the reader's thread, for good."""
    seen, directory = Seen(), tmp_path / "a"
    directory.mkdir()
    (directory / "x").touch()
    add(reader, tmp_path, seen)
    add(reader, directory, seen, 2)
    with (directory / "x").open():
        shutil.rmtree(directory)
        directory.mkdir()
        shutil.rmtree(directory)
    append(tmp_path / "bell")
    assert seen.until(lambda: b"bell" in seen.names())
    assert reader.is_alive()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_t2_an_exception_in_a_callback_ends_the_reader_for_good(tmp_path):
    """Hence no callback of ours lets one out."""
    reader, seen = InotifyFD(), Seen()
    seen.on_event = None
    reader.start()
    add(reader, tmp_path, seen)
    append(tmp_path / "app.log")
    reader.join(WITHIN)
    assert not reader.is_alive()
    reader.stop()


def test_t3_an_overflow_reaches_every_callback_and_nobody_else(reader, tmp_path):
    seen = Seen()
    add(reader, tmp_path, seen)
    overflow = InotifyEvent(-1, InotifyConstants.IN_Q_OVERFLOW, 0, b"")
    assert overflow.is_queue_overflow
    reader.handle_event(overflow)
    assert seen.overflows == 1
    assert seen.events == []


def test_t3_a_real_overflow_is_reported(tmp_path):
    """The kernel's queue holds 16,384 events or so: a reader that is late loses the rest."""
    reader, seen = InotifyFD(), Seen()
    add(reader, tmp_path, seen)
    bound = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if bound > 100_000:  # an administrator's choice; the one above stands for it
        bound = 0
    files = [(tmp_path / name).open("ab", buffering=0) for name in ("a", "b")]
    for _ in range(bound // 2 + 1):  # in turn, or the kernel would merge them
        for file in files:
            file.write(b"x")
    for file in files:
        file.close()
    reader.start()
    assert bound == 0 or seen.until(lambda: seen.overflows)
    reader.stop()
    reader.join(WITHIN)


T4 = """
import os, sys
from watchdog.observers.inotify_c import InotifyFD
from logwatch.daemon.event_reader import MASK
if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)
reader = InotifyFD()
reader.start()
path = os.fsencode(sys.argv[1])
print(reader.add_callback(path, MASK, "a", 1), reader.add_callback(path, MASK, "b", 2))
reader.remove_callbacks([(-1, 1), (-1, 2)])
reader.stop()
"""


def test_t4_a_directory_that_may_not_be_read_gives_the_watch_minus_one(public):
    closed = public / "closed"
    closed.mkdir(mode=0o700 if os.geteuid() == 0 else 0o000)
    command = [sys.executable, "-W", "error", "-c", T4, str(closed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.stdout, done.stderr) == ("-1 -1\n", "")


def test_t5_a_removed_directory_is_told_and_its_successor_can_be_watched(reader, tmp_path):
    seen, directory = Seen(), tmp_path / "log"
    directory.mkdir()
    wd = add(reader, directory, seen)
    directory.rmdir()
    assert seen.until(lambda: seen.deleted == [wd])
    assert seen.events[-1].is_delete_self
    directory.mkdir()
    assert add(reader, directory, seen) != wd
    append(directory / "app.log")
    assert seen.until(lambda: b"app.log" in seen.names())


def test_t5_the_kernel_tells_of_it_only_when_the_last_file_is_closed(reader, tmp_path):
    """Which is why the parent is watched too: it tells at once."""
    inner, outer, directory = Seen(), Seen(), tmp_path / "log"
    directory.mkdir()
    (directory / "app.log").touch()
    add(reader, directory, inner)
    add(reader, tmp_path, outer)
    with (directory / "app.log").open():
        shutil.rmtree(directory)
        assert outer.until(lambda: b"log" in outer.names(InotifyConstants.IN_DELETE))
        assert inner.deleted == []
    assert inner.until(lambda: inner.deleted)


def test_t6_a_moved_directory_keeps_its_watch_and_says_that_it_moved(reader, tmp_path):
    seen, directory = Seen(), tmp_path / "log"
    directory.mkdir()
    add(reader, directory, seen)
    directory.rename(tmp_path / "old")
    assert seen.until(lambda: seen.events and seen.events[0].is_move_self)
    append(tmp_path / "old" / "app.log")
    assert seen.until(lambda: b"app.log" in seen.names())
    assert add(reader, tmp_path / "old", seen, 2) == seen.events[0].wd


def test_t7_a_move_out_delays_nothing_behind_it(reader, tmp_path):
    """Half a second for everyone, where watchdog groups the two halves of a move."""
    seen, directory, took = Seen(), tmp_path / "log", []
    directory.mkdir()
    add(reader, directory, seen)
    for number in range(3):  # the best of three, for a busy machine's sake
        append(directory / "app.log")
        (directory / "app.log").rename(tmp_path / "elsewhere")
        began = time.perf_counter()
        append(directory / f"{number}.log")
        assert seen.until(lambda number=number: b"%d.log" % number in seen.names())
        took.append(time.perf_counter() - began)
    assert min(took) < 0.4


def test_t8_a_second_mask_replaces_the_first(reader, tmp_path):
    """Hence one mask for all."""
    first, second = Seen(), Seen()
    wd = add(reader, tmp_path, first)
    assert add(reader, tmp_path, second, 2, InotifyConstants.IN_DELETE) == wd
    append(tmp_path / "app.log")
    (tmp_path / "app.log").unlink()
    assert second.until(lambda: second.events)
    assert first.names() == second.names() == [b"app.log"]


def test_a_second_callback_of_the_same_number_is_warned_of(reader, tmp_path):
    """Hence a new number for every arming."""
    add(reader, tmp_path, Seen())
    with pytest.warns(RuntimeWarning, match="already exists"):
        add(reader, tmp_path, Seen())


def test_a_removed_callback_hears_nothing_and_takes_no_other_with_it(reader, tmp_path):
    gone, left = Seen(), Seen()
    wd = add(reader, tmp_path, gone)
    add(reader, tmp_path, left, 2)
    reader.remove_callbacks([(wd, 1)])
    append(tmp_path / "app.log")
    assert left.until(lambda: left.events)
    assert gone.events == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reader.remove_callbacks([(wd, 2), (wd, 2), (77, 1)])
    assert not reader._watch_for_wd


def test_t9_a_linked_directory_is_followed_and_a_switch_is_not_noticed(reader, tmp_path):
    """Hence the directory that holds the link is watched too."""
    seen = Seen()
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
    link = tmp_path / "current"
    link.symlink_to("v1")
    add(reader, link, seen)
    link.unlink()
    link.symlink_to("v2")
    append(tmp_path / "v2" / "unseen.log")
    append(tmp_path / "v1" / "seen.log")
    assert seen.until(lambda: b"seen.log" in seen.names())
    assert b"unseen.log" not in seen.names()


def test_t10_an_unmount_ends_the_watch(reader, tmp_path):
    """As the kernel says it: IN_UNMOUNT with the watch, then IN_IGNORED."""
    seen = Seen()
    wd = add(reader, tmp_path, seen)
    reader.handle_event(InotifyEvent(wd, InotifyConstants.IN_UNMOUNT, 0, b""))
    reader.handle_event(InotifyEvent(wd, InotifyConstants.IN_IGNORED, 0, b""))
    assert [event.name for event in seen.events] == [b""]
    assert seen.deleted == [wd]


def test_t11_reading_makes_no_event(reader, tmp_path):
    append(tmp_path / "app.log")
    seen = Seen()
    add(reader, tmp_path, seen)
    assert (tmp_path / "app.log").read_text()
    assert os.listdir(tmp_path)  # noqa: PTH208 - the system call itself
    append(tmp_path / "bell")
    assert seen.until(lambda: b"bell" in seen.names())
    assert set(seen.names()) == {b"bell"}


def test_t13_what_the_kernel_never_tells(reader, tmp_path):
    """Which is why polling never stops: moved out, hard link elsewhere, mmap."""
    import mmap  # noqa: PLC0415 - for this one

    log, elsewhere = tmp_path / "log", tmp_path / "elsewhere"
    log.mkdir()
    elsewhere.mkdir()
    for name in ("moved", "linked", "mapped"):
        (log / name).write_text("one\n" * 2000)
    os.link(log / "linked", elsewhere / "linked")
    seen = Seen()
    add(reader, log, seen)
    with (log / "moved").open("a") as held, (log / "mapped").open("r+b") as mapped:
        (log / "moved").rename(elsewhere / "moved")
        held.write("two\n")
        held.flush()
        append(elsewhere / "linked")
        with mmap.mmap(mapped.fileno(), 0) as memory:
            memory[0:4] = b"two\n"
            memory.flush()
        append(log / "bell")
        assert seen.until(lambda: b"bell" in seen.names(InotifyConstants.IN_MODIFY))
    assert seen.names(InotifyConstants.IN_MODIFY) == [b"bell"]


def test_t13_what_the_kernel_does_tell(reader, tmp_path):
    """Late writes to a file that was removed, or renamed within its directory."""
    seen = Seen()
    for name in ("removed", "renamed"):
        append(tmp_path / name)
    add(reader, tmp_path, seen)
    with (tmp_path / "removed").open("a") as removed, (tmp_path / "renamed").open("a") as renamed:
        (tmp_path / "removed").unlink()
        (tmp_path / "renamed").rename(tmp_path / "renamed.1")
        removed.write("late\n")
        renamed.write("late\n")
    assert seen.until(lambda: len(seen.names(InotifyConstants.IN_MODIFY)) == 2)
    assert set(seen.names(InotifyConstants.IN_MODIFY)) == {b"removed", b"renamed.1"}


def test_the_kernel_merges_repeated_writes_that_wait_to_be_read(tmp_path):
    """What makes a pause of the reader cheap for a busy file."""
    reader, seen = InotifyFD(), Seen()
    add(reader, tmp_path, seen)
    with (tmp_path / "app.log").open("ab", buffering=0) as file:
        for _ in range(10_000):
            file.write(b"x")
    append(tmp_path / "bell")
    reader.start()
    assert seen.until(lambda: b"bell" in seen.names(InotifyConstants.IN_MODIFY))
    assert seen.names(InotifyConstants.IN_MODIFY).count(b"app.log") == 1
    reader.stop()
    reader.join(WITHIN)


def test_what_our_reader_overrides_is_still_there_and_still_called():
    """The names are watchdog's own; where they change, only speed would be lost, and silently."""
    own = {"run", "start", "_create_inotify_fd", "_read_event_buffer"}
    assert own <= set(vars(Reader))
    assert own - {"start"} <= set(vars(InotifyFD))
    assert "self._read_event_buffer(" in inspect.getsource(InotifyFD.read_events)
    assert "self._create_inotify_fd(" in inspect.getsource(InotifyFD.__init__)
    assert "self._is_reading" in inspect.getsource(InotifyFD.close)
    assert "self._lock" in inspect.getsource(InotifyFD.close)
