"""Whether the service may read a log, asked before it starts: by whoever runs `check`.

The service is another user than the one at the keyboard, and root may read everything. So its user
and groups are taken from the installed unit, and permissions are worked out by their bits. Where no
unit is installed it is about who asks, unless that is root. Where an access control list says more
than bits do, nothing is claimed.

Sources: systemd.exec(5) for User= and SupplementaryGroups=; path_resolution(7) and inode(7).
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from glob import iglob
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from logwatch.accounts import group_name, user_name
from logwatch.config.found import Found
from logwatch.config.keys import SourceKeys
from logwatch.config.problems import Report
from logwatch.tailer.settings import SourceSettings

UNIT: Final = "logwatchd.service"
UNIT_FOLDERS: Final = tuple(
    map(Path, ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"))
)
_FILES_LOOKED_AT = 2000
_SETTING = re.compile(r"^(User|SupplementaryGroups)=(.*)$", re.MULTILINE)


class Denial(NamedTuple):
    """Why the service may not read a file."""

    reason: str
    remedy: str


class Reader(NamedTuple):
    """Whom logwatch runs as."""

    name: str
    uid: int | None
    """None for a dynamic user, who owns nothing."""
    groups: frozenset[int]
    asks: bool = False
    """Whether it is who runs this: then the kernel knows best."""

    def denial(self, path: str) -> Denial | None:
        """Why this user may not read `path`; None where it may, or where nobody knows."""
        if self.uid == 0 or (self.asks and os.access(path, os.R_OK)):
            return None
        for place in (*reversed(Path(path).parents), Path(path)):
            try:
                status = place.stat()
            except OSError:
                return None
            wanted = stat.S_IXUSR if stat.S_ISDIR(status.st_mode) else stat.S_IRUSR
            if _has_list(place):
                return None
            if not self._may(status, wanted):
                return self._denied(path, place, status, wanted)
        return None

    def _may(self, status: os.stat_result, wanted: int) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & wanted)
        if status.st_gid in self.groups:
            return bool(status.st_mode & wanted >> 3)
        return bool(status.st_mode & wanted >> 6)

    def _denied(self, path: str, place: Path, status: os.stat_result, wanted: int) -> Denial:
        owner, group = user_name(status.st_uid), group_name(status.st_gid)
        where = "it" if str(place) == path else str(place)
        mode = f"{stat.S_IMODE(status.st_mode):o}"
        reason = f"{self.name} may not read {path}: {where} is {owner}:{group} {mode}"
        if status.st_mode & wanted >> 3 and status.st_gid != 0:
            if self.uid is None:
                return Denial(
                    reason, f"systemctl edit {UNIT}: [Service] SupplementaryGroups={group}"
                )
            return Denial(reason, f"usermod -aG {group} {self.name}")
        letter = "x" if stat.S_ISDIR(status.st_mode) else "r"
        ours = group_name(os.getegid()) if self.asks else "adm"
        return Denial(reason, f"chgrp {ours} {place} && chmod g+{letter} {place}")


def service_reader(folders: Sequence[Path] = UNIT_FOLDERS) -> Reader | None:
    """Whom the installed unit runs as, or who asks where there is none; None for root."""
    unit = next((folder / UNIT for folder in folders if (folder / UNIT).is_file()), None)
    if unit is None:
        return who_asks()
    name, groups = "root", set[int]()
    texts = [
        unit,
        *(each for folder in folders for each in sorted(folder.glob(f"{UNIT}.d/*.conf"))),
    ]
    for text in texts:
        for key, value in _SETTING.findall(_read(text)):
            if key == "User":
                name = value.strip() or "root"
            elif not value.strip():
                groups.clear()  # an empty one takes back what was said before
            else:
                groups.update(_ids(value.split()))
    uid = None
    with suppress(KeyError):
        entry = pwd.getpwnam(name)
        uid = entry.pw_uid
        groups.update(os.getgrouplist(name, entry.pw_gid))
    return None if uid == 0 else Reader(name, uid, frozenset(groups))


def who_asks() -> Reader | None:
    """Whoever runs this, who would run logwatch where no unit does; None for root."""
    uid = os.geteuid()
    groups = frozenset((os.getegid(), *os.getgroups()))
    return None if uid == 0 else Reader(user_name(uid), uid, groups, asks=True)


def warn_of_unreadable(
    found: Found[SourceKeys], source: SourceSettings, reader: Reader, report: Report
) -> None:
    """Warn of files of a source that the service may not read; one warning for each path."""
    for number, path in enumerate(source.paths):
        matching = islice(iglob(path, recursive=True), _FILES_LOOKED_AT)  # noqa: PTH207  # absolute
        files = (each for each in matching if Path(each).is_file())
        denied = [denial for each in files if (denial := reader.denial(each)) is not None]
        if denied:
            more = f", and {len(denied) - 1:,} more" if denied[1:] else ""
            message = f"{denied[0].reason}{more}"
            report.warning(found.place("path", number), "unreadable", message, denied[0].remedy)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _ids(names: Iterable[str]) -> Iterator[int]:
    for name in names:
        with suppress(KeyError):
            yield int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid


def _has_list(place: Path) -> bool:
    """Whether an access control list says more than the mode does."""
    try:
        return "system.posix_acl_access" in os.listxattr(place)
    except OSError:
        return False
