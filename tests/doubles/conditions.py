"""Conditions on alerts, as the text of a configuration says them."""

from __future__ import annotations

from collections.abc import Sequence

from logwatch.alerts.conditions import RANKED
from logwatch.conditions import Condition, Where, parse_test


def condition(field: str, *texts: str) -> Condition:
    """What `field: [texts]` of a configuration stands for."""
    ranks = RANKED.get(field, ())
    return Condition(field, tuple(parse_test(text, ranks) for text in texts))


def asking(**wanted: str | Sequence[str]) -> Where:
    """Several at once; all of them must hold."""
    return tuple(
        condition(field, *((texts,) if isinstance(texts, str) else texts))
        for field, texts in wanted.items()
    )
