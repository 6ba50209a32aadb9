"""What cannot be compared for an error of the disk is closed: it is tried again each minute."""

from __future__ import annotations

import errno
import gzip
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from logwatch.tailer import archives
from logwatch.tailer.archive import resumed
from logwatch.tailer.archives import Archives
from logwatch.tailer.claims import Claims
from logwatch.tailer.opening import open_regular
from logwatch.tailer.positions import fresh_checkpoint
from logwatch.tailer.unpacking import Unpacking
from logwatch.tailer.whereabouts import Whereabouts


def fails(*_):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def checkpoint_of(path: Path):
    file = open_regular(str(path))
    try:
        return fresh_checkpoint(file, str(path), "1.1.0", 0)
    finally:
        os.close(file.fd)


@pytest.mark.parametrize(
    ("written", "part"),
    [(3, "begins_as"), (3, "goes_on_from"), (0, "begins"), (3, "_perhaps_begun")],
)
def test_a_compressed_file_that_may_be_the_rest_of_a_log(
    tmp_path, monkeypatch, numbered, written, part
):
    log = tmp_path / "app.log"
    log.write_bytes(numbered(0, written))
    known = checkpoint_of(log)
    log.unlink()
    log.with_name("app.log.1.gz").write_bytes(gzip.compress(numbered(0, 5)))
    looked = Archives(Whereabouts(str(log)), Claims())
    looked.missing.add(replace(known, identity="2.2.0"))
    monkeypatch.setattr(Archives if part[0] == "_" else archives, part, fails)
    before = open_files()
    with pytest.raises(OSError, match="Input/output"):
        looked.holding(known)
    assert open_files() == before


def test_a_file_that_was_compressed_in_its_place(tmp_path, monkeypatch, numbered):
    log = tmp_path / "app.log"
    log.write_bytes(numbered(0, 3))
    known = checkpoint_of(log)
    log.write_bytes(gzip.compress(numbered(0, 3)))
    monkeypatch.setattr(Unpacking, "fill", fails)
    before = open_files()
    file = open_regular(str(log))
    with pytest.raises(OSError, match="Input/output"):
        resumed(file, known)
    assert open_files() == before
