"""Who asked is woken when the way to a file changes; what cannot be watched is known and mended."""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from doubles.process import line_of
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent

from logwatch.clock import ManualClock, Moment, SystemClock
from logwatch.daemon import arming, event_reader, inotify, waker
from logwatch.daemon.event_reader import Reader, distinct, probe
from logwatch.daemon.inotify import InotifyWaker
from logwatch.daemon.lookup import filesystem_without_events, steps
from logwatch.daemon.waker import ManualWaker, PollWaker, WakerStatus, make_waker
from logwatch.telemetry import telemetry

WITHIN = 5.0


def open_files():
    return {path.name for path in Path("/proc/self/fd").iterdir()}


class Woken:
    """What a monitor is to a waker: an Event and nothing else."""

    def __init__(self):
        self.event = threading.Event()
        self.times = 0

    def __call__(self):
        self.times += 1
        self.event.set()

    def by(self, action):
        """Whether `action` wakes it."""
        self.event.clear()
        action()
        return self.event.wait(WITHIN)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def live(clock):
    """A running InotifyWaker; nothing of it may be left behind."""
    descriptors = open_files()
    made = InotifyWaker(clock)
    made.start()
    yield made
    made.stop(WITHIN)
    assert not [thread for thread in threading.enumerate() if thread.name == "waker"]
    assert open_files() <= descriptors


@pytest.fixture
def settled(live, tmp_path):
    """Call it to know that every event so far has been dealt with."""
    bell, path = Woken(), tmp_path / "bell"
    live.watch(str(path), bell)

    def settle():
        for _ in range(2):  # what the first left to do is done before the second is read
            text = path.read_text() if path.exists() else ""
            assert bell.by(lambda text=text: path.write_text(text + "x"))

    return settle


@pytest.fixture
def public():
    """A directory that anyone can reach; those of pytest are for their owner only."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def watch(live, path):
    woken = Woken()
    live.watch(str(path), woken)
    return woken


def append(path, text="line\n"):
    with path.open("a") as file:
        file.write(text)


def counted(name):
    return telemetry.counters[name]


# The file itself


def test_a_write_wakes_within_milliseconds(live, tmp_path):
    path = tmp_path / "app.log"
    path.touch()
    woken = watch(live, path)
    assert live.covers(str(path))
    assert woken.by(lambda: append(path))


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.unlink(),
        lambda path: path.rename(path.with_name("app.log.1")),
        lambda path: path.rename(path.parent.parent / "elsewhere"),
        lambda path: path.with_name("new").rename(path),
        lambda path: path.chmod(0o600),
        lambda path: os.truncate(path, 0),
    ],
    ids=["deleted", "renamed", "moved-out", "replaced", "chmod", "truncated"],
)
def test_whatever_happens_to_the_name_wakes(live, tmp_path, change):
    (tmp_path / "log").mkdir()
    path = tmp_path / "log" / "app.log"
    path.write_text("one\n")
    path.with_name("new").touch()
    woken = watch(live, path)
    assert woken.by(lambda: change(path))


def test_a_moved_file_is_not_waited_for_half_a_second(live, tmp_path):
    """T7: watchdog's own event grouper delays all that comes after a move out of the watch."""
    (tmp_path / "log").mkdir()
    path, other = tmp_path / "log" / "app.log", tmp_path / "log" / "other.log"
    woken = watch(live, other)
    took = []
    for _ in range(3):  # the best of three, for a busy machine's sake
        path.touch()
        path.rename(tmp_path / "elsewhere")
        began = time.perf_counter()
        assert woken.by(lambda: append(other))
        took.append(time.perf_counter() - began)
    assert min(took) < 0.4


def test_other_files_of_the_directory_wake_nobody(live, tmp_path, settled):
    woken = watch(live, tmp_path / "app.log")
    settled()
    append(tmp_path / "app.log.1")
    (tmp_path / "sub").mkdir()
    settled()
    assert woken.times == 0


def test_reading_a_file_wakes_nobody(live, tmp_path, settled):
    """T11: with IN_OPEN or IN_CLOSE the daemon's own reads would feed back."""
    path = tmp_path / "app.log"
    path.write_text("one\n")
    woken = watch(live, path)
    settled()
    before = woken.times
    assert path.read_text() == "one\n"
    settled()
    assert woken.times == before


def test_one_directory_has_one_watch_however_many_files(live, tmp_path):
    before = live.status().watched
    everyone = [watch(live, tmp_path / f"{number}.log") for number in range(200)]
    after = live.status().watched
    assert after - before <= len(tmp_path.parts)
    assert all(woken.by((tmp_path / f"{n}.log").touch) for n, woken in enumerate(everyone))
    assert live.status().watched == after


