"""What `logwatch tail` takes."""

from __future__ import annotations

import argparse

EXAMPLES = """\
examples:
  logwatch tail app.log '/var/log/nginx/*.log'      a quoted glob finds later files too
  logwatch tail app.log -m 'ERROR|FATAL' -x 'health check'
  logwatch tail app.log -m OOM --to https://hooks.example.org/x
  logwatch tail app.log -m OOM --to tgram://TOKEN/CHAT    a service that apprise knows
  logwatch tail app.log -m OOM --to exec:/usr/local/bin/page-me --cooldown 10m
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="paths and quoted globs")
    parser.add_argument(
        "-m", "--match", action="append", default=[], metavar="RE", help="only lines with this"
    )
    parser.add_argument(
        "-x", "--exclude", action="append", default=[], metavar="RE", help="but not those with this"
    )
    parser.add_argument("-n", type=int, default=20, metavar="N", help="last lines first (20)")
    parser.add_argument("--no-follow", action="store_true", help="end at the end of the files")
    parser.add_argument("--raw", action="store_true", help="on a terminal too: bytes as they are")
    parser.add_argument("--to", metavar="URL", help="alert on the lines that --match takes")
    parser.add_argument(
        "--cooldown", default="1m", metavar="DURATION", help="at most one alert in so long (1m)"
    )
