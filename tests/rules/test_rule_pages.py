"""The pages of docs/rules: the rule on the page, fed the log on it, tells what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from doubles.rules import START

from logwatch.config.loader import load
from logwatch.simulation import Simulation

PAGES = Path(__file__).parents[2] / "docs" / "rules"

COMPLETE = {
    "match": ("kern", "plain"),
    "threshold": ("auth", "plain"),
    "clear": ("kern", "plain"),
    "sampling": ("kern", "plain"),
    "absence": ("app", "json"),
    "absence: below": ("app", "json"),
    "expect": ("app", "plain"),
    "unique: below": ("app", "plain"),
}
"""Pages, or parts of them, whose log is complete, with the source that it is of and its format."""


def blocks(page: str) -> tuple[str, list[str], list[str]]:
    """The rule, the log and the messages of a page, or of a part: its first three such blocks."""
    page, _, word = page.partition(": ")
    text = (PAGES / f"{page}.md").read_text()
    if word:
        text = re.split(rf"^##.*`{word}`$", text, flags=re.MULTILINE)[1]
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    rules = next(body for kind, body in found if kind == "yaml")
    others = [body.splitlines() for kind, body in found if not kind]
    return rules, others[0], others[1]


def seconds(stamp: str) -> float:
    """Seconds after midnight of HH:MM:SS."""
    hours, minutes, rest = stamp.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(rest)


@pytest.mark.parametrize("page", sorted(COMPLETE))
def test_a_page_tells_what_its_rule_tells(page, tmp_path):
    """Each message of the page comes, in this order; an ellipsis stands for any text."""
    rules, lines, messages = blocks(page)
    source, format_ = COMPLETE[page]
    path = tmp_path / "logwatch.yaml"
    path.write_text(
        f"state: {tmp_path}/state\n"
        f"sources: {{{source}: {{path: {tmp_path}/x.log, format: {format_}}}}}\n"
        f"sinks: {{out: {{console: {{}}}}}}\n{rules}"
    )
    simulation = Simulation(load(path), host="web1", start=START)
    last = START
    for line in lines:
        stamp = re.search(r"\d\d:\d\d:\d\d", line)
        assert stamp
        last = START + seconds(stamp[0])
        text = line.removeprefix(f"{stamp[0]}  ")
        simulation.feed_lines(source, [(last, text)])
    simulation.run_until(last + 7200)
    told = iter([each.alert.message for each in simulation.events])
    for message in messages:
        pattern = ".*".join(re.escape(part) for part in message.split("…"))
        assert any(re.fullmatch(pattern, one) for one in told), message