@pytest.fixture
def walks(monkeypatch):
    """The paths to which a way was walked."""
    paths, really = [], inotify.steps
    monkeypatch.setattr(inotify, "steps", lambda path, how: paths.append(path) or really(path, how))
    return paths


def test_the_files_of_one_directory_share_one_walk(live, tmp_path, settled, walks):
    """As long as nothing happens to any way; each is woken all the same."""
    (tmp_path / "log").mkdir()
    settled()
    walks.clear()
    files = [tmp_path / "log" / f"{number}.log" for number in range(20)]
    woken = [watch(live, path) for path in files]
    assert walks == [str(files[0])]
    for path, each in zip(files, woken, strict=True):
        assert each.by(path.touch)
        assert each.by(lambda path=path: append(path))
    assert all(live.covers(str(path)) for path in files)
    live.unwatch(str(files[0]))
    assert woken[1].by(lambda: append(files[1]))


@pytest.mark.parametrize("odd", ["link.log", "folder", "./dot.log", "gone/app.log"])
def test_a_way_that_leads_on_is_walked(live, tmp_path, settled, walks, odd):
    """Where it goes is known to nobody yet."""
    target = tmp_path / "elsewhere"
    target.mkdir()
    log = tmp_path / "log"
    (log / "folder").mkdir(parents=True)
    (log / "link.log").symlink_to(target / "app.log")
    settled()
    watch(live, log / "a.log")
    walks.clear()
    path = f"{log}/{odd}"
    woken = Woken()
    live.watch(path, woken)
    assert walks == [path]
    if odd == "link.log":
        assert woken.by((target / "app.log").touch)


def test_a_known_way_is_the_one_that_is_there_now(live, tmp_path, settled):
    """The directory of that name is another one by now."""
    log = tmp_path / "log"
    log.mkdir()
    settled()
    first = watch(live, log / "a.log")
    log.rename(tmp_path / "old")
    log.mkdir()
    assert first.by((log / "a.log").touch)
    settled()
    second = watch(live, log / "b.log")
    assert second.by((log / "b.log").touch)


def test_a_doubt_that_arises_while_a_known_way_is_taken_has_it_walked(
    live, tmp_path, settled, walks, monkeypatch
):
    """What happened before its directories knew of it is told to nobody."""
    log = tmp_path / "log"
    log.mkdir()
    settled()
    watch(live, log / "a.log")
    walks.clear()
    really = live._known_ways.to

    def to(path):
        way = really(path)
        live._doubts.arise()
        return way

    monkeypatch.setattr(live._known_ways, "to", to)
    second = watch(live, log / "b.log")
    assert walks == [str(log / "b.log")]
    assert second.by((log / "b.log").touch)


def test_unwatch_takes_the_watches_off_that_nobody_needs(live, tmp_path):
    before = live.status().watched
    watch(live, tmp_path / "a" / "app.log")
    live.watch_directory(str(tmp_path), Woken())
    live.unwatch(str(tmp_path / "a" / "app.log"))
    live.unwatch(str(tmp_path))
    live.unwatch("/never/watched")
    assert live.status().watched == before
    assert not live._reader._watch_for_wd
    assert not live.covers(str(tmp_path))


def test_a_second_watch_of_a_path_replaces_the_first(live, tmp_path, settled):
    first, second = watch(live, tmp_path / "app.log"), watch(live, tmp_path / "app.log")
    assert second.by((tmp_path / "app.log").touch)
    settled()
    assert first.times == 0


