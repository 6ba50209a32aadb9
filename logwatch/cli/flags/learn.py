"""What `logwatch learn` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag, output_flag

EXAMPLES = """\
examples:
  logwatch learn new-sudo --from /var/log/auth.log*        compressed ones, too
  logwatch learn never-seen-error --from old/*.log --dry-run
  logwatch learn never-seen-error --accept 0a5169b7c2d4    a template, by the id in its alert
  logwatch learn never-seen-error --accept 'disk <path> is <num> full' --source app
  logwatch learn new-sudo --accept who=root as=www         a value, by its fields
  logwatch learn new-sudo --forget who=root as=www         it will be new again

A daemon that runs learns at once. Exit 0: learned, or known already; 1: nothing to learn was found;
2: there is no such rule, it cannot learn, or no file was read; 77: not permitted; 78: the
configuration cannot be used.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument("rule", metavar="RULE", help="a rule with `new:`")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--from", dest="files", nargs="+", metavar="FILE", help="old logs; - is standard input"
    )
    what.add_argument(
        "--accept", nargs="+", metavar="WHAT", help="ids or texts of templates, or FIELD=VALUE"
    )
    what.add_argument("--forget", nargs="+", metavar="FIELD=VALUE", help="a value, to be new again")
    parser.add_argument("--source", metavar="NAME", help="whose lines, or whose template, it is")
    parser.add_argument("--dry-run", action="store_true", help="show it, and write nothing")
    config_flag(parser)
    output_flag(parser)
