"""Lines on a terminal: what stands out, what is folded, and that nothing of a log is obeyed."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.cli.tail_colors import LEVELS, emphasise, highlight, level_of, worse_than
from logwatch.cli.tail_folding import Folding
from logwatch.cli.tail_labels import color_of, labels_of, namings_of
from logwatch.cli.tail_page import Line, as_lines
from logwatch.cli.tail_screen import MANY, STYLED, Screen, closing_line
from logwatch.errors import UsageError
from logwatch.matching.redaction import Redactor
from logwatch.matching.stock_secrets import STOCK_PATTERNS
from logwatch.sinks.plain_text import visible
from tests.doubles.hostile import TEXTS, alert_of

NOW = 1_767_614_400.0  # 2026-01-05T12:00:00Z
COLORS = re.compile(r"\x1b\[[0-9;]*m")


class Sink:
    """Stands for standard output."""

    is_pipe = False

    def __init__(self):
        self.data = b""

    def write(self, data):
        """See `Output.write`."""
        self.data += data

    def lines(self):
        """What was written since the last call."""
        text, self.data = self.data.decode(), b""
        return text.splitlines()


def screen(paths=("app.log",), **changes):
    """A screen, what it writes to, and how its lines are read."""
    out = Sink()
    one = Screen(out, **({"color": False} | changes))
    one.name(list(paths))
    return one, out, Folding(full=changes.get("full", False))


def show(data, path="app.log", now=NOW, **changes):
    """The lines that a screen shows for `data`."""
    one, out, folding = screen((path,), **changes)
    folding.learn_from(data, now)
    one.many(path, data, folding, now)
    one.close()
    return out.lines()


# -- hostile text --------------------------------------------------------------------------------


def harmless(text):
    """Whether a terminal would do nothing but print it."""
    return all(visible(each) == each for each in COLORS.sub("", text).split("\n"))


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("color", [True, False])
@pytest.mark.parametrize("full", [True, False])
def test_no_text_of_a_log_is_obeyed(name, color, full):
    """As a line, in a field, as a name of a rule or a file, in an event, in an alert."""
    text = TEXTS[name][:5000]
    one, out, folding = screen([text, "other"], color=color, full=full)
    data = text.encode("utf-8", "surrogatepass") + b"\n"
    one.many(text, data, folding, NOW)
    fields = json.dumps({"level": text, "msg": text, text: text, "stack": f"{text}\n{text}"})
    one.many(text, fields.encode() + b"\n", folding, NOW)
    one.lines(text, [Line(b"", f"Traceback {text}", (text,))], folding, NOW)
    one.many(
        text, f"Traceback (most recent call last):\n {text}\n{text}: x\n".encode(), folding, NOW
    )
    one.event(text, text)
    one.alert(alert_of(text), text)
    one.close()
    assert harmless(out.data.decode())


@given(data=st.binary(max_size=200))
def test_no_bytes_at_all_are_obeyed(data):
    """Whatever they are, one by one and in bulk."""
    one, out, folding = screen(color=True)
    one.many("app.log", data + b"\n", folding, NOW)
    one.many("app.log", (data + b"\n") * (MANY + 1), folding, NOW)
    one.close()
    assert harmless(out.data.decode())


def test_a_tab_is_blanks_and_a_carriage_return_at_the_end_nothing():
    """As a terminal shows them."""
    assert show(b"a\tb\r\n") == ["a       b"]


def test_a_line_without_end_is_cut_and_says_so():
    """Unless all of it is asked for."""
    (line,) = show(b"x" * 9_000 + b"\n")
    assert "[… 5,000 characters …]" in line
    assert show(b"x" * 9_000 + b"\n", full=True) == ["x" * 9_000]


# -- what stands out -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "painted"),
    [
        ("2026-01-05T10:00:00.123Z ERROR x", {"2026-01-05T10:00:00.123Z": "2", "ERROR": "1;31"}),
        ("Jan  5 10:00:00 web sshd[1]: x", {"Jan  5 10:00:00": "2"}),
        ("[warn] 203.0.113.9:4022 x", {"warn": "33", "203.0.113.9:4022": "36"}),
        ("from fe80::1 to x", {"fe80::1": "36"}),
        ("see https://x.example/y?z=1 now", {"https://x.example/y?z=1": "4"}),
        (
            "id 3f2504e0-4f89-11d3-9a0c-0305e82c3301 deadbeef0123",
            {"3f2504e0-4f89-11d3-9a0c-0305e82c3301": "35", "deadbeef0123": "35"},
        ),
        ("open /srv/shop/db.py: no", {"/srv/shop/db.py": "34"}),
        ("level=error took=3ms", {"level=": "2", "error": "1;31", "took=": "2"}),
        ("INFO ok", {"INFO": "32"}),
        ("information is not a level, 1.2.3 no address, 12:30 no time", {}),
    ],
)
def test_what_a_person_looks_for_has_a_colour(line, painted):
    """Without any configuration."""
    shown = highlight(line)
    found = re.findall(r"\x1b\[([0-9;]+)m(.*?)\x1b\[0m", shown)
    assert {text: color for color, text in found} == painted
    assert COLORS.sub("", shown) == line


def test_what_a_line_was_chosen_for_is_underlined():
    """The first place of each; what overlaps another is left out, and no character changes."""
    line = "Failed password for root from 203.0.113.9"
    shown = emphasise(line, ["root", "203.0.113.9", "203", "x", "nowhere"])
    assert re.findall(r"\x1b\[1;4m(.*?)\x1b\[0m", shown) == ["root", "203.0.113.9"]
    assert COLORS.sub("", shown) == line
    one, out, folding = screen(color=True, emphasis=lambda text: ("no db",))
    line = b'{"level":"error","msg":"no db","user":"bob"}'
    one.lines("app.log", [Line(line, line.decode(), ("down",), ("bob",))], folding, NOW)
    assert re.findall(r"\x1b\[1;4m(.*?)\x1b\[0m", out.lines()[0]) == ["no db", "bob"]


def test_after_its_time_the_rest_of_a_line_is_plain():
    """Whatever is in it."""
    line = "10.0.0.1 " * 100
    ticks = iter(range(10_000))
    shown = highlight(line, clock=lambda: next(ticks))
    assert COLORS.sub("", shown) == line
    assert 0 < shown.count("\x1b[36m") < 100


@given(st.text(alphabet="0123456789abcdef:./-=[]< ETERRO@%", max_size=300))
def test_colours_change_no_character(line):
    """Of any line."""
    assert COLORS.sub("", highlight(line)) == line
    assert COLORS.sub("", highlight(line, request=True)) == line


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-01-05 WARN x", "warning"),
        ("[error] 12#0: x", "error"),
        ('{"level":50,"msg":"x"}', "error"),
        ("lvl=dbg x", "debug"),
        ("<crit> x", "critical"),
        ("no errors at all", ""),
        ("INFORMATION", ""),
    ],
)
def test_a_level_is_known_in_any_spelling(line, level):
    """As programs write it."""
    assert level_of(line) == level


def test_what_is_as_bad_is_found_by_the_pattern_of_each_milder_level():
    """And by none of a worse one."""
    lines = {"info": "INFO x", "warning": "[warn] x", "error": "level=error", "critical": "FATAL"}
    for level in LEVELS:
        pattern = re.compile(worse_than(level))
        for other, line in lines.items():
            expected = LEVELS.index(other) >= LEVELS.index(level)
            assert bool(pattern.search(line)) == expected, (level, line)


# -- folding -------------------------------------------------------------------------------------


def test_json_is_one_line_that_a_person_reads():
    """Time here, level, message, the rest; what needs quotes has them."""
    line = {
        "ts": "2026-01-05T12:00:00Z",
        "level": "error",
        "msg": "no db",
        "user": "a b",
        "n": {"x": 1},
    }
    (shown,) = show(json.dumps(line).encode() + b"\n")
    assert re.fullmatch(r'\d\d:\d\d:\d\d  ERROR no db user="a b" n.x=1', shown)
    (shown,) = show(json.dumps(line).encode() + b"\n", full=True)
    assert shown == json.dumps(line)
    (shown,) = show(b'{"time":1767614400123,"level":50,"msg":"x"}\n')
    assert shown.endswith("  ERROR x")


def test_json_with_a_trace_in_a_field_is_folded_too():
    """Its first line and its last one are what a person needs."""
    trace = 'Traceback (most recent call last):\n  File "a"\n    b\nKeyError: 1'
    shown = show(json.dumps({"level": "error", "msg": "x", "exc_info": trace}).encode() + b"\n")
    assert shown == ["ERROR x", "┆ Traceback (most recent call last): … 3 more lines, KeyError: 1"]
    shown = show(json.dumps({"level": "error", "msg": f"x\n{trace}"}).encode() + b"\n")
    assert shown[0] == "ERROR x"


def test_broken_json_is_shown_as_it_is():
    """Nothing is guessed."""
    assert show(b'{"level":"error"\n') == ['{"level":"error"']
    assert show(b"[1,2]\n") == ["[1,2]"]


def test_logfmt_and_access_logs_are_folded():
    """Once it is clear that they are that."""
    lines = b"time=2026-01-05T12:00:00Z level=warn msg=slow took=3s\n" * 3
    assert [line.split("  ")[1] for line in show(lines)] == ["WARN slow took=3s"] * 3
    line = b'203.0.113.9 - - [05/Jan/2026:12:00:00 +0000] "GET /a?b HTTP/1.1" 502 1 "-" "x" 1.187\n'
    assert [each.split("  ")[1] for each in show(line * 3)] == ["203.0.113.9 GET /a 502 1.187s"] * 3


PYTHON = b"""ERROR x
Traceback (most recent call last):
  File "a.py", line 1, in f
    g()
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 2, in h
ValueError: y
INFO next
"""
JAVA = b"""ERROR x
java.lang.IllegalStateException: no
\tat com.example.A.b(A.java:1)
\tat com.example.A.c(A.java:2)
Caused by: java.lang.Error: boo
\t... 12 more
INFO next
"""
GO = b"""panic: no
goroutine 1 [running]:
main.f(0x1)
\t/srv/a.go:3 +0x1
main.main()
\t/srv/a.go:9 +0x2
INFO next
"""


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (
            PYTHON,
            [
                "ERROR x",
                "┆ Traceback (most recent call last): … 9 more lines, ValueError: y",
                "INFO next",
            ],
        ),
        (
            JAVA,
            [
                "ERROR x",
                "java.lang.IllegalStateException: no",
                "┆ at com.example.A.b(A.java:1) … 3 more lines, Caused by: java.lang.Error: boo",
                "INFO next",
            ],
        ),
        (GO, ["panic: no", "┆ goroutine 1 [running]: … 4 more lines", "INFO next"]),
        (b"a\n  indented\n  text\nb\n", ["a", "  indented", "  text", "b"]),
    ],
)
def test_a_trace_is_one_line(data, shown):
    """With what tells most at its end; text that is merely indented stays."""
    assert show(data) == shown
    assert len(show(data, full=True)) == data.count(b"\n")


def test_a_trace_waits_a_moment_for_one_more_line():
    """And no longer."""
    one, out, folding = screen()
    one.many("app.log", b"x\nTraceback (most recent call last):\n  File a\n", folding, NOW)
    assert out.lines() == ["x"]
    assert one.settle(NOW + 0.1) == pytest.approx(0.15)
    one.many("app.log", b"  File b\n", folding, NOW + 0.1)
    assert one.settle(NOW + 0.3) == pytest.approx(0.05)
    assert out.lines() == []
    assert one.settle(NOW + 0.36) is None
    assert out.lines() == ["┆ Traceback (most recent call last): … 2 more lines"]


def test_a_rule_that_takes_a_line_inside_a_trace_is_seen():
    """Folding hides lines, and no alerts."""
    one, out, folding = screen()
    one.lines("app.log", [Line(b"", "Traceback (most recent call last):", ("boom",))], folding, NOW)
    one.close()
    assert out.lines() == ["┆ ◂boom", "┆ Traceback (most recent call last):"]


# -- labels --------------------------------------------------------------------------------------


def test_a_label_is_as_short_as_it_can_be():
    """And never the same for two files."""
    paths = ["/var/log/nginx/shop.access.log", "/srv/shop/app.log", "/srv/pay/app.log", "-"]
    assert labels_of(paths) == dict(
        zip(paths, ["nginx/shop.access", "shop/app", "pay/app", "standard input"], strict=True)
    )
    assert labels_of(["/a/x.log", "/a/y.log"]) == {"/a/x.log": "x", "/a/y.log": "y"}
    assert labels_of(["/a/x.log", "/a/x.txt"]) == {"/a/x.log": "/a/x.log", "/a/x.txt": "/a/x.txt"}


def test_a_label_may_be_given():
    """By the name or the whole path."""
    namings = namings_of(["web=*access*", "pay=/srv/pay/*"])
    assert labels_of(["/l/access.log", "/srv/pay/app.log", "/x.log"], namings) == {
        "/l/access.log": "web",
        "/srv/pay/app.log": "pay",
        "/x.log": "x",
    }
    with pytest.raises(UsageError, match="NAME=GLOB"):
        namings_of(["web"])


def test_a_label_keeps_its_colour():
    """In every session, whatever else is followed."""
    assert color_of("app") == color_of("app")
    one, out, folding = screen(("app.log", "web.log"), color=True)
    one.many("app.log", b"x\n", folding, NOW)
    assert out.lines() == [f"\x1b[{color_of('app')}mapp\x1b[0m  x"]


def test_on_a_narrow_screen_labels_are_short():
    """The end of a name tells it from others."""
    paths = ("/srv/a-very-long-name-of-a-service.log", "/srv/another-long-name-of-a-service.log")
    one, out, folding = screen(paths, columns=80)
    one.many(paths[0], b"x\n", folding, NOW)
    assert len(out.lines()[0].split("  ")[0]) <= 16


def test_one_file_alone_needs_no_label():
    """Unless one is asked for."""
    assert show(b"x\n") == ["x"]
    assert show(b"x\n", headers=True) == ["app  x"]
    one, out, folding = screen(("a.log", "b.log"), headers=False)
    one.many("a.log", b"x\n", folding, NOW)
    assert out.lines() == ["x"]


# -- many lines, few characters ------------------------------------------------------------------


def test_of_a_burst_only_the_last_lines_have_colours():
    """All are there, in order, with their labels."""
    one, out, folding = screen(("app.log", "b.log"), color=True)
    data = b"".join(b"INFO %d\n" % number for number in range(3_000))
    one.many("app.log", data, folding, NOW)
    shown = out.lines()
    plain = [COLORS.sub("", line) for line in shown]
    assert plain == [f"app  INFO {number}" for number in range(3_000)]
    assert sum("\x1b[32mINFO" in line for line in shown) == STYLED


@pytest.mark.parametrize("lines", [1, 2_000])
@pytest.mark.parametrize("full", [True, False])
def test_what_is_to_be_hidden_is_not_shown(lines, full):
    """In a burst and in folded lines, too."""
    one, out, folding = screen(full=full)
    one.hide(Redactor(STOCK_PATTERNS).text)
    plain = b"login password=hunter2 ok\n" * lines
    folded = b'{"level":"error","msg":"x","token":"hunter2"}\n'
    for data in (plain, folded):
        one.many("app.log", data, folding, NOW)
        one.lines("app.log", as_lines(data), folding, NOW)
    one.close()
    assert b"hunter2" not in out.data
    assert out.data.count(b"[redacted]") == 2 * lines + 2


def test_in_a_burst_too_what_a_rule_takes_is_marked():
    """Nothing is hidden by there being much of it."""
    one, out, folding = screen()
    lines = [Line(b"%d" % number, str(number)) for number in range(2_000)]
    lines[7] = lines[7]._replace(rules=("boom",))
    one.lines("app.log", lines, folding, NOW)
    shown = out.lines()
    assert shown[6:9] == ["6", "7  ◂boom", "8"]
    assert len(shown) == 2_000


def test_without_unicode_other_marks_stand_for_the_signs():
    """Meaning is never lost to a locale."""
    one, out, folding = screen(encoding="ascii")
    one.many(
        "app.log", "caf\u00e9\nTraceback (most recent call last):\n x\n".encode(), folding, NOW
    )
    one.close()
    one.event("app.log", "rotated")
    assert out.lines() == [
        "caf\\xe9",
        "| Traceback (most recent call last): ... 1 more line",
        "-- app.log rotated",
    ]
    assert closing_line({"files": 3, "lines": 12_311, "alerts": 1, "lost": 0}, "ascii") == (
        "3 files | 12 311 lines | 1 alert | 0 lost"
    )
    assert closing_line({"files": 1, "lines": 0}, "utf-8") == "1 file · 0 lines"


def test_lines_keep_their_bytes():
    """Also where they are no text."""
    assert as_lines(b"a\xff\n\nb") == [Line(b"a\xff", "a\\xff"), Line(b"", ""), Line(b"b", "b")]
