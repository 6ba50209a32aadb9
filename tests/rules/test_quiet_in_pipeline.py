"""`quiet_after` of a source: the pipeline tells of any line, and judges live only."""

from __future__ import annotations

from doubles.daemon import batch
from doubles.rules import START

from logwatch.alerts.route import Router
from logwatch.clock import ManualClock
from logwatch.dispatch import Dispatch
from logwatch.pipeline import Pipeline
from logwatch.rules import make_rule
from logwatch.rules.base import PlainMatch, RuleSettings
from logwatch.rules.quiet_sources import QuietSources
from logwatch.stamps import rfc3339

RULE = RuleSettings(name="err", kind=PlainMatch(), cooldown=0.0)


def bench() -> tuple[Pipeline, ManualClock]:
    """A pipeline that watches whether `app` is quiet for twenty seconds."""
    clock = ManualClock(START)
    rules = [make_rule(RULE, host="web1"), QuietSources({"app": 20.0}, host="web1")]
    router = Router((), sinks=("out",), to_by_rule={})
    pipeline = Pipeline(rules, Dispatch(router, host="web1"), host="web1")
    pipeline.begin(clock.moment())
    return pipeline, clock


def told(pipeline: Pipeline) -> list[tuple[str, str]]:
    """Rule and status of each alert since the last call."""
    return [(one.alert.rule, one.alert.status) for one in pipeline.drain().alerts]


def quiet_lines(at: float, **changes):
    """A batch in which no rule took a line."""
    return batch(matches=[], end=50, last_time=START + at, arrival=START + at, **changes)


def test_a_source_of_which_no_line_comes_is_told_and_so_is_its_next_line():
    """Whatever rules make of its lines."""
    pipeline, clock = bench()
    pipeline.go_live(clock.moment())
    clock.advance(15)
    pipeline.take(quiet_lines(15), clock.moment())
    clock.advance(19)
    pipeline.expire(clock.moment())
    assert told(pipeline) == []
    clock.advance(2)
    pipeline.expire(clock.moment())
    assert told(pipeline) == [("logwatch.source-quiet", "firing")]
    clock.advance(4)
    pipeline.take(quiet_lines(40), clock.moment())
    assert told(pipeline) == [("logwatch.source-quiet", "resolved")]


def test_in_a_backlog_nobody_is_called_quiet():
    """Blocks say nothing of the time between their lines; the last line counts from then on."""
    pipeline, clock = bench()
    pipeline.take(batch("boom", time=START - 7200, backlog=True), clock.moment())
    pipeline.take(batch("boom", offset=5, time=START - 10, backlog=True), clock.moment())
    pipeline.go_live(clock.moment())
    assert told(pipeline) == [("err", "firing"), ("err", "firing")]
    clock.advance(9)
    pipeline.expire(clock.moment())
    assert told(pipeline) == []
    clock.advance(2)
    pipeline.expire(clock.moment())
    assert told(pipeline) == [("logwatch.source-quiet", "firing")]


def restarted(pipeline: Pipeline, clock: ManualClock) -> Pipeline:
    """The next one, with what this one remembered."""
    following = bench()[0]
    following.restore(
        change for change in pipeline.drain().states.values() if change.body is not None
    )
    following.begin(clock.moment())
    return following


def test_lines_that_came_while_there_was_no_daemon_do_not_call_a_source_quiet():
    """However long it was away: the blocks that it reads then are full of lines."""
    pipeline, clock = bench()
    pipeline.go_live(clock.moment())
    clock.advance(15)
    pipeline.take(quiet_lines(15), clock.moment())
    pipeline = restarted(pipeline, clock)
    clock.advance(600)
    pipeline.take(quiet_lines(610, backlog=True), clock.moment())
    pipeline.go_live(clock.moment())
    clock.advance(10)
    pipeline.expire(clock.moment())
    assert told(pipeline) == []
    clock.advance(6)
    pipeline.expire(clock.moment())
    assert told(pipeline) == [("logwatch.source-quiet", "firing")]


def test_a_source_that_was_quiet_when_the_daemon_ended_comes_back_with_a_line_of_the_backlog():
    """It was told that it is quiet; that is over."""
    pipeline, clock = bench()
    pipeline.go_live(clock.moment())
    clock.advance(25)
    pipeline.expire(clock.moment())
    pipeline = restarted(pipeline, clock)
    clock.advance(600)
    pipeline.take(quiet_lines(610, backlog=True), clock.moment())
    pipeline.go_live(clock.moment())
    assert told(pipeline) == [("logwatch.source-quiet", "resolved")]


def test_a_source_of_which_no_line_came_while_there_was_no_daemon_is_quiet_at_once():
    """Its limit ran on."""
    pipeline, clock = bench()
    pipeline.go_live(clock.moment())
    clock.advance(15)
    pipeline.take(quiet_lines(15), clock.moment())
    pipeline = restarted(pipeline, clock)
    clock.advance(600)
    pipeline.go_live(clock.moment())
    clock.advance(1)
    pipeline.expire(clock.moment())
    assert told(pipeline) == [("logwatch.source-quiet", "firing")]


def test_lines_that_are_read_late_do_not_call_a_source_quiet():
    """The daemon was stopped for a while, as a container is that is paused."""
    pipeline, clock = bench()
    pipeline.go_live(clock.moment())
    clock.advance(615)
    pipeline.take(quiet_lines(615, first_time=START + 15), clock.moment())
    pipeline.expire(clock.moment())
    assert told(pipeline) == []
    clock.advance(21)
    pipeline.expire(clock.moment())
    assert told(pipeline) == [("logwatch.source-quiet", "firing")]


def test_a_source_that_was_quiet_before_lines_that_are_read_late_is_told_of_once():
    """It was, and it is not quiet between them."""
    pipeline, clock = bench()
    pipeline.go_live(clock.moment())
    clock.advance(600)
    pipeline.take(quiet_lines(600, first_time=START + 400), clock.moment())
    clock.advance(0.3)
    pipeline.expire(clock.moment())
    alerts = [one.alert for one in pipeline.drain().alerts]
    assert [each.status for each in alerts] == ["firing", "resolved"]
    clock.advance(30)
    pipeline.expire(clock.moment())
    assert told(pipeline) == [("logwatch.source-quiet", "firing")]


def test_a_source_that_is_known_to_be_quiet_comes_back_with_the_first_of_several_lines():
    """They were read late; it is not quiet again between them."""
    pipeline, clock = bench()
    pipeline.go_live(clock.moment())
    clock.advance(25)
    pipeline.expire(clock.moment())
    assert told(pipeline) == [("logwatch.source-quiet", "firing")]
    clock.advance(575)
    pipeline.take(quiet_lines(600, first_time=START + 400), clock.moment())
    clock.advance(0.3)
    pipeline.expire(clock.moment())
    alerts = [one.alert for one in pipeline.drain().alerts]
    assert [(each.status, each.last) for each in alerts] == [("resolved", rfc3339(START + 400))]
