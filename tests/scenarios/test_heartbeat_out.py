"""The heartbeat of a whole daemon: there while it gets on, gone when it hangs, dies or stops."""

from __future__ import annotations

from doubles.forked import Running
from doubles.process import PATIENT_STOP, eventually
from doubles.scripted_server import ScriptedServer, answer

CONFIG = """\
heartbeat: {{url: '{url}', every: 1s}}
sources: {{app: {{path: {folder}/app.log}}}}
rules: [{{name: error, match: ERROR}}]
sinks: {{out: {{jsonl_file: {folder}/alerts.jsonl}}}}
"""


def test_it_beats_while_the_daemon_runs_and_hinders_no_stop(tmp_path):
    server = ScriptedServer([answer(200, body=b"OK")])
    (tmp_path / "app.log").touch()
    config = CONFIG.format(url=server.url("/ping/s3cr3t"), folder=tmp_path)
    with Running(tmp_path, config, sabotage=PATIENT_STOP) as daemon:
        daemon.ready()
        eventually(lambda: len(server.requests) >= 3, "three beats")
        daemon.stop()
        assert "s3cr3t" not in daemon.stderr
    beats = len(server.requests)
    server.close()
    assert server.requests[0].line == "GET /ping/s3cr3t HTTP/1.1"
    assert len(server.requests) == beats


def test_one_that_nobody_answers_hinders_nothing(tmp_path):
    server = ScriptedServer([lambda connection: not connection.recv(1)])
    (tmp_path / "app.log").touch()
    config = CONFIG.format(url=server.url("/"), folder=tmp_path)
    with Running(tmp_path, config, sabotage=PATIENT_STOP) as daemon:
        daemon.ready()
        eventually(lambda: server.requests, "a beat")
        daemon.stop()
    server.close()
