"""What `logwatch status` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag, output_flag

EXAMPLES = """\
examples:
  logwatch status                    what is wrong, then files, sinks, rules
  logwatch status -w                 as an application, with lines and keys (? lists them), where
                                     the extra tui is installed; else drawn anew every 2 seconds
  logwatch status -o json | jq .troubles
  logwatch status >/dev/null || page-me

exit status: 0 all is well; 1 it runs, and something is wrong; 69 no daemon answers; 77 not
permitted: run it as root, or as the user of the daemon. An alert that burns is nothing wrong with
logwatch: logwatch alerts --exit-code asks for that.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    config_flag(parser)
    output_flag(parser)
    parser.add_argument("-w", "--watch", action="store_true", help="again every 2 s, until q")
    parser.add_argument(
        "--plain", action="store_true", help="with -w: drawn anew, without the extra tui"
    )
    parser.add_argument("-a", "--all", action="store_true", help="list every file")
