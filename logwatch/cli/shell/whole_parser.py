"""One parser with every verb in it, for those who describe the whole command line."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Any

from logwatch import __version__
from logwatch.cli.flags.everywhere import flags_of_all
from logwatch.cli.verbs import VERBS, module_of
from logwatch.config.explanations import EXPLANATIONS

_FILES = ("FILE", "OLD", "PATH")
_FOLDERS = ("FOLDER", "DIR")
_FILE = {"bash": "_shtab_compgen_files", "zsh": "_files"}
_FOLDER = {"bash": "_shtab_compgen_dirs", "zsh": "_files -/"}
"""What shtab calls `FILE` and `DIRECTORY`."""


def whole_parser() -> argparse.ArgumentParser:
    """Every verb with its flags; what takes a file says so in `complete`, as shtab reads it."""
    parser = argparse.ArgumentParser(prog="logwatch", description="Watch log files, tell someone.")
    parser.add_argument("-V", "--version", action="version", version=__version__)
    verbs = parser.add_subparsers(metavar="COMMAND", title="commands")
    for verb, (_, summary) in VERBS.items():
        flags = import_module(f"logwatch.cli.flags.{module_of(verb)}")
        sub = verbs.add_parser(
            verb,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=flags.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        flags.arguments(sub)
        flags_of_all(sub)
        _mark_files(sub)
    topic = verbs.add_parser("help", help="a command, or a code of `logwatch check`")
    topic.add_argument("topic", nargs="?", choices=[*VERBS, "codes", "json", *EXPLANATIONS])
    return parser


def _mark_files(parser: argparse.ArgumentParser) -> None:
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to ask
        marked: Any = action
        if is_file(action):
            marked.complete = _FILE
        elif action.metavar in _FOLDERS:
            marked.complete = _FOLDER


def is_file(action: argparse.Action) -> bool:
    """Whether an argument names a file."""
    names = [action.metavar] if isinstance(action.metavar, str) else list(action.metavar or ())
    return any(name.partition("|")[0] in _FILES for name in names)


def parsers_of_verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each verb."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            return dict(action.choices)
    return {}
