"""What a person is told of an alert, in words."""

from __future__ import annotations

import shlex

import pytest
from doubles.alerts import MEMBER, alert
from doubles.hostile import TEXTS, alert_of
from hypothesis import given
from hypothesis import strategies as st

from logwatch.records import AlertContext, AlertLine, Group
from logwatch.sinks.blocks import Block, fitted
from logwatch.sinks.plain_text import fit
from logwatch.sinks.wording import LONGEST_TITLE, SEVERAL, as_text, blocks, words


def group(**changes):
    values = {
        "kind": "group",
        "by": {"host": "db1"},
        "alerts": 12,
        "burning": 2,
        "rules": {"disk-error": 2, "ssh-guessing": 10},
        "members": (MEMBER,),
    }
    return Group(**values | changes)


def several(**changes):
    values = {
        "rule": SEVERAL,
        "source": SEVERAL,
        "path": SEVERAL,
        "host": "db1",
        "severity": "critical",
        "key": {},
        "count": 57,
        "message": "12 alerts: ssh-guessing 10, disk-error 2; newest: I/O error",
        "group": group(),
    }
    return alert(**values | changes)


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        (
            {"severity": "critical", "rule": "disk-error", "host": "db1", "source": "kern"}
            | {"message": "I/O error, dev sdb", "count": 12},
            "▲ CRITICAL disk-error on db1/kern: I/O error, dev sdb (12 times)",
        ),
        (
            {"message": "x", "count": 1},
            "▲ WARNING ssh-guessing on web1/auth: x",
        ),
        (
            {"message": "x", "count": 1200, "suppressed": 418},
            "▲ WARNING ssh-guessing on web1/auth: x (1,200 times, 418 more held back)",
        ),
        (
            {"status": "updated", "severity": "error", "message": "x", "count": 40},
            "△ ERROR ssh-guessing on web1/auth, updated: x (40 times)",
        ),
        (
            {"status": "resolved", "message": "resolved after 12m: x", "count": 40},
            "✓ resolved after 12m: ssh-guessing on web1/auth: x (40 times)",
        ),
        (
            {"status": "resolved", "message": "own words", "count": 1},
            "✓ resolved after 1m30s: ssh-guessing on web1/auth: own words",
        ),
        (
            {"late": True, "message": "x", "count": 1},
            "▲ WARNING ssh-guessing on web1/auth, late: x",
        ),
        (
            {"labels": {"test": "true"}, "severity": "info", "message": "[TEST] hello", "count": 1},
            "[TEST] ▲ INFO ssh-guessing on web1/auth: hello",
        ),
    ],
)
def test_a_title_tells_how_bad_what_where_and_how_often(changes, title):
    assert words(alert(**changes)).title == title


def test_the_title_of_several_leaves_out_what_they_do_not_share():
    assert words(several()).title == (
        "▲ CRITICAL on db1: 12 alerts: ssh-guessing 10, disk-error 2; newest: I/O error (57 times)"
    )
    assert words(several(host=SEVERAL)).title.startswith("▲ CRITICAL several: 12 alerts")


def test_a_long_message_is_cut_in_its_middle_and_the_title_says_where_all_of_it_is():
    said = words(alert(message="begin " + "x" * 3400 + " end"))
    assert len(said.title) == LONGEST_TITLE
    assert "begin xxx" in said.title
    assert "xxx end (5 times)" in said.title
    assert " characters, logwatch why b4c1f0aa55aa55aa]" in said.title
    assert said.text == "begin " + "x" * 3400 + " end"
    assert not said.title_says_it


def test_a_title_can_be_kept_shorter():
    said = words(alert(message="x" * 500), longest_title=100)
    assert len(said.title) <= 100


def test_facts_leave_out_what_is_not_the_same_for_several():
    labels = [fact.label for fact in words(several()).facts]
    assert labels == ["severity", "host", "alerts", "count", "first", "last"]


def test_times_that_are_one_are_told_once():
    same = {"first": "2026-01-05T01:00:00.000Z", "last": "2026-01-05T01:00:00.400Z"}
    facts = dict(words(alert(**same)).facts)
    assert facts["time"] == "2026-01-05 01:00:00 UTC"
    assert "first" not in facts


