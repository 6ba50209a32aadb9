"""The Debian package on a real systemd: installed, run, upgraded, removed and purged.

Needs Debian, dpkg-deb and python3-venv, and the sandbox that tests/doubles/machine.py describes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.machine import Machine, sandbox
from doubles.service import AUTH, BASIC, CONFIG, STATE, SYSLOG, UNIT, Service

pytestmark = pytest.mark.stress
IS_STORY = True

CHECKOUT = Path(__file__).parents[2]
BUILD = CHECKOUT / "systemd" / "debian" / "build"
SECOND = "9.0.0"


@pytest.fixture(scope="module")
def packages() -> Iterator[tuple[Path, Path]]:
    """The package, and one that is said to be newer; where the sandbox sees them."""
    folder = CHECKOUT / "build" / "debian"
    shutil.rmtree(folder, ignore_errors=True)
    built = subprocess.run(
        [str(BUILD), str(folder)], capture_output=True, text=True, check=False, timeout=600
    )
    assert built.returncode == 0, built.stderr
    first = Path(built.stdout.strip())
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "--raw-extract", first, tree], check=True, capture_output=True)
    control = tree / "DEBIAN" / "control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {SECOND}", control.read_text()))
    second = folder / f"logwatchd_{SECOND}.deb"
    words = ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", tree, second]
    subprocess.run(words, check=True, capture_output=True, env=os.environ | {"LC_ALL": "C"})
    yield first, second
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with Machine(sandbox(), CHECKOUT) as booted:
        booted.does("mount", "--make-rshared", "/")
        booted.shell(f"""
            install -m 0640 -g adm /dev/null {AUTH}
            install -m 0640 -g adm /dev/null {SYSLOG}
            touch /etc/before; rm -rf /usr/bin/logwatch /opt/logwatchd
            rm -f /usr/sbin/policy-rc.d  # in images of containers it forbids every service to start
        """)
        yield booted


@pytest.fixture(scope="module")
def service(machine: Machine) -> Service:
    return Service(machine)


def dpkg(machine: Machine, *words: object) -> str:
    """Run dpkg without a question."""
    return machine.does("dpkg", "--force-confdef", *map(str, words), seconds=120)


def test_1_it_installs_and_runs_at_once(machine: Machine, service: Service, packages):
    """As its own user, with the stock configuration, every file where Debian has such files."""
    dpkg(machine, "--install", packages[0])
    assert service.state() == "active"
    assert service.show("UnitFileState") == "enabled"
    assert "/usr/bin/logwatchd" in service.show("ExecStart")
    passwd = machine.does("getent", "passwd", "logwatchd")
    assert "/usr/sbin/nologin" in passwd
    pid = service.show("MainPID")
    assert machine.does("stat", "-c", "%U", f"/proc/{pid}").strip() == "logwatchd"
    for name in ("logwatch", "logwatchd"):
        assert machine.does(name, "--version").startswith("logwatch ")
    assert machine.does("man", "--where", "logwatchd").endswith("/man1/logwatch.1.gz\n")
    assert "all is well" in machine.does("logwatchd", "status")
    written = machine.does("find", "/usr/lib/logwatchd", "-newer", "/var/lib/dpkg/status")
    assert written == "", "nothing is written where the package is"
    machine.does("logrotate", "--debug", "/etc/logrotate.d/logwatchd")
    exposure = machine.does("systemd-analyze", "security", "--offline=true", UNIT)
    level = re.search(r"Overall exposure level for logwatchd.service: ([\d.]+)", exposure)
    assert level
    print(f"exposure of {UNIT}: {level[1]}")
    assert float(level[1]) <= 1.1
    assert "nothing wrong" in machine.does("logwatchd", "doctor")


PORT = 20514
"""Of the syslog source, on loopback; the sandbox shares the machine's network."""

EVERYTHING = BASIC.replace(
    "sources:",
    f"""\
sources:
  entries: {{journald: {{identifiers: numbers}}}}
  net: {{syslog: {{tcp: '127.0.0.1:{PORT}', udp: '127.0.0.1:{PORT}'}}}}""",
)


def test_2_it_survives_what_happens_to_services(machine: Machine, service: Service):
    """Files of /var/log, the journal and a syslog listener at once: every alert is told, and once.

    Over reloads good and bad, a kill under load, a full disk, a restart: each line under one id
    and seq, and only what was being told when it was killed may come twice under the same.
    """
    service.configure(EVERYTHING)
    service.systemctl("reload", UNIT)
    _log_everywhere(service)
    service.settle_numbers()
    _assert_each_once(service)

    _reload_under_load(machine, service)
    _assert_each_once(service)
    _kill_under_load(service)
    told_twice = _repetitions(service)
    _fill_the_disk(machine, service)
    service.systemctl("restart", UNIT)
    _log_everywhere(service)
    service.settle_numbers()
    assert _repetitions(service) == told_twice, "none but those of the kill"
    _assert_all_sources_are_told(service)
    assert "all is well" in machine.does("logwatchd", "status")


def _log_everywhere(service: Service, count: int = 10) -> None:
    service.log(count)
    service.log(count, SYSLOG)
    service.enter(count)
    service.send(count, PORT)


def _repetitions(service: Service) -> list[str]:
    alerts = Counter(f"{each['id']}:{each['seq']}" for each in service.alerts())
    return sorted(name for name, times in alerts.items() if times > 1)


def _assert_each_once(service: Service) -> None:
    assert _repetitions(service) == []
    assert Counter(service.numbers()) == Counter(service.written)


