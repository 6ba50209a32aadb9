"""Other programs that find the same lines, given the same rules: what to start, what they counted.

Each reads one file from its beginning to its end. What one result is differs: grep and ripgrep
print a line that any rule takes and do not say which; mtail counts for each rule and prints no
line; sec writes the line for the first rule that takes it. None keeps a position or stores an
alert durably, which logwatch does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from typing import Protocol

from bench import child
from bench.rule_sets import NamedPattern, extended, without_names
from bench.subject import count_lines


class Peer(Protocol):
    """One other program, with its rules written in a folder."""

    name: str
    first_guess: int
    """A size in bytes that surely does not take long with ten rules."""

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """Write the rules in the program's own language."""
        ...

    def run(self, log: Path) -> child.Spent:
        """Read `log` to its end."""
        ...

    def count(self) -> int:
        """How many lines of the last log the rules took."""
        ...


class Grep:
    """GNU grep, in the C locale, where it is fastest."""

    name = "grep"
    first_guess = 8 << 20

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """See `Peer.prepare`."""
        self._rules, self._out = folder / "rules.ere", folder / "out"
        self._rules.write_text("".join(f"{extended(rule.pattern)}\n" for rule in rules))

    def run(self, log: Path) -> child.Spent:
        """See `Peer.run`."""
        command = ["grep", "-a", "-E", "-f", self._rules, log]
        return child.run(command, stdout=self._out, env={"LC_ALL": "C"}, statuses=(0, 1))

    def count(self) -> int:
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

    def run(self, log: Path) -> child.Spent:
        """See `Peer.run`."""
        limits = ("--regex-size-limit=1G", "--dfa-size-limit=1G")
        flags = ("--no-config", "-a", "-N", "-I", "-j1", "--no-unicode", *limits)
        return child.run(["rg", *flags, "-f", self._rules, log], stdout=self._out, statuses=(0, 1))


class Mtail:
    """mtail, once over the file; one counter for each rule."""

    name = "mtail"
    first_guess = 1 << 20

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """See `Peer.prepare`."""
        self._folder, self._out = folder, folder / "out"
        program = ["counter hits by rule"]
        for rule in rules:
            pattern = rule.pattern.replace("/", r"\/")
            program.append(f'/{pattern}/ {{\n  hits["{rule.name}"]++\n}}')
        (folder / "bench.mtail").write_text("\n".join(program) + "\n")

    def run(self, log: Path) -> child.Spent:
        """See `Peer.run`."""
        once = ("--one_shot", "--one_shot_format=prometheus", "--max_recursion_depth=100000")
        folders = ("--progs", self._folder, "--log_dir", self._folder)
        return child.run(["mtail", *once, *folders, "--logs", log], stdout=self._out)

    def count(self) -> int:
        """See `Peer.count`."""
        figures = re.findall(r"^hits\{[^\n]*\} (\d+)", self._out.read_text(), re.MULTILINE)
        return sum(map(int, figures))


class Sec:
    """The Simple Event Correlator, once over the file."""

    name = "sec"
    first_guess = 1 << 20

    def prepare(self, folder: Path, rules: Sequence[NamedPattern]) -> None:
        """See `Peer.prepare`."""
        self._rules, self._out = folder / "sec.conf", folder / "out"
        self._rules.write_text(
            "\n".join(
                f"type=Single\nptype=RegExp\npattern={rule.pattern}\ndesc={rule.name}\n"
                f"action=write {self._out} {rule.name} $0\n"
                for rule in rules
            )
        )

    def run(self, log: Path) -> child.Spent:
        """See `Peer.run`."""
        self._out.unlink(missing_ok=True)
        flags = (f"--conf={self._rules}", f"--input={log}", "--notail", "--debug=1")
        return child.run(["sec", *flags])

    def count(self) -> int:
        """See `Peer.count`."""
        return count_lines(self._out)


def installed() -> list[Peer]:
    """The peers that this machine has."""
    kinds = (Grep, Ripgrep, Mtail, Sec)
    return [kind() for kind in kinds if which(kind.name)]
