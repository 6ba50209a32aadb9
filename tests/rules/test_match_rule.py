"""Kind 1: plain match."""

from __future__ import annotations

import pytest
from doubles.rules import START, Bench, checkpoint, told
from hypothesis import given
from hypothesis import strategies as st

from logwatch.records import Batch, Match, Record
from logwatch.rules.base import Hit, Now, PlainMatch, RuleSettings, Threshold
from logwatch.rules.message import LONGEST_HEADLINE, as_told, fields_of, headline, quote


def plain(**changes) -> Bench:
    """A bench with a plain rule."""
    return Bench(
        RuleSettings(**{"name": "err", "kind": PlainMatch(), "match": ("boom",)} | changes)
    )


def test_without_a_cooldown_every_record_is_its_own_alert():
    """`cooldown: 0` makes each matching record its own alert, each with its own id."""
    bench = plain(cooldown=0.0)
    for at in (0, 0, 1):
        bench.line(at)
    assert told(bench.alerts) == [("firing", 1, 1)] * 3
    assert len({alert.id for alert in bench.alerts}) == 3
    assert list(bench.rule.changes()) == []


def test_records_within_the_cooldown_are_counted_and_closed_with_a_note():
    """The first is told at once, the rest in one closing note with the exact number."""
    bench = plain(cooldown=60.0)
    for at in (0, 1, 2, 59):
        bench.line(at)
    assert told(bench.alerts) == [("firing", 1, 1)]
    (note,) = bench.until(60)
    assert (note.status, note.seq, note.suppressed, note.count) == ("updated", 2, 3, 4)
    assert note.message.startswith("3 more were suppressed since 2026-01-05T00:00:00.000Z")
    assert note.id == bench.alerts[0].id


def test_a_cooldown_with_nothing_held_back_ends_in_silence():
    """No closing note when there is nothing to close."""
    bench = plain(cooldown=60.0)
    bench.line(0)
    assert bench.until(3600) == []


def test_a_record_after_the_cooldown_fires_anew():
    """The next record is a new episode with a new id."""
    bench = plain(cooldown=60.0)
    bench.line(0)
    (second,) = bench.line(60)
    assert second.status == "firing"
    assert second.id != bench.alerts[0].id


def test_each_key_has_its_own_cooldown_and_a_missing_key_is_a_bucket():
    """`by` scopes the cool-down; records without the field share the bucket `<none>`."""
    bench = plain(by=("dev",), cooldown=60.0)
    bench.line(0, dev="sda")
    bench.line(1, dev="sdb")
    bench.line(2)
    bench.line(3)
    assert [alert.key for alert in bench.alerts] == [
        {"dev": "sda"},
        {"dev": "sdb"},
        {"dev": "<none>"},
    ]


@pytest.mark.parametrize("kind", [PlainMatch(), Threshold(count=1, window=60.0)])
def test_a_value_with_the_separator_of_keys_in_it_is_a_value_like_any_other(kind):
    """Whoever writes the log must not be able to make a rule fail, nor to mix up two fields."""
    bench = Bench(RuleSettings(name="err", kind=kind, by=("ip", "user")))
    bench.line(0, ip="::1", user="a\x1fb")
    bench.line(0, ip="::1\x1fa", user="b")
    keys = [alert.key for alert in bench.alerts]
    assert keys == [{"ip": "::1", "user": "a␟b"}, {"ip": "::1␟a", "user": "b"}]
    bench.restart()
    bench.until(3600)


def test_a_restart_within_the_cooldown_changes_nothing():
    """What was held back before the restart is in the closing note after it."""
    bench = plain(cooldown=60.0)
    bench.line(0)
    bench.line(10)
    bench.restart()
    bench.line(20)
    (note,) = bench.until(61)
    assert (note.status, note.suppressed) == ("updated", 2)
    bench.restart()
    assert bench.stored == {}


