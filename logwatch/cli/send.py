"""`logwatch send`: a test message to a sink, marked as one."""

from __future__ import annotations

import argparse
import sys
from socket import gethostname

from logwatch.cli.main import config_flag
from logwatch.clock import SystemClock
from logwatch.config.loader import find_config, load
from logwatch.errors import Exit, UsageError
from logwatch.records import (
    Alert,
    Delivered,
    Notification,
    Outcome,
    Rejected,
    Retry,
    encode_alert,
)
from logwatch.rules.message import about_logwatch
from logwatch.sinks import KINDS, sink_from_url
from logwatch.sinks.base import SinkSettings
from logwatch.sinks.plain_text import visible

EXAMPLES = """\
examples:
  logwatch send pager                          a sink of the configuration
  logwatch send pager 'hello from web1'
  logwatch send https://hooks.example.org/x    a sink by its URL, without a configuration
  logwatch send pager --show                   print what would be sent, send nothing
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """See `Verb.arguments`."""
    parser.add_argument("sink", metavar="SINK|URL", help="name of a sink, or its URL")
    parser.add_argument("text", nargs="?", default="a test message", metavar="TEXT")
    config_flag(parser)
    parser.add_argument("--show", action="store_true", help="print the alert, send nothing")


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    kind, settings = _sink(options)
    clock = SystemClock()
    body = encode_alert(_test_alert(options.text, clock.wall()))
    if options.show:
        sys.stdout.buffer.write(body + b"\n")
        return Exit.DONE
    sink = KINDS[kind].make(settings)
    began = clock.steady()
    try:
        outcome = sink.deliver([Notification(0, body)])
    finally:
        sink.close()
    taken = round((clock.steady() - began) * 1000)
    return _say(options.sink if ":" not in options.sink else kind, outcome, taken)


def _sink(options: argparse.Namespace) -> tuple[str, SinkSettings]:
    if ":" in options.sink:
        try:
            return sink_from_url(options.sink)
        except ValueError as problem:
            raise UsageError(str(problem)) from None
    config = load(find_config(options.config))
    for sink in config.sinks:
        if sink.name == options.sink:
            return sink.kind, sink.settings
    names = ", ".join(sink.name for sink in config.sinks) or "none"
    raise UsageError(f"no sink {options.sink!r} in the configuration; it has: {names}")


def _test_id(wall: float) -> str:
    return f"{int(wall * 1000):016x}"


def _test_alert(text: str, wall: float) -> Alert:
    return about_logwatch(
        "logwatch.test",
        f"[TEST] {text}",
        id=_test_id(wall),
        severity="info",
        wall=wall,
        host=gethostname(),
        labels={"test": "true"},
    )


def _say(name: str, outcome: Outcome, milliseconds: int) -> Exit:
    match outcome:
        case Delivered(detail):
            note = f" ({visible(detail)})" if detail else ""
            print(f"{name}: delivered in {milliseconds} ms, marked [TEST]{note}", file=sys.stderr)
            return Exit.DONE
        case Retry(reason):
            print(
                f"{name}: not now: {visible(reason)}\n"
                "  the daemon would try again; nothing is kept of this test",
                file=sys.stderr,
            )
        case Rejected(reason):
            print(f"{name}: refused: {visible(reason)}", file=sys.stderr)
    return Exit.NO
