"""What `logwatch init` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import output_flag

EXAMPLES = """\
examples:
  logwatch init -w logwatch.yaml               the logs of this machine
  logwatch init --from /var/log/auth.log /var/log/nginx/*.log
  logwatch init --from /srv/shop/logs -w logwatch.yaml
  logwatch init --from /var/log/*.log | less

It reads the first and last few MB of each log and writes a configuration to standard output, or
with -w to a file that is not there yet. Every rule in it is in shadow mode: it sends nothing.

Exit 0: a configuration is written; 1: no log had a line; 2: wrong usage, or no such file; 77: none
of them may be read by this user.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument(
        "--from",
        dest="places",
        nargs="+",
        metavar="FILE",
        help="logs, or folders with logs (else those where logs usually are: /var/log and others)",
    )
    parser.add_argument("-w", "--write", metavar="FILE", help="write there; it must be a new file")
    output_flag(parser)
