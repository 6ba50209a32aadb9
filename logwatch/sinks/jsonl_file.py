"""One alert a line at the end of a file, a whole batch in one write.

The file is opened by its name again whenever the name stands for another file or for none, so any
rotation by rename works. It only ever grows: what a full disk cut in the middle of a line is
completed by the next write, and what a crash cut is ended with a newline. A line may come twice
(same `id` and `seq`) when the rest of its batch could not be written, or was not yet recorded as
delivered when the machine stopped. Without `fsync`, the last seconds may be lost when the machine
loses power; the daemon has counted them as delivered.
"""

from __future__ import annotations

import grp
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from logwatch.crashpoints import crashpoint
from logwatch.errors import SinkError
from logwatch.records import Delivered, Notification, Outcome, Retry
from logwatch.sinks.base import SinkKind, SinkSettings, json_lines


class JsonlFileSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of the `jsonl_file` sink."""

    path: str
    """The file; its folder must exist."""
    fsync: bool = False
    """Whether each batch is on the disk before it counts as delivered."""
    mode: str = "0640"
    """Permissions of a file that the sink makes, in octal, whatever the umask."""
    group: str | None = None
    """Group of a file that the sink makes, by name or number: one that logwatch's user is in."""

    def __post_init__(self) -> None:
        """Refuse what could never be opened. Raises ValueError."""
        if not self.path or "\0" in self.path:
            raise ValueError("path must name a file")
        _permissions(self.mode)
        if self.group is not None and not self.group.strip():
            raise ValueError("group must be the name or the number of a group")


def _permissions(text: str) -> int:
    if not text or len(text) > 4 or set(text) - set("01234567"):
        raise ValueError(f"mode {text!r} is not octal text; write '0640'")
    return int(text, 8)


def _group_number(text: str) -> int:
    """The group meant by `text`, which this process may give a file to. Raises SinkError."""
    if text.isascii() and text.isdigit():
        number = int(text)
    else:
        try:
            number = grp.getgrnam(text).gr_gid
        except (KeyError, ValueError):
            raise SinkError(f"jsonl_file: there is no group {text!r}") from None
    if os.geteuid() != 0 and number not in (os.getegid(), *os.getgroups()):
        raise SinkError(f"jsonl_file: the user that logwatch runs as is not in group {text!r}")
    return number


class JsonlFileSink:
    """Appends alerts to one file; see the module's docstring."""

    batch_size = 5000

    def __init__(self, settings: JsonlFileSettings) -> None:
        """Raises SinkError where there is no such group, or it is not ours to give."""
        self._path = Path(settings.path)
        self._fsync = settings.fsync
        self._mode = _permissions(settings.mode)
        self._group = None if settings.group is None else _group_number(settings.group)
        self._file: int | None = None
        self._identity = (0, 0)
        self._owed = b""  # what ends the line that the file ends in the middle of

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`: the file system's errors are all worth another try."""
        lines = json_lines(batch)
        try:
            file = self._current()
            crashpoint("append.begin")
            self._write(file, lines)
            crashpoint("append.done")
            if self._fsync:
                os.fdatasync(file)
        except OSError as error:
            return Retry(self._reason(error))
        return Delivered()

    def close(self) -> None:
        """See `Sink.close`."""
        file, self._file = self._file, None
        self._owed = b""
        if file is not None:
            os.close(file)

    def _reason(self, error: OSError) -> str:
        if isinstance(error, FileNotFoundError) and not self._path.parent.is_dir():
            return f"{self._path}: there is no folder {self._path.parent}"
        return f"{self._path}: {error.strerror or error}"

    def _current(self) -> int:
        """The file that the path names now."""
        if self._file is not None:
            try:
                named = self._path.stat()
            except FileNotFoundError:
                self.close()
            else:
                if (named.st_dev, named.st_ino) == self._identity:
                    if named.st_size == 0:  # the line that it owed went with the rest
                        self._owed = b""
                    return self._file
                self.close()
        return self._open()

    def _open(self) -> int:
        file, made = _open_or_make(self._path, self._mode)
        try:
            found = os.fstat(file)
            _refuse_what_blocks(found)
            if made:
                os.fchmod(file, self._mode)
                _give_to_owner_of(self._path.parent, file)
                if self._group is not None:
                    os.fchown(file, -1, self._group)
                if self._fsync:
                    _sync_folder(self._path.parent)  # or the file itself may be gone
            elif _ends_mid_line(self._path, found):
                self._owed = b"\n"
        except OSError:
            os.close(file)
            raise
        self._file = file
        self._identity = (found.st_dev, found.st_ino)
        return file

    def _write(self, file: int, lines: bytes) -> None:
        """Write all of `lines`, after what is owed, or remember where in a line it stopped."""
        data = self._owed + lines
        written = 0
        try:
            written = os.write(file, data)
            while written < len(data):
                written += os.write(file, memoryview(data)[written:])
        finally:
            self._owed = _rest_of_line(data, written) if written else self._owed


def _open_or_make(path: Path, mode: int) -> tuple[int, bool]:
    """An appending descriptor, and whether the file is new. A FIFO does not make it wait."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    try:
        return os.open(path, flags), False
    except FileNotFoundError:
        try:
            return os.open(path, flags | os.O_CREAT | os.O_EXCL, mode), True
        except FileExistsError:  # somebody was faster, or it is a link to nowhere
            return os.open(path, flags | os.O_CREAT, mode), False


def _give_to_owner_of(folder: Path, file: int) -> None:
    """A file that root makes, with `logwatch send` say, must not shut out the service's user."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)


def _sync_folder(folder: Path) -> None:
    """Have the folder's list of names on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_what_blocks(found: os.stat_result) -> None:
    """A FIFO or a socket has a reader that may not read. Raises OSError."""
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISCHR(found.st_mode)):
        raise OSError(0, "is not a regular file")


def _ends_mid_line(path: Path, found: os.stat_result) -> bool:
    """Whether a writer died in the middle of the last line."""
    if not stat.S_ISREG(found.st_mode) or found.st_size == 0:
        return False
    try:
        with path.open("rb") as reader:
            reader.seek(-1, os.SEEK_END)
            return reader.read(1) != b"\n"
    except PermissionError:  # write-only for us: a blank line does less harm than a torn one
        return True


def _rest_of_line(data: bytes, written: int) -> bytes:
    """What is missing of the line that `data[:written]` ends in the middle of."""
    if data[written - 1 : written] == b"\n":
        return b""
    return data[written : data.index(b"\n", written) + 1]


KIND = SinkKind(
    name="jsonl_file",
    settings=JsonlFileSettings,
    make=JsonlFileSink,
    short="path",
    schemes=("jsonl",),
    from_url=lambda url: JsonlFileSettings(path=url.removeprefix("jsonl:")),
)
