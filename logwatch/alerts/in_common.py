"""What several alerts have in common, found as they come."""

from __future__ import annotations

from msgspec import Struct

from logwatch.records import Alert

SEVERAL = "<several>"
"""Stands for a rule, source, path or host that is not the same for all."""


class InCommon(Struct, array_like=True):
    """The values that all alerts share; `<several>`, or no entry, where they differ."""

    rule: str
    source: str
    path: str
    host: str
    key: dict[str, str]
    fields: dict[str, str]
    labels: dict[str, str]

    def narrow(self, alert: Alert) -> None:
        """Keep what `alert` shares too."""
        if alert.rule != self.rule:
            self.rule = SEVERAL
        if alert.source != self.source:
            self.source = SEVERAL
        if alert.path != self.path:
            self.path = SEVERAL
        if alert.host != self.host:
            self.host = SEVERAL
        self.key = _shared(self.key, alert.key)
        self.fields = _shared(self.fields, alert.fields)
        self.labels = _shared(self.labels, alert.labels)


def in_common(alert: Alert) -> InCommon:
    """What one alert has in common with itself: everything."""
    return InCommon(
        alert.rule, alert.source, alert.path, alert.host, alert.key, alert.fields, alert.labels
    )


def _shared(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    if not one or one == other:
        return one
    return {name: value for name, value in one.items() if other.get(name) == value}
