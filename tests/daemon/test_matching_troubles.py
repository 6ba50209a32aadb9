"""What goes wrong in matching becomes an alert that names the rule."""

from __future__ import annotations

import re
from itertools import count
from random import Random
from threading import BoundedSemaphore
from zoneinfo import ZoneInfo

from doubles.liars import LyingEngines, dropping_expression

from logwatch import expressions
from logwatch.clock import ManualClock
from logwatch.config.loader import from_text
from logwatch.daemon.intake import Intake, Message
from logwatch.daemon.monitor import Monitor
from logwatch.daemon.reading import Reading
from logwatch.daemon.readings import Readings
from logwatch.matching import searches
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.prefilter import Unwatched
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import EventClock
from logwatch.records import Batch
from logwatch.rules.self_reports import SelfReport
from logwatch.tailer.multiline import Framer, MultilineSettings
from logwatch.tailer.tail import Tail


def follow(paths, matcher, names, **conditions) -> list[Message]:
    """What the monitors of these files, which share a matcher, hand on."""
    clock = ManualClock()
    events = EventClock(make_parser("plain", ParserSettings(tz=ZoneInfo("UTC"))), source="app")
    reading = Reading(
        source="app",
        matcher=matcher,
        rules=tuple(range(len(names))),
        events=events,
        names=names,
        **conditions,
    )
    intake = Intake()
    for path in paths:
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
    return [intake.get() for _ in range(len(intake.queue))]


def reports_and_matches(messages) -> tuple[list[SelfReport], int]:
    """The alerts about logwatch, and how many matches there were."""
    batches = [each for each in messages if isinstance(each, Batch)]
    reports = [each for each in messages if isinstance(each, SelfReport)]
    return reports, sum(len(batch.matches) for batch in batches)


def test_a_rule_in_quarantine_is_told_by_one_of_the_monitors_that_share_its_matcher(
    tmp_path, monkeypatch
):
    """With the rule's name and the file; the batches come as ever."""
    monkeypatch.setattr(searches, "TIMEOUT_SECONDS", 0.001)
    monkeypatch.setattr(searches, "BURST_SECONDS", 0.0095)
    evil = RulePatterns(match=("(?:a|aa)+(?!.)",))
    matcher = Matcher([RulePatterns(match=("!",)), evil], clock=lambda: 0.0)
    paths = [tmp_path / name for name in ("a.log", "b.log")]
    for path in paths:
        path.write_text(("a" * 60 + "!\n") * 20)
    reports, matches = reports_and_matches(follow(paths, matcher, ("fine", "too-clever")))
    assert [(each.what, each.severity, each.path) for each in reports] == [
        ("search-given-up", "warning", str(paths[0])),
        ("rule-quarantined", "error", str(paths[0])),
    ]
    assert all(each.message.startswith("rule too-clever: the pattern") for each in reports)
    assert matches == 40


def test_a_slow_pattern_in_a_condition_is_told_and_holds_no_file_up(tmp_path, monkeypatch):
    """As one of the lines would be; the rule's other records and other rules go on."""
    monkeypatch.setattr(searches, "TIMEOUT_SECONDS", 0.001)
    monkeypatch.setattr(searches, "BURST_SECONDS", 0.0095)
    path = tmp_path / "app.log"
    path.write_text(f"x={'a' * 60}!\n" * 40)
    config = from_text(
        f"state: {tmp_path}/state\n"
        f"sources: {{app: {{path: {path}, format: logfmt}}}}\n"
        "rules:\n"
        "- {name: fine, match: '!'}\n"
        "- {name: too-clever, where: {x: '~ (?:a|aa)+(?!.)'}}\n"
        "sinks: {out: {console: {}}}\n"
    )
    reading = Readings(config, "auto", Unwatched()).of(("app",))
    conditions = {"selection": reading.selection, "fields": reading.fields}
    names = ("fine", "too-clever")
    reports, matches = reports_and_matches(follow([path], reading.matcher, names, **conditions))
    assert [(each.what, each.severity) for each in reports] == [
        ("search-given-up", "warning"),
        ("rule-quarantined", "error"),
    ]
    assert all(each.message.startswith("rule too-clever: the pattern") for each in reports)
    assert matches == 40
    assert reading.fields is not None
    assert reading.fields.quarantined.keys() == {1}


def test_a_line_that_python_itself_fails_in_is_read_past_and_told(tmp_path, monkeypatch):
    """A thread that died of it would have begun again at that line for ever."""

    class Broken:
        def search(self, line: str) -> object:
            if "poison" in line:
                raise SystemError("The span of capturing group is wrong")
            return re.search("bad", line)

    monkeypatch.setattr(
        searches, "compile_pattern", lambda text: Broken() if text == "bad" else re.compile(text)
    )
    matcher = Matcher([RulePatterns(match=("line",)), RulePatterns(match=("bad",))])
    path = tmp_path / "app.log"
    path.write_text("bad line\nbad poison line\nbad line\n")
    reports, matches = reports_and_matches(follow([path], matcher, ("fine", "broken")))
    assert [(each.what, each.severity) for each in reports] == [("search-failed", "error")]
    assert reports[0].message.startswith("rule broken: the pattern 'bad' cannot be searched for")
    assert matches == 5


def test_a_pattern_of_multiline_that_python_fails_in_is_told_with_its_source(tmp_path, monkeypatch):
    """What it could not say of a line is no reason to read on no more."""

    class Broken:
        def search(self, line: str) -> object:
            if "poison" in line:
                raise SystemError("The span of capturing group is wrong")
            return re.search(r"^\d(?=:)", line)

    monkeypatch.setattr(expressions, "compiled", lambda _text: Broken())
    settings = MultilineSettings(start=r"^\d(?=:)")
    framer = Framer(settings, encoding="utf-8", max_line=4096)
    framer.frame(b"1: a\n2: poison\n", final=True)
    matcher = Matcher([RulePatterns(match=("a",))], records=True)
    path = tmp_path / "app.log"
    path.write_text("1: a\n")
    reports, matches = reports_and_matches(follow([path] * 2, matcher, ("fine",), framer=framer))
    assert [(each.what, each.severity, each.source) for each in reports] == [
        ("search-failed", "error", "app")
    ]
    assert reports[0].message.startswith(r"multiline: the pattern '^\\d(?=:)' cannot be searched")
    assert matches == 2


def test_an_engine_that_misses_a_rule_is_told_and_no_line_of_it_is_lost(tmp_path):
    """Neither in the block in which it came out."""
    ticks = count()
    matcher = Matcher(
        [RulePatterns(match=("seen",)), RulePatterns(match=("missed",))],
        engines=LyingEngines(dropping_expression(1)),
        audit=10.0,
        random=Random(1).random,
        clock=lambda: next(ticks) * 1e-4,
    )
    paths = [tmp_path / f"{number}.log" for number in range(30)]
    for path in paths:
        path.write_text("seen\nmissed\n" * 20)
    messages = follow(paths, matcher, ("fine", "betrayed"))
    reports, _ = reports_and_matches(messages)
    [report] = reports
    assert (report.what, report.severity) == ("engine-differs", "critical")
    assert report.message.startswith(f"rule betrayed: the engine {matcher.engine} gave")
    batches = [each for each in messages if isinstance(each, Batch) and each.records]
    at = next(at for at, path in enumerate(paths) if str(path) == report.path)
    assert [len(batch.matches) for batch in batches] == [20] * at + [40] * (len(paths) - at)
