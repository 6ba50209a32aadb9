"""The screen of `logwatch status`: trouble first, nothing wider than the terminal, no surprises."""

from __future__ import annotations

import io
import os
import pty
import termios
from contextlib import suppress
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from msgspec.structs import replace

from logwatch.cli import status as status_verb
from logwatch.cli.figures import ago, number, pace, rough, size
from logwatch.cli.looker import Absence, WaitingSink
from logwatch.cli.status import verdict, watch
from logwatch.cli.status_screen import FILE_ORDER, Screen, Style
from logwatch.cli.terminal import Terminal, full_screen
from logwatch.daemon.diagnosis import diagnose
from logwatch.daemon.health import (
    Audit,
    ConfigStatus,
    EngineStatus,
    FileStatus,
    HeldStatus,
    ProcessStatus,
    QueueStatus,
    Remark,
    SilenceStatus,
    SinkStatus,
    Status,
    StoreStatus,
    Unfiltered,
    WakingStatus,
)
from logwatch.errors import Exit, UsageError

NOW = 1_767_571_200.0  # 2026-01-05T00:00:00Z
EARLIER = "2026-01-04T23:56:00.000Z"

STATUS = Status(
    version="1.0",
    host="web1",
    pid=811,
    phase="live",
    since="2026-01-01T20:00:00.000Z",
    up_seconds=3 * 86_400 + 4 * 3600,
    config=ConfigStatus(files=("/etc/l.yaml", "/etc/r.yaml"), rules=14, sources=2, sinks=2),
    files=(
        FileStatus(
            path="/var/log/auth.log",
            sources=("auth",),
            status="following",
            offset=100,
            size=100,
            generations=1,
            last_read=EARLIER,
            lines_per_second=0.4,
        ),
        FileStatus(
            path="/srv/app.log",
            sources=("app",),
            status="following",
            offset=10,
            size=12_298,
            behind=12_288,
            generations=2,
        ),
    ),
    sinks=(
        SinkStatus(name="chat", kind="webhook", delivered=1031, waiting=0, given_up=0),
        SinkStatus(
            name="pager",
            kind="webhook",
            down=True,
            failing_since=EARLIER,
            next_try="2026-01-05T00:00:41.000Z",
            waiting=3,
            given_up=1,
        ),
    ),
    engines=(
        EngineStatus(
            name="hyperscan",
            reason="hyperscan 0.7.8, probes passed",
            sources=("auth",),
            rules=14,
            unfiltered=(Unfiltered(rule="odd", pattern="(?!x)", reason="it can be empty"),),
            audit=Audit(lines=1200, pairs=2400),
        ),
    ),
    burning=2,
    queue=QueueStatus(bytes=12_288, limit=64 << 20),
    store=StoreStatus(path="/var/lib/l/state.db", bytes=4_404_019),
    waking=WakingStatus(mode="inotify", watched=4),
    process=ProcessStatus(threads=7, resident_bytes=41 << 20, cpu_seconds=3.21),
)
TROUBLE = Remark(about="sink pager", text="down: HTTP 429", remedy="logwatch send pager")
BAD = replace(STATUS, well=False, troubles=(TROUBLE,))


def shown(known, *, width=100, height=50, style=None, **flags) -> list[str]:
    return Screen(style or Style(), **flags).lines(known, NOW, width, height)


