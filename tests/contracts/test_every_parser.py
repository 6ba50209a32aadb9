"""What every format in the registry promises, whichever it is."""

import json
import re
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.parsers import FORMATS, field_names, make_parser
from logwatch.parsers.base import Parsed, ParserSettings

NOW = 1_767_571_200.0  # 2026-01-05T00:00:00Z
SETTINGS = (
    ParserSettings(tz=UTC),
    ParserSettings(tz=ZoneInfo("Europe/Paris")),
    ParserSettings(tz=UTC, time_field="http.status"),
    ParserSettings(tz=UTC, time_field=""),
    ParserSettings(tz=UTC, time_format=("%d/%m/%Y %H:%M:%S", "%s")),
)
OWN = (r"^(?P<a>\S+) (?P<b>x)?", r"^(?P<time>[^ ]*) (?P<t>.*)")
"""Formats of a configuration's own, the second with groups for the time."""
DOCUMENT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
HOSTILE = [
    *(
        "",
        " ",
        "\n",
        "\x00",
        "\ud800",
        "\x1b[2J",
        "\u202e",
        "-",
        "<",
        "<>",
        "<34>",
        "<34>1",
        "[",
        "{",
    ),
    *("{}", "[]", "null", '{"time":', "=", '"', "a=", "<34>1 - - - - - -", "<999>1 - - - - - - x"),
    *("[" * 5000, '{"a":' * 5000, "a=" * 5000, '"' * 5000, "\\" * 5000, "[a b=" * 5000),
    *("<34>1 - - - - - " + "[a" * 5000, '<34>1 - - - - - [a b="' + "\\" * 5001, " " * 5000),
    *("Feb 30 01:00:00 a", "Feb 29 99:00:00 a", "Jan 1  01:00:00 a", "٣" * 30, "²" * 30),
    *("0000-00-00T00:00:00Z", "9999-12-31T23:59:60-23:59", "0001-01-01T00:00:00+23:59"),
    *(
        "Jan  5 01:00:00." + "9" * 5000,
        "2026-01-05T01:00:00." + "9" * 5000,
        '{"ts":' + "9" * 5000 + "}",
    ),
    *('{"ts":1e999}', '{"ts":-1}', "ts=1e999", "time=" + "9" * 20, '{"time":"' + "9" * 400 + '"}'),
    "1.2.3.4 - - [05/Jan/2026:01:00:00 +0100] " + '"\\' * 3000,
    "1.2.3.4 - " + "a " * 3000 + "[05/Jan/2026:01:00:00 +0100]",
]


def section(name):
    """The part of the document under the heading of one format."""
    found = re.search(rf"^## `{name}`\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def samples(name):
    """The lines that the document shows for one format."""
    return "".join(re.findall(r"```text\n(.*?)```", section(name), re.DOTALL)).splitlines()


def every_parser():
    """One parser for each format and each of the settings."""
    return [make_parser(name, settings) for name in (*FORMATS, *OWN) for settings in SETTINGS]


def check(parser, text, now=NOW):
    """Parse `text` and hold the answer to the contract."""
    parsed = parser.parse(text, now)
    assert isinstance(parsed, Parsed)
    assert parsed.time is None or isinstance(parsed.time, float)
    assert all(isinstance(x, str) for pair in parsed.fields.items() for x in pair)
    assert parser.time(text, now) == parsed.time
    check_selection(parser, text, now, parsed)
    return parsed


def check_selection(parser, text, now, parsed):
    """What is selected is what would have been parsed, and was judged by the same fields."""
    names = [*parsed.fields, "log", "http.status", "tags.0", "a", "a.b", "no such field"]
    seen = {}

    def judge(fields):
        assert not seen, "it is asked once"
        seen.update((name, fields.get(name)) for name in reversed(names))
        return True

    assert parser.select(text, now, judge) == parsed
    assert seen == {name: parsed.fields.get(name) for name in names}
    assert parser.select(text, now, lambda _fields: False) is None


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_documented_with_samples(name):
    """The document has a section for it, and at least two lines."""
    assert len(samples(name)) >= 2


@pytest.mark.parametrize("name", FORMATS)
def test_every_documented_sample_has_the_time_that_it_shows(name):
    """All samples are of one second in two zones, so the answer is known."""
    parser = make_parser(name, ParserSettings(tz=UTC))
    for line in samples(name):
        parsed = check(parser, line, NOW + 3600)
        assert parsed.time is not None, line
        assert int(parsed.time) in (NOW + 3600, NOW), line
        assert bool(parsed.fields) == (name != "plain"), line


@pytest.mark.parametrize("name", FORMATS)
def test_the_fixed_names_are_in_the_document_and_no_sample_has_others(name):
    """`field_names` is what configurations are checked against."""
    fixed = field_names(name)
    if fixed is not None:
        assert all(f"`{field}`" in section(name) for field in fixed)
        parser = make_parser(name, ParserSettings(tz=UTC))
        seen = {field for line in samples(name) for field in parser.parse(line, NOW).fields}
        assert {field for field in seen if "." not in field} <= set(fixed)


@pytest.mark.parametrize("name", [*FORMATS, *OWN])
def test_nothing_in_a_hostile_line_raises(name):
    """Broken, endless, nested and undecodable lines are lines."""
    for settings in SETTINGS:
        parser = make_parser(name, settings)
        for line in HOSTILE:
            check(parser, line)


@given(st.text(st.characters(), max_size=200), st.floats(-1e12, 1e12))
def test_random_text_never_raises(text, now):
    """Any text, surrogates included, at any time."""
    for parser in every_parser():
        check(parser, text, now)


@given(st.data())
def test_a_mutated_real_line_never_raises(data):
    """Cut, repeat and replace within lines that nearly are of the format."""
    line = data.draw(st.sampled_from([line for name in FORMATS for line in samples(name)]))
    for _ in range(data.draw(st.integers(1, 4))):
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(line))] * 2)))
        middle = data.draw(st.one_of(st.text(max_size=5), st.just(line[start:end] * 2)))
        line = line[:start] + middle + line[end:]
    for parser in every_parser():
        check(parser, line)


NAMES = st.sampled_from(["", "a", "b", "a.b", "log", "stream", "http", "status", "0", "ts"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_object_is_selected_by_the_fields_that_it_has(record):
    """Whatever is nested in it, under whatever names."""
    parser = make_parser("json", SETTINGS[0])
    check(parser, json.dumps(record, allow_nan=False))


def test_what_is_selected_in_a_very_long_object_is_within_the_bounds():
    """Its 201st field is not told, so no condition sees it either."""
    record = {f"n{number}": number for number in range(205)}
    parser = make_parser("json", SETTINGS[0])
    assert "n200" not in check(parser, json.dumps(record)).fields
    assert parser.select(json.dumps(record), NOW, lambda f: f.get("n200") is not None) is None


@pytest.mark.parametrize("name", FORMATS)
def test_an_answer_does_not_depend_on_the_lines_before(name):
    """What a parser remembers must not show: the same line gives the same answer in any order."""
    lines = [line for other in FORMATS for line in samples(other)] + HOSTILE
    used = make_parser(name, SETTINGS[1])
    for line in [*lines, *reversed(lines)]:
        assert used.parse(line, NOW) == make_parser(name, SETTINGS[1]).parse(line, NOW)
