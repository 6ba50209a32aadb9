"""Rules of all kinds tell the same with restarts as without, down to the byte.

What is compared: all fields of every alert in the store, and whom it is sent to, in the order of
each rule and key. Left out are `at` and `late`, which say when somebody was there to tell it; where
nobody was away for any time these are compared, too.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from doubles import survival
from doubles.examples import examples
from doubles.survival import End, Machine, Step, by_rule_and_key, words
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from logwatch.rules import live_keys
from logwatch.store.writer import Addressed
from logwatch.telemetry import telemetry

EVERY_KIND = Path(__file__).with_name("every_kind.yaml").read_text(encoding="utf-8")


texts = st.builds(
    words,
    st.sampled_from(["hit", "hit", "hit", "open", "close", "beat"]),
    st.sampled_from("aabc"),
    st.integers(1, 5),
)
gaps = st.sampled_from([0, 0, 0, 0.25, 0.5, 1, 1, 2, 3, 5, 10, 15, 20, 31, 60, 700])
ends: st.SearchStrategy[End | None] = st.sampled_from([None, None, None, "kill", "finish"])
in_time = st.just(0.0)


def steps(
    away: st.SearchStrategy[float],
    ends: st.SearchStrategy[End | None] = ends,
    behind: st.SearchStrategy[float] = in_time,
) -> st.SearchStrategy[list[Step]]:
    """What is written, and when."""
    step = st.builds(Step, gaps, st.sampled_from(["app", "web"]), texts, ends, away, behind)
    return st.lists(step, max_size=30).map(in_order)


def in_order(found: list[Step]) -> list[Step]:
    """Lines of the same time come by source."""
    ordered: list[Step] = []
    for step in found:
        if step.gap == 0 and ordered and step.source < ordered[-1].source:
            step = step._replace(gap=0.25)  # noqa: PLW2901 - the line as it is then
        ordered.append(step)
    return ordered


@pytest.fixture(autouse=True)
def quiet():
    """Thousands of starts have nothing to say."""
    telemetry.configure("error")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Where what the configuration compiles to is kept."""
    return tmp_path_factory.mktemp("cache")


def told(
    history: list[Step], cache: Path, *, restarts: bool, reloaded: str | None = None
) -> list[Addressed]:
    """All that is told of a history, and for a day after it: see `survival.told`."""
    return survival.told(EVERY_KIND, history, cache, restarts=restarts, reloaded=reloaded)


@given(steps(st.just(0.0)))
@settings(max_examples=examples(15))
def test_restarts_in_no_time_change_nothing(cache, history):
    """Not even the time of telling. What the last second brought is read once more after a kill."""
    without = told(history, cache, restarts=False)
    with_them = told(history, cache, restarts=True)
    assert by_rule_and_key(with_them) == by_rule_and_key(without)
    assert sorted((e.alert.id, e.alert.seq, e.alert.at) for e in with_them) == sorted(
        (e.alert.id, e.alert.seq, e.alert.at) for e in without
    )


finishes: st.SearchStrategy[End | None] = st.sampled_from([None, None, "finish"])
late = st.sampled_from([0.0, 0.0, 0.0, 0.1, 1.5, 7.0, 30.0, 200.0])


@given(steps(st.just(0.0), finishes, late))
@settings(max_examples=examples(15))
def test_what_is_known_of_sources_that_come_late_survives_too(cache, history):
    """Deadlines wait for them as they did before."""
    without = told(history, cache, restarts=False)
    with_them = told(history, cache, restarts=True)
    assert by_rule_and_key(with_them) == by_rule_and_key(without)


def test_an_episode_ends_no_later_for_a_restart_among_lines_that_come_late(cache):
    """Values that come much later have taken the place of those that it ends with."""
    values = [(2, 1, 0), (4, 2, 0), (2, 3, 0), (20, 4, 0), (13, 5, 0), (1, 1, 29)]
    history = [
        Step(0, "web", words("hit", "c", 1), None, 0, behind=100),  # so deadlines wait
        *(
            Step(gap, "app", words("hit", "a", value), "finish" if behind else None, 0, behind)
            for gap, value, behind in values
        ),
    ]
    without, with_them = (told(history, cache, restarts=each) for each in (False, True))
    (resolved,) = (
        each.alert
        for each in with_them
        if (each.alert.rule, each.alert.status) == ("many-values", "resolved")
    )
    assert resolved.message.startswith("resolved after 25s")
    assert by_rule_and_key(with_them) == by_rule_and_key(without)


