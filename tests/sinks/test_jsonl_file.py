"""One alert a line, whatever happens to the file."""

from __future__ import annotations

import errno
import grp
import os

import pytest

from logwatch.errors import SinkError
from logwatch.records import Delivered, Retry, decode_alert
from logwatch.sinks.jsonl_file import JsonlFileSettings, JsonlFileSink


@pytest.fixture
def path(tmp_path):
    return tmp_path / "alerts.jsonl"


@pytest.fixture
def sink(path):
    made = JsonlFileSink(JsonlFileSettings(path=str(path)))
    yield made
    made.close()


def sequence(path):
    return [decode_alert(line).seq for line in path.read_bytes().splitlines()]


def test_a_batch_is_appended_one_alert_a_line_in_order(sink, path, notification):
    assert sink.deliver([notification(seq=n) for n in range(1000)]) == Delivered()
    assert sink.deliver([notification(seq=1000)]) == Delivered()
    assert sequence(path) == list(range(1001))


def test_a_batch_that_is_lines_already_is_written_as_it_is(sink, path, notification):
    lines = b"".join(notification(seq=n).body + b"\n" for n in range(3))

    class Lines(list):
        def json_lines(self):
            return lines

    assert sink.deliver(Lines()) == Delivered()
    assert path.read_bytes() == lines


def test_what_was_there_stays(sink, path, notification):
    path.write_bytes(notification(seq=1).body + b"\n")
    sink.deliver([notification(seq=2)])
    assert sequence(path) == [1, 2]


def test_a_line_that_a_crash_cut_is_ended_before_the_next(sink, path, notification):
    path.write_bytes(b'{"schema": 1, "id')
    sink.deliver([notification(seq=2)])
    torn, whole = path.read_bytes().splitlines()
    assert torn == b'{"schema": 1, "id'
    assert decode_alert(whole).seq == 2


def test_rotation_by_rename_goes_on_in_a_new_file(sink, path, notification):
    sink.deliver([notification(seq=1)])
    old = path.rename(path.with_suffix(".1"))
    sink.deliver([notification(seq=2)])
    path.unlink()
    sink.deliver([notification(seq=3)])
    assert (sequence(old), sequence(path)) == ([1], [3])


def test_a_file_put_in_its_place_is_written_to(sink, path, notification):
    sink.deliver([notification(seq=1)])
    path.rename(path.with_suffix(".1"))
    path.touch()
    sink.deliver([notification(seq=2)])
    assert sequence(path) == [2]


def test_truncation_goes_on_at_the_new_end(sink, path, notification):
    sink.deliver([notification(seq=1)])
    os.truncate(path, 0)
    sink.deliver([notification(seq=2)])
    assert sequence(path) == [2]


@pytest.mark.parametrize("mode", ["0640", "0600", "644"])
def test_a_new_file_has_the_mode_that_was_asked_for(path, notification, mode):
    sink = JsonlFileSink(JsonlFileSettings(path=str(path), mode=mode))
    sink.deliver([notification()])
    sink.close()
    assert path.stat().st_mode & 0o777 == int(mode, 8)


def test_the_mode_of_a_file_that_was_there_is_left_alone(sink, path, notification):
    path.touch(0o604)
    path.chmod(0o604)
    sink.deliver([notification()])
    assert path.stat().st_mode & 0o777 == 0o604


def test_a_missing_folder_is_named_and_tried_again(tmp_path, notification):
    folder = tmp_path / "later"
    sink = JsonlFileSink(JsonlFileSettings(path=str(folder / "a.jsonl")))
    outcome = sink.deliver([notification()])
    assert outcome == Retry(f"{folder}/a.jsonl: there is no folder {folder}")
    folder.mkdir()
    assert sink.deliver([notification()]) == Delivered()
    sink.close()


def test_a_fifo_without_a_reader_does_not_hang(sink, path, notification):
    os.mkfifo(path)
    assert isinstance(sink.deliver([notification()]), Retry)


def test_a_fifo_with_a_reader_is_refused(sink, path, notification):
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    assert sink.deliver([notification()]) == Retry(f"{path}: is not a regular file")
    os.close(reader)


def test_a_folder_in_its_place_is_tried_again(sink, path, notification):
    path.mkdir()
    assert isinstance(sink.deliver([notification()]), Retry)


def test_a_full_device_is_tried_again(notification):
    sink = JsonlFileSink(JsonlFileSettings(path="/dev/full"))
    assert sink.deliver([notification()]) == Retry("/dev/full: No space left on device")
    sink.close()


