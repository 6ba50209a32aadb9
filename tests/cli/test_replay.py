"""`logwatch replay`: the screen, the JSON, and what is said where it cannot be."""

from __future__ import annotations

import gzip
import io
import json
import sys
import time
from datetime import UTC, datetime

import pytest
from doubles import shell

from logwatch.cli.main import run_command_line
from logwatch.cli.replay_tally import MOST_BINS, Histogram, Quieter
from logwatch.cli.sparkline import ASCII_LEVELS, LEVELS, scale, sparkline

START = datetime(2026, 1, 5, tzinfo=UTC).timestamp()

CONFIG = """\
state: FOLDER/state
sources:
  auth: {path: FOLDER/auth.log}
  app: {path: FOLDER/app.log}
rules:
- {name: guessing, in: auth, match: 'Failed for (?P<ip>\\S+)', by: ip, when: 3 in 1m}
- {name: error, in: app, match: 'ERROR (?P<what>.*)', by: what, cooldown: 1m}
- {name: oom, match: 'Out of memory', severity: critical}
- {name: quiet, in: app, match: 'ERROR', mode: shadow, cooldown: 0}
- {name: both, all_of: [guessing, error], within: 5m}
sinks:
  chat: {jsonl_file: {path: FOLDER/chat.jsonl}}
  pager: {jsonl_file: {path: FOLDER/pager.jsonl}}
routes:
- {if: {rule: guessing}, to: [chat, pager]}
- {to: chat}
"""


