"""kill -9 while messages are put together: what was collected is told later, and the sums hold."""

from __future__ import annotations

from doubles.forked import Running, run_once
from doubles.process import alerts_in, eventually

CONFIG = """\
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules: [{{name: err, match: 'ERROR (?P<disk>\\w+)', by: disk, cooldown: 0}}]
routes:
  - {{to: grouped, group: [rule], wait: 1h, updates: 1h, also: true}}
  - {{to: paced}}
sinks:
  grouped: {{jsonl_file: {{path: {folder}/grouped.jsonl}}}}
  paced: {{jsonl_file: {{path: {folder}/paced.jsonl}}, rate: 5/s}}
"""
ROUNDS, LINES = 4, 150


def test_killed_again_and_again_while_it_collects_it_tells_of_each_line_once(tmp_path):
    """A group that waits, and a storm beyond a rate, over four deaths."""
    config = CONFIG.format(folder=tmp_path)
    log, paced = tmp_path / "app.log", tmp_path / "paced.jsonl"
    for number in range(ROUNDS):
        told_before = len(alerts_in(paced, torn=True))
        with Running(tmp_path, config).ready() as daemon:
            with log.open("a", encoding="utf-8") as file:
                file.writelines(f"ERROR disk{each % 3}\n" for each in range(LINES))
            eventually(
                lambda before=told_before: len(alerts_in(paced, torn=True)) > before,
                f"nothing was told in round {number}",
            )
            daemon.kill()
    assert run_once(tmp_path, config).returncode == 0
    for sink in ("grouped", "paced"):
        by_name = {}
        for message in alerts_in(tmp_path / f"{sink}.jsonl", torn=True):
            name = message["id"], message["seq"]
            assert by_name.setdefault(name, message) == message  # a repetition says the same
        assert sum(each["count"] + each["suppressed"] for each in by_name.values()) == 600
    (group,) = alerts_in(tmp_path / "grouped.jsonl")
    assert (group["group"]["alerts"], group["group"]["rules"]) == (600, {"err": 600})
