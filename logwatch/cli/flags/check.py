"""What `logwatch check` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag, output_flag

EXAMPLES = """\
examples:
  logwatch check                      ./logwatch.yaml, else the configuration that `run` takes
  logwatch check -c logwatch.yaml --strict
  logwatch check -o json              one JSON object a problem, and one with the sums
  logwatch check --send-test          then sends a test message by every sink
  logwatch check --schema > logwatch.schema.json
  diff <(logwatch check --canonical old.yaml) <(logwatch check --canonical new.yaml)
  logwatch help risky-pattern         explains a code

Without --send-test it sends nothing, and it touches no state. Exit 78: a configuration cannot be
used; 1: --strict and there are warnings, or a test message was not taken; 0: all can be used.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="the same as -c FILE; or several")
    config_flag(parser)
    output_flag(parser)
    parser.add_argument("--strict", action="store_true", help="exit 1 where there are warnings")
    parser.add_argument(
        "--send-test", action="store_true", help="where it can be used: a test by every sink"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--canonical", action="store_true", help="print it in the one form that means the same"
    )
    instead.add_argument(
        "--schema",
        action="store_true",
        help="print the JSON Schema of a configuration, for editors",
    )
