"""Sources that would read the alerts of the same configuration."""

from __future__ import annotations

import pytest

from logwatch.config.feedback import is_taken
from logwatch.config.loader import examine

REST = "rules: [{name: any, match: x}]\n"


def codes(folder, text: str) -> list[str]:
    path = folder / "logwatch.yaml"
    path.write_text(text + REST)
    return [each.code for each in examine(path)[1]]


@pytest.mark.parametrize("path", ["alerts.jsonl", "*", "**/*.jsonl", "a?erts.jsonl"])
def test_a_path_or_glob_that_takes_the_alerts_in_is_warned_of(tmp_path, path):
    (tmp_path / "app.log").touch()
    text = (
        f"sources: {{app: {{path: '{tmp_path}/{path}'}}}}\n"
        f"sinks: {{out: {{jsonl_file: {{path: {tmp_path}/alerts.jsonl}}}}}}\n"
    )
    assert "feeds-itself" in codes(tmp_path, text)


def test_a_link_to_the_folder_of_the_alerts_hides_nothing(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    text = (
        f"sources: {{app: {{path: '{tmp_path}/real/*'}}}}\n"
        f"sinks: {{out: {{jsonl_file: {{path: {tmp_path}/link/alerts.jsonl}}}}}}\n"
    )
    assert "feeds-itself" in codes(tmp_path, text)


def test_what_is_excluded_or_elsewhere_is_not_warned_of(tmp_path):
    (tmp_path / "app.log").touch()
    for path in (f"'{tmp_path}/*', exclude: alerts.jsonl", f"'{tmp_path}/*.log'"):
        text = (
            f"sources: {{app: {{path: {path}}}}}\n"
            f"sinks: {{out: {{jsonl_file: {{path: {tmp_path}/alerts.jsonl}}}}}}\n"
        )
        assert "feeds-itself" not in codes(tmp_path, text)


@pytest.mark.parametrize(
    ("pattern", "path", "taken"),
    [
        ("/var/log/**/*.log", "/var/log/app.log", True),
        ("/var/log/**/*.log", "/var/log/a/b/app.log", True),
        ("/var/log/*.log", "/var/log/a/app.log", False),
        ("/var/**", "/var/log/app.log", True),
        ("/var/log", "/var/log/app.log", False),
    ],
)
def test_stars_stand_for_what_they_do_elsewhere(pattern, path, taken):
    """One for a part of a name, two for folders."""
    assert is_taken(pattern, (), path) is taken
