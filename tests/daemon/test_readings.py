"""How files are read: what is shared, and when it is compiled."""

from __future__ import annotations

import pytest

from logwatch.config.loader import from_text
from logwatch.daemon import readings as readings_module
from logwatch.daemon.readings import Readings
from logwatch.matching import engines
from logwatch.matching.engines import EngineError

CONFIG = """\
state: {folder}/state
sources:
  app: {{path: '{folder}/app*.log'}}
  web: {{path: ['{folder}/web*.log', '{folder}/app*.log']}}
  old: {{path: '{folder}/old*.log', encoding: latin-1}}
rules:
- {{name: all, match: 'ERROR'}}
- {{name: web, match: 'HTTP', in: web}}
sinks: {{out: {{console: {{}}}}}}
"""


class Watch:
    """Counts what is compiled."""

    def __init__(self) -> None:
        self.begun: list[int] = []

    def begin(self, patterns):
        self.begun.append(patterns)

    def read(self):
        pass

    def end(self):
        pass


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def made(tmp_path, watch):
    config = from_text(CONFIG.format(folder=tmp_path))
    return Readings(config, "auto", watch)


def compiled(watch):
    return [patterns for patterns in watch.begun if patterns]


def test_a_reading_is_compiled_when_it_is_first_asked_for(made, watch):
    """Sources with the same rules share one engine, whatever their encoding."""
    assert compiled(watch) == []
    app, old = made.of(("app",)), made.of(("old",))
    assert compiled(watch) == [1]
    assert app is made.of(("app",))
    assert app.matcher is not old.matcher
    assert made.of(("web",)).matcher is made.of(("app", "web")).matcher
    assert compiled(watch) == [1, 2]
    assert len(made.all()) == 4


def test_what_the_files_need_can_be_compiled_before(made, watch, tmp_path):
    """For each set of sources that takes a file; with few rules, for no others."""
    (tmp_path / "app.log").write_text("")
    made.prepare()
    assert compiled(watch) == [2]
    assert len(made.all()) == 1
    made.of(("app", "web"))
    assert compiled(watch) == [2]


def test_with_many_rules_every_source_is_compiled_before_it_has_a_file(made, watch, monkeypatch):
    """The thread that finds the first one must not be held up; nothing counts as in use by it."""
    made.prepare_sources()
    assert compiled(watch) == []
    monkeypatch.setattr(readings_module, "MANY_RULES", 2)
    made.prepare_sources()
    assert sorted(compiled(watch)) == [1, 2]
    assert made.all() == []
    made.of(("app",))
    made.of(("web",))
    made.of(("old",))
    assert len(compiled(watch)) == 2


def test_an_engine_that_cannot_be_had_is_known_at_once(tmp_path, watch, monkeypatch):
    """Not only when the first file is found."""
    monkeypatch.setattr(engines, "unusable", lambda: "it is broken")
    with pytest.raises(EngineError, match="engine 'hyperscan' cannot be used: it is broken"):
        Readings(from_text(CONFIG.format(folder=tmp_path)), "hyperscan", watch)
