"""Routes that are never reached: behind one that asks for the same, or less."""

from __future__ import annotations

import pytest

BEFORE = "sinks: {out: {console: {}}}\nrules: [{name: any, match: x}]\n"


@pytest.mark.parametrize(
    ("first", "second", "dead"),
    [
        ("", "if: {severity: critical}", True),
        ("if: {severity: critical}", "if: {severity: critical}", True),
        ("if: {severity: [critical, error]}", "if: {severity: error}", True),
        ("if: {severity: critical}", "if: {severity: critical, rule: any}", True),
        ("if: {severity: critical}", "if: {severity: [critical, error]}", False),
        ("if: {severity: critical, rule: any}", "if: {severity: critical}", False),
        ("if: {severity: critical}", "", False),
        ("if: {severity: '!= info'}", "if: {severity: critical}", False),
        ("if: {severity: critical}, also: true", "if: {severity: critical}", False),
    ],
)
def test_a_route_behind_one_that_asks_for_no_more_is_dead(bench, first, second, dead):
    """Unless that one lets others look, too."""
    parts = [f"{{to: out{', ' if each else ''}{each}}}" for each in (first, second)]
    found = bench.examine(f"{BEFORE}routes: [{', '.join(parts)}]")
    assert ["this route is never reached" in each.message for each in found.problems] == [
        True
    ] * dead