class Disk:
    """os.write with room for so many bytes."""

    def __init__(self, monkeypatch, room):
        self.room = room
        self._write = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, descriptor, data):
        part = bytes(data)[: self.room]
        if not part:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= len(part)
        return self._write(descriptor, part)


def test_a_write_cut_short_is_completed(sink, path, notification, monkeypatch):
    written = os.write
    monkeypatch.setattr(os, "write", lambda file, data: written(file, bytes(data)[:100]))
    assert sink.deliver([notification(seq=n) for n in range(5)]) == Delivered()
    assert sequence(path) == [0, 1, 2, 3, 4]


def test_wherever_a_disk_fills_every_line_is_whole_in_the_end(tmp_path, notification, monkeypatch):
    batch = [notification(seq=n, message="x") for n in (1, 2)]
    whole = sum(len(one.body) + 1 for one in batch)
    for room in range(whole):
        path = tmp_path / f"{room}.jsonl"
        sink = JsonlFileSink(JsonlFileSettings(path=str(path)))
        with monkeypatch.context() as patch:
            disk = Disk(patch, room)
            assert isinstance(sink.deliver(batch), Retry)
            assert isinstance(sink.deliver(batch), Retry)
            disk.room = 10 * whole
            assert sink.deliver(batch) == Delivered()
        sink.close()
        assert sequence(path)[-2:] == [1, 2]


def test_the_rest_of_a_line_that_was_truncated_away_is_not_written(path, notification, monkeypatch):
    """What copytruncate took away must not come back as half a line."""
    sink = JsonlFileSink(JsonlFileSettings(path=str(path)))
    with monkeypatch.context() as patch:
        Disk(patch, 100)
        assert isinstance(sink.deliver([notification(seq=1)]), Retry)
    os.truncate(path, 0)
    assert sink.deliver([notification(seq=1)]) == Delivered()
    sink.close()
    assert sequence(path) == [1]


def test_a_new_file_has_the_group_that_was_asked_for(path, notification):
    group = grp.getgrgid(os.getegid()).gr_name
    for named in (group, str(os.getegid())):
        sink = JsonlFileSink(JsonlFileSettings(path=str(path), group=named))
        sink.deliver([notification()])
        sink.close()
        assert path.stat().st_gid == os.getegid()
        path.unlink()


def test_root_may_give_a_file_to_any_group(path, notification, monkeypatch):
    given = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda _, user, group: given.append((user, group)))
    sink = JsonlFileSink(JsonlFileSettings(path=str(path), group="4"))
    assert sink.deliver([notification()]) == Delivered()
    sink.close()
    assert given[-1] == (-1, 4)


def test_a_group_that_is_none_or_not_ours_is_found_at_the_start(path, monkeypatch):
    with pytest.raises(SinkError, match="no group 'nobody at all'"):
        JsonlFileSink(JsonlFileSettings(path=str(path), group="nobody at all"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SinkError, match="is not in group '123456'"):
        JsonlFileSink(JsonlFileSettings(path=str(path), group="123456"))
    with pytest.raises(ValueError, match="name or the number"):
        JsonlFileSettings(path=str(path), group=" ")


def test_with_fsync_the_name_of_a_new_file_is_on_the_disk_too(path, notification, monkeypatch):
    synced = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(os.fstat(file)), sync(file)))
    sink = JsonlFileSink(JsonlFileSettings(path=str(path), fsync=True))
    for _ in range(2):
        assert sink.deliver([notification()]) == Delivered()
    sink.close()
    assert [found.st_ino for found in synced] == [path.parent.stat().st_ino]


def test_an_error_while_syncing_is_tried_again(path, notification, monkeypatch):
    def fail(_file):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    sink = JsonlFileSink(JsonlFileSettings(path=str(path), fsync=True))
    assert sink.deliver([notification()]) == Delivered()
    monkeypatch.setattr(os, "fdatasync", fail)
    assert sink.deliver([notification()]) == Retry(f"{path}: Input/output error")
    sink.close()


@pytest.mark.parametrize("mode", ["", "0o640", "rw", "9", "00640"])
def test_a_mode_that_is_not_octal_is_refused(mode):
    with pytest.raises(ValueError, match="write '0640'"):
        JsonlFileSettings(path="/x", mode=mode)


def test_no_path_is_refused():
    with pytest.raises(ValueError, match="must name a file"):
        JsonlFileSettings(path="")