def test_names_that_are_no_utf_8_are_names_all_the_same(live, tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.log")
    woken = Woken()
    live.watch(path, woken)
    assert woken.by(lambda: open(path, "w").close())  # noqa: PTH123 - as short as can be


def test_a_relative_path_is_refused(live):
    with pytest.raises(ValueError, match="not an absolute path"):
        live.watch("app.log", Woken())
    assert live.status().polled == ()


# The way to it


def test_missing_parents_are_found_as_they_are_made_one_by_one(live, tmp_path):
    path = tmp_path / "a" / "b" / "c" / "app.log"
    woken = watch(live, path)
    for parent in reversed(path.parents[:3]):
        assert woken.by(parent.mkdir)
    assert woken.by(path.touch)
    assert woken.by(lambda: append(path))


def test_parents_made_all_at_once_leave_no_gap(live, tmp_path):
    """The watch is armed before the look, so a file made meanwhile is seen by one or the other."""
    for number in range(30):
        path = tmp_path / f"{number}" / "b" / "app.log"
        woken = watch(live, path)

        def make(path=path):
            path.parent.mkdir(parents=True)
            path.write_text("line\n")

        assert woken.by(make)
        assert woken.by(lambda path=path: append(path))


def test_a_directory_removed_and_made_anew_while_its_file_is_held_open(live, tmp_path):
    """T1 and T5: this kills watchdog's recursive emitter, and leaves its plain one deaf."""
    path = tmp_path / "log" / "app.log"
    woken = watch(live, path)
    for _ in range(10):
        path.parent.mkdir()
        path.touch()
        with path.open() as held:
            assert woken.by(lambda: shutil.rmtree(path.parent))
            path.parent.mkdir()
            shutil.rmtree(path.parent)
            held.read()
    path.parent.mkdir()
    assert woken.by(path.touch)
    assert woken.by(lambda: append(path))
    assert live._reader.is_alive()
    live.check(live._clock.moment())
    assert live.status().rebuilds == 0


def test_a_renamed_directory_is_let_go_and_the_new_one_of_its_name_is_watched(
    live, tmp_path, settled
):
    """T6: events of the moved directory must not pass for events of the new one."""
    path = tmp_path / "log" / "app.log"
    path.parent.mkdir()
    path.touch()
    woken = watch(live, path)
    assert woken.by(lambda: path.parent.rename(tmp_path / "old"))
    settled()
    before = woken.times
    append(tmp_path / "old" / "app.log")
    settled()
    assert woken.times == before
    assert woken.by(path.parent.mkdir)
    assert woken.by(path.touch)


def test_a_directory_swapped_for_another_between_two_looks_is_armed_anew(live, tmp_path, settled):
    path = tmp_path / "log" / "app.log"
    path.parent.mkdir()
    woken = watch(live, path)
    with live._lock:  # both changes are there before the way is walked again
        path.parent.rename(tmp_path / "old")
        path.parent.mkdir()
    settled()
    assert woken.by(path.touch)
    assert woken.by(lambda: append(path))


def test_a_renamed_grandparent_is_noticed_at_once(live, tmp_path):
    path = tmp_path / "srv" / "shop" / "log" / "app.log"
    path.parent.mkdir(parents=True)
    path.touch()
    woken = watch(live, path)
    assert woken.by(lambda: (tmp_path / "srv").rename(tmp_path / "old"))
    assert woken.by(lambda: path.parent.mkdir(parents=True))
    assert woken.by(path.touch)


def retarget(link, target):
    new = link.with_name("new-link")
    new.symlink_to(target)
    new.replace(link)


def test_a_switched_link_to_the_file_wakes_and_the_new_target_is_watched(live, tmp_path, settled):
    """T9: watchdog's emitters do not notice a link that is switched."""
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.log").touch()
    (tmp_path / "link").mkdir()
    link = tmp_path / "link" / "app.log"
    link.symlink_to(tmp_path / "v1" / "app.log")
    woken = watch(live, link)
    assert woken.by(lambda: append(tmp_path / "v1" / "app.log"))
    assert woken.by(lambda: retarget(link, "../v2/app.log"))
    assert woken.by(lambda: append(tmp_path / "v2" / "app.log"))
    settled()
    before = woken.times
    append(tmp_path / "v1" / "app.log")
    settled()
    assert woken.times == before


def test_a_switched_link_on_the_way_wakes_through_a_chain_of_links(live, tmp_path):
    for name in ("v1", "v2"):
        (tmp_path / "releases" / name / "log").mkdir(parents=True)
        (tmp_path / "releases" / name / "log" / "app.log").touch()
    (tmp_path / "current").symlink_to("releases/latest")
    (tmp_path / "releases" / "latest").symlink_to("./v1/../v1")
    woken = watch(live, tmp_path / "current" / "log" / "app.log")
    assert woken.by(lambda: append(tmp_path / "releases" / "v1" / "log" / "app.log"))
    assert woken.by(lambda: retarget(tmp_path / "releases" / "latest", "v2"))
    assert woken.by(lambda: append(tmp_path / "releases" / "v2" / "log" / "app.log"))


def test_links_in_a_circle_end(live, tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    woken = watch(live, tmp_path / "a" / "app.log")
    (tmp_path / "dir").mkdir()
    assert woken.by(lambda: retarget(tmp_path / "b", "dir"))
    assert woken.by((tmp_path / "dir" / "app.log").touch)


def test_the_steps_to_a_file_are_the_kernels_own(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "app.log").touch()
    taken = [(step.directory, step.name) for step in steps(f"{tmp_path}//link/./app.log")]
    base = str(tmp_path)
    assert taken[-3:] == [(base, "link"), (base, "real"), (f"{base}/real", "app.log")]
    assert taken[0] == ("/", tmp_path.parts[1])


# Directories


def test_entries_that_come_and_go_wake_a_directory_and_writes_do_not(live, tmp_path, settled):
    directory = tmp_path / "log"
    directory.mkdir()
    path = directory / "app.log"
    woken = Woken()
    live.watch_directory(str(directory), woken)
    assert woken.by(path.touch)
    assert woken.by(lambda: path.rename(directory / "app.log.1"))
    assert woken.by(lambda: path.with_name("app.log.1").unlink())
    assert woken.by((directory / "sub").mkdir)
    append(path)
    settled()
    before = woken.times
    append(path)
    settled()
    assert woken.times == before


def test_a_directory_that_comes_later_wakes(live, tmp_path):
    woken = Woken()
    live.watch_directory(str(tmp_path / "log"), woken)
    assert woken.by((tmp_path / "log").mkdir)
    assert woken.by((tmp_path / "log" / "app.log").touch)
    assert woken.by(lambda: shutil.rmtree(tmp_path / "log"))


# What goes wrong


def test_an_error_in_a_wake_harms_nobody_else(live, tmp_path):
    """T2: in watchdog it would end the thread, and with it every event."""
    before = counted("waker.wake_failed"), counted("waker.wake_failures")

    def fail():
        raise SystemExit

    live.watch(str(tmp_path / "bad.log"), fail)
    woken = watch(live, tmp_path / "good.log")
    for _ in range(3):
        append(tmp_path / "bad.log")
        assert woken.by(lambda: append(tmp_path / "good.log"))
    assert counted("waker.wake_failed") == before[0] + 1
    assert counted("waker.wake_failures") >= before[1] + 3
    assert live._reader.is_alive()


def test_after_an_overflow_everyone_is_woken_at_most_once_a_second(live, tmp_path, clock, settled):
    """T3: only `on_queue_overflow` sees it."""
    everyone = [watch(live, tmp_path / str(number) / "app.log") for number in range(5)]
    overflow = next(iter(live._directories.values())).on_queue_overflow
    assert all(not woken.times for woken in everyone)
    overflow()
    settled()  # any event at all has the reader look
    assert [woken.times for woken in everyone] == [1] * 5
    overflow()
    settled()
    assert [woken.times for woken in everyone] == [1] * 5
    clock.advance(1)
    live.check(clock.moment())
    assert [woken.times for woken in everyone] == [2] * 5
    assert live.status().overflows == 2


def test_a_reader_that_died_is_replaced_and_everyone_is_woken(live, tmp_path, clock):
    """T2 and R21: whatever kills the thread, `check` builds another within a second."""
    path = tmp_path / "app.log"
    woken = watch(live, path)
    dead = live._reader
    dead.handle_event = None  # the next event raises TypeError in the thread
    path.touch()
    dead.join(WITHIN)
    assert not dead.is_alive()
    assert woken.by(lambda: live.check(clock.moment()))
    assert live.status().rebuilds == 1
    assert woken.by(lambda: append(path))


def test_a_deaf_reader_is_found_by_the_canary(tmp_path, clock):
    """R21: a live thread proves nothing, only an answer does."""
    canary = tmp_path / "run" / "canary"
    canary.parent.mkdir()
    live = InotifyWaker(clock, canary)
    live.start()
    woken = watch(live, tmp_path / "app.log")
    try:
        for _ in range(3):
            live.check(clock.moment())
            assert live._canary._answered.wait(WITHIN)
            clock.advance(30)
        assert live.status().rebuilds == 0
        deaf = live._reader
        deaf.handle_event = lambda event: None
        live.check(clock.moment())
        clock.advance(4.9)
        live.check(clock.moment())
        assert live.status().rebuilds == 0
        clock.advance(0.1)
        assert woken.by(lambda: live.check(clock.moment()))
        assert live.status().rebuilds == 1
        assert woken.by((tmp_path / "app.log").touch)
        deaf.join(WITHIN)
        assert not deaf.is_alive()
    finally:
        live.stop(WITHIN)


class FailingReader(Reader):
    """The kernel lets nobody read events for as long as `error` is set."""

    error = OSError(errno.EIO, os.strerror(errno.EIO))

    def _check_inotify_fd(self):
        is_readable = super()._check_inotify_fd()
        if is_readable and self.error is not None:
            raise self.error
        return is_readable


@pytest.fixture
def failing(clock):
    """A waker no reader of which can read, for now."""
    waker = InotifyWaker(clock, make_reader=FailingReader)
    waker.start()
    yield waker
    waker.stop(WITHIN)


@pytest.fixture
def said(monkeypatch):
    """What was logged: level, event, fields."""
    lines = []
    for level in ("info", "warning", "error"):
        monkeypatch.setattr(
            inotify.telemetry,
            level,
            lambda event, level=level, **fields: lines.append((level, event, fields)),
        )
    return lines


def die(waker, path):
    """Its reader, if there is one: of an event."""
    reader = waker._reader
    if reader is not None and reader.is_alive():
        append(path)
        reader.join(WITHIN)
        assert not reader.is_alive()


def test_readers_that_die_again_and_again_are_replaced_ever_later(failing, tmp_path, clock, said):
    """R26: it is said once, and until the next one stands everything is polled."""
    path, began = tmp_path / "app.log", clock.steady()
    woken, made_at = watch(failing, path), []
    for _ in range(250):
        die(failing, path)
        before = failing.status().rebuilds
        failing.check(clock.moment())
        if failing.status().rebuilds > before:
            made_at.append(round(clock.steady() - began))
            assert failing.covers(str(path))
            assert failing.status().reason == ""
        else:
            assert not failing.covers(str(path))
            assert not failing.covers_all()
            status = failing.status()
            assert status.watched == 0
            assert status.reason == "the thread that reads events died: Input/output error"
            assert {each.reason for each in status.polled} == {status.reason}
        clock.advance(1)
    assert made_at == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]
    assert woken.times >= len(made_at)
    reason = "the thread that reads events died: Input/output error"
    assert said == [("error", "waker.reader_died", {"reason": reason})]


def test_a_reader_that_stands_again_for_a_minute_is_said_once(
    failing, tmp_path, clock, said, monkeypatch
):
    """And the next death is one of its own: told, and mended at once."""
    path = tmp_path / "app.log"
    woken = watch(failing, path)
    for _ in range(40):
        die(failing, path)
        failing.check(clock.moment())
        clock.advance(1)
    monkeypatch.setattr(FailingReader, "error", None)
    clock.advance(60)
    failing.check(clock.moment())
    said.clear()
    assert woken.by(lambda: append(path))
    for _ in range(3):
        failing.check(clock.moment())
        clock.advance(60)
    tries = failing.status().rebuilds
    assert said == [("info", "waker.rebuilt", {"rebuilds": tries})]
    monkeypatch.setattr(FailingReader, "error", KeyError("of its own"))
    die(failing, path)
    failing.check(clock.moment())
    assert failing.covers(str(path))
    assert failing.status().rebuilds == tries + 1
    (_, (level, event, fields)) = said
    assert (level, event) == ("error", "waker.reader_died")
    assert fields["exc_info"] is FailingReader.error


def test_readers_that_stay_deaf_are_replaced_ever_later(tmp_path, clock, said):
    class Deaf(Reader):
        def handle_event(self, event):
            pass

    live = InotifyWaker(clock, tmp_path / "canary", make_reader=Deaf)
    live.start()
    watch(live, tmp_path / "app.log")
    began, made_at = clock.steady(), []
    for _ in range(300):
        before = live.status().rebuilds
        live.check(clock.moment())
        if live.status().rebuilds > before:
            made_at.append(round(clock.steady() - began))
        clock.advance(1)
    live.stop(WITHIN)
    assert made_at == [5, 11, 17, 23, 31, 47, 79, 139, 199, 259]
    reason = "no event came for the canary file"
    assert said == [("warning", "waker.reader_deaf", {"reason": reason})]


def test_a_canary_that_cannot_be_written_proves_nothing(tmp_path, clock):
    live = InotifyWaker(clock, tmp_path / "missing" / "canary")
    live.start()
    for _ in range(10):
        live.check(clock.moment())
        clock.advance(31)
    assert live.status().rebuilds == 0
    live.stop(WITHIN)


class FullReader(Reader):
    """The kernel grants no watch for a path that contains `refused`."""

    refused = b"full"
    code = errno.ENOSPC

    def add_callback(self, path, mask, callback, id_):
        if self.refused in path:
            raise OSError(self.code, os.strerror(self.code))
        return super().add_callback(path, mask, callback, id_)


def test_over_the_limit_of_watches_directories_are_polled_and_tried_again(
    tmp_path, clock, monkeypatch
):
    warned = counted("waker.directory_polled")
    live = InotifyWaker(clock, make_reader=FullReader)
    live.start()
    for number in range(20):
        (tmp_path / f"full{number}").mkdir()
    everyone = [watch(live, tmp_path / f"full{number}" / "app.log") for number in range(20)]
    fine = watch(live, tmp_path / "fine.log")
    assert fine.by((tmp_path / "fine.log").touch)
    polled = live.status().polled
    assert [entry.directory for entry in polled] == sorted(
        str(tmp_path / f"full{number}") for number in range(20)
    )
    assert "watches" in polled[0].reason
    assert "max_user_watches" in polled[0].remedy
    assert not live.covers(str(tmp_path / "full0" / "app.log"))
    assert not live.covers_all()
    assert counted("waker.directory_polled") == warned + 1  # one limit, one warning
    monkeypatch.setattr(FullReader, "refused", b"nothing")
    clock.advance(1)
    live.check(clock.moment())
    assert live.status().polled == ()
    assert live.covers_all()
    assert all(woken.times for woken in everyone)
    assert everyone[3].by((tmp_path / "full3" / "app.log").touch)
    live.stop(WITHIN)


def test_a_directory_says_itself_that_it_moved_where_its_parent_cannot_be_watched(tmp_path, clock):
    class Refusing(Reader):
        def add_callback(self, path, mask, callback, id_):
            return super().add_callback(b"/none" if path == parent else path, mask, callback, id_)

    parent = os.fsencode(tmp_path)
    live = InotifyWaker(clock, make_reader=Refusing)
    live.start()
    (tmp_path / "log").mkdir()
    path = tmp_path / "log" / "app.log"
    woken = watch(live, path)
    assert live.covers(str(path))
    assert woken.by(lambda: path.parent.rename(tmp_path / "old"))
    live.stop(WITHIN)


def test_a_watch_that_the_kernel_took_off_is_armed_anew(live, tmp_path, settled):
    """T10: an unmount does it; and a directory made anew can have the old one's inode."""
    path = tmp_path / "log" / "app.log"
    path.parent.mkdir()
    woken = watch(live, path)
    wd = live._directories[str(path.parent)].wd
    live._reader.handle_event(InotifyEvent(wd, InotifyConstants.IN_IGNORED, 0, b""))
    settled()
    assert woken.times
    assert woken.by(path.touch)


def test_retries_back_off_to_a_minute(tmp_path, clock):
    tries = []

    class Counting(FullReader):
        def add_callback(self, path, mask, callback, id_):
            if self.refused in path:
                tries.append(round(clock.steady() - began))
            return super().add_callback(path, mask, callback, id_)

    began = clock.steady()
    live = InotifyWaker(clock, make_reader=Counting)
    live.start()
    (tmp_path / "full").mkdir()
    watch(live, tmp_path / "full" / "app.log")
    for _ in range(250):
        clock.advance(1)
        live.check(clock.moment())
    live.stop(WITHIN)
    assert tries == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]


