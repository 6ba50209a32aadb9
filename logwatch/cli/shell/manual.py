"""The manual page of all commands, made of the table of verbs.

Source: man-pages(7) for the sections and their order, groff_man(7) for the macros.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

from logwatch.cli.shell.whole_parser import parsers_of_verbs
from logwatch.errors import Exit

_STATUSES = {
    Exit.DONE: "It is done; of run: it was stopped as asked.",
    Exit.NO: "The answer is no: a test failed, check --strict warned, something is wrong.",
    Exit.USAGE: "Wrong usage.",
    Exit.UNREACHABLE: "No daemon answers.",
    Exit.SOFTWARE: "A fault of logwatch.",
    Exit.TEMPORARY: "Another daemon has the store.",
    Exit.NOT_PERMITTED: "Not permitted.",
    Exit.CONFIG: "The configuration cannot be used.",
}
_ENVIRONMENT = {
    "LOGWATCH_CONFIG": "The configuration, where no -c names one.",
    "XDG_CONFIG_HOME": "The folder of logwatch/logwatch.yaml; else ~/.config.",
    "XDG_STATE_HOME": "The folder of the store, where the configuration names none.",
    "NO_COLOR, FORCE_COLOR, TERM, COLUMNS": "As elsewhere; --color comes before them.",
}
_FILES = {
    "/etc/logwatchd/logwatch.yaml": "The configuration of the service.",
    "/var/lib/logwatchd": "Its store: positions, alerts, what waits to be sent.",
    "/run/logwatchd/control.sock": "Where the daemon answers status, silence and others.",
}


def manual(parser: argparse.ArgumentParser, version: str) -> str:
    """`logwatch(1)` in groff's man macros."""
    verbs = parsers_of_verbs(parser)
    return "\n".join(
        [
            f'.TH LOGWATCH 1 "" "logwatch {_text(version)}" "User Commands"',
            *_section("NAME", r"logwatch, logwatchd \- watch log files, tell someone"),
            *_section("SYNOPSIS", r".B logwatch", r".I COMMAND", r"[\fIOPTION\fR ...]"),
            ".br",
            r".B logwatch help \fICOMMAND\fR|\fICODE\fR",
            *_section("DESCRIPTION", *_lines(_DESCRIPTION)),
            *_section("COMMANDS"),
            *(line for verb, sub in verbs.items() for line in _verb(verb, sub)),
            *_section("EXIT STATUS", *_terms((str(int(k)), v) for k, v in _STATUSES.items())),
            *_section("ENVIRONMENT", *_terms(_ENVIRONMENT.items())),
            *_section("FILES", *_terms(_FILES.items())),
            *_section("SEE ALSO", r".BR tail (1),", r".BR journalctl (1),", r".BR systemctl (1)"),
            "",
        ]
    )


_DESCRIPTION = (
    "Follows log files through every rotation, matches their lines with rules in YAML, and tells"
    " people and programs: once, with what they need, and again when it is over. Data goes to"
    " standard output, everything else to standard error. Options may stand anywhere."
)


def _verb(verb: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f".SS logwatch {verb}"
    positional = [each for each in parser._actions if not each.option_strings]  # noqa: SLF001 - argparse has no other way to ask
    words = " ".join(_operand(each) for each in positional)
    yield rf".B logwatch {_text(verb)} \fR[\fIOPTION\fR ...] {words}".rstrip()
    yield ".PP"
    yield from _lines(parser.description or "")
    for action in (*positional, *(each for each in parser._actions if each.option_strings)):  # noqa: SLF001
        if action.help and action.help != argparse.SUPPRESS and action.dest != "help":
            yield from _term(_heading(action), action.help.replace("%%", "%"))
    if parser.epilog:
        yield from (".PP", ".nf")
        yield from _lines(parser.epilog.rstrip("\n"))
        yield ".fi"


def _operand(action: argparse.Action) -> str:
    shown = rf"\fI{_text(_name(action))}\fR"
    if action.nargs in ("*", "+"):
        shown += " ..."
    return f"[{shown}]" if action.nargs in ("?", "*") else shown


def _heading(action: argparse.Action) -> str:
    if not action.option_strings:
        return _operand(action)
    flags = ", ".join(rf"\fB{_text(flag)}\fR" for flag in action.option_strings)
    return flags if action.nargs == 0 else rf"{flags} \fI{_text(_name(action))}\fR"


def _name(action: argparse.Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices and action.option_strings:
        return "|".join(map(str, action.choices))
    return action.dest.upper()


def _section(title: str, *lines: str) -> Iterator[str]:
    yield f'.SH "{title}"'
    yield from lines


def _terms(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, text in pairs:
        yield from _term(rf"\fB{_text(term)}\fR", text)


def _term(heading: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield heading
    yield from _lines(text)


def _lines(text: str) -> Iterator[str]:
    return (_text(line) or r"\&" for line in text.split("\n"))


def _text(text: str) -> str:
    r"""Text that groff prints as it is: no escapes, no requests, hyphens that can be copied."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    escaped = escaped.replace("^", "\\(ha").replace("~", "\\(ti").replace("`", "\\(ga")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
