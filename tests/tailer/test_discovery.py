"""Which files the sources mean, under which one name, and which directories tell of changes."""

from __future__ import annotations

import os
import socket

import pytest

from logwatch.tailer.discovery import Discovery
from logwatch.tailer.settings import SourceSettings


@pytest.fixture
def scan(tmp_path):
    """Scans for sources given as name=pattern or name=(patterns, exclude), below tmp_path."""

    def run(**sources):
        made = []
        for name, given in sources.items():
            paths, exclude = given if isinstance(given, tuple) else ([given], ())
            absolute = tuple(f"{tmp_path}/{path}" for path in paths)
            made.append(SourceSettings(name=name, paths=absolute, exclude=tuple(exclude)))
        found = Discovery(made).scan()
        root = f"{tmp_path}/"
        files = {path.removeprefix(root): names for path, names in found.files.items()}
        directories = {f"{each}/".removeprefix(root).rstrip("/") for each in found.directories}
        problems = {path.removeprefix(root): text for path, text in found.problems.items()}
        return files, directories, problems

    return run


def make(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_a_literal_path_is_always_in_also_when_missing(scan):
    assert scan(app="a/b/app.log")[0] == {"a/b/app.log": ("app",)}


def test_the_nearest_existing_ancestor_of_a_missing_file_is_watched(scan, tmp_path):
    assert scan(app="a/b/app.log")[1] == {""}
    (tmp_path / "a").mkdir()
    assert scan(app="a/b/app.log")[1] == {"a"}
    make(tmp_path, "a/b/app.log")
    assert scan(app="a/b/app.log")[1] == {"a/b"}


def test_a_glob_gains_and_loses_members(scan, tmp_path):
    assert scan(app="*.log") == ({}, {""}, {})
    make(tmp_path, "b.log", "a.log", "c.txt", ".hidden.log")
    assert list(scan(app="*.log")[0]) == ["a.log", "b.log"]
    (tmp_path / "a.log").unlink()
    assert list(scan(app="*.log")[0]) == ["b.log"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("app?.log", ["app1.log", "app2.log"]),
        ("app[2-9].log", ["app2.log"]),
        ("app[!2].log", ["app1.log"]),
        ("*/app.log", ["d/app.log", "e/app.log"]),
        ("**/app.log", ["d/app.log", "d/f/app.log", "e/app.log"]),
        ("d/**", ["d/app.log", "d/f/app.log"]),
        ("**/f/*.log", ["d/f/app.log"]),
        (".h*", [".hidden"]),
        ("nothing*", []),
        ("app1.log/*", []),
    ],
)
def test_globs_mean_what_they_mean_in_a_shell(scan, tmp_path, pattern, expected):
    make(tmp_path, "app1.log", "app2.log", "d/app.log", "d/f/app.log", "e/app.log", ".hidden")
    make(tmp_path, ".git/app.log")
    assert list(scan(app=pattern)[0]) == expected


def test_every_directory_that_a_glob_looks_into_is_watched(scan, tmp_path):
    make(tmp_path, "d/app.log", "d/f/app.log", "e/other")
    assert scan(app="*/app.log")[1] == {"", "d", "e"}
    assert scan(app="**/*.log")[1] == {"", "d", "d/f", "e"}


def test_a_loop_of_symlinks_does_not_hold_a_deep_glob(scan, tmp_path):
    make(tmp_path, "d/app.log")
    (tmp_path / "d" / "loop").symlink_to("..")
    assert list(scan(app="**/app.log")[0]) == ["d/app.log"]


def test_sources_are_named_in_the_order_of_the_configuration(scan, tmp_path):
    make(tmp_path, "app.log")
    assert scan(z="*.log", a="app.*", m="app.log")[0] == {"app.log": ("z", "a", "m")}


def test_exclude_compares_names_or_whole_paths(scan, tmp_path):
    make(tmp_path, "app.log", "app.log.gz", "d/app.log", "d/e.log")
    assert list(scan(app=(["app.log*"], ["*.gz"]))[0]) == ["app.log"]
    assert list(scan(app=(["**/*.log"], [f"{tmp_path}/d/*"]))[0]) == ["app.log"]
    assert list(scan(app=(["d/*"], ["e.log"]), all="d/*")[0].items()) == [
        ("d/app.log", ("app", "all")),
        ("d/e.log", ("all",)),
    ]


def test_hard_links_are_one_file_with_the_sources_of_all_its_names(scan, tmp_path):
    make(tmp_path, "a.log")
    os.link(tmp_path / "a.log", tmp_path / "b.log")
    assert scan(one="b.log", two="*.log")[0] == {"b.log": ("one", "two")}
    assert scan(two="*.log", one="b.log")[0] == {"b.log": ("two", "one")}