def test_without_an_instance_everything_is_polled_until_there_is_one(tmp_path, clock):
    free = []

    def reader(*args):
        if not free:
            raise OSError(errno.EMFILE, "inotify instance limit reached")
        return Reader(*args)

    live = InotifyWaker(clock, make_reader=reader)
    live.start()
    live.start()
    woken = watch(live, tmp_path / "app.log")
    status = live.status()
    assert "instances" in status.reason
    assert "max_user_instances" in status.polled[0].remedy
    live.check(clock.moment())
    free.append(1)
    clock.advance(2)
    assert woken.by(lambda: live.check(clock.moment()))
    assert live.status().reason == ""
    assert live.status().polled == ()
    assert woken.by((tmp_path / "app.log").touch)
    live.stop(WITHIN)


def test_without_a_thread_everything_is_polled_and_nothing_leaks(tmp_path, clock, monkeypatch):
    descriptors = open_files()

    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    live = InotifyWaker(clock)
    live.start()
    assert "thread" in live.status().reason
    live.stop(WITHIN)
    assert open_files() <= descriptors


def test_a_file_system_without_events_is_polled_and_said_so(live, tmp_path, monkeypatch):
    monkeypatch.setattr(arming, "filesystem_without_events", lambda device: "nfs4")
    live._arming.forget_kinds()
    (tmp_path / "log").mkdir()
    watch(live, tmp_path / "log" / "app.log")
    assert not live.covers(str(tmp_path / "log" / "app.log"))
    assert "nfs4" in live.status().polled[0].reason


