"""What `logwatch why` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag, output_flag

EXAMPLES = """\
examples:
  logwatch why 7f3a                          the life of an alert: lines, window, route, deliveries
  logwatch why ssh-guessing ip=203.0.113.9   why a rule did not fire for a key, or did
  logwatch why ssh-guessing                  what it looks at, and the keys that it remembers
  logwatch why --line 'Nov 22 14:05:40 web1 sshd[99]: Failed publickey for root'
  tail -n 100 app.log | logwatch why --line - --source app
  logwatch why --line 'GET /checkout 502' -o json

Exit 0: it is known, or a rule takes the line; 1: nothing is known of it, or no rule does; 2: there
is no such rule or field; 69: there is no store, for no daemon ever ran; 78: the configuration
cannot be used.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument(
        "what",
        nargs="?",
        metavar="ID|RULE",
        help="an alert, by the first characters of its id, or the name of a rule",
    )
    parser.add_argument(
        "key", nargs="*", metavar="KEY=VALUE", help="of a rule: the key that is asked about"
    )
    parser.add_argument(
        "--line",
        metavar="TEXT",
        help="a line as it stands in a log; - reads lines from standard input",
    )
    parser.add_argument(
        "--source",
        metavar="NAME",
        help="of a line: the source that it is of (else each whose format it has)",
    )
    config_flag(parser)
    output_flag(parser)
