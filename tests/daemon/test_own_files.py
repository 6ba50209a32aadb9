"""A file that logwatch writes is named when it is followed."""

from __future__ import annotations

from logwatch.daemon.own_files import OwnFiles
from logwatch.telemetry import telemetry


def test_a_file_of_a_sink_is_known_by_its_names(tmp_path):
    """Also where a link leads to it; any other is nobody's business."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    own = OwnFiles([f"{tmp_path}/link/alerts.jsonl"])
    before = telemetry.counters["daemon.follows_itself"]
    assert own.warn_of(f"{tmp_path}/link/alerts.jsonl")
    assert own.warn_of(f"{tmp_path}/real/alerts.jsonl")
    assert not own.warn_of(f"{tmp_path}/real/app.log")
    assert telemetry.counters["daemon.follows_itself"] == before + 2
