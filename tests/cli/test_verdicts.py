"""What rules say of a line is what the daemon does with it."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from doubles.examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.cli.log_blocks import RecordBlock
from logwatch.cli.try_scan import RuleScan, Sample, Sampled
from logwatch.cli.try_scan import given as given_line
from logwatch.cli.verdicts import (
    MOST_RULES_AT_ONCE,
    Verdicts,
    Way,
    readings_for,
    ways_of,
)
from logwatch.conditions import Condition, parse_test
from logwatch.config.model import Config
from logwatch.daemon.readings import Readings
from logwatch.matching.engines import Engines
from logwatch.matching.prefilter import Unwatched
from logwatch.rules.base import PlainMatch, RuleSettings, Selector
from logwatch.rules.kinds import Cleared
from logwatch.schedule import parse_schedule
from logwatch.tailer.settings import SourceSettings

NOW = 1_700_000_000.0
PATTERNS = st.sampled_from([
    "error", "err(?P<kind>or|no)", r"code (?P<code>\d+) at", "^warn", "(?i)FATAL", "disk full$",
    r"from (?P<ip>\S+) port \d{4}", r"(?:GET|POST) /(?P<path>\w+)", "é+",
])  # fmt: skip
PIECES = st.sampled_from([
    "error ", "errno ", "code 7 at ", "code x", "warn ", "fatal", "disk full", "from 1.2 port 22",
    "from 1.2 port 2222 ", "GET /a", "POST /", "é", "\x1b[2J", " ", '"level":"error"', "\r",
])  # fmt: skip
JSON_LINES = st.fixed_dictionaries(
    {},
    optional={
        "level": st.sampled_from(["error", "info"]),
        "status": st.sampled_from([200, 503, "x"]),
        "msg": PIECES,
    },
).map(msgspec.json.encode)
LINES = st.one_of(
    st.lists(PIECES, max_size=6).map(lambda bits: "".join(bits).encode()),
    JSON_LINES,
    st.sampled_from([b"", b"\xff error \xc3", b"error " * 20, b'{"level":"error"']),
)
CONDITIONS = st.sampled_from([
    ("level", "error"), ("level", "!= info"), ("status", ">= 500"), ("msg", "~ err|disk"),
    ("msg", "!~ full"), ("status", "5??"),
])  # fmt: skip
UNLESS = CONDITIONS | st.sampled_from([
    ("ip", "~ 1"), ("code", "7"), ("kind", "or"), ("path", "!= a"), ("ip", "!in 10.0.0.0/8"),
])  # fmt: skip


def where_of(pairs):
    """Conditions, each field once."""
    return tuple(Condition(name, (parse_test(test),)) for name, test in dict(pairs).items())


RULES = st.builds(
    lambda match, unless, where: Selector(
        match=tuple(match) if match or where else ("error",),
        unless=tuple(one if isinstance(one, str) else where_of(one) for one in unless),
        where=where_of(where),
    ),
    st.lists(PATTERNS, max_size=2),
    st.lists(PATTERNS | st.lists(UNLESS, min_size=1, max_size=2), max_size=2),
    st.lists(CONDITIONS, max_size=3),
)


def source_of(format_):
    """A source with short lines, so that some are cut."""
    return SourceSettings(name="s", paths=(), format=format_, max_line=60)


def taken_by_the_daemon(config, line):
    """Numbers of the rules that take a line as a monitor finds them."""
    reading = Readings(config, "auto", Unwatched()).of(("s",))
    taken = set()
    for hit in reading.matcher.match(line + b"\n"):
        found = hit.found
        if reading.selection is not None:
            selected = reading.selection.take(hit.text, found, arrival=NOW, backlog=True)
            found = [] if selected is None else selected[2]
        taken.update(reading.rules[number] for number, _ in found)
    return taken


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where databases may be kept."""
    return tmp_path_factory.mktemp("compiled")


