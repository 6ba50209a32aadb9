"""What `logwatch doctor` looks at: each check finds what is wrong, with what to type about it.

A check never changes anything. `trouble`: alerts will be late or missing, or the service will not
start. `note`: it may be as it should be.
"""

from __future__ import annotations

import ctypes
import errno
import grp
import os
import resource
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from logwatch.cli.doctor_origins import other_sources
from logwatch.cli.doctor_unit import Finding, Run, Unit, drop_in, note, trouble
from logwatch.config.model import Config
from logwatch.daemon.lookup import filesystem_without_events
from logwatch.tailer.discovery import Scan
from logwatch.tailer.fingerprint import created_ns
from logwatch.tailer.globs import is_glob

LEAST_FREE_BYTES = 64 * 1024 * 1024
LEAST_FREE_INODES = 100
EARLIEST = 1_735_689_600.0
"""2025-01-01: no clock that is right says less."""
OTHER_THREADS = 64
OTHER_HANDLES = 256
MOST_OF_A_KIND = 5
"""Findings of one check that are told one by one; the rest is counted."""
_SYSCTL = Path("/proc/sys/fs/inotify")


class Patient(Struct, frozen=True, kw_only=True):
    """What there is to look at."""

    config: Config
    scan: Scan
    unit: Unit | None
    wall: float
    run: Run
    sysctl: Path = _SYSCTL


Check = Callable[[Patient], Iterator[Finding]]


def hidden_paths(it: Patient) -> Iterator[Finding]:
    """Sources in places that the sandbox hides."""
    if it.unit is None:
        return
    for path in sorted({*it.scan.files, *_literal(it)}):
        why = it.unit.hides(path)
        if why:
            folder = str(Path(path).parent)
            yield trouble(
                "hidden-paths",
                f"file {path}",
                f"the service cannot see it ({why})",
                drop_in(it.unit, *_shown(why, folder)),
            )


def _shown(why: str, folder: str) -> tuple[str, ...]:
    bind = f"BindReadOnlyPaths={folder}"
    return ("ProtectHome=tmpfs", bind) if why.startswith("ProtectHome") else (bind,)


def denied_files(it: Patient) -> Iterator[Finding]:
    """Files that the user of the service may not read."""
    for path in sorted(it.scan.files):
        if not os.path.exists(path):  # noqa: PTH110 - paths here are plain strings
            continue  # it may come
        if it.unit is None or it.unit.reads_all:
            closed = "" if os.access(path, os.R_OK) else path
        else:
            closed = it.unit.closed_to(path)
        if closed:
            yield _denied(closed, path, it.unit)


def _denied(closed: str, path: str, unit: Unit | None) -> Finding:
    found = os.stat(closed)  # noqa: PTH116 - paths here are plain strings
    try:
        group = grp.getgrgid(found.st_gid).gr_name
    except KeyError:
        group = str(found.st_gid)
    is_folder = stat.S_ISDIR(found.st_mode)
    needed = stat.S_IXGRP if is_folder else stat.S_IRGRP
    if unit is not None and found.st_mode & needed and group != "root":
        remedy = drop_in(unit, f"SupplementaryGroups={group}")
    else:
        remedy = f"chgrp adm {closed} && chmod g+{'rx' if is_folder else 'r'} {closed}"
    who = "the service's user" if unit is not None else "this user"
    where = "" if closed == path else f" for {closed}"
    mode = f"{stat.S_IMODE(found.st_mode):04o}, group {group}"
    return trouble("denied-files", f"file {path}", f"{who} may not read it{where}: {mode}", remedy)


def limits(it: Patient) -> Iterator[Finding]:
    """A thread and two handles for each file, and some more."""
    files = len(it.scan.files)
    handles, threads = 2 * files + OTHER_HANDLES, files + OTHER_THREADS
    if it.unit is None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most != resource.RLIM_INFINITY and most < handles:
            text = f"{files:,} files need {handles:,} handles, and a process here may have {most:,}"
            yield trouble("limits", "handles", text, f"ulimit -n {handles}")
        return
    for name, wanted in (("LimitNOFILE", handles), ("TasksMax", threads)):
        there = it.unit.number(name)
        if there is not None and there < wanted:
            text = f"{files:,} files need {wanted:,}, and it is {there:,}"
            yield trouble("limits", name, text, drop_in(it.unit, f"{name}={2 * wanted}"))


def inotify(it: Patient) -> Iterator[Finding]:
    """Watches for every directory, and one instance."""
    wanted = 4 * len(it.scan.directories) + 64  # the way to each directory is watched, too
    most = _number(it.sysctl / "max_user_watches")
    if most is not None and most < wanted:
        text = f"{wanted:,} directories may need a watch, and {most:,} can have one"
        yield trouble(
            "inotify", "watches", text, f"sysctl fs.inotify.max_user_watches={2 * wanted}"
        )
    problem = _inotify_problem()
    if problem:
        remedy = "sysctl fs.inotify.max_user_instances=1024"
        yield trouble("inotify", "instances", f"no inotify instance can be had: {problem}", remedy)


def file_systems(it: Patient) -> Iterator[Finding]:
    """Directories from which no event comes, and files that cannot be told apart for sure."""
    kinds: dict[str, list[str]] = {}
    for directory in sorted(it.scan.directories):
        with suppress(OSError):
            device = os.stat(directory).st_dev  # noqa: PTH116 - paths here are plain strings
            kind = filesystem_without_events(device)
            if kind:
                kinds.setdefault(kind, []).append(directory)
    for kind, directories in kinds.items():
        text = f"{kind}, from which no events come: it is looked at every second or so"
        yield note("file-systems", f"directory {_some(directories)}", text)
    there = [path for path in sorted(it.scan.files) if os.path.exists(path)]  # noqa: PTH110 - plain strings
    nameless = [path for path in there if not created_ns(path)]
    if nameless:
        text = "no birth times there: a new file under an old inode is told by its bytes alone"
        yield note("file-systems", f"file {_some(nameless)}", text)