def lines(*written: tuple[float, str]) -> bytes:
    def stamp(at: float) -> str:
        return datetime.fromtimestamp(START + at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    return "".join(f"{stamp(at)} {text}\n" for at, text in written).encode()


AUTH = lines(*((3600 * hour + 10 * n, "Failed for x") for hour in (0, 1, 5) for n in range(4)))
APP = lines(*((7200 + 20 * number, "ERROR boom") for number in range(7)), (6 * 3600, "fine"))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    shell.at_home(tmp_path, monkeypatch)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    (tmp_path / "logwatch.yaml").write_text(CONFIG.replace("FOLDER", str(tmp_path)))
    (tmp_path / "auth.log").write_bytes(AUTH)
    (tmp_path / "app.log").write_bytes(APP)
    yield tmp_path
    monkeypatch.undo()
    time.tzset()


def logwatch(capsys, *words):
    return shell.logwatch(capsys, "replay", *words)


def test_one_row_for_each_rule(capsys, here):
    status, out, err = logwatch(capsys)
    assert (status, err) == (0, "")
    assert (
        out
        == f"""\
2 sources, 2 files, {len(AUTH + APP)} B, 20 lines
2026-01-05 00:00:00 to 2026-01-05 06:00:00, by the stamps of the lines
rule        fired  Jan 05 00:00 - Jan 05 06:30, each 30m  would have told
guessing        3  {"█·█·······█··":<37}  chat 6, pager 6
error           3  {"····█········":<37}  chat 5, held by cooldown 4
oom             0  {"·············":<37}  never: no line matched  logwatch try oom
quiet           7  {"····█········":<37}  nobody: shadow 7
both            0  {"·············":<37}  never: its rules did not fire so
nothing was sent
"""
    )
    assert not (here / "state").exists()
    assert not list(here.glob("*.jsonl"))


def test_the_sums_for_programs(capsys):
    status, out, _ = logwatch(capsys, "-o", "json")
    told = json.loads(out)
    assert status == 0
    assert (told["schema"], told["sent"], told["files"], told["lines"]) == (1, 0, 2, 20)
    assert (told["first"], told["last"]) == ("2026-01-05T00:00:00.000Z", "2026-01-05T06:00:00.000Z")
    assert told["step_seconds"] == 1800
    guessing = told["rules"][0]
    assert guessing == {
        "rule": "guessing",
        "matched": 12,
        "fired": 3,
        "over_time": [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
        "told": {"chat": 6, "pager": 6},
        "muted": {},
        "unrouted": 0,
        "held_by_cooldown": 0,
        "hint": None,
    }
    assert told["rules"][3]["muted"] == {"shadow": 7}


def test_each_alert_as_it_would_have_been_written(capfdbinary, here):
    assert run_command_line(["replay", "-o", "ndjson"]) == 0
    told = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert {each["rule"] for each in told} == {"guessing", "error"}
    assert [each["at"] for each in told] == sorted(each["at"] for each in told)
    assert not any(each["late"] for each in told)


def test_an_end_that_a_group_tells_of_is_no_message_that_no_route_takes(capsys, here):
    text = (here / "logwatch.yaml").read_text()
    route = "{if: {rule: guessing}, to: [chat, pager]"
    (here / "logwatch.yaml").write_text(text.replace(route, f"{route}, group: [rule], wait: 1s"))
    until = ["--until", "2026-01-05T06:00"]
    _, out, _ = logwatch(capsys, "auth.log", *until)
    row = next(line for line in out.splitlines() if line.startswith("guessing"))
    assert "chat 6 alerts put together with others" in row
    assert "no route" not in row
    run_command_line(["replay", "-o", "ndjson", "auth.log", *until])
    statuses = [json.loads(line)["status"] for line in capsys.readouterr().out.splitlines()]
    assert statuses == ["firing", "resolved"] * 3


def test_one_line_for_each_alert(capsys):
    _, out, _ = logwatch(capsys, "--list", "app.log")
    listed = out.splitlines()[:3]
    assert listed == [
        "2026-01-05 02:00:00  ▲ error  warning  2026-01-05T02:00:00Z ERROR boom  (to chat)",
        "2026-01-05 02:00:00  ▲ quiet  warning  2026-01-05T02:00:00Z ERROR boom  (muted by shadow)",
        "2026-01-05 02:00:20  ▲ quiet  warning  2026-01-05T02:00:20Z ERROR boom  (muted by shadow)",
    ]


def test_only_a_part_of_the_past(capsys):
    words = ("--since", "2026-01-05T00:30", "--until", "2026-01-05T01:30", "-o", "json")
    _, out, _ = logwatch(capsys, *words)
    told = json.loads(out)
    assert [each["fired"] for each in told["rules"]] == [1, 0, 0, 0, 0]
    assert (told["first"][11:16], told["last"][11:16]) == ("00:30", "01:30")


def test_the_past_is_counted_from_now(capsys):
    _, out, _ = logwatch(capsys, "--since", "1h", "-o", "json")
    assert json.loads(out)["lines"] == 20
    assert not any(each["fired"] for each in json.loads(out)["rules"])


def test_rotated_and_compressed_files_come_along(capsys, here):
    (here / "auth.log.1").write_bytes(lines((-3600, "Failed for y")))
    (here / "auth.log.2.gz").write_bytes(gzip.compress(lines((-7200, "Failed for y"))))
    _, out, _ = logwatch(capsys)
    assert out.startswith("2 sources, 4 files (1 compressed), ")
    _, out, _ = logwatch(capsys, "auth.log.2.gz", "auth.log.1")
    assert out.startswith("1 source, 2 files (1 compressed), 68 B, 2 lines\n2026-01-04 22:00:00 to")


def test_a_long_name_is_cut_in_its_middle(capsys, here):
    """To what fits beside the figures."""
    name = f"web-{'very-' * 12}slow"
    config = here / "logwatch.yaml"
    config.write_text(config.read_text().replace("name: oom", f"name: {name}"))
    _, out, _ = logwatch(capsys, "app.log")
    (row,) = [line for line in out.splitlines() if line.startswith("web-")]
    assert row.split()[0] == f"{name[:13]}…{name[-14:]}"


def test_a_file_that_is_not_there_is_said_not_to_be(capsys):
    """Not that nobody knows its source."""
    status, _, err = logwatch(capsys, "no-such.log")
    assert status == 2
    assert err.endswith("/no-such.log\n")
    assert "there is no file /" in err


def test_standard_input_needs_a_source(capsys, monkeypatch):
    def given():
        return io.TextIOWrapper(io.BytesIO(AUTH))

    monkeypatch.setattr(sys, "stdin", given())
    status, _, err = logwatch(capsys, "-")
    assert status == 2
    assert "say --source NAME: auth app" in err
    monkeypatch.setattr(sys, "stdin", given())
    status, out, _ = logwatch(capsys, "-", "--source", "auth", "-o", "json")
    assert status == 0
    assert json.loads(out)["rules"][0]["fired"] == 3


def test_against_an_old_configuration(capsys, here):
    old = CONFIG.replace("3 in 1m", "4 in 1m").replace("oom", "memory")
    old = old.replace("what, cooldown: 1m", "what, cooldown: 1h")
    (here / "old.yaml").write_text(old.replace("FOLDER", str(here)))
    status, out, _ = logwatch(capsys, "--against", "old.yaml")
    assert status == 0
    rows = [line.split() for line in out[out.index("before") :].splitlines()[1:-1]]
    assert rows == [
        ["guessing", "6", "6", "6", "6"],
        ["error", "2", "5", "1", "4"],
        ["oom", "0", "0", "0", "0", "a", "new", "rule"],
        ["quiet", "0", "0", "0", "0", "as", "before"],
        ["both", "0", "0", "0", "0", "as", "before"],
        ["memory", "0", "0", "0", "0", "is", "no", "rule", "any", "more"],
    ]
    _, out, _ = logwatch(capsys, "--against", "old.yaml", "-o", "json")
    assert json.loads(out)["against"]["rules"][0] == {
        "rule": "guessing",
        "is": "both",
        "before": 6,
        "now": 6,
        "gone": 6,
        "added": 6,
    }


def test_a_noisy_rule_is_told_what_would_help(capsys, here):
    (here / "app.log").write_bytes(lines(*((70 * number, "ERROR boom") for number in range(1200))))
    _, out, _ = logwatch(capsys, "app.log")
    assert "error       1,200" in out
    assert "noisy: try `cooldown: 5m` (then about 240)" in out


def test_files_that_cannot_be_read_are_named(capsys, here):
    (here / "app.log.1.gz").write_bytes(gzip.compress(APP)[:40])
    status, out, err = logwatch(capsys, "app.log.1.gz", "app.log")
    assert status == 0
    assert err == f"logwatch replay: {here}/app.log.1.gz: {EOF}\n"
    assert "error           3" in out
    status, _, err = logwatch(capsys, "auth.log.7")
    assert status == 2
    assert "auth.log.7: No such file or directory" in err


EOF = "Compressed file ended before the end-of-stream marker was reached"


def test_a_stamp_that_is_not_there_is_said(capsys, here):
    (here / "app.log").write_bytes(b"ERROR boom\n")
    _, out, _ = logwatch(capsys, "app.log")
    assert f"no stamps in {here}/app.log: its lines are as old as the file's last change" in out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--list", "-o", "json"], "--list is for people"),
        (["--against", "logwatch.yaml", "-o", "ndjson"], "--against gives sums"),
        (["--since", "soon"], "'soon' is no time"),
        (["--source", "nowhere"], "no source 'nowhere'; there are: auth app"),
        (["logwatch.yaml"], "of no source that is known"),
    ],
)
def test_wrong_usage(capsys, words, reason):
    status, out, err = logwatch(capsys, *words)
    assert (status, out) == (2, "")
    assert reason in err