def config_of(folder, source, selectors):
    """A configuration of plain rules."""
    rules = tuple(
        RuleSettings(
            name=f"r{number}",
            match=one.match,
            unless=one.unless,
            where=one.where,
            kind=PlainMatch(),
        )
        for number, one in enumerate(selectors)
    )
    return Config(files=(), state=folder, sources=(source,), rules=rules, audit=0.0)


@given(
    selectors=st.lists(RULES, min_size=1, max_size=4),
    lines=st.lists(LINES, min_size=1, max_size=6),
    format_=st.sampled_from(["plain", "json", "json"]),
)
@settings(max_examples=examples(50))
def test_a_verdict_is_taken_where_the_daemon_takes_the_line(folder, selectors, lines, format_):
    """Never where it does not; and what is not taken has a reason."""
    source = source_of(format_)
    config = config_of(folder, source, selectors)
    ways = [way for rule in config.rules for way in ways_of(rule)]
    reading = readings_for(config, [way.selector for way in ways], Engines(cache=folder)).of(("s",))
    verdicts = Verdicts(reading, source, ways)
    for line in lines:
        said = verdicts.of(line, NOW)
        taken = {number for number, one in enumerate(said) if one.outcome == "taken"}
        assert taken == taken_by_the_daemon(config, line)
        text = verdicts.text_of(line)
        for one, selector in zip(said, selectors, strict=True):
            check_reason(one, selector, text)


def check_reason(verdict, selector, text):
    """The reason holds, and there is one."""
    assert verdict.outcome != "given-up"
    for capture in verdict.captures:
        assert 0 <= capture.start <= capture.end <= len(text)
    match verdict.outcome:
        case "excluded":
            excluding = selector.unless[verdict.excluder.number]
            if isinstance(excluding, str):
                assert verdict.excluder.pattern == excluding
            else:
                assert all(f"{one.field}: " in verdict.excluder.pattern for one in excluding)
            assert 0 <= verdict.excluder.start <= verdict.excluder.end <= len(text)
        case "refused":
            assert {one.field for one in verdict.refusals} <= {one.field for one in selector.where}
        case "missed" if selector.match:
            miss = verdict.near_miss
            assert miss is not None
            assert miss.pattern in selector.match
            assert miss.line_stop <= len(text)
        case "missed":
            assert verdict.refusals


@given(
    selector=RULES,
    lines=st.lists(LINES, min_size=1, max_size=8),
    format_=st.sampled_from(["plain", "json", "json"]),
)
@settings(max_examples=examples(50))
def test_a_scan_of_a_block_finds_what_the_verdicts_of_its_lines_say(
    folder, selector, lines, format_
):
    """Taken, excluded and near, each with the number of its line."""
    source = source_of(format_)
    config = Config(files=(), state=folder, sources=(source,))
    ways = [Way(rule="r", selector=selector)]
    reading = readings_for(config, [selector], Engines(cache=folder)).of(("s",))
    verdicts = Verdicts(reading, source, ways)
    scan = RuleScan(config, source, ways, Engines(cache=folder))
    block = b"\n".join(lines) + b"\n"
    found = {one.line_number: one for one in scan.scan(RecordBlock(block), 0, NOW)}
    assert all(lines[number - 1] == one.data for number, one in found.items())
    for number, line in enumerate(lines, start=1):
        (verdict,) = verdicts.of(line, NOW)
        role = found[number].role if number in found else None
        match verdict.outcome:
            case "taken":
                assert role == "taken"
            case "excluded":
                assert role == "excluded"
            case "refused":
                # Conditions that no text tells of are not looked for by themselves.
                assert role in (("excluded",) if selector.match else ("near", None))
            case _:
                assert (role == "near") == verdict.is_near


