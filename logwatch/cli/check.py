"""`logwatch check`: every problem of a configuration at once."""

from __future__ import annotations

import argparse
import sys

import msgspec

from logwatch.cli.main import config_flag, output_flag
from logwatch.clock import SystemClock
from logwatch.config.loader import examine, find_config
from logwatch.config.problems import render
from logwatch.errors import Exit

EXAMPLES = """\
examples:
  logwatch check                      ./logwatch.yaml, else the configuration that `run` takes
  logwatch check -c logwatch.yaml --strict
  logwatch check -o json              one JSON object a problem

It sends nothing and touches no state. Exit 78: it cannot be used; 1: --strict, and there are
warnings; 0: it can be used.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Verb.arguments`."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="the same as -c FILE")
    config_flag(parser)
    output_flag(parser)
    parser.add_argument("--strict", action="store_true", help="exit 1 where there are warnings")


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    path = find_config(options.file or options.config, working_folder=True)
    config, problems, summary = examine(path, now=SystemClock().wall())
    if options.output == "json":
        for problem in problems:
            sys.stdout.buffer.write(msgspec.json.encode(problem) + b"\n")
    elif problems:
        print(render(problems, summary.texts, counted=summary.counted))
    else:
        print(f"{path}: {summary.counted}: no problems")
    if config is None:
        return Exit.CONFIG
    warned = any(problem.level == "warning" for problem in problems)
    return Exit.NO if options.strict and warned else Exit.DONE
