"""A format that is a pattern, whose named groups are the fields."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from logwatch.parsers import JOURNALD, RECEIVED, can_have, field_names, is_format, make_parser
from logwatch.parsers.base import Parsed, ParserSettings
from logwatch.parsers.own_format import writings

AT = datetime(2026, 1, 5, 1, tzinfo=UTC).timestamp()
NOW = AT + 3600
HAPROXY = r"(?P<client>\S+):\d+ \[(?P<when>[^\]]+)\] (?P<server>\S+) (?P<ms>\d+)(?: (?P<flags>--))?"
WHEN = ("%d/%b/%Y:%H:%M:%S.%f",)
LINE = "Jan  5 00:59:59 lb haproxy[9]: 203.0.113.9:4022 [05/Jan/2026:01:00:00.250] app1 812"


def parse(pattern, line, **settings):
    return make_parser(pattern, ParserSettings(tz=UTC, **settings)).parse(line, NOW)


def test_its_groups_are_the_fields_but_those_that_took_nothing():
    fields = parse(HAPROXY, LINE).fields
    assert fields == {
        "client": "203.0.113.9",
        "when": "05/Jan/2026:01:00:00.250",
        "server": "app1",
        "ms": "812",
    }
    assert parse(HAPROXY, f"{LINE} --").fields["flags"] == "--"


def test_a_line_in_which_it_is_not_found_has_no_fields():
    assert parse(HAPROXY, "Jan  5 01:00:00 lb haproxy[9]: started") == Parsed(AT, {})


@pytest.mark.parametrize(
    ("pattern", "settings", "line", "time"),
    [
        (HAPROXY, {}, LINE, AT - 1),  # none of the usual names: the line's own beginning
        (
            HAPROXY,
            {"time_field": "when", "time_format": ("%d/%b/%Y:%H:%M:%S.%f",)},
            LINE,
            AT + 0.25,
        ),
        (HAPROXY, {"time_field": "when"}, "no such line", None),
        (r"id=(?P<id>\d+) at (?P<ts>\S+)", {}, "id=7 at 2026-01-05T01:00:00Z", AT),
        (r"id=(?P<id>\d+) at (?P<ts>\S+)", {}, f"id=7 at {AT:.0f}000", AT),
        (r"(?P<date>\S+) (?P<t>\S+)", {}, f"today {AT:.0f}", AT),  # the first that is a time
        (r"(?P<date>\S+) (?P<time>\S+)", {}, "2026-01-05 01:00:00 x", AT),  # both are parts of one
        (r"(?P<date>\S+) x", {}, "2026-01-05 01:00:00 started", AT),
        (r"(?P<ms>\d+)ms", {"time_format": ("%d/%m/%Y %H:%M",)}, "5ms, 05/01/2026 01:00", AT),
    ],
)
def test_its_time_is_that_of_a_group_else_that_of_the_line(pattern, settings, line, time):
    parser = make_parser(pattern, ParserSettings(tz=UTC, **settings))
    assert parser.parse(line, NOW).time == parser.time(line, NOW) == time


def test_only_a_pattern_that_looks_at_the_line_s_beginning_can_be_passed_over_by_that():
    def may_lead(pattern, line, **settings):
        looked = make_parser(pattern, ParserSettings(tz=UTC, **settings)).may_lead
        return looked is None or bool(looked(line, 0))

    assert not may_lead("(?P<a>x)", b"no stamp")
    assert may_lead("(?P<a>x)", b"2026-01-05T01:00:00Z")
    assert may_lead("(?P<time>x)", b"no stamp")
    assert may_lead("(?P<a>x)", b"no stamp", time_format=("%s",))


def test_what_it_is_searched_by_is_the_caller_s_choice():
    asked = []

    def make_search(pattern):
        asked.append(pattern)
        return lambda text: None  # given up

    assert parse("a(?P<x>b)", "ab", make_search=make_search).fields == {}
    assert asked == ["a(?P<x>b)"]


def test_its_names_are_known_where_it_alone_gives_fields():
    assert field_names(HAPROXY) == ("client", "when", "server", "ms", "flags")
    assert field_names(f"{RECEIVED}{HAPROXY}") == (*field_names(HAPROXY), "peer")
    assert not can_have(HAPROXY, "status")
    assert field_names(f"docker+{HAPROXY}") is None  # what the driver adds is there, too
    assert field_names(f"{JOURNALD}{HAPROXY}") is None


@pytest.mark.parametrize("name", [HAPROXY, f"cri+{HAPROXY}", "json", "docker+syslog"])
def test_it_may_stand_wherever_a_name_may(name):
    assert is_format(name)


@pytest.mark.parametrize("name", [r"(\S+) unnamed", "%{COMBINEDAPACHELOG}", "jsno", ""])
def test_what_names_no_group_is_no_pattern(name):
    assert not is_format(name)


def test_a_field_stands_between_the_plain_text_beside_its_group():
    (field,) = writings(r"^a+b\[(?P<x>\d+)\]: c?").values()
    assert (field.before, field.after) == (r"b\[", r"\]:\ ")


@pytest.mark.parametrize("pattern", [r"(?i)a(?P<x>b)c", r"a(?i:b(?P<x>c))d", r"\s(?P<x>b)[cd]"])
def test_no_text_is_expected_beside_a_group_where_it_may_be_written_otherwise(pattern):
    (field,) = writings(pattern).values()
    assert (field.before, field.after) == ("", "")


def _around(inner):
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        inner.map(lambda one: f"(?:{one})?"),
        inner.map(lambda one: f"(?:{one}){{1,2}}"),
        inner.map(lambda one: f"(?={one})"),
        inner.map(lambda one: f"(?i:{one})"),
        inner.map(lambda one: f"(?:{one})*?"),
        inner.map(lambda one: f"(?P<NAME>{one})"),
    )


LEAVES = st.sampled_from(["a", "b", "A", "ab", "[ab]", ".", r"\w", "^", "$"])
pieces = st.recursive(LEAVES, _around, max_leaves=5)


@given(pieces, pieces, pieces, st.text("abAB", max_size=8))
@example("a", "b", "a", "aba")
def test_every_value_is_where_it_is_looked_for(before, inside, after, line):
    """However the group is wrapped, and whatever stands beside it."""
    number = iter(range(100))
    text = f"{before}(?P<NAME>{inside}){after}"
    pattern = re.sub("NAME", lambda _: f"f{next(number)}", text)
    assume(next(number) < 20)
    fields = parse(pattern, line).fields
    for name, value in fields.items():
        assert re.search(writings(pattern)[name].whole(value), line), (pattern, line, name)