def _assert_all_sources_are_told(service: Service) -> None:
    paths = Counter(each["path"] for each in service.alerts() if each["rule"] == "numbered")
    print(f"alerts: {dict(paths)}, of {len(service.written)} lines")
    assert {AUTH, SYSLOG, "journald:entries"} < set(paths)
    assert any(path.startswith("syslog:") for path in paths)


def _reload_under_load(machine: Machine, service: Service) -> None:
    """A good one, one with a mistake, which changes nothing, and the good one again."""
    pid = service.show("MainPID")
    service.pour(400)
    other = "rules:\n  - {name: other, match: 'other=(?P<other>\\d+)'}"
    service.configure(EVERYTHING.replace("rules:", other))
    service.systemctl("reload", UNIT)
    _log_everywhere(service)
    service.configure(EVERYTHING.replace("match:", "macht:", 1))
    assert machine.tries("systemctl", "reload", UNIT).status == 1
    service.says("did you mean 'match'?", priority=3)
    _log_everywhere(service)
    service.configure(EVERYTHING)
    service.systemctl("reload", UNIT)
    _log_everywhere(service)
    service.poured()
    service.settle_numbers()
    assert service.show("MainPID") == pid


def _kill_under_load(service: Service) -> None:
    """What is logged while it is dead is read when it is back; syslog's senders are refused."""
    restarts = int(service.show("NRestarts"))
    service.pour(800)
    service.enter(50)
    told = len(service.numbers())
    service.until(lambda: len(service.numbers()) > told + 50, "it tells them")
    service.systemctl("kill", "--signal=KILL", UNIT)
    service.enter(20)
    service.log(20, SYSLOG)
    service.poured()
    service.until(lambda: service.state() == "active", "it is back", 60)
    assert int(service.show("NRestarts")) == restarts + 1
    service.send(10, PORT)
    service.settle_numbers()


def _fill_the_disk(machine: Machine, service: Service) -> None:
    """Its state on a disk of 8 MB that is full; told once there is room, syslog's messages too."""
    service.systemctl("stop", UNIT)
    machine.shell(f"""
        cp -a {STATE}/. /var/tmp/kept
        mount -t tmpfs -o size=8m,mode=0700 none /var/lib/private/logwatchd
        cp -a /var/tmp/kept/. /var/lib/private/logwatchd
    """)
    service.systemctl("start", UNIT)
    machine.tries("dd", "if=/dev/zero", "of=/var/lib/private/logwatchd/ballast", "bs=4k")
    _log_everywhere(service, 50)
    service.says("store.degraded", priority=3, seconds=30)
    assert service.state() == "active"
    machine.does("rm", "/var/lib/private/logwatchd/ballast")
    service.says("store.recovered", seconds=30)
    service.settle_numbers()
    service.systemctl("stop", UNIT)
    machine.shell("""
        cp -a /var/lib/private/logwatchd/. /var/tmp/kept; umount /var/lib/private/logwatchd
        cp -a /var/tmp/kept/. /var/lib/private/logwatchd; rm -r /var/tmp/kept
    """)
    service.systemctl("start", UNIT)


def test_3_an_upgrade_keeps_configuration_and_state(machine: Machine, service: Service, packages):
    """It runs on while files are replaced, is restarted once, and goes on where it was."""
    before = machine.does("cat", CONFIG)
    service.log(5)
    dpkg(machine, "--install", packages[1])
    assert service.state() == "active"
    assert machine.does("cat", CONFIG) == before
    assert f"Version: {SECOND}" in machine.does("dpkg", "--status", "logwatchd")
    service.log(5)
    service.settle_numbers()


def test_4_removed_and_installed_again_it_goes_on(machine: Machine, service: Service, packages):
    """Nothing runs meanwhile; configuration and state stay, and what was written is told."""
    dpkg(machine, "--remove", "logwatchd")
    assert service.state() != "active"
    for path in ("/usr/bin/logwatch", "/usr/lib/logwatchd", f"/lib/systemd/system/{UNIT}"):
        assert machine.tries("test", "-e", path).status == 1, f"{path} is left"
    service.log(10)
    dpkg(machine, "--install", packages[0])
    service.until(lambda: service.state() == "active", "it runs again")
    service.log(5)
    service.settle_numbers()


def test_5_beside_debians_logwatch(machine: Machine):
    """No file belongs to both; each keeps its command."""
    machine.shell(
        "cd /var/tmp && apt-get download logwatch >/dev/null 2>&1"
        " && dpkg --force-depends --install logwatch_*.deb >/dev/null 2>&1",
        seconds=120,
    )
    ours, theirs = (
        {
            path
            for path in machine.does("dpkg", "--listfiles", name).splitlines()
            if machine.tries("test", "-d", path).status
        }
        for name in ("logwatchd", "logwatch")
    )
    assert len(theirs) > 100
    assert not ours & theirs
    assert machine.does("logwatchd", "--version").startswith("logwatch 0")
    machine.does("dpkg", "--force-depends", "--purge", "logwatch")
    assert machine.does("/usr/bin/logwatch", "--version").startswith("logwatch 0")


def test_6_purged_nothing_is_left(machine: Machine, service: Service):
    """But the user, whom Debian keeps, and the logs, which are others'."""
    dpkg(machine, "--purge", "logwatchd")
    assert service.state() != "active"
    places = ("/etc", "/var/lib", "/usr/bin", "/usr/lib", "/usr/share", "/run", "/lib/systemd")
    found = machine.does("find", *places, "-xdev", "-name", "*logwatch*").split()
    assert [each for each in found if machine.tries("dpkg", "--search", each).status] == []
