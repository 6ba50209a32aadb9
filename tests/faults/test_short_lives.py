"""Files that came and went before anybody could open them: row 19 of docs/reliability.md."""

from __future__ import annotations

import json

import pytest
from doubles.forked import Running, logwatch
from doubles.process import alerts_in, environment, eventually

from logwatch.clock import ManualClock
from logwatch.daemon.short_lives import COUNTER, MOST_BORN, ShortLives
from logwatch.daemon.waker import NameChange
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.settings import SourceSettings
from logwatch.telemetry import telemetry

CONFIG = """\
sources: {{app: {{path: '{folder}/logs/*.log', start: beginning}}}}
rules: [{{name: err, match: ERROR, cooldown: 0}}]
sinks: {{out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}}}
"""


def test_r19_files_that_nobody_could_open_are_counted(tmp_path):
    """Each of a hundred was read, or it was counted."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "stays.log").touch()
    with Running(tmp_path, CONFIG.format(folder=tmp_path)).ready() as daemon:
        for number in range(100):
            path = logs / f"{number}.log"
            path.write_text(f"ERROR {number}\n")
            path.unlink()
        (logs / "not-a-log.txt").touch()
        (logs / "not-a-log.txt").unlink()

        def all_are_accounted_for():
            shown = logwatch("status", "-c", daemon.config, "-o", "json", env=environment())
            status = json.loads(shown.stdout)
            told = len(alerts_in(tmp_path / "alerts.jsonl"))
            missed = status["counters"].get(COUNTER, 0)
            assert told + missed <= 100
            return told + missed == 100 and (not missed or "came and went" in str(status["notes"]))

        eventually(all_are_accounted_for, "each is read or counted")
        daemon.stop()


def test_r19_files_that_were_read_before_they_went_are_not_counted(tmp_path):
    """They are let go of at once, for nobody can write to them any more."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "stays.log").touch()

    def told(number):
        return lambda: len(alerts_in(tmp_path / "alerts.jsonl")) == number

    with Running(tmp_path, CONFIG.format(folder=tmp_path)).ready() as daemon:
        for number in range(1, 4):
            path = logs / f"{number}.log"
            path.write_text(f"ERROR {number}\n")
            eventually(told(number), "it is told")
            path.unlink()
            daemon.says("daemon.file_let_go", number)
        path.touch()
        path.unlink()  # judged after those above
        daemon.says("tailer.short_lived_missed")
        shown = logwatch("status", "-c", daemon.config, "-o", "json", env=environment())
        assert json.loads(shown.stdout)["counters"][COUNTER] == 1
        daemon.stop()


class Tail:
    def __init__(self):
        self.held = frozenset()

    def identities(self):
        return self.held


class Monitor:
    def __init__(self):
        self.tail = Tail()
        self.active_at = 0.0


@pytest.fixture
def lives():
    made, clock = ShortLives(lambda path: path.endswith(".log")), ManualClock()

    def look(*changes, **monitors):
        clock.advance(1)
        before = telemetry.counters.get(COUNTER, 0)
        made.look(
            [NameChange(f"/{name}", what) for name, what in changes],
            {f"/{name}.log": monitor for name, monitor in monitors.items()},
            clock.moment(),
        )
        return telemetry.counters.get(COUNTER, 0) - before

    look.made, look.clock = made, clock
    return look


def test_a_file_is_judged_a_look_later_so_that_somebody_may_be_opening_it(lives):
    assert lives(("a.log", "made"), ("a.log", "deleted")) == 0
    assert lives() == 1
    assert lives() == 0


def test_what_was_opened_was_not_missed(lives):
    monitor = Monitor()
    lives(("a.log", "made"), ("a.log", "deleted"), a=monitor)
    monitor.tail.held = frozenset({(1, "birth")})
    assert lives(a=monitor) == 0


def test_what_was_opened_and_let_go_of_is_forgotten(lives):
    monitor = Monitor()
    lives(("a.log", "made"), a=monitor)
    monitor.tail.held = frozenset({(1, "birth")})
    lives(a=monitor)
    monitor.tail.held = frozenset()
    lives(("a.log", "deleted"))
    assert lives() == 0


@pytest.mark.parametrize("had", [0.5, -0.5])
def test_what_was_read_and_let_go_of_at_once_was_not_missed(lives, had):
    """What was read under that path before, of another file, does not count."""
    monitor = Monitor()
    lives()
    monitor.active_at = lives.clock.steady() + had
    lives(("a.log", "made"), a=monitor)
    lives(("a.log", "deleted"), a=monitor)
    assert lives() == (had < 0)


@pytest.mark.parametrize("looks", [0, 1])
@pytest.mark.parametrize("had", [0.5, -0.5])
def test_what_was_read_and_let_go_of_between_two_looks_was_not_missed(lives, had, looks):
    """Its monitor has ended before anybody asks whether it read something."""
    lives()
    changes = ("a.log", "made"), ("a.log", "deleted")
    if looks:
        assert lives(*changes) == 0
    lives.made.let_go("/a.log", active_at=lives.clock.steady() + had - looks)
    assert lives(*(() if looks else changes)) == (looks and had < 0)
    assert lives() == (not looks and had < 0)


def test_of_what_was_let_go_of_nothing_is_remembered_for_long(lives):
    lives()
    lives.made.let_go("/a.log", active_at=lives.clock.steady() + 0.5)
    lives()
    lives()
    assert not lives.made._let_go


def test_one_name_may_come_and_go_more_than_once(lives):
    lives(*[("a.log", what) for what in ("made", "deleted") * 3])
    assert lives() == 3


@pytest.mark.parametrize(
    "changes",
    [
        [("a.txt", "made"), ("a.txt", "deleted")],
        [("a.log", "deleted")],  # it was there before anybody looked
        [("a.log", "made"), ("a.log", "moved"), ("a.log", "deleted")],
    ],
)
def test_what_no_source_takes_or_what_was_renamed_is_not_counted(lives, changes):
    lives(*changes)
    assert lives() == 0


def test_what_is_remembered_is_bounded(lives):
    lives(*[(f"{number}.log", "made") for number in range(MOST_BORN + 5)])
    assert len(lives.made._born) == MOST_BORN


@pytest.mark.parametrize(
    ("pattern", "path", "is_taken"),
    [
        ("/var/log/*.log", "/var/log/a.log", True),
        ("/var/log/*.log", "/var/log/.a.log", False),
        ("/var/log/*.log", "/var/log/b/a.log", False),
        ("/var/log/*.log", "/var/log/x.log", False),  # excluded
        ("/var/log/*", "/var/log/a.log.gz", False),
        ("/var/**/*.log", "/var/log/deep/a.log", True),
        ("/var/**/*.log", "/var/a.log", True),
        ("/var/**/*.log", "/var/.hidden/a.log", False),
        ("/var/**", "/var/log/a", True),
        ("/var/log/a.log", "/var/log/a.log", True),
    ],
)
def test_which_source_takes_a_path_without_asking_the_disk(pattern, path, is_taken):
    discovery = Discovery([SourceSettings(name="app", paths=(pattern,), exclude=("x.log",))])
    assert bool(discovery.sources_of(path)) is is_taken
