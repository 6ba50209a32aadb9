"""Which rules take a line by its fields, and how often it is parsed for that."""

from datetime import UTC
from types import MappingProxyType

import pytest

from logwatch.conditions import Condition, compile_where, parse_test
from logwatch.parsers import FORMATS, make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import EventClock
from logwatch.parsers.selection import Selection

AT = 1_767_574_800.0  # 2026-01-05T01:00:00Z
LINE = '{"time": "2026-01-05T01:00:00Z", "level": "error", "n": 7}'


class Counting:
    """A JSON parser that counts the lines that it was given."""

    may_lead = None

    def __init__(self):
        self.inner = make_parser("json", ParserSettings(tz=UTC))
        self.lines = 0

    def parse(self, text, now):
        self.lines += 1
        return self.inner.parse(text, now)

    def select(self, text, now, wanted):
        self.lines += 1
        return self.inner.select(text, now, wanted)


def where(field, test):
    """One condition as a predicate."""
    return compile_where((Condition(field, (parse_test(test),)),))


def take(predicates, found, parser=None, text=LINE, exclusions=MappingProxyType({})):
    """What the selection says of a line that the engine stopped at for the rules `found`."""
    clock = EventClock(parser or make_parser("json", ParserSettings(tz=UTC)), source="app")
    taken = Selection(clock, predicates, exclusions).take(text, found, arrival=AT + 5, backlog=True)
    return taken and (taken[0], taken[1].get("n"), taken[2])


def test_a_rule_takes_a_line_where_its_condition_holds():
    """With its event time and all its fields."""
    error, info = where("level", "error"), where("level", "info")
    assert take([error], [(0, {})]) == (AT, "7", [(0, {})])
    assert take([info], [(0, {})]) is None
    assert take([None], [(0, {"a": "b"})]) == (AT, "7", [(0, {"a": "b"})])


def test_a_line_is_parsed_once_for_all_its_rules():
    """And keeps those that take it, in their order, with what they captured."""
    predicates = [where("level", "error"), where("n", "> 9"), None, where("n", "7")]
    parser = Counting()
    found = [(0, {}), (1, {}), (2, {"x": "1"}), (3, {})]
    assert take(predicates, found, parser) == (AT, "7", [(0, {}), (2, {"x": "1"}), (3, {})])
    assert parser.lines == 1
    assert take(predicates, [(1, {}), (1, {})], parser) is None


def test_what_unless_asks_takes_a_rule_out_by_its_captures_and_the_fields():
    """A capture counts before a field of its name; any of the conditions will do."""
    none = {0: [where("level", "error")]}
    assert take([None], [(0, {})], exclusions=none) is None
    assert take([None], [(0, {"level": "info"})], exclusions=none)
    assert take([where("n", "7")], [(0, {"level": "error"})], exclusions=none) is None
    assert take([where("n", "8")], [(0, {"level": "info"})], exclusions=none) is None
    either = {1: [where("ip", "in 10.0.0.0/8"), where("n", "> 9")]}
    found = [(0, {"ip": "10.0.0.7"}), (1, {"ip": "10.0.0.7"}), (1, {"ip": "192.0.2.1"})]
    assert take([None, None], found, exclusions=either)[2] == [found[0], found[2]]


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        # A newline that Docker put there is no part of what the program wrote.
        (r'{"log": "error\n", "stream": "stdout", "n": 7}', "log", "error"),
        (r'{"log": "error\n", "n": 7}', "log", "error\n"),
        # What stands in an object without a name is known by its own.
        ('{"": {"level": "error"}, "n": 7}', "level", "error"),
        # Of two that have one name the later counts, nested or not.
        ('{"a": {"b": "error"}, "a.b": "info", "n": 7}', "a.b", "info"),
        ('{"a.b": "info", "a": {"b": "error"}, "n": 7}', "a.b", "error"),
        ('{"a": {"b": {"c": "error"}}, "n": 7}', "a.b.c", "error"),
        ('{"a": ["info", "error"], "n": 7}', "a.1", "error"),
        ('{"a": {"b": null}, "a.b": "info", "n": 7}', "a.b", "info"),
    ],
)
def test_a_field_of_a_line_is_judged_by_the_value_that_alerts_show(text, field, value):
    """Few fields are looked at before it is known that a rule takes the line."""
    seen = {}

    def judge(fields):
        seen["value"] = fields.get(field)
        return True

    taken = take([judge], [(0, {})], text=text)
    assert seen["value"] == value
    parsed = make_parser("json", ParserSettings(tz=UTC)).parse(text, AT)
    assert parsed.fields[field] == value
    assert taken[1:] == ("7", [(0, {})])


@pytest.mark.parametrize("name", FORMATS)
def test_a_line_that_is_not_of_its_format_has_no_fields(name):
    """So it passes what a missing field passes, at the time of its arrival."""
    parser = make_parser(name, ParserSettings(tz=UTC))
    unlike, like = [where("level", "!= debug")], [where("level", "debug")]
    assert take(unlike, [(0, {})], parser, '="\x01') == (AT + 5, None, [(0, {})])
    assert take(like, [(0, {})], parser, '="\x01') is None
