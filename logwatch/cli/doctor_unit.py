"""What the service manager lets the service see and do: the unit as systemd has it loaded.

Read from `systemctl show`, drop-ins included. Without systemd, or without the unit, nothing is
known, and what depends on it is not judged.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from msgspec import Struct

UNIT = "logwatchd.service"
ANSWER_SECONDS = 10.0
PROPERTIES = (
    *("LoadState", "ActiveState", "User", "DynamicUser", "SupplementaryGroups", "Environment"),
    *(
        "AmbientCapabilities",
        "ProtectHome",
        "ProtectSystem",
        "PrivateTmp",
        "PrivateNetwork",
        "ProcSubset",
    ),
    *("BindPaths", "BindReadOnlyPaths", "ReadWritePaths", "InaccessiblePaths", "StateDirectory"),
    *("RuntimeDirectory", "LogsDirectory", "TasksMax", "LimitNOFILE", "NRestarts", "ExecStart"),
)
_HOMES = ("/home", "/root", "/run/user")
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - names to compare with, nothing is written there
_READS_ALL = ("cap_dac_read_search", "cap_dac_override")

Level = Literal["trouble", "note"]


class Finding(Struct, frozen=True, kw_only=True):
    """Something that will go wrong, or that is good to know."""

    level: Level
    check: str
    """The name of the check that found it, for programs."""
    about: str
    text: str
    remedy: str = ""
    """What to type."""


class Unit(Struct, frozen=True, kw_only=True):
    """The properties of a loaded unit."""

    name: str
    properties: Mapping[str, str]

    def words(self, name: str) -> list[str]:
        """A property that is a list."""
        return self.properties.get(name, "").split()

    def number(self, name: str) -> int | None:
        """A property that is a number; None for `infinity`, or where it is not known."""
        text = self.properties.get(name, "")
        return int(text) if text.isdecimal() and int(text) < 1 << 63 else None

    @property
    def reads_all(self) -> bool:
        """Whether no permission of a file stops it."""
        user = self.properties.get("User", "") or "root"
        capabilities = self.words("AmbientCapabilities")
        return user in ("root", "0") or any(each in capabilities for each in _READS_ALL)

    def hides(self, path: str) -> str:
        """The directive by which the service does not see `path`; empty where it does."""
        shown = [each.split(":")[0].lstrip("-+") for each in self._binds()]
        if any(_is_below(path, each) for each in shown if each):
            return ""
        home = self.properties.get("ProtectHome", "")
        if home in ("yes", "tmpfs") and any(_is_below(path, each) for each in _HOMES):
            return f"ProtectHome={home}"
        temporary = self.properties.get("PrivateTmp", "")
        if temporary not in ("", "no") and any(_is_below(path, each) for each in _TEMPORARY):
            return f"PrivateTmp={temporary}"
        closed = [each.lstrip("-+") for each in self.words("InaccessiblePaths")]
        found = next((each for each in closed if _is_below(path, each)), "")
        return f"InaccessiblePaths={found}" if found else ""

    def may_write(self, path: str) -> bool:
        """Whether the sandbox lets it write `path`, whoever owns that."""
        if self.properties.get("ProtectSystem") != "strict":
            return True
        own = {
            "StateDirectory": "/var/lib",
            "RuntimeDirectory": "/run",
            "LogsDirectory": "/var/log",
        }
        writable = [f"{root}/{name}" for key, root in own.items() for name in self.words(key)]
        writable += [f"/var/lib/private/{name}" for name in self.words("StateDirectory")]
        writable += [each.lstrip("-+") for each in self.words("ReadWritePaths")]
        writable += [each.split(":")[-1].lstrip("-+") for each in self.words("BindPaths")]
        return any(_is_below(path, each) for each in (*writable, *_TEMPORARY, "/dev"))

    def closed_to(self, path: str) -> str:
        """The outermost part of `path` that the service's user may not pass or read, or empty.

        What its access lists say is not looked at.
        """
        user, groups = self._user(), self._groups()
        parts = Path(path).parts
        for count in range(1, len(parts) + 1):
            place = str(Path(*parts[:count]))
            try:
                found = os.stat(place)  # noqa: PTH116 - paths here are plain strings
            except OSError:
                return ""  # it is not there, which another check says
            wanted = stat.S_IXOTH if stat.S_ISDIR(found.st_mode) else stat.S_IROTH
            if found.st_uid == user:
                wanted <<= 6
            elif found.st_gid in groups:
                wanted <<= 3
            if not found.st_mode & wanted:
                return place
        return ""

    def _binds(self) -> list[str]:
        return self.words("BindReadOnlyPaths") + self.words("BindPaths")

    def _user(self) -> int:
        name = self.properties.get("User", "")
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            return int(name) if name.isdecimal() else -1  # a dynamic user owns no log

    def _groups(self) -> set[int]:
        numbers = set()
        for name in self.words("SupplementaryGroups"):
            try:
                numbers.add(grp.getgrnam(name).gr_gid)
            except KeyError:
                continue
        with suppress(KeyError):  # a dynamic user
            numbers.add(pwd.getpwnam(self.properties.get("User", "")).pw_gid)
        return numbers


def trouble(check: str, about: str, text: str, remedy: str = "") -> Finding:
    """Something that will go wrong."""
    return Finding(level="trouble", check=check, about=about, text=text, remedy=remedy)


def note(check: str, about: str, text: str, remedy: str = "") -> Finding:
    """Something that may be as it should be."""
    return Finding(level="note", check=check, about=about, text=text, remedy=remedy)


def drop_in(unit: Unit, *lines: str) -> str:
    """A command that adds lines to the unit."""
    folder = f"/etc/systemd/system/{unit.name}.d"
    words = "\\n".join(("[Service]", *lines))
    return (
        f"mkdir -p {folder} && printf '{words}\\n' >>{folder}/local.conf"
        " && systemctl daemon-reload && systemctl restart logwatchd"
    )


Run = Callable[[Sequence[str]], str | None]
"""Runs a command; what it prints, None where it cannot be had."""


def run_command(argv: Sequence[str]) -> str | None:
    """See `Run`."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            argv, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def read_unit(name: str = UNIT, run: Run = run_command) -> Unit | None:
    """The unit of this name; None where there is no systemd, or no such unit."""
    text = run(["systemctl", "show", name, f"--property={','.join(PROPERTIES)}"])
    if text is None:
        return None
    pairs = dict(line.partition("=")[::2] for line in text.splitlines() if "=" in line)
    return Unit(name=name, properties=pairs) if pairs.get("LoadState") == "loaded" else None


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
