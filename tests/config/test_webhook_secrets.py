"""URLs that are secrets: whoever knows one can post."""

from __future__ import annotations

import pytest

from logwatch.config.loader import examine
from logwatch.config.problems import render

URLS = {
    "slack": "https://hooks.slack.com/services/T0/B0/s3cr3t",
    "discord": "https://discord.com/api/webhooks/123/s3cr3t?thread_id=2",
    "teams": "https://a.logic.azure.com/workflows/1?api-version=1&sig=s3cr3t",
}


@pytest.mark.parametrize("kind", sorted(URLS))
def test_one_that_stands_in_the_file_is_warned_of_and_not_repeated(kind, tmp_path):
    path = tmp_path / "logwatch.yaml"
    path.write_text(
        "sources: {app: {path: /dev/null}}\n"
        "rules: [{name: a, match: x}]\n"
        f"sinks: {{out: {{{kind}: {{url: '{URLS[kind]}'}}}}}}\n"
    )
    config, problems, summary = examine(path)
    assert config is not None
    (problem,) = (one for one in problems if one.code == "plain-secret")
    assert problem.line == 3
    assert "s3cr3t" not in render(problems, summary.texts, counted=summary.counted)
