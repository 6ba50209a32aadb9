"""`status -w` with Textual: what it shows, what its keys do, in a pilot and in a real terminal."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from doubles.screens import is_drawing, same_as_kept, stripped
from msgspec.structs import replace
from textual.widgets import DataTable, Input, RichLog, Static

from logwatch.cli.looker import Absence
from logwatch.cli.status_app import CommandScreen, StatusApp
from logwatch.cli.status_feed import Feed, LiveLine, Seen, harmless
from logwatch.cli.status_filter import LineFilter
from logwatch.clock import ManualClock, SystemClock
from logwatch.daemon.health import FileStatus, Remark, SinkStatus, Status
from logwatch.matching import searches
from logwatch.rules.message import about_logwatch

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).with_name("app_screens")
ALERT = replace(
    about_logwatch(
        "disk-error", "sdb does not answer", id="7f3a02", severity="critical", wall=0.0, host="web1"
    ),
    key={"dev": "sdb"},
)
STATUS = Status(
    host="web1",
    phase="live",
    up_seconds=400.0,
    notes=(Remark(about="file /var/log/app.log", text="quiet", remedy="look"),),
    files=(
        FileStatus(
            path="/var/log/auth.log", sources=("auth",), status="following", lines_per_second=0.4
        ),
        FileStatus(
            path="/var/log/app.log",
            sources=("app",),
            status="following",
            quiet=True,
            usual_pause_seconds=20.0,
        ),
    ),
    sinks=(SinkStatus(name="pager", kind="webhook"),),
)
LINES = (
    LiveLine("auth", "Failed password for root"),
    LiveLine("app", "GET /cart 502"),
    LiveLine("app", harmless(b"[red]GET[/] /x \x1b[2J 200")),
)


class Recorded:
    """A feed that sees the same again and again, lines once, and runs nothing."""

    def __init__(self, seen: Seen):
        self.seen = seen
        self.ran = []

    def look(self) -> Seen:
        seen, self.seen = self.seen, self.seen._replace(lines=())
        return seen

    def run(self, words) -> str:
        self.ran.append(list(words))
        return "said \x1b[31mso"


SEEN = Seen(STATUS, burning=[ALERT], lines=LINES)


def piloted(seen, *keys, check=None, size=(120, 40)):
    """What is there after some keys: the feed, the application as `check` sees it."""
    feed = Recorded(seen)
    app = StatusApp(feed, SystemClock())

    async def go():
        async with app.run_test(size=size) as pilot:
            await app.workers.wait_for_complete()
            await pilot.pause()
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
            await app.workers.wait_for_complete()
            await pilot.pause()
            return check(app) if check else None

    return feed, asyncio.run(go())


def text(app, place) -> str:
    """What a part of the screen says."""
    return str(app.screen.query_one(place, Static).content)


def live(app) -> list[str]:
    """The lines that are shown."""
    return [strip.text.rstrip() for strip in app.query_one("#live", RichLog).lines]


def picture(app) -> str:
    """What stands on the screen, without its colours."""
    return "".join(f"{strip.text}\n" for strip in app.screen._compositor.render_strips())


MOST_LOOKS = 250
SCREENS: dict[str, tuple[list[str], list[str]]] = {
    # name: (keys that lead to it, keys that lead back)
    "main": ([], []),
    "filter": (["slash", *"G.T"], ["escape"]),
    "paused": (["space", "2"], ["2", "space"]),
    "why": (["w"], ["escape"]),
    "silence": (["s"], ["escape"]),
    "keys": (["question_mark"], ["escape"]),
}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80", "120"])
def test_the_screens_are_as_they_were_drawn(size):
    """Every line of them."""
    app = StatusApp(Recorded(SEEN), ManualClock(125.0))
    app.animation_level = "none"

    async def press(pilot, keys):
        for key in keys:
            await pilot.press(key)
        await app.workers.wait_for_complete()

    async def drawn(pilot, kept):
        """What stands there when all of it is drawn: each part is when there is time."""
        for _ in range(MOST_LOOKS):
            await pilot.pause(0.02)
            if not is_drawing() and kept.read_text(encoding="utf-8") == stripped(picture(app)):
                break
        return picture(app)

    async def go():
        shown = {}
        async with app.run_test(size=size) as pilot:
            for name, (there, back) in SCREENS.items():
                await press(pilot, there)
                kept = KEPT / f"{name}-{size[0]}.txt"
                shown[kept] = await drawn(pilot, kept)
                await press(pilot, back)
        return shown

    for kept, shown in asyncio.run(go()).items():
        same_as_kept(kept, shown)


def test_the_eye_finds_whether_it_works_and_what_burns():
    """Head, remarks, both tables."""

    def check(app):
        rows = app.query_one("#burning", DataTable)
        files = app.query_one("#files", DataTable)
        return (
            text(app, "#head"),
            text(app, "#told"),
            [str(cell) for cell in rows.get_row_at(0)][:2],
            [[str(cell) for cell in files.get_row_at(n)] for n in range(2)],
        )

    _, (head, told, alert, files) = piloted(SEEN, check=check)
    assert head.startswith("logwatch web1 ● well   0.4 lines/s  behind 0 B")
    assert told == "! file /var/log/app.log: quiet  (look)"
    assert alert == ["▲ disk-error dev=sdb", "critical"]
    assert files[0] == ["☑1", "auth", "0.4", "0 B", "-", "following"]
    assert files[1][5] == "! quiet (usual 20s)"


def test_lines_are_plain_text_whatever_is_in_them():
    """No markup, no control."""
    _, lines = piloted(SEEN, check=live)
    assert lines[2] == "app          [red]GET[/] /x ␛[2J 200"


def test_slash_asks_for_a_pattern_and_escape_shows_all_again():
    """In the words of a pattern."""
    _, lines = piloted(SEEN, "slash", *"G.T", "enter", check=live)
    assert [line.split()[0] for line in lines] == ["app", "app"]
    _, lines = piloted(SEEN, "slash", *"nope", "enter", "escape", check=live)
    assert len(lines) == 3
    _, lines = piloted(SEEN, "slash", *"[red", "enter", check=live)
    assert len(lines) == 1


def many_lines(text, number):
    """What is seen where so many lines have this text."""
    lines = tuple(LiveLine("app", text) for _ in range(number))
    return SEEN._replace(lines=lines)


def test_a_filter_that_is_slow_on_the_lines_that_are_there_holds_the_screen_up_for_a_second(
    monkeypatch,
):
    """It is given up then, and the foot says so; Escape shows all lines."""
    monkeypatch.setattr(searches, "TIMEOUT_SECONDS", 0.001)
    monkeypatch.setattr(searches, "BURST_SECONDS", 0.0095)
    seen = many_lines("a" * 60 + "!", 500)

    def check(app):
        app.show(SEEN._replace(lines=()))  # as two seconds later
        return live(app), text(app, "#foot")

    keys = ["slash", *"(a|aa)+$", "enter"]
    _, (lines, foot) = piloted(seen, *keys, check=check)
    assert lines == []
    assert "only: (a|aa)+$ (too slow)" in foot
    _, lines = piloted(seen, *keys, "escape", check=live)
    assert len(lines) == 500


def test_a_filter_that_no_pattern_can_be_is_a_text():
    """Also one of which `re` says no more than that it cannot be had."""
    for given in ("(" * 5000, "x{4294967296}", "[red"):
        keep = LineFilter(given)
        assert [keep.takes(f"a {given}"), keep.takes("b")] == [True, False]


def test_a_filter_means_on_every_python_what_it_means_in_a_rule():
    """Possessive groups among them."""
    assert LineFilter("(?:ab?c)?+ab").takes("ab")


def test_a_digit_hides_a_source_and_shows_it_again():
    """As its box says."""
    _, lines = piloted(SEEN, "2", check=live)
    assert [line.split()[0] for line in lines] == ["auth"]
    _, lines = piloted(SEEN, "2", "2", "9", check=live)
    assert len(lines) == 3


def test_space_stops_the_lines_and_goes_on():
    """Nothing is lost meanwhile."""

    def check(app):
        app.show(SEEN)
        held = len(live(app))
        app.action_pause()
        return held, len(app._lines)

    _, (held, kept) = piloted(SEEN, "space", check=check)
    assert (held, kept) == (3, 6)


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("w", ["why", "7f3a02"]),
        ("a", ["silence", "rule=disk-error", "dev=sdb", "--until-resolved"]),
        ("s", ["silence", "rule=disk-error", "dev=sdb", "--for", "2h"]),
    ],
)
def test_actions_are_commands_that_are_shown_first(key, command):
    """What only asks runs at once, the others after Enter; what they say is harmless."""

    def check(app):
        assert isinstance(app.screen, CommandScreen)
        return text(app, "#said")

    keys = [key] if key == "w" else [key, "enter"]
    feed, said = piloted(SEEN, *keys, check=check)
    assert feed.ran == [command]
    assert said == "said ␛[31mso"


def test_what_is_seen_when_somebody_leaves_is_not_shown():
    """The look that was on its way finds no screen any more."""

    async def go():
        app = StatusApp(Recorded(SEEN), ManualClock())
        async with app.run_test():
            await app.workers.wait_for_complete()
            await app.query("#head").remove()
            before = len(app._lines)
            app.show(SEEN)
            return len(app._lines) - before

    assert asyncio.run(go()) == 0


def test_a_silence_waits_for_enter():
    """Escape leaves everything as it was."""

    def check(app):
        return app.screen.query_one("#command", Input).value

    feed, shown = piloted(SEEN, "s", check=check)
    assert shlex.split(shown) == [
        "logwatch",
        "silence",
        "rule=disk-error",
        "dev=sdb",
        "--for",
        "2h",
    ]
    assert feed.ran == []
    feed, screen = piloted(SEEN, "s", "escape", check=lambda app: type(app.screen).__name__)
    assert (feed.ran, screen == "CommandScreen") == ([], False)


def test_a_question_mark_lists_the_keys():
    """All of them."""
    _, said = piloted(SEEN, "question_mark", check=lambda app: text(app, "#said"))
    assert all(f"{key}  " in said for key in ("/", "space", "1-9", "w", "a", "s", "q"))


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)])
def test_it_is_drawn_on_any_terminal(size):
    """However small."""
    piloted(SEEN, "down", "w", "escape", size=size)


@pytest.mark.parametrize(
    ("seen", "head"),
    [
        (Seen(Absence(state="/x")), "logwatch is not running"),
        (Seen(None, problem="the socket is closed to this user"), "logwatch: nobody knows"),
    ],
)
def test_where_no_daemon_answers_that_is_said(seen, head):
    """And keys that need an alert do nothing."""
    feed, shown = piloted(seen, "w", "s", check=lambda app: text(app, "#head"))
    assert (shown, feed.ran) == (head, [])


def test_the_feed_reads_new_lines_and_passes_over_what_is_too_much(tmp_path, monkeypatch):
    """From the end on, over a rotation, and not from what is no file."""
    log = tmp_path / "a.log"
    log.write_text("old\n")
    config = tmp_path / "logwatch.yaml"
    config.write_text(f"state: {tmp_path}/state\n")
    feed = Feed(str(config), SystemClock())
    file = FileStatus(path=str(log), sources=("a",), status="following")

    def new():
        lines = []
        return feed._read(file, lines), [each.text for each in lines]

    assert new() == (0, [])
    log.write_text("old\none\nhalf")
    assert new() == (0, ["one"])
    log.write_text("old\none\nhalf done\n")
    assert new() == (0, ["half done"])
    log.write_text("new\n")
    assert new() == (0, ["new"])
    log.write_bytes(b"new\n" + b"x" * 99 + b"\n" + b"y\n" * 40_000)
    passed_over, lines = new()
    assert passed_over + 2 * len(lines) == 100 + 80_000
    os.mkfifo(tmp_path / "pipe")
    assert feed._read(replace(file, path=str(tmp_path / "pipe")), []) == 0


def test_in_a_real_terminal_it_draws_and_gives_the_screen_back(tmp_path):
    """tmux, where there is one: the application itself, with no daemon there."""
    if shutil.which("tmux") is None:
        return
    config = tmp_path / "logwatch.yaml"
    config.write_text(f"state: {tmp_path}/state\n")
    tmux = ["tmux", "-L", f"logwatch-{os.getpid()}", "-f", "/dev/null"]
    shell = shlex.join([sys.executable, "-m", "logwatch", "status", "-w", "-c", str(config)])

    def run(*words) -> str:
        done = subprocess.run([*tmux, *words], capture_output=True, check=True, timeout=60)
        return done.stdout.decode()

    def wait_for(words: str, *, there: bool = True) -> str:
        for _ in range(600):
            shown = run("capture-pane", "-p")
            if (words in shown) is there:
                return shown
            subprocess.run(["sleep", "0.1"], check=True)
        raise AssertionError(shown)

    size = ["-x", "100", "-y", "30"]
    run(
        "new-session",
        "-d",
        *size,
        "-c",
        str(ROOT),
        "env",
        "PS1=ready",
        "TERM=screen",
        "bash",
        "--norc",
    )
    try:
        run("send-keys", shell, "Enter")
        wait_for("logwatch is not running")
        assert "burning" in wait_for("Filter")
        run("send-keys", "?")
        wait_for("acknowledge it")
        run("send-keys", "Escape")  # a key that follows at once would be one with Alt
        wait_for("acknowledge it", there=False)
        run("send-keys", "q")
        wait_for("burning", there=False)
        run("send-keys", "echo gi''ven back", "Enter")
        assert "lines/s" not in wait_for("given back")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
