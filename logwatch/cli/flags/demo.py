"""What `logwatch demo` takes."""

from __future__ import annotations

import argparse

EXAMPLES = """\
examples:
  logwatch demo               thirty seconds
  logwatch demo --for 2m      the same story, told more slowly
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument(
        "--for", dest="duration", default="30s", metavar="DURATION", help="how long"
    )
    parser.add_argument("--seed", type=int, default=7, help="another seed tells it differently")
