"""Where symbolic links may lead: a log that is exchanged for one must not show what it may not.

Who may write a log directory can put a link in the place of a log, and logwatch may read more than
he may. So a link counts for what its owner may do. One of root's, or of the user that logwatch runs
as, leads anywhere. One of anybody else leads only to what is his: a file that he owns, or one in a
directory that he owns (as SymLinksIfOwnerMatch of the Apache server has it, and a little more).
With roots it does not matter who made a link: no file that really lies outside of them is opened.

A place is opened first and judged then, as that which was opened (O_PATH): nothing can be put in
between. What lies where its path says was reached by no link that matters, and is looked at no
further. What is not noticed: hard links, which `fs.protected_hardlinks` keeps from strangers, and
what is mounted.
"""

from __future__ import annotations

import errno
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from msgspec import Struct

_MOST_LINKS = 40
"""As many as the kernel follows before it says ELOOP."""
_PLACE = os.O_PATH | os.O_CLOEXEC
_STEP = _PLACE | os.O_NOFOLLOW


class LinkRefusedError(OSError):
    """A link leads where it must not, errno ELOOP."""


class _Link(Struct, frozen=True):
    path: str
    owner: int


class LinkRule(Struct, frozen=True):
    """Where links may lead."""

    roots: tuple[str, ...] = ()
    """Absolute paths of directories in which all files are; empty: it depends on their owners."""

    def place(self, path: str) -> AbstractContextManager[int]:
        """What is at `path`, as a handle that tells what it is and cannot be read.

        Raises OSError; LinkRefusedError for a regular file that must not be looked at.
        """
        return self._reached(path, None)

    def place_beside(self, path: str, other: str) -> AbstractContextManager[int]:
        """The same of `other`, which was found in the directory where the file of `path` lies.

        It is no link itself. Raises OSError, with ENOENT where `path` leads elsewhere by now.
        """
        return self._reached(path, other)

    @contextmanager
    def _reached(self, path: str, other: str | None) -> Iterator[int]:
        place = os.open(path, _PLACE) if other is None else os.open(other, _STEP)
        try:
            where = _real(place)
            if other is None and not stat.S_ISREG(os.fstat(place).st_mode):
                pass  # no log, whatever leads there
            elif where == (other or path) and (other is None or _folder(other) == _folder(path)):
                self._check_root(where)
            else:
                os.close(place)
                place = -1
                place = self._walked(path, other)
            yield place
        finally:
            if place >= 0:
                os.close(place)

    def _walked(self, path: str, other: str | None) -> int:
        """What is at `path`, or at `other` beside it, reached step by step and permitted."""
        folder, name, links = _walk(path)
        try:
            if other is not None:
                if _real(folder) != _folder(other):
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), other)
                name = other.rpartition("/")[2]
            place = os.open(name, _STEP, dir_fd=folder)
            try:
                self._check(place, folder, links)
            except OSError:
                os.close(place)
                raise
            return place
        finally:
            os.close(folder)

    def _check(self, place: int, folder: int, links: list[_Link]) -> None:
        if stat.S_ISLNK(os.fstat(place).st_mode):  # it was none a moment ago
            raise LinkRefusedError(errno.ELOOP, "is being exchanged for a link again and again")
        where = _real(place)
        if self.roots:
            self._check_root(where)
            return
        owners = os.fstat(place).st_uid, os.fstat(folder).st_uid
        trusted = {*_trusted(), *owners}
        for link in links:
            if link.owner not in trusted:
                raise LinkRefusedError(
                    errno.ELOOP,
                    f"not read: {link.path} is a link that belongs to {_user(link.owner)} and leads"
                    f" to {where}, which belongs to {_user(owners[0])}; if that is meant:"
                    f" chown -h root {link.path}",
                )

    def _check_root(self, where: str) -> None:
        if self.roots and not any(_is_below(where, os.path.realpath(one)) for one in self.roots):
            text = f"not read: it is {where}, which is in none of allowed_roots"
            raise LinkRefusedError(errno.ELOOP, text)


def _trusted() -> tuple[int, ...]:
    """Whose links lead anywhere."""
    return 0, os.geteuid()


def _walk(path: str) -> tuple[int, str, list[_Link]]:
    """The directory in which `path` ends, the name there, and the links on the way, the last too.

    Raises OSError; the last name need not exist.
    """
    folder, links = os.open("/", _PLACE), list[_Link]()
    names = [name for name in reversed(path.split("/")) if name not in ("", ".")]
    try:
        while len(names) > 1 or _is_link(folder, names[0]):
            name = names.pop()
            step = os.open(name, _STEP, dir_fd=folder)
            status = os.fstat(step)
            if not stat.S_ISLNK(status.st_mode):
                if not names:  # the last one was a link a moment ago
                    os.close(step)
                    return folder, name, links
                os.close(folder)
                folder = step
                continue
            try:
                target = os.readlink("", dir_fd=step)
            finally:
                os.close(step)
            links.append(_Link(f"{_real(folder).rstrip('/')}/{name}", status.st_uid))
            _check_number(links, path)
            if target.startswith("/"):
                os.close(folder)
                folder = os.open("/", _PLACE)
            names += [each for each in reversed(target.split("/")) if each not in ("", ".")]
            names = names or ["."]
    except OSError:
        os.close(folder)
        raise
    return folder, names[0], links


def _check_number(links: list[_Link], path: str) -> None:
    if len(links) > _MOST_LINKS:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def _is_link(folder: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _real(place: int) -> str:
    """Where the thing itself is, whatever path it was reached by."""
    return os.readlink(f"/proc/self/fd/{place}")  # noqa: PTH115 - paths here are plain strings


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _is_below(path: str, root: str) -> bool:
    return path.startswith(root if root.endswith("/") else f"{root}/")


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
