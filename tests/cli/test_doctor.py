"""`logwatch doctor`: what the unit hides, what may not be read, what is too little."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from logwatch.cli import doctor_checks, doctor_origins
from logwatch.cli.doctor_checks import CHECKS, Patient, examine
from logwatch.cli.doctor_unit import Unit, read_unit
from logwatch.cli.main import run_command_line
from logwatch.config.loader import from_text
from logwatch.tailer.discovery import Discovery

UNIT_FILE = Path(__file__).parents[2] / "systemd" / "logwatchd.service"
SHIPPED = {
    "LoadState": "loaded", "ActiveState": "active", "User": "logwatchd", "DynamicUser": "yes",
    "SupplementaryGroups": "adm systemd-journal", "ProtectHome": "yes", "ProtectSystem": "strict",
    "PrivateTmp": "yes", "PrivateNetwork": "no", "StateDirectory": "logwatchd",
    "RuntimeDirectory": "logwatchd", "TasksMax": "16384", "LimitNOFILE": "65536", "NRestarts": "0",
}  # fmt: skip


def unit(**changed: str) -> Unit:
    return Unit(name="logwatchd.service", properties=SHIPPED | changed)


def patient(config: str, *, it: Unit | None, wall: float = 1.8e9, **more) -> Patient:
    loaded = from_text(f"{config}\nrules: [{{name: any, match: x}}]\n")
    scan = Discovery(loaded.sources).scan()
    return Patient(
        config=loaded, scan=scan, unit=it, wall=wall, run=more.pop("run", lambda _: None), **more
    )


def found(check: str, **words):
    return list(CHECKS[check](patient(words.pop("config"), it=words.pop("it"), **words)))


def sources(*paths: object) -> str:
    return "sources: {a: {path: [" + ", ".join(f"'{each}'" for each in paths) + "]}}"


@pytest.mark.parametrize(
    ("path", "changed", "why"),
    [
        ("/home/deploy/app.log", {}, "ProtectHome=yes"),
        ("/home/*/logs/*.log", {}, "ProtectHome=yes"),
        ("/root/x.log", {"ProtectHome": "tmpfs"}, "ProtectHome=tmpfs"),
        ("/root/x.log", {"ProtectHome": "read-only"}, ""),
        ("/tmp/app.log", {}, "PrivateTmp=yes"),
        ("/tmp/app.log", {"PrivateTmp": "no"}, ""),
        ("/home/deploy/a.log", {"BindReadOnlyPaths": "/home/deploy:/home/deploy:rbind"}, ""),
        ("/srv/a.log", {"InaccessiblePaths": "-/srv"}, "InaccessiblePaths=/srv"),
        ("/var/log/a.log", {}, ""),
        ("/homes/a.log", {}, ""),
    ],
)
def test_what_the_sandbox_hides(path, changed, why):
    """Each with the line of the unit by which, and lines that show it."""
    findings = found("hidden-paths", config=sources(path), it=unit(**changed))
    assert bool(findings) == bool(why)
    for each in findings:
        assert why in each.text
        assert "BindReadOnlyPaths=" in each.remedy
        assert "systemctl restart logwatchd" in each.remedy


def test_files_that_the_user_of_the_service_may_not_read(tmp_path):
    """By mode, owner and group; a closed folder above counts, a capability opens everything."""
    tmp_path.chmod(0o755)
    for each in tmp_path.parents:
        if each.stat().st_mode & 0o5 != 0o5 and each.owner() == "root" and str(each) != "/":
            each.chmod(each.stat().st_mode | 0o5)  # pytest's own folders are for one user
    readable, closed = tmp_path / "a.log", tmp_path / "b.log"
    deep = tmp_path / "shut" / "c.log"
    deep.parent.mkdir(mode=0o700)
    for path, mode in ((readable, 0o644), (closed, 0o600), (deep, 0o644)):
        path.touch()
        path.chmod(mode)
    config = sources(readable, closed, deep, tmp_path / "gone.log")
    findings = found("denied-files", config=config, it=unit())
    assert [each.about for each in findings] == [f"file {closed}", f"file {deep}"]
    assert findings[0].remedy == f"chgrp adm {closed} && chmod g+r {closed}"
    assert findings[1].remedy == f"chgrp adm {deep.parent} && chmod g+rx {deep.parent}"
    for changed in ({"AmbientCapabilities": "cap_dac_read_search"}, {"User": "root"}):
        if os.geteuid() == 0:
            assert found("denied-files", config=config, it=unit(**changed)) == []


def test_a_group_that_may_read_is_added_to_the_service(tmp_path):
    """Rather than the log's mode being changed."""
    it = Unit(name="logwatchd.service", properties=SHIPPED)
    finding = doctor_checks._denied("/etc/shadow", "/etc/shadow", it)
    mode = Path("/etc/shadow").stat().st_mode
    wanted = (
        "SupplementaryGroups=shadow"
        if mode & 0o040 and Path("/etc/shadow").group() == "shadow"
        else "chgrp adm"
    )
    assert wanted in finding.remedy