def test_a_healthy_daemon_says_so_first_and_then_how_far_it_is():
    assert shown(STATUS) == [
        "logwatch 1.0  web1  pid 811  up 3d 4h  live",
        "● all is well: 2 files followed, 12 KiB behind, 3 messages waiting, 2 alerts burning",
        "",
        "file               source  lines/s  behind  last read  state",
        "/srv/app.log       app         0.0  12 KiB          -  following, and 1 rotated",
        "/var/log/auth.log  auth        0.4     0 B     4m ago  following",
        "",
        "sink   kind     delivered  waiting  given up  state",
        "chat   webhook      1,031        0         0  well",
        "pager  webhook          0        3         1  down for 4m, next try in 41s",
        "",
        "rules    14, in 2 sources; /etc/l.yaml and 1 file more, generation 1",
        "engine   hyperscan 0.7.8, probes passed; 1 pattern runs on every line (odd)",
        "audit    2,400 answers on 1,200 lines compared with Python's re: 0 differences",
        "queue    12 KiB of 64 MiB",
        "store    /var/lib/l/state.db, 4.2 MiB",
        "waking   inotify, 4 watched",
        "process  7 threads, 41 MiB of memory, 3.2 s of CPU",
    ]


def test_what_is_not_told_now_is_named_and_when_that_ends():
    """Silences each, the rest in one line; nothing where nothing is held."""
    held = HeldStatus(
        silences=(
            SilenceStatus(
                number=3,
                matchers=("rule=ssh-*", "ip=203.0.113.9"),
                author="ann",
                comment="pen test",
                until="2026-01-05T00:38:00.000Z",
            ),
            SilenceStatus(
                number=2, matchers=("rule=disk",), author="bob", until_resolved=("7f3a02" * 3,) * 5
            ),
        ),
        mutes=("patch-night",),
        withheld=1,
        groups=2,
        paced={"chat": 40},
    )
    lines = shown(replace(STATUS, held=held), width=200)
    held_back = "mute patch-night is in force, 1 alert hidden that burns, 2 groups open"
    assert lines[-7:-4] == [
        "silence  #3 ends in 38m; rule=ssh-* ip=203.0.113.9, by ann: pen test",
        "silence  #2 ends with 7f3a02 7f3a02 7f3a02 and 2 more; rule=disk, by bob",
        f"held     {held_back}, 40 alerts for chat wait for its rate or the backlog",
    ]


def test_all_is_well_is_not_said_while_matches_wait_to_be_judged():
    """What was read and not judged may burn; nor while the backlog is read."""
    waiting = replace(STATUS, queue=replace(STATUS.queue, messages=3))
    summary = " ".join(shown(waiting)[1:3])
    assert summary.startswith("● nothing is wrong so far: 2 files followed, 12 KiB behind, ")
    assert ", 3 blocks of matches not judged yet, 2 alerts burning" in summary
    backlog = replace(STATUS, phase="backlog")
    assert shown(backlog)[1].startswith("● nothing is wrong so far: 2 files")


def test_a_log_that_is_quiet_for_longer_than_usual_is_marked_and_noted():
    """Not only by its time."""
    quiet = replace(STATUS.files[0], quiet=True, usual_pause_seconds=20.2)
    status = replace(STATUS, files=(quiet,))
    note = diagnose(status)[1][0]
    assert (note.about, note.text) == (
        "file /var/log/auth.log",
        "quiet; usually something new every 20s",
    )
    lines = shown(replace(status, notes=(note,)))
    assert "! file /var/log/auth.log: quiet; usually something new every 20s" in lines
    assert "/var/log/auth.log  auth        0.4     0 B     4m ago  ! quiet" in lines


def test_many_quiet_logs_are_summed_up():
    """A network that is away silences hundreds."""
    files = tuple(
        replace(STATUS.files[0], path=f"/var/log/{n}.log", quiet=True, usual_pause_seconds=20.0)
        for n in range(30)
    )
    notes = diagnose(replace(STATUS, files=files))[1]
    assert "20 more are quiet, and usually are not" in [each.text for each in notes]
    assert sum(each.text.startswith("quiet") for each in notes) == 10


def test_trouble_comes_before_everything_else_with_its_remedy():
    lines = shown(replace(BAD, notes=(Remark(about="config", text="changed on disk"),)))
    assert lines[1:7] == [
        "✗ 1 thing is wrong",
        "",
        "✗ sink pager: down: HTTP 429",
        "    → logwatch send pager",
        "",
        "! config: changed on disk",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 120, 250])
