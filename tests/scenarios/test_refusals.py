"""What keeps the daemon from starting is said in a sentence, with the exit status that fits."""

from __future__ import annotations

from signal import SIGTERM, SIGUSR1

import pytest
from doubles import oracle
from doubles.forked import Running, run_once
from doubles.process import alerts_in, eventually

from logwatch.errors import Exit

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""


def test_a_second_daemon_on_the_same_state_is_refused(tmp_path):
    """Exit 75, and the sentence names the pid of the first, which goes on undisturbed."""
    config = CONFIG.format(folder=tmp_path)
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config).ready() as daemon,
    ):
        for _ in range(2):
            refused = run_once(tmp_path, config)
            assert refused.returncode == Exit.TEMPORARY
            assert f"pid {daemon.pid};" in refused.stderr
            assert len(refused.stderr.splitlines()) == 1
        writer.write(10)
        eventually(lambda: oracle.has_all(alerts_in(tmp_path / "alerts.jsonl"), writer.written), "")
        daemon.kill()
        assert run_once(tmp_path, config).returncode == Exit.DONE
    oracle.settle(alerts_in(tmp_path / "alerts.jsonl"), writer.written, repetitions=True)


def test_a_bad_configuration_names_its_lines(tmp_path):
    """Exit 78, every mistake with file, line and column, and no state folder is made."""
    config = CONFIG.format(folder=tmp_path).replace("rules:", "rulez:").replace("path: /", "pth: /")
    refused = run_once(tmp_path, config)
    assert refused.returncode == Exit.CONFIG
    assert f"{tmp_path}/logwatch.yaml:2:" in refused.stderr
    assert f"{tmp_path}/logwatch.yaml:3:" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "state").exists()


def test_a_missing_configuration_is_named(tmp_path):
    """Exit 78, with the path."""
    with Running(tmp_path, "sources: {}") as daemon:
        daemon.kill()
    daemon.config.unlink()
    with Running(tmp_path, "") as daemon:
        assert daemon.exit_status() == Exit.CONFIG
        assert str(daemon.config) in daemon.stderr


@pytest.mark.parametrize("state", ["/proc/no/such", "{folder}/a-file"])
def test_a_state_folder_that_cannot_be_made_is_named(tmp_path, state):
    """One sentence with the path and the remedy; no traceback."""
    (tmp_path / "a-file").write_text("not a folder")
    where = state.format(folder=tmp_path)
    refused = run_once(tmp_path, f"state: {where}\n{CONFIG.format(folder=tmp_path)}")
    assert refused.returncode not in (0, 1)
    assert refused.stderr.startswith("logwatch run: ")
    assert where in refused.stderr
    assert "`state:`" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("name", ["lock", "state.db"])
def test_a_folder_in_the_place_of_a_state_file_is_named(tmp_path, name):
    """Whatever is wrong in the state folder: a sentence with the path."""
    (tmp_path / "state" / name).mkdir(parents=True)
    refused = run_once(tmp_path, CONFIG.format(folder=tmp_path))
    assert refused.returncode not in (0, 1)
    assert f"state/{name}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_signal_shows_every_threads_stack_and_all_goes_on(tmp_path):
    """SIGUSR1: the consumer, each sink, each file, and what they are doing."""
    config = CONFIG.format(folder=tmp_path)
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config).ready() as daemon,
    ):
        for number in (1, 2):
            daemon.signal(SIGUSR1)
            said = daemon.says("daemon.figures", number)
        for thread in ("consumer", "sink out", f"file {tmp_path}/app.log", "scheduler"):
            assert f"\n{thread}: " in said or said.startswith(f"{thread}: ")
        assert 'File "' in said
        writer.write(10)
        out = tmp_path / "alerts.jsonl"
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told")
        daemon.signal(SIGTERM)
        daemon.signal(SIGTERM)
        assert daemon.exit_status() == Exit.DONE