def test_limits_of_the_unit_and_of_a_shell(tmp_path):
    """A thread and two handles a file."""
    for number in range(30):
        (tmp_path / f"{number}.log").touch()
    config = sources(f"{tmp_path}/*.log")
    assert found("limits", config=config, it=unit()) == []
    assert found("limits", config=config, it=unit(TasksMax="infinity")) == []
    small = found("limits", config=config, it=unit(TasksMax="50", LimitNOFILE="300"))
    assert [each.about for each in small] == ["LimitNOFILE", "TasksMax"]
    assert "LimitNOFILE=632" in small[0].remedy
    assert found("limits", config=config, it=None) == []


def test_watches_for_every_directory(tmp_path):
    (tmp_path / "max_user_watches").write_text("10\n")
    findings = found("inotify", config=sources("/var/log/a.log"), it=None, sysctl=tmp_path)
    assert "sysctl fs.inotify.max_user_watches=" in findings[0].remedy
    (tmp_path / "max_user_watches").write_text("100000\n")
    assert found("inotify", config=sources("/var/log/a.log"), it=None, sysctl=tmp_path) == []
    assert found("inotify", config=sources("/var/log/a.log"), it=None, sysctl=tmp_path / "no") == []


def test_a_sink_that_the_sandbox_keeps_from_its_file_or_network():
    named = "sinks: {out: {jsonl_file: /srv/a/x.jsonl}, hook: {webhook: 'http://h/'}}"
    config = f"{sources('/var/log/a.log')}\n{named}"
    [only] = found("sinks", config=config, it=unit())
    assert (only.about, "ReadWritePaths=/srv/a" in only.remedy) == ("sink out", True)
    assert (
        found("sinks", config=config, it=unit(ReadWritePaths="/srv/a", ProtectSystem="strict"))
        == []
    )
    assert found("sinks", config=config, it=unit(ProtectSystem="full")) == []
    own = config.replace("/srv/a", "/var/lib/logwatchd")
    assert found("sinks", config=own, it=unit()) == []
    [closed] = found("sinks", config=own, it=unit(PrivateNetwork="yes"))
    assert "PrivateNetwork=yes" in closed.text
    own += "\nheartbeat: http://h/\notel: http://h:4318\n"
    closed_for = [each.about for each in found("sinks", config=own, it=unit(PrivateNetwork="yes"))]
    assert closed_for == ["sink hook", "heartbeat", "otel"]
    assert found("sinks", config=own, it=unit()) == []


@pytest.mark.parametrize(
    ("source", "changed", "remedies"),
    [
        ("{journald: all}", {}, []),
        ("{journald: all}", {"SupplementaryGroups": "mail"}, ["SupplementaryGroups="]),
        ("{journald: all}", {"ProcSubset": "pid"}, ["ProcSubset=all"]),
        ("{syslog: '127.0.0.1:1514'}", {}, []),
        ("{syslog: '127.0.0.1:514'}", {}, ["AmbientCapabilities=CAP_NET_BIND_SERVICE"]),
        ("{syslog: '127.0.0.1:514'}", {"AmbientCapabilities": "cap_net_bind_service"}, []),
        ("{syslog: '127.0.0.1:1514'}", {"PrivateNetwork": "yes"}, ["local-only.conf"]),
        ("{exec: [/bin/sh, -c, 'true']}", {}, []),
        ("{exec: [/no/such/program]}", {}, ["correct the path"]),
        ("{pipe: /home/u/fifo}", {}, ["BindReadOnlyPaths=/home/u/fifo"]),
    ],
)
def test_sources_that_are_no_files(source, changed, remedies, monkeypatch):
    """What the journal, listeners, programs and pipes need of the unit."""
    monkeypatch.setattr(doctor_origins.shutil, "which", lambda name: "such" not in name or None)
    findings = found("other-sources", config=f"sources: {{a: {source}}}", it=unit(**changed))
    assert len(findings) == len(remedies)
    assert all(wanted in each.remedy for wanted, each in zip(remedies, findings, strict=True))


