"""A person's shell: commands that run in the test's own process, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

from logwatch.cli.main import run_command_line


def at_home(folder: Path, monkeypatch) -> None:
    """`folder` is the working folder, and nothing elsewhere on this machine is seen."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("LOGWATCH_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "none"))


def logwatch(capsys, *words: object) -> tuple[int, str, str]:
    """Exit status, what it printed, and what it said beside that."""
    status = run_command_line([str(word) for word in words])
    printed = capsys.readouterr()
    return status, printed.out, printed.err
