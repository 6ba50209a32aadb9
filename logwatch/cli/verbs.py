"""The table of verbs, and how the command line of each is read.

Nothing here loads more than argparse: help, completion and the manual page are made of this table.
A verb is a row here, its flags in `flags/<module>.py`, and what it does in `<module>.py`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn, Protocol

from logwatch.cli.columns import size_of
from logwatch.cli.flags.everywhere import flags_of_all, is_given
from logwatch.errors import Exit

VERBS: dict[str, tuple[str, str]] = {
    # verb: (row of the overview, what it does)
    "tail": ("watch", "follow files in the terminal, and be told with --match and --to"),
    "run": ("watch", "the daemon, in the foreground"),
    "init": ("write", "a configuration from a look into logs, in shadow mode"),
    "check": ("write", "every problem of a configuration at once"),
    "test": ("write", "the tests that stand beside the rules, in virtual time"),
    "try": ("write", "what a rule or a pattern catches in logs, and what it just misses"),
    "replay": ("write", "the whole configuration over the past; sends nothing"),
    "learn": ("write", "makes a rule know the values or templates of old logs"),
    "status": ("operate", "is it alive, what is wrong, how far is it"),
    "alerts": ("operate", "what was told, newest last; one alert in full"),
    "why": ("operate", "why a line was taken, an alert was told, a rule is silent; or not"),
    "silence": ("operate", "hides alerts for a while, and says what it hides"),
    "reload": ("operate", "takes the configuration anew, and says what changed"),
    "send": ("operate", "a test message to a sink; dead letters once more"),
    "doctor": ("operate", "holds the configuration against the unit and this machine"),
    "demo": ("watch", "live sample logs, an incident, the alerts it raises"),
}

_MODULES = {"try": "try_rule"}
"""Verbs that Python keeps for itself, each with its module."""


class Flags(Protocol):
    """What a module of `flags/` offers."""

    EXAMPLES: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's flags."""
        ...


class Formatter(argparse.RawDescriptionHelpFormatter):
    """As wide as every other screen; argparse makes one for each flag that it is told of."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=size_of(sys.stdout)[0] - 2)


class Parser(argparse.ArgumentParser):
    """argparse whose errors name a remedy and whose exit status is ours."""

    def __init__(self, verb: str, examples: str) -> None:
        super().__init__(
            prog=f"logwatch {verb}",
            description=VERBS[verb][1].capitalize() + ".",
            epilog=examples,
            formatter_class=Formatter,
        )
        self._verb = verb

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """What the words say; flags and names may stand in any order."""
        self.usage = self.prog  # or it is put together for messages, in which we have none
        return self.parse_intermixed_args(words)

    def format_help(self) -> str:
        """All flags, and how they are written."""
        if self.usage is None:
            return super().format_help()
        return parser_of(self._verb).format_help()  # this one is busy with reading

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End after the help, once it is out: at the very end nobody would tell of a fault."""
        sys.stdout.flush()
        super().exit(status, message)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line, with a suggestion, and exit 2."""
        from logwatch.sinks.plain_text import visible  # noqa: PLC0415 - for a mistake only

        flags = [flag for action in self._actions for flag in action.option_strings]
        words = message.split() if message.startswith("unrecognized") else []
        unknown = [word.partition("=")[0] for word in words if word.startswith("-")]
        from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

        near = get_close_matches(unknown[0], flags, 1) if unknown else []
        hint = f"; did you mean {near[0]}?" if near and near[0] != unknown[0] else ""
        said = f"{self.prog}: {visible(message)}{hint}"
        sys.stderr.write(f"{said}\n  {self.prog} --help shows every flag\n")
        raise SystemExit(Exit.USAGE)


def module_of(verb: str) -> str:
    """The name of the verb's two modules."""
    return _MODULES.get(verb, verb)


def parser_of(verb: str) -> Parser:
    """The command line of one verb."""
    flags: Flags = import_module(f"logwatch.cli.flags.{module_of(verb)}")
    parser = Parser(verb, flags.EXAMPLES)
    flags.arguments(parser)
    flags_of_all(parser)
    return parser


def in_full(verb: str, words: Sequence[str]) -> Sequence[str]:
    """The words for argparse, where the verb knows forms that argparse does not."""
    flags = import_module(f"logwatch.cli.flags.{module_of(verb)}")
    spelled_out = getattr(flags, "in_full", None)
    return words if spelled_out is None else spelled_out(words)


def verb_first(words: Sequence[str]) -> list[str]:
    """The words with the verb before flags that every verb has: those may stand anywhere."""
    before: list[str] = []
    rest = list(words)
    while rest and (taken := is_given(rest)):
        before += rest[:taken]
        rest = rest[taken:]
    return [*rest[:1], *before, *rest[1:]]


def nearest(word: str, others: Sequence[str] = ()) -> str:
    """What to say of a verb that there is not, where `others` would do as well."""
    from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

    near = get_close_matches(word, [*VERBS, *others], 1)
    return f"did you mean '{near[0]}'?" if near else f"there are: {' '.join(VERBS)}"
