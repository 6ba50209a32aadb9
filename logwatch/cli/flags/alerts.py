"""What `logwatch alerts` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag, output_flag

EXAMPLES = """\
examples:
  logwatch alerts                        what burns now, and the last messages
  logwatch alerts --since 2h --rule ssh-guessing
  logwatch alerts 7f3a                   one alert in full; the first characters of its id do
  logwatch alerts -o json | jq .message
  logwatch alerts --groups               messages about several alerts, too
  logwatch alerts --dead                 what sinks will not take, and how to send it again
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument("id", nargs="?", metavar="ID", help="show this alert in full")
    config_flag(parser)
    output_flag(parser)
    parser.add_argument("--rule", help="only this rule's")
    parser.add_argument("--since", metavar="WHEN", help="2h, or 2026-01-05T14:00 (local time)")
    parser.add_argument("--until", metavar="WHEN", help="like --since")
    parser.add_argument("-n", "--number", type=_number, default=20, help="how many (default 20)")
    parser.add_argument(
        "--groups", action="store_true", help="list messages about several alerts, too"
    )
    parser.add_argument("--dead", action="store_true", help="what was given up, by sink")
    parser.add_argument(
        "--exit-code", action="store_true", help="exit 1 when an episode burns now, else 0"
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text[:10]) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text[:10])
