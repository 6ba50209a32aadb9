"""An alert as Alertmanager knows it: labels that say which one it is, annotations that tell of it.

Alertmanager takes two alerts for the same where their labels are equal, so only what stays the same
while an episode burns is a label: the rule (`alertname`), the host, what it is keyed by, the labels
of the rule and of the sink. `severity` is one as well, though it may rise, because routes there ask
for it; who sends must end the alert under its old labels then. What changes from line to line, and
the file and source of the newest one, are annotations.

Names of labels are `[a-zA-Z_][a-zA-Z0-9_]*`: other characters become `_`. A value that is long is
cut, and a hash of the whole kept, so that two that begin alike are still two.

Sources: Prometheus documentation, "Alerts API" and "Data model"; prometheus/alertmanager
api/v2/openapi.yaml (postableAlert) and api/v2/api.go (what is validated).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from msgspec import UNSET, Struct

from logwatch.records import Alert
from logwatch.sinks.blocks import as_text
from logwatch.sinks.plain_text import visible
from logwatch.sinks.wording import SEVERAL, words
from logwatch.stamps import rfc3339, seconds_of

LONGEST_LABEL = 200
LONGEST_DESCRIPTION = 4000
MOST_LABELS = 60

_NAME = re.compile(r"[^a-zA-Z0-9_]")


class PostableAlert(Struct, frozen=True):
    """One alert in a request."""

    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: str  # noqa: N815 - the protocol's own spelling
    endsAt: str  # noqa: N815 - as above

    @property
    def identity(self) -> frozenset[tuple[str, str]]:
        """Equal for two that Alertmanager takes for the same."""
        return frozenset(self.labels.items())


def postable(alert: Alert, more: Mapping[str, str], *, now: float, until: float) -> PostableAlert:
    """`alert`, which burns until wall time `until` if nothing else is heard; `more` are labels."""
    return PostableAlert(
        labels=labels_of(alert, more),
        annotations=annotations_of(alert),
        startsAt=rfc3339(min(seconds(alert.first, now), until)),
        endsAt=rfc3339(until),
    )


def labels_of(alert: Alert, more: Mapping[str, str] = {}) -> dict[str, str]:
    """What tells `alert` from others for as long as it burns; `more` are those of the sink."""
    by = alert.key if alert.group is UNSET else {**alert.group.by, **alert.key}
    rule = alert.rule if alert.rule != SEVERAL else by.get("rule", "several")
    named: dict[str, str] = {}
    for name, value in (
        ("alertname", rule),
        ("severity", alert.severity),
        ("host", "" if alert.host == SEVERAL else alert.host),
        *((label_name(name), value) for name, value in more.items()),
        *((label_name(name), value) for name, value in alert.labels.items() if name != "runbook"),
        *((label_name(name), value) for name, value in by.items() if name != "rule"),
    ):
        if name in named:
            if named[name] == value:
                continue
            name = f"key_{name}"  # noqa: PLW2901 - ours has the plain one
        if value and len(named) < MOST_LABELS:
            named.setdefault(name, label_value(value))
    named.setdefault("alertname", "unnamed")
    return named


def label_name(name: str) -> str:
    """`name` with what a label's name may not have replaced."""
    plain = _NAME.sub("_", name)[:LONGEST_LABEL] or "_"
    return f"_{plain}" if plain[0].isdigit() else plain


def label_value(value: str) -> str:
    """`value` on one line, bounded, and still another one than any other."""
    shown = visible(value[: 4 * LONGEST_LABEL])
    if len(shown) <= LONGEST_LABEL and len(value) <= 4 * LONGEST_LABEL:
        return shown
    digest = hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{shown[:LONGEST_LABEL]}…{digest}"


def annotations_of(alert: Alert) -> dict[str, str]:
    """What tells of `alert`, in words."""
    said = words(alert)
    named = {
        "summary": said.title,
        "description": as_text(said, LONGEST_DESCRIPTION),
        "runbook_url": said.runbook,
        "logwatch_id": visible(alert.id[:LONGEST_LABEL]),
    }
    return {name: text for name, text in named.items() if text}


def seconds(stamp: str, otherwise: float) -> float:
    """Seconds since the epoch that `stamp` means; `otherwise` where it is no time."""
    try:
        return seconds_of(stamp)
    except ValueError:
        return otherwise
