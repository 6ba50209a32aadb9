"""Which lines are shown: the same that a rule takes, at the place in the file where they begin."""

from __future__ import annotations

import argparse
import re
from datetime import datetime

import pytest
from doubles.examples import examples
from doubles.tail_request import FOLLOWING
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from logwatch.cli.tail_as_rule import as_rule
from logwatch.cli.tail_choice import Choice
from logwatch.cli.tail_filters import wanted_by
from logwatch.cli.tail_folding import Folding
from logwatch.cli.tail_leaves import Leaves
from logwatch.cli.tail_page import Taken
from logwatch.cli.tail_positions import begin_at
from logwatch.cli.tail_rules import Rules, past_block
from logwatch.cli.tail_time import TimeSpan
from logwatch.cli.when import moment
from logwatch.clock import ManualClock, Moment
from logwatch.config.loader import from_text

NOW = 1_767_614_400.0  # 2026-01-05T12:00:00Z
MOMENT = Moment(NOW, NOW)
REQUEST = FOLLOWING._replace(files=("a",), amount=2)
WORDS = ["ERROR", "[warn]", "db", "x", "OOM", "level=error", "/health", "it's"]
LINES = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join), max_size=9)


def flags(**given_flags):
    """What argparse makes of a command line."""
    usual = {"match": [], "exclude": [], "level": None, "where": [], "cooldown": "1m", "to": None}
    return argparse.Namespace(**(usual | {"files": ["/var/log/app.log"]} | given_flags))


@given(LINES, st.lists(st.sampled_from(WORDS), max_size=2), st.sampled_from(["", "\n", "\r\n"]))
def test_lines_that_are_not_looked_at_one_by_one_are_the_same(lines, patterns, ending):
    """Those that patterns alone choose are shown as they are."""
    data = "\n".join(lines).encode() + ending.encode()
    options = flags(match=[re.escape(each) for each in patterns], exclude=["OOM"])
    choice = Choice(wanted_by(options.match, options.exclude, None, []), TimeSpan())
    folding = Folding(full=False)
    each = b"".join(line.raw + b"\n" for line in choice.of(data, folding, NOW))
    assert choice.bytes_of(data) == each
    assert choice.bytes_of(data) == each  # where most lines were chosen, by another way


@pytest.mark.parametrize("data", [b"x\xff\nx\n", b"x\r\n", b"x", b"x\n\nx\n", b"\n", b""])
@pytest.mark.parametrize("pattern", ["x", "^x$", "", r"\Ax\Z", "(?:x+)+y|x"])
def test_most_or_few_the_same_lines_are_chosen(data, pattern):
    """Whatever was before."""
    often, fresh = (Choice(wanted_by([pattern], [], None, []), TimeSpan()) for _ in "ab")
    often.bytes_of(b"x\nx\n")
    assert often.bytes_of(data) == fresh.bytes_of(data)


def test_conditions_and_times_need_a_look_at_each_line():
    timed, asked = TimeSpan(since=NOW), wanted_by([], [], None, ["status >= 500"])
    assert Choice(wanted_by(["x"], [], None, []), timed).bytes_of(b"x\n") is None
    assert Choice(asked, TimeSpan()).bytes_of(b"x\n") is None


def chosen(options, data):
    """The lines that are shown."""
    wanted = wanted_by(options.match, options.exclude, options.level, options.where)
    folding = Folding(full=False)
    folding.learn_from(data, NOW)
    return [line.raw for line in Choice(wanted, TimeSpan()).of(data, folding, NOW)]


def taken(options, data):
    """The lines that the rule of the same flags takes, by the daemon's reading."""
    config = from_text(as_rule(options, "mine"))
    rules = Rules(config, MOMENT)
    try:
        found = rules.of(past_block("/var/log/app.log", data), MOMENT)
    finally:
        rules.close()
    return [data[at:].split(b"\n", 1)[0] for at in sorted(found)]


@settings(max_examples=examples(20))  # each of them loads a configuration and compiles its patterns
@given(
    lines=LINES,
    match=st.lists(st.sampled_from(["ERR", "db$", "^x", "it's"]), max_size=2),
    exclude=st.lists(st.sampled_from(["health", "OOM"]), max_size=1),
    level=st.sampled_from([None, "warn", "error"]),
)
def test_what_is_shown_is_what_the_rule_takes(lines, match, exclude, level):
    """`--as-rule` keeps its word."""
    options = flags(match=match, exclude=exclude, level=level)
    if not (match or exclude or level):
        return
    data = "".join(f"{line}\n" for line in lines).encode()
    assert chosen(options, data) == taken(options, data)


def test_conditions_of_a_rule_are_those_of_the_flags(tmp_path):
    """In the format that the file has."""
    data = b'{"level":"error","took":12}\n{"level":"error","took":3}\n{"level":"info","took":50}\n'
    log = tmp_path / "app.log"
    log.write_bytes(data)
    options = flags(where=["level = error", "took > 10"], files=[str(log)])
    assert chosen(options, data) == [b'{"level":"error","took":12}']
    config = from_text(as_rule(options, "mine"))
    rules = Rules(config, MOMENT)
    assert rules.of(past_block(str(log), data), MOMENT) == {0: Taken(("mine",), ())}
    rules.close()


