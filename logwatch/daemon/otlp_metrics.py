"""Figures as metrics of OpenTelemetry, in the JSON form of OTLP.

Each figure of `/metrics` is one metric of the same name: what only grows is a monotonic sum, a
histogram a histogram, all else a gauge; sums are cumulative and begin with the process or with
the configuration, as they do there. Names are lowerCamelCase, whole numbers of 64 bits are texts.

Sources: opentelemetry-proto docs/specification.md ("JSON Protobuf Encoding") and
metrics/v1/metrics.proto; OpenTelemetry "Metrics Data Model" (temporality, start times) and
"Prometheus and OpenMetrics Compatibility".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from prometheus_client.core import Metric
from prometheus_client.samples import Sample

from logwatch import __version__

Json: TypeAlias = dict[str, Any]

_CUMULATIVE = 2
_OF_THE_PROCESS = ("process_", "logwatch_events", "logwatch_lost_bytes", "logwatch_losses")
"""Figures that do not begin anew with a configuration."""
_UNITS = {"_seconds": "s", "_bytes": "By"}


def request_of(families: Iterable[Metric], resource: Mapping[str, str], now: float) -> Json:
    """An ExportMetricsServiceRequest with what was found at wall time `now`."""
    found = list(families)
    process = _value_of("process_start_time_seconds", found, now)
    configured = _value_of("logwatch_start_time_seconds", found, now)
    metrics = []
    for each in found:
        began = process if each.name.startswith(_OF_THE_PROCESS) else configured
        stamps = {"startTimeUnixNano": _nanoseconds(began), "timeUnixNano": _nanoseconds(now)}
        metrics += [_metric(each, stamps)] if each.samples else []
    scope = {"name": "logwatch", "version": __version__}
    return {
        "resourceMetrics": [
            {
                "resource": {"attributes": _attributes(resource)},
                "scopeMetrics": [{"scope": scope, "metrics": metrics}],
            }
        ]
    }


def _metric(family: Metric, stamps: Json) -> Json:
    unit = next((unit for end, unit in _UNITS.items() if family.name.endswith(end)), "")
    head = {"name": family.name, "description": family.documentation, "unit": unit}
    if family.type == "histogram":
        points = _histogram_points(family.samples, stamps)
        return head | {"histogram": {"aggregationTemporality": _CUMULATIVE, "dataPoints": points}}
    points = [
        {"attributes": _attributes(each.labels), "asDouble": float(each.value), **stamps}
        for each in family.samples
        if not each.name.endswith("_created")
    ]
    if family.type != "counter":
        return head | {"gauge": {"dataPoints": points}}
    total = {"aggregationTemporality": _CUMULATIVE, "isMonotonic": True, "dataPoints": points}
    return head | {"name": f"{family.name}_total", "sum": total}


def _histogram_points(samples: Sequence[Sample], stamps: Json) -> list[Json]:
    """One point; the figures have no histogram with labels."""
    reached = [(each.labels["le"], int(each.value)) for each in samples if "le" in each.labels]
    counts = [count - before for before, count in pairwise([0, *(n for _, n in reached)])]
    point = {
        "count": str(reached[-1][1]),
        "sum": next(each.value for each in samples if each.name.endswith("_sum")),
        "bucketCounts": [str(count) for count in counts],
        "explicitBounds": [float(bound) for bound, _ in reached[:-1]],
        **stamps,
    }
    return [point]


def _attributes(labels: Mapping[str, str]) -> list[Json]:
    return [{"key": name, "value": {"stringValue": value}} for name, value in labels.items()]


def _value_of(name: str, families: Iterable[Metric], otherwise: float) -> float:
    values = (each.samples[0].value for each in families if each.name == name and each.samples)
    return next(values, otherwise)


def _nanoseconds(seconds: float) -> str:
    return str(round(seconds * 1e6) * 1000)