def test_the_type_of_a_file_system_comes_from_the_mount_table(tmp_path, monkeypatch):
    table = tmp_path / "mountinfo"
    table.write_text(
        "22 1 8:1 / / rw,noatime shared:1 - ext4 /dev/sda1 rw\n"
        "40 22 0:51 / /mnt/a\\040b rw shared:2 master:1 - nfs4 host:/x rw\n"
        "41 22 0:52 / /mnt/s rw - fuse.sshfs host: rw\n"
        "42 22 8:2 / /mnt/n rw - fuseblk /dev/sda2 rw\n"
    )
    monkeypatch.setattr("logwatch.daemon.lookup._MOUNTS", table)
    devices = [os.makedev(8, 1), os.makedev(0, 51), os.makedev(0, 52), os.makedev(8, 2), 77]
    kinds = [filesystem_without_events(device) for device in devices]
    assert kinds == [None, "nfs4", "fuse.sshfs", None, None]
    table.unlink()
    assert filesystem_without_events(os.makedev(0, 51)) is None


def test_another_directory_mounted_over_is_found_by_comparing(live, tmp_path, clock, monkeypatch):
    """No event tells of a mount, so `check` compares a share of the watches with their paths."""
    (tmp_path / "log").mkdir()
    woken = watch(live, tmp_path / "log" / "app.log")
    real = inotify.identity_of
    monkeypatch.setattr(
        inotify,
        "identity_of",
        lambda path, _asking: (0, 0) if path.endswith("/log") else real(path),
    )
    assert woken.by(lambda: live.check(clock.moment()))


