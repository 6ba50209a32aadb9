"""What `logwatch try` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag, output_flag

EXAMPLES = """\
examples:
  logwatch try ssh-guessing                         the files that its sources follow
  logwatch try ssh-guessing /var/log/auth.log*      compressed ones, too
  logwatch try 'Failed \\w+ for (?P<user>\\S+)' /var/log/auth.log
  journalctl -o short | logwatch try 'segfault at' -
  logwatch try checkout-slow --line '{"path":"/checkout","ms":812}'
  logwatch try '5\\d\\d' access.log --format combined --where 'status >= 500' -v

Exit 0: it takes some line; 1: it takes none; 2: there is no such rule or file; 78: the
configuration cannot be used.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument("what", metavar="RULE|PATTERN", help="a rule's name, or a pattern")
    parser.add_argument(
        "files", nargs="*", default=[], metavar="FILE", help="logs; - is standard input"
    )
    parser.add_argument(
        "--line", action="append", default=[], metavar="TEXT", help="a line instead of files"
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="show every line that it takes"
    )
    parser.add_argument(
        "--only-missed", action="store_true", help="show near misses only, and more of them"
    )
    parser.add_argument("--source", metavar="NAME", help="read the lines as those of this source")
    bare = parser.add_argument_group("for a bare pattern")
    bare.add_argument(
        "--unless", action="append", default=[], metavar="RE", help="but not with this"
    )
    bare.add_argument(
        "--where", action="append", default=[], metavar="CONDITION", help="such as 'status >= 500'"
    )
    bare.add_argument(
        "--format", metavar="NAME", help="of the lines, or a pattern of your own, for --where"
    )
    config_flag(parser)
    output_flag(parser)
