"""Texts of several lines in tests, as they are pasted from a log whose lines are put together."""

from __future__ import annotations

import pytest

from logwatch.clock import SystemClock
from logwatch.config.loader import load
from logwatch.config.problems import InvalidConfigError
from logwatch.testing.runner import Runner

HEAD = r"""
sources:
  shop: {path: /srv/shop.log, multiline: python}
  db: {path: /srv/db.log, multiline: {start: '^\[', max_lines: 4}}
  pod: {path: /srv/pod.log, format: docker, multiline: python}
  plain: {path: /srv/plain.log}
sinks: {out: {console: {}}}
rules:
  - {name: cart, in: shop, match: "(?s)ERROR (?P<what>[^\\n]*)\\n.*\\nKeyError: 'cart'",
     say: 'no cart: {what}', cooldown: 0}
  - {name: pairs, in: db, match: '(?s)^\[1\] (?P<all>.*)', say: '{all}', cooldown: 0}
  - {name: in-pod, in: pod, match: "(?s)ERROR.*\\nKeyError", cooldown: 0}
  - {name: bare, in: plain, match: x}
tests:
"""


@pytest.fixture
def run(tmp_path):
    """The outcome of the only test."""

    def of(test):
        path = tmp_path / "logwatch.yaml"
        path.write_text(HEAD + test)
        (test,) = load(path).tests
        return Runner(load(path), SystemClock(), rows_of_all=True).run(test)

    return of


def test_a_trace_that_is_pasted_is_one_record(run):
    """It comes at its own stamp, and a blank line in it is part of it."""
    outcome = run("""
  - rule: cart
    lines:
      - |
        2026-01-05T00:00:05Z ERROR checkout failed
        Traceback (most recent call last):
          File "/srv/shop/cart.py", line 7, in checkout
            return carts[user]["cart"]

        KeyError: 'cart'
    fires: [{at: +5s, say: 'no cart: checkout failed'}]
""")
    assert outcome.passed, outcome
    assert len(outcome.rows) == 1


def test_what_is_pasted_is_put_together_as_the_source_does(run):
    """An excerpt may have several records."""
    outcome = run("""
  - rule: cart
    lines:
      - 2026-01-05T00:00:01Z INFO up
      - at: +10s
        text: |
          2026-01-05T00:00:05Z ERROR checkout failed
          Traceback (most recent call last):
            File "/srv/shop/cart.py", line 7, in checkout
          KeyError: 'cart'
          2026-01-05T00:00:06Z INFO ready
          2026-01-05T00:00:07Z ERROR payment failed
          Traceback (most recent call last):
            File "/srv/shop/cart.py", line 9, in pay
          KeyError: 'cart'
    fires: [{at: +5s, what: checkout failed}, {at: +7s, what: payment failed}]
""")
    assert outcome.passed, outcome
    assert len(outcome.rows) == 4


def test_bounds_of_the_source_hold_for_it(run):
    outcome = run(r"""
  - rule: pairs
    lines: ["[1] a\nb\nc\nd\ne\n[2] f\n", "+1m [1] g\nh"]
    fires: [{all: "a\nb\nc\nd"}, {at: +1m, all: "g\nh"}]
""")
    assert outcome.passed, outcome


def test_a_text_goes_on_with_the_line_before_it_as_lines_do(run):
    """Where it comes within the timeout of the source."""
    outcome = run(r"""
  - rule: pairs
    lines: ["[1] a", "+1s b\nc", "+1m d"]
    fires: [{all: "a\nb\nc"}]
""")
    assert outcome.passed, outcome


def test_a_text_may_stand_for_many_records(run):
    outcome = run(r"""
  - rule: pairs
    lines: [{text: "[1] a\n{n}", times: 2, every: 5s}]
    fires: [{at: +0s, all: "a\n1"}, {at: +5s, all: "a\n2"}]
""")
    assert outcome.passed, outcome


def test_lines_of_a_container_are_pasted_as_they_are_in_its_file(run):
    outcome = run(r"""
  - rule: in-pod
    lines:
      - |
        {"log":"ERROR x\n","stream":"stderr","time":"2026-01-05T00:00:01Z"}
        {"log":"Traceback (most recent call last):\n","time":"2026-01-05T00:00:01Z"}
        {"log":"KeyError: 1\n","stream":"stderr","time":"2026-01-05T00:00:01Z"}
    fires: [{at: +1s}]
""")
    assert outcome.passed, outcome


def test_where_each_line_is_a_record_several_are_refused_with_what_to_do(tmp_path):
    path = tmp_path / "logwatch.yaml"
    path.write_text(HEAD + '  - {rule: bare, lines: ["x\\ny"], quiet: true}\n')
    with pytest.raises(InvalidConfigError) as refused:
        load(path)
    (problem,) = refused.value.problems
    assert problem.message == "this is more than one line"
    assert problem.help == "write a list entry for each; 'plain' has no 'multiline'"
