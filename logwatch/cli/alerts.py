"""`logwatch alerts`: what burns, what was told or hidden; one alert in full; dead letters.

In a list each is a line, which is cut where somebody looks on and is whole for a program. A message
about several alerts is none of them, and is left out unless it is asked for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import UNSET

from logwatch.cli.columns import is_known
from logwatch.cli.dead_letters import as_builtins, in_words
from logwatch.cli.figures import number
from logwatch.cli.json_lines import harmless
from logwatch.cli.marking import DIM, GREEN, RED, YELLOW, Screen, screen_of
from logwatch.clock import SystemClock
from logwatch.config.search import find_config
from logwatch.config.state_place import state_folder
from logwatch.errors import Exit, UsageError
from logwatch.records import Alert, decode_alert
from logwatch.sinks.plain_text import visible
from logwatch.store.reader import StoredAlert, StoreReader
from logwatch.units import parse_duration

_MARKS = {"firing": "▲", "updated": "△", "resolved": "✓"}
_LOUD = ("error", "critical")


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    reader = StoreReader(state_folder(find_config(options.config)))
    try:
        if options.dead:
            return _dead(reader, options)
        if options.id:
            return _one(reader, options)
        burning = reader.burning()
        recent = _recent(reader, options)
        _print_list(burning, recent, reader, options)
        return Exit.NO if options.exit_code and burning else Exit.DONE
    finally:
        reader.close()


def _recent(reader: StoreReader, options: argparse.Namespace) -> list[StoredAlert]:
    """The newest messages, newest first; one that was hidden and told later is told of once."""
    messages = reader.history(
        rule=options.rule, since=_when(options.since), until=_when(options.until)
    )
    found: dict[tuple[str, int], StoredAlert] = {}
    for each in messages:
        if each.is_group and not options.groups:
            continue
        if len(found) >= options.number:
            break
        found.setdefault((each.id, decode_alert(each.body).seq), each)
    return list(found.values())


def _dead(reader: StoreReader, options: argparse.Namespace) -> Exit:
    letters = reader.dead_letters(limit=options.number)
    if options.output == "json":
        for each in reversed(letters):
            sys.stdout.buffer.write(harmless(msgspec.json.encode(as_builtins(each))) + b"\n")
    else:
        print("\n".join(in_words(letters, SystemClock().wall())))
    return Exit.NO if options.exit_code and letters else Exit.DONE


def _when(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return SystemClock().wall() - parse_duration(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise UsageError(
            f"{text!r} is no time; write 2h for two hours ago, or 2026-01-05T14:00"
        ) from None


def _one(reader: StoreReader, options: argparse.Namespace) -> Exit:
    messages = reader.episode(options.id)
    if not messages:
        print(f"no alert whose id begins with {options.id!r}", file=sys.stderr)
        return Exit.NO
    for message in messages:
        if options.output == "json":
            sys.stdout.buffer.write(harmless(message.body) + b"\n")
        else:
            print("\n".join(_in_full(decode_alert(message.body))))
    return Exit.DONE


def _print_list(
    burning: Sequence[StoredAlert],
    recent: Sequence[StoredAlert],
    reader: StoreReader,
    options: argparse.Namespace,
) -> None:
    if options.output == "json":
        for each in reversed(recent):
            sys.stdout.buffer.write(harmless(each.body) + b"\n")
        return
    screen = screen_of()
    lines = _Lines(screen, is_cut=is_known(sys.stdout))
    if burning:
        screen.write(f"burning {len(burning)}", *map(lines.of, burning), "")
    screen.write(f"last {number(len(recent), 'message')}" if recent else _none(options))
    screen.write(*map(lines.of, reversed(recent)))
    for sink in reader.waiting():
        note = f" ({visible(sink.reason)})" if sink.reason else ""
        told = f"sink {visible(sink.sink)}: {sink.waiting} waiting, {sink.dead} given up{note}"
        screen.write(lines.cut(told))
    if lines.cut_id:
        screen.write(screen.paint(DIM, f"whole: logwatch alerts {lines.cut_id}"))


def _none(options: argparse.Namespace) -> str:
    if options.rule or options.since or options.until:
        return "no alert that is kept is so; logwatch alerts lists the newest of all"
    return "no alerts yet"


class _Lines:
    """Alerts as lines of a list."""

    def __init__(self, screen: Screen, *, is_cut: bool) -> None:
        self._screen = screen
        self._is_cut = is_cut
        self.cut_id = ""
        """One that was cut, the latest."""

    def of(self, stored: StoredAlert) -> str:
        """One alert."""
        alert = decode_alert(stored.body)
        whole = _line(stored, alert)
        shown = self.cut(whole)
        if shown != whole:
            self.cut_id = alert.id[:6]
        color = RED if alert.severity in _LOUD else YELLOW
        color = GREEN if alert.status == "resolved" else color
        return self._screen.paint(color, shown[0]) + shown[1:]

    def cut(self, text: str) -> str:
        """The text, or as much of it as fits."""
        return self._screen.fitted(text) if self._is_cut else text


def _line(stored: StoredAlert, alert: Alert) -> str:
    local = datetime.fromtimestamp(stored.at).strftime("%b %d %H:%M:%S")  # noqa: DTZ006 - for eyes
    mark = _MARKS[alert.status]
    text = f"{alert.rule}: {visible(alert.message)}"
    if alert.group is not UNSET:
        text = f"({alert.group.kind}) {text}"
    if alert.muted_by is not UNSET:
        text += f"  [{visible(alert.muted_by)}]"
    return f"{mark} {local}  {alert.id[:6]}  {alert.severity:<8} {text}"


def _in_full(alert: Alert) -> list[str]:
    state = f"{alert.status}, {alert.severity}  {alert.id}:{alert.seq}"
    lines = [f"{_MARKS[alert.status]} {alert.rule}  {state}", f"  {visible(alert.message)}"]
    lines.append(f"  first {alert.first}  last {alert.last}  count {alert.count:,}")
    if alert.muted_by is not UNSET:
        lines.append(f"  nobody was told: {visible(alert.muted_by)}")
    lines += _members(alert)
    for name, values in (("key", alert.key), ("fields", alert.fields), ("labels", alert.labels)):
        if values:
            text = "  ".join(f"{key}={value}" for key, value in values.items())
            lines.append(f"  {name}  {visible(text)}")
    lines += [f"  {visible(each.path)}:{each.offset}  {visible(each.text)}" for each in alert.lines]
    return lines


def _members(alert: Alert) -> list[str]:
    group = alert.group
    if group is UNSET:
        return []
    by = "  ".join(f"{name}={value}" for name, value in group.by.items())
    lines = [visible(f"  {group.kind}  {by}  {group.alerts:,} alerts, {group.burning:,} burning")]
    lines += [
        visible(f"    {_MARKS[each.status]} {each.id[:6]}  {each.rule}: {each.message}")
        for each in group.members
    ]
    more = group.alerts - len(group.members)
    return [*lines, f"    and {more:,} more"] if more > 0 else lines
