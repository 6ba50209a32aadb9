"""How a file is known again: inode, birth, first bytes, and the bytes before an offset.

No single one of these is enough. File systems hand a freed inode to the next file at once, two
logs may begin with the same kilobyte, a copy has the same bytes under another inode. Together
they tell one generation of a log from another for as long as the file system keeps at least an
inode number. What cannot be told: a file that was cut to nothing and written again with exactly
the same bytes before the offset.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

from logwatch.records import Checkpoint, Marker

HEAD_LENGTH = 1024
"""Bytes at the beginning of a file that go into its head."""
MARKER_LENGTH = 256
"""Bytes before an offset that prove it."""

Key: TypeAlias = tuple[int, int]
"""Inode and birth: one file for as long as it exists, whatever its names."""

# linux/fs.h: _IOR('v', 1, long). The kernel answers 32 bits whatever the size of a long.
_GETVERSION = 0x80007601 | struct.calcsize("l") << 16
# linux/stat.h, statx(2).
_AT_FDCWD, _AT_EMPTY_PATH, _STATX_BTIME, _STATX_SIZE, _BTIME_OFFSET = -100, 0x1000, 0x800, 256, 80
# linux/magic.h: file systems whose files another machine may write.
_REMOTE = frozenset(
    (
        0x6969,  # NFS
        0x517B,  # SMB
        0xFF534D42,  # CIFS
        0xFE534D42,  # SMB2
        0x65735546,  # FUSE
        0x01021997,  # 9p
        0x00C36400,  # Ceph
        0x5346414F,  # AFS
        0x73757245,  # Coda
        0x01161970,  # GFS2
        0x7461636F,  # OCFS2
    )
)
_OF_THE_KERNEL = frozenset(
    (
        0x9FA0,  # /proc
        0x62656572,  # /sys
        0x64626720,  # /sys/kernel/debug
        0x74726163,  # /sys/kernel/tracing
    )
)
_libc = ctypes.CDLL(None, use_errno=True)


class OpenFile(NamedTuple):
    """A regular file that is open for reading, as it was when it was opened."""

    fd: int
    device: int
    inode: int
    birth: int
    size: int
    modified_ns: int
    created_ns: int
    """Birth time, 0 where the file system does not tell."""

    @property
    def key(self) -> Key:
        """What tells this file from every other one."""
        return self.inode, self.birth


def created_ns(where: str | int) -> int:
    """Birth time of a path or an open file in ns since the epoch, 0 where it is not known."""
    buffer = ctypes.create_string_buffer(_STATX_SIZE)
    directory, name = (where, b"") if isinstance(where, int) else (_AT_FDCWD, os.fsencode(where))
    flags = _AT_EMPTY_PATH if isinstance(where, int) else 0
    try:
        failed = _libc.statx(directory, name, flags, _STATX_BTIME, buffer)
    except AttributeError:  # a C library without statx
        return 0
    if failed or not struct.unpack_from("=I", buffer)[0] & _STATX_BTIME:
        return 0
    seconds, nanoseconds = struct.unpack_from("=qI", buffer, _BTIME_OFFSET)
    return int(seconds) * 1_000_000_000 + int(nanoseconds)


def _inode_generation(fd: int) -> int:
    """What the file system counts up when it gives an inode to a new file; 0 where it does not."""
    buffer = bytearray(8)
    try:
        fcntl.ioctl(fd, _GETVERSION, buffer)
    except OSError:
        return 0
    return int(struct.unpack_from("=I", buffer)[0])


def fold_birth(created: int, generation: int) -> int:
    """One number of 63 bits out of birth time (ns) and inode generation.

    Either may be 0 for "not known". The time alone ticks too slowly to tell two files that had
    the same inode within a few milliseconds; the generation alone tells no order. The upper bits
    are the time in units of 2**20 ns, so that `birth_floor` can give it back.
    """
    if not created:
        return generation
    low = ((created & 0xFFFFF) ^ generation) & 0x1FFFFF
    return (created >> 20 << 21 | low) & (1 << 63) - 1


def birth_floor(birth: int) -> int:
    """A moment (ns) at or at most 1.05 ms before the birth; 0 where it does not hold a time."""
    return birth >> 21 << 20 if birth >> 32 else 0


def describe(fd: int) -> OpenFile:
    """What is known of the file open as `fd`. Raises OSError."""
    status = os.fstat(fd)
    created = created_ns(fd)
    birth = fold_birth(created, _inode_generation(fd))
    return OpenFile(
        fd, status.st_dev, status.st_ino, birth, status.st_size, status.st_mtime_ns, created
    )


def identity(inode: int, birth: int, epoch: int) -> str:
    """Name of a generation for good: the same in every process that sees the same file."""
    return f"{inode:x}.{birth:x}.{epoch}"


def digest(data: bytes) -> str:
    """Short hash of a few bytes; proof against accident, not against malice."""
    return blake2b(data, digest_size=8).hexdigest()


def head(fd: int) -> Marker:
    """Hash of the first bytes there are, at most `HEAD_LENGTH`. Raises OSError."""
    data = os.pread(fd, HEAD_LENGTH, 0)
    return Marker(len(data), len(data), digest(data))


def marker(fd: int, offset: int) -> Marker:
    """Hash of the bytes just before `offset`. Raises OSError."""
    length = min(offset, MARKER_LENGTH)
    return Marker(offset, length, digest(os.pread(fd, length, offset - length)))


def matches(fd: int, wanted: Marker) -> bool:
    """Whether the file still has the bytes that `wanted` was made of. Raises OSError."""
    data = os.pread(fd, wanted.length, wanted.offset - wanted.length)
    return len(data) == wanted.length and digest(data) == wanted.digest


def continues(fd: int, checkpoint: Checkpoint) -> bool:
    """Whether reading may go on at the checkpoint's offset in this file. Raises OSError."""
    last = checkpoint.markers[-1:]
    return (
        os.fstat(fd).st_size >= checkpoint.offset
        and matches(fd, checkpoint.head)
        and all(matches(fd, each) for each in last)
    )


def may_begin_alike(fd: int, checkpoint: Checkpoint, size: int) -> bool:
    """Whether a file that was cut to `size` may begin as before; too short to tell means yes.

    Raises OSError.
    """
    return size > 0 and (size < checkpoint.head.length or matches(fd, checkpoint.head))


def is_copy(copy: OpenFile | None, fd: int) -> bool:
    """Whether a file, which may be in the making, is all at the beginning of another one.

    Closes `copy`.
    """
    if copy is None:
        return False
    try:
        return matches(fd, head(copy.fd)) and matches(fd, marker(copy.fd, copy.size))
    except OSError:
        return False
    finally:
        os.close(copy.fd)


def is_proof(checkpoint: Checkpoint) -> bool:
    """Whether so much was read that another file with the same bytes must be a copy.

    Less than a whole head may well be the same few lines that a program says at every start.
    """
    return checkpoint.head.length == HEAD_LENGTH and checkpoint.offset >= HEAD_LENGTH


def is_remote(fd: int) -> bool:
    """Whether another machine may write the file, so that its size may be out of date."""
    return _file_system_of(fd) in _REMOTE


def is_of_the_kernel(fd: int) -> bool:
    """Whether the kernel makes up what is read there: it is no log, and to read it may act."""
    return _file_system_of(fd) in _OF_THE_KERNEL


def _file_system_of(fd: int) -> int | None:
    buffer = ctypes.create_string_buffer(256)
    if _libc.fstatfs(fd, buffer):
        return None
    magic: int = struct.unpack_from("@l", buffer)[0]
    return magic & 0xFFFFFFFF
