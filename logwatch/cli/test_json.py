"""What `logwatch test -o json` tells: one object a test, and one with the sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from logwatch.cli.json_lines import encoded
from logwatch.cli.test_report import Report, Sums
from logwatch.testing.comparing import value_of
from logwatch.testing.coverage import Coverage
from logwatch.testing.outcome import Mismatch, Outcome, offset_text

SCHEMA = 1
"""Version of what is told as JSON."""


class JsonReport(Report):
    """For programs: one object a test, and one with the sums."""

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """See `Report.tell`."""
        for outcome in outcomes:
            self._screen.write(encoded(_outcome_as_json(outcome)))

    def end(self, outcomes: Sequence[Outcome], sums: Sums) -> None:
        """See `Report.end`."""
        passed = sum(each.passed for each in outcomes)
        errors = sum(each.trouble is not None for each in outcomes)
        told: dict[str, Any] = {
            "kind": "sum",
            "schema": SCHEMA,
            "passed": passed,
            "failed": len(outcomes) - passed - errors,
            "errors": errors,
            "seconds": round(sums.seconds, 3),
        }
        if sums.coverage is not None:
            told["coverage"] = _coverage_as_json(sums.coverage)
        self._screen.write(encoded(told))
        self._screen.flush()


def _coverage_as_json(coverage: Coverage) -> dict[str, Any]:
    return {
        "percent": round(coverage.percent, 1),
        "rules": len(coverage.rules),
        "with_test": coverage.tested,
        "without": list(coverage.without),
        "branches": [
            {
                "rule": rule.rule,
                "defined_at": rule.defined_at,
                "tests": rule.tests,
                "all": list(rule.branches),
                "missed": list(rule.missed),
            }
            for rule in coverage.rules
        ],
    }


def _outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    test = outcome.test
    result = "passed" if outcome.passed else "error" if outcome.trouble else "failed"
    return {
        "kind": "test",
        "schema": SCHEMA,
        "rule": test.rule,
        "file": test.place.file,
        "line": test.place.line,
        "outcome": result,
        "trouble": outcome.trouble,
        "seconds": round(outcome.seconds, 4),
        "mismatches": [_mismatch_as_json(each, test.start) for each in outcome.mismatches],
        "hints": list(outcome.hints),
        "timeline": [
            {
                "at": offset_text(row.at, test.start),
                "line": row.line,
                "did": [{"deed": one.deed, "text": one.text} for one in row.did],
            }
            for row in outcome.rows
        ],
    }


def _mismatch_as_json(mismatch: Mismatch, start: float) -> dict[str, Any]:
    expected, got = mismatch.expected, mismatch.got
    told: dict[str, Any] = {
        "section": mismatch.section,
        "line": mismatch.place.line,
        "differences": [
            {
                "name": one.name,
                "line": one.place.line,
                "expected": one.expected,
                "got": one.got,
            }
            for one in mismatch.differences
        ],
        "expected": None,
        "got": None,
    }
    if expected is not None:
        at = None if expected.at is None else offset_text(expected.at, start)
        told["expected"] = {**({"at": at} if at else {}), **expected.values}
    if got is not None:
        told["got"] = {"at": offset_text(got.at, start), **got.alert.key, "say": got.alert.message}
        told["got"] |= {name: value_of(got.alert, name) for name in ("severity", "status", "count")}
    return told
