"""The installed unit as tests drive it: configured, logged for, looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from doubles.machine import Machine
from doubles.process import eventually

CHECKOUT = Path(__file__).parents[2]
UNIT = "logwatchd.service"
STATE = "/var/lib/logwatchd"
CONFIG = "/etc/logwatchd/logwatch.yaml"
ALERTS = f"{STATE}/alerts.jsonl"
AUTH, SYSLOG, CLOSED = "/var/log/auth.log", "/var/log/syslog", "/var/log/closed"
DYNAMIC_USERS = range(61184, 65520)  # systemd.exec(5), DynamicUser=

BASIC = f"""\
version: 1
state: {STATE}
sources:
  auth: {{path: {AUTH}, format: syslog}}
  system: {{path: {SYSLOG}, format: syslog}}
rules:
  - {{name: numbered, match: 'number=(?P<number>\\d+)', cooldown: 0}}
sinks:
  file: {{jsonl_file: {{path: {ALERTS}}}}}
"""


class Service:
    """The unit, with a configuration, drop-ins and logs of its own for each test."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.began = machine.does("date", "+%s.%N").strip()
        self._number = 0
        self.written: set[int] = set()

    def systemctl(self, *words: str, seconds: float = 60.0) -> str:
        """Call systemctl, which must succeed."""
        return self.machine.does("systemctl", *words, seconds=seconds)

    def show(self, name: str) -> str:
        """One property of the unit."""
        return self.systemctl("show", "--value", "-p", name, UNIT).strip()

    def status_says(self, files: int, more: str = "") -> bool:
        """Whether the status line has so many files, and nothing but `more` is wrong."""
        text = self.show("StatusText")
        head = rf"{files} files?(, [\d,]+ lines/s)?, [\d,]+ firing"
        return re.fullmatch(f"{head}{', ' * bool(more)}{more}", text) is not None

    def drop_in(self, text: str) -> None:
        """Add lines to the unit's section [Service]."""
        self.machine.write(f"/etc/systemd/system/{UNIT}.d/test.conf", f"[Service]\n{text}\n")
        self.systemctl("daemon-reload")

    def install_drop_in(self, name: str) -> None:
        """Copy one of the drop-ins that come with the unit."""
        text = (CHECKOUT / "systemd" / name).read_text(encoding="utf-8")
        self.machine.write(f"/etc/systemd/system/{UNIT}.d/{name}", text)
        self.systemctl("daemon-reload")

    def configure(self, text: str) -> None:
        """Write the configuration."""
        self.machine.write(CONFIG, text)

    def log(self, count: int = 1, path: str = AUTH) -> None:
        """Append numbered lines that the rule takes, each among lines that it does not."""
        text = ""
        for _ in range(count):
            self._number += 1
            self.written.add(self._number)
            text += f"{stamp()} web1 app[1]: nothing\n{line(self._number)}\n"
        self.machine.append(path, text)

    def enter(self, count: int = 1) -> None:
        """Have journald take numbered entries of the identifier `numbers`."""
        self.machine.does("systemd-cat", "-t", "numbers", "cat", text=self._numbered(count))

    def send(self, count: int, port: int) -> None:
        """Send numbered messages as a client of syslog does, over TCP to this port of loopback."""
        words = ("--tcp", "--server", "127.0.0.1", "--port", str(port), "--rfc5424", "-t", "app")
        self.machine.does("logger", *words, text=self._numbered(count))

    def _numbered(self, count: int) -> str:
        first, self._number = self._number + 1, self._number + count
        numbers = range(first, self._number + 1)
        self.written.update(numbers)
        return "".join(f"number={number}\n" for number in numbers)

    def pour(self, count: int, path: str = AUTH) -> None:
        """Begin to append so many numbered lines, some 500 a second; see `poured`."""
        first, self._number = self._number + 1, self._number + count
        self.written.update(range(first, self._number + 1))
        loop = f'i={first}; while [ $i -le {self._number} ]; do echo "{stamp()} web1 app[1]:'
        loop += f' number=$i" >>{path}; i=$((i+1)); sleep 0.001; done'
        self.machine.does("systemd-run", "--quiet", "--unit=pour", "--collect", "sh", "-c", loop)

    def poured(self) -> None:
        """Wait for the end of `pour`."""
        self.until(lambda: self.state("pour.service") == "inactive", "all is written", 60)

    def state(self, unit: str = UNIT) -> str:
        """`active`, `failed`, ..."""
        return self.machine.tries("systemctl", "is-active", unit).out.strip()

    def alerts(self, path: str = ALERTS) -> list[dict[str, Any]]:
        """What the file sink has written, whole lines only."""
        text = self.machine.tries("cat", path).out
        return [json.loads(each) for each in text.splitlines(keepends=True) if each[-1] == "\n"]

    def numbers(self) -> list[int]:
        """The numbers of the lines that were told, in order."""
        return [
            int(each["fields"]["number"]) for each in self.alerts() if "number" in each["fields"]
        ]

    def settle(self, *, repetitions: bool = False, seconds: float = 20.0) -> None:
        """Everything written was told, and once; `repetitions`: or again under the same id."""
        self.until(lambda: set(self.numbers()) >= self.written, "every line is told", seconds)
        alerts = self.alerts()
        messages = {(each["id"], each["seq"]) for each in alerts}
        assert len(messages) == len(self.written), "one alert a line"
        assert set(self.numbers()) == self.written
        assert repetitions or len(alerts) == len(self.written), "and each once"

    def settle_numbers(self, seconds: float = 30.0) -> None:
        """Every numbered line is told, under one id each, whatever else is told."""
        self.until(lambda: set(self.numbers()) >= self.written, "every line is told", seconds)
        told = [each for each in self.alerts() if each["rule"] == "numbered"]
        assert {int(each["fields"]["number"]) for each in told} == self.written
        assert len({(each["id"], each["seq"]) for each in told}) == len(self.written)

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 20.0) -> None:
        """Wait for something; where it does not come, fail with what the service says."""
        try:
            eventually(condition, what, seconds)
        except AssertionError as late:
            missing = sorted(self.written - set(self.numbers()))
            late.add_note(f"{len(missing)} lines not told: {missing[:5]}")
            late.add_note(self.machine.tries("journalctl", "-n", "60", "--no-pager").out)
            raise

    def entries(self) -> list[dict[str, Any]]:
        """The unit's journal since this test began, its own lines and systemd's."""
        self.machine.does("journalctl", "--sync")
        text = self.machine.does(
            "journalctl", "-u", UNIT, "-o", "json", "--all", f"--since=@{self.began}"
        )
        return [json.loads(each) for each in text.splitlines()]

    def journal(self, priority: int = 7) -> str:
        """The text of the daemon's own entries of at least this priority."""
        return "\n".join(
            str(each["MESSAGE"])
            for each in self.entries()
            if each.get("_TRANSPORT") == "stdout" and int(each["PRIORITY"]) <= priority
        )

    def says(self, text: str, priority: int = 7, seconds: float = 10.0) -> None:
        """Wait until the journal has this text."""
        self.until(lambda: text in self.journal(priority), f"{text!r} in the journal", seconds)


def stamp() -> str:
    """The time as rsyslog writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def line(number: int) -> str:
    """A line that the rule takes."""
    return f"{stamp()} web1 app[1]: number={number}"
