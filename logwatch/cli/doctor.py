"""`logwatch doctor`: holds the configuration against the service's unit and against this machine.

It changes nothing, and asks no daemon: it is for before the start, and for when a file is not read.
"""

from __future__ import annotations

import argparse
import sys
from textwrap import wrap

import msgspec
from msgspec import Struct

from logwatch.cli.columns import is_known
from logwatch.cli.doctor_checks import CHECKS, Patient, examine
from logwatch.cli.doctor_unit import Finding, read_unit, run_command
from logwatch.cli.json_lines import harmless
from logwatch.cli.marking import GREEN, RED, YELLOW, Screen, screen_of
from logwatch.clock import SystemClock
from logwatch.config.loader import find_config, load
from logwatch.errors import Exit
from logwatch.sinks.plain_text import visible
from logwatch.tailer.discovery import Discovery

SCHEMA = 1
_MARKS = {"trouble": ("\N{BALLOT X}", RED), "note": ("!", YELLOW)}


class Report(Struct, frozen=True, kw_only=True):
    """What `-o json` prints."""

    schema: int = SCHEMA
    well: bool
    """Whether there is no trouble; there may be notes."""
    checks: tuple[str, ...]
    """What was looked at."""
    unit: str | None
    """The unit that was compared with, None where there is none."""
    findings: tuple[Finding, ...]


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    config = load(find_config(options.config), sends=False)
    unit = read_unit(options.unit)
    patient = Patient(
        config=config,
        scan=Discovery(config.sources).scan(),
        unit=unit,
        wall=SystemClock().wall(),
        run=run_command,
    )
    findings = examine(patient)
    report = Report(
        well=not any(each.level == "trouble" for each in findings),
        checks=tuple(CHECKS),
        unit=None if unit is None else unit.name,
        findings=tuple(findings),
    )
    if options.output == "json":
        sys.stdout.buffer.write(harmless(msgspec.json.encode(report)) + b"\n")
    else:
        screen = screen_of()
        screen.write(*in_words(report, screen, files=len(patient.scan.files)))
        screen.flush()
    return Exit.DONE if report.well else Exit.NO


def in_words(report: Report, screen: Screen, *, files: int) -> list[str]:
    """What a person reads; what is to be typed stays whole, so that it can be copied."""
    lines = []
    for each in report.findings:
        mark, color = _MARKS[each.level]
        first, *others = _wrapped(visible(f"{mark} {each.about}: {each.text}"), screen)
        lines += [screen.paint(color, mark) + first[1:], *others]
        if each.remedy:
            lines.append(f"    \N{RIGHTWARDS ARROW} {visible(each.remedy)}")
    troubles = sum(each.level == "trouble" for each in report.findings)
    notes = len(report.findings) - troubles
    checks = f"{len(report.checks)} checks on {files:,} {'file' if files == 1 else 'files'}"
    verdict = "nothing wrong" if not troubles else f"{troubles} {_plural('trouble', troubles)}"
    more = f", {notes} {_plural('note', notes)}" if notes else ""
    told = screen.paint(RED if troubles else GREEN, verdict)
    return [*lines, f"{checks}: {told}{more}"]


def _wrapped(text: str, screen: Screen) -> list[str]:
    """A program reads on where nobody says how wide it is: that has each finding on one line."""
    if not is_known(sys.stdout):
        return [text]
    return wrap(text, screen.columns, subsequent_indent="    ", break_on_hyphens=False)


def _plural(noun: str, number: int) -> str:
    return noun if number == 1 else f"{noun}s"
