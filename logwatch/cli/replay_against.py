"""Two configurations over the same past: what the new one tells more, and what it tells less.

Two alerts are the same where rule, status, key and time are. Of each only a digest is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from logwatch.cli.marking import DIM, Screen
from logwatch.cli.replay_report import LONGEST_NAME, SCHEMA
from logwatch.simulation import SimulatedAlert
from logwatch.sinks.plain_text import shorten, visible


class Told:
    """All messages that would have been sent, by rule."""

    def __init__(self) -> None:
        self._by_rule: dict[str, Counter[bytes]] = {}

    def add(self, one: SimulatedAlert) -> None:
        """One alert; what is muted is not told."""
        if not one.is_told:
            return
        alert = one.alert
        text = repr((alert.status, alert.key, one.at)).encode(errors="backslashreplace")
        digest = blake2b(text, digest_size=8).digest()
        self._by_rule.setdefault(alert.rule, Counter())[digest] += 1

    def of(self, rule: str) -> Counter[bytes]:
        """Those of one rule."""
        return self._by_rule.get(rule, Counter())

    @property
    def rules(self) -> list[str]:
        """Names of the rules that told anything."""
        return list(self._by_rule)


class Difference:
    """Old against new."""

    def __init__(self, old: Told, new: Told, old_rules: list[str], new_rules: list[str]) -> None:
        self._old, self._new = old, new
        self._old_rules, self._new_rules = set(old_rules), set(new_rules)
        self._names = list(dict.fromkeys([*new_rules, *old_rules]))

    def rows(self) -> list[dict[str, Any]]:
        """For each rule how many messages there were, are, are gone and are new."""
        return [self._row(name) for name in self._names]

    def _row(self, name: str) -> dict[str, Any]:
        old, new = self._old.of(name), self._new.of(name)
        rule = (
            "both"
            if name in self._old_rules and name in self._new_rules
            else ("new" if name in self._new_rules else "gone")
        )
        return {
            "rule": name,
            "is": rule,
            "before": old.total(),
            "now": new.total(),
            "gone": (old - new).total(),
            "added": (new - old).total(),
        }

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"schema": SCHEMA, "rules": self.rows()}

    def lines(self, screen: Screen) -> Iterator[str]:
        """For people."""
        rows = self.rows()
        wide = max([4, *(min(len(visible(row["rule"])), LONGEST_NAME) for row in rows)])
        yield ""
        yield screen.paint(
            DIM, f"{'rule':<{wide}}  {'before':>7}  {'now':>7}  {'gone':>7}  {'new':>7}"
        )
        for row in rows:
            name = shorten(visible(row["rule"]), LONGEST_NAME)
            figures = "  ".join(f"{row[each]:>7,}" for each in ("before", "now", "gone", "added"))
            note = {"both": "", "new": "  a new rule", "gone": "  is no rule any more"}[row["is"]]
            same = row["is"] == "both" and not row["gone"] and not row["added"]
            yield f"{name:<{wide}}  {figures}{'  as before' if same else note}"
