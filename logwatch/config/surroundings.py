"""What a rule may refer to."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from logwatch.config.fields import Fields
from logwatch.config.keys import DefaultKeys
from logwatch.config.names import Names
from logwatch.matching.known_patterns import KnownPatterns
from logwatch.tailer.settings import SourceSettings


class Surroundings(Struct, frozen=True):
    """What a rule may refer to."""

    sources: Mapping[str, SourceSettings]
    """The sources that could be read."""
    source_names: Names
    rule_names: Names
    sinks: Names
    defaults: DefaultKeys
    thorough: bool
    """Whether to look for what only deserves a warning."""
    known: KnownPatterns
    """What is known of patterns from an earlier start."""
    alert_fields: dict[str, Fields] = field(default_factory=dict)
    """What the alerts of the rules that were built so far have."""
    parsed_fields: dict[tuple[str, ...] | None, tuple[frozenset[str] | None, bool]] = field(
        default_factory=dict
    )
    """What was asked so far of what the formats of sources give: see selectors.py."""
