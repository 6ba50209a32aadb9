"""Kind 9: new template."""

from __future__ import annotations

import msgspec
import pytest
from doubles.examples import examples
from doubles.rules import START, Bench, checkpoint, told
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.records import Batch, Match, Record, StateChange, encode_alert
from logwatch.rules.base import Hit, RuleSettings
from logwatch.rules.kinds import NewTemplate
from logwatch.rules.new_template import NewTemplateRule

WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "july")


class Templates(Bench):
    """A bench with a rule for new templates."""

    rule: NewTemplateRule

    def __init__(self, *, learn=0.0, at_most=None, max_keys: int = 100_000, **changes) -> None:
        kind = NewTemplate(learn=learn, at_most=at_most)
        super().__init__(
            RuleSettings(**{"name": "never-seen", "kind": kind} | changes), max_keys=max_keys
        )

    def teach(self, at: float, text: str, source: str = "app") -> bool:
        """A line of an old file, to learn from."""
        batch = Batch(
            source=source,
            checkpoint=checkpoint(),
            start=0,
            end=9,
            arrival=START,
            last_time=START + at,
        )
        return self.rule.learn(Hit(batch, Record(0, text, START + at), Match(0, 0)))


def test_the_first_sight_of_a_template_is_an_event():
    """It is told once, whatever its numbers are, with the template and its id."""
    bench = Templates()
    (fired,) = bench.line(0, "lost disk 7 after 31 errors")
    assert (fired.status, fired.seq, fired.count) == ("firing", 1, 1)
    assert fired.message == "new kind of message in app: lost disk 7 after 31 errors"
    assert fired.fields["template"] == "lost disk <num> after <num> errors"
    assert len(fired.fields["template_id"]) == 12
    assert [line.text for line in fired.lines] == ["lost disk 7 after 31 errors"]
    assert list(bench.rule.burning()) == []
    assert bench.line(1, "lost disk 8 after 2 errors") == []
    (other,) = bench.line(1, "found it again")
    assert other.id != fired.id


def test_the_text_of_a_template_may_change_and_it_is_not_new():
    """What is known is its id."""
    bench = Templates()
    bench.line(0, "user alice logged in from home")
    assert bench.line(1, "user bob logged in from home") == []
    bench.restart()
    assert bench.line(2, "user carol logged in from work") == []


def test_the_text_is_the_field_else_the_whole_record():
    """A record of another format has no such field."""
    bench = Templates()
    assert len(bench.line(0, '{"m": 1}', fields={"message": "disk is full"})) == 1
    assert bench.line(1, '{"other": true}', fields={"message": "disk is full"}) == []
    assert bench.line(2, "x", message="disk is full") == []
    assert bench.line(3, "disk is full") == []
    assert len(bench.line(4, "net is down")) == 1


def test_each_source_has_its_own_templates():
    """What is usual in one log may be a sensation in another."""
    bench = Templates()
    (one,) = bench.line(0, "boom boom")
    (other,) = bench.line(0, "boom boom", source="web", identity="2.2.0")
    assert (one.source, other.source) == ("app", "web")
    assert one.id != other.id
    assert one.fields == other.fields
    bench.restart()
    assert bench.line(1, "boom boom") == bench.line(1, "boom boom", source="web") == []


def test_nothing_fires_while_a_source_is_learned():
    """From its first record on, up to and without `learn`; another source begins later."""
    bench = Templates(learn=100.0)
    bench.until(5000)
    bench.line(5000, "alpha")
    bench.restart()
    bench.line(5099, "bravo")
    assert bench.alerts == []
    assert len(bench.line(5100, "charlie")) == 1
    assert bench.line(5100, "charlie", source="web") == []
    assert bench.line(5199, "delta", source="web") == []
    assert len(bench.line(5200, "echo", source="web")) == 1
    assert bench.line(6000, "bravo") == []


def test_late_lines_count_by_their_own_time():
    """A late line of the time of learning is learned; a late one after it is told."""
    bench = Templates(learn=100.0)
    bench.line(0, "alpha")
    bench.until(200)
    assert bench.line(99, "bravo") == []
    assert len(bench.line(100, "charlie")) == 1
    assert bench.line(100, "charlie") == []


