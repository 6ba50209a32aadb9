"""What `logwatch silence` takes."""

from __future__ import annotations

import argparse

from logwatch.cli.flags.everywhere import config_flag, output_flag

EXAMPLES = """\
examples:
  logwatch silence rule=ssh-guessing ip=203.0.113.9 --for 2h -m 'pen test'
  logwatch silence 'rule=ssh-*' 'severity<=warning' --until 17:00
  logwatch silence 'host=~^web[0-9]+$' --for 30m --dry-run     what would it hide?
  logwatch silence rule=disk-full --until-resolved             until what burns now is over
  logwatch silence list                                        add --all for those that are over
  logwatch silence end 3

A condition is FIELD=VALUE, of an alert's rule, severity, source, path, host, status, labels, key or
captures; * and ? in a value are wildcards. Also: FIELD!=VALUE, FIELD=~REGEX, FIELD!~REGEX, and
FIELD>=VALUE and the like for numbers and severities. All of them must hold. Quote what a shell
would take for its own: *, ?, <, >, !.

Exit 0: done; 1: it cannot be; 2: wrong usage; 77: not permitted.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="FIELD=VALUE",
        help="what to hide; or: list, or: end NUMBER",
    )
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument("--for", dest="lasting", metavar="2h", help="how long")
    ends.add_argument(
        "--until", metavar="WHEN", help="17:00, or 2026-01-05T14:00 (local, unless it says a zone)"
    )
    parser.add_argument(
        "--until-resolved",
        action="store_true",
        help="until the alerts that burn now, and that it hides, are over",
    )
    parser.add_argument("-m", "--message", default="", metavar="TEXT", help="why")
    parser.add_argument("--dry-run", action="store_true", help="say what it would hide; no more")
    parser.add_argument(
        "--force", action="store_true", help="though no alert can have such a field"
    )
    parser.add_argument("--all", action="store_true", help="of list: those too that are over")
    config_flag(parser)
    output_flag(parser)
