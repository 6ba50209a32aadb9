"""A million matches in ten seconds: what people are sent, and what that costs."""

from __future__ import annotations

import resource
from time import perf_counter

import pytest
from doubles.process import alerts_in, run_once

pytestmark = pytest.mark.stress

MATCHES = 1_000_000
CONFIG = """\
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules: [{{name: err, match: 'ERROR (?P<disk>\\w+)', by: disk, cooldown: 0}}]
{routes}
sinks: {{out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}, rate: 10/min}}}}
"""


@pytest.mark.parametrize(
    "routes", ["", "routes: [{to: out, group: [rule], wait: 5s, updates: 30s}]"]
)
def test_a_storm_is_few_messages_with_exact_totals_in_bounded_memory(tmp_path, routes):
    """At most the rate's messages a minute, whose sums are those of all alerts."""
    with (tmp_path / "app.log").open("w", encoding="utf-8") as log:
        for number in range(MATCHES):
            second, rest = divmod(number, MATCHES // 10)
            stamp = f"2026-01-05T01:00:{second:02d}.{rest // 100:03d}Z"
            log.write(f"{stamp} ERROR disk{number % 7} failed on node {number}\n")
    began = perf_counter()
    done = run_once(tmp_path, CONFIG.format(folder=tmp_path, routes=routes), seconds=500)
    minutes = (perf_counter() - began) // 60
    assert (done.returncode, done.stderr) == (0, "")
    messages = alerts_in(tmp_path / "alerts.jsonl")
    assert sum(each["count"] + each["suppressed"] for each in messages) == MATCHES
    assert len(messages) <= 10 * (minutes + 1)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"{len(messages)} messages, {peak} MiB at most")
    assert peak < 300
