"""Where the store is, told by as little of the configuration as there may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from logwatch.config.state_place import state_folder
from logwatch.errors import ConfigError

BROKEN = "rules:\n  - name: a\n\tmatch: x\n"


def place(folder: Path, text: str) -> Path:
    path = folder / "logwatch.yaml"
    path.write_text(text)
    return state_folder(path, environ={"XDG_STATE_HOME": "/home/ann/state"})


@pytest.mark.parametrize("text", ["state: ./kept\n" + BROKEN, BROKEN + "state: ./kept  # here\n"])
def test_a_mistake_of_syntax_elsewhere_does_not_hide_the_store(tmp_path, text):
    """At three in the morning somebody has it open in an editor, and an alert asks to be read."""
    assert place(tmp_path, text) == tmp_path / "kept"


def test_a_broken_file_that_names_no_folder_means_the_usual_one(tmp_path):
    """As it would if it were sound."""
    assert place(tmp_path, BROKEN) == Path("/home/ann/state/logwatch")


@pytest.mark.parametrize(
    "text",
    [
        "state: [\n",
        "state: /one\nstate: /two\n" + BROKEN,
        "{\nstate: /one,\nrules: [\n",
        '{"state": "/one", "rules": [\n',
        "'state': /one\n" + BROKEN,
        "state: ''\n" + BROKEN,
    ],
)
def test_where_it_cannot_be_told_for_certain_the_mistake_is_told(tmp_path, text):
    """Nothing is guessed: a silence could be written to a store that nobody reads."""
    with pytest.raises(ConfigError, match="bad-yaml"):
        place(tmp_path, text)