def test_nothing_to_read(capsys, here):
    (here / "auth.log").unlink()
    (here / "app.log").unlink()
    status, _, err = logwatch(capsys)
    assert status == 2
    assert "no source has a file now" in err


def test_a_source_that_is_no_file_is_named(capsys, here):
    """What came to it is with others; who has it can say where."""
    config = here / "logwatch.yaml"
    journal = "sources:\n  journal: {journald: all}\n"
    config.write_text(config.read_text().replace("sources:\n", journal))
    status, _, err = logwatch(capsys)
    assert status == 0
    assert err == (
        "logwatch replay: journal: no file, so not looked into;"
        " --source journal FILE takes lines that you kept\n"
    )


def test_a_broken_configuration(capsys, here):
    (here / "logwatch.yaml").write_text("rules: [{name: x, match: '('}]\n")
    assert logwatch(capsys)[0] == 78


def test_hostile_text_moves_no_cursor(capsys, here):
    (here / "app.log").write_bytes(lines((0, "ERROR \x1b[2J\x1b]0;owned\x07 \u202e")))
    _, out, _ = logwatch(capsys, "--list", "app.log")
    assert "owned" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_a_screen_without_those_characters(capsys, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert run_command_line(["replay", "--list"]) == 0
    sys.stdout.flush()
    out = raw.getvalue().decode("ascii")
    assert "f guessing" in out
    assert "guessing        3  @ @       @   " in out


def test_the_highest_column_is_full_and_one_is_seen():
    assert sparkline([0, 1, 8, 1000], ascii_only=False) == "·▁▁█"
    assert sparkline([0, 1, 8], ascii_only=False) == "·▁█"
    assert sparkline([0, 1, 8], ascii_only=True) == " _@"
    assert sparkline([], ascii_only=False) == ""
    assert len(LEVELS) == len(ASCII_LEVELS)


@pytest.mark.parametrize("seconds", [0, 1, 59, 3600, 86_400, 7 * 86_400, 400 * 86_400, 1e10])
def test_columns_hold_all_of_the_past(seconds):
    found = scale(START + 7, START + 7 + seconds)
    assert found.start <= START + 7
    assert found.start + found.step * found.columns > START + 7 + seconds
    assert 1 <= found.columns <= 31


def test_a_histogram_stays_small_and_forgets_none():
    histogram = Histogram()
    for number in range(100_000):
        histogram.add(START + number * 7.5)
    assert len(histogram._bins) <= MOST_BINS
    columns = histogram.columns(START, 75_000.0, 10)
    assert sum(columns) == 100_000
    assert all(abs(count - 10_000) < 200 for count in columns)


def test_longer_cooldowns_are_counted_for_each_key():
    quieter = Quieter(600.0)
    for number in range(100):
        quieter.add(str(number % 2), 60.0 * number)
    assert quieter.fired == {900.0: 14, 3600.0: 4, 21_600.0: 2, 86_400.0: 2}
