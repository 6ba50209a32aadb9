"""Other programs that find the same lines, given the same rules: what to start, what they counted.

Here are those that read a file and end; daemons.py has those that do not. What one result is
differs: grep and ripgrep print a line that any rule takes and do not say which; mtail counts for
each rule and prints no line; sec and swatchdog act for the first rule that takes a line. None keeps
a position in these runs or stores an alert durably, which logwatch does.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from typing import ClassVar, Protocol

from bench import child
from bench.corpus import Corpus
from bench.rule_sets import NamedPattern, extended, without_names
from bench.subject import count_lines


class Peer(Protocol):
    """One other program, with its rules written in a folder."""

    name: str
    group: str
    """What to compare it with: "scanner" for what only finds lines, else "daemon"."""
    first_guess: int
    """A size in bytes that surely does not take long with ten rules."""
    whole_log: bool
    """Whether it finds the end of a log by itself; else the last line must be a hit."""

    def installed(self) -> bool:
        """Whether this machine has it."""
        ...

    def version(self) -> str:
        """As it says itself."""
        ...

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """Write the rules in the program's own language."""
        ...

    def run(self, corpus: Corpus) -> child.Spent:
        """Read a log to its end."""
        ...

    def count(self) -> int | None:
        """How many lines of the last log the rules took; None where it does not say."""
        ...


class Program:
    """A command, looked for by its name; `LOGWATCH_BENCH_<NAME>` names another place."""

    name: str
    group = "daemon"
    first_guess = 1 << 20
    whole_log = True
    executable: ClassVar[str | None] = None
    """What it is called where that is not its name."""
    asked_with = "--version"

    def __init__(self) -> None:
        self._found = found(self.name, self.executable)

    def installed(self) -> bool:
        """See `Peer.installed`."""
        return self._found is not None

    def version(self) -> str:
        """See `Peer.version`."""
        return version_of(self.program(), self.asked_with)

    def program(self) -> str:
        """The executable. Raises RuntimeError where there is none."""
        if self._found is None:
            raise RuntimeError(f"{self.name} is not installed")
        return self._found


class Grep(Program):
    """GNU grep, in the C locale, where it is fastest."""

    name = "grep"
    group = "scanner"
    first_guess = 8 << 20

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """See `Peer.prepare`."""
        self._rules, self._out = folder / "rules.ere", folder / "out"
        self._rules.write_text("".join(f"{extended(rule.pattern)}\n" for rule in rules))

    def run(self, corpus: Corpus) -> child.Spent:
        """See `Peer.run`."""
        command = [self.program(), "-a", "-E", "-f", self._rules, corpus.path]
        return child.run(command, stdout=self._out, env={"LC_ALL": "C"}, statuses=(0, 1))

    def count(self) -> int | None:
        """See `Peer.count`."""
        return count_lines(self._out)


class Ripgrep(Grep):
    """ripgrep on one thread; classes mean ASCII, as in the C locale."""

    name = "rg"
    first_guess = 32 << 20

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """See `Peer.prepare`."""
        self._rules, self._out = folder / "rules.txt", folder / "out"
        self._rules.write_text("".join(f"{without_names(rule.pattern)}\n" for rule in rules))

    def run(self, corpus: Corpus) -> child.Spent:
        """See `Peer.run`."""
        limits = ("--regex-size-limit=2G", "--dfa-size-limit=2G")
        flags = ("--no-config", "-a", "-N", "-I", "-j1", "--no-unicode", *limits)
        command = [self.program(), *flags, "-f", self._rules, corpus.path]
        return child.run(command, stdout=self._out, statuses=(0, 1))


class Mtail(Program):
    """mtail, once over the file; one counter for each rule."""

    name = "mtail"

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """See `Peer.prepare`."""
        self._folder, self._out = folder, folder / "out"
        program = ["counter hits by rule"]
        for rule in rules:
            pattern = rule.pattern.replace("/", r"\/")
            program.append(f'/{pattern}/ {{\n  hits["{rule.name}"]++\n}}')
        (folder / "bench.mtail").write_text("\n".join(program) + "\n")

    def run(self, corpus: Corpus) -> child.Spent:
        """See `Peer.run`."""
        once = ("--one_shot", "--one_shot_format=prometheus", "--max_recursion_depth=100000")
        folders = ("--progs", self._folder, "--log_dir", self._folder)
        return child.run([self.program(), *once, *folders, "--logs", corpus.path], stdout=self._out)

    def count(self) -> int | None:
        """See `Peer.count`."""
        figures = re.findall(r"^hits\{[^\n]*\} (\d+)", self._out.read_text(), re.MULTILINE)
        return sum(map(int, figures))


class Sec(Program):
    """The Simple Event Correlator, once over the file."""

    name = "sec"

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """See `Peer.prepare`."""
        self._rules, self._out = folder / "sec.conf", folder / "out"
        self._rules.write_text(sec_rules(rules, self._out))

    def run(self, corpus: Corpus) -> child.Spent:
        """See `Peer.run`."""
        self._out.unlink(missing_ok=True)
        flags = (f"--conf={self._rules}", f"--input={corpus.path}", "--notail", "--debug=1")
        return child.run([self.program(), *flags])

    def count(self) -> int | None:
        """See `Peer.count`."""
        return count_lines(self._out)


def sec_rules(rules: Sequence[NamedPattern], out: Path) -> str:
    """A rule file for sec that writes each line taken to `out`."""
    return "\n".join(
        f"type=Single\nptype=RegExp\npattern={rule.pattern}\ndesc={rule.name}\n"
        f"action=write {out} {rule.name} $0\n"
        for rule in rules
    )


class Swatchdog(Program):
    """swatchdog, examining one file."""

    name = "swatchdog"

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """See `Peer.prepare`."""
        self._folder, self._out = folder, folder / "out"
        (folder / "swatch.conf").write_text(swatch_rules(rules))

    def run(self, corpus: Corpus) -> child.Spent:
        """See `Peer.run`."""
        folder = self._folder
        command = [self.program(), "-c", folder / "swatch.conf", f"--script-dir={folder}"]
        return child.run([*command, "-f", corpus.path], stdout=self._out)

    def count(self) -> int | None:
        """Its banner and the colours that it resets are no lines of the log."""
        with self._out.open("rb") as file:
            lines = [line.strip() for line in file]
        return sum(
            line not in (b"", b"\x1b[0m") and not line.startswith(b"*** swatchdog")
            for line in lines
        )


def swatch_rules(rules: Sequence[NamedPattern]) -> str:
    """For swatchdog: print each line that is taken. Its patterns become Perl source."""
    patterns = [rule.pattern.replace("@", r"\@").replace("/", r"\/") for rule in rules]
    return "\n".join(f"watchfor /{pattern}/\n\techo\n" for pattern in patterns)


def found(name: str, executable: str | None = None) -> str | None:
    """Where the program `name` is, if anywhere; the environment may name the place."""
    variable = name.upper().replace("-", "_")
    return os.environ.get(f"LOGWATCH_BENCH_{variable}") or which(executable or name)


def said(program: str, flag: str) -> str:
    """Everything that `program` says when it is asked with `flag`."""
    done = subprocess.run([program, flag], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def version_of(program: str, flag: str) -> str:
    """The first thing like a version that `program` says, "?" where there is none."""
    found = re.search(r"\d+(?:\.\d+)+[\w~.-]*", said(program, flag))
    return found[0] if found else "?"