@given(steps(st.sampled_from([0.0, 0.5, 2.0, 15.0, 60.0, 700.0])))
@settings(max_examples=examples(15))
def test_what_is_written_meanwhile_is_told_as_if_somebody_had_been_there(cache, history):
    """Deadlines that passed and lines that came while there was no daemon."""
    without = told(history, cache, restarts=False)
    with_them = told(history, cache, restarts=True)
    assert by_rule_and_key(with_them) == by_rule_and_key(without)


@given(steps(st.just(0.0), behind=late), st.integers(0, 2))
@settings(max_examples=examples(15))
def test_keys_that_are_kept_as_bytes_tell_the_same(cache, history, most):
    """As very many keys are, of which each is a restart of its own."""
    without = told(history, cache, restarts=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_keys, "MOST_THAWED", most)
        with_them = told(history, cache, restarts=False)
    assert by_rule_and_key(with_them) == by_rule_and_key(without)


DESCRIBED = EVERY_KIND.replace("{name:", "{description: new, name:").replace(
    "- name:", "- description: new\n    name:"
)
LONGER = EVERY_KIND.replace("when: 3 in 10s", "when: 3 in 12s")
HEARING = {"calm", "both", "both-hours"}
"""The rule that has another window in `LONGER`, and those that hear of it."""
ABSORBED = "levels"
"""Is told or not as one of those has it."""


@given(steps(st.just(0.0)))
@settings(max_examples=examples(12))
def test_a_reload_that_changes_no_meaning_changes_nothing(cache, history):
    """All rules go on as they were."""
    without = told(history, cache, restarts=False)
    with_them = told(history, cache, restarts=True, reloaded=DESCRIBED)
    assert by_rule_and_key(with_them) == by_rule_and_key(without)


@given(steps(st.just(0.0)))
@settings(max_examples=examples(12))
def test_a_rule_with_another_window_begins_anew_and_the_others_go_on(cache, history):
    """What it was burning ends with a message to those who were told, and is heard of no more."""
    restarted = telemetry.counters["store.rule_restarted"]
    without = told(history, cache, restarts=False)
    with_them = told(history, cache, restarts=True, reloaded=LONGER)
    others = [
        [
            replace(each, sinks=(), alert=replace(each.alert, muted_by=UNSET))
            if each.alert.rule == ABSORBED
            else each
            for each in run
            if each.alert.rule not in HEARING
        ]
        for run in (with_them, without)
    ]
    assert by_rule_and_key(others[0]) == by_rule_and_key(others[1])
    if any(step.end for step in history):
        assert telemetry.counters["store.rule_restarted"] == restarted + 1
    episodes = defaultdict(list)
    for each in with_them:
        if each.alert.rule == "calm":
            episodes[each.alert.id].append(each)
    for messages in episodes.values():
        statuses = [each.alert.status for each in messages]
        assert statuses == ["firing", *["updated"] * (len(statuses) - 2), "resolved"]
        assert set(messages[-1].sinks) == {name for each in messages for name in each.sinks}


@pytest.mark.parametrize("end", ["kill", "finish"])
def test_a_source_that_comes_late_is_waited_for_after_a_restart_too(cache, tmp_path, end):
    """Lines of another source in the backlog are newer, and say nothing of its silence."""
    machine = Machine(tmp_path, EVERY_KIND, cache)
    for number in range(30):
        machine.let_pass(5)
        machine.write("web", "beat k=b v=1", behind=40)
        machine.write("app", "open k=c v=1")
        machine.look("web")
        machine.look("app")
        if number % 5 == 4:
            machine.kill() if end == "kill" else machine.finish()
            machine.write("app", "open k=c v=1")
            machine.start()
    alerts = [each.alert for each in machine.told if each.alert.rule == "silent"]
    machine.finish()
    assert [each.key["k"] for each in alerts] == ["a", "z"]
