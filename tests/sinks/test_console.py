"""What a person sees, and that a log cannot steer it."""

from __future__ import annotations

import io
import sys
import time

import pytest

from logwatch.errors import SinkError
from logwatch.records import AlertContext, AlertLine, Delivered, Group, Member, Retry
from logwatch.sinks import KINDS
from logwatch.sinks.colors import wants_color
from logwatch.sinks.console import ConsoleSettings, ConsoleSink, local_time


class Stream(io.TextIOWrapper):
    def __init__(self, encoding="utf-8", terminal=False):
        super().__init__(io.BytesIO(), encoding=encoding, newline="")
        self._terminal = terminal

    def isatty(self):
        return self._terminal

    @property
    def text(self):
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture(autouse=True)
def paris(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def shown(notification, *, encoding="utf-8", color=False, **settings):
    stream = Stream(encoding)
    sink = ConsoleSink(ConsoleSettings(**settings), stream, color=color)
    assert sink.deliver([notification]) == Delivered()
    return stream.text


def test_an_alert_is_one_readable_entry(notification):
    assert shown(notification(suppressed=1418)) == (
        "▲ 2026-01-05 02:01:30 ssh-guessing warning: 5 failed logins from 203.0.113.9"
        " (1,418 more held back)\n"
        "    /var/log/auth.log:1234 Failed\n"
    )


@pytest.mark.parametrize(
    ("status", "start", "ascii_start", "state"),
    [
        ("firing", "▲ ", "! ", "warning: "),
        ("updated", "△ ", "~ ", "warning updated: "),
        ("resolved", "✓ ", "+ ", "warning resolved: "),
    ],
)
def test_the_status_shows_with_and_without_unicode(notification, status, start, ascii_start, state):
    one = notification(status=status)
    assert shown(one).startswith(start)
    assert state in shown(one)
    assert shown(one, encoding="ascii").startswith(ascii_start)


def test_what_the_encoding_lacks_is_escaped(notification):
    assert "caf\\xe9 \\u20ac" in shown(notification(message="café €"), encoding="ascii")


def test_so_many_lines_are_quoted_and_the_rest_counted(notification):
    lines = [AlertLine("/a", n, "", f"line {n}") for n in range(5)]
    text = shown(notification(lines=lines), lines=2)
    assert text.splitlines()[1:] == ["    /a:0 line 0", "    /a:1 line 1", "    and 3 more"]
    assert shown(notification(lines=lines), lines=0).count("\n") == 1


def test_hostile_text_is_never_sent_raw(notification):
    hostile = "\x1b[2J\x1b]0;x\x07\r\n\u202e\u200b\x9b\0"
    text = shown(
        notification(
            message=hostile, rule=hostile, lines=[AlertLine("/tmp/" + hostile, 1, "", hostile)]
        )
    )
    assert text.replace("\n", "").isprintable()
    assert text.count("\n") == 3  # the record has two lines
    assert text.splitlines()[2].startswith("        <U+202E>")
    assert "␛[2J␛]0;x␇␍␊<U+202E><U+200B><U+009B>␀" in text


def test_a_long_message_and_a_long_line_are_cut_visibly(notification):
    text = shown(notification(message="m" * 100_000, lines=[AlertLine("/a", 1, "", "t" * 100_000)]))
    assert len(text) < 3000
    assert "[… 98,000 characters …]" in text
    assert "[… 99,500 characters …]" in text


def test_colour_is_reset_by_each_end(notification):
    text = shown(notification(severity="critical"), color=True)
    assert "\x1b[1;31m▲\x1b[0m" in text
    assert text.count("\x1b[") == 2 * text.count("\x1b[0m")


@pytest.mark.parametrize(
    ("choice", "environment", "terminal", "colored"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_is_used_where_it_is_wanted(choice, environment, terminal, colored):
    assert wants_color(choice, Stream(terminal=terminal), environment) is colored


def test_a_reader_that_went_away_is_an_outcome(notification):
    class Broken(Stream):
        broken = True

        def flush(self):
            if self.broken:
                raise BrokenPipeError(32, "Broken pipe")

    stream = Broken()
    sink = ConsoleSink(ConsoleSettings(), stream, color=False)
    assert sink.deliver([notification()]) == Retry("cannot print: Broken pipe")
    stream.broken = False


def test_a_closed_stream_is_an_outcome(notification):
    stream = Stream()
    sink = ConsoleSink(ConsoleSettings(), stream, color=False)
    stream.close()
    assert sink.deliver([notification()]) == Retry("cannot print: the stream is closed")


def test_the_kind_prints_to_the_stream_of_its_settings(notification, capsys):
    sink = KINDS["console"].make(ConsoleSettings(stream="stderr", color="never"))
    sink.deliver([notification()])
    assert capsys.readouterr().err.startswith("▲ ")


def test_a_process_without_stdout_cannot_have_it(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SinkError, match="no stdout"):
        KINDS["console"].make(ConsoleSettings())


def test_a_stamp_that_is_none_is_shown_as_it_is():
    assert local_time("soon\x1b") == "soon␛"


def test_fewer_than_no_lines_are_refused():
    with pytest.raises(ValueError, match="0 or more"):
        ConsoleSettings(lines=-1)


def test_context_stands_around_the_first_line_and_is_marked(notification):
    """Also without colour; a line that is quoted anyhow is not there twice."""
    lines = [AlertLine("/a", n, "", f"line {n}") for n in range(5)]
    context = AlertContext(before=(lines[0], lines[1]), after=(lines[3], lines[4]))
    one = notification(lines=[lines[2], lines[4]], context=context)
    assert shown(one).splitlines()[1:] == [
        "    /a:0 │ line 0",
        "    /a:1 │ line 1",
        "    /a:2 line 2",
        "    /a:3 │ line 3",
        "    /a:4 line 4",
    ]
    assert "    /a:3 | line 3\n" in shown(one, encoding="ascii")
    assert "\x1b[2m    /a:3 │ line 3\x1b[0m\n" in shown(one, color=True)
    assert shown(one, lines=0).count("\n") == 1


def test_a_message_of_several_alerts_names_some_of_them(notification):
    member = Member(
        id="7", seq=1, status="firing", rule="disk-error", severity="critical",
        message="I/O error\x1b[2J", source="kern", host="db1", key={}, count=2, first="", last="",
    )  # fmt: skip
    group = Group(
        kind="group", by={}, alerts=12, burning=3, rules={"disk-error": 12}, members=(member,) * 11
    )
    one = notification(message="12 alerts: disk-error 12", group=group, lines=[], rule="disk-error")
    head, *members = shown(one).splitlines()
    assert head.endswith("disk-error warning: 12 alerts: disk-error 12 (3 of them burning)")
    assert members == [
        *["    ▲ disk-error critical on db1/kern: I/O error␛[2J (2 times)"] * 10,
        "    and 2 more",
    ]
    assert "\n    ! disk-error critical on db1/kern" in shown(one, encoding="ascii")


def test_the_only_alert_of_a_message_is_told_as_itself(notification):
    group = Group(kind="group", by={}, alerts=1, burning=1, rules={}, members=())
    assert shown(notification(group=group)) == shown(notification())


def test_a_record_of_several_lines_is_set_in_below_its_first(notification):
    text = "Traceback:\n  File x\n\x1b[2J▲ 2026-01-05 forged\n"
    assert shown(notification(lines=[AlertLine("/a", 5, "", text)])).splitlines()[1:] == [
        "    /a:5 Traceback:",
        "          File x",
        "        ␛[2J▲ 2026-01-05 forged",
    ]


def test_a_test_is_marked(notification):
    one = notification(message="[TEST] hello", labels={"test": "true"}, rule="logwatch.test")
    assert "logwatch.test warning: [TEST] hello" in shown(one)
