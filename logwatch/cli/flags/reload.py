"""What `logwatch reload` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag, output_flag

EXAMPLES = """\
examples:
  logwatch reload                what changed, once it is in force
  logwatch reload --dry-run      what would change
  logwatch reload -o json | jq .changes

exit status: 0 it is in force; 78 it is refused, and the one before goes on; 69 no daemon answers;
77 not permitted. `systemctl reload logwatchd` and SIGHUP do the same.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    config_flag(parser)
    output_flag(parser)
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="say what would change, and change nothing"
    )
