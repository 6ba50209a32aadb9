"""Whatever is done to the directories on the way, who watches a file hears of its next write."""

import shutil
import tempfile
import threading
from pathlib import Path

from doubles.examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.clock import SystemClock
from logwatch.daemon.inotify import InotifyWaker

NAMES = ["a", "b", "a/a", "a/b", "b/a", "a/a/log", "a/b/log", "b/a/log"]

OPERATIONS = st.one_of(
    st.tuples(st.sampled_from(["mkdir", "remove", "touch"]), st.sampled_from(NAMES)),
    st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("link"), st.sampled_from(NAMES), st.sampled_from([*NAMES, "missing"])),
)


def perform(root, operation):
    """One change, where the file system lets us make it."""
    kind, path = operation[0], root / operation[1]
    try:
        if kind == "mkdir":
            path.mkdir(parents=True)
        elif kind == "touch":
            path.touch()
        elif kind == "rename":
            path.rename(root / operation[2])
        elif kind == "link":
            path.symlink_to(root / operation[2])
        elif path.is_symlink() or path.is_file():
            path.unlink()
        else:
            shutil.rmtree(path)
    except OSError:
        pass


@settings(max_examples=examples(50), deadline=None)
@given(st.lists(OPERATIONS, max_size=12), st.booleans())
def test_after_any_changes_a_write_is_heard_and_nothing_is_left_over(operations, holding):
    """Against the file system itself: if `a/a/log` is a file now, writing to it must wake.

    The last change may still be under way when the write comes, so the wake for either counts;
    but there must be one after the write.
    """
    root = Path(tempfile.mkdtemp())
    waker = InotifyWaker(SystemClock())
    waker.start()
    try:
        path, woken = root / "a" / "a" / "log", threading.Event()
        held = []
        waker.watch(str(path), woken.set)
        for operation in operations:
            perform(root, operation)
            if holding and path.is_file():
                held.append(path.open())
        woken.clear()
        if path.is_file():
            with path.open("a") as file:
                file.write("line\n")
            assert woken.wait(60)
            woken.clear()
            bell, rung = root / "bell", threading.Event()
            waker.watch(str(bell), rung.set)
            bell.touch()
            assert rung.wait(60)  # all that was under way is over
            with path.open("a") as file:
                file.write("line\n")
            assert woken.wait(60)
        assert waker._reader.is_alive()
        waker.unwatch(str(path))
        waker.unwatch(str(root / "bell"))
        assert not waker._directories
        assert not waker._reader._watch_for_wd
        for file in held:
            file.close()
    finally:
        waker.stop(5)
        shutil.rmtree(root)
