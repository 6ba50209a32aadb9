"""What `logwatch send` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag, output_flag

EXAMPLES = """\
examples:
  logwatch send pager                          a sink of the configuration
  logwatch send pager 'hello from web1'
  logwatch send https://hooks.example.org/x    a sink by its URL, without a configuration
  logwatch send pager --show                   print what would be sent, send nothing
  logwatch send pager --alert 7f3a             as a test, an alert that there was
  logwatch send pager --dead                   what it refused for good, once more (alerts --dead)

Exit 0: it took the message; 1: it was refused, or there is nothing to send; 2: there is no such
sink.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument("sink", metavar="SINK|URL", help="name of a sink, or its URL")
    parser.add_argument("text", nargs="?", metavar="TEXT", help="what it says")
    config_flag(parser)
    output_flag(parser)
    parser.add_argument("--show", action="store_true", help="print what is sent, send nothing")
    parser.add_argument("--alert", metavar="ID", help="send the newest message of this alert")
    parser.add_argument("--dead", action="store_true", help="send dead letters again; no test")