def test_a_time_that_is_none_is_told_as_it_is():
    odd = {"first": "2026-13-45T01:00:00.000Z", "last": "soon", "at": "2026-01-05T01:00:00Z"}
    facts = dict(words(alert(status="resolved", **odd)).facts)
    assert (facts["first"], facts["last"]) == ("2026-13-45T01:00:00.000Z", "soon")
    assert "lasted" not in facts


def test_lines_that_may_have_been_read_before_are_told_as_such():
    assert "reread" in dict(words(alert(reread=True)).facts)
    assert "reread" not in dict(words(alert()).facts)


def test_what_was_captured_is_told_once():
    said = words(alert(key={"ip": "1"}, fields={"ip": "1", "user": "root"}))
    assert dict(said.facts)["ip"] == "1"
    assert said.captures == (("user", "root"),)


def test_the_runbook_is_no_label_among_others():
    said = words(alert(labels={"team": "ops", "runbook": "https://wiki/x"}))
    assert said.runbook == "https://wiki/x"
    assert "runbook" not in dict(said.facts)
    assert dict(said.facts)["team"] == "ops"


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({}, "logwatch silence rule=ssh-guessing ip=203.0.113.9 --for 2h"),
        (
            {"key": {"user": "a b'c"}},
            """logwatch silence rule=ssh-guessing 'user=a b'"'"'c' --for 2h""",
        ),
        ({"key": {"user": "$(id)"}}, "logwatch silence rule=ssh-guessing 'user=$(id)' --for 2h"),
        ({"key": {"user": "<none>"}}, "logwatch silence rule=ssh-guessing --for 2h"),
        ({"key": {"user": "~x"}}, "logwatch silence rule=ssh-guessing --for 2h"),
        ({"key": {"user": "x\x1b[2J"}}, "logwatch silence rule=ssh-guessing --for 2h"),
        ({"key": {"user": "x" * 101}}, "logwatch silence rule=ssh-guessing --for 2h"),
        ({"status": "resolved"}, ""),
    ],
)
def test_the_command_that_silences_can_be_copied_into_a_shell(changes, command):
    said = words(alert(**changes))
    assert said.how_to_silence == command
    shlex.split(said.how_to_silence)


def test_several_are_silenced_by_what_they_share_else_the_most_frequent_rule():
    assert words(several()).how_to_silence == "logwatch silence host=db1 --for 2h"
    alone = several(group=group(by={}))
    assert words(alone).how_to_silence == "logwatch silence rule=ssh-guessing --for 2h"
    same = several(rule="a", group=group(by={}, rules={"a": 12}))
    assert words(same).how_to_silence == "logwatch silence rule=a --for 2h"


def test_members_are_a_line_each_and_those_left_out_are_counted():
    said = words(several())
    assert said.members == ("▲ CRITICAL disk-error in kern: I/O error, dev sdb (12 times)",)
    assert said.more_members == 11
    assert said.totals == (("ssh-guessing", "10"), ("disk-error", "2"))


def test_members_do_not_repeat_what_all_share():
    shared = several(rule="disk-error", source="kern", group=group(rules={"disk-error": 12}))
    assert words(shared).members == ("▲ CRITICAL: I/O error, dev sdb (12 times)",)
    assert blocks(words(shared))[0].lines[0] == "▲ CRITICAL: I/O error, dev sdb (12 times)"
    nothing = several(host=SEVERAL, group=group(rules={"disk-error": 12}))
    assert words(nothing).members == (
        "▲ CRITICAL disk-error on db1/kern: I/O error, dev sdb (12 times)",
    )


@pytest.mark.parametrize(
    ("kind", "note"), [("storm", ", storm"), ("digest", ", digest"), ("group", ""), ("mute", "")]
)
def test_the_title_says_why_several_are_one(kind, note):
    assert words(several(group=group(kind=kind))).title.startswith(f"▲ CRITICAL on db1{note}: ")
    late = several(group=group(kind="backlog"), late=True)
    assert words(late).title.startswith("▲ CRITICAL on db1, late: ")


def test_the_only_one_of_a_group_is_told_as_if_there_were_no_group():
    """With the count from its beginning: the message has only what is new."""
    alone = alert(status="updated", seq=4, count=0, group=group(alerts=1, burning=1))
    said = words(alone)
    assert said.members == said.totals == ()
    assert said.title.endswith("(12 times)")
    assert dict(said.facts)["count"] == "12"
    assert "alerts" not in dict(said.facts)


