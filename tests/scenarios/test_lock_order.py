"""A whole daemon under load takes its locks in one order."""

from __future__ import annotations

import json
from signal import SIGHUP, SIGUSR1

from doubles import oracle
from doubles.forked import Running, logwatch
from doubles.load import load
from doubles.process import alerts_in, environment, eventually
from doubles.receiver import Receiver

CONFIG = f"""\
sources: {{{{app: {{{{path: '{{folder}}/*.log', start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks:
  out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}
  web: {{{{webhook: {{{{url: '{{url}}'}}}}}}}}
"""


def test_locks_are_taken_in_one_order_whatever_goes_on(tmp_path):
    """Files that come and go, rotations, reloads, status, a sink that fails, and the stop."""
    watched = {"LOGWATCH_LOCK_ORDER": "1"}
    out = tmp_path / "alerts.jsonl"
    decide = lambda number: "unavailable" if number % 3 else "take"  # noqa: E731 - a table of one
    with Receiver(decide) as receiver, oracle.Writer(tmp_path / "app.log") as writer:
        config = CONFIG.format(folder=tmp_path, url=receiver.url)
        with (
            load(writer),
            Running(tmp_path, config, variables=watched).ready() as daemon,
        ):
            for number in range(3):
                before = len(alerts_in(out))
                other = tmp_path / f"{number}.log"
                other.write_text("fine\n")
                other.rename(tmp_path / f"{number}.log.1")
                other.write_text("fine\n")
                daemon.signal(SIGUSR1)
                daemon.signal(SIGHUP)
                daemon.ready(times=2 + number)
                shown = logwatch("status", "-c", daemon.config, "-o", "json", env=environment())
                other.unlink()
                eventually(lambda before=before: len(alerts_in(out)) > before + 50, "it goes on")
            pairs = json.loads(shown.stdout)["counters"]["lock_order.pairs"]
            daemon.stop()
        assert pairs > 0
        assert "daemon.lock_order" not in daemon.stderr
