"""`http:` of a running daemon: figures that add up, health that tells the truth."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from doubles import process
from doubles.forked import Running, logwatch
from doubles.process import environment, eventually, write_config
from prometheus_client.parser import text_string_to_metric_families

from logwatch.daemon.exposition_names import HELP

CHECKOUT = Path(__file__).parents[2]
CONFIG = """\
http: {folder}/http.sock
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules:
- {{name: err, match: 'ERROR', cooldown: 0}}
- {{name: burst, match: 'ERROR', severity: critical, when: 3 in 5m}}
sinks:
  out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}
  gone: {{webhook: {{url: 'http://127.0.0.1:9/'}}}}
"""


class Page:
    """A page over the unix socket of a daemon."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, path: str) -> tuple[int, str]:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(60)
            line.connect(str(self.folder / "http.sock"))
            line.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            head, _, body = line.makefile("rb").read().decode().partition("\r\n\r\n")
        return int(head.split()[1]), body

    def figures(self) -> dict[str, dict[tuple[str, ...], float]]:
        """Every sample: name -> values of its labels in their order -> figure."""
        status, text = self.get("/metrics")
        assert status == 200
        found: dict[str, dict[tuple[str, ...], float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                of_name = found.setdefault(sample.name, {})
                of_name[tuple(sample.labels.values())] = sample.value
        return found


@pytest.fixture
def page(tmp_path):
    return Page(tmp_path)


def told(folder: Path, number: int) -> bool:
    path = folder / "alerts.jsonl"
    return path.exists() and path.read_text().count("\n") >= number


def test_figures_add_up(tmp_path, page):
    """Lines, bytes, matches, alerts and deliveries of a short life."""
    log = tmp_path / "app.log"
    log.write_text("ERROR one\nfine\nERROR two\nERROR three\n")
    with Running(tmp_path, CONFIG.format(folder=tmp_path)).ready() as daemon:
        eventually(lambda: told(tmp_path, 4), "all are told")
        assert (page.get("/healthz"), page.get("/readyz")) == ((200, "ok\n"), (200, "ready\n"))
        eventually(lambda: page.figures()["logwatch_sink_failed_attempts_total"]["gone",], "tried")
        # A sink has its messages a moment before the store knows that it has them.
        eventually(lambda: page.figures()["logwatch_sink_waiting"]["out",] == 0, "written down")
        found = page.figures()
        assert found["logwatch_read_lines_total"] == {("app",): 4}
        assert found["logwatch_read_bytes_total"] == {("app",): log.stat().st_size}
        assert found["logwatch_rule_matches_total"] == {("err",): 3, ("burst",): 3}
        assert found["logwatch_alerts_total"] == {
            ("err", "warning", "firing"): 3,
            ("burst", "critical", "firing"): 1,
        }
        assert found["logwatch_alerts_burning"] == {(): 1}
        assert found["logwatch_sink_messages_total"]["delivered", "out"] == 4
        assert found["logwatch_sink_waiting"] == {("out",): 0, ("gone",): 4}
        assert found["logwatch_behind_bytes"] == {(): 0}
        assert found["logwatch_files"] == {("following",): 1}
        assert found["logwatch_commit_seconds_count"][()] >= 1
        assert found["logwatch_events_total"]["daemon.ready",] == 1
        assert found["logwatch_config_generation"] == {(): 1}
        write_config(tmp_path, CONFIG.format(folder=tmp_path).replace("match:", "macht:"))
        done = logwatch("reload", "-c", daemon.config, env=environment())
        assert done.returncode == 78
        eventually(
            lambda: page.figures()["logwatch_config_last_reload_successful"] == {(): 0}, "seen"
        )
        assert page.figures()["logwatch_well"] == {(): 0}
        daemon.stop()
    assert not (tmp_path / "http.sock").exists()


def test_pages_outlive_a_reload_and_can_be_taken_away_by_one(tmp_path, page):
    config = CONFIG.format(folder=tmp_path)
    with Running(tmp_path, config).ready() as daemon:
        write_config(tmp_path, config.replace("'ERROR', cooldown", "'FATAL', cooldown"))
        logwatch("reload", "-c", daemon.config, env=environment()).check_returncode()
        assert page.get("/readyz") == (200, "ready\n")
        assert page.figures()["logwatch_config_generation"] == {(): 2}
        write_config(tmp_path, "# " + config)
        done = logwatch("reload", "-c", daemon.config, env=environment())
        assert done.returncode == 0
        assert b"- http" in done.stdout
        assert not (tmp_path / "http.sock").exists()
        daemon.stop()


def test_without_http_nothing_of_it_is_loaded(tmp_path):
    """prometheus-client and http.server take 15 ms and some megabytes."""
    config = "# " + CONFIG.format(folder=tmp_path)
    look = (
        "import sys, atexit; atexit.register(lambda: print('LOADED',"
        " [n for n in ('prometheus_client', 'http.server') if n in sys.modules], file=sys.stderr))"
    )
    with process.Running(tmp_path, config, sabotage=look).ready() as daemon:
        daemon.stop()
        assert "LOADED []" in daemon.stderr


def test_every_figure_is_in_the_manual_and_the_other_way_round():
    """docs/metrics.md: name, labels, meaning."""
    manual = (CHECKOUT / "docs" / "metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `logwatch_(\w+)(?:\{([\w, ]+)\})?` \| (.+) \|$", manual, re.MULTILINE)
    known = [(name, ", ".join(each.labels), each.text) for name, each in HELP.items()]
    assert sorted(rows) == sorted(known)
