"""What keeps sources that are no files from being read: rights, programs, places.

Part of `logwatch doctor`; see doctor_checks.py.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence

from logwatch.cli.doctor_unit import Finding, Unit, drop_in, trouble
from logwatch.cli.rights import JOURNAL_GROUPS, own_name, sees_journal
from logwatch.receivers.journal import JournaldSettings
from logwatch.receivers.stream_settings import ExecSettings, PipeSettings, StdinSettings
from logwatch.receivers.syslog_settings import SyslogSettings
from logwatch.tailer.settings import SourceSettings

CHECK = "other-sources"
FIRST_FREE_PORT = 1024


def other_sources(sources: Sequence[SourceSettings], unit: Unit | None) -> Iterator[Finding]:
    """The journal, listeners, programs and pipes."""
    for source in sources:
        about = f"source {source.name}"
        match source.origin:
            case JournaldSettings():
                yield from _journal(about, unit)
            case SyslogSettings() as settings:
                yield from _listener(about, settings, unit)
            case ExecSettings(command=command):
                yield from _program(about, command[0], unit)
            case PipeSettings(place=place):
                yield from _seen(about, place, unit)
            case StdinSettings() if unit is not None:
                yield trouble(CHECK, about, "a service has no standard input", "use pipe: or exec:")
            case _:
                pass


def _journal(about: str, unit: Unit | None) -> Iterator[Finding]:
    if shutil.which("journalctl") is None:
        yield trouble(CHECK, about, "there is no journalctl", "apt install systemd")
    if unit is None:
        sees = sees_journal()
    else:
        sees = unit.reads_all or not JOURNAL_GROUPS.isdisjoint(unit.words("SupplementaryGroups"))
    if not sees:
        remedy = f"usermod -aG systemd-journal {own_name()}"
        if unit is not None:
            remedy = drop_in(unit, "SupplementaryGroups=systemd-journal")
        yield trouble(CHECK, about, "entries of others need the group systemd-journal", remedy)
    if unit is not None and unit.properties.get("ProcSubset") == "pid":
        text = "journalctl cannot ask for the id of the boot (ProcSubset=pid)"
        yield trouble(CHECK, about, text, drop_in(unit, "ProcSubset=all"))


def _listener(about: str, settings: SyslogSettings, unit: Unit | None) -> Iterator[Finding]:
    addresses = (*settings.udp, *settings.tcp, *settings.tls)
    low = [each.port for each in addresses if 0 < each.port < FIRST_FREE_PORT]
    if unit is None:
        if low and os.geteuid() != 0:
            text = f"port {low[0]} is for root"
            yield trouble(CHECK, about, text, "listen at a port from 1024 on")
        return
    rights = unit.words("AmbientCapabilities")
    if low and unit.properties.get("User") != "root" and "cap_net_bind_service" not in rights:
        lines = (
            "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
            "AmbientCapabilities=CAP_NET_BIND_SERVICE",
            "PrivateUsers=no",
        )
        text = f"the service may not listen at port {low[0]}"
        yield trouble(CHECK, about, text, drop_in(unit, *lines))
    if addresses and unit.properties.get("PrivateNetwork") == "yes":
        text = "it needs a network, and the service has none (PrivateNetwork=yes)"
        remedy = f"rm /etc/systemd/system/{unit.name}.d/local-only.conf && systemctl daemon-reload"
        yield trouble(CHECK, about, text, remedy)


def _program(about: str, name: str, unit: Unit | None) -> Iterator[Finding]:
    if shutil.which(name) is None:
        yield trouble(CHECK, about, f"there is no program {name}", "correct the path")
    elif name.startswith("/"):
        yield from _seen(about, name, unit)


def _seen(about: str, place: str, unit: Unit | None) -> Iterator[Finding]:
    why = "" if unit is None else unit.hides(place)
    if unit is not None and why:
        text = f"the service cannot see {place} ({why})"
        yield trouble(CHECK, about, text, drop_in(unit, f"BindReadOnlyPaths={place}"))
