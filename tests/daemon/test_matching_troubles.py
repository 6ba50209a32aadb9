"""What goes wrong in matching becomes an alert that names the rule."""

from __future__ import annotations

from threading import BoundedSemaphore
from zoneinfo import ZoneInfo

from logwatch.clock import ManualClock
from logwatch.daemon.intake import Intake
from logwatch.daemon.monitor import Monitor, Reading
from logwatch.matching import searches
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import EventClock
from logwatch.pipeline import SelfReport
from logwatch.records import Batch
from logwatch.tailer.tail import Tail


def test_a_rule_in_quarantine_is_told_by_one_of_the_monitors_that_share_its_matcher(
    tmp_path, monkeypatch
):
    """With the rule's name and the file; the batches come as ever."""
    monkeypatch.setattr(searches, "TIMEOUT_SECONDS", 0.001)
    monkeypatch.setattr(searches, "BURST_SECONDS", 0.0095)
    evil = RulePatterns(match=("(?:a|aa)+(?!.)",))
    matcher = Matcher([RulePatterns(match=("!",)), evil], clock=lambda: 0.0)
    clock = ManualClock()
    events = EventClock(make_parser("plain", ParserSettings(tz=ZoneInfo("UTC"))), source="app")
    reading = Reading(
        source="app",
        ruleset="r",
        matcher=matcher,
        rules=(4, 7),
        events=events,
        names=("fine", "too-clever"),
    )
    intake = Intake()
    paths = [tmp_path / name for name in ("a.log", "b.log")]
    for path in paths:
        path.write_text(("a" * 60 + "!\n") * 20)
        monitor = Monitor(
            str(path),
            tail=Tail(str(path), start="beginning"),
            reading=reading,
            intake=intake,
            slots=BoundedSemaphore(1),
            clock=clock,
        )
        while monitor.read_on(clock.moment()):
            pass
        monitor.finish()
    messages = [intake.get() for _ in range(len(intake.queue))]
    reports = [each for each in messages if isinstance(each, SelfReport)]
    assert [(each.what, each.severity, each.path) for each in reports] == [
        ("search-given-up", "warning", str(paths[0])),
        ("rule-quarantined", "error", str(paths[0])),
    ]
    assert all(each.message.startswith("rule too-clever: the pattern") for each in reports)
    batches = [each for each in messages if isinstance(each, Batch)]
    assert sum(len(batch.matches) for batch in batches) == 40
