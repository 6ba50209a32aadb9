"""`logwatch tail`: follow files in the terminal, and be told.

On a pipe, and with --raw, the output is what GNU tail gives, byte for byte (`tail_stream`); with a
filter it is those of the lines that are chosen. On a terminal lines have labels and colours and
none of them is obeyed (`tail_lines`, `tail_screen`). What is not needed is not loaded.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from logwatch import telemetry
from logwatch.cli.columns import size_of
from logwatch.cli.tail_output import Output, PlainSheet
from logwatch.cli.tail_request import Request, request_of
from logwatch.daemon import signals
from logwatch.errors import Exit, UsageError

if TYPE_CHECKING:
    from logwatch.cli.tail_alerts import Told
    from logwatch.cli.tail_filters import Wanted
    from logwatch.cli.tail_lines import Lines, NamedPage
    from logwatch.cli.tail_rules import Rules
    from logwatch.cli.tail_screen import Emphasis, Screen


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    telemetry.telemetry.configure("error")
    request = request_of(options)
    if options.as_rule is not None:
        from logwatch.cli.tail_as_rule import as_rule  # noqa: PLC0415 - only where it is asked for

        print(as_rule(options, options.as_rule), end="")
        return Exit.DONE
    session = _Session(options, request)
    signals.end_in_order((signals.INTERRUPT,))
    try:
        return session.run()
    except BrokenPipeError:
        number = None
    except KeyboardInterrupt as end:
        session.sum_up()
        number = getattr(end, "number", signals.INTERRUPT)
    # As every filter ends: so that the shell sees the signal.
    signals.die_of(signals.BROKEN_PIPE if number is None else number)
    return Exit.DONE


class _Session:
    """What one command line asks for."""

    def __init__(self, options: argparse.Namespace, request: Request) -> None:
        self._options = options
        self._request = request
        self._output = Output()
        self._is_screen = self._wants_screen()
        self._lines: Lines | None = None
        self._screen: Screen | None = None
        self._told: Told | None = None

    def run(self) -> Exit:
        """Show everything. Raises BrokenPipeError, KeyboardInterrupt."""
        options = self._options
        chosen = options.match or options.exclude or options.level or options.where
        timed = options.since or options.until
        plain = not (self._is_screen or chosen or timed or options.output == "ndjson")
        wanted = self._wanted() if chosen else None
        with self._telling(wanted) as self._told:
            if plain:
                return self._stream()
            return self._show(wanted, timed=bool(timed))

    def sum_up(self) -> None:
        """What was shown, for a person who has seen enough."""
        lines = self._lines
        if lines is None or not self._is_screen:
            return
        from logwatch.cli.tail_screen import closing_line  # noqa: PLC0415 - loaded already

        figures = {"files": len(lines.names), "lines": lines.lines}
        if lines.has_rules or self._told is not None:
            figures["alerts"] = lines.alerts + (self._told.alerts if self._told else 0)
        sys.stderr.write(f" {closing_line(figures | {'lost': lines.lost}, _encoding())}\n")
        sys.stderr.flush()

    def _stream(self) -> Exit:
        from logwatch.cli.tail_stream import stream  # noqa: PLC0415 - see the module

        sheet = PlainSheet(self._output, headers=self._request.headers)
        news = self._told.news if self._told else None
        return stream(self._request, self._output, sheet, news)

    def _show(self, wanted: Wanted | None, *, timed: bool) -> Exit:
        from logwatch.cli.tail_lines import Lines  # noqa: PLC0415
        from logwatch.cli.tail_time import span_of  # noqa: PLC0415 - see the module
        from logwatch.clock import SystemClock  # noqa: PLC0415

        options, clock = self._options, SystemClock()
        span = span_of(options.since, options.until, clock)
        request = self._in_time(self._request, span.since, span.until, clock.wall())
        if wanted is not None and request.follow is None and not request.amount_given:
            request = request._replace(amount=0, from_start=True)
        choice = None
        if wanted is not None or timed:
            from logwatch.cli.tail_choice import Choice  # noqa: PLC0415 - see the module

            choice = Choice(wanted, span)
        self._lines = Lines(
            request,
            self._page(None if choice is None else choice.emphasis),
            clock,
            choice=choice,
            rules=self._rules,
            full=options.full,
            since=span.since,
            until=span.until,
            news=self._told.news if self._told else None,
        )
        self._lines.run(self._output)
        return Exit.DONE if self._lines.all_well else Exit.NO

    @staticmethod
    def _in_time(request: Request, since: float | None, until: float | None, now: float) -> Request:
        if until is not None and until <= now:
            request = request._replace(follow=None)
        if since is not None and not request.amount_given and request.follow is None:
            request = request._replace(amount=0, from_start=True)
        return request

    def _page(self, emphasis: Emphasis | None) -> NamedPage:
        options, request = self._options, self._request
        if options.output == "ndjson":
            from logwatch.cli.tail_page import JsonPage  # noqa: PLC0415 - see the module

            return JsonPage(self._output)
        if not self._is_screen:
            from logwatch.cli.tail_page import PipePage  # noqa: PLC0415

            return PipePage(self._output, headers=request.headers)
        from logwatch.cli.tail_labels import namings_of  # noqa: PLC0415
        from logwatch.cli.tail_screen import Screen  # noqa: PLC0415

        self._screen = Screen(
            self._output,
            color=_wants_color(),
            encoding=_encoding(),
            headers=True if options.verbose else False if options.quiet else None,
            namings=namings_of(options.label),
            full=options.full,
            emphasis=emphasis,
            columns=size_of(sys.stdout)[0],
        )
        return self._screen

    def _wants_screen(self) -> bool:
        if self._options.raw or self._options.output == "ndjson":
            return False
        return os.isatty(self._output.fd) or _is_color_forced()

    def _wanted(self) -> Wanted | None:
        from logwatch.cli.tail_filters import wanted_by  # noqa: PLC0415 - see the module

        options = self._options
        return wanted_by(options.match, options.exclude, options.level, options.where)

    def _rules(self, paths: Sequence[str]) -> Rules | None:
        """The rules of a configuration, where lines can be marked and there is one."""
        options = self._options
        if not (self._is_screen or options.output == "ndjson" or options.config):
            return None
        from logwatch.cli.tail_near import config_is_near  # noqa: PLC0415 - see the module

        if not config_is_near(options.config):
            return None
        from logwatch.cli.tail_rules import find_rules  # noqa: PLC0415
        from logwatch.clock import SystemClock  # noqa: PLC0415

        rules = find_rules(options.config, paths, SystemClock().moment())
        if rules is not None and rules.redactor is not None and self._screen is not None:
            self._screen.hide(rules.redactor.text)
        return rules

    def _telling(self, wanted: Wanted | None) -> AbstractContextManager[Told | None]:
        if self._options.to is None:
            return nullcontext()
        if wanted is None and self._options.config is None:
            raise UsageError("--to needs --match RE or a configuration: which lines shall be told?")
        from logwatch.cli.tail_alerts import telling  # noqa: PLC0415 - see the module

        return telling(self._options, self._request, wanted)


def _wants_color() -> bool:
    """Sources: no-color.org, force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    return _is_color_forced() or os.environ.get("TERM") != "dumb"


def _is_color_forced() -> bool:
    return os.environ.get("FORCE_COLOR", "0") not in ("", "0")


def _encoding() -> str:
    return sys.stdout.encoding or "utf-8"
