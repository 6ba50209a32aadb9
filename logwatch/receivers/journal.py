"""What a source says about the journal, and how `journalctl` is asked for that.

A position in the journal is a cursor, a text such as `s=...;i=2a;b=...;m=...;t=...;x=...`: the
space of sequence numbers and the number in it, the boot and the time since then, the date, and a
hash of the entry. Within one space the number rises with each entry, whatever is filtered out; so
space and number name an entry for good, on every machine and after any loss of our own store.
Source: journalctl(1), systemd.journal-fields(7), and sd-journal.c of systemd for the cursor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar, Literal, NamedTuple

from msgspec import Struct

from logwatch.parsers import JOURNALD
from logwatch.receivers.export_format import Entry, value_of
from logwatch.receivers.options import PRIORITIES, Priority
from logwatch.tailer.settings import Origin

_PART = re.compile(r"(?:^|;)([a-z])=([0-9a-f]+)(?=;|$)")


class Match(Struct, frozen=True):
    """That a field has one of these values."""

    field: str
    values: tuple[str, ...]


class JournaldSettings(Origin, frozen=True, kw_only=True):
    """Which entries of which journal."""

    kind: ClassVar[str] = "journald"
    joins: ClassVar[bool] = True

    units: tuple[str, ...] = ()
    """Names or globs of units; entries of any of them. Empty: all."""
    identifiers: tuple[str, ...] = ()
    """Values of SYSLOG_IDENTIFIER; entries with any of them. Empty: all."""
    priority: Priority | None = None
    """Entries that are at least so grave; None: all."""
    matches: tuple[Match, ...] = ()
    """All of them must hold."""
    boot: Literal["all", "current"] = "all"
    directory: str | None = None
    """Folder with the journal; None: this machine's."""

    def entry(
        self,
        text: str,
        fields: Mapping[str, str],
        at: float,
        format: str,  # noqa: A002 - as `Origin` has it
    ) -> tuple[float | None, Mapping[str, str]]:
        """The time is when journald took it."""
        told = dict(fields)
        if format != "syslog":  # else there is more in the text than the message
            told.setdefault("MESSAGE", text)
        return at, plain_names(told)

    def told_as(self, format: str) -> str:  # noqa: A002 - as `Origin` has it
        """Any field may come from the journal, and some from texts of another format."""
        return "journald" if format in ("plain", "syslog") else f"{JOURNALD}{format}"


class Cursor(NamedTuple):
    """The parts of a cursor that say which entry it is."""

    space: str
    """Name of the space of sequence numbers."""
    number: int
    """Sequence number."""


def parse_cursor(text: str) -> Cursor | None:
    """None for what has no sequence number."""
    parts = dict(_PART.findall(text))
    if "s" not in parts or "i" not in parts or len(parts["i"]) > 16:
        return None
    return Cursor(parts["s"], int(parts["i"], 16))


def everything(settings: JournaldSettings) -> list[str]:
    """`journalctl` for all entries of that journal, in the export format."""
    command = ["journalctl", "--output=export", "--no-pager"]
    if settings.directory is not None:
        command.append(f"--directory={settings.directory}")
    return command


def wanted(settings: JournaldSettings) -> list[str]:
    """`journalctl` for the entries that are asked for, from the first on.

    No value can be taken for another argument: each follows its `=`.
    """
    command = everything(settings)
    command += [f"--unit={unit}" for unit in settings.units]
    command += [f"--identifier={name}" for name in settings.identifiers]
    if settings.priority is not None:
        command.append(f"--priority={settings.priority}")
    if settings.boot == "current":
        command.append("--boot")
    for match in settings.matches:
        command += [f"{match.field}={value}" for value in match.values]
    return command


def as_syslog(entry: Entry) -> bytes:
    """The text of an entry as rsyslog writes it to /var/log/syslog, with its time in UTC."""
    stamp = datetime.fromtimestamp(entry.time, UTC).isoformat(timespec="microseconds")
    host = value_of(entry, b"_HOSTNAME") or b"-"
    program = value_of(entry, b"SYSLOG_IDENTIFIER", b"_COMM") or b"-"
    pid = value_of(entry, b"SYSLOG_PID", b"_PID")
    kernel = program == b"kernel" or not pid
    tag = program if kernel else b"%s[%s]" % (program, pid)
    return b"%s %s %s: %s" % (stamp.encode(), host, tag, entry.message)


_PLAIN_NAMES = {
    "host": ("_HOSTNAME",),
    "program": ("SYSLOG_IDENTIFIER", "_COMM"),
    "pid": ("SYSLOG_PID", "_PID"),
    "unit": ("_SYSTEMD_UNIT", "UNIT"),
    "message": ("MESSAGE",),
}
"""Fields that also have the name that they have in the format `syslog`, by the first one there."""


def plain_names(fields: dict[str, str]) -> dict[str, str]:
    """`fields`, and some of them under the names of the format `syslog`."""
    more = {
        name: value
        for name, those in _PLAIN_NAMES.items()
        if (value := next((fields[each] for each in those if each in fields), None)) is not None
    }
    priority = fields.get("PRIORITY", "")
    if priority in ("0", "1", "2", "3", "4", "5", "6", "7"):
        more["severity"] = PRIORITIES[int(priority)]
    return fields | more
