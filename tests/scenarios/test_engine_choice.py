"""Which engine runs: the best that can be had, the one that was asked for, or none at all."""

from __future__ import annotations

import pytest
from doubles.process import Running, alerts_in, eventually

CONFIG = """\
engine: {engine}
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules: [{{name: err, match: 'ERROR (?P<code>\\d+)', cooldown: 0}}]
sinks: {{out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}}}
"""
NO_HYPERSCAN = "from logwatch.matching import scanner; scanner.version = lambda: None"
NO_WHEEL = f"""{NO_HYPERSCAN}
from logwatch.matching import literal_scanner; literal_scanner.version = lambda: None"""


@pytest.mark.parametrize(
    ("engine", "sabotage", "words"),
    [
        ("auto", "", ["name=hyperscan", "probes passed"]),
        ("aho-corasick", "", ["name=aho-corasick", "ahocorasick_rs"]),
        ("reference", "", ["name=reference", "it was asked for"]),
        ("auto", NO_HYPERSCAN, ["name=aho-corasick", "Hyperscan is not installed"]),
        ("auto", NO_WHEEL, ["name=reference", "ahocorasick_rs is not installed"]),
    ],
)
def test_the_engine_is_the_best_that_can_be_had_or_the_one_asked_for(
    tmp_path, engine, sabotage, words
):
    """It says which and why, and finds the same."""
    (tmp_path / "app.log").write_text("ERROR 7\nfine\n")
    config = CONFIG.format(engine=engine, folder=tmp_path)
    with Running(tmp_path, config, sabotage=sabotage).ready() as daemon:
        said = daemon.says("matching.engine")
        assert all(word in said for word in words), said
        [alert] = eventually(lambda: alerts_in(tmp_path / "alerts.jsonl"), "an alert")
        assert alert["fields"] == {"code": "7"}
        daemon.stop()


@pytest.mark.parametrize(
    ("engine", "sabotage"), [("hyperscan", NO_HYPERSCAN), ("aho-corasick", NO_WHEEL)]
)
def test_an_engine_that_was_asked_for_and_cannot_be_had_is_no_start(tmp_path, engine, sabotage):
    """Exit 78, before the store is touched: somebody wanted it for a reason."""
    config = CONFIG.format(engine=engine, folder=tmp_path)
    with Running(tmp_path, config, sabotage=sabotage) as daemon:
        assert daemon.exit_status() == 78
        assert f"engine '{engine}' cannot be used: " in daemon.stderr
        assert "not installed" in daemon.stderr
    assert not (tmp_path / "state").exists()