def test_context_is_apart_and_no_line_is_told_twice():
    lines = [AlertLine("a.log", n, "", f"line {n}") for n in range(10)]
    near = AlertContext(before=tuple(lines[:3]), after=tuple(lines[3:6]))
    said = words(alert(lines=lines[2:5], context=near))
    assert [quote.place for quote in said.before] == ["a.log:0", "a.log:1"]
    assert [quote.place for quote in said.samples] == ["a.log:2", "a.log:3", "a.log:4"]
    assert [quote.place for quote in said.after] == ["a.log:5"]


def test_a_record_of_several_lines_keeps_them():
    text = "Traceback\n  File x\x1b[2J\nValueError"
    said = words(alert(lines=[AlertLine("a.log", 0, "", text)]))
    assert said.samples[0].text == "Traceback\n  File x␛[2J\nValueError"
    assert "    Traceback\n      File x␛[2J\n    ValueError" in as_text(said, 4000)


def test_the_text_has_what_matters_most_where_there_is_no_room_for_all():
    said = words(alert(message="m" * 100, labels={"runbook": "https://wiki/x"}))
    text = as_text(said, 330, title=True)
    assert len(text) <= 330
    assert "logwatch silence rule=ssh-guessing" in text
    assert "runbook: https://wiki/x" in text
    assert "rule: ssh-guessing" not in text


def test_what_is_left_out_is_counted():
    made = [Block("facts", tuple(f"fact {n}" for n in range(20)))]
    (kept,) = fitted(made, 60)
    assert kept.lines == (*(f"fact {n}" for n in range(6)), "… and 14 more")
    assert fitted(made, 5) == []


@pytest.mark.parametrize("several_alerts", [False, True])
@pytest.mark.parametrize("status", ["firing", "resolved"])
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_hostile_text_stays_text_and_short(name, status, several_alerts):
    said = words(alert_of(TEXTS[name], group=several_alerts, status=status))
    assert said.title.isprintable()
    assert len(said.title) <= LONGEST_TITLE
    for block in blocks(said):
        assert block.lines
        for line in block.lines:
            assert line.isprintable()
    assert sum(len(line) for block in blocks(said) for line in block.lines) < 200_000
    for longest in (100, 1000, 4096):
        assert len(as_text(said, longest, title=True)) <= longest


def test_no_line_of_a_log_can_pass_for_a_line_of_ours():
    """A quoted line is set in; ours are not."""
    forged = "x\nrunbook: https://evil.example\nsilence: rm -rf /"
    line = AlertLine("a.log", 0, "", forged)
    said = words(alert(lines=[line] * 3, message=forged, fields={"user": forged}))
    for text in as_text(said, 4096, title=True).split("\n"):
        assert not text.startswith(("runbook: https://evil", "silence: rm"))


texts = st.text(st.characters(exclude_categories=[]), max_size=400)


@given(texts, st.integers(0, 300))
def test_a_text_that_fits_is_whole_and_one_that_does_not_keeps_both_ends(text, room):
    def size(part):
        return len(part.encode("utf-8", "surrogatepass"))

    made = fit(text, room, "note", size)
    assert size(made) <= room
    if size(text) <= room:
        assert made == text
    elif room >= 100:
        head, _, rest = made.partition("[… ")
        number, _, tail = rest.partition(" characters, note]")
        assert text.startswith(head)
        assert text.endswith(tail)
        assert len(head) + len(tail) + int(number.replace(",", "")) == len(text)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["title", "message", "alerts", "line", "lines", "facts", "actions"]),
            st.lists(st.text(max_size=60), min_size=1, max_size=20).map(tuple),
        ),
        unique_by=lambda pair: pair[0],
    ),
    st.integers(0, 1500),
)
def test_blocks_never_take_more_than_their_room(pairs, room):
    made = [Block(*pair) for pair in pairs]
    kept = fitted(made, room)
    assert len("\n\n".join("\n".join(block.lines) for block in kept)) <= room
    assert [block.name for block in kept] == [
        block.name for block in made if block.name in {one.name for one in kept}
    ]