def test_no_line_is_wider_than_the_terminal(width):
    deep = FileStatus(path="/srv" + "/very/deep" * 30, sources=("app",), status="denied")
    long = Remark(about="file " + deep.path, text="word " * 60, remedy="type " * 60)
    sink = SinkStatus(name="s" * 60, kind="webhook")
    status = replace(
        BAD, files=(deep, *STATUS.files), troubles=(long,), sinks=(sink, *STATUS.sinks)
    )
    assert max(map(len, shown(status, width=width))) <= width


def test_of_a_long_path_the_end_is_shown():
    deep = FileStatus(path="/srv" + "/deep" * 30 + "/app.log", sources=("a",), status="following")
    (line,) = [
        each for each in shown(replace(STATUS, files=(deep,)), width=60) if "app.log" in each
    ]
    assert line.startswith("…")


def files(number, **changes):
    return tuple(replace(STATUS.files[0], path=f"/log/{n:04}", **changes) for n in range(number))


def test_a_thousand_files_fill_the_screen_and_no_more():
    lines = shown(replace(STATUS, files=files(1000)), height=40)
    assert len(lines) == 40
    assert any("0 B behind; -a lists all" in line for line in lines)


def test_on_a_small_terminal_a_few_files_are_shown_all_the_same():
    lines = shown(replace(STATUS, files=files(1000)), height=5)
    assert sum(line.startswith("/log/") for line in lines) == 5


def test_all_files_are_listed_where_they_are_asked_for():
    lines = shown(replace(STATUS, files=files(1000)), every_file=True)
    assert sum(line.startswith("/log/") for line in lines) == 1000


def test_files_in_trouble_come_first_then_those_behind_then_the_busy_ones():
    some = [
        replace(STATUS.files[0], path="/quiet", last_read=None),
        replace(STATUS.files[0], path="/busy", last_read="2026-01-04T23:59:59.000Z"),
        STATUS.files[0],
        STATUS.files[1],
        replace(STATUS.files[0], path="/waiting", status="waiting"),
        replace(STATUS.files[0], path="/denied", status="denied"),
        replace(STATUS.files[0], path="/hangs", status="not answering"),
        replace(STATUS.files[0], path="/dead", status="dead"),
    ]
    lines = shown(replace(STATUS, files=tuple(some)))
    paths = [line.split()[0] for line in lines if line.startswith("/")]
    order = ["/dead", "/hangs", "/denied", "/waiting", "/srv/app.log", "/busy", "/var/log/auth.log"]
    assert paths == [*order, "/quiet"]


def test_every_state_of_a_file_has_its_place():
    """In the order of the screen, and in the page about it."""
    known = {
        name
        for alternative in get_args(get_type_hints(FileStatus)["status"])
        for name in (get_args(alternative) or [alternative])
    }
    page = Path(__file__).parents[2] / "docs" / "status.md"
    assert known == set(FILE_ORDER)
    assert {name for name in known if f"`{name}`" not in page.read_text()} == set()


def test_names_and_reasons_cannot_steer_the_terminal():
    evil = "\x1b[2J\x07\u202e"
    status = replace(
        BAD,
        host=evil,
        troubles=(Remark(about=evil, text=evil, remedy=evil),),
        notes=(Remark(about=evil, text=evil),),
        files=(replace(STATUS.files[0], path=evil, sources=(evil,)),),
        sinks=(SinkStatus(name=evil, kind=evil),),
        engines=(replace(STATUS.engines[0], reason=evil),),
        config=ConfigStatus(files=(evil,)),
        held=HeldStatus(
            silences=(SilenceStatus(number=1, matchers=(evil,), author=evil, comment=evil),),
            mutes=(evil,),
        ),
    )
    text = "".join(shown(status))
    assert text.isprintable()
    absence = Absence(state=evil, sinks=(WaitingSink(name=evil, waiting=1, given_up=0),))
    assert "".join(shown(absence)).isprintable()