def test_a_settled_lock_is_not_waited_for(live, tmp_path, clock):
    """Somebody who arms on a hanging file system holds up neither events nor the scheduler."""
    woken = watch(live, tmp_path / "app.log")
    with live._places.turn:
        (tmp_path / "app.log").touch()  # is left for later
        assert woken.by(lambda: append(tmp_path / "app.log"))  # a write needs no lock
    live.check(clock.moment())


AS_NOBODY = """
import os, sys, threading
from logwatch.clock import ManualClock
from logwatch.daemon.inotify import InotifyWaker
from logwatch.telemetry import telemetry
telemetry.load()  # imports what nobody may not
os.setgroups([]); os.setgid(65534); os.setuid(65534)
root = sys.argv[1]
clock, woken = ManualClock(), threading.Event()
live = InotifyWaker(clock)
live.start()
live.watch(root + "/closed/app.log", woken.set)
live.watch(root + "/search/app.log", woken.set)
for entry in live.status().polled: print(os.path.basename(entry.directory), entry.reason, sep=": ")
print("ready", flush=True)
print(woken.wait(60), [entry.directory for entry in live.status().polled] and "search", flush=True)
woken.clear()
print("ready", flush=True)
print(woken.wait(60))
live.stop(5)
"""


def test_a_directory_that_may_not_be_read_is_polled_until_it_may(public):
    """T4: watchdog swallows EACCES, and the watch never fires, not even after chmod."""
    (public / "closed").mkdir(mode=0o700)
    (public / "search").mkdir(mode=0o711)
    program = AS_NOBODY
    if os.geteuid() != 0:  # then nobody is us, without a right to our own directory
        program = AS_NOBODY.replace("os.setgroups([]); os.setgid(65534); os.setuid(65534)", "")
        (public / "closed").chmod(0o000)
        (public / "search").chmod(0o311)
    child = subprocess.Popen([sys.executable, "-c", program, str(public)], stdout=subprocess.PIPE)
    try:
        lines = iter(lambda: line_of(child.stdout).decode(), "")
        assert next(lines) == "closed: permission denied\n"
        assert next(lines) == "search: permission denied\n"
        assert next(lines) == "ready\n"
        (public / "closed").chmod(0o755)
        assert next(lines) == "True search\n"
        assert next(lines) == "ready\n"
        (public / "closed" / "app.log").touch()
        assert next(lines) == "True\n"
        assert child.wait(WITHIN) == 0
    finally:
        child.kill()
        child.communicate(timeout=60)


