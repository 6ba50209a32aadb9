"""`logwatch silence`: hide alerts for a while, see what is hidden, end it.

What it will hide is said first. With a daemon the silence is in force and stored before the command
ends; without one it is written to the store, for the next start or `run --once`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from logwatch import telemetry
from logwatch.alerts.conditions import OWN_FIELDS
from logwatch.alerts.silence_orders import EndSilence, NewSilence
from logwatch.alerts.silences import SilenceError
from logwatch.cli.json_lines import encoded
from logwatch.cli.marking import Screen, screen_of
from logwatch.cli.silence_keeper import Keeper, keeper_of, stored_silences
from logwatch.cli.silence_words import (
    as_builtins,
    ended_in_words,
    listed_in_words,
    made_in_words,
    preview_in_words,
)
from logwatch.cli.volume import least_level
from logwatch.clock import Clock, SystemClock
from logwatch.conditions import Where
from logwatch.config.search import find_config
from logwatch.config.state_place import state_folder
from logwatch.daemon.silencing import where_of
from logwatch.errors import Exit, StoreError, UsageError
from logwatch.sinks.plain_text import visible
from logwatch.store.reader import StoreReader
from logwatch.units import parse_duration

_DAY = timedelta(days=1)


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    telemetry.telemetry.configure(least_level())
    clock = SystemClock()
    match options.words:
        case ["list"]:
            return _list(options, clock)
        case ["end", number]:
            return _end(options, _number(number), clock)
        case ["list", *_]:
            raise UsageError("list takes no more; --all lists those too that are over")
        case ["end", *_]:
            raise UsageError("which one?  logwatch silence end 3; logwatch silence list")
        case []:
            raise UsageError(
                "silence what?  logwatch silence rule=ssh-guessing --for 2h, or:"
                " logwatch silence list"
            )
        case _:
            return _make(options, clock)


def _make(options: argparse.Namespace, clock: Clock) -> Exit:
    order = NewSilence(
        matchers=tuple(map(_sendable, options.words)),
        until=_until(options, clock),
        until_resolved=options.until_resolved,
        comment=_sendable(options.message),
        on_behalf_of=_sendable(os.environ.get("SUDO_USER", "")),
    )
    where = _where(order)
    if order.until is None and not order.until_resolved:
        raise UsageError("until when?  --for 2h, --until 17:00 or --until-resolved")
    from logwatch.cli.silence_preview import look_at  # noqa: PLC0415 - reads the configuration

    look = look_at(where, options.config, clock.wall())
    preview = look.preview
    if look.impossible and not options.force:
        raise UsageError(f"{'; '.join(look.impossible)}  (--force makes it all the same)")
    for warning in (*look.impossible, *look.warnings):
        print(f"logwatch silence: warning: {visible(warning)}", file=sys.stderr)
    if options.dry_run:
        told = [preview_in_words(preview, would=True), "nothing was changed (--dry-run)"]
        _show(options, {"silence": None, "preview": preview._asdict()}, told)
        return Exit.DONE
    keeper = keeper_of(options.config, clock)
    made = keeper.obey(order)
    told = [
        preview_in_words(preview),
        made_in_words(made, clock.wall()),
        *([keeper.note] if keeper.note else []),
    ]
    document = {"silence": as_builtins(made, clock.wall()), "preview": preview._asdict()}
    _show(options, document, told)
    return Exit.DONE


def _end(options: argparse.Namespace, number: int, clock: Clock) -> Exit:
    keeper: Keeper = keeper_of(options.config, clock)
    on_behalf_of = _sendable(os.environ.get("SUDO_USER", ""))
    over = keeper.obey(EndSilence(number=number, on_behalf_of=on_behalf_of))
    told = ended_in_words(over, told_now=not keeper.note)
    _show(options, {"silence": as_builtins(over, clock.wall())}, [told])
    return Exit.DONE


def _list(options: argparse.Namespace, clock: Clock) -> Exit:
    now = clock.moment()
    state = state_folder(find_config(options.config))
    try:
        reader = StoreReader(state)
    except StoreError:
        if state.exists():
            raise
        silences = []  # no daemon ever ran
    else:
        try:
            silences = stored_silences(reader, now).listed(now)
        finally:
            reader.close()
    shown = [each for each in silences if options.all or each.in_force(now.wall)]
    document = {"silences": [as_builtins(each, now.wall) for each in shown]}
    _show(options, document, listed_in_words(shown, now.wall, len(silences) - len(shown)))
    return Exit.DONE


def _show(
    options: argparse.Namespace, document: Mapping[str, object], lines: Iterable[str]
) -> None:
    screen: Screen = screen_of()
    if options.output == "json":
        screen.write(encoded({"schema": 1, **document}))
    else:
        screen.write(*map(visible, lines))
    screen.flush()


def _where(order: NewSilence) -> Where:
    """Raises UsageError."""
    for word in order.matchers:
        if word in OWN_FIELDS:
            raise UsageError(
                f"{word!r} has no value: write {word}=...; a shell takes < and > for its own, so"
                f" quote what has one: '{word}>=...'"
            )
        if word.isalpha():
            from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

            near = get_close_matches(word, ("list", "end"), 1)
            if near:
                raise UsageError(f"{word!r} names no field and value; did you mean {near[0]!r}?")
    try:
        return where_of(order)
    except SilenceError as problem:
        raise UsageError(str(problem)) from None


def _sendable(text: str) -> str:
    """`text`, with what was no UTF-8 on the command line written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def _number(text: str) -> int:
    try:
        return int(text.removeprefix("#"))
    except ValueError:
        raise UsageError(f"{text!r} is no number; logwatch silence list shows them") from None


def _until(options: argparse.Namespace, clock: Clock) -> float | None:
    """When it ends, in seconds since the epoch. Raises UsageError."""
    if options.lasting is not None:
        try:
            seconds = parse_duration(options.lasting)
        except ValueError as problem:
            raise UsageError(str(problem)) from None
        if not seconds:
            raise UsageError("for how long?  --for 2h")
        return clock.wall() + seconds
    return None if options.until is None else _time(options.until, clock.wall())


def _time(text: str, now: float) -> float:
    """`17:00`, the next one, or a date and time."""
    today = datetime.fromtimestamp(now).astimezone()
    try:
        clock_time = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - only the time of day
    except ValueError:
        pass
    else:
        at = datetime.combine(today.date(), clock_time)
        return at.timestamp() if at.timestamp() > now else (at + _DAY).timestamp()
    try:
        at = datetime.fromisoformat(text)
        seconds = at.timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"{text!r} is no time; write 17:00, or 2026-01-05T14:00") from None
    if seconds <= now:
        raise UsageError(f"{text} lies in the past")
    return seconds
