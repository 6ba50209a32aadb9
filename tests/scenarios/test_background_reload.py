"""A reload that takes long to compile: everything is followed on until the new one is ready."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from signal import SIGHUP

from doubles import oracle
from doubles.forked import Running
from doubles.process import PATIENT_STOP, alerts_in, eventually, write_config

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules:
- {oracle.RULE.replace("{", "{{").replace("}", "}}")}
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""
SLOW = "".join(
    f"- {{name: slow-{number}, match: 'service-{number} \\w+ (?:failed|aborted|died):"
    " code=\\d+, host=[\\w.-]+, status=\\d+/\\w+ after \\d+(?:\\.\\d+)?s'}\n"
    for number in range(600)
)
"""A second to compile."""
HELD = """
import threading
from logwatch.daemon.compiling import CompileWatch
end, gates = CompileWatch.end, [{gate!r}]
def held(watch):
    if gates and threading.current_thread().name == "reload":
        with open(gates.pop(), "rb") as gate:
            gate.read()
    end(watch)
CompileWatch.end = held
"""
"""For a daemon whose first reload is compiled, and is not done with that before it may."""
MORE = "- {name: more, match: 'MORE', cooldown: 0}\n"


class Gate:
    """A named pipe at which a reload stops: its end comes when the test has opened and closed it.

    So whatever a test does before it lets go falls into the time of compiling, however fast that
    is and however slow the test.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "gate"
        os.mkfifo(self._path)
        self._end = -1
        self.sabotage = HELD.format(gate=str(self._path))

    def reached(self) -> None:
        """Wait until the reload has compiled."""
        self._end = eventually(self._opened, "a reload that has compiled")

    def let_go(self) -> None:
        """Let the reload get on."""
        os.close(self._end)

    def _opened(self) -> int | None:
        try:
            return os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody has opened it to read
                raise
            return None


def with_rules(config: str, *rules: str) -> str:
    return config.replace("sinks:", "".join(rules) + "sinks:")


def count(daemon: Running, notice: str) -> int:
    daemon.heard()
    return sum(notice in each for each in daemon.notices)


def begin_reload(daemon: Running, config: str, times: int = 1) -> None:
    """Back when the daemon has taken notice."""
    write_config(daemon.folder, config)
    daemon.signal(SIGHUP)
    eventually(lambda: count(daemon, "RELOADING=1") >= times, "a notice of the reload")


def test_lines_are_told_while_the_next_configuration_compiles(tmp_path):
    """Then it takes effect, and no line is lost or doubled."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    gate = Gate(tmp_path)
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config, sabotage=gate.sabotage).ready() as daemon,
    ):
        begin_reload(daemon, with_rules(config, SLOW, MORE))
        writer.write(20)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "told meanwhile")
        assert count(daemon, "READY=1") == 1
        gate.reached()
        gate.let_go()
        daemon.ready(2)
        assert count(daemon, "EXTEND_TIMEOUT_USEC=60000000") >= 1, "the reload may take its time"
        with (tmp_path / "app.log").open("a") as log:
            log.write("MORE\n")
        eventually(lambda: len(alerts_in(out)) > 20, "the new rule's alert")
        writer.write(20)
        eventually(lambda: len(alerts_in(out)) == 41, "all told")
        daemon.stop()
    told = alerts_in(out)
    assert [alert["rule"] for alert in told].count("more") == 1
    oracle.settle([alert for alert in told if alert["rule"] == "oracle"], writer.written)


def test_who_asks_again_while_it_compiles_gets_the_newest(tmp_path):
    """The attempt under way is thrown away, and readiness is told once."""
    config, gate = CONFIG.format(folder=tmp_path), Gate(tmp_path)
    with Running(tmp_path, config, sabotage=gate.sabotage).ready() as daemon:
        begin_reload(daemon, with_rules(config, SLOW))
        gate.reached()
        begin_reload(daemon, with_rules(config, MORE), times=2)
        gate.let_go()
        daemon.ready(2)
        assert "rules=2" in daemon.says("config.reloaded")
        assert count(daemon, "READY=1") == 2
        assert daemon.stderr.count("config.reloaded") == 1
        daemon.stop()


def test_a_stop_while_it_compiles_is_a_stop_at_once(tmp_path):
    """In order, with everything told; it never gets to the end of compiling."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    gate = Gate(tmp_path)
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config, sabotage=PATIENT_STOP + gate.sabotage).ready() as daemon,
    ):
        begin_reload(daemon, with_rules(config, SLOW))
        writer.write(20)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "told meanwhile")
        daemon.stop()
        assert count(daemon, "READY=1") == 1


def test_an_engine_that_cannot_be_had_is_refused_at_the_reload(tmp_path):
    """The one before goes on."""
    config = CONFIG.format(folder=tmp_path)
    with Running(tmp_path, config).ready() as daemon:
        begin_reload(daemon, f"engine: hyperscam\n{config}")
        assert "hyperscam" in daemon.says("config.reload_refused")
        begin_reload(daemon, f"engine: aho-corasick\n{config}", times=2)
        assert "ahocorasick_rs" in daemon.says("matching.engine", 2)
        daemon.stop()
