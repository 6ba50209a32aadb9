"""What programs told syslog on a machine whose only syslog is the journal, as logs to look into.

Where rsyslog writes files, those are the logs. Without it (Debian since 12) logins and the messages
of services are in the journal alone: `auth` and `system`, as the stock rules call them. Of each the
newest entries are read, as the lines that rsyslog would have written.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence

from msgspec import Struct

from logwatch.cli.log_sample import END_BYTES, Group, Sample, Unreadable
from logwatch.cli.rights import own_name, sees_journal
from logwatch.receivers.export_format import ExportReader
from logwatch.receivers.journal import JournaldSettings, Match, as_syslog, wanted

MOST_ENTRIES = 20_000
PATIENCE_SECONDS = 30.0
FACILITY = "SYSLOG_FACILITY"


class _Part(Struct, frozen=True):
    """One part of the journal."""

    name: str
    files: frozenset[str]
    """Names of the files that have it where rsyslog writes."""
    facilities: tuple[str, ...]
    """Facilities of RFC 5424, 6.2.1; 4 and 10 are security and authorization."""


_PARTS = (
    _Part("auth", frozenset({"auth.log", "secure"}), ("4", "10")),
    _Part(
        "system",
        frozenset({"syslog", "messages"}),
        tuple(str(code) for code in range(24) if code not in (4, 10)),
    ),
)


def journal_samples(files: Iterable[str]) -> tuple[list[tuple[Group, Sample]], list[Unreadable]]:
    """The parts of the journal that no file of `files` has, and what keeps them from being read.

    Nothing where there is no `journalctl`, or no journal.
    """
    names = {path.rpartition("/")[2] for path in files}
    parts = [part for part in _PARTS if not names & part.files]
    if not parts or shutil.which("journalctl") is None:
        return [], []
    if not sees_journal():
        reason = f"is for the group systemd-journal; usermod -aG systemd-journal {own_name()}"
        return [], [Unreadable("the journal", reason, denied=True)]
    found = []
    for part in parts:
        sample = _sample(part)
        if isinstance(sample, Unreadable):
            return [], [sample]
        if sample is not None:
            journald = {"match": {FACILITY: list(part.facilities)}}
            found.append((Group(sample.path, [sample.path], part.name, journald), sample))
    return found, []


def _sample(part: _Part) -> Sample | Unreadable | None:
    """The newest entries of a part; None where it has none."""
    settings = JournaldSettings(matches=(Match(FACILITY, part.facilities),))
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours
            [*wanted(settings), f"--lines={MOST_ENTRIES}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return Unreadable("the journal", f"journalctl: {problem}")
    entries = ExportReader().feed(done.stdout)
    if not entries:
        return None
    lines = [as_syslog(entry).replace(b"\n", b"#012") + b"\n" for entry in entries]
    size = sum(map(len, lines)) + (len(lines) >= MOST_ENTRIES)  # there may be more
    return Sample(f"journald:{part.name}", size, entries[-1].time, _newest(lines), b"")


def _newest(lines: Sequence[bytes]) -> bytes:
    """Whole lines from the end, as many as are read of a file."""
    size, first = 0, len(lines)
    while first and size + len(lines[first - 1]) <= END_BYTES:
        first -= 1
        size += len(lines[first])
    return b"".join(lines[first:])