def test_colour_only_where_it_is_wanted_and_never_alone():
    assert "\x1b" not in "".join(shown(BAD))
    colored = shown(BAD, style=Style(color=True))
    assert colored[1] == "\x1b[31m✗ 1 thing is wrong\x1b[0m"


def test_a_terminal_without_the_marks_gets_others():
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    lines = shown(BAD, style=Style.of(ascii_only, color=False))
    assert "\n".join(lines).isascii()
    assert lines[1] == "x 1 thing is wrong"


def test_what_nobody_knows_is_a_question_mark():
    status = replace(
        STATUS,
        sinks=(SinkStatus(name="chat"),),
        store=StoreStatus(path="/s", bytes=None),
        engines=(),
        files=(),
    )
    lines = shown(status)
    assert any(line.split()[:4] == ["chat", "0", "?", "?"] for line in lines)
    assert "store    /s, ?" in lines
    assert "engine   none yet: no file is followed" in lines


def test_several_matchers_with_one_engine_make_one_line():
    other = replace(STATUS.engines[0], sources=("web",), rules=3)
    lines = shown(replace(STATUS, engines=(*STATUS.engines, other)))
    assert sum(line.startswith("engine") for line in lines) == 1
    assert "audit    4,800 answers on 2,400 lines compared with Python's re: 0 differences" in lines


def test_the_rule_that_takes_most_is_named_once_it_takes_a_second():
    """Over all that it looks at."""
    first = replace(STATUS.engines[0], bytes=1 << 30, rule_seconds={"5xx": 0.7, "ssh": 0.9})
    second = replace(first, sources=("web",), rule_seconds={"5xx": 0.5})
    lines = shown(replace(STATUS, engines=(first, second)))
    assert "slowest  rule 5xx, 1.2 s of CPU in its searches of 2 GiB" in lines
    assert not any(line.startswith("slowest") for line in shown(replace(STATUS, engines=(first,))))


def test_two_answers_of_one_life_tell_how_fast_it_reads():
    screen = Screen(Style())
    assert "/s" not in screen.lines(STATUS, NOW, 100, 50)[0]
    later = replace(
        STATUS,
        up_seconds=STATUS.up_seconds + 2,
        files=(STATUS.files[0], replace(STATUS.files[1], offset=10 + 4096)),
    )
    assert "2 KiB/s" in screen.lines(later, NOW + 2, 100, 50)[0]
    assert "/s" not in screen.lines(replace(later, pid=900), NOW + 2, 100, 50)[0]


# -- nobody there -------------------------------------------------------------------------------


def test_where_none_runs_it_says_since_when_and_what_waits():
    absence = Absence(
        state="/var/lib/l",
        last_seen=EARLIER,
        ended_in_order=True,
        sinks=(WaitingSink(name="pager", waiting=3, given_up=1),),
    )
    lines = shown(absence)
    assert lines[0] == "logwatch is not running"
    assert lines[1].endswith("4m ago: it stopped in order")
    assert lines[2:] == [
        "  store /var/lib/l",
        "  sink pager: 3 messages waiting, 1 given up",
        "  → systemctl start logwatchd, or: logwatch run",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"last_seen": EARLIER, "ended_in_order": False}, "it was killed, or the machine stopped"),
        ({"last_seen": None}, "it has never run with this store"),
        ({"last_seen": EARLIER, "pid": 811}, "(pid 811) does not answer"),
        ({"last_seen": EARLIER, "pid": 811}, "kill -USR1 811"),
    ],
)
def test_it_tells_how_it_ended(changes, words):
    assert words in "\n".join(shown(Absence(state="/s", **changes)))


# -- exit status and watching ---------------------------------------------------------------------


def test_the_exit_status_says_well_wrong_or_not_there():
    assert verdict(STATUS) is Exit.DONE
    assert verdict(BAD) is Exit.NO
    assert verdict(Absence(state="/s")) is Exit.UNREACHABLE