# Start and stop


def test_what_is_watched_before_the_start_is_woken_after_it(tmp_path, clock):
    live = InotifyWaker(clock)
    woken = watch(live, tmp_path / "app.log")
    live.check(clock.moment())
    assert live.status().reason == "not started"
    assert not live.covers(str(tmp_path / "app.log"))
    live.start()
    assert woken.by((tmp_path / "app.log").touch)
    live.stop(WITHIN)


def test_a_stop_is_quick_idempotent_and_final(tmp_path, clock):
    live = InotifyWaker(clock)
    live.stop(1)
    live.start()
    woken = watch(live, tmp_path / "app.log")
    live.stop(WITHIN)
    live.stop(WITHIN)
    live.check(clock.moment())
    (tmp_path / "app.log").touch()
    assert woken.times == 0
    assert live.status().reason == "stopped"


def test_a_busy_writer_cannot_make_the_reader_read_for_each_write(tmp_path):
    """Far fewer wakes than writes, none of them lost."""
    live = InotifyWaker(SystemClock())
    live.start()
    paths = [tmp_path / "a.log", tmp_path / "b.log"]
    everyone = [watch(live, path) for path in paths]
    files = [path.open("ab", buffering=0) for path in paths]
    for _ in range(20_000):
        for file in files:
            file.write(b"x")
    for woken, file in zip(everyone, files, strict=True):
        assert woken.by(lambda file=file: file.write(b"x"))
        assert woken.times < 2_000
        file.close()
    live.stop(WITHIN)


