"""The command line: finds the verb, reads its flags, does it, and gives an exit status.

Data goes to stdout, everything else to stderr. Exit statuses are those of `logwatch.errors.Exit`.
The module of a verb is imported when it is used; `verbs.py` has the table.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Protocol

from logwatch import __version__
from logwatch.cli.verbs import VERBS, in_full, module_of, nearest, parser_of, verb_first
from logwatch.cli.volume import choose
from logwatch.errors import Exit, LogwatchError

__all__ = ["OVERVIEW", "VERBS", "overview", "run_command_line"]

OVERVIEW = f"""\
logwatch {__version__}  watch log files, tell someone

  logwatch demo                                     see it work, 30 seconds
  logwatch tail app.log /var/log/nginx/*.log        follow files
  logwatch tail app.log --match OOM --to exec:/usr/local/bin/page-me
  logwatch init                                     a configuration from the logs of this machine
  logwatch check -c /etc/logwatchd/logwatch.yaml    every problem of a configuration
  logwatch try ssh-guessing /var/log/auth.log       what a rule catches, and what it just misses
  logwatch replay --since 7d                        what would it have told in that time?
  logwatch run                                      the daemon
  logwatch status                                   is it well?
  logwatch silence rule=ssh-guessing --for 2h       not now; says first what that hides

"""

_COLORS = {"always": ("FORCE_COLOR", "NO_COLOR"), "never": ("NO_COLOR", "FORCE_COLOR")}


class Verb(Protocol):
    """What a module of a verb offers."""

    def execute(self, options: argparse.Namespace) -> Exit:
        """Do it."""
        ...


def overview() -> str:
    """What `logwatch` alone prints."""
    rows: dict[str, list[str]] = {}
    for verb, (row, _) in VERBS.items():
        rows.setdefault(row, []).append(verb)
    lines = [f"{row:<9}{'  '.join(verbs)}" for row, verbs in rows.items()]
    ending = "\n\nlogwatch help COMMAND|CODE|json  ·  man logwatch\n"
    return OVERVIEW + "\n".join(lines) + ending


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a disk under standard output may say."""
_DAMAGED = (
    "the store is damaged: {}. A daemon that starts after a failure checks it, puts a damaged one"
    " aside and goes on with the copy of the last hour"
)


def run_command_line(words: Sequence[str]) -> int:
    """Run one command; returns its exit status."""
    words = verb_first(words)
    if words[:1] != ["tail"]:  # which says of it what GNU tail says
        _open_what_was_closed()
    if not words or words[0] in ("-h", "--help", "help"):
        return _guarded("help", words[1:], _help)
    if words[0] in ("-V", "--version"):
        return _guarded("--version", [], _version)
    if words[0] not in VERBS:
        return _unknown(words[0])
    return _guarded(words[0], words[1:], lambda rest: _execute(words[0], rest))


def _open_what_was_closed() -> None:
    """Let nothing that is opened later take the place of a standard stream.

    Who started us may have closed one (`>&-`): what is printed would go into the store, say.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, mode))


def _guarded(name: str, words: Sequence[str], do: Callable[[Sequence[str]], int]) -> int:
    try:
        status = do(words)
        sys.stdout.flush()  # here, where a reader that has gone is no fault
    except LogwatchError as problem:
        from logwatch.sinks.plain_text import visible_lines  # noqa: PLC0415 - for a mistake only

        print(f"logwatch {name}: {visible_lines(str(problem))}", file=sys.stderr)
        return problem.exit
    except BrokenPipeError:
        # The reader has gone; nothing may be flushed into the void at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except KeyboardInterrupt:
        return 130
    except Exception as problem:  # noqa: BLE001 - the edge of the program: what comes is our fault
        return _ended_by(problem, name, words)
    return status


def _ended_by(problem: Exception, name: str, words: Sequence[str]) -> Exit:
    """Say what ended it: a word or the disks that it reads and writes, else a fault of ours."""
    if isinstance(problem, UnicodeEncodeError) and not all(map(_is_text, words)):
        odd = next(os.fsencode(word) for word in words if not _is_text(word))
        print(f"logwatch {name}: {str(odd)[1:]} is not UTF-8", file=sys.stderr)
        return Exit.USAGE
    if isinstance(problem, OSError) and _is_of_stdout(problem):
        print(f"logwatch {name}: cannot write to stdout: {problem.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.NO
    sqlite = sys.modules.get("sqlite3")  # which most commands do not load
    if sqlite is not None and type(problem) is sqlite.DatabaseError:  # the disk's, not ours
        print(f"logwatch {name}: {_DAMAGED.format(problem)}", file=sys.stderr)
        return Exit.SOFTWARE
    import traceback  # noqa: PLC0415 - for the worst case only

    traceback.print_exception(problem)
    print(f"logwatch {name}: this is a fault of logwatch, please report it", file=sys.stderr)
    return Exit.SOFTWARE


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_of_stdout(problem: OSError) -> bool:
    """Whether it came of what we print, because the disk is full, say: no more can be written."""
    if problem.filename is not None or problem.errno not in _NO_ROOM:
        return False
    try:
        os.write(sys.stdout.fileno(), b"\n")
    except OSError as again:
        return again.errno == problem.errno
    return False


def _version(_words: Sequence[str]) -> int:
    print(f"logwatch {__version__}")
    return Exit.DONE


def _execute(name: str, words: Sequence[str]) -> int:
    options = parser_of(name).read(in_full(name, words))
    if options.color in _COLORS:
        wanted, unwanted = _COLORS[options.color]
        os.environ[wanted] = "1"
        os.environ.pop(unwanted, None)
    choose(quiet=options.quiet, verbose=options.verbose)
    if name != "tail":
        from logwatch.cli.loading import load_msgspec, load_yaml  # noqa: PLC0415 - for no `tail`

        load_msgspec()
        load_yaml()
    verb: Verb = import_module(f"logwatch.cli.{module_of(name)}")
    return verb.execute(options)


def _help(words: Sequence[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview(), end="")
        return Exit.DONE
    if words[0] in VERBS:
        return _execute(words[0], ["--help"])
    if words[0] == "json":
        return _help_on_json(words[1:])
    return _help_on_code(words[0])


def _help_on_code(word: str) -> int:
    from logwatch.cli.code_page import code_page, codes, list_of_codes  # noqa: PLC0415 - text only

    if word == "codes":
        print(list_of_codes(), end="")
        return Exit.DONE
    try:
        print(code_page(word), end="")
    except KeyError:
        return _unknown(word, codes())
    return Exit.DONE


def _help_on_json(words: Sequence[str]) -> int:
    from logwatch.cli.document_schemas import schema_text  # noqa: PLC0415 - loads all types
    from logwatch.cli.documents import DOCUMENTS  # noqa: PLC0415

    if not words:
        print("logwatch help json COMMAND  prints the JSON Schema of a line of its -o json")
        print(f"commands: {' '.join(DOCUMENTS)}")
        return Exit.DONE
    if words[0] not in DOCUMENTS:
        return _unknown(words[0])
    print(schema_text(words[0]), end="")
    return Exit.DONE


def _unknown(word: str, codes: Sequence[str] = ()) -> int:
    from logwatch.sinks.plain_text import visible  # noqa: PLC0415 - for a mistake only

    what = "command or code" if codes else "command"
    print(f"logwatch: no {what} '{visible(word)}'; {nearest(word, codes)}", file=sys.stderr)
    return Exit.USAGE
