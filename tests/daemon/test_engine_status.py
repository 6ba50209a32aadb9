"""What `logwatch status` says of the engines."""

from __future__ import annotations

from logwatch.config.loader import from_text
from logwatch.daemon.engine_status import engine_statuses
from logwatch.daemon.readings import Readings
from logwatch.matching.prefilter import Unwatched

CONFIG = r"""
state: {folder}
sources:
  one: {{path: {folder}/one.log, format: '(?P<all>.*)'}}
  two: {{path: {folder}/two.log, format: '^(?P<all>.*)'}}
rules: [{{name: slow, match: a, unless: [{{all: '~ (?:a|aa)+(?!.)'}}]}}]
sinks: {{out: {{console: {{}}}}}}
"""


def test_sources_with_the_same_rules_and_other_formats_are_counted_together(tmp_path):
    """They share a matcher, but not what is searched for in fields."""
    readings = Readings(from_text(CONFIG.format(folder=tmp_path)), "reference", Unwatched())
    one, two = readings.of(("one",)), readings.of(("two",))
    for reading in (one, two, two):
        reading.selected("a" * 60 + "!", [(0, {})], 0.0)
    (status,) = engine_statuses(readings.all())
    assert status.sources == ("one", "two")
    assert status.timeouts == {"slow": 3}
