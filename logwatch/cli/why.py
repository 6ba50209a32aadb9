"""`logwatch why`: every gate that a line, an alert or a key came to, and what it said."""

from __future__ import annotations

import argparse

from logwatch.cli import why_line
from logwatch.cli.main import config_flag, output_flag
from logwatch.errors import Exit, UsageError

EXAMPLES = """\
examples:
  logwatch why --line 'Nov 22 14:05:40 web1 sshd[99]: Failed publickey for root'
  tail -n 100 app.log | logwatch why --line - --source app
  logwatch why --line 'GET /checkout 502' -o json

Exit 0: a rule takes the line, or one of the lines; 1: no rule does; 78: the configuration cannot
be used.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Verb.arguments`."""
    parser.add_argument(
        "--line",
        metavar="TEXT",
        help="a line as it stands in a log; - reads lines from standard input",
    )
    parser.add_argument(
        "--source",
        metavar="NAME",
        help="the source that the line is of (else each whose format it has)",
    )
    config_flag(parser)
    output_flag(parser)


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    if options.line is not None:
        return why_line.explain(options)
    raise UsageError("why what?  logwatch why --line 'TEXT', or --line - for standard input")
