"""A mute that is over, and what lines of its time bring about once they are read late."""

from __future__ import annotations

from doubles.conditions import asking
from doubles.daemon import Bench, batch

from logwatch.alerts.mute_settings import MuteSettings
from logwatch.clock import ManualClock
from logwatch.daemon.intake import CaughtUp
from logwatch.rules.base import RuleSettings
from logwatch.rules.kinds import Absence

LOG = "/var/log/app.log"
NOW = ManualClock().wall()
SILENT = RuleSettings(name="silent", kind=Absence(limit=600.0), match=("beat",), cooldown=3600.0)
BEATS = ((0, 3000.0), (1, 2000.0))
"""Silent from 2,400 s ago on, for 400 s, and again from 1,400 s ago on: within the cool-down."""


def bench_of(folder, *, until: float) -> Bench:
    """`until`: the end of a mute that drops everything."""
    mute = MuteSettings(name="night", condition=asking(), begin=0.0, end=until, then="drop")
    return Bench(folder, SILENT, awaited=(LOG,), mutes=(mute,))


def test_a_deadline_that_passes_while_live_is_muted_by_what_is_in_force_then(tmp_path):
    """Its last line may have been read late, and be of a time that was muted."""
    bench = bench_of(tmp_path, until=NOW - 100)
    bench.take(batch("beat", time=NOW - 300, backlog=True), CaughtUp(LOG))
    bench.clock.advance(301)
    bench.take()
    assert len(bench.due()) == 1
    bench.store.close()


def test_a_deadline_in_the_backlog_is_muted_by_what_was_in_force_at_its_time(tmp_path):
    """As if it had been read in time."""
    for name, until, told in (("before", NOW - 1500, 1), ("after", NOW - 1300, 0)):
        bench = bench_of(tmp_path / name, until=until)
        bench.take(batch("beat", time=NOW - 2000, backlog=True), CaughtUp(LOG))
        bench.take()
        assert len(bench.due()) == told, name
        bench.store.close()


def test_an_absence_that_the_cooldown_held_back_is_muted_by_what_is_in_force_when_that_ends(
    tmp_path,
):
    bench = bench_of(tmp_path, until=NOW - 1000)
    texts = [batch("beat", offset=5 * n, time=NOW - ago, backlog=True) for n, ago in BEATS]
    bench.take(*texts, CaughtUp(LOG))
    bench.take()
    assert bench.due() == []
    bench.clock.advance(3600)
    bench.take()
    assert len(bench.due()) == 1
    bench.store.close()
