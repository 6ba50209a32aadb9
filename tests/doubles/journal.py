"""A journal of our own, and a `journalctl` that knows it: every edge of the real one, on demand."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

PROGRAM = r"""
import json, os, struct, sys, time
folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
arguments = sys.argv[1:]
with open(folder + "/calls", "a") as calls:
    calls.write(json.dumps(arguments) + "\n")
if os.path.exists(folder + "/says"):
    sys.stderr.write(open(folder + "/says").read())
if os.path.exists(folder + "/fails"):
    sys.exit(1)
options = dict(each[2:].split("=", 1) for each in arguments if each[:2] == "--" and "=" in each)
wanted = {}
for each in arguments:
    if each[:2] != "--":
        wanted.setdefault(each.split("=", 1)[0], []).append(each.split("=", 1)[1])
def exported(entry):
    parts = []
    for name, value in entry:
        data = bytes(value) if isinstance(value, list) else value.encode()
        if b"\n" in data or isinstance(value, list):
            parts += [name.encode(), b"\n", struct.pack("<Q", len(data)), data, b"\n"]
        else:
            parts += [name.encode(), b"=", data, b"\n"]
    return b"".join(parts) + b"\n"
def entries():
    try:
        with open(folder + "/entries") as file:
            return [json.loads(line) for line in file]
    except FileNotFoundError:
        return []
def place(cursor):
    parts = dict(each.split("=") for each in cursor.split(";"))
    return int(parts["t"], 16)
def chosen(all_, start):
    found = [each for each in all_ if place(each[0][1]) >= start]
    for name, values in wanted.items():
        found = [each for each in found if any([name, value] in each for value in values)]
    if "unit" in options:
        found = [each for each in found if ["_SYSTEMD_UNIT", options["unit"]] in each]
    return found
start = place(options["cursor"]) if "cursor" in options else -1
now = chosen(entries(), start)
if "lines" in options:
    count = int(options["lines"])
    now = now[:count] if "cursor" in options else now[-count:]
for entry in now:
    sys.stdout.buffer.write(exported(entry))
if not now and "--follow" not in arguments:
    print("-- No entries --")
sys.stdout.flush()
told = place(now[-1][0][1]) + 1 if now else start
reader = os.getppid()
while "--follow" in arguments and not os.path.exists(folder + "/ends"):
    if os.getppid() != reader:
        break  # killed without a word
    time.sleep(0.005)
    for entry in chosen(entries(), told):
        sys.stdout.buffer.write(exported(entry))
        told = place(entry[0][1]) + 1
    sys.stdout.flush()
"""


class Journal:
    """A journal in a folder; give `path` to the program that is to read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = folder / "bin"
        programs.mkdir(parents=True)
        program = programs / "journalctl"
        program.write_text(f"#!{sys.executable} -IS\n{PROGRAM}", encoding="utf-8")
        program.chmod(0o755)
        self.path = f"{programs}:{os.environ['PATH']}"
        self.next = 1
        self._time = 0

    def append(self, message: str | list[int] = "", *, space: str = "a1", **fields: object) -> str:
        """Add an entry; returns its cursor. A list of numbers is bytes."""
        self._time += 1
        cursor = f"s={space};i={self.next:x};b=b0;m={self._time:x};t={self._time:x};x=f"
        stamp = fields.pop("at", 1_767_600_000_000_000 + self._time * 1_000_000)
        entry = [("__CURSOR", cursor), ("__REALTIME_TIMESTAMP", str(stamp)), ("MESSAGE", message)]
        entry += list(fields.items())
        with (self.folder / "entries").open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        self.next += 1
        return cursor

    def forget(self, count: int) -> None:
        """The oldest entries are gone, as after a rotation or `journalctl --vacuum-size`."""
        entries = self.folder / "entries"
        lines = entries.read_text(encoding="utf-8").splitlines(keepends=True)
        fresh = self.folder / "fresh"
        fresh.write_text("".join(lines[count:]), encoding="utf-8")
        fresh.replace(entries)

    def say(self, text: str) -> None:
        """What journalctl writes to its stderr from now on."""
        (self.folder / "says").write_text(text, encoding="utf-8")

    def flag(self, name: str, *, on: bool = True) -> None:
        """`fails`: it ends with status 1 at once; `ends`: it does not follow."""
        (self.folder / name).touch() if on else (self.folder / name).unlink()

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each call so far."""
        text = (self.folder / "calls").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]
