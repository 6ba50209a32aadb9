"""Alerts that wait for the lines behind the one that they are about."""

from __future__ import annotations

import pytest
from doubles.rules import START
from doubles.surroundings import EVERY, THREE_TWO, Follower, stamped, texts
from msgspec.json import encode
from msgspec.structs import replace

from logwatch.records import NO_CONTEXT
from logwatch.rules import anchor_memory, context
from logwatch.rules.anchors import REACH
from logwatch.rules.base import ContextSettings, PlainMatch, Selector, Threshold
from logwatch.rules.sequence import Heard, Sequence

BURST = replace(EVERY, name="burst", kind=Threshold(count=2, window=4.0))


def live(*rules, **how) -> Follower:
    """A file that is followed live, with nothing in it."""
    return Follower(b"", rules or (EVERY,), live=True, wall=START, **how)


def test_an_alert_waits_until_the_lines_behind_its_line_are_there():
    file = live()
    file.write("a\nb\nc\nd\nERROR\n")
    assert file.told == []
    file.write("e\n")
    assert file.told == []
    file.write("f\ng\n")
    [alert] = file.told
    assert texts(alert) == (["b", "c", "d"], ["e", "f"])
    assert [line.offset for line in alert.context.before] == [2, 4, 6]
    assert {line.path for line in alert.context.before + alert.context.after} == {alert.path}


def test_it_waits_no_longer_than_max_wait():
    file = live()
    file.write("ERROR\ne\n")
    assert file.pipeline.seconds_to_deadline(file.now) == THREE_TWO.max_wait
    file.wait(1.9)
    assert file.told == []
    file.wait(0.1)
    assert texts(*file.told) == ([], ["e"])
    file.write("f\n")
    assert len(file.told) == 1
    assert file.pipeline.seconds_to_deadline(file.now) is None


def test_a_line_that_was_stamped_too_late_ends_the_wait_and_is_left_out():
    file = live()
    file.write(f"{stamped(START, 'ERROR')}\n  at foo.py\n{stamped(START + 2.1, 'later')}\n")
    assert texts(*file.told) == ([], ["  at foo.py"])


def test_where_only_lines_before_are_asked_for_nothing_waits():
    file = live(replace(EVERY, context=ContextSettings(before=1)))
    file.write("a\nb\nERROR\n")
    assert texts(*file.told) == (["b"], [])
    assert not file.pipeline.holding


def test_in_a_backlog_only_lines_tell_the_time():
    file = Follower(b"ERROR\nmore\nlast\n")
    file.read(6)
    file.now = file.now._replace(steady=file.now.steady + 60)
    file.pipeline.expire(file.now)
    file.commit()
    assert file.told == []
    file.read()
    assert texts(*file.told) == ([], ["more", "last"])


def test_what_waits_when_the_backlog_is_read_waits_on_by_the_clock():
    file = Follower(b"ERROR\n")
    file.read()
    file.pipeline.go_live(file.now)
    file.wait(1.0)
    assert file.told == []
    file.wait(1.0)
    assert texts(*file.told) == ([], [])


def test_the_lines_behind_come_from_the_same_generation_only():
    """It was rotated while the alert waited: what the new file begins with is not behind it."""
    old = live()
    old.write("ERROR\nlast words\n")
    old.identity, old.offset, old.data = "9.9.0", 0, b""
    old.write("first line\nERROR in the new one\n")
    assert old.told == []
    old.wait(2.0)
    assert [texts(alert) for alert in old.told] == [([], ["last words"]), (["first line"], [])]


def test_when_a_generation_is_let_go_nobody_waits_for_its_lines():
    file = live()
    file.write("ERROR\nlast words\n")
    assert file.told == []
    file.read(closed=True)
    assert texts(*file.told) == ([], ["last words"])


def test_a_restart_in_the_wait_loses_nothing_and_tells_nothing_twice():
    file = live()
    file.write("a\nERROR\nb\n")
    file.start()
    assert file.pipeline.holding
    file.write("c\nd\n")
    assert texts(*file.told) == (["a"], ["b", "c"])
    file.start()
    assert not file.pipeline.holding
    file.wait(10.0)
    assert len(file.told) == 1
    assert not [each for each in file.states.values() if each.rule == context.NAME]


