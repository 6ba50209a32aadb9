"""The stock rules against lines that the programs really write, with plain `re` and the parsers."""

import re
from datetime import UTC
from pathlib import Path
from string import Formatter
from time import process_time

import pytest
import yaml

from logwatch.conditions import compile_where
from logwatch.config.fields import BUILTINS
from logwatch.config.loader import examine, load
from logwatch.matching.pattern import risk
from logwatch.parsers import FORMATS, field_names, make_parser
from logwatch.parsers.base import ParserSettings

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config" / "logwatch.yaml"
FILES = sorted((ROOT / "config" / "rules.d").glob("*.yaml"))
RULES = [rule for file in FILES for rule in yaml.safe_load(file.read_text())["rules"]]
CASES = yaml.safe_load((Path(__file__).parent / "stock_rules.yaml").read_text())

ALLOWED = {
    *("name", "in", "match", "where", "unless", "by", "severity", "when", "clear", "levels"),
    *("cooldown", "say", "labels", "description", "runbook"),
}
SPOKEN = set(BUILTINS) - {"severity"}

PREDICATES = {rule.name: compile_where(rule.where) for rule in load(CONFIG).rules if rule.where}

ORDINARY = (Path(__file__).parent / "ordinary_lines.txt").read_text().splitlines()


def many(value):
    """A scalar or list of the YAML as a list."""
    return [value] if isinstance(value, str) else list(value or [])


def parsed(rule, line):
    """The fields of a line of the rule's sources; only access logs are asked for them here."""
    assert rule["in"] == "access"
    return make_parser("combined", ParserSettings(tz=UTC)).parse(line, 0.0).fields


def found(rule, line):
    """What the rule takes from the line, by name; None for a line that it does not take."""
    if any(re.search(p, line) for p in many(rule.get("unless"))):
        return None
    taken = parsed(rule, line) if "where" in rule else {}
    if "where" in rule and not PREDICATES[rule["name"]](taken):
        return None
    match = next((m for p in many(rule.get("match")) if (m := re.search(p, line))), None)
    if match is None:
        return None if "match" in rule else taken
    return taken | match.groupdict()


def test_every_stock_rule_has_lines_that_it_catches_and_misses():
    """And no case is of a rule that is gone; names are unique."""
    names = [rule["name"] for rule in RULES]
    assert len(names) == len(set(names))
    assert set(CASES) == set(names)
    assert all(case["catches"] and case["misses"] for case in CASES.values())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_a_stock_rule_catches_its_lines_and_not_the_near_misses(rule):
    """With the captures that are written beside the line."""
    case = CASES[rule["name"]]
    for expected in case["catches"]:
        taken = found(rule, expected["line"])
        assert taken is not None, expected["line"]
        captures = {name: taken[name] for name in expected if name != "line"}
        assert captures == {name: text for name, text in expected.items() if name != "line"}
    for line in case["misses"]:
        assert found(rule, line) is None, line


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_each_pattern_of_a_stock_rule_has_a_line(rule):
    """No alternative of `match` or `unless` is there without a proof that it works."""
    case = CASES[rule["name"]]
    for pattern in many(rule.get("match")):
        assert any(re.search(pattern, catch["line"]) for catch in case["catches"]), pattern
    for pattern in many(rule.get("unless")):
        assert any(re.search(pattern, line) for line in case["misses"]), pattern


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_a_stock_rule_is_well_kept(rule):
    """Known keys, a description, words of its own that use known names, keys that are captured."""
    assert set(rule) <= ALLOWED
    assert rule["description"].endswith(".")
    assert ("when" in rule) == ("clear" in rule) or "match" in rule["clear"]
    captured = {name for p in many(rule.get("match")) for name in re.compile(p).groupindex}
    given = {name for form in FORMATS for name in field_names(form) or ()}
    own = set(field_names("combined")) if "where" in rule else set()
    spoken = {name.split("|")[0] for _, name, _, _ in Formatter().parse(rule["say"]) if name}
    assert spoken <= captured | own | SPOKEN
    assert set(many(rule.get("by"))) <= captured | own
    # A capture that hides a name of the alert, or a field, would say something else than it seems.
    assert not captured & (SPOKEN - {"host"})
    assert captured & given <= {"ip", "user", "pid", "status", "method"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_no_line_makes_a_stock_rule_slow(rule):
    """No pattern can backtrack without end, and a long run of its own text costs little."""
    patterns = [*many(rule.get("match")), *many(rule.get("unless"))]
    assert not any(map(risk, patterns))
    lines = [catch["line"] for catch in CASES[rule["name"]]["catches"]]
    for text in (*lines, *(line[: len(line) // 2] for line in lines)):
        start = process_time()
        for pattern in patterns:
            re.search(pattern, (text + " ") * (20_000 // len(text)) + "\\")
        assert process_time() - start < 0.5


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_ordinary_lines_raise_no_alarm(rule):
    """What a machine writes on a good day; rules of access logs see those lines only."""
    for line in ORDINARY:
        if '"GET /error' not in line or rule["in"] == "access":
            assert found(rule, line) is None, line


def test_one_line_is_no_alarm_of_two_rules():
    """Rules that see the same sources do not repeat one another, but where both are news."""
    sources = {rule.name: set(rule.sources or ()) for rule in load(CONFIG).rules}
    pairs = set()
    for name, case in CASES.items():
        lines = [catch["line"] for catch in case["catches"]]
        for other in RULES:
            seen_by_both = sources[name] & sources[other["name"]]
            twice = any(found(other, line) is not None for line in lines)
            if other["name"] != name and seen_by_both and twice:
                pairs.add(frozenset({name, other["name"]}))
    assert pairs == {
        frozenset({"disk-full", "postgres-crash"}),
        frozenset({"app-errors", "out-of-memory"}),
    }


def test_the_stock_configuration_loads():
    """Without an error, and with no warning but that this machine lacks the files."""
    config, problems, summary = examine(CONFIG)
    assert config is not None
    assert {problem.code for problem in problems} <= {"no-match", "unreadable"}
    assert summary.rules == len(RULES) == len(load(CONFIG).rules)


def test_no_file_is_followed_by_two_stock_sources():
    """One event, one alert: kern.log and cron.log repeat what syslog has, and are no sources."""
    paths = [path for source in load(CONFIG).sources for path in source.paths]
    assert len(paths) == len(set(paths))
    assert not any("kern.log" in path or "cron.log" in path for path in paths)
    on_debian = ["/var/log/nginx/access.log", "/var/log/nginx/error.log", "/var/log/syslog"]
    for file in on_debian:
        assert sum(Path(file).match(path) for path in paths) == 1
