"""A real Prometheus scrapes a real daemon, and takes its rules: Debian's package `prometheus`."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from doubles.load import load
from doubles.oracle import Writer
from doubles.process import Running, eventually

pytestmark = pytest.mark.stress

CHECKOUT = Path(__file__).parents[2]
RULES = CHECKOUT / "config" / "prometheus" / "logwatch-alerts.yml"
DASHBOARD = CHECKOUT / "config" / "grafana" / "logwatch.json"
CONFIG = """\
http: 127.0.0.1:{port}
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules: [{{name: any, match: '.', when: 5 in 1m}}]
sinks: {{out: {{webhook: {{url: 'http://127.0.0.1:9/'}}}}}}
"""
SCRAPES = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - {{job_name: logwatch, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}
"""


def free_port() -> int:
    """One that nobody has now."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"there is no {name}: apt install prometheus, or leave this file out")
    return found


def test_promtool_finds_nothing_to_improve(tmp_path):
    """The rules, and the figures of a daemon that has something to say for each of them."""
    port = free_port()
    with (
        Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, CONFIG.format(folder=tmp_path, port=port)).ready() as daemon,
    ):
        writer.write(20)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            figures = answer.read()
        daemon.stop()
    for words, text in ((["metrics"], figures), (["rules", str(RULES)], b"")):
        done = subprocess.run(
            [program("promtool"), "check", *words], input=text, capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, b""), done


def test_prometheus_scrapes_it_and_its_rules_fire(tmp_path):
    """Each figure of a rule or a panel can be asked for; a sink that is down is told of."""
    port, web = free_port(), free_port()
    settings = tmp_path / "prometheus.yml"
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.read_text().replace("for: 10m", "for: 0s"))
    settings.write_text(SCRAPES.format(rules=rules, port=port))
    server = subprocess.Popen(
        [
            program("prometheus"),
            f"--config.file={settings}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{web}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def ask(path: str, **words: str):
        url = f"http://127.0.0.1:{web}/api/v1/{path}?{urllib.parse.urlencode(words)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return {}

    def names() -> set[str]:
        return set(ask("label/__name__/values") or ())

    try:
        with (
            Writer(tmp_path / "app.log") as writer,
            Running(tmp_path, CONFIG.format(folder=tmp_path, port=port)).ready() as daemon,
            load(writer),
        ):
            eventually(lambda: "logwatch_well" in names(), "a scrape", 60)
            lines = "rate(logwatch_read_lines_total[30s])"
            eventually(lambda: (ask("query", query=lines) or {}).get("result"), "a rate", 60)
            eventually(
                lambda: any(
                    each["labels"]["alertname"] == "LogwatchSinkDown"
                    for each in (ask("alerts") or {}).get("alerts", ())
                ),
                "its alert about the sink that is down",
                60,
            )
            for panel in json.loads(DASHBOARD.read_text())["panels"]:
                for target in panel.get("targets", ()):
                    query = target["expr"].replace("$__rate_interval", "30s")
                    query = query.replace("$instance", ".*")
                    assert ask("query", query=query), query
            daemon.stop()
    finally:
        server.terminate()
        server.wait(30)
