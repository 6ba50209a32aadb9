"""`check --canonical` means what the file means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from logwatch.config.canonical import canonical
from logwatch.config.document import Document
from logwatch.config.loader import from_text
from logwatch.config.problems import Report

ROOT = Path(__file__).parents[2]
WHOLE = [
    path
    for path in (ROOT / "config").rglob("*.yaml")
    if path.parent.name != "rules.d" and path.name != "pagerduty.yaml"
]
PLACE = re.compile(r"'<text>:\d+'|Place\([^)]*\)|\bline=\d+")


def written(text: str, folder: Path = ROOT) -> str:
    """`text` in canonical form."""
    document = Document("x", text, folder)
    assert document.parse(Report())
    return canonical(document)


def meaning(text: str, folder: Path) -> str:
    """The configuration, without where it stands."""
    config = from_text(text, folder=folder, environ={}, rules_needed=False)
    return PLACE.sub("", repr(config))


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
def test_it_means_what_was_written_and_is_its_own_form(path):
    """Of every shipped file that is whole by itself."""
    once = written(path.read_text(), path.parent)
    assert written(once, path.parent) == once
    assert meaning(once, path.parent) == meaning(path.read_text(), path.parent)


RULES = """\
sources: {app: {path: /var/log/app.log, format: json}}
rules:
- {match: 'a(?P<x>b)', name: one, when: 5 in 2m, by: x, clear: 0 in 15m, say: "t\\ty {x}"}
- {name: two, description: &n five, in: [app], where: {level: [error, '!= x']}, absent: 3m}
- {name: three, match: a, value: {p95: 'took', above: 800ms, in: 5m}, mode: shadow}
- {name: four, match: 'no', unless: ['b', 'c'], severity: critical, context: 3, to: 'console:'}
- {name: six, match: 'y', unless: {z: in ::1}}
- {name: *n, sequence: [{rule: one}, {match: 'y: {x}'}], within: 10m}
sinks: {b: {fallback: c, console: }, c: {jsonl_file: /tmp/x.jsonl}}
routes: [{if: {severity: critical}, to: b}]
tests: [{rule: one, lines: ['+0s ab', {text: ab, times: 4}], quiet: true}]
"""


def test_short_forms_are_written_out_and_keys_stand_in_one_order():
    """A name first, lists where a list may stand, no alias."""
    once = written(RULES)
    assert "  - name: one\n" in once
    assert "    when: {count: 5, in: 2m}\n" in once
    assert "    unless: ['b', 'c']\n" in once
    assert "    unless:\n      - z: ['in ::1']\n" in once
    assert "&" not in once
    assert once.index("sources:") < once.index("rules:") < once.index("sinks:")
    assert written(once) == once
    assert meaning(once, ROOT) == meaning(RULES, ROOT)


def test_a_reference_stays_as_it_is_written():
    """A secret is not shown."""
    text = "sinks: {a: {webhook: 'https://x.example/${env:TOKEN}'}}\n"
    assert "'https://x.example/${env:TOKEN}'" in written(text)