def test_a_pattern_that_takes_too_long_is_said_to_be_given_up(tmp_path):
    """`run` gives it up as well: nobody is told that the line does not match."""
    source = source_of("plain")
    selector = Selector(match=("(?:a|aa)+(?!.)",))
    config = Config(files=(), state=tmp_path, sources=(source,))
    reading = readings_for(config, [selector], Engines()).of(("s",))
    verdicts = Verdicts(reading, source, [Way(rule="r", selector=selector)])
    (verdict,) = verdicts.of(b"a" * 58 + b"!", NOW)
    assert verdict.outcome == "given-up"
    assert verdict.is_near


def test_a_line_outside_of_active_hours_is_taken_and_said_to_be_told_to_nobody(tmp_path):
    """By the time that the line itself names."""
    source = SourceSettings(name="s", paths=(), format="json", time="ts")
    rule = RuleSettings(
        name="r",
        match=("error",),
        kind=PlainMatch(),
        active=parse_schedule("Mon-Fri 08:00-18:00 UTC"),
        shadow=True,
    )
    config = Config(files=(), state=tmp_path, sources=(source,), rules=(rule,))
    ways = ways_of(rule)
    reading = readings_for(config, [ways[0].selector], Engines()).of(("s",))
    verdicts = Verdicts(reading, source, ways)
    for hour, notes in ((3, 2), (9, 1)):
        line = f'{{"ts":"2023-11-14T{hour:02}:00:00Z","msg":"error"}}'.encode()
        (verdict,) = verdicts.of(line, NOW)
        assert verdict.outcome == "taken"
        assert len(verdict.notes) == notes


def test_what_opens_comes_before_what_clears():
    """As a person reads the rule; only the former has hours."""
    hours = parse_schedule("08:00-18:00 UTC")
    kind = Cleared(count=1, window=0.0, closing=Selector(match=("up",)))
    first, second = ways_of(RuleSettings(name="link", match=("down",), kind=kind, active=hours))
    assert (first.part, first.selector.match, first.active) == (1, ("down",), hours)
    assert (second.part, second.selector.match, second.active) == (2, ("up",), None)


def test_of_thousands_of_rules_those_that_share_words_are_looked_at(tmp_path):
    """The one that nearly matches is among them."""
    source = source_of("plain")
    ways = [
        Way(rule=f"r{number}", selector=Selector(match=(f"thing{number} failed badly",)))
        for number in range(MOST_RULES_AT_ONCE + 50)
    ]
    ways.append(Way(rule="near", selector=Selector(match=("connection refused by peer",))))
    config = Config(files=(), state=tmp_path, sources=(source,), engine="reference")
    reading = readings_for(config, [way.selector for way in ways], Engines(config.engine)).of(
        ("s",)
    )
    said = Verdicts(reading, source, ways).of(b"the connection refused to die", NOW)
    assert said[-1].is_near
    assert sum(one.near_miss is not None for one in said) == MOST_RULES_AT_ONCE


def test_a_sample_is_even_and_bounded():
    """Every second one goes when it is full, and nothing depends on chance."""
    source = source_of("plain")
    sample = Sample(most=10, most_bytes=10_000)
    for number in range(1_000):
        sample.offer(Sampled("f", source, given_line(number, "x")))
    numbers = [one.finding.line_number for one in sample.kept]
    strides = {after - before for before, after in pairwise(numbers)}
    assert len(numbers) <= 10
    assert len(strides) == 1
    assert sample.offered == 1_000
    for number in range(5):
        sample.offer(Sampled("f", source, given_line(number, "y" * 60_000)))
    assert sum(len(one.finding.data) for one in sample.kept) <= 130_000


def test_nothing_is_written(tmp_path):
    """Whoever asks may be another user than the daemon."""
    source = source_of("plain")
    config = config_of(tmp_path / "daemon", source, [Selector(match=("error",))])
    reading = readings_for(config, [Selector(match=("error",))], Engines()).of(("s",))
    assert reading.matcher.match(b"error\n")
    assert list(tmp_path.iterdir()) == []
