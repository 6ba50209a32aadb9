"""Flags that several verbs have, or all, spelled alike."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def config_flag(parser: argparse._ActionsContainer) -> None:
    """Add `-c/--config`."""
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        help="configuration file (else $LOGWATCH_CONFIG,"
        " $XDG_CONFIG_HOME/logwatch/logwatch.yaml, /etc/logwatchd/logwatch.yaml)",
    )


def output_flag(
    parser: argparse._ActionsContainer,
    forms: Sequence[str] = ("text", "json"),
    help: str = "for people, or for programs",  # noqa: A002 - as argparse calls it
) -> None:
    """Add `-o/--output` with the forms that this verb has."""
    parser.add_argument("-o", "--output", choices=forms, default=forms[0], help=help)


def flags_of_all(parser: argparse.ArgumentParser) -> None:
    """Add what every verb has, where it has not added them with a meaning of its own."""
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="auto: on a terminal, unless NO_COLOR or TERM=dumb; FORCE_COLOR: always",
    )
    known = {flag for action in parser._actions for flag in action.option_strings}  # noqa: SLF001 - argparse has no other way to ask
    if "--quiet" not in known:
        short = [] if "-q" in known else ["-q"]
        parser.add_argument(*short, "--quiet", action="store_true", help="errors only on stderr")
    if "--verbose" not in known:
        short = [] if "-v" in known else ["-v"]
        parser.add_argument(
            *short, "--verbose", action="store_true", help="say on stderr what is done"
        )


_WITH_VALUE = ("-c", "--config", "-o", "--output", "--color")
_ALONE = ("-q", "--quiet", "-v", "--verbose")


def is_given(words: Sequence[str]) -> int:
    """How many words at the beginning are one flag that verbs share, with its value; 0: none."""
    name, equals, _ = words[0].partition("=")
    if name in _WITH_VALUE:
        return 1 if equals else min(2, len(words))
    if words[0] in _ALONE or (len(words[0]) > 2 and words[0][:2] in ("-c", "-o")):
        return 1
    return 0
