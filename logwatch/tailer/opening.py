"""Open a log file without ever opening what is no log file.

Opening a FIFO may block, opening a device may act (a watchdog device arms a reboot), and who reads
/proc/kmsg takes it from others. So the path is first opened as a mere place (O_PATH), looked at,
and opened for reading through that place only if it is a regular file; nothing can be swapped in
between. The last handles of the process are left to its store, its sinks and its directories:
without them it could not even say what it lacks.
"""

from __future__ import annotations

import errno
import os
import resource
import stat

from logwatch.accounts import group_name, user_name
from logwatch.tailer.fingerprint import OpenFile, describe, is_of_the_kernel
from logwatch.tailer.links import LinkRule

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_SIZES_OF_THE_KERNEL = (0, 4096)
"""What /proc and /sys say of all their files; others need not be asked where they are."""
_NOT_FOR_LOGS = 32
"""Handles that are left to everything else."""


def open_regular(path: str, rule: LinkRule | None = None) -> OpenFile:
    """The regular file at `path`, open for reading; with `rule` only where links may lead.

    Raises OSError; with errno EINVAL where the path is something else than a regular file, EMFILE
    where the last handles would be taken, ELOOP where a link leads where it must not.
    """
    if rule is not None:
        with rule.place(path) as place:
            return _opened(place, path)
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        return _opened(place, path)
    finally:
        os.close(place)


def open_beside(path: str, other: str, rule: LinkRule) -> OpenFile:
    """The same of `other`, which was found in the directory where the file of `path` really is."""
    with rule.place_beside(path, other) as place:
        return _opened(place, other)


def _opened(place: int, path: str) -> OpenFile:
    status = os.fstat(place)
    kind = what_it_is(status.st_mode)
    if status.st_size in _SIZES_OF_THE_KERNEL and not kind and is_of_the_kernel(place):
        kind = "a file of the kernel"
    if kind:
        raise OSError(errno.EINVAL, f"{kind}, not a regular file", path)
    fd = os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _leave_some(fd)
        return describe(fd)
    except OSError:
        os.close(fd)
        raise


def _leave_some(fd: int) -> None:
    """The kernel gives out the lowest number that is free: a high one means that few are left."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and fd >= most - _NOT_FOR_LOGS:
        text = f"{most} handles are too few; raise LimitNOFILE= of the service, or ulimit -n"
        raise OSError(errno.EMFILE, text)


def what_it_is(mode: int) -> str:
    """What kind of thing has this mode, in words; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    return _KINDS.get(stat.S_IFMT(mode), "something unknown")


def denial(path: str) -> str:
    """Why this process may not read `path`, and what to type: owner, group, mode, remedy."""
    culprit = _first_closed(path)
    try:
        status = os.stat(culprit)  # noqa: PTH116 - paths here are plain strings
    except OSError:
        return f"no access to {culprit}"
    owner, group = user_name(status.st_uid), group_name(status.st_gid)
    where = "" if culprit == path else f"{culprit} is "
    needed = stat.S_IRGRP
    if stat.S_ISDIR(status.st_mode):  # on the way to a file nobody has to list it
        needed = stat.S_IXGRP if where else stat.S_IXGRP | stat.S_IRGRP
    text = f"{where}{owner}:{group} {stat.S_IMODE(status.st_mode):o}"
    user = user_name(os.geteuid())
    if status.st_mode & needed == needed and status.st_gid != 0:
        return f"{text}; usermod -aG {group} {user}"
    rights = "g+rx" if stat.S_ISDIR(status.st_mode) else "g+r"
    return f"{text}; chgrp {_reading_group()} {culprit} && chmod {rights} {culprit}"


def _reading_group() -> str:
    """A group of this process's that is meant for logs, else its own."""
    groups = [group_name(number) for number in os.getgroups()]
    return "adm" if "adm" in groups else group_name(os.getegid())


def _first_closed(path: str) -> str:
    """The outermost directory on the way to `path` that lets nobody through, else `path`."""
    parts = path.split("/")
    for count in range(2, len(parts)):
        directory = "/".join(parts[:count])
        if not os.access(directory, os.X_OK, effective_ids=True):
            return directory
    return path
