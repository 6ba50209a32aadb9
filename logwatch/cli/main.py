"""The command line: one table of verbs, each verb in a module that is imported when it is used.

Data goes to stdout, everything else to stderr. Exit statuses are those of `logwatch.errors.Exit`.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import NoReturn, Protocol

from logwatch import __version__
from logwatch.errors import Exit, LogwatchError

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
    "alerts": ("operate", "what was told, newest first; one alert in full"),
    "why": ("operate", "why a line was taken, an alert was told, a rule is silent; or not"),
    "silence": ("operate", "hides alerts for a while, and says what it hides"),
    "send": ("operate", "a test message to a sink; dead letters once more"),
    "demo": ("watch", "live sample logs, an incident, the alerts it raises"),
}

_MODULES = {"try": "try_rule"}
"""Verbs that Python keeps for itself, each with its module."""

OVERVIEW = f"""\
logwatch {__version__}  watch log files, tell someone

  logwatch demo                                     see it work, 30 seconds
  logwatch tail app.log /var/log/nginx/*.log        follow files
  logwatch tail app.log --match OOM --to exec:/usr/local/bin/page-me
  logwatch init --from /var/log/*.log               a configuration from the logs that there are
  logwatch check -c /etc/logwatchd/logwatch.yaml    every problem of a configuration
  logwatch try ssh-guessing /var/log/auth.log       what a rule catches, and what it just misses
  logwatch replay --since 7d                        what would it have told in that time?
  logwatch run                                      the daemon
  logwatch status                                   is it well?
  logwatch silence rule=ssh-guessing --for 2h       not now; says first what that hides

"""


class Verb(Protocol):
    """What a module of a verb offers."""

    EXAMPLES: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's flags."""
        ...

    def execute(self, options: argparse.Namespace) -> Exit:
        """Do it."""
        ...


class Parser(argparse.ArgumentParser):
    """argparse whose errors name a remedy and whose exit status is ours."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line, with a suggestion, and exit 2."""
        flags = [flag for action in self._actions for flag in action.option_strings]
        unknown = [word for word in message.split() if word.startswith("-")]
        near = get_close_matches(unknown[0], flags, 1) if unknown else []
        hint = f"; did you mean {near[0]}?" if near and near[0] != unknown[0] else ""
        sys.stderr.write(f"{self.prog}: {message}{hint}\n  {self.prog} --help shows every flag\n")
        raise SystemExit(Exit.USAGE)


def overview() -> str:
    """What `logwatch` alone prints."""
    rows: dict[str, list[str]] = {}
    for verb, (row, _) in VERBS.items():
        rows.setdefault(row, []).append(verb)
    lines = [f"{row:<9}{'  '.join(verbs)}" for row, verbs in rows.items()]
    return OVERVIEW + "\n".join(lines) + "\n\nlogwatch COMMAND --help  tells more\n"


def run_command_line(words: Sequence[str]) -> int:
    """Run one command; returns its exit status."""
    if not words or words[0] in ("-h", "--help", "help"):
        return _help(words[1:])
    if words[0] in ("-V", "--version"):
        print(f"logwatch {__version__}")
        return Exit.DONE
    if words[0] not in VERBS:
        return _unknown(words[0])
    return _guarded(words[0], words[1:])


def _guarded(name: str, words: Sequence[str]) -> int:
    try:
        return _execute(name, words)
    except LogwatchError as problem:
        print(f"logwatch {name}: {problem}", file=sys.stderr)
        return problem.exit
    except BrokenPipeError:
        # The reader has gone; nothing may be flushed into the void at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001 - the edge of the program: what comes here is our fault
        traceback.print_exc()
        print(f"logwatch {name}: this is a fault of logwatch, please report it", file=sys.stderr)
        return Exit.SOFTWARE


def _execute(name: str, words: Sequence[str]) -> int:
    verb: Verb = import_module(f"logwatch.cli.{_MODULES.get(name, name)}")
    parser = Parser(
        prog=f"logwatch {name}",
        description=VERBS[name][1].capitalize() + ".",
        epilog=verb.EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.arguments(parser)
    return verb.execute(parser.parse_intermixed_args(words))


def _help(words: Sequence[str]) -> int:
    if words and words[0] in VERBS:
        return _execute(words[0], ["--help"])
    if words:
        return _unknown(words[0])
    print(overview(), end="")
    return Exit.DONE


def _unknown(word: str) -> int:
    near = get_close_matches(word, VERBS, 1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are: {' '.join(VERBS)}"
    print(f"logwatch: no command '{word}'; {hint}", file=sys.stderr)
    return Exit.USAGE


def config_flag(parser: argparse.ArgumentParser) -> None:
    """Add `-c/--config`, spelled alike for every verb."""
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        help="configuration file (else $LOGWATCH_CONFIG,"
        " $XDG_CONFIG_HOME/logwatch/logwatch.yaml, /etc/logwatchd/logwatch.yaml)",
    )


def output_flag(parser: argparse.ArgumentParser) -> None:
    """Add `-o/--output`."""
    parser.add_argument(
        "-o",
        "--output",
        choices=("text", "json"),
        default="text",
        help="for people, or for programs",
    )
