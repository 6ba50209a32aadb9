"""A store that is damaged or gone goes on from its copy of the last hour, and that is told."""

from __future__ import annotations

import pytest
from doubles import oracle
from doubles.forked import Running, run_once
from doubles.process import alerts_in, eventually

from logwatch.errors import Exit

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""

HASTY = """
from logwatch.daemon import backing_up
backing_up.FIRST_SECONDS, backing_up.EVERY_SECONDS = 0.1, 0.2
"""


@pytest.mark.parametrize("rotated", [False, True])
def test_what_was_logged_since_the_backup_is_read_again_and_marked(tmp_path, rotated):
    """Nothing is lost though `start: end`; what is told twice has one name and says `reread`."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    state = tmp_path / "state"
    with oracle.Writer(tmp_path / "app.log") as writer:
        assert run_once(tmp_path, config).returncode == Exit.DONE
        writer.write(100)
        (state / "state.db.backup").unlink()
        assert run_once(tmp_path, config).returncode == Exit.DONE
        writer.write(30)
        assert run_once(tmp_path, config).returncode == Exit.DONE
        (state / "state.db").write_bytes(b"garbage " * 5_000)
        if rotated:
            writer.shift()
            writer.begin_anew()
        writer.write(20)
        before = len(alerts_in(out))
        assert run_once(tmp_path, config).returncode == Exit.DONE
    alerts = alerts_in(out)[before:]
    [about] = [each for each in alerts if each["rule"] == "logwatch.store-replaced"]
    assert "its backup of 20" in about["message"]
    again = oracle.ours(alerts)
    assert oracle.told(again) == writer.written[100:]
    assert {each["reread"] for each in again} == {True}
    oracle.settle(oracle.ours(alerts_in(out)), writer.written, repetitions=True)


def test_a_store_that_was_removed_while_it_was_written_is_restored_at_the_next_start(tmp_path):
    """From the copy that the daemon made while it ran."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    state = tmp_path / "state"
    with oracle.Writer(tmp_path / "app.log") as writer:
        with Running(tmp_path, config, sabotage=HASTY).ready() as daemon:
            daemon.says("daemon.live")
            writer.write(30)
            eventually(lambda: len(alerts_in(out)) == 30, "all told")
            (state / "state.db.backup").unlink(missing_ok=True)  # it may be from before all that
            eventually((state / "state.db.backup").exists, "a backup")
            for each in state.glob("state.db*"):
                if each.name != "state.db.backup":
                    each.unlink(missing_ok=True)
            daemon.kill()
        writer.write(10)
        assert run_once(tmp_path, config).returncode == Exit.DONE
    rules = [each["rule"] for each in alerts_in(out)]
    assert rules.count("logwatch.store-replaced") == 1
    oracle.settle(oracle.ours(alerts_in(out)), writer.written, repetitions=True)
