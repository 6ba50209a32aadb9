"""What `logwatch test` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag, output_flag

EXAMPLES = """\
examples:
  logwatch test                       all tests of ./logwatch.yaml and what it includes
  logwatch test rules.d/ssh.yaml      those that stand in one file
  logwatch test -k ssh-guessing -v    those of one rule (a name, a glob, a part of a name,
                                      or NAME:LINE), with what each line did
  logwatch test -k ssh-guessing --update    take what came as right, and write it into the file
  logwatch test --junit report.xml --min-coverage 100

Exit 0: all is as expected; 1: a test failed, there is none, or too few rules have one; 2: wrong
usage; 78: the configuration cannot be used.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="only tests in these files of the configuration; a file that is no part of it is a"
        " configuration of its own",
    )
    parser.add_argument("-k", dest="names", action="append", metavar="NAME", help="only these")
    parser.add_argument(
        "--update", action="store_true", help="write what came into the tests that failed"
    )
    parser.add_argument("--junit", metavar="FILE", help="write a report as JUnit XML, too")
    parser.add_argument(
        "--min-coverage",
        type=_percent,
        metavar="PERCENT",
        help="fail where fewer of the rules have a test",
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="all timelines, and what no test reaches"
    )
    config_flag(parser)
    output_flag(parser)


def _percent(text: str) -> float:
    value = float(text.removesuffix("%"))
    if not 0 <= value <= 100:
        raise ValueError(text)
    return value