def test_a_backlog_is_cooled_down_in_event_time():
    """Reading a whole day at once tells what the live daemon would have told."""
    bench = plain(cooldown=60.0)
    bench.clock.advance(86_400)
    for at in (0, 30, 61, 62, 3600):
        bench.line(at, backlog=True)
    assert told(bench.alerts) == [
        ("firing", 1, 1),
        ("updated", 2, 2),
        ("firing", 1, 1),
        ("updated", 2, 2),
        ("firing", 1, 1),
    ]
    assert all(alert.late for alert in bench.alerts)


def test_a_stamp_from_the_future_does_not_silence_a_key_for_long():
    """A cool-down never lasts longer than it is said to."""
    bench = plain(cooldown=60.0)
    bench.line(80_000, backlog=True)
    bench.line(1, backlog=True)
    (note, again) = bench.line(62, backlog=True)
    assert (note.status, again.status) == ("updated", "firing")


def test_the_date_being_set_does_not_move_a_cooldown():
    """Cool-downs run on the clock that never steps."""
    bench = plain(cooldown=60.0)
    bench.line(0)
    bench.clock.step_wall(7200)
    assert not list(bench.rule.feed(*hit_of(bench)))
    bench.clock.step_wall(-7200)
    bench.clock.advance(59)
    assert not list(bench.rule.expire(reading(bench)))


def reading(bench: Bench) -> Now:
    """What time it is."""
    return Now(bench.clock.wall(), bench.clock.steady(), bench.clock.wall())


def hit_of(bench: Bench):
    """A hit that arrives now."""
    record = Record(900, "boom", bench.clock.wall())
    batch = Batch(
        source="app",
        checkpoint=checkpoint(905),
        start=900,
        end=905,
        arrival=bench.clock.wall(),
        last_time=record.time,
    )
    return Hit(batch, record, Match(0, 0, {})), reading(bench)


def test_the_alert_holds_what_the_contract_promises():
    """Every field of the JSON, as the record says it."""
    bench = plain(
        cooldown=0.0,
        by=("ip",),
        say="{count} from {ip} as {user|nobody}",
        severity="critical",
        labels={"team": "web"},
        runbook="https://example.org/err",
    )
    (alert,) = bench.line(1.5, "boom 203.0.113.9", ip="203.0.113.9")
    assert alert.message == "1 from 203.0.113.9 as nobody"
    assert alert.key == {"ip": "203.0.113.9"}
    assert alert.fields == {"ip": "203.0.113.9"}
    assert alert.labels == {"team": "web", "runbook": "https://example.org/err"}
    assert alert.first == alert.last == "2026-01-05T00:00:01.500Z"
    assert (alert.source, alert.path, alert.host) == ("app", "/var/log/app.log", "web1")
    assert [(line.offset, line.text) for line in alert.lines] == [(0, "boom 203.0.113.9")]
    assert alert.late is False


def test_the_same_input_gives_the_same_id():
    """The id is made of rule, key, file and offset, and of nothing else."""
    first, second = plain(cooldown=0.0), plain(cooldown=0.0, severity="critical")
    second.clock.advance(999)
    assert first.line(1)[0].id == second.line(1)[0].id


def test_the_number_of_keys_is_bounded():
    """The key seen longest ago is forgotten, and that is counted."""
    bench = Bench(
        RuleSettings(name="err", kind=PlainMatch(), by=("k",), cooldown=1000.0), max_keys=10
    )
    for number in range(30):
        bench.line(number, k=str(number))
    bench.restart()
    assert sorted(int(key) for _, key in bench.stored) == list(range(20, 30))


def test_what_a_forgotten_key_has_held_back_is_told():
    """The closing note comes early, but no count is lost."""
    bench = Bench(
        RuleSettings(name="err", kind=PlainMatch(), by=("k",), cooldown=1000.0), max_keys=2
    )
    for key in "aaabc":
        bench.line(0, k=key)
    assert bench.until(5000) == []
    [note] = [alert for alert in bench.alerts if alert.status == "updated"]
    assert (note.key, note.seq, note.suppressed) == ({"k": "a"}, 2, 2)


