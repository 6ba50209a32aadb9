"""docs/events.md names every event that logwatch logs, with its level, and no other."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")

BUILT = {
    # Names that are put together from parts, with the levels that they have.
    "daemon/source_reports.py": {
        "matching.search_given_up": {"warning"},
        "matching.search_failed": {"warning"},
        "matching.rule_quarantined": {"warning"},
        "matching.engine_differs": {"warning"},
        "matching.text_withheld": {"warning"},
    },
    "daemon/places.py": {
        "daemon.place_answers": {"info"},
        "daemon.place_tried_again": {"info"},
    },
    "receivers/base.py": {
        **{f"receivers.source_{status}": {"info"} for status in ("following", "waiting")},
        **{f"receivers.source_{status}": {"warning"} for status in ("denied", "error")},
    },
    "tailer/state.py": {
        **{f"tailer.file_{status}": {"info"} for status in ("following", "waiting")},
        **{f"tailer.file_{status}": {"warning"} for status in ("denied", "error")},
    },
}
SAYS = ("debug", "info", "warning", "error")
ANY = "any"
"""The level of an event that is worked out where it is said."""
LOGGERS = ("telemetry", "telemetry.telemetry", "self._said")


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@cache
def in_code() -> tuple[dict[str, set[str]], set[str]]:
    """Each event's name and its levels, and the names of what is counted only."""
    events: dict[str, set[str]] = defaultdict(set)
    counted, parts = set(), set()
    for path in sorted((ROOT / "logwatch").rglob("*.py")):
        place = str(path.relative_to(ROOT / "logwatch"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if ast.unparse(node.func.value) not in LOGGERS or place == "telemetry.py":
                continue
            name = node.args[0] if node.args else None
            if node.func.attr == "emit" and isinstance(node.args[1], ast.Constant):
                levels = {str(each.value) for each in ast.walk(node.args[0]) if is_text(each)}
                events[str(node.args[1].value)] |= levels & set(SAYS) or {ANY}
            elif node.func.attr in SAYS and isinstance(name, ast.Constant):
                events[str(name.value)].add(node.func.attr)
            elif node.func.attr in (*SAYS, "emit"):
                parts.add(place)
            elif node.func.attr == "count" and isinstance(name, ast.Constant):
                counted.add(str(name.value))
    assert parts <= set(BUILT), f"name what {parts - set(BUILT)} says in BUILT"
    for names in BUILT.values():
        for built, levels in names.items():
            events[built] |= levels
    return dict(events), counted - set(events)


def rows(heading: str) -> dict[str, list[str]]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = {}
    for line in re.findall(r"^\| `.*\|$", section, re.MULTILINE):
        name, *more = [each.strip() for each in line.strip("|").split(" | ")]
        found[name.strip("`")] = more
    return found


def test_every_event_is_in_the_table_and_the_other_way_round():
    """Add a row for what is missing: `name`, its level or levels, what it says and asks for."""
    events, _ = in_code()
    listed = {name: more[0] for name, more in rows("Events").items()}
    wanted = {
        name: listed.get(name, "?")
        if ANY in levels
        else ", ".join(level for level in SAYS if level in levels)
        for name, levels in events.items()
    }
    assert sorted(wanted.items() - listed.items()) == []
    assert sorted(set(listed) - set(wanted)) == []


def test_everything_counted_is_in_the_table_and_the_other_way_round():
    """Names that end in a dot stand for several."""
    _, counted = in_code()
    listed = {name for name in rows("What is only counted") if not name.endswith(".REASON")}
    assert listed == counted


def test_names_have_a_stage_and_what_happened():
    """`stage.what_happened`, in lower case."""
    events, _ = in_code()
    assert [name for name in events if not re.fullmatch(r"[a-z]+\.[a-z_]+", name)] == []