def test_a_rule_sees_whole_records_where_its_source_has_them():
    """The mark is at the first line of a record."""
    config = from_text(
        "sources: {app: {path: /var/log/app.log, multiline: python}}\n"
        "rules: [{name: lost, match: '(?s)^x ERROR.*KeyError'}]\n"
        "sinks: {out: {console: {}}}\n"
    )
    data = b"x INFO a\nx ERROR b\nTraceback (most recent call last):\n  File\nKeyError: 1\nx INFO\n"
    rules = Rules(config, MOMENT)
    found = rules.of(past_block("/var/log/app.log", data), MOMENT)
    rules.close()
    assert found == {data.index(b"x ERROR"): Taken(("lost",), ())}


def test_an_alert_of_a_rule_is_told_once_it_comes_about():
    """By lines that came now, and not by those that were there; after a while it is over."""
    config = from_text(
        "sources: {app: {path: /var/log/*.log}}\n"
        "rules: [{name: many, match: 'ERROR', when: 2 in 1m, cooldown: 1m}]\n"
        "sinks: {out: {console: {}}}\n"
    )
    rules = Rules(config, MOMENT)
    old = past_block("/var/log/app.log", b"ERROR\n" * 5)
    rules.of(old, MOMENT)
    assert rules.alerts(MOMENT) == []
    rules.of(replace(old, backlog=False), MOMENT)
    assert [(each.rule, each.status) for each in rules.alerts(MOMENT)] == [("many", "firing")]
    later = Moment(NOW + 600, NOW + 600)
    assert 0 < rules.seconds_to_deadline(MOMENT) < 600
    assert "resolved" in [each.status for each in rules.alerts(later)]
    rules.close()


def test_what_a_pattern_found_stands_out():
    """Without the level that it was asked for with; a pattern that takes for ever finds nothing."""
    wanted = wanted_by(["no \\w+", "x"], [], "error", [])
    assert Choice(wanted, TimeSpan()).emphasis("ERROR no answer") == ("no answer",)
    wanted = wanted_by(["(a+)+$"], [], None, [])
    assert Choice(wanted, TimeSpan()).emphasis("a" * 5_000 + "b") == ()


def test_a_time_may_be_one_of_today():
    """As one reads it off a clock."""
    clock = ManualClock(NOW)
    today = datetime.fromtimestamp(NOW).astimezone().replace(microsecond=0)
    assert moment("13:05", clock) == today.replace(hour=13, minute=5, second=0).timestamp()
    assert moment("13:05:09", clock) == today.replace(hour=13, minute=5, second=9).timestamp()
    assert moment("2h", clock) == NOW - 7_200


STAMPED = [
    f"2026-01-05 {hour:02}:{minute:02}:00 line" for hour in range(24) for minute in range(60)
]


@pytest.mark.parametrize("hour", [0, 5, 13, 23])
@pytest.mark.parametrize("near", [64, 4_096, 1 << 20])
def test_a_time_is_found_by_bisection(tmp_path, monkeypatch, hour, near):
    """Reading begins at or before the first line that is not older, and not far before."""
    monkeypatch.setattr("logwatch.cli.tail_positions._NEAR", near)
    monkeypatch.setattr("logwatch.cli.tail_positions._STEP", 256)
    path = tmp_path / "a"
    path.write_text("".join(f"{line}\n" for line in STAMPED))
    folding = Folding(full=True)
    folding.learn(STAMPED[:50], NOW)
    first = f"2026-01-05 {hour:02}:30:00 line"
    since = folding.time_of(first, NOW)
    (found,) = begin_at(str(path), REQUEST, since, lambda line: folding.time_of(line, NOW))
    rest = path.read_bytes()[found.offset :].decode()
    assert f"{first}\n" in rest
    assert rest.startswith("2026-")
    assert rest.index(first) <= near + 512


