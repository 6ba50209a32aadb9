"""What a file is known by."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.tailer import fingerprint
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import (
    birth_floor,
    created_ns,
    describe,
    fold_birth,
    head,
    identity,
    marker,
    matches,
)
from logwatch.tailer.opening import open_regular
from logwatch.tailer.positions import fresh_checkpoint
from logwatch.tailer.siblings import family, stem

_IDENTITY = """
import sys
from pathlib import Path
from logwatch.tailer.fingerprint import identity
from logwatch.tailer.opening import open_regular
file = open_regular(sys.argv[1])
print(identity(*file.key, 0))
"""


@pytest.fixture
def opened(tmp_path):
    """Opens a file with this content; closes it at the end."""
    made = []

    def make(content=b"", name="app.log"):
        (tmp_path / name).write_bytes(content)
        made.append(open_regular(str(tmp_path / name)))
        return made[-1]

    yield make
    for file in made:
        os.close(file.fd)


def test_an_identity_is_the_same_in_every_process(tmp_path, opened):
    file = opened(b"one\n")
    answer = subprocess.run(
        [sys.executable, "-c", _IDENTITY, str(tmp_path / "app.log")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert answer.strip() == identity(*file.key, 0)


def test_an_identity_survives_writing_renaming_and_linking(tmp_path, opened):
    before = opened(b"one\n").key
    path = tmp_path / "app.log"
    with path.open("ab") as writer:
        writer.write(b"two\n")
    path.rename(tmp_path / "app.log.1")
    os.link(tmp_path / "app.log.1", path)
    after = open_regular(str(path))
    os.close(after.fd)
    assert after.key == before


def test_a_reused_inode_has_another_birth(tmp_path):
    births = set()
    for _ in range(20):
        (tmp_path / "app.log").write_bytes(b"")
        file = open_regular(str(tmp_path / "app.log"))
        os.close(file.fd)
        (tmp_path / "app.log").unlink()
        births.add(file.key)
    assert len(births) == 20


def test_the_birth_time_is_the_same_by_path_and_by_handle(tmp_path, opened):
    file = opened()
    assert created_ns(str(tmp_path / "app.log")) == created_ns(file.fd) == file.created_ns
    assert created_ns(str(tmp_path / "missing")) == 0


@given(st.integers(1 << 50, (1 << 62) - 1), st.integers(0, (1 << 32) - 1))
def test_a_folded_birth_fits_63_bits_and_gives_its_time_back(created, generation):
    folded = fold_birth(created, generation)
    assert 0 <= folded < 1 << 63
    assert 0 <= created - birth_floor(folded) < 1 << 20


@given(st.integers(0, (1 << 32) - 1))
def test_a_birth_without_a_time_is_the_generation_alone(generation):
    assert fold_birth(0, generation) == generation
    assert birth_floor(generation) == 0


def test_a_file_system_that_tells_nothing_leaves_the_inode(opened, monkeypatch):
    file = opened()
    monkeypatch.setattr(fingerprint, "_inode_generation", lambda _fd: 0)
    monkeypatch.setattr(fingerprint, "created_ns", lambda _where: 0)
    assert describe(file.fd).key == (file.inode, 0)


@pytest.mark.parametrize("size", [0, 1, 63, 1023, 1024, 5000])
def test_a_head_covers_at_most_a_kilobyte_and_outlives_growth(tmp_path, opened, size):
    file = opened(b"x" * size)
    found = head(file.fd)
    assert found.length == found.offset == min(size, 1024)
    with (tmp_path / "app.log").open("ab") as writer:
        writer.write(b"more")
    assert matches(file.fd, found)


def test_a_marker_covers_the_bytes_before_its_offset(tmp_path, opened):
    file = opened(bytes(range(256)) * 4)
    found = marker(file.fd, 600)
    assert (found.offset, found.length) == (600, 256)
    assert matches(file.fd, found)
    with (tmp_path / "app.log").open("r+b") as writer:
        writer.seek(599)
        writer.write(b"!")
    assert not matches(file.fd, found)
    os.truncate(tmp_path / "app.log", 599)
    assert not matches(file.fd, found)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/d/app.log", "/d/app.log"),
        ("/d/app.log.1", "/d/app.log"),
        ("/d/app.log.10.gz", "/d/app.log"),
        ("/d/app.log-20260105", "/d/app.log"),
        ("/d/app.log-20260105.xz", "/d/app.log"),
        ("/d/app.log.2026-01-05", "/d/app.log"),
        ("/d/app.log.2026-01-05T01:00:00Z", "/d/app.log"),
        ("/d/app.log.old", "/d/app.log"),
        ("/d/app.log~", "/d/app.log"),
        ("/d.1/app", "/d.1/app"),
        ("/d/app.log.gz", "/d/app.log.gz"),
    ],
)
def test_rotated_names_are_understood(path, expected):
    assert stem(path) == expected


def test_a_family_is_sorted_from_old_to_young(tmp_path):
    for name in ("app.log.10", "app.log.9", "app.log.2", "app.log.1"):
        (tmp_path / name).write_bytes(b"")
    for name in ("app.log", "app.logger", "xapp.log.1", "app.log.backup"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "app.log.3").mkdir()
    names = [Path(each.path).name for each in family(str(tmp_path / "app.log"))]
    assert names == ["app.log.10", "app.log.9", "app.log.2", "app.log.1"]


def test_claims_remember_only_so_many_files_that_were_let_go(opened, monkeypatch):
    monkeypatch.setattr("logwatch.tailer.claims._CLOSED_KEPT", 3)
    claims = Claims()
    keys = []
    for n in range(6):
        file = opened(b"x" * 2000 + b"%d" % n, name=f"{n}.log")
        claims.claim(file.key, claims)
        claims.note(fresh_checkpoint(file, f"/{n}.log", identity(*file.key, 0), 0))
        claims.release(file.key, claims)
        keys.append(file.key)
    assert [claims.latest(key) is not None for key in keys] == [False] * 3 + [True] * 3


def test_a_claim_belongs_to_the_first(opened):
    claims, file = Claims(), opened()
    assert claims.claim(file.key, "first")
    assert claims.claim(file.key, "first")
    assert not claims.claim(file.key, "second")
    claims.release(file.key, "second")
    assert claims.owner(file.key) == "first"
    claims.release(file.key, "first")
    assert claims.claim(file.key, "second")
