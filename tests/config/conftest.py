"""A registry of sinks of its own, and drawings with carets as expectations."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from logwatch.config.loader import Summary, examine, from_text
from logwatch.config.model import Config
from logwatch.config.problems import Problem, render
from logwatch.sinks.base import SinkKind, SinkSettings
from logwatch.units import Duration


class FileSettings(SinkSettings, frozen=True, kw_only=True):
    path: str
    fsync: bool = False


class HookSettings(SinkSettings, frozen=True, kw_only=True):
    url: str
    headers: dict[str, str] = {}  # noqa: RUF012  # msgspec copies it
    timeout: Duration = 15.0
    port: int | None = None
    mode: str = "fast"

    def __post_init__(self):
        if self.mode not in ("fast", "slow"):
            raise ValueError(f"mode {self.mode!r} is not known; write fast or slow")


class ConsoleSettings(SinkSettings, frozen=True, kw_only=True):
    lines: int = 3


class CommandSettings(SinkSettings, frozen=True, kw_only=True):
    argv: tuple[str, ...]


def _kind(name: str, settings: type[SinkSettings], short: str | None = None) -> SinkKind:
    return SinkKind(name=name, settings=settings, make=lambda _: None, short=short)


KINDS = {
    kind.name: kind
    for kind in (
        _kind("jsonl_file", FileSettings, "path"),
        _kind("webhook", HookSettings, "url"),
        _kind("console", ConsoleSettings),
        _kind("command", CommandSettings),
    )
}

REST = {
    "sources": "sources: {app: /dev/null}",
    "rules": "rules: [{name: any, match: x}]",
    "sinks": "sinks: {out: {console: {}}}",
}


class Examined(NamedTuple):
    config: Config | None
    problems: list[Problem]
    summary: Summary

    @property
    def text(self) -> str:
        return render(self.problems, self.summary.texts, counted=self.summary.counted)

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.problems]


class Bench:
    """A folder with configuration files in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ: dict[str, str] = {"HOME": "/home/someone"}

    def write(self, text: str, name: str = "logwatch.yaml") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def examine(self, text: str | None = None, **others: Any) -> Examined:
        """What is wrong with `text`, completed with the sections that it lacks."""
        path = self.folder / "logwatch.yaml"
        if text is not None:
            path = self.write(complete(textwrap.dedent(text).lstrip("\n")))
        return Examined(*examine(path, environ=self.environ, kinds=KINDS, **others))

    def load(self, text: str) -> Config:
        """The configuration that `text` stands for, completed with the sections that it lacks."""
        text = complete(textwrap.dedent(text).lstrip("\n"))
        return from_text(text, environ=self.environ, kinds=KINDS, folder=self.folder)

    def one(self, text: str) -> Problem:
        """The only problem with `text`."""
        found = self.examine(text)
        assert len(found.problems) == 1, found.text
        return found.problems[0]

    def check_drawing(self, drawing: str, code: str, message: str = "") -> Problem:
        """`drawing` is a configuration with carets under what is wrong, which is all that is."""
        text, line, column, end_column = read_drawing(drawing)
        problem = self.one(text)
        seen = (problem.code, problem.line, problem.column, problem.end_column)
        assert seen == (code, line, column, end_column), self.examine(text).text
        assert message in problem.message, problem.message
        assert problem.help, "an error says what to type"
        return problem


def complete(text: str) -> str:
    """`text` with the sections that it lacks."""
    lines = text.splitlines()
    for key, rest in REST.items():
        if not any(line.startswith(f"{key}:") for line in lines):
            text = text.rstrip("\n") + f"\n{rest}\n"
    return text


def read_drawing(drawing: str) -> tuple[str, int, int, int]:
    """The text without its line of carets, and where they point (1-based, the end excluded)."""
    lines = textwrap.dedent(drawing).lstrip("\n").splitlines()
    number = next(n for n, line in enumerate(lines) if set(line.strip()) == {"^"})
    carets = lines.pop(number)
    column = carets.index("^") + 1
    return "\n".join(lines) + "\n", number, column, column + carets.count("^")


@pytest.fixture
def bench(tmp_path):
    """A folder of the test's own."""
    return Bench(tmp_path)
