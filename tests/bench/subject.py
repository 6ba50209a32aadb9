"""logwatch as it is measured: its configuration, and runs of `run --once` that start from nothing.

Every alert is stored durably (`synchronous=FULL`) and written to a `jsonl_file`, as by default.
Compiled patterns are kept from run to run, positions and alerts are not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import copytree, rmtree

from bench import child
from bench.rule_sets import NamedPattern
from doubles.process import environment

COMPILED = "patterns"
"""The folder beside the store that compiled patterns are kept in."""


class Subject:
    """One configuration in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        log: Path | str,
        rules: Sequence[NamedPattern],
        *,
        options: str = "cooldown: 0",
        log_format: str = "plain",
    ) -> None:
        """`log`: a file or a glob; `options`: what every rule gets beside its pattern."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.alerts = folder / "alerts.jsonl"
        self.state = folder / "state"
        self.text = _configuration(folder, log, rules, options, log_format)
        self._path = folder / "logwatch.yaml"
        self._path.write_text(self.text, encoding="utf-8")

    def run_once(self, *, forget: bool = True) -> child.Spent:
        """To the end of every file, from nothing or from where the last run stopped."""
        if forget:
            self.forget()
        command = [sys.executable, "-m", "logwatch", "run", "-c", self._path, "--once"]
        return child.run(command, env=environment())

    def use_compiled(self, other: Subject) -> None:
        """Take over the compiled patterns of a subject with the same rules."""
        copytree(other.state / COMPILED, self.state / COMPILED)

    def forget(self) -> None:
        """Remove positions and alerts, and keep the compiled patterns."""
        self.alerts.unlink(missing_ok=True)
        for path in self.state.glob("*"):
            if path.name == COMPILED:
                continue
            if path.is_dir():
                rmtree(path)
            else:
                path.unlink()

    def alert_count(self) -> int:
        """How many alerts are in the file."""
        return count_lines(self.alerts)


def count_lines(path: Path) -> int:
    """Whole lines of a file; 0 where there is none."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return 0
    with file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def _configuration(
    folder: Path, log: Path | str, rules: Sequence[NamedPattern], options: str, log_format: str
) -> str:
    lines = [
        f"state: {folder / 'state'}",
        f"sources: {{log: {{path: '{log}', format: {log_format}, start: beginning}}}}",
        f"sinks: {{out: {{jsonl_file: {{path: {folder / 'alerts.jsonl'}}}}}}}",
        "rules:",
    ]
    for rule in rules:
        lines += [
            f"  - name: {rule.name}",
            f"    match: {_quoted(rule.pattern)}",
            *(f"    {option}" for option in options.split("\n")),
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
