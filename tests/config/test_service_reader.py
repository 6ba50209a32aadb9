"""Whether the service may read a log, by the bits and the groups of its unit."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from logwatch.config.loader import examine
from logwatch.config.service_reader import UNIT, Reader, service_reader

NOBODY = pwd.getpwnam("nobody")
ADM = grp.getgrnam("adm").gr_gid


@pytest.fixture
def log():
    """A log that others may not read, in a folder that all may enter."""
    with TemporaryDirectory() as folder:  # that of pytest is its user's alone
        Path(folder).chmod(0o755)
        path = Path(folder, "app.log")
        path.write_text("x\n")
        path.chmod(0o640)
        yield path


def reader(*groups: int) -> Reader:
    """Somebody who is not the owner."""
    return Reader("logwatchd", None, frozenset(groups))


def test_a_file_that_others_may_read_is_no_matter(log):
    """Nothing is said."""
    log.chmod(0o644)
    assert reader().denial(str(log)) is None


def test_a_file_of_a_foreign_group_is_denied_with_the_group_to_join(log):
    """As a dynamic user is given groups: by the unit."""
    os.chown(log, -1, ADM)
    found = reader().denial(str(log))
    assert found.reason == f"logwatchd may not read {log}: it is root:adm 640"
    assert found.remedy == f"systemctl edit {UNIT}: [Service] SupplementaryGroups=adm"
    named = Reader("nobody", NOBODY.pw_uid, frozenset([NOBODY.pw_gid])).denial(str(log))
    assert named.remedy == "usermod -aG adm nobody"


def test_whoever_is_in_the_group_may_read(log):
    """By the group's bits."""
    os.chown(log, -1, ADM)
    assert reader(ADM).denial(str(log)) is None


def test_the_owner_is_judged_by_its_own_bits(log):
    """Even where all others may read."""
    os.chown(log, NOBODY.pw_uid, -1)
    log.chmod(0o044)
    assert Reader("nobody", NOBODY.pw_uid, frozenset()).denial(str(log)) is not None


def test_a_closed_folder_is_named(log):
    """What is in the way, not what is behind it."""
    log.chmod(0o644)
    log.parent.chmod(0o700)
    found = reader().denial(str(log))
    assert f"{log.parent} is root:" in found.reason
    assert found.remedy == f"chgrp adm {log.parent} && chmod g+x {log.parent}"


def test_who_the_service_is_comes_from_the_unit(tmp_path):
    """With what drop-ins add or take back."""
    (tmp_path / UNIT).write_text("[Service]\nUser=logwatchd\nSupplementaryGroups=adm 4711\n")
    found = service_reader([tmp_path])
    assert (found.name, found.uid, found.groups) == ("logwatchd", None, {ADM, 4711})
    (tmp_path / f"{UNIT}.d").mkdir()
    drop_in = tmp_path / f"{UNIT}.d" / "groups.conf"
    drop_in.write_text("[Service]\nSupplementaryGroups=\nSupplementaryGroups=nogroup no-such\n")
    assert service_reader([tmp_path]).groups == {grp.getgrnam("nogroup").gr_gid}
    drop_in.write_text("[Service]\nUser=root\n")
    assert service_reader([tmp_path]) is None


def test_without_a_unit_nothing_is_claimed_to_root(tmp_path, monkeypatch):
    """Nobody knows who it will be."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert service_reader([tmp_path]) is None


def test_check_warns_of_a_log_that_the_service_may_not_read(log, tmp_path, monkeypatch):
    """Though whoever runs the check may."""
    monkeypatch.setattr("logwatch.config.service_reader.service_reader", reader)
    config = tmp_path / "logwatch.yaml"
    config.write_text(
        f"sources: {{app: {log}}}\n"
        "rules: [{name: a, match: x}]\nsinks: {out: {console: {}}}\n"
    )
    _, problems, _ = examine(config)
    assert [(each.level, each.code, each.line) for each in problems] == [
        ("warning", "unreadable", 1)
    ]
    assert "logwatchd may not read" in problems[0].message


def test_where_no_unit_is_installed_it_is_about_who_asks(log, tmp_path, monkeypatch):
    """The first `check` of somebody who is in no group, on a machine where nothing is installed."""
    os.chown(log, -1, ADM)
    monkeypatch.setattr(service_reader, "__defaults__", ((tmp_path,),))
    monkeypatch.setattr("os.geteuid", lambda: NOBODY.pw_uid)
    monkeypatch.setattr("os.getegid", lambda: NOBODY.pw_gid)
    monkeypatch.setattr("os.getgroups", list)
    monkeypatch.setattr("os.access", lambda *_: False)
    config = tmp_path / "logwatch.yaml"
    config.write_text(
        f"sources: {{app: {log}}}\n"
        "rules: [{name: a, match: x}]\nsinks: {out: {console: {}}}\n"
    )
    (problem,) = examine(config)[1]
    assert (problem.level, problem.code) == ("warning", "unreadable")
    assert problem.message == f"nobody may not read {log}: it is root:adm 640"
    assert problem.help == "usermod -aG adm nobody"
    os.chown(log, -1, 0)
    (problem,) = examine(config)[1]
    assert problem.help == f"chgrp nogroup {log} && chmod g+r {log}"
    monkeypatch.setattr("os.access", lambda *_: True)  # by a list or a right of its own
    assert examine(config)[1] == []
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert service_reader([tmp_path]) is None
