"""`logwatch check`: every problem of a configuration at once."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import msgspec

from logwatch.cli.json_lines import harmless
from logwatch.cli.marking import DIM, RED, YELLOW, screen_of
from logwatch.clock import SystemClock
from logwatch.config.document_files import shown_name
from logwatch.config.loader import Summary, examine, find_config
from logwatch.config.model import Config
from logwatch.config.problems import Level, Problem, Report, render
from logwatch.errors import Exit

SCHEMA = 1
_HEAD = re.compile(r"(\S.*?: )(error|warning|note)(?=: )")
_CARET = re.compile(r"( {6}\| +)(\^+)")
_COLORS = {"error": RED, "warning": YELLOW, "note": DIM}


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    if options.schema:
        return _print_schema()
    given = options.files or ([options.config] if options.config else [])
    paths = [Path(each) for each in given] or [find_config(working_folder=True)]
    endings = [_check(path, options) for path in paths]
    return next((each for each in (Exit.CONFIG, Exit.NO) if each in endings), Exit.DONE)


def _check(path: Path, options: argparse.Namespace) -> Exit:
    config, problems, summary = examine(path, now=SystemClock().wall())
    if options.canonical and config is not None:
        _print_canonical(summary)
        return Exit.DONE
    _say(path, problems, summary, as_json=options.output == "json")
    if config is None:
        return Exit.CONFIG
    warned = any(problem.level == "warning" for problem in problems)
    ending = Exit.NO if options.strict and warned else Exit.DONE
    return ending if not options.send_test or _all_take_a_test(config) else Exit.NO


def _say(path: Path, problems: Sequence[Problem], summary: Summary, *, as_json: bool) -> None:
    if as_json:
        for document in (*problems, _sum(path, problems, summary)):
            sys.stdout.buffer.write(harmless(msgspec.json.encode(document)) + b"\n")
    elif problems:
        print(_painted(render(problems, summary.texts, counted=summary.counted)))
    else:
        print(f"{path}: {summary.counted}: no problems")


def _painted(text: str) -> str:
    """The same with levels and carets in colour, on a terminal."""
    screen = screen_of()
    color = ""
    lines = []
    for line in text.split("\n"):
        head, caret = _HEAD.match(line), _CARET.match(line)
        if head is not None:
            color = _COLORS[head[2]]
            line = f"{head[1]}{screen.paint(color, head[2])}{line[head.end(2) :]}"  # noqa: PLW2901
        elif caret is not None:
            line = f"{caret[1]}{screen.paint(color, caret[2])}{line[caret.end() :]}"  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines)


def _sum(path: Path, problems: Sequence[Problem], summary: Summary) -> dict[str, object]:
    """A check that found nothing must not look like one that checked nothing."""
    levels = Counter(problem.level for problem in problems)
    names = ("files", "rules", "sources", "sinks", "routes", "tests")
    return {
        "kind": "sum",
        "schema": SCHEMA,
        "file": shown_name(path),
        "usable": not levels["error"],
        **{name: getattr(summary, name) for name in names},
        **{f"{level}s": levels[level] for level in get_args(Level)},
    }


def _print_schema() -> Exit:
    from logwatch.config.schema import json_schema  # noqa: PLC0415 - nobody else needs it

    text = msgspec.json.format(msgspec.json.encode(json_schema()), indent=1)
    sys.stdout.buffer.write(text + b"\n")
    return Exit.DONE


def _print_canonical(summary: Summary) -> None:
    """Each file by itself: what is relative in it is relative to its own folder."""
    from logwatch.config.canonical import canonical  # noqa: PLC0415 - nobody else needs it
    from logwatch.config.document import Document  # noqa: PLC0415

    for number, (name, text) in enumerate(summary.texts.items()):
        document = Document(name, text, Path())
        document.parse(Report())
        head = f"---\n# {name}\n" if number else ""
        sys.stdout.write(head + canonical(document))


def _all_take_a_test(config: Config) -> bool:
    from logwatch.cli.send import send_test  # noqa: PLC0415 - loads what sends

    taken = [send_test(sink.name, sink.kind, sink.settings) for sink in config.sinks]
    return all(taken)
