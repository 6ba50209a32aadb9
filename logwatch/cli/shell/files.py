"""The files that an installation puts beside the program: completions and the manual page."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from pathlib import Path
from typing import Final

from logwatch import __version__
from logwatch.cli.shell.fish import fish_completion
from logwatch.cli.shell.manual import manual
from logwatch.cli.shell.whole_parser import whole_parser

PLACES: Final = {
    "bash": "share/bash-completion/completions/logwatch",
    "zsh": "share/zsh/site-functions/_logwatch",
    "fish": "share/fish/vendor_completions.d/logwatch.fish",
    "man": "share/man/man1/logwatch.1",
}
"""Where each of them belongs, below the prefix of the installation."""


def shell_files() -> dict[str, str]:
    """The text of each of `PLACES`. Raises ImportError where shtab is missing."""
    os.environ.setdefault("COLUMNS", "100")
    parser = whole_parser()
    return {
        "bash": _bash(parser),
        "zsh": _by_shtab(parser, "zsh").replace(
            "#compdef logwatch\n", "#compdef logwatch logwatchd\n"
        ),
        "fish": fish_completion(parser),
        "man": manual(parser, __version__),
    }


def write_shell_files(folder: Path) -> dict[str, str]:
    """Write them below `folder`; each path with where it belongs."""
    written = {}
    for name, text in shell_files().items():
        path = folder / PLACES[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written[str(path)] = PLACES[name]
    return written


def _bash(parser: argparse.ArgumentParser) -> str:
    script = _by_shtab(parser, "bash")
    last = script.rstrip().rpartition("\n")[2]
    return f"{script.rstrip()}\n{last}d\n" if last.startswith("complete ") else script


def _zsh(parser: argparse.ArgumentParser) -> str:
    script = _by_shtab(parser, "zsh")
    return script.replace("#compdef logwatch\n", "#compdef logwatch logwatchd\n", 1)


def _by_shtab(parser: argparse.ArgumentParser, shell: str) -> str:
    text: str = import_module("shtab").complete(parser, shell=shell)
    return text
