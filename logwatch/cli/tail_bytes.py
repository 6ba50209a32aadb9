"""Follow names or open files as GNU tail does, byte by byte.

This is not the follower of the daemon, for it promises something else. That one hands out whole
lines, knows a file again by its content and opens regular files only. A pipe after `tail` wants
each byte when it comes, whether or not its line has an end, from FIFOs and terminals too, and as
`-f` from one open file wherever it is moved. Lines on a terminal come from the daemon's follower.

What may be lost: what is written to a file by another process after another file has got its name
and was noticed; what is cut off before it was read; a file that came and went between two looks.
The words on stderr are those of GNU tail 9.1, because scripts look for them.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import sys
from collections.abc import Iterable

from logwatch.cli.tail_last import STEP, dump, show_last
from logwatch.cli.tail_output import Sheet
from logwatch.cli.tail_request import Request, note, quoted, reason, shown

_TAILABLE = (stat.S_IFREG, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR)
_NOT_A_FILE = -1
"""Stands for an error number where a name shows something that has no end to follow."""


class Followed:
    """One name of the command line. No dataclass: what makes those loads ten modules more."""

    __slots__ = (
        *("changed_ns", "error", "fd", "given_up", "inaccessible", "key", "mode", "name"),
        *("position", "streams"),
    )

    def __init__(self, name: str, *, inaccessible: bool = False) -> None:
        self.name = name
        self.fd = -1
        self.given_up = False
        self.error = 0
        """Why it could not be opened at the last look."""
        self.inaccessible = inaccessible
        self.key = (0, 0)
        self.mode = 0
        self.position = 0
        self.changed_ns = -1
        self.streams = False
        """Whether it is a pipe or a terminal on standard input that is shown as it comes."""

    @property
    def is_regular(self) -> bool:
        """Whether it has a size."""
        return stat.S_ISREG(self.mode)


class ByteFollower:
    """The files of one request; `begin` once, then `look` as often as something may be there."""

    def __init__(self, request: Request, sheet: Sheet, files: Iterable[str] | None = None) -> None:
        """`files`: those of the request that are followed here; None: all."""
        self._request = request
        self._sheet = sheet
        self.files = [Followed(name) for name in (request.files if files is None else files)]
        self.all_well = True
        """Whether everything that was asked for could be opened and read."""
        self._moved: list[str] = []
        self.lost_directory = False
        """Whether the directory of a file has gone, and events from there with it."""
        self._waits = request.follow == "name" and request.retry

    def begin(self) -> None:
        """Show what is there of each file."""
        for each in self.files:
            if not self._begin(each):
                self.all_well = False

    def look(self) -> bool:
        """Show what has come; returns whether there was any."""
        came = [self._look(each) for each in self.files if not each.given_up]
        return any(came)

    def is_anything_left(self) -> bool:
        """Whether there is any file from which something may come."""
        if self._waits:
            return True
        return any(
            each.fd >= 0 or (self._request.retry and not each.given_up) for each in self.files
        )

    def drop_pipes_on_stdin(self) -> int:
        """Follow no pipe on standard input, which was read to its end; how many files are left.

        Source: POSIX.1-2017, `tail`, option -f.
        """
        left = len(self.files)
        for each in self.files:
            if each.name != "-" or each.streams:
                continue
            if each.fd >= 0 and stat.S_ISFIFO(each.mode):
                each.fd, each.given_up = -1, True
                left -= 1
        return left

    def moved(self) -> list[str]:
        """Names under which there is another file since the last call."""
        found, self._moved = self._moved, []
        return found

    def add(self, name: str) -> None:
        """Follow one more, from its beginning."""
        self.files.append(Followed(name, inaccessible=True))

    def waited_for(self) -> list[int]:
        """Open files that poll(2) can tell of: FIFOs, sockets and terminals."""
        return [each.fd for each in self.files if each.fd >= 0 and _is_told_of(each)]

    def has_streamed(self) -> bool:
        """Whether a pipe on standard input was shown to its end."""
        return any(each.streams and each.fd < 0 for each in self.files)

    def names(self) -> list[str]:
        """Names under which regular files are, or may come."""
        named = [each for each in self.files if each.name != "-" and not each.given_up]
        return [each.name for each in named if each.fd < 0 or each.is_regular]

    def close(self) -> None:
        """Let all files go."""
        for each in self.files:
            self._close(each)

    # The first look.

    def _begin(self, each: Followed) -> bool:
        try:
            each.fd = 0 if each.name == "-" else os.open(each.name, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            each.error = error.errno or errno.EIO
            each.inaccessible = self._request.retry
            each.given_up = not self._request.retry
            note(f"cannot open {quoted(each.name)} for reading: {_with_remedy(error, each.name)}")
            return False
        well = self._show(each)
        if self._request.follow is None:
            self._close(each)
            return well
        return self._keep(each, well=well)

    def _show(self, each: Followed) -> bool:
        """The first part; an error is told."""
        name = each.name
        if name == "-" and sys.stdin is None:
            note(f"cannot fstat 'standard input': {os.strerror(errno.EBADF)}")
            return False
        self._sheet.name(name)
        if self._is_stream(each):
            each.streams = True
            return True
        try:
            each.position = show_last(
                each.fd, self._request, lambda data: self._sheet.write(name, data)
            )
        except BrokenPipeError:
            raise
        except OSError as error:
            note(f"error reading {quoted(shown(name))}: {reason(error)}")
            return False
        return True

    def _is_stream(self, each: Followed) -> bool:
        """Whether all of it is shown as it comes: its end may never come."""
        request = self._request
        if each.name != "-" or request.follow is None or request.amount or not request.from_start:
            return False
        return stat.S_ISFIFO(os.fstat(each.fd).st_mode) or os.isatty(each.fd)

    def _keep(self, each: Followed, *, well: bool) -> bool:
        """Follow what was opened, if it can be."""
        called = shown(each.name)
        each.error = 0 if well else _NOT_A_FILE
        try:
            status = _status(each)
        except OSError as error:
            note(f"error reading {quoted(called)}: {reason(error)}")
            each.error = error.errno or errno.EIO
            well = False
        else:
            if stat.S_IFMT(status.st_mode) not in _TAILABLE:
                each.error, each.inaccessible, well = _NOT_A_FILE, True, False
                ending = "" if self._request.retry else "; giving up on this name"
                note(f"{called}: cannot follow end of this type of file{ending}")
            else:
                self._know(each, status)
        if not well:
            each.given_up = not self._request.retry
            self._close(each)
        return well

    def _know(self, each: Followed, status: os.stat_result) -> None:
        each.key = status.st_dev, status.st_ino
        each.mode = status.st_mode
        if not each.is_regular and each.name != "-":
            # Standard input is shared with others, who may not know what to make of that.
            os.set_blocking(each.fd, False)

    # Every further look.

    def _look(self, each: Followed) -> bool:
        if each.fd < 0:
            return self._try_again(each)
        try:
            came = self._read_on(each)
        except BrokenPipeError:
            raise
        except OSError as error:
            note(f"{shown(each.name)}: {reason(error)}")
            each.error = error.errno or errno.EIO
            self._close(each)
            return False
        if self._request.follow == "name" and each.name != "-" and self._has_moved(each):
            came |= self._try_again(each)
        return came

    def _read_on(self, each: Followed) -> bool:
        if each.name == "-" and not each.is_regular:
            return self._stream(each)
        if each.is_regular:
            status = os.fstat(each.fd)
            if status.st_size < each.position:
                note(f"{shown(each.name)}: file truncated")
                each.position = os.lseek(each.fd, 0, os.SEEK_SET)
            elif (status.st_size, status.st_mtime_ns) == (each.position, each.changed_ns):
                return False
            each.changed_ns = status.st_mtime_ns
        before = each.position
        each.position = dump(
            each.fd, lambda data: self._sheet.write(each.name, data), begin_at=before
        )
        return each.position > before

    def _stream(self, each: Followed) -> bool:
        if not select.select([each.fd], [], [], 0)[0]:
            return False
        data = os.read(each.fd, STEP)
        if not data:  # its writers have gone and no other can come, or somebody typed control-D
            each.fd, each.given_up, each.streams = -1, True, True
            return False
        self._sheet.write(each.name, data)
        return True

    def _has_moved(self, each: Followed) -> bool:
        """Whether the name shows something else than what is open."""
        try:
            status = os.stat(each.name)  # noqa: PTH116 - paths here are plain strings
        except OSError:
            return True
        return (status.st_dev, status.st_ino) != each.key

    def _try_again(self, each: Followed) -> bool:
        """See what is under the name, and follow that."""
        if each.name == "-" or each.given_up:
            return False
        try:
            fd = os.open(each.name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            self._miss(each, error)
            return False
        status = os.fstat(fd)
        if stat.S_IFMT(status.st_mode) not in _TAILABLE:
            os.close(fd)
            self._refuse(each)
            return False
        if each.fd >= 0 and (status.st_dev, status.st_ino) == each.key:
            os.close(fd)
            return False
        self._take(each, fd, status)
        return True

    def _miss(self, each: Followed, error: OSError) -> None:
        number = error.errno or errno.EIO
        if self._request.retry:
            if not each.inaccessible:
                note(f"{quoted(each.name)} has become inaccessible: {reason(error)}")
                folder = os.path.dirname(each.name) or "."  # noqa: PTH120 - as above
                self.lost_directory |= not os.path.isdir(folder)  # noqa: PTH112 - as above
            each.inaccessible = True
        elif each.error != number:
            note(f"{shown(each.name)}: {reason(error)}")
        each.error = number
        self._close(each)

    def _refuse(self, each: Followed) -> None:
        each.given_up = not self._waits
        if not each.inaccessible or each.error != _NOT_A_FILE:
            ending = "; giving up on this name" if each.given_up else ""
            note(f"{quoted(each.name)} has been replaced with an untailable file{ending}")
        each.error, each.inaccessible = _NOT_A_FILE, True
        self._close(each)

    def _take(self, each: Followed, fd: int, status: os.stat_result) -> None:
        """Follow another file from its beginning."""
        self._moved.append(each.name)
        name = quoted(each.name)
        if each.error not in (0, errno.ENOENT):
            note(f"{name} has become accessible")
        elif each.fd < 0:
            note(f"{name} has appeared;  following new file")
        else:
            note(f"{name} has been replaced;  following new file")
        self._close(each)
        each.fd, each.error, each.inaccessible = fd, 0, False
        each.position, each.changed_ns = 0, -1
        self._know(each, status)
        self._read_on(each)

    def _close(self, each: Followed) -> None:
        if each.fd > 0:
            os.close(each.fd)
        each.fd = -1


def _is_told_of(each: Followed) -> bool:
    kind = stat.S_IFMT(each.mode)
    return kind in (stat.S_IFIFO, stat.S_IFSOCK) or (kind == stat.S_IFCHR and os.isatty(each.fd))


def _status(each: Followed) -> os.stat_result:
    if each.name == "-" and sys.stdin is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return os.fstat(each.fd)


def _with_remedy(error: OSError, name: str) -> str:
    if not isinstance(error, PermissionError):
        return reason(error)
    from logwatch.tailer.opening import denial  # noqa: PLC0415 - for the worst case only

    return f"{reason(error)} ({denial(os.path.abspath(name))})"  # noqa: PTH100 - as above
