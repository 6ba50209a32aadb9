"""A hundred reloads under load, half of them broken: nothing lost, doubled or left behind."""

from __future__ import annotations

from threading import Event

import pytest
from doubles import oracle
from doubles.load import load
from doubles.process import Running, alerts_in, eventually, write_config

from logwatch.cli.reload import verdict_of
from logwatch.cli.run import LOOK_AFTER_SECONDS
from logwatch.clock import SystemClock

pytestmark = pytest.mark.stress

RELOADS = 100
CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules:
- {oracle.RULE.replace("{", "{{").replace("}", "}}")}
- {{{{name: often, match: 'seq', when: 3 in 10m, cooldown: 15m}}}}
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""
BROKEN = ("macht:", "match: x, match:")


def test_a_hundred_reloads_half_of_them_broken(tmp_path):
    """Each has its verdict and its number; descriptors, threads and memory stay where they were."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    place, clock = tmp_path / "state" / "control.sock", SystemClock()
    slowest, held = 0.0, []
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config).ready() as daemon,
    ):
        with load(writer):
            for number in range(RELOADS):
                so_far = len(writer.written)
                is_broken = number % 2 == 1
                text = config.replace("cooldown: 15m", f"cooldown: {number + 20}m")
                if is_broken:
                    text = text.replace("match:", BROKEN[number // 2 % 2], 1)
                write_config(tmp_path, text)
                verdict = verdict_of(place, clock)
                assert verdict.accepted is not is_broken, verdict
                assert verdict.generation == number // 2 + 2
                assert bool(verdict.problems) is is_broken
                slowest = max(slowest, 0.0 if is_broken else verdict.seconds)
                eventually(lambda before=so_far: len(writer.written) > before, "some load")
                if number in (RELOADS // 2, RELOADS - 1):
                    # What is left of those before is let go when one has been at work a while.
                    Event().wait(LOOK_AFTER_SECONDS + 1)
                    held.append((daemon.descriptors(), daemon.threads(), daemon.resident_bytes()))
        eventually(lambda: oracle.has_all(by_rule(out, "oracle"), writer.written), "all told", 60)
    oracle.settle(by_rule(out, "oracle"), writer.written)
    # One episode from the first reload to the last: its state outlived every one of them.
    assert len({alert["id"] for alert in by_rule(out, "often")}) == 1
    half, whole = held
    assert whole[0] <= half[0] + 2
    assert whole[1] <= half[1] + 2
    assert whole[2] <= 1.1 * half[2]
    print(f"{RELOADS} reloads, {len(writer.written):,} lines, the slowest took {slowest:.3f} s")


def by_rule(out, rule: str):
    return [alert for alert in alerts_in(out) if alert["rule"] == rule]