@pytest.mark.parametrize("kind", [PlainMatch(), Threshold(count=5, window=60.0)])
def test_memory_is_bounded_by_the_number_of_keys_and_not_of_records(kind):
    """Deadlines of forgotten keys go too, long before they are due."""
    bench = Bench(RuleSettings(name="err", kind=kind, by=("k",), cooldown=86_400.0), max_keys=10)
    for number in range(2_000):
        bench.line(0, k=str(number))
    assert len(bench.rule._deadlines) < 200


def test_an_old_line_of_some_backlog_does_not_end_a_cooldown_that_is_in_force():
    """A file that comes late, with yesterday's lines, is no reason to tell the same thing again."""
    bench = plain(cooldown=3600.0)
    bench.line(90_000)
    bench.line(10, backlog=True)
    bench.line(90_010)
    assert told(bench.alerts) == [("firing", 1, 1)]
    (note,) = bench.until(93_600)
    assert (note.status, note.suppressed) == ("updated", 2)


@pytest.mark.parametrize("length", [5000, 300_000])
def test_a_long_line_is_quoted_in_part(length):
    """Memory and messages stay small whatever a line holds."""
    bench = plain(cooldown=0.0)
    (alert,) = bench.line(0, "boom" + "x" * length)
    assert len(alert.lines[0].text) < 4200
    assert "characters …]" in alert.lines[0].text
    assert len(alert.message) == 300
    assert START


def test_what_the_pattern_captures_comes_before_what_logwatch_names():
    """A capture called `path` is the author's; without one, `{path}` is the log file."""
    bench = plain(cooldown=0.0, say="{path}")
    assert bench.line(0, path="/checkout")[0].message == "/checkout"
    assert bench.line(0)[0].message == "/var/log/app.log"


TRACE = "ERROR order failed\njava.lang.IllegalStateException: no stock\n\tat a.B.c(B.java:12)"


@pytest.mark.parametrize("more", [{}, {"kind": Threshold(count=2, window=60.0), "cooldown": 60.0}])
def test_a_record_of_several_lines_is_headed_by_its_first_and_what_was_raised(more):
    """The others are quoted; in a title they were one line of pictures of line breaks."""
    bench = plain(**{"cooldown": 0.0} | more)
    bench.line(0, TRACE)
    bench.line(1, TRACE)
    alert = bench.alerts[-1]
    assert alert.message.endswith("ERROR order failed … java.lang.IllegalStateException: no stock")
    assert "\n" not in alert.message
    assert alert.lines[-1].text == TRACE


@pytest.mark.parametrize(
    ("text", "head"),
    [
        (
            "Traceback (most recent call last):\n  File 'a.py', line 3\n    f()\nKeyError: 'cart'",
            "Traceback (most recent call last): … KeyError: 'cart'",
        ),
        (
            "ERROR pay\r\njava.lang.A: x\r\n\tat b.C\r\nCaused by: java.io.D: y\r\n\t... 2 more\r",
            "ERROR pay … Caused by: java.io.D: y",
        ),
        (
            "TypeError: x is no function\n    at a.js:1:2\n    at b.js:3:4",
            "TypeError: x is no function",
        ),
        ("SELECT a\n\n", "SELECT a"),
        ("\n\n", ""),
        ("a" * 400 + "\n" + "b" * 400, "a" * 146 + "… … " + "b" * 149 + "…"),
        ("a\n" + "b" * 400, "a … " + "b" * 149 + "…"),
    ],
)
def test_a_headline_says_what_was_raised(text, head):
    assert headline(text) == head
    assert len(headline(text)) <= LONGEST_HEADLINE


@given(st.integers(0, 5000), st.sampled_from(["", " ", "\t", "\n"]), st.booleans())
def test_what_is_told_of_a_line_is_the_same_whatever_its_length(length, space, has_fields):
    """In one call for lines of usual length, or part for part."""
    text = f"{space}{'x' * length}{space}"
    record = Record(7, text, 1.0, {"level": "y" * length, "user": "eve"} if has_fields else {})
    captures = {"user": "bob", "all": text}
    parts = headline(text), fields_of(record, captures), quote("/log", record, "then")
    assert as_told(record, captures, "/log", "then") == parts
