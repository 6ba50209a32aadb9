"""Lessons: what old logs teach a rule for new values or templates, boiled down."""

from __future__ import annotations

import msgspec
import pytest
from doubles.rules import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from logwatch.records import Batch, Match, Record
from logwatch.rules import make_rule
from logwatch.rules.base import Hit, PlainMatch, RuleSettings
from logwatch.rules.instructions import Instruction, Lesson
from logwatch.rules.kinds import NewTemplate, NewValue
from logwatch.rules.lessons import lessons_for, teach

VALUES = RuleSettings(name="v", by=("host",), kind=NewValue(value=("who", "what"), forget=100.0))
TEMPLATES = RuleSettings(name="t", kind=NewTemplate(learn=60.0))


def hit(time: float, source: str = "app", text: str = "", **fields: str) -> Hit:
    """A record that the rule takes."""
    batch = Batch(
        source=source,
        checkpoint=checkpoint(),
        start=0,
        end=0,
        arrival=time,
        last_time=time,
    )
    return Hit(batch, Record(0, text, time, fields), Match(0, 0))


def collected(settings: RuleSettings, hits) -> list[Lesson]:
    """What `hits` teach, having been through JSON."""
    lessons = lessons_for(settings)
    for one in hits:
        lessons.take(one)
    return msgspec.json.decode(msgspec.json.encode(list(lessons.all())), type=list[Lesson])


def states(rule) -> dict[str, bytes]:
    """Everything that a rule remembers."""
    return {change.key: change.body for change in rule.changes() if change.body is not None}


words = st.sampled_from(["", "a", "b", "c", "x" * 2000, "\x1f"])
value_hits = st.lists(
    st.builds(hit, st.integers(0, 50).map(float), who=words, what=words, host=words)
)


@given(value_hits)
def test_the_lessons_of_a_log_teach_what_all_of_its_lines_would(hits):
    """Values, when each was seen last, and when learning began, to the last byte of state."""
    by_lines, by_lessons = make_rule(VALUES, host="h"), make_rule(VALUES, host="h")
    for one in hits:
        by_lines.learn(one)
    teach(by_lessons, Instruction(rule="v", lessons=tuple(collected(VALUES, hits))), 0.0)
    assert states(by_lessons) == states(by_lines)


messages = st.lists(
    st.tuples(
        st.sampled_from(["app", "web"]),
        st.lists(
            st.sampled_from(["lost", "disk", "7", "user", "bob", "eve", "in", "/a/b"]), max_size=5
        ).map(" ".join),
        st.integers(0, 50),
    ),
    max_size=60,
)


@given(messages)
def test_the_lessons_of_a_log_make_the_same_templates(shown):
    """With the same ids and texts; what they teach is much less than the log."""
    hits = [hit(float(at), source, text) for source, text, at in shown]
    by_lines, by_lessons = make_rule(TEMPLATES, host="h"), make_rule(TEMPLATES, host="h")
    for one in hits:
        by_lines.learn(one)
    teach(by_lessons, Instruction(rule="t", lessons=tuple(collected(TEMPLATES, hits))), 0.0)
    for source, text, _ in shown:
        assert by_lessons.template_of(text, source) == by_lines.template_of(text, source)
    began = {key: body for key, body in states(by_lines).items() if key.startswith("learn")}
    assert began.items() <= states(by_lessons).items()


def test_a_log_of_one_sentence_is_a_few_lessons():
    """However long it is."""
    hits = [hit(float(at), text=f"user {at} logged in from 10.0.0.{at % 200}") for at in range(999)]
    assert len(collected(TEMPLATES, hits)) == 1
    same = [hit(float(at), who="bob") for at in range(999)]
    assert [each.time for each in collected(VALUES, same)] == [0.0, 998.0]


def test_of_too_many_values_those_seen_last_are_taught():
    """As many as the rule keeps."""
    few = RuleSettings(name="v", kind=NewValue(value=("who",)), max_keys=3)
    lessons = collected(few, [hit(float(at), who=str(at)) for at in range(50)])
    assert [each.fields["who"] for each in lessons] == ["0", "47", "48", "49"]


def test_what_is_taught_is_told_in_words():
    """How much was known before and is known now, and the first new ones."""
    rule = make_rule(VALUES, host="h")
    lessons = (Lesson("app", 5.0, {"who": "bob"}), Lesson("app", 6.0, {"who": "bob"}))
    taught = teach(rule, Instruction(rule="v", lessons=lessons), 9.0)
    assert (taught.known_before, taught.known, taught.new) == (0, 1, 1)
    assert taught.first_new == ("who=bob",)
    rule = make_rule(TEMPLATES, host="h")
    lessons = (Lesson("app", 5.0, {"message": "lost disk 7"}),)
    (words,) = teach(rule, Instruction(rule="t", lessons=lessons), 9.0).first_new
    source, name, text = words.split(" ", 2)
    assert (source, len(name), text) == ("app", 12, "lost disk <num>")


def test_values_and_templates_are_accepted_and_values_forgotten():
    """An unknown one is in no answer."""
    rule = make_rule(VALUES, host="h")
    value = {"host": "h1", "who": "bob", "what": "ls"}
    accept, forget = Instruction(rule="v", accept=value), Instruction(rule="v", forget=value)
    assert teach(rule, accept, 9.0).accepted == ("host=h1 who=bob what=ls",)
    assert not rule.learn(hit(9.0, **value))
    assert teach(rule, forget, 9.0).accepted == ("host=h1 who=bob what=ls",)
    assert len(rule) == 0
    assert teach(rule, forget, 9.0).accepted == ()
    rule = make_rule(TEMPLATES, host="h")
    unknown = Instruction(rule="t", accept="lost disk <num>")
    assert teach(rule, unknown, 9.0).accepted == ()
    ((source, _),) = [
        each.split()
        for each in teach(
            rule, Instruction(rule="t", accept="lost <num>", source="app"), 9
        ).accepted
    ]
    assert source == "app"
    assert not rule.learn(hit(9.0, text="lost 7"))


def test_half_a_surrogate_pair_does_no_harm():
    """JSON may hold one, and neither a request nor a store takes it."""
    for settings, one in (
        (VALUES, hit(1.0, who="\ud800")),
        (TEMPLATES, hit(1.0, text="lost \ud800 disk")),
    ):
        assert collected(settings, [one])


@pytest.mark.parametrize("kind", [PlainMatch()])
def test_other_kinds_learn_nothing(kind):
    """And say so."""
    settings = RuleSettings(name="m", kind=kind)
    assert lessons_for(settings) is None
    assert (
        "learns nothing" in teach(make_rule(settings, host="h"), Instruction(rule="m"), 0).problem
    )
