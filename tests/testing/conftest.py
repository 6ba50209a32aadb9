"""A configuration on disk whose tests are run."""

from __future__ import annotations

import pytest

from logwatch.clock import SystemClock
from logwatch.config.loader import load
from logwatch.testing.runner import Runner

HEAD = r"""version: 1
sources: {app: {path: /srv/app.log}, api: {path: /srv/api.log, format: json}}
sinks: {out: {console: {}}}
rules:
  - {name: job, in: app, match: 'job=(?P<job>\S+) (?P<state>.*)', by: job, cooldown: 0,
     say: '{job}: {state}'}
  - {name: many, in: app, match: 'refused', when: 2 in 1m, cooldown: 0}
"""


class Scene:
    """One file with rules and tests."""

    def __init__(self, path):
        self.path = path

    def write(self, text):
        """The text of the file, as bytes that nothing translates."""
        self.path.write_bytes((HEAD + text).encode())

    @property
    def tests(self):
        """The text after the head."""
        return self.path.read_bytes().decode().removeprefix(HEAD)

    def run(self, *, rows=True):
        """The outcome of each test."""
        config = load(self.path)
        runner = Runner(config, SystemClock(), rows_of_all=rows)
        return [runner.run(test) for test in config.tests]

    def coverage(self):
        """What the tests reach, by rule."""
        config = load(self.path)
        runner = Runner(config, SystemClock())
        for test in config.tests:
            runner.run(test)
        return {rule.rule: rule for rule in runner.coverage().rules}


@pytest.fixture
def scene(tmp_path):
    """An empty one."""
    return Scene(tmp_path / "scene.yaml")
