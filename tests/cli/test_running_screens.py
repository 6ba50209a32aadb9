"""What is asked of a daemon that runs, in a real terminal of 80 and of 120 columns.

Each screen is kept as a file, without colour and with it; what differs from one time to the next is
written as the same figure everywhere.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from doubles import forked, screens
from doubles.process import alerts_in, eventually
from doubles.screens import drawn, same_as_kept
from jsonschema import Draft202012Validator

from logwatch.cli.document_schemas import schema_of

NEW_RULE = "\n  - {name: disk, match: 'I/O error'}\nsinks:"
KEPT = Path(__file__).with_name("running_screens")
PATIENCE_SECONDS = 30.0
CONFIG = """\
state: {folder}/state
audit: 0
sources:
  auth: {{path: {folder}/auth.log, start: beginning}}
  app: {{path: {folder}/app.log}}
  gone: {{path: {folder}/gone.log}}
rules:
  - {{name: ssh, in: auth, match: 'Failed for (?P<user>\\w+)', by: user, when: 2 in 1h}}
  - {{name: errors, in: app, match: 'ERROR', mode: shadow}}
sinks:
  chat: {{jsonl_file: {folder}/chat.jsonl}}
  pager: {{command: {{argv: [/bin/false]}}}}
"""
CHANGED = {"in: app,": "in: [app, auth],", "\nsinks:": NEW_RULE}
"""What somebody has changed in the file since the daemon read it."""
SCREENS: dict[str, tuple[int, tuple[str, ...]]] = {
    # name: (exit status, words)
    "status": (1, ("status",)),
    "watch": (0, ("status", "-w", "--plain")),
    "alerts": (0, ("alerts",)),
    "alert": (0, ("alerts", "ID")),
    "dead": (0, ("alerts", "--dead")),
    "why-alert": (0, ("why", "ID")),
    "why-rule": (0, ("why", "ssh")),
    "silences": (0, ("silence", "list")),
    "reload": (0, ("reload", "--dry-run")),
}
VOLATILE = {
    r"logwatch \S+  \S+  pid \d+  up \d+\w": "logwatch 1.0  web1  pid 811  up 3s",
    r"\d\.\d(?= +\d+ B)": "0.0",
    r"ends in [^;]*": "ends in 1h 59m",
    r"until (\w{3} \d\d )?[0-9:]+ \([^)]*\)": "until 17:12 (1h 59m)",
    r"(state\.db, )\d+ \w+": r"\g<1>608 KiB",
    r"\d+ threads, .* of CPU": "9 threads, 40 MiB of memory, 0.9 s of CPU",
    r"inotify, \d+ watched": "inotify, 4 watched",
    r"by .*: patches": "by ann: patches",
    r"hyperscan \S+ \(vectorscan \S+\)": "hyperscan 0.7.8",
    r"\d{4}-\d\d-\d\dT[0-9:.]+Z": "2026-01-05T15:12:00.000Z",
    r"[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d": "Jan 05 15:12:00",
    r"(?<![0-9:])\d\d:\d\d:\d\d": "15:12:00",
    r"last read \d+[smh] ago": "last read 3s ago",  # in a sentence; columns keep their width
}
"""What differs from one time to the next -> what is kept for it."""
FULL_SCREEN_ENDS = b"\x1b[J"
"""What is written after each whole drawing."""


@pytest.fixture(scope="module")
def place():
    """A daemon that has told one sink of what burns, and is refused by the other; one for all."""
    with screens.place() as folder:
        (folder / "app.log").touch()
        (folder / "auth.log").write_text("Failed for root\n" * 3)
        with forked.Running(folder, CONFIG.format(folder=folder)) as daemon:
            daemon.ready()
            eventually(lambda: alerts_in(folder / "chat.jsonl"), "an alert", PATIENCE_SECONDS)
            made = logwatch(folder, "silence", "rule=err*", "--for", "2h", "-m", "patches")
            assert made.returncode == 0, made.stderr
            (folder / "app.log").write_text("all is well\n")
            changed = daemon.config.read_text()
            for before, after in CHANGED.items():
                changed = changed.replace(before, after)
            daemon.config.write_text(changed)
            eventually(lambda: is_all_known(folder), "the whole status", PATIENCE_SECONDS)
            yield folder


def logwatch(folder, *words):
    return forked.logwatch(*words, "-c", folder / "logwatch.yaml", text=True)


def is_all_known(folder) -> bool:
    """Whether what happens at its own time has happened."""
    shown = logwatch(folder, "status").stdout
    told_of_pager = re.search(r"^chat +jsonl_file +2 ", shown, re.MULTILINE)
    busiest_first = 0 < shown.find("app.log ") < shown.find("auth.log ")
    said = "silence  #1" in shown and "changed on disk" in shown
    return bool(told_of_pager and busiest_first and said)


def drawn_here(folder, columns: int, *words: str, color: bool) -> tuple[str, int]:
    """What such a terminal was sent, up to the first whole drawing; and the exit status."""
    asked = [id_of_ssh(folder) if word == "ID" else word for word in words]
    enough = FULL_SCREEN_ENDS if "-w" in words else b""
    how = {"folder": folder, "columns": columns, "color": color, "enough": enough}
    shown, status = drawn(*asked, "-c", "logwatch.yaml", **how)
    return steady(shown, folder), status


def id_of_ssh(folder) -> str:
    """The alert about logins."""
    return next(each["id"] for each in alerts_in(folder / "chat.jsonl") if each["rule"] == "ssh")


def steady(text: str, folder) -> str:
    """Without what differs from one time to the next: ids, processes, times, sizes."""
    text = text.replace("\r", "")
    ids = {each["id"]: each["rule"] for each in alerts_in(folder / "chat.jsonl")}
    for number, id_ in enumerate(sorted(ids, key=ids.__getitem__), 1):
        text = text.replace(id_, f"{number}{number}c0ffee" * 2)
        text = text.replace(id_[:6], f"{number}{number}c0ff")
    for volatile, same in VOLATILE.items():
        text = re.sub(volatile, same, text)
    return re.sub(r" *\d+[smh] ago", lambda found: "3s ago".rjust(len(found[0])), text)


@pytest.mark.parametrize("color", [False, True], ids=["plain", "color"])
@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_of_a_daemon_that_runs_is_as_it_was_drawn(place, name, columns, color):
    """Every line of it."""
    due, words = SCREENS[name]
    shown, status = drawn_here(place, columns, *words, color=color)
    same_as_kept(KEPT / f"{name}-{columns}{'-color' if color else ''}.txt", shown)
    assert status == due
    assert color or not re.search("\x1b\\[[0-9;]*m", shown)


@pytest.fixture(scope="module")
def changing():
    """A daemon that is told to do something, and its configuration; one for all."""
    with screens.place() as folder:
        (folder / "app.log").touch()
        (folder / "auth.log").touch()
        with forked.Running(folder, CONFIG.format(folder=folder)) as daemon:
            daemon.ready()
            yield folder, daemon.config


@pytest.mark.parametrize("color", [False, True], ids=["plain", "color"])
@pytest.mark.parametrize("columns", [80, 120])
def test_what_a_daemon_is_told_to_do_is_as_it_was_drawn(changing, columns, color):
    """A silence that is made and ended, a reload that is done and one that is refused."""
    folder, config = changing
    before = config.read_text()

    def shown(name, *words, due=0):
        text, status = drawn_here(folder, columns, *words, color=color)
        found = re.search(r"silence #(\d+)", text)
        text = re.sub(r"after [\d,]+ ms", "after 84 ms", re.sub(r"(#|end )\d+", r"\g<1>3", text))
        text = re.sub(r"generation \d+", "generation 6", text)
        same_as_kept(KEPT / f"{name}-{columns}{'-color' if color else ''}.txt", text)
        assert status == due
        return found[1] if found else ""

    try:
        number = shown("silence-made", "silence", "rule=err*", "--for", "2h", "-m", "patches")
        shown("silence-ended", "silence", "end", number)
        config.write_text(before.replace("2 in 1h", "3 in 1h").replace("\nsinks:", NEW_RULE))
        shown("reload-done", "reload")
        config.write_text(before.replace("'ERROR'", "'ERR('"))
        shown("reload-refused", "reload", due=78)
    finally:
        config.write_text(before)
        assert logwatch(folder, "reload").returncode == 0


@pytest.mark.parametrize("name", ["status", "alerts", "alert", "why-alert", "why-rule", "reload"])
def test_what_it_answers_is_of_the_published_schema(place, name):
    """With a daemon there is more in it than without."""
    words = [id_of_ssh(place) if word == "ID" else word for word in SCREENS[name][1]]
    done = forked.logwatch(*words, "-c", place / "logwatch.yaml", "-o", "json")
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    validator = Draft202012Validator(schema_of(words[0]))
    assert documents
    assert [each.message for one in documents for each in validator.iter_errors(one)] == []
