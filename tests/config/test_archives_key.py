"""`archives` of a source: where rotated files lie besides the folder of the log."""

from __future__ import annotations

import pytest

from logwatch.config.loader import examine

REST = "rules: [{name: any, match: x}]\nsinks: {out: {console: {}}}\n"


@pytest.fixture
def checked(tmp_path):
    """The folders of a source with this text, and what is said of it."""
    (tmp_path / "app.log").touch()
    (tmp_path / "old").mkdir()

    def check(text: str, top: str = ""):
        path = tmp_path / "logwatch.yaml"
        path.write_text(f"{top}sources: {{app: {{{text}}}}}\n{REST}")
        config, problems, _ = examine(path)
        return config and config.sources[0].archives, [(x.code, x.message) for x in problems]

    return check


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ("old", ("old",)),
        ("[old/, '.']", ("old", ".")),
        ("'o*'", ("o*",)),
        ("../{0}/old", ("../{0}/old",)),
        ("{1}/old", ("{1}/old",)),
    ],
)
def test_folders_that_are_there(checked, tmp_path, text, folders):
    names = tmp_path.name, tmp_path
    expected = tuple(each.format(*names) for each in folders)
    assert checked(f"path: app.log, archives: {text.format(*names)}") == (expected, [])


def test_the_home_is_where_it_is_elsewhere(checked, monkeypatch):
    monkeypatch.setenv("HOME", "/home/x")
    assert checked("path: app.log, archives: ~/old")[0] == ("/home/x/old",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("path: app.log, archives: olt", ("no-match", "there is no such folder now")),
        ("path: app.log, archives: app.log", ("no-match", "this is a file, not a folder")),
        ("path: '*/app.log', archives: nowhere", ("no-match", "there is no such folder now")),
        ("path: app.log, archives: ''", ("bad-value", "this names no folder")),
        ('path: app.log, archives: "a\\0b"', ("bad-value", "this names no folder")),
        ("path: '*/app.log', archives: /old", ("bad-value", "nothing tells whose")),
        ("path: [a/x, b/x], archives: /old", ("bad-value", "nothing tells whose")),
        ("stdin: true, archives: old", ("bad-value", "'archives' means nothing for 'stdin'")),
    ],
)
def test_each_mistake_is_told(checked, text, told):
    code, message = told
    assert any(each[0] == code and message in each[1] for each in checked(text)[1])


def test_a_folder_is_in_one_of_the_allowed_roots(checked, tmp_path):
    top = f"allowed_roots: {tmp_path}\n"
    assert checked(f"path: app.log, archives: {tmp_path}/old", top)[1] == []
    told = dict(checked("path: app.log, archives: /var/old", top)[1])
    assert "in none of allowed_roots" in told["bad-value"]