def test_the_reader_earns_its_credit_by_waiting_and_spends_it_by_reading(clock):
    reader = Reader(clock, lambda reader: None)
    pauses = []

    class Stopped:
        def wait(self, seconds):
            pauses.append(seconds)

    reader._stopped_event = Stopped()
    for _ in range(100):
        reader._pause_when_busy()
    assert pauses == []
    for _ in range(29):
        reader._pause_when_busy()
    assert pauses == [0.01] * 29
    reader._pause_when_busy()
    assert pauses[-1] == 0.02
    clock.advance(1)
    pauses.clear()
    for _ in range(100):
        reader._pause_when_busy()
    assert pauses == []
    reader._is_reading = False
    reader.close()


def test_events_in_a_buffer_are_kept_once_in_their_order():
    def event(wd, name, mask=2):
        padded = name.ljust(16, b"\0") if name else b""
        return b"".join(n.to_bytes(4, "little") for n in (wd, mask, 0, len(padded))) + padded

    one, two, bare = event(1, b"a.log"), event(1, b"b.log"), event(2, b"")
    assert distinct(one + two + one + bare + two + one) == one + two + bare
    assert distinct(b"") == b""


# The others, and the choice


def test_the_poll_waker_wakes_nobody(tmp_path):
    poll, woken = PollWaker(), Woken()
    poll.start()
    poll.watch(str(tmp_path / "app.log"), woken)
    poll.watch_directory(str(tmp_path), woken)
    (tmp_path / "app.log").touch()
    poll.check(Moment(0, 0))
    poll.unwatch(str(tmp_path))
    assert not poll.covers(str(tmp_path / "app.log"))
    assert not poll.covers_all()
    assert poll.status() == WakerStatus(mode="poll", reason="the configuration asks for it")
    poll.stop(1)
    assert woken.times == 0


def test_the_manual_waker_wakes_when_it_is_told_to():
    manual, file, directory = ManualWaker(), Woken(), Woken()
    manual.start()
    manual.watch("/log/app.log", file)
    manual.watch_directory("/log", directory)
    assert manual.touch("/log/app.log") == 1
    assert manual.touch("/log") == 1
    assert manual.touch("/other") == 0
    assert (file.times, directory.times) == (1, 1)
    assert manual.covers("/log/app.log")
    assert manual.covers_all()
    manual.check(Moment(0, 0))
    assert manual.status().watched == 1
    manual.unwatch("/log/app.log")
    assert manual.touch("/log/app.log") == 0
    manual.stop(1)
    assert not manual.running


def test_the_mode_decides_unless_the_machine_cannot(monkeypatch, clock):
    assert isinstance(make_waker("poll"), PollWaker)
    assert isinstance(make_waker("auto"), InotifyWaker)
    assert isinstance(make_waker("inotify", clock), InotifyWaker)
    monkeypatch.setattr(event_reader, "probe", lambda: OSError(errno.ENOSYS, "no"))
    fallen = make_waker("auto", clock)
    assert isinstance(fallen, PollWaker)
    assert "not implemented" in fallen.status().reason
    assert isinstance(make_waker("inotify", clock), InotifyWaker)
    monkeypatch.setattr(event_reader, "probe", lambda: OSError(errno.EMFILE, "no"))
    assert isinstance(make_waker("auto", clock), InotifyWaker)


def test_a_system_without_inotify_is_polled(monkeypatch):
    monkeypatch.setitem(sys.modules, "logwatch.daemon.inotify", None)
    assert "no inotify" in make_waker("auto").status().reason


def test_the_probe_leaves_nothing_open(monkeypatch):
    before = open_files()
    assert probe() is None
    assert open_files() <= before
    refusal = OSError(errno.EMFILE, "inotify instance limit reached")

    def refuse():
        raise refusal

    monkeypatch.setattr(event_reader.InotifyFD, "_create_inotify_fd", refuse)
    assert probe() is refusal


@pytest.mark.parametrize("kind", [ManualWaker, PollWaker, lambda: InotifyWaker(ManualClock())])
def test_every_waker_keeps_the_contract(kind, tmp_path):
    made: waker.Waker = kind()
    made.watch(str(tmp_path / "a.log"), Woken())
    made.start()
    made.watch(str(tmp_path / "b.log"), Woken())
    made.watch_directory(str(tmp_path), Woken())
    made.check(Moment(1, 1))
    assert isinstance(made.covers(str(tmp_path / "a.log")), bool)
    assert isinstance(made.status(), WakerStatus)
    made.unwatch(str(tmp_path / "a.log"))
    made.unwatch(str(tmp_path / "a.log"))
    made.stop(WITHIN)
    made.stop(WITHIN)
