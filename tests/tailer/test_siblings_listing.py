"""Listing a big directory once for many logs."""

from __future__ import annotations

import os
import time

from logwatch.tailer import siblings
from logwatch.tailer.siblings import Listings, family


def test_a_directory_that_did_not_change_is_listed_once(tmp_path, monkeypatch):
    for name in ("a.log", "a.log.1", "b.log", "b.log.1", "b.log.2"):
        (tmp_path / name).write_bytes(b"")
    calls = []
    real = os.listdir
    monkeypatch.setattr(os, "listdir", lambda where: calls.append(where) or real(where))
    listings = Listings()
    assert len(family(str(tmp_path / "a.log"), listings)) == 1
    assert len(family(str(tmp_path / "b.log"), listings)) == 2
    assert len(calls) == 1


def test_a_directory_that_changed_is_listed_again(tmp_path):
    listings = Listings()
    path = str(tmp_path / "a.log")
    assert family(path, listings) == []
    (tmp_path / "a.log.1").write_bytes(b"")
    os.utime(tmp_path, ns=(1, 1))
    assert len(family(path, listings)) == 1


def test_few_listings_are_kept(tmp_path):
    listings = Listings()
    for n in range(40):
        (tmp_path / str(n)).mkdir()
        (tmp_path / str(n) / "a.log.1").write_bytes(b"")
        assert len(family(str(tmp_path / str(n) / "a.log"), listings)) == 1
    assert len(listings._sorted) <= 16


def test_a_missing_directory_has_no_family(tmp_path):
    assert family(str(tmp_path / "missing" / "a.log"), Listings()) == []
    assert family(str(tmp_path / "missing" / "a.log")) == []


def test_a_directory_that_has_grown_quiet_is_as_it_was(tmp_path, monkeypatch):
    """What was told by its names at first, for its stamp was too young, is so all along."""
    log = tmp_path / "app.log"
    log.touch()
    os.utime(tmp_path, ns=(0, time.time_ns()))
    before = siblings.state_beside(str(log))
    assert isinstance(before, frozenset)
    monkeypatch.setattr(siblings, "COARSE_NS", -(1 << 62))  # it is old enough now
    assert isinstance(siblings.state_beside(str(log)), int)
    assert siblings.is_same_beside(str(log), before)
    (tmp_path / "app.log.1").touch()
    assert not siblings.is_same_beside(str(log), before)


def test_a_family_is_beside_what_the_path_leads_to(tmp_path):
    """Over links, of the directory too, and to one another; its paths have none."""
    real = tmp_path / "real"
    real.mkdir()
    for name in ("app.log", "app.log.1", "app.log.2.gz", "also.log.1"):
        (real / name).touch()
    (tmp_path / "over").symlink_to("real")
    (real / "also.log").symlink_to("app.log")
    (tmp_path / "far.log").symlink_to("over/../over/also.log")
    found = {str(real / "app.log.1"), str(real / "app.log.2.gz")}
    for path in ("real/app.log", "over/app.log", "over/also.log", "far.log"):
        assert {each.path for each in family(str(tmp_path / path))} == found
    (tmp_path / "round.log").symlink_to("round.log")
    (tmp_path / "lost.log").symlink_to("nowhere/app.log")
    assert family(str(tmp_path / "round.log")) == family(str(tmp_path / "lost.log")) == []


def test_a_look_beside_a_log_asks_little(tmp_path, monkeypatch):
    """Ten thousand logs have five such looks each before they are followed."""
    log = tmp_path / "app.log"
    log.touch()
    os.utime(tmp_path, ns=(1, 1))
    listings = Listings()
    assert family(str(log), listings) == []
    calls = []
    for name in ("lstat", "stat", "readlink", "listdir", "scandir"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, _r=real, _n=name: calls.append(_n) or _r(*a))
    assert siblings.is_same_beside(str(log), siblings.state_beside(str(log)))
    assert family(str(log), listings) == []
    assert calls == ["readlink", "stat"] * 3
