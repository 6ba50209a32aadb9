"""A file system in user space that can stop answering, as a network mount whose server is gone.

It is the kernel's own FUSE protocol over /dev/fuse (include/uapi/linux/fuse.h, version 7.31), as
far as a daemon that reads logs needs it: one directory with a few files whose bytes are in memory.
It takes the right to mount, so that only stress tests use it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from contextlib import suppress
from pathlib import Path
from select import select
from threading import Event, Thread
from typing import Self

_FORGET, _BATCH_FORGET, _INTERRUPT = 2, 42, 36
_IN = struct.Struct("<IIQQIIII")
_ROOT = 1
_MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Mounted:
    """Mounted at `place` inside the `with` block; `files` are its names and what is in them."""

    def __init__(self, place: Path, files: dict[str, bytes]) -> None:
        self.place = place
        self.files = files
        self._answers = Event()
        self._answers.set()
        self._device = -1
        self._thread = Thread(target=self._serve, name="fuse", daemon=True)

    def __enter__(self) -> Self:
        self._device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self._device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
        options += ",allow_other"
        _checked(
            _libc.mount(b"double", os.fsencode(self.place), b"fuse", 0, options.encode("ascii"))
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.recover()
        _libc.umount2(os.fsencode(self.place), _MNT_DETACH)
        os.close(self._device)

    def hang(self) -> None:
        """Answer nothing from now on."""
        self._answers.clear()

    def recover(self) -> None:
        """Answer everything, also what was asked meanwhile."""
        self._answers.set()

    def is_asked(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(select([self._device], [], [], 0)[0])

    def append(self, name: str, data: bytes) -> None:
        """What a program on another machine writes: no event tells of it."""
        self.files[name] += data

    def _serve(self) -> None:
        while True:
            # What nobody has read yet a signal can end: so it is left unread.
            self._answers.wait()
            try:
                if not select([self._device], [], [], 0.01)[0] or not self._answers.is_set():
                    continue
                request = os.read(self._device, 1 << 17)
            except OSError:
                return  # unmounted
            with suppress(OSError):  # who asked has gone
                self._answer(request)

    def _answer(self, request: bytes) -> None:
        _, code, unique, node, *_ = _IN.unpack_from(request)
        body = request[_IN.size :]
        if code in (_FORGET, _BATCH_FORGET, _INTERRUPT):
            return
        try:
            reply, error = self._reply(code, node, body), 0
        except OSError as problem:
            reply, error = b"", -(problem.errno or errno.EIO)
        os.write(self._device, struct.pack("<IiQ", 16 + len(reply), error, unique) + reply)

    def _reply(self, code: int, node: int, body: bytes) -> bytes:  # noqa: PLR0911 - a table
        match code:
            case 26:  # INIT
                return struct.pack("<IIIIHHIIHHI28x", 7, 31, 0, 0, 8, 6, 4096, 1, 0, 0, 0)
            case 1:  # LOOKUP
                number = self._number(body.rstrip(b"\0").decode())
                return struct.pack("<QQQQII", number, 0, 0, 0, 0, 0) + self._attributes(number)
            case 3:  # GETATTR
                return struct.pack("<QII", 0, 0, 0) + self._attributes(node)
            case 14 | 27:  # OPEN, OPENDIR
                # FOPEN_DIRECT_IO keeps no pages; FOPEN_NOFLUSH lets a killed process end.
                return struct.pack("<QII", 0, 1 | 1 << 5, 0)
            case 15:  # READ
                offset, size = struct.unpack_from("<8xQI", body)
                return self._data(node)[offset : offset + size]
            case 28:  # READDIR
                offset = struct.unpack_from("<8xQ", body)[0]
                return b"" if offset else self._entries()
            case 17:  # STATFS
                return struct.pack("<QQQQQIIII24x", 1, 1, 1, 1, 1, 4096, 255, 4096, 0)
            case 18 | 25 | 29:  # RELEASE, FLUSH, RELEASEDIR
                return b""
        raise OSError(errno.ENOSYS, "not in this double")

    def _number(self, name: str) -> int:
        if name not in self.files:
            raise FileNotFoundError(errno.ENOENT, name)
        return _ROOT + 1 + list(self.files).index(name)

    def _data(self, node: int) -> bytes:
        return list(self.files.values())[node - _ROOT - 1]

    def _attributes(self, node: int) -> bytes:
        is_root = node == _ROOT
        mode = stat.S_IFDIR | 0o755 if is_root else stat.S_IFREG | 0o644
        size = 0 if is_root else len(self._data(node))
        return struct.pack(
            "<QQQQQQIIIIIIIIII", node, size, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0
        )

    def _entries(self) -> bytes:
        found = b""
        for position, name in enumerate(self.files):
            data = name.encode()
            entry = struct.pack(
                "<QQII", self._number(name), position + 1, len(data), stat.S_IFREG >> 12
            )
            found += (entry + data).ljust((len(entry) + len(data) + 7) & ~7, b"\0")
        return found