def test_at_most_so_many_are_told_in_a_sliding_window():
    """The rest is counted; the note comes when there is room, and takes it."""
    bench = Templates(at_most=(2, 100.0))
    for at, word in enumerate(WORDS[:5]):
        bench.line(at * 10, word)
    assert told(bench.alerts) == [("firing", 1, 1), ("firing", 1, 1)]
    bench.restart()
    assert bench.until(99) == []
    (note,) = bench.until(100)
    assert (note.status, note.seq, note.count, note.suppressed) == ("updated", 2, 4, 3)
    assert note.id == bench.alerts[1].id
    start = "3 more new kinds of message were seen since 2026-01-05T00:00:10.000Z: "
    assert note.message.startswith(start)
    assert [each[12:] for each in note.message[len(start) :].split("; ")] == [
        " charlie",
        " delta",
        " echo",
    ]
    assert bench.line(109, "foxtrot") == []
    (note,) = bench.until(110)
    assert (note.seq, note.count, note.suppressed) == (3, 5, 1)
    assert note.message.startswith("1 more new kind of message was seen since")
    assert bench.until(1000) == []
    assert len(bench.line(1000, "golf")) == 1


def test_a_new_template_at_the_end_of_the_window_is_told():
    """(t - T, t]: what was told exactly T ago is out of it."""
    bench = Templates(at_most=(1, 100.0))
    bench.line(0, "alpha")
    assert len(bench.line(100, "bravo")) == 1
    assert bench.line(199.9, "charlie") == []


def test_more_than_ten_templates_are_counted():
    """Ten are named."""
    bench = Templates(at_most=(1, 100.0))
    for one in WORDS:
        for other in ("up", "down and out"):
            bench.line(0, f"{one} {other}")
    (note,) = bench.until(100)
    assert note.suppressed == 19
    assert note.message.endswith("and 9 others")


def test_the_limit_is_of_the_rule_and_not_of_a_source():
    """A person reads them all."""
    bench = Templates(at_most=(1, 100.0))
    bench.line(0, "alpha")
    assert bench.line(0, "alpha", source="web") == []


def test_a_late_line_takes_no_room_that_there_is_not():
    """It is counted like the others."""
    bench = Templates(at_most=(1, 100.0))
    bench.line(50, "alpha")
    assert bench.line(10, "bravo") == []
    assert [each.suppressed for each in bench.until(150)] == [1]


def test_a_stamp_from_the_future_does_not_silence_the_rule():
    """What was told by a wrong time takes no room."""
    bench = Templates(at_most=(1, 100.0))
    bench.line(80_000, "alpha", backlog=True)
    assert len(bench.line(1, "bravo")) == 1
    assert bench.line(2, "charlie") == []


def test_the_cooldown_has_no_say():
    """A template is told once anyway; `at_most` is the limit."""
    bench = Templates(cooldown=3600.0)
    assert [len(bench.line(0, word)) for word in WORDS[:3]] == [1, 1, 1]
    assert bench.rule.due() is None


def test_an_evicted_template_is_not_new_when_it_comes_back():
    """It is remembered in a few bytes; only what is forgotten beyond those is new again."""
    bench = Templates(max_keys=3)
    for at, word in enumerate(WORDS[:5]):
        assert len(bench.line(at, word)) == 1
    bench.restart()
    for word in WORDS[:5]:
        assert bench.line(10, word) == []


def test_what_is_forgotten_is_counted_and_said_once(capsys):
    """And it is new again."""
    bench = Templates(max_keys=2)
    for at, word in enumerate(WORDS):
        bench.line(at, word)
    assert len(bench.line(20, WORDS[0])) == 1
    assert capsys.readouterr().err.count("rules.too_many_keys") == 1
    bench.restart()
    assert len(bench.stored) <= 4 + 1 + 1


def test_equal_times_are_told_once():
    """A tie is the same template twice."""
    bench = Templates()
    assert [len(bench.line(0, "alpha")) for _ in range(2)] == [1, 0]


def test_say_may_use_the_template_and_its_id():
    """`template` and `template_id` are the words of this kind."""
    bench = Templates(say="{template_id}: {template} in {source}, {count}")
    (fired,) = bench.line(0, "job 5 failed")
    assert fired.message == f"{fired.fields['template_id']}: job <num> failed in app, 1"