def test_a_name_that_is_no_link_is_preferred_unless_the_link_is_written_out(scan, tmp_path):
    make(tmp_path, "real.log")
    (tmp_path / "current.log").symlink_to("real.log")
    assert list(scan(app="*.log")[0]) == ["real.log"]
    assert list(scan(app=(["*.log", "current.log"], ()))[0]) == ["current.log"]


def test_a_file_by_two_directories_is_one(scan, tmp_path):
    make(tmp_path, "v1/app.log")
    (tmp_path / "current").symlink_to("v1")
    assert list(scan(app="*/app.log")[0]) == ["current/app.log"]


def test_where_a_symlink_lies_and_where_it_leads_are_watched(scan, tmp_path):
    make(tmp_path, "data/v1/app.log")
    (tmp_path / "links").mkdir()
    (tmp_path / "more").mkdir()
    (tmp_path / "links" / "current").symlink_to("../data/v1")
    (tmp_path / "more" / "app.log").symlink_to(tmp_path / "links" / "current" / "app.log")
    assert scan(app="more/app.log")[1] == {"more", "links", "data", "data/v1"}


def test_a_dangling_symlink_is_watched_where_its_target_should_be(scan, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "app.log").symlink_to("data/later/app.log")
    files, directories, _ = scan(app="app.log")
    assert files == {"app.log": ("app",)}
    assert directories == {"", "data"}


def test_a_symlink_to_itself_does_no_harm(scan, tmp_path):
    (tmp_path / "app.log").symlink_to("app.log")
    assert scan(app="app.log")[1] == {""}


def test_what_is_no_file_is_left_out_of_globs_and_told(scan, tmp_path, monkeypatch):
    make(tmp_path, "app.log")
    (tmp_path / "dir.log").mkdir()
    os.mkfifo(tmp_path / "fifo.log")
    (tmp_path / "zero.log").symlink_to("/dev/zero")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket.log"))
    server.close()
    monkeypatch.setattr(os, "open", None)
    files, _, problems = scan(app="*.log")
    assert list(files) == ["app.log"]
    assert problems == {
        "fifo.log": "is a FIFO, not a regular file",
        "socket.log": "is a socket, not a regular file",
        "zero.log": "is a device, not a regular file",
    }


def test_a_name_that_is_no_text_is_told_and_not_followed(scan, tmp_path):
    make(tmp_path, "app.log", "d/app.log")
    inside = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(inside)  # noqa: PTH102 - bytes, of which pathlib has none
    for name in (inside + b"/app.log", inside + b".log", inside + b".txt", inside + b".log.gz"):
        os.close(os.open(name, os.O_CREAT))
    files, directories, problems = scan(app="**/*.log")
    assert list(files) == ["app.log", "d/app.log"]
    assert directories == {"", "d"}
    assert set(problems) == {r"caf\xe9", r"caf\xe9/app.log", r"caf\xe9.log"}
    assert set(problems.values()) == {"its name is not UTF-8, so it is not read; rename it"}


def test_a_directory_that_is_written_out_is_told(scan, tmp_path):
    (tmp_path / "app.log").mkdir()
    files, _, problems = scan(app="app.log")
    assert list(files) == ["app.log"]
    assert problems == {"app.log": "is a directory, not a regular file"}


def test_a_directory_that_may_not_be_listed_is_told_and_its_literal_paths_stay(as_nobody):
    private = as_nobody / "private"
    private.mkdir()
    (private / "app.log").write_bytes(b"")
    private.chmod(0o300)
    paths = (f"{private}/*.log", f"{private}/app.log")
    found = Discovery([SourceSettings(name="app", paths=paths)]).scan()
    assert found.files == {paths[1]: ("app",)}
    assert found.problems[str(private)].startswith("cannot be listed: ")
    assert [each[:2] for each in found.unlisted] == [(str(private), "app")]
    private.chmod(0o700)


def test_a_folder_that_a_wildcard_comes_upon_may_be_closed_to_us(as_nobody):
    """As `/var/log/private` is to nearly everybody: nobody said that a log is in it."""
    private = as_nobody / "private"
    private.mkdir()
    private.chmod(0)
    found = Discovery([SourceSettings(name="app", paths=(f"{as_nobody}/*/*.log",))]).scan()
    assert str(private) in found.problems
    assert found.unlisted == []
    private.chmod(0o700)


def test_a_scan_has_no_memory(scan, tmp_path):
    make(tmp_path, "a.log", "d/b.log")
    assert scan(app="**/*.log") == scan(app="**/*.log")


def test_a_glob_passes_over_compressed_files(tmp_path):
    """They are found beside their logs, and are no text themselves."""
    for name in ("app.log", "app.log.1", "app.log.2.gz", "app.log-20260105.zst"):
        (tmp_path / name).write_bytes(b"x\n")
    source = SourceSettings(name="app", paths=(f"{tmp_path}/app.log*",))
    found = Discovery([source]).scan()
    assert sorted(found.files) == [f"{tmp_path}/app.log", f"{tmp_path}/app.log.1"]
