"""What `logwatch replay` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag

EXAMPLES = """\
examples:
  logwatch replay --since 7d                        all logs of the sources, rotated ones too
  logwatch replay /var/log/auth.log*                these files, .gz and .zst among them
  logwatch replay old.log --source auth --list      one line for each alert
  logwatch replay --since 1d --against old.yaml     what a change of the configuration changes
  logwatch replay --until 2026-01-05T14:00 -o ndjson | jq .message

A file is read as the source that takes a file of its name, rotated names included. Exit 0: done;
2: wrong usage, or nothing could be read; 78: the configuration cannot be used.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="logs; - is standard input; none: all there are"
    )
    config_flag(parser)
    parser.add_argument("--since", metavar="WHEN", help="2h, or 2026-01-05T14:00 (local time)")
    parser.add_argument("--until", metavar="WHEN", help="like --since; time passes up to it")
    parser.add_argument("--source", metavar="NAME", help="read the files as those of this source")
    parser.add_argument("--list", action="store_true", help="one line for each alert, too")
    parser.add_argument("--against", metavar="OLD", help="a configuration to compare with")
    parser.add_argument(
        "-o",
        "--output",
        choices=("text", "json", "ndjson"),
        default="text",
        help="for people; the sums for programs; each alert as jsonl_file would have written it",
    )