def test_what_was_not_committed_is_brought_about_again():
    """A kill before the commit: position, held alert and its lines go back together."""
    file = live()
    file.write("a\nERROR\n")
    at = file.offset
    file.data += b"b\nc\nERROR 2\n"
    file.read(commit=False)
    file.offset = at
    file.start()
    file.read()
    file.wait(2.0)
    assert [texts(alert) for alert in file.told] == [
        (["a"], ["b", "c"]),
        (["ERROR", "b", "c"], []),
    ]


def test_a_wait_goes_on_after_a_restart_no_longer_than_it_would_have():
    file = live()
    file.write("ERROR\n")
    file.wait(1.5)
    file.start()
    file.wait(0.5)
    assert len(file.told) == 1


def test_a_date_that_was_set_back_does_not_make_it_wait_for_ever():
    file = live()
    file.write("ERROR\n")
    file.now = file.now._replace(steady=file.now.steady - 3600)
    file.start()
    file.wait(2.0)
    assert len(file.told) == 1


def test_later_messages_of_an_episode_do_not_overtake_the_first():
    rule = replace(BURST, context=ContextSettings(before=1, after=9, max_wait=30.0), cooldown=0.0)
    file = live(rule)
    file.write(f"{stamped(START, 'ERROR')}\n{stamped(START, 'ERROR')}\n")
    file.wait(20.0)
    assert file.told == []
    file.start()
    file.wait(10.0)
    assert [alert.status for alert in file.told] == ["firing", "resolved"]
    first, last = file.told
    assert first.id == last.id
    assert texts(first)[1] == [stamped(START, "ERROR")]
    assert last.context == NO_CONTEXT
    assert file.burning == {}


def test_an_episode_that_was_held_is_known_to_burn_afterwards():
    file = live(BURST)
    file.write("ERROR\nERROR\n")
    file.wait(2.0)
    [alert] = file.told
    assert list(file.burning) == [alert.id]
    assert file.burning[alert.id].told == ("chat",)


def test_an_alert_of_a_rule_that_was_removed_is_told_and_so_is_its_end():
    file = live(BURST)
    file.write("ERROR\nERROR\n")
    file.start([replace(EVERY, name="other", context=None)])
    file.wait(2.0)
    assert [alert.status for alert in file.told] == ["firing", "resolved"]
    assert file.burning == {}
    file.start()
    assert not [each for each in file.states.values() if each.rule == context.NAME]


def test_a_rule_with_a_state_quotes_around_a_line_of_long_ago():
    """Its first line came in an earlier block, before a restart."""
    file = live(replace(BURST, kind=Threshold(count=2, window=600.0)))
    file.write("a\nERROR 1\nb\nc\nd\n")
    file.wait(300.0)
    file.start()
    file.write("x\nERROR 2\ny\nz\n")
    [alert] = file.told
    assert alert.lines[0].text == "ERROR 1"
    assert texts(alert) == (["a"], ["b", "c"])


def test_a_rule_with_a_state_quotes_around_a_line_of_the_file_before():
    """It lies behind all that the new file has so far."""
    file = live(replace(BURST, kind=Threshold(count=2, window=600.0)))
    file.write("a\nb\nc\nd\nERROR 1\ne\nf\n")
    file.identity, file.offset, file.data = "9.9.0", 0, b""
    file.write("x\nERROR 2\n")
    file.wait(2.0)
    [alert] = file.told
    assert alert.lines[0].text == "ERROR 1"
    assert texts(alert) == (["b", "c", "d"], ["e", "f"])


def test_a_line_that_was_forgotten_is_quoted_without_context(monkeypatch):
    """The oldest are forgotten, in memory and in the store."""
    monkeypatch.setattr(anchor_memory, "MOST_CHARACTERS", 10_000)
    file = live(replace(BURST, by=("k",), match=(r"ERROR (?P<k>\d+)",)))
    file.write("ERROR 1\n" + "x" * 3000 + "\nERROR 2\n")
    for number in range(10, 30):
        file.write(f"{'y' * 3000}\nERROR {number}\n")
    assert sum(each.rule == context.NAME for each in file.states.values()) < 8
    file.write("ERROR 1\n")
    [alert] = file.told
    assert (alert.lines[0].offset, alert.context) == (0, NO_CONTEXT)


