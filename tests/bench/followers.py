"""Other programs that follow a file and write each line taken to another, for latency.

mtail only counts and fail2ban runs commands, so both are left out: neither writes the line.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from shutil import which
from typing import NamedTuple, TypeAlias

from bench import daemons, peers
from bench.rule_sets import NamedPattern


class Follower(NamedTuple):
    """What to start, and where its lines come out."""

    name: str
    command: Sequence[str | Path]
    out: Path
    prints: bool
    """Whether the lines come on standard output; else it writes the file itself."""


def followers(folder: Path, log: Path, rules: Sequence[NamedPattern]) -> Iterator[Follower]:
    """Those that are installed, each with its configuration in a folder of its own."""
    for name, make in _MAKERS.items():
        own = folder / name
        own.mkdir(parents=True)
        made = make(own, log, rules)
        if made is not None:
            command, prints = made
            yield Follower(name, command, own / "out", prints)


Made: TypeAlias = tuple[Sequence[str | Path], bool] | None


def _tail(folder: Path, log: Path, rules: Sequence[NamedPattern]) -> Made:
    peer = peers.Grep()
    peer.prepare(folder, rules)
    search = f"grep -a -E --line-buffered -f {quote(str(folder / 'rules.ere'))}"
    return ["sh", "-c", f"tail -F -n 0 {quote(str(log))} | LC_ALL=C {search}"], True


def _swatchdog(folder: Path, log: Path, rules: Sequence[NamedPattern]) -> Made:
    if not which("swatchdog"):
        return None
    (folder / "swatch.conf").write_text(peers.swatch_rules(rules))
    command = ["swatchdog", "-c", folder / "swatch.conf", f"--script-dir={folder}", "-t", log]
    return [*command, "--tail-args=-n 0 -F"], True


def _sec(folder: Path, log: Path, rules: Sequence[NamedPattern]) -> Made:
    if not which("sec"):
        return None
    (folder / "sec.conf").write_text(peers.sec_rules(rules, folder / "out"))
    flags = (f"--conf={folder / 'sec.conf'}", f"--input={log}", "--tail", "--debug=1")
    return ["sec", *flags, "--poll-timeout=0.01"], False


def _rsyslog(folder: Path, log: Path, rules: Sequence[NamedPattern]) -> Made:
    if not daemons.Rsyslog().installed():
        return None
    path = folder / "rsyslog.conf"
    path.write_text(
        daemons.rsyslog_configuration(rules, log, folder / "out", folder, from_end=True)
    )
    return [daemons.Rsyslog().program(), "-n", "-f", path, "-i", folder / "pid"], False


def _syslog_ng(folder: Path, log: Path, rules: Sequence[NamedPattern]) -> Made:
    peer = daemons.SyslogNg()
    if not peer.installed():
        return None
    peer.prepare(folder, rules)
    return peer.command("follow-freq(0.1) flags(no-parse)", log), False


def _fluent_bit(folder: Path, log: Path, rules: Sequence[NamedPattern]) -> Made:
    peer = daemons.FluentBit()
    if not peer.installed():
        return None
    peer.prepare(folder, rules)
    return peer.command("read_from_head false\n    refresh_interval 1", log), False


_MAKERS = {
    "tail -F and grep": _tail,
    "swatchdog": _swatchdog,
    "sec": _sec,
    "rsyslog": _rsyslog,
    "syslog-ng": _syslog_ng,
    "fluent-bit": _fluent_bit,
}


@contextmanager
def running(follower: Follower) -> Iterator[subprocess.Popen[bytes]]:
    """The program in the foreground, ended with everything that it started."""
    said = follower.out if follower.prints else Path(os.devnull)
    with said.open("ab") as stdout:
        child = subprocess.Popen(
            [str(word) for word in follower.command],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield child
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