def test_it_looks_every_two_seconds_until_it_is_enough():
    waits, drawn = [], []

    def wait(seconds):
        waits.append(seconds)
        return len(waits) == 3

    watch(lambda: (STATUS, b""), drawn.append, wait)
    assert waits == [status_verb.EVERY_SECONDS] * 3 == [2.0] * 3
    assert drawn == [STATUS] * 3


@pytest.fixture
def terminal():
    """Both ends of a terminal: what the person sees and types, what the program has."""
    person, program = pty.openpty()
    with (
        os.fdopen(person, "r+b", buffering=0) as outer,
        os.fdopen(program, "r+b", buffering=0) as inner,
    ):
        yield outer, io.TextIOWrapper(inner, encoding="utf-8", write_through=True)


@pytest.mark.parametrize(("key", "enough"), [(b"q", True), (b"Q", True), (b"x", False)])
def test_a_key_ends_it_at_once_and_another_only_draws_anew(terminal, key, enough):
    outer, inner = terminal
    with full_screen(inner, inner) as taken:
        assert not taken.wait(0)
        outer.write(key)
        assert taken.wait(5) is enough


def test_the_terminal_is_given_back_as_it_was(terminal):
    outer, inner = terminal
    before = termios.tcgetattr(inner)
    with suppress(KeyboardInterrupt), full_screen(inner, inner) as taken:
        assert termios.tcgetattr(inner) != before
        taken.draw(["one", "two"])
        raise KeyboardInterrupt
    assert termios.tcgetattr(inner) == before
    seen = b""
    while not seen.endswith(b"\x1b[?25h\x1b[?1049l"):
        seen += os.read(outer.fileno(), 1000)
    assert seen.startswith(b"\x1b[?1049h\x1b[?25l\x1b[Hone\x1b[K")


def test_what_does_not_fit_below_is_left_out(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setenv("LINES", "3")
    monkeypatch.setenv("COLUMNS", "20")
    Terminal(None, stream).draw(["1", "2", "3", "4"])
    assert stream.getvalue() == "\x1b[H1\x1b[K\n2\x1b[K\n3\x1b[K\x1b[J"


def test_without_a_terminal_there_is_nothing_to_draw_on():
    with pytest.raises(UsageError, match="-o json"), full_screen(io.StringIO(), io.StringIO()):
        pass


def test_a_terminal_without_a_keyboard_waits_by_the_clock_alone(terminal):
    _, inner = terminal
    with full_screen(io.StringIO(), inner) as taken:
        assert not taken.wait(0.01)


# -- figures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0.9, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (3900, "1h 5m"),
        (86_399, "23h 59m"),
        (90_000, "1d 1h"),
        (400 * 86_400, "400d"),
    ],
)
def test_durations_have_two_units_at_most(seconds, text):
    assert rough(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "?"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (200 << 20, "200 MiB"),
        (5 << 40, "5 TiB"),
        (5 << 50, "5120 TiB"),
    ],
)
def test_sizes_have_a_unit(amount, text):
    assert size(amount) == text


@pytest.mark.parametrize(
    ("per_second", "text"),
    [
        (1234.5, "1,234 lines/s"),
        (10, "10 lines/s"),
        (0.44, "0.4 lines/s"),
        (0.01, "36 lines/h"),
        (1 / 7200, "12 lines/day"),
        (1e-9, "less than a line/day"),
    ],
)
def test_a_pace_has_the_unit_in_which_it_is_a_figure(per_second, text):
    assert pace(per_second) == text


def test_one_is_not_many():
    assert [number(n, "directory", "directories") for n in (0, 1, 2000)] == [
        "0 directories",
        "1 directory",
        "2,000 directories",
    ]


def test_what_never_was_is_no_time_ago():
    assert ago(None, NOW) == "-"