def test_by_only_names_the_key():
    """A template is known whatever host shows it first."""
    bench = Templates(by=("host",))
    (fired,) = bench.line(0, "alpha", host="web1")
    assert (fired.key, fired.message) == (
        {"host": "web1"},
        "web1: new kind of message in app: alpha",
    )
    assert bench.line(1, "alpha", host="web2") == []


def test_what_it_was_taught_is_not_new():
    """`learn RULE --from FILE` seeds it, and `learn` is reckoned from the first line of that."""
    bench = Templates(learn=100.0)
    assert bench.teach(-50, "job 1 failed")
    assert not bench.teach(-60, "job 2 failed")
    bench.restart()
    assert bench.line(0, "job 3 failed") == bench.line(39, "alpha") == []
    assert len(bench.line(40, "bravo")) == 1


def test_what_was_accepted_is_not_new():
    """By its text for a source, or by its id wherever it is known."""
    bench = Templates()
    (fired,) = bench.line(0, "job 5 failed")
    ident = fired.fields["template_id"]
    assert bench.rule.accept(ident, START) == {"app": ident}
    assert bench.rule.accept("job <num> failed", START) == {"app": ident}
    assert bench.rule.accept("f00f00f00f00", START, "app") == {}
    assert bench.rule.accept("never seen", START) == {}
    assert list(bench.rule.accept("disk <num> is full", START, "web")) == ["web"]
    bench.restart()
    assert bench.line(1, "disk 4 is full", source="web") == []
    assert len(bench.line(1, "disk 4 is full")) == 1


def test_what_is_no_state_is_refused():
    """The pipeline forgets that part, and the rule goes on without it."""
    rule = Templates().rule
    for key in ("learn\x1fapp", "told", "template\x1fapp\x1f0123456789ab"):
        with pytest.raises(msgspec.DecodeError):
            rule.restore(StateChange("never-seen", key, b"\xc1"))


# -- models --------------------------------------------------------------------------------------

texts = st.sampled_from([*WORDS, *(f"{word} {n} x" for word in WORDS for n in (1, 2))])
lines = st.lists(
    st.tuples(st.integers(0, 9), texts, st.sampled_from(["app", "web"]), st.booleans()),
    max_size=40,
)


@settings(max_examples=examples(100))
@given(lines, st.integers(1, 3), st.integers(5, 30))
def test_no_window_has_more_messages_than_at_most_and_no_template_is_lost(steps, most, window):
    """Told alone or counted in a note: together they are all that there were."""
    bench = Templates(at_most=(most, float(window)))
    now, kinds, times = 0, set(), []
    for wait, text, source, _ in steps:
        for at in range(now, now + wait):
            times += [at] * len(bench.until(at))
        now += wait
        times += [now] * len(bench.until(now))
        times += [now] * len(bench.line(now, text, source=source))
        kinds.add((source, text.split()[0], len(text.split())))
    for at in range(now, now + 20 * window):
        times += [at] * len(bench.until(at))
    assert sum(each.suppressed or 1 for each in bench.alerts) == len(kinds)
    assert all(sum(at - window < each <= at for each in times) <= most for at in times)


@settings(max_examples=examples(100))
@given(
    lines,
    st.lists(st.integers(-150, 0), min_size=40, max_size=40),
    st.sampled_from([None, (1, 20.0), (3, 20.0)]),
    st.sampled_from([0.0, 5.0]),
    st.integers(1, 4),
)
def test_restarts_change_no_byte(steps, delays, at_most, learn, max_keys):
    """With late lines, ties, the limit, and more templates than there is room for."""
    made = []
    for restarts in (False, True):
        bench = Templates(at_most=at_most, learn=learn, max_keys=max_keys)
        now = 0
        for (wait, text, source, restart), late in zip(steps, delays, strict=False):
            now += wait
            if restart and restarts:
                bench.restart()
            bench.until(now)
            bench.line(now + min(0, late + 130), text, source=source)
        bench.until(now + 10_000)
        made.append([encode_alert(each) for each in bench.alerts])
    assert made[0] == made[1]
