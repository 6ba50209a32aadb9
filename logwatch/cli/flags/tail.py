"""What `logwatch tail` takes: the options of GNU tail, and those of a log's reader."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from logwatch.cli.flags.everywhere import output_flag

EXAMPLES = """\
examples:
  logwatch tail app.log '/var/log/nginx/*.log'      a quoted glob finds later files too
  logwatch tail app.log -l warn -x 'health check'
  logwatch tail access.log --where 'status >= 500' --since 2h
  kubectl logs -f shop | logwatch tail
  logwatch tail app.log -m OOM --to ntfy://ntfy.sh/my-topic       and be told
  logwatch tail app.log -m OOM --cooldown 10m --as-rule oom       the same as a rule
  logwatch tail -5f app.log > out                                 what GNU tail takes

On a pipe the lines are as they are, byte for byte. A VALUE of -c that has a slash or ends in .yaml
is a configuration, any other a number of bytes.
"""


def in_full(words: Sequence[str]) -> list[str]:
    """The words of a command line with each option of GNU tail spelled out; exits 1 as it does."""
    from logwatch.cli.tail_words import in_full as spelled_out  # noqa: PLC0415 - for `tail` only

    return spelled_out(words)


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Flags.arguments`."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="paths, quoted globs, - (standard input)"
    )
    _of_gnu(parser)
    _what_is_shown(parser)
    _how_it_is_shown(parser)
    _who_is_told(parser)


def _of_gnu(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("as with GNU tail")
    group.add_argument(
        "-n",
        "--lines",
        dest="amount",
        type=_lines,
        metavar="[+]N",
        help="the last N lines first (10), or all from line N on",
    )
    group.add_argument(
        "-c",
        "--bytes",
        dest="amount",
        type=_bytes,
        metavar="[+]N",
        help="the same in bytes (1K, 5M); or a configuration",
    )
    group.add_argument(
        "-f",
        "--follow",
        nargs="?",
        const="descriptor",
        metavar="descriptor|name",
        help="follow the open file, or whatever has its name (name, with --retry)",
    )
    group.add_argument(
        "-F",
        dest="by_name",
        action="store_true",
        help="--follow=name --retry: what happens anyway",
    )
    group.add_argument("--retry", action="store_true", help="wait for what cannot be opened")
    group.add_argument("--pid", metavar="PID", help="end when this process has ended")
    group.add_argument(
        "-s", "--sleep-interval", metavar="SECONDS", help="look at least so often (1)"
    )
    group.add_argument("--max-unchanged-stats", metavar="N", help=argparse.SUPPRESS)
    group.add_argument("-q", "--quiet", "--silent", action="store_true", help="no file names")
    group.add_argument("-v", "--verbose", action="store_true", help="file names always")
    group.add_argument("-z", "--zero-terminated", action="store_true", help="lines end with NUL")
    group.add_argument("--poll", action="store_true", help="use no events of the kernel")
    group.add_argument("--no-follow", action="store_true", help="end at the end of the files")


def _what_is_shown(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which lines")
    group.add_argument(
        "-m", "--match", action="append", default=[], metavar="RE", help="only lines with this"
    )
    group.add_argument(
        "-x", "--exclude", action="append", default=[], metavar="RE", help="but not those with this"
    )
    group.add_argument("-l", "--level", metavar="LEVEL", help="of this level or worse: warn")
    group.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="whose fields are so: 'status >= 500'",
    )
    group.add_argument("--since", metavar="TIME", help="by their own time: 2h, 2026-01-05T14:00")
    group.add_argument("--until", metavar="TIME", help="up to this time, then end")


def _how_it_is_shown(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("on a terminal")
    group.add_argument("--full", action="store_true", help="stack traces and JSON as they are")
    group.add_argument("--raw", action="store_true", help="bytes as they are, whatever they do")
    group.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="NAME=GLOB",
        help="a name of yours for files",
    )
    output_flag(group, ("text", "ndjson"), "lines, or one JSON object for each")


def _who_is_told(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("being told")
    group.add_argument(
        "--config", metavar="FILE", help="show what the rules of this configuration take"
    )
    group.add_argument("--to", metavar="URL", help="alert on the lines that --match takes")
    group.add_argument(
        "--cooldown", default="1m", metavar="DURATION", help="at most one alert in so long (1m)"
    )
    group.add_argument("--as-rule", metavar="NAME", help="print these flags as a rule, and end")


def _lines(text: str) -> tuple[str, str]:
    return "lines", text


def _bytes(text: str) -> tuple[str, str]:
    return "bytes", text