def test_at_most_so_many_alerts_wait(monkeypatch):
    monkeypatch.setattr(context, "MOST_HELD", 3)
    file = live(replace(EVERY, context=ContextSettings(after=9, max_wait=60.0)))
    for number in range(5):
        file.write(f"ERROR {number}\n")
    assert [alert.message for alert in file.told] == ["ERROR 0", "ERROR 1"]
    assert texts(file.told[0])[1] == ["ERROR 1", "ERROR 2", "ERROR 3"]


def test_so_many_records_are_remembered_at_most():
    file = live(replace(BURST, by=("k",), match=(r"ERROR (?P<k>\d+)",)))
    file.write("".join(f"ERROR {number}\n" for number in range(3000)))
    rows = [each for each in file.states.values() if each.rule == context.NAME]
    assert len(rows) == anchor_memory.MOST_REMEMBERED


def test_lines_that_begin_too_far_before_are_left_out():
    far = "x" * REACH
    file = live()
    file.write(f"near\n{far}\n")
    file.write("ERROR\n")
    file.wait(2.0)
    assert texts(*file.told) == ([], [])


def test_lines_that_begin_too_far_behind_end_the_wait():
    file = live()
    file.write(f"ERROR\n{'x' * REACH}\nfar\n")
    [after] = texts(*file.told)[1]
    assert after.startswith("xxx")


def test_a_line_that_another_rule_took_and_told_of_is_quoted_with_context():
    """A sequence that begins with another rule's firing quotes that one's lines."""
    steps = (Heard(rule="first"), Selector(match=("STEP",)))
    joined = replace(EVERY, name="joined", match=(), kind=Sequence(steps=steps, within=60.0))
    file = live(replace(EVERY, name="first", context=None), joined)
    file.write("a\nERROR\nb\nc\n")
    file.start()
    file.write("STEP\n")
    first, whole = file.told
    assert (first.rule, first.context) == ("first", NO_CONTEXT)
    assert whole.lines[0].text == "ERROR"
    assert texts(whole) == (["a"], ["b", "c"])


def test_a_line_around_is_decoded_and_cut_as_the_line_itself_is():
    file = live(max_line=6000)
    file.data += b"caf\xe9\r\n" + b"l" * 7000 + b"\nERROR\n"
    file.read()
    file.wait(2.0)
    before = texts(*file.told)[0]
    assert before[0] == "caf\\xe9"
    assert before[1] == "l" * 2048 + "[… 1904 characters …]" + "l" * 2048


def test_each_rule_has_the_lines_that_it_asked_for():
    one = replace(EVERY, name="one", context=ContextSettings(before=1, after=1))
    none = replace(EVERY, name="none", context=None)
    file = live(one, none, EVERY)
    file.write("a\nb\nERROR\nc\nd\n")
    assert {alert.rule: texts(alert) for alert in file.told} == {
        "one": (["b"], ["c"]),
        "none": ([], []),
        "every": (["a", "b"], ["c", "d"]),
    }


def test_the_note_of_what_was_suppressed_has_no_context():
    file = live(replace(EVERY, cooldown=10.0))
    file.write("ERROR\na\nb\nERROR again\nc\n")
    file.wait(10.0)
    assert [(alert.status, texts(alert)) for alert in file.told] == [
        ("firing", ([], ["a", "b"])),
        ("updated", ([], [])),
    ]


@pytest.mark.parametrize("rules", [[replace(EVERY, context=None)], [EVERY]])
def test_a_batch_without_hits_is_the_same_with_and_without_context(rules):
    """Nothing is given along, nothing is written, where no record needs it."""
    file = Follower(b"a\nb\nc\n", rules)
    assert b"near" not in encode(file.batch(6))


def test_without_a_rule_that_asks_nothing_is_given_along_or_remembered():
    file = live(replace(EVERY, context=None, kind=PlainMatch()))
    assert file.surroundings is None
    file.write("a\nERROR\n")
    assert file.told[0].context == NO_CONTEXT
    assert not [each for each in file.states.values() if each.rule == context.NAME]
