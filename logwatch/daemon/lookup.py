# ruff: noqa: PTH115, PTH116, PTH118, PTH120
# Names stay as the kernel takes them; pathlib would tidy them up.
"""How the kernel finds a file: each look-up of a name in a directory, in order.

Whatever makes `path` mean another file (a link switched, a directory renamed, removed or made
anew, the file itself) is an event on one of these names in one of these directories.
"""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from logwatch.tailer.file_system import Asking

_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(r"\\([0-7]{3})")
_MOST_LINKS = 40  # as the kernel has it: path_resolution(7)

# GNU tail polls these as well: writes on other machines, or behind the mount, make no event.
_WITHOUT_EVENTS = frozenset(
    {"9p", "afs", "ceph", "cifs", "fuse", "gfs", "gfs2", "glusterfs", "gpfs", "lustre", "nfs"}
    | {"nfs4", "ocfs2", "panfs", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs"}
)

Identity = tuple[int, int]
"""Device and inode."""


class Step(NamedTuple):
    """The look-up of `name` in `directory`, which has no link in its own path."""

    directory: str
    name: str
    identity: Identity
    """Of the directory, as it was just now."""

    @property
    def full(self) -> str:
        """The path of what is looked up."""
        return os.path.join(self.directory, self.name) if self.name else self.directory


def steps(path: str, asking: Asking = nullcontext) -> Iterator[Step]:
    """The look-ups that lead to the absolute `path`, as far as they get today.

    Each step is given before its name is looked up: arm a watch on the directory, then go on,
    and no change falls in between. Where `path` is a directory a last step has the name "".
    `asking` is entered around each call; it ends the way where it raises OSError. Raises ValueError
    for a relative path.
    """
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is not an absolute path")
    directory, identity, links = "/", _identity(os.stat("/")), 0
    names = deque(name for name in path.split("/") if name not in ("", "."))
    while names:
        name = names.popleft()
        if name == "..":
            directory = os.path.dirname(directory)
            identity = identity_of(directory, asking) or identity
            continue
        yield Step(directory, name, identity)
        full = os.path.join(directory, name)
        try:
            with asking(full):
                found = os.lstat(full)
                target = os.readlink(full) if stat.S_ISLNK(found.st_mode) else None
        except OSError:
            return  # missing, or not ours to search: this is the place to wait at
        if target is not None:
            links += 1
            if links > _MOST_LINKS:
                return
            if target.startswith("/"):
                directory, identity = "/", _identity(os.stat("/"))
            names.extendleft(n for n in reversed(target.split("/")) if n not in ("", "."))
        elif stat.S_ISDIR(found.st_mode):
            directory, identity = full, _identity(found)
        else:
            return
    yield Step(directory, "", identity)


def leads_on(path: str, asking: Asking = nullcontext) -> bool:
    """Whether something is to be looked up behind `path`, which has no link on the way to it."""
    try:
        with asking(path):
            mode = os.lstat(path).st_mode
    except OSError:
        return False  # as in `steps`
    return stat.S_ISLNK(mode) or stat.S_ISDIR(mode)


def identity_of(directory: str, asking: Asking = nullcontext) -> Identity | None:
    """Which directory is at this path now, None without one, or where nobody can say."""
    try:
        with asking(directory):
            return _identity(os.stat(directory))
    except OSError:
        return None


def filesystem_without_events(device: int) -> str | None:
    """The type of the mounted file system with this device number, if events cannot be relied on.

    Source: proc_pid_mountinfo(5). None also where the device is not listed.
    """
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mount_table().splitlines():
        before, _, after = line.partition(" - ")
        if before.split(" ", 3)[2] == wanted:
            kind = after.split(" ", 1)[0]
            return kind if kind.partition(".")[0] in _WITHOUT_EVENTS else None
    return None


def mount_table() -> str:
    """The mounts that this process sees, as the kernel tells them; asks none of them."""
    try:
        return _MOUNTS.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""


def mount_points(table: str) -> frozenset[str]:
    """The directories of `table` on which something is mounted. Source: proc_pid_mountinfo(5)."""
    fields = (line.split(" ", 5) for line in table.splitlines())
    return frozenset(_unescaped(each[4]) for each in fields if len(each) == 6)


def _unescaped(text: str) -> str:
    """Space, tab, newline and backslash are written there as a backslash and three octal digits."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), text)


def _identity(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino
