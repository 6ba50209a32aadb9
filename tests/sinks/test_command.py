"""Programs, well and badly behaved, and that none outlives its time."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from doubles.process import eventually

from logwatch.clock import ManualClock, SystemClock
from logwatch.records import Delivered, Group, Rejected, Retry
from logwatch.sinks.command import OUTPUT_LIMIT, CommandSettings, CommandSink

ROOT = Path(__file__).parents[2]


class UpOnce(ManualClock):
    """A minute that has passed when, at a second look, so many lines are written; no other does."""

    def __init__(self, path, lines):
        super().__init__()
        self._path, self._lines, self._looks = path, lines, 0

    def steady(self):
        self._looks += 1
        text = self._path.read_text() if self._looks > 1 and self._path.exists() else ""
        if text.count("\n") == self._lines:
            self.advance(60.0)
            self._lines = -1
        return super().steady()


@pytest.fixture
def run(notification):
    def deliver(*argv, timeout=10.0, one=None, clock=None):
        before = children()
        sink = CommandSink(CommandSettings(argv=argv, timeout=timeout), clock or SystemClock())
        outcome = sink.deliver([one or notification()])
        sink.close()
        assert children() <= before
        return outcome

    return deliver


@pytest.fixture
def shell(run):
    return lambda script, *words, **options: run("/bin/sh", "-c", script, "sh", *words, **options)


def children():
    """The processes that this one has started and not reaped."""
    found = set()
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            if each.read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                found.add(each.parent.name)
    return found


LONG = 30.0
"""Less than the programs here take, and more than it takes to end them on any machine."""


def took(action):
    began = time.monotonic()
    outcome = action()
    return outcome, time.monotonic() - began


def test_the_program_gets_the_alert_on_stdin(shell, tmp_path, notification):
    one = notification(message="naïve $(touch canary) `x` \x1b\n-rf", lines=[])
    assert shell('cat > "$1"', str(tmp_path / "got"), one=one) == Delivered()
    assert (tmp_path / "got").read_bytes() == one.body


def test_the_environment_is_small_and_names_the_alert(run, tmp_path, monkeypatch, notification):
    monkeypatch.setenv("LOGWATCH_SECRET", "s3cr3t")
    monkeypatch.setenv("HOME", "/home/of-logwatch")
    monkeypatch.setenv("LANG", "C.UTF-8")
    got = tmp_path / "got"
    dump = "import os, json, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"
    one = notification(seq=3, status="resolved", severity="critical", rule="a\0b\n;rm")
    assert run(sys.executable, "-c", dump, str(got), one=one) == Delivered()
    seen = json.loads(got.read_text())
    seen.pop("LC_CTYPE", None)  # which Python sets in itself
    assert len(seen.pop("LOGWATCH_RUN")) == 16
    assert seen == {
        "PATH": os.environ["PATH"],
        "HOME": "/home/of-logwatch",
        "LANG": "C.UTF-8",
        "LOGWATCH_RULE": "a␀b␊;rm",
        "LOGWATCH_STATUS": "resolved",
        "LOGWATCH_SEVERITY": "critical",
        "LOGWATCH_SOURCE": "auth",
        "LOGWATCH_HOST": "web1",
        "LOGWATCH_KEY_IP": "203.0.113.9",
        "LOGWATCH_PATH": "/var/log/auth.log",
        "LOGWATCH_COUNT": "5",
        "LOGWATCH_FIRST": "2026-01-05T01:00:00.000Z",
        "LOGWATCH_LAST": "2026-01-05T01:01:30.000Z",
        "LOGWATCH_TITLE": "✓ resolved after 1m30s: a␀b␊;rm on web1/auth: 5 failed logins from"
        " 203.0.113.9 (5 times)",
        "LOGWATCH_MESSAGE": "5 failed logins from 203.0.113.9",
        "LOGWATCH_ID": "b4c1f0:3",
    }


def test_keys_have_names_that_a_shell_can_say_and_values_of_one_line(shell, tmp_path, notification):
    key = {"client.ip": "a\0b\n$(x)", "client_ip": "another", "größe": "x" * 5000, "path": "/"}
    got = tmp_path / "got"
    one = notification(key=key)
    assert shell('env | grep ^LOGWATCH_KEY | sort > "$1"', str(got), one=one) == Delivered()
    ip, size, path = got.read_text().splitlines()
    assert ip == "LOGWATCH_KEY_CLIENT_IP=a␀b␊$(x)"
    assert path == "LOGWATCH_KEY_PATH=/"
    assert size.startswith("LOGWATCH_KEY_GR_SSE=xxx")
    assert "4,000 characters" in size
    assert len(size) < 1100


def test_exit_status_75_asks_for_another_try(shell):
    assert shell("echo busy >&2; exit 75") == Retry("/bin/sh: exit status 75: busy")


def test_any_other_exit_status_is_for_ever_and_says_why(shell):
    outcome = shell("echo first >&2; printf 'no \\033[2J such room\\n\\n' >&2; exit 3")
    assert outcome == Rejected("/bin/sh: exit status 3: no ␛[2J such room")


def test_a_program_may_fail_without_a_word(shell):
    assert shell("exit 1") == Rejected("/bin/sh: exit status 1")


def test_a_program_killed_by_a_signal_is_for_ever(shell):
    assert shell("kill -SEGV $$") == Rejected("/bin/sh: killed by SIGSEGV")


def test_a_program_that_does_not_read_is_fine(run, notification):
    assert run("/bin/true", one=notification(message="x" * 1_000_000)) == Delivered()


def test_a_name_is_looked_up_in_the_path(run):
    assert run("true") == Delivered()


def test_a_missing_program_is_tried_again(run):
    assert run("/no/such/program") == Retry(
        "/no/such/program: not found, or its interpreter is not"
    )
    assert isinstance(run("no-such-program-anywhere"), Retry)


def test_a_file_that_is_not_executable_is_tried_again(run, tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    assert run(str(script)) == Retry(f"{script}: not executable for this user")
    script.chmod(0o755)
    assert run(str(script)) == Delivered()


def test_a_script_whose_interpreter_is_missing_is_tried_again(run, tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(stat.S_IRWXU)
    assert isinstance(run(str(script)), Retry)


def test_a_hanging_program_is_killed_with_its_children(shell, tmp_path):
    pids = tmp_path / "pids"
    script = 'sleep 99 & echo $! >> "$1"; (sleep 99 & echo $! >> "$1"; wait) & sleep 99'
    clock = UpOnce(pids, lines=2)
    outcome, seconds = took(lambda: shell(script, str(pids), timeout=1.0, clock=clock))
    assert outcome == Retry("/bin/sh: killed after 1s")
    assert seconds < LONG
    assert len(pids.read_text().split()) == 2
    assert_all_gone(pids)


def test_a_program_that_still_runs_when_the_daemon_ends_is_killed_with_its_children(
    tmp_path, notification
):
    """Its message is kept for the next start, which must not run it beside itself."""
    pids = tmp_path / "pids"
    script = 'sleep 99 & echo $! >> "$1"; (setsid sleep 99 & echo $! >> "$1"; wait) & sleep 99'
    settings = CommandSettings(argv=("/bin/sh", "-c", script, "sh", str(pids)), timeout=90.0)
    sink = CommandSink(settings, SystemClock())
    outcomes = []
    delivering = threading.Thread(target=lambda: outcomes.append(sink.deliver([notification()])))
    delivering.start()
    eventually(lambda: pids.exists() and len(pids.read_text().split()) == 2, "it runs")
    sink.cut_short()
    delivering.join(LONG)
    assert outcomes == [Retry("/bin/sh: killed as logwatch ends")]
    assert sink._unreaped == []
    assert_all_gone(pids)
    assert sink.deliver([notification()]) == Retry("/bin/sh: not run as logwatch ends")


def test_a_child_that_left_its_group_is_killed_too(run, tmp_path):
    pids = tmp_path / "pids"
    daemonise = (
        "import os, sys, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        open(sys.argv[1], 'w').write(f'{os.getpid()}\\n')\n"
        "        time.sleep(99)\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "time.sleep(99)\n"
    )
    clock = UpOnce(pids, lines=1)
    outcome = run(sys.executable, "-c", daemonise, str(pids), timeout=1.5, clock=clock)
    assert isinstance(outcome, Retry)
    assert_all_gone(pids)


def test_a_program_of_another_sink_for_the_same_alert_is_spared(notification, run):
    other = {"LOGWATCH_ID": notification().idempotency_key, "LOGWATCH_RUN": "another"}
    with subprocess.Popen(["sleep", "99"], env=os.environ | other) as spared:
        sink = CommandSink(CommandSettings(argv=("sleep", "99"), timeout=0.1), SystemClock())
        assert isinstance(sink.deliver([notification()]), Retry)
        assert spared.poll() is None
        spared.kill()


def assert_all_gone(pids):
    """Orphans are reaped by process 1, which may take a moment."""
    deadline = time.monotonic() + LONG
    for pid in map(int, pids.read_text().split()):
        while is_running(pid):
            assert time.monotonic() < deadline


def is_running(pid):
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return status.rpartition(b")")[2].split()[0] != b"Z"


@pytest.mark.parametrize("redirection", ["", ">&2"])
def test_a_flood_of_output_neither_blocks_nor_fills_memory(shell, redirection):
    outcome, seconds = took(lambda: shell(f"exec yes {redirection}", timeout=0.3))
    assert isinstance(outcome, Retry)
    assert seconds < LONG


def test_the_last_line_after_much_output_is_found(shell):
    script = (
        f"head -c {OUTPUT_LIMIT * 10} /dev/zero | tr '\\0' x >&2; echo >&2; echo last >&2; exit 1"
    )
    assert shell(script) == Rejected("/bin/sh: exit status 1: last")


def test_a_child_that_keeps_the_output_open_does_not_hold_up_the_answer(shell):
    outcome, seconds = took(lambda: shell("sleep 20 & exit 0"))
    assert outcome == Delivered()
    assert seconds < 15


def test_a_program_that_closes_its_output_is_still_waited_for(shell, tmp_path):
    done = tmp_path / "done"
    script = 'exec 2>&-; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; : > "$1"; exit 0'
    assert shell(script, str(done)) == Delivered()
    assert done.exists()


def test_no_descriptor_of_ours_reaches_the_program(run, tmp_path):
    leak = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(leak, True)
    got = tmp_path / "got"
    script = "import os, sys; open(sys.argv[1], 'w').write(' '.join(os.listdir('/proc/self/fd')))"
    run(sys.executable, "-c", script, str(got))
    os.close(leak)
    assert len(got.read_text().split()) == 5  # 0, 1, 2, the listed folder and the file written


def test_signals_that_the_daemon_blocks_reach_the_program(shell):
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        outcome = shell("kill -TERM $$; exit 0")
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    assert outcome == Rejected("/bin/sh: killed by SIGTERM")


def test_no_standard_signal_is_ignored_though_python_ignores_some(run):
    check = 'ignored=$(sed -n "s/^SigIgn:.*\\(........\\)$/0x\\1/p" /proc/self/status); '
    assert run("/bin/sh", "-c", check + "exit $((ignored & 0x7fffffff))") == Delivered()


def test_the_program_leads_its_own_session(shell):
    assert shell('test "$(cut -d" " -f6 /proc/$$/stat)" = $$') == Delivered()


def test_hostile_text_reaches_no_shell(run, tmp_path, notification, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile = "$(touch canary) `touch canary` ; touch canary #\n~!touch canary"
    one = notification(message=hostile, rule=hostile, host=hostile)
    assert run("/bin/sh", "-c", "cat > /dev/null; env > /dev/null", one=one) == Delivered()
    assert not (tmp_path / "canary").exists()


def test_a_program_that_cannot_be_reaped_yet_is_reaped_later(notification, monkeypatch):
    sink = CommandSink(CommandSettings(argv=("sleep", "99"), timeout=0.05), SystemClock())
    monkeypatch.setattr("logwatch.sinks.command._REAP_SECONDS", 0.0)
    monkeypatch.setattr("logwatch.sinks.command._kill_family", lambda *_: None)
    assert isinstance(sink.deliver([notification()]), Retry)
    (pid,) = sink._unreaped
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    sink.close()
    assert sink._unreaped == []
    assert str(pid) not in children()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"argv": ()}, "must name a program"),
        ({"argv": ("",)}, "must name a program"),
        ({"argv": ("a\0b",)}, "NUL"),
        ({"argv": ("./notify",)}, "write its full path"),
        ({"argv": ("true",), "timeout": 0}, "more than 0"),
    ],
)
def test_what_cannot_be_run_is_refused(settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        CommandSettings(**settings)


def test_subprocess_itself_is_not_needed():
    code = "import sys, logwatch.sinks.command; sys.exit('subprocess' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture
def ban(run, tmp_path, monkeypatch, notification):
    """The script of the manual, with a firewall that only writes down what it is told."""
    text = (ROOT / "docs/sinks/command.md").read_text()
    script, firewall, told = tmp_path / "ban", tmp_path / "nft", tmp_path / "told"
    script.write_text(text.partition("```sh\n")[2].partition("```")[0])
    firewall.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {told}\n')
    for each in (script, firewall):
        each.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def given(**changes):
        outcome = run(str(script), one=notification(**changes))
        return outcome, told.read_text() if told.exists() else ""

    return given


@pytest.mark.parametrize(("ip", "name"), [("203.0.113.9", "banned4"), ("2001:db8::ff", "banned6")])
def test_the_ban_of_the_manual_bans_and_takes_back(ban, ip, name):
    element = f"element inet logwatch {name} {{ {ip}"
    banned = f"add {element} timeout 1d }}|"
    assert ban(key={"ip": ip}) == (Delivered(), banned)
    over = f"add {element} }}; delete {element} }}|"
    assert ban(key={"ip": ip}, status="resolved") == (Delivered(), banned + over)


@pytest.mark.parametrize(
    "ip",
    [
        "",
        "<none>",
        "203.0.113.9 }; flush ruleset; #",
        "$(id)",
        "-f",
        "bad.example",
        "ab.cd",
        "a\n1",
    ],
)
def test_the_ban_of_the_manual_hands_on_nothing_but_addresses(ban, ip):
    """An attacker chooses what the log says."""
    outcome, told = ban(key={"ip": ip})
    assert isinstance(outcome, Rejected)
    assert told == ""


def test_the_ban_of_the_manual_does_nothing_for_a_message_about_several(ban):
    group = Group(kind="storm", by={}, alerts=2, burning=0, rules={"a": 2}, members=())
    assert ban(group=group, key={"ip": "203.0.113.9"}) == (Delivered(), "")
