"""An alert as a log record of OpenTelemetry, in the JSON form of OTLP.

Names are lowerCamelCase, whole numbers of 64 bits are texts, enumerations are numbers. The body is
the alert's message; what identifies and describes it are attributes named `logwatch.…`. Texts are
cut to 4,096 characters and a record has 128 attributes at most, as SDKs have by default.

Sources: opentelemetry-proto docs/specification.md ("JSON Protobuf Encoding") and
logs/v1/logs.proto; OpenTelemetry "Logs Data Model" (SeverityNumber); semantic conventions for
`service.name`, `host.name` and `log.file.path`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import UNSET

from logwatch import __version__
from logwatch.records import Alert, Severity
from logwatch.sinks.plain_text import fit
from logwatch.stamps import seconds_of

LONGEST_TEXT = 4096
LONGEST_NAME = 128
MOST_ATTRIBUTES = 128
MOST_LINES = 5

SEVERITY_NUMBERS: dict[Severity, int] = {"info": 9, "warning": 13, "error": 17, "critical": 21}
"""INFO, WARN, ERROR and FATAL."""

Json: TypeAlias = dict[str, Any]


def request_of(alerts: Sequence[Alert], resource: Mapping[str, str]) -> Json:
    """An ExportLogsServiceRequest with `alerts`, by host; `resource` goes over our attributes."""
    by_host: dict[str, list[Alert]] = {}
    for alert in alerts:
        by_host.setdefault(alert.host, []).append(alert)
    return {
        "resourceLogs": [
            {
                "resource": {"attributes": _resource(host, resource)},
                "scopeLogs": [
                    {
                        "scope": {"name": "logwatch", "version": __version__},
                        "logRecords": [record_of(alert) for alert in some],
                    }
                ],
            }
            for host, some in by_host.items()
        ]
    }


def record_of(alert: Alert) -> Json:
    """One LogRecord."""
    at = str(_nanoseconds(alert.at))
    return {
        "timeUnixNano": at,
        "observedTimeUnixNano": at,
        "severityNumber": SEVERITY_NUMBERS[alert.severity],
        "severityText": alert.severity,
        "body": _text(alert.message),
        "attributes": [
            {"key": name[:LONGEST_NAME], "value": value} for name, value in _bounded(_facts(alert))
        ],
    }


def _resource(host: str, more: Mapping[str, str]) -> list[Json]:
    ours = {"service.name": "logwatch", "service.version": __version__, "host.name": host}
    return [{"key": name, "value": _text(value)} for name, value in (ours | dict(more)).items()]


def _facts(alert: Alert) -> Iterator[tuple[str, Json]]:
    yield "logwatch.alert.id", _text(alert.id)
    yield "logwatch.alert.seq", _whole(alert.seq)
    yield "logwatch.alert.status", _text(alert.status)
    yield "logwatch.rule", _text(alert.rule)
    yield "logwatch.source", _text(alert.source)
    yield "log.file.path", _text(alert.path)
    yield "logwatch.count", _whole(alert.count)
    yield "logwatch.suppressed", _whole(alert.suppressed)
    yield "logwatch.first", _text(alert.first)
    yield "logwatch.last", _text(alert.last)
    yield "logwatch.late", {"boolValue": alert.late}
    if alert.group is not UNSET:
        yield "logwatch.group.kind", _text(alert.group.kind)
        yield "logwatch.group.alerts", _whole(alert.group.alerts)
        yield "logwatch.group.burning", _whole(alert.group.burning)
    lines = [_text(line.text) for line in alert.lines[:MOST_LINES]]
    yield "logwatch.lines", {"arrayValue": {"values": lines}}
    for kind, values in (("key", alert.key), ("label", alert.labels), ("field", alert.fields)):
        for name, value in values.items():
            yield f"logwatch.{kind}.{name}", _text(value)


def _bounded(facts: Iterable[tuple[str, Json]]) -> Iterator[tuple[str, Json]]:
    """The first of `facts`; a name stands once."""
    seen: set[str] = set()
    for name, value in facts:
        if len(seen) == MOST_ATTRIBUTES:
            return
        if name[:LONGEST_NAME] not in seen:
            seen.add(name[:LONGEST_NAME])
            yield name, value


def _text(text: str) -> Json:
    return {"stringValue": fit(text, LONGEST_TEXT)}


def _whole(number: int) -> Json:
    return {"intValue": str(number)}


def _nanoseconds(stamp: str) -> int:
    """Since the epoch; 0, which stands for unknown, where `stamp` is no time."""
    try:
        return round(seconds_of(stamp) * 1000) * 1_000_000
    except ValueError:
        return 0