def test_the_clock_and_the_disk(monkeypatch, tmp_path):
    config = f"state: {tmp_path}/no/such\n{sources('/var/log/a.log')}"
    assert found("clock", config=config, it=None) == []
    [early] = found("clock", config=config, it=None, wall=0.0)
    assert early.level == "trouble"
    [alone] = found("clock", config=config, it=None, run=lambda _: "no\n")
    assert alone.level == "note"
    assert found("clock", config=config, it=None, run=lambda _: "yes\n") == []
    assert found("space", config=config, it=None) == []
    monkeypatch.setattr(doctor_checks, "LEAST_FREE_BYTES", 1 << 60)
    monkeypatch.setattr(doctor_checks, "LEAST_FREE_INODES", 1 << 60)
    assert len(found("space", config=config, it=None)) == 2


@pytest.mark.parametrize(
    ("changed", "level"),
    [({}, []), ({"ActiveState": "failed"}, ["trouble"]), ({"ActiveState": "inactive"}, ["note"]),
     ({"NRestarts": "7"}, ["note"])],
)  # fmt: skip
def test_whether_the_service_runs(changed, level):
    findings = found("service", config=sources("/var/log/a.log"), it=unit(**changed))
    assert [each.level for each in findings] == level


def test_of_many_findings_of_a_kind_some_are_told_and_all_are_counted():
    paths = [f"/home/u/{number}.log" for number in range(20)]
    findings = examine(patient(sources(*paths), it=unit()))
    hidden = [each for each in findings if each.check == "hidden-paths"]
    assert (len(hidden), hidden[-1].text) == (6, "and 15 more of this kind")


def test_the_unit_is_read_as_systemd_has_it():
    """Drop-ins included, for `show` knows them; none where there is no systemd or no such unit."""
    answer = "LoadState=loaded\nProtectHome=yes\nExecStart={ path=/usr/bin/logwatch ; argv[]=x }\n"
    asked = []
    known = read_unit("other.service", lambda argv: asked.append(argv) or answer)
    assert known is not None
    assert known.properties["ProtectHome"] == "yes"
    assert asked[0][:3] == ["systemctl", "show", "other.service"]
    assert read_unit("x", lambda _: "LoadState=not-found\n") is None
    assert read_unit("x", lambda _: None) is None


def test_the_properties_asked_for_are_those_that_the_shipped_unit_has():
    """Else what is judged here would not be what is installed."""
    text = UNIT_FILE.read_text()
    for name, value in SHIPPED.items():
        if name not in ("LoadState", "ActiveState", "PrivateNetwork", "NRestarts"):
            assert f"\n{name}={value}\n" in text


def test_the_command_prints_words_or_json_and_exits_by_what_it_found(tmp_path, capfdbinary):
    path = tmp_path / "logwatch.yaml"
    (tmp_path / "app.log").touch()
    path.write_text(
        f"state: {tmp_path}/s\nsources: {{a: {tmp_path}/app.log}}\nrules: [{{name: r, match: x}}]\n"
    )
    status = run_command_line(["doctor", "-c", str(path), "-o", "json", "--unit", "no-such"])
    report = json.loads(capfdbinary.readouterr().out)
    assert status == (0 if report["well"] else 1)
    assert report["unit"] is None
    assert report["checks"] == list(CHECKS)
    assert run_command_line(["doctor", "-c", str(path), "--unit", "no-such"]) == status
    assert b"11 checks on 1 file: " in capfdbinary.readouterr().out
