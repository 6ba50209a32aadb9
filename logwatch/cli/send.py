"""`logwatch send`: a test message to a sink, marked as one; or its dead letters once more.

A test goes straight to the sink and is kept nowhere. Dead letters go back into the outbox, and the
daemon sends them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from http import HTTPStatus
from socket import gethostname

from msgspec import UNSET
from msgspec.structs import replace

from logwatch import telemetry
from logwatch.cli.figures import number
from logwatch.cli.json_lines import encoded
from logwatch.cli.resending import send_again
from logwatch.cli.volume import least_level, note
from logwatch.clock import Clock, SystemClock
from logwatch.config.loader import load
from logwatch.config.search import find_config
from logwatch.config.state_place import state_folder
from logwatch.errors import Exit, UsageError
from logwatch.records import (
    Alert,
    Delivered,
    Notification,
    Outcome,
    Rejected,
    Retry,
    decode_alert,
    encode_alert,
)
from logwatch.rules.message import about_logwatch
from logwatch.sinks import KINDS, sink_from_url
from logwatch.sinks.base import SinkSettings
from logwatch.sinks.plain_text import escaped, visible
from logwatch.sinks.rehearsal import Exchange, watched, written
from logwatch.store.reader import StoreReader

MARK = "[TEST] "
_WORDS: dict[type[Outcome], str] = {Delivered: "delivered", Retry: "not now", Rejected: "refused"}


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    telemetry.telemetry.configure(least_level())
    if options.dead:
        return _send_dead(options)
    if options.alert and options.text is not None:
        raise UsageError("an alert has its own words: TEXT or --alert, not both")
    kind, settings = _sink(options)
    clock = SystemClock()
    alert = _as_test(_stored(options), clock.wall()) if options.alert else None
    notification = _notification(alert or _test_alert(options.text, clock.wall()))
    name = options.sink if ":" not in options.sink else kind
    if options.show:
        return _show(name, kind, settings, notification, as_json=options.output == "json")
    return _send(name, kind, settings, notification, clock, as_json=options.output == "json")


def send_test(name: str, kind: str, settings: SinkSettings) -> bool:
    """Send a test message by one sink and say how it went; whether it was taken."""
    clock = SystemClock()
    notification = _notification(_test_alert(None, clock.wall()))
    return _send(name, kind, settings, notification, clock) is Exit.DONE


def _send(
    name: str,
    kind: str,
    settings: SinkSettings,
    notification: Notification,
    clock: Clock,
    *,
    as_json: bool = False,
) -> Exit:
    sink = KINDS[kind].make(settings)
    began = clock.steady()
    try:
        outcome, exchanges = watched(sink, notification, clock)
    finally:
        sink.close()
    seconds = clock.steady() - began
    if as_json:
        print(encoded(_as_json(name, outcome, exchanges, seconds)))
        return Exit.DONE if isinstance(outcome, Delivered) else Exit.NO
    for each in exchanges:
        note(_exchange(each))
    return _say(name, outcome, seconds)


def _as_json(
    name: str, outcome: Outcome, exchanges: Sequence[Exchange], seconds: float
) -> dict[str, object]:
    return {
        "schema": 1,
        "sink": name,
        "outcome": _WORDS[type(outcome)],
        "detail": outcome.detail if isinstance(outcome, Delivered) else outcome.reason,
        "seconds": round(seconds, 3),
        "exchanges": [
            {
                "method": each.method,
                "where": each.where,
                "status": each.status,
                "seconds": round(each.seconds, 3),
            }
            for each in exchanges
        ],
    }


def _send_dead(options: argparse.Namespace) -> Exit:
    if options.text is not None or options.show or ":" in options.sink:
        raise UsageError("--dead sends what a sink of the configuration was sent before: SINK only")
    _sink(options)
    again, by = send_again(options.sink, options.alert, options.config, SystemClock())
    if options.output == "json":
        print(encoded({"schema": 1, "sink": options.sink, "again": again}))
        return Exit.DONE if again else Exit.NO
    if not again:
        print(f"{options.sink}: there is no dead letter of this sink to send", file=sys.stderr)
        return Exit.NO
    print(f"{options.sink}: {number(again, 'dead letter')} back in the outbox; {by}")
    return Exit.DONE


def _show(
    name: str, kind: str, settings: SinkSettings, notification: Notification, *, as_json: bool
) -> Exit:
    found = written(KINDS[kind], settings, notification)
    if as_json:
        messages = [{"where": each.where, "text": each.text} for each in found]
        print(encoded({"schema": 1, "sink": name, "not_sent": messages}))
        return Exit.DONE
    for each in found:
        print(f"{visible(each.where)}  (not sent)", file=sys.stderr)
        print("\n".join(map(escaped, each.text.split("\n"))) if sys.stdout.isatty() else each.text)
    return Exit.DONE


def _sink(options: argparse.Namespace) -> tuple[str, SinkSettings]:
    if ":" in options.sink:
        try:
            return sink_from_url(options.sink)
        except ValueError as problem:
            raise UsageError(str(problem)) from None
    config = load(find_config(options.config), sends=not (options.show or options.dead))
    for sink in config.sinks:
        if sink.name == options.sink:
            return sink.kind, sink.settings
    names = ", ".join(sink.name for sink in config.sinks) or "none"
    raise UsageError(f"no sink {options.sink!r} in the configuration; it has: {names}")


def _test_id(wall: float) -> str:
    return f"{int(wall * 1000):016x}"


def _notification(alert: Alert) -> Notification:
    return Notification(0, encode_alert(alert))


def _test_alert(text: str | None, wall: float) -> Alert:
    return about_logwatch(
        "logwatch.test",
        f"{MARK}{text or 'a test message'}",
        id=_test_id(wall),
        severity="info",
        wall=wall,
        host=gethostname(),
        labels={"test": "true"},
    )


def _stored(options: argparse.Namespace) -> Alert:
    reader = StoreReader(state_folder(find_config(options.config)))
    try:
        messages = reader.episode(options.alert)
    finally:
        reader.close()
    if not messages:
        raise UsageError(f"no alert whose id begins with {options.alert!r}; see logwatch alerts")
    if len({each.id for each in messages}) > 1:
        raise UsageError(f"several alerts have an id that begins with {options.alert!r}")
    return decode_alert(messages[-1].body)


def _as_test(alert: Alert, wall: float) -> Alert:
    """With an id of its own: what receivers know of the alert itself must not change."""
    return replace(
        alert,
        id=_test_id(wall),
        message=f"{MARK}{alert.message}",
        labels={**alert.labels, "test": "true"},
        muted_by=UNSET,
    )


def _exchange(each: Exchange) -> str:
    try:
        phrase = "" if each.status is None else f" {HTTPStatus(each.status).phrase}"
    except ValueError:
        phrase = ""
    answer = "no answer" if each.status is None else f"{each.status}{phrase}"
    return f"{each.method} {each.where} → {answer} in {_milliseconds(each.seconds)} ms"


def _say(name: str, outcome: Outcome, seconds: float) -> Exit:
    match outcome:
        case Delivered(detail):
            more = f" ({visible(detail)})" if detail else ""
            taken = f"delivered in {_milliseconds(seconds)} ms, marked [TEST]"
            note(f"{name}: {taken}{more}")
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


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