def clock(it: Patient) -> Iterator[Finding]:
    """The time of alerts, of cool-downs over a restart, and of what is late."""
    if it.wall < EARLIEST:
        text = "it is before 2025: alerts, silences and cool-downs go by it"
        yield trouble("clock", "clock", text, "timedatectl set-ntp true")
        return
    said = it.run(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
    if said is not None and said.strip() == "no":
        text = "it is not synchronised: lines of other machines may seem late or early"
        yield note("clock", "clock", text, "timedatectl set-ntp true")


def space(it: Patient) -> Iterator[Finding]:
    """Where the store is: without room nothing is committed, and reading waits."""
    place = next(each for each in (it.config.state, *it.config.state.parents) if each.exists())
    try:
        found = os.statvfs(place)
    except OSError as problem:
        yield trouble("space", f"state {place}", f"it cannot be looked at: {problem.strerror}")
        return
    free = found.f_bavail * found.f_frsize
    if free < LEAST_FREE_BYTES:
        text = f"{free >> 20} MiB are free on its disk: nothing is stored or told when it is full"
        yield trouble("space", f"state {it.config.state}", text, f"df -h {place}")
    if found.f_files and found.f_favail < LEAST_FREE_INODES:
        text = f"{found.f_favail} inodes are free on its disk"
        yield trouble("space", f"state {it.config.state}", text, f"df -i {place}")


def sinks(it: Patient) -> Iterator[Finding]:
    """What the sandbox keeps sinks from: a file to write, a network."""
    if it.unit is None:
        return
    for sink in it.config.sinks:
        path = getattr(sink.settings, "path", None) if sink.kind == "jsonl_file" else None
        if path is not None and not it.unit.may_write(str(path)):
            folder = Path(str(path)).parent
            yield trouble(
                "sinks",
                f"sink {sink.name}",
                f"the service may not write {path} (ProtectSystem=strict)",
                drop_in(it.unit, f"ReadWritePaths={folder}"),
            )
    if it.unit.properties.get("PrivateNetwork") == "yes":
        remedy = f"rm /etc/systemd/system/{it.unit.name}.d/local-only.conf"
        for about in _callers(it.config):
            text = "it needs a network, and the service has none (PrivateNetwork=yes)"
            yield trouble("sinks", about, text, f"{remedy} && systemctl daemon-reload")


def _callers(config: Config) -> Iterator[str]:
    """What calls somebody over a network."""
    for sink in config.sinks:
        if isinstance(getattr(sink.settings, "url", None), str):
            yield f"sink {sink.name}"
    for name in ("heartbeat", "otel"):
        if getattr(config, name) is not None:
            yield name


def service(it: Patient) -> Iterator[Finding]:
    """Whether it runs, and how often it had to be started."""
    if it.unit is None:
        text = "there is no unit logwatchd.service: what its sandbox hides was not looked at"
        yield note("service", "unit", text)
        return
    state = it.unit.properties.get("ActiveState", "")
    if state == "failed":
        text = "it has failed, and is not started again"
        yield trouble("service", "unit", text, "journalctl -u logwatchd -n 50")
    elif state not in ("active", "reloading"):
        yield note("service", "unit", f"it is {state}", "systemctl enable --now logwatchd")
    restarts = it.unit.number("NRestarts") or 0
    if restarts:
        text = f"it had to be started again {restarts} times"
        yield note("service", "unit", text, "journalctl -u logwatchd -p warning")


def other_logwatch(_it: Patient) -> Iterator[Finding]:
    """Debian's log analyser has the same name."""
    if Path("/usr/sbin/logwatch").exists():
        text = "another program has the name `logwatch`: call this one `logwatchd`"
        yield note("other-logwatch", "/usr/sbin/logwatch", text)


CHECKS: Mapping[str, Check] = {
    "service": service,
    "hidden-paths": hidden_paths,
    "denied-files": denied_files,
    "other-sources": lambda it: other_sources(it.config.sources, it.unit),
    "sinks": sinks,
    "limits": limits,
    "inotify": inotify,
    "file-systems": file_systems,
    "space": space,
    "clock": clock,
    "other-logwatch": other_logwatch,
}


def examine(it: Patient) -> list[Finding]:
    """Everything that the checks find, troubles first, and of each kind not too many."""
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        found = list(check(it))
        findings += found[:MOST_OF_A_KIND]
        more = len(found) - MOST_OF_A_KIND
        if more > 0:
            level = found[MOST_OF_A_KIND].level
            findings.append(
                Finding(level=level, check=name, about=name, text=f"and {more:,} more of this kind")
            )
    return sorted(findings, key=lambda each: each.level != "trouble")


def _literal(it: Patient) -> set[str]:
    """Paths that the sources name, and globs up to their first wildcard."""
    found = set()
    for source in it.config.sources:
        for path in source.paths:
            parts = Path(path).parts
            plain = next((n for n, part in enumerate(parts) if is_glob(part)), len(parts))
            found.add(str(Path(*parts[:plain])))
    return found


def _some(names: list[str]) -> str:
    more = len(names) - 1
    return names[0] if not more else f"{names[0]} and {more:,} more"


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None


def _inotify_problem() -> str:
    """Why no inotify instance can be made; empty where one can."""
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.inotify_init1(os.O_CLOEXEC)
    if descriptor >= 0:
        os.close(descriptor)
        return ""
    return os.strerror(ctypes.get_errno() or errno.EINVAL)
