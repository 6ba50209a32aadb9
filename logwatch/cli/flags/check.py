"""What `logwatch check` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag, output_flag

EXAMPLES = """\
examples:
  logwatch check                      ./logwatch.yaml, else the configuration that `run` takes
  logwatch check -c logwatch.yaml --strict
  logwatch check -o json              one JSON object a problem

It sends nothing and touches no state. Exit 78: it cannot be used; 1: --strict, and there are
warnings; 0: it can be used.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="the same as -c FILE")
    config_flag(parser)
    output_flag(parser)
    parser.add_argument("--strict", action="store_true", help="exit 1 where there are warnings")
