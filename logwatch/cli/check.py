"""`logwatch check`: every problem of a configuration at once."""

from __future__ import annotations

import argparse
import sys

import msgspec

from logwatch.clock import SystemClock
from logwatch.config.loader import examine, find_config
from logwatch.config.problems import render
from logwatch.errors import Exit


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
