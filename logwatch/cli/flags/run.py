"""What `logwatch run` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag
from logwatch.matching.engine_names import CHOICES

EXAMPLES = """\
examples:
  logwatch run                            the configuration of this machine
  logwatch run -c logwatch.yaml --once    from where it was to the end of every file, for cron

SIGTERM and SIGINT stop it with everything committed, SIGHUP reads the configuration again,
SIGUSR1 logs every thread's stack.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    config_flag(parser)
    parser.add_argument(
        "--once", action="store_true", help="read to the end of every file, deliver, exit"
    )
    parser.add_argument(
        "--engine",
        choices=CHOICES,
        help=argparse.SUPPRESS,
    )
    parser.add_argument(
        "--waking", choices=("auto", "inotify", "poll"), default="auto", help=argparse.SUPPRESS
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="say more on stderr")
    parser.add_argument("-q", "--quiet", action="store_true", help="warnings and errors only")