@pytest.mark.parametrize(
    ("changes", "since", "rest"),
    [
        ({}, None, "3\n4\n"),
        ({"amount": 3, "from_start": True, "amount_given": True}, None, "4\n"),
        ({"amount": 9, "from_start": True, "amount_given": True}, None, ""),
        ({"amount": 3, "unit": "bytes", "amount_given": True}, None, "\n4\n"),
        (
            {"amount": 3, "unit": "bytes", "from_start": True, "amount_given": True},
            None,
            "\n3\n4\n",
        ),
        ({"amount": 1, "amount_given": True}, 0.0, "4\n"),
        ({}, 0.0, "1\n2\n3\n4\n"),
    ],
)
def test_where_to_begin_is_said_in_lines_bytes_or_time(tmp_path, changes, since, rest):
    """A number that was given wins over a time."""
    path = tmp_path / "a"
    path.write_text("1\n2\n3\n4\n")
    (found,) = begin_at(str(path), REQUEST._replace(**changes), since, lambda line: None)
    assert path.read_text()[found.offset :] == rest


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("changes", "since", "rest"),
    [
        ({"amount": 1, "from_start": True, "amount_given": True}, None, "\u0a0a2\n\u0a003\n4\n"),
        ({"amount": 3, "from_start": True, "amount_given": True}, None, "4\n"),
        ({"amount": 3, "unit": "bytes", "amount_given": True}, None, "4\n"),
        ({"amount": 2, "amount_given": True}, None, "\u0a003\n4\n"),
        ({}, 0.0, None),
    ],
)
def test_in_utf_16_lines_are_counted_where_units_are_newlines(
    tmp_path, codec, changes, since, rest
):
    """A gurmukhi letter has the byte of a newline in one of its halves, or in both."""
    mark = "\ufeff".encode(codec)
    text = "1\n\u0a0a2\n\u0a003\n4\n"
    path = tmp_path / "a"
    path.write_bytes(mark + text.encode(codec))
    (found,) = begin_at(str(path), REQUEST._replace(**changes), since, lambda line: None)
    shown = path.read_bytes()[found.offset :].decode(codec)
    assert shown == ("\ufeff" + text if rest is None else rest)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_a_time_is_found_in_utf_16(tmp_path, monkeypatch, codec):
    monkeypatch.setattr("logwatch.cli.tail_positions._NEAR", 64)
    monkeypatch.setattr("logwatch.cli.tail_positions._STEP", 512)
    path = tmp_path / "a"
    path.write_bytes("".join(["\ufeff", *(f"{line} \u0a0a\n" for line in STAMPED)]).encode(codec))
    folding = Folding(full=True)
    folding.learn(STAMPED[:50], NOW)
    first = "2026-01-05 13:30:00 line"
    since = folding.time_of(first, NOW)
    (found,) = begin_at(str(path), REQUEST, since, lambda line: folding.time_of(line, NOW))
    rest = path.read_bytes()[found.offset :].decode(codec)
    assert rest.startswith("2026-01-05 1")
    assert rest.index(first) <= 1_024


def test_far_before_the_end_a_line_begins_in_utf_16_too(tmp_path, monkeypatch):
    monkeypatch.setattr("logwatch.cli.tail_positions.FAR_BYTES", 101)
    path = tmp_path / "a"
    path.write_bytes(
        "".join(["\ufeff", *(f"{each} \u0a0a\n" for each in range(99))]).encode("utf-16-be")
    )
    (found,) = begin_at(str(path), REQUEST, None, lambda line: None, far=True)
    rest = path.read_bytes()[found.offset :].decode("utf-16-be")
    assert rest.startswith("89 ")
    assert len(rest) * 2 == 100


def test_a_file_that_cannot_be_read_has_no_beginning(tmp_path):
    """It is waited for."""
    assert begin_at(str(tmp_path / "none"), REQUEST, None, lambda line: None) == []


class Leafing:
    """Files that are followed line by line, on virtual time."""

    def __init__(self, *paths):
        self.leaves = Leaves(REQUEST, full=False, since=None, now=NOW, far=False)
        self.leaves.add([str(path) for path in paths], at_start=True)
        self.now = MOMENT

    def look(self, seconds=0.0):
        """What is shown and what is said."""
        self.now = Moment(self.now.steady + seconds, self.now.wall + seconds)
        shown = []
        while self.leaves.read(self.now, lambda leaf, block: shown.append(block.data)):
            pass
        said = [event for leaf in self.leaves.all for event in leaf.events]
        for leaf in self.leaves.all:
            leaf.events.clear()
        return b"".join(shown), [event.split(" ", 1)[0] for event in said]


def test_a_rotation_is_one_event(tmp_path):
    """The moment without a file is none."""
    path = tmp_path / "a"
    path.write_text("one\n")
    files = Leafing(path)
    assert files.look() == (b"one\n", [])
    path.rename(tmp_path / "a.1")
    assert files.look(0.1) == (b"", [])
    path.write_text("two\n")
    assert files.look(0.1) == (b"two\n", ["rotated"])
    assert files.look(10) == (b"", [])
    files.leaves.close()


def test_a_file_that_is_gone_is_told_after_a_moment(tmp_path):
    """And told when it is there again."""
    path = tmp_path / "a"
    path.write_text("one\n")
    files = Leafing(path)
    files.look()
    path.unlink()
    assert files.look(0.1) == (b"", [])
    assert files.leaves.next_look(files.now) <= 1.0
    assert files.look(1.1) == (b"", ["is"])
    path.write_text("two\n")
    assert files.look(1.1) == (b"two\n", ["rotated", "is"])
    files.leaves.close()


def test_a_cut_file_is_read_from_its_beginning_and_says_so(tmp_path):
    """Once."""
    path = tmp_path / "a"
    path.write_text("one\ntwo\n")
    files = Leafing(path)
    files.look()
    path.write_text("")
    files.look(0.1)
    path.write_text("three\n")
    shown, said = files.look(0.1)
    assert shown == b"three\n"
    assert files.look(0.1) == (b"", [])
    assert said.count("truncated") <= 1
    files.leaves.close()
