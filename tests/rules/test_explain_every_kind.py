"""Asking any rule why, in any state."""

from __future__ import annotations

from typing import Any

import pytest
from doubles.alerts import alert
from doubles.examples import examples
from doubles.rules import Bench
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.rules import RULES
from logwatch.rules.base import PlainMatch, RuleSettings, Selector, Threshold
from logwatch.rules.kinds import (
    Absence,
    Cleared,
    Composite,
    Expect,
    NewTemplate,
    NewValue,
    Ratio,
    Sampling,
    Sequence,
    Spike,
    TooFew,
    TooFewValues,
    Unique,
    Value,
)


def bench(kind: Any) -> Bench:
    """A rule by ip with a cool-down."""
    return Bench(RuleSettings(name="r", kind=kind, by=("ip",), cooldown=40.0))


KINDS = [
    PlainMatch(),
    Threshold(count=2, window=60.0),
    Absence(limit=60.0, roster=(("b",), ("never",))),
    TooFew(limit=60.0, below=2, roster=(("b",), ("never",))),
    TooFewValues(limit=60.0, below=2, of=("port",)),
    Sequence(steps=(Selector(match=("x",)), Selector(match=("y",))), within=90.0),
    Expect(closing=Selector(match=("y",)), within=60.0),
    Cleared(count=1, window=0.0, closing=Selector(match=("y",))),
    Cleared(count=2, window=60.0, closing=Selector(), clear_count=0, clear_window=90.0),
    Sampling(which="first", count=2, pause=60.0),
    Sampling(which="every", count=2, pause=60.0),
    Unique(of=("port",), above=1, window=60.0),
    NewValue(value=("port",), learn=30.0, forget=60.0),
    NewTemplate(learn=30.0, at_most=(1, 60.0)),
    Spike(up=2.0, down=2.0, over=30.0, minimum=2),
    Value(measure="p95", field="port", above=2.0, window=60.0),
    Ratio(of=Selector(), above=0.4, window=60.0, minimum=2),
    Composite(rules=("x", "y"), needed=2, within=60.0),
]
STEPS = st.lists(
    st.tuples(
        st.floats(0, 90),
        st.sampled_from("ab"),
        st.sampled_from("123"),
        st.integers(0, 1),
        st.booleans(),
    ),
    max_size=25,
)


def story(kind: Any, steps: list[Any], *, asked: bool) -> list[Any]:
    """What a rule tells of some lines, and is asked about after each of them or not."""
    it = bench(kind)
    at = 0.0
    for after, ip, port, part, restarts in steps:
        at += after
        if isinstance(kind, Composite):
            it.heard(at, alert(rule="xy"[part], id=port, key={"ip": ip}), burns=False)
        else:
            own = part if isinstance(kind, (Sequence, Expect, Cleared, Ratio)) else 0
            it.line(at, f"line {port}", ip=ip, port=port, part=own)
        if restarts:
            it.restart()
        if asked:
            assert all(it.rule.standing(it.now))
            known = it.rule.known_keys()
            assert len(set(known)) == len(known)
            for key in known:
                told = it.rule.explain(key, it.now)
                assert told
                assert all(told)
    it.until(at + 1000)
    return it.alerts


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
@given(steps=STEPS)
@settings(max_examples=examples(40))
def test_whoever_is_known_can_be_asked_about_and_asking_changes_nothing(kind, steps):
    """Whatever came before, in whatever state the key is."""
    assert story(kind, steps, asked=True) == story(kind, steps, asked=False)


def test_no_kind_is_left_out():
    """Of those that are asked above."""
    assert {type(kind) for kind in KINDS} == set(RULES)
