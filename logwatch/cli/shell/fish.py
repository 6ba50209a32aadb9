"""Completion for fish, whose language shtab does not write.

Source: fish-shell documentation, `complete`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from logwatch.cli.shell.whole_parser import is_file, parsers_of_verbs

_NO_VERB = "__fish_use_subcommand"


def fish_completion(parser: argparse.ArgumentParser) -> str:
    """The file that fish sources for `logwatch` and `logwatchd`."""
    verbs = parsers_of_verbs(parser)
    lines = ["# Completion of logwatch for fish; made from its table of verbs.", ""]
    for program in (parser.prog, f"{parser.prog}d"):
        lines.append(f"complete -c {program} -f")
        lines += [
            f"complete -c {program} -n {_NO_VERB} -a {verb} -d {_quoted(sub.description or verb)}"
            for verb, sub in verbs.items()
        ]
        for verb, sub in verbs.items():
            where = f"complete -c {program} -n {_quoted(f'__fish_seen_subcommand_from {verb}')}"
            lines += [f"{where} {rest}" for rest in _of(sub)]
    return "\n".join([*lines, ""])


def _of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """What fish is told of each argument of a verb."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to ask
        if action.help == argparse.SUPPRESS:
            continue
        parts = [*_flags(action), *_values(action)]
        if action.help:
            parts += ["-d", _quoted(action.help.replace("%%", "%"))]
        if action.option_strings or len(parts) > (2 if action.help else 0):
            yield " ".join(parts)


def _flags(action: argparse.Action) -> Iterator[str]:
    for flag in action.option_strings:
        word = flag.lstrip("-")
        yield f"-l {word}" if flag.startswith("--") else f"-s {word}"


def _values(action: argparse.Action) -> Iterator[str]:
    if action.choices:
        words = _quoted(" ".join(map(str, action.choices)))
        yield f"-x -a {words}" if action.option_strings else f"-a {words}"
    elif is_file(action):
        yield "-r -F" if action.option_strings else "-F"
    elif action.option_strings and action.nargs != 0:
        yield "-x"


def _quoted(text: str) -> str:
    escaped = " ".join(text.split()).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
