"""What `logwatch doctor` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag, output_flag

EXAMPLES = """\
examples:
  sudo logwatch doctor               what will go wrong, each with the command that mends it
  logwatch doctor -o json | jq '.findings[] | select(.level == "trouble")'

Run it as root, who sees every log. It changes nothing. Exit status: 0 nothing is wrong; 1 something
is; 78 the configuration cannot be used.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    config_flag(parser)
    output_flag(parser)
    parser.add_argument(
        "--unit",
        metavar="NAME",
        default="logwatchd.service",
        help="the unit of systemd to compare with (else logwatchd.service)",
    )
