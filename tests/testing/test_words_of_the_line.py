"""Names that both a line and logwatch give: which one `say` shows, in every kind of rule."""

from __future__ import annotations

import pytest

from logwatch.clock import SystemClock
from logwatch.config.loader import load
from logwatch.testing.runner import Runner

CONFIG = """\
sources:
  web: {{path: /var/log/web.log, format: combined}}
  app: {{path: /var/log/app.log}}
sinks: {{out: {{console: {{}}}}}}
rules:
  - name: words
    in: {source}
    match: ' (?P<code>502)'
    {kind}
    say: '{{path}} in {{log_file}}'
tests:
  - {{rule: words, lines: ['+0s {line}'], fires: [{{say: '{words}'}}]}}
"""
KINDS = {
    "match": "cooldown: 0",
    "threshold": "when: 1 in 1m",
    "first sight": "new: {value: code, learn: 0s}",
    "keyed": "value: {max: code, above: 500, in: 1m, min: 1}",
}
REQUEST = '203.0.113.9 - - [05/Jan/2026:00:00:00 +0000] "GET /cart?id=7 HTTP/1.1" 502 157'


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("web", REQUEST, "/cart in /var/log/web.log"),
        ("app", "a 502 for us", "/var/log/app.log in /var/log/app.log"),
    ],
    ids=["a path in the line", "none"],
)
def test_the_path_of_a_request_comes_before_that_of_its_log(tmp_path, kind, source, line, words):
    """As in `where` and `by`; a line without one means its log."""
    path = tmp_path / "words.yaml"
    path.write_text(CONFIG.format(source=source, kind=kind, line=line, words=words))
    config = load(path)
    runner = Runner(config, SystemClock())
    outcome = runner.run(config.tests[0])
    assert outcome.passed, outcome
