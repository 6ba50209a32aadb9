"""Everything that we ship with `tests:` passes them, through the command that people type."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time

import pytest

from logwatch.cli.main import run_command_line
from logwatch.clock import SystemClock
from logwatch.config.loader import from_text, load
from logwatch.rules import RULES
from logwatch.testing.outcome import offset_text
from logwatch.testing.runner import Runner

ROOT = Path(__file__).parents[2]
STOCK = ROOT / "config" / "logwatch.yaml"
EVERY_KIND = Path(__file__).with_name("every_kind.yaml")
RAN: dict[Path, tuple[int, dict]] = {}
REFERENCE = ROOT / "tests" / "config" / "rules_example.yaml"


@pytest.fixture(autouse=True)
def pager(monkeypatch):
    """The secret that the example asks for."""
    monkeypatch.setenv("PAGER_URL", "https://pager.example/hook")


@pytest.fixture
def sums(capsys):
    """Exit status, and the object with the sums, of a file whose tests run once."""

    def of(path):
        if path not in RAN:
            words = ["test", "-c", str(path), "--min-coverage", "100", "-o", "json"]
            status = run_command_line(words)
            out, err = capsys.readouterr()
            assert err == ""
            RAN[path] = status, json.loads(out.splitlines()[-1])
        return RAN[path]

    return of


@pytest.mark.parametrize("path", [STOCK, EVERY_KIND, REFERENCE], ids=lambda path: path.name)
def test_the_tests_of_what_we_ship_pass(path, sums):
    """And every rule has one."""
    status, told = sums(path)
    assert (status, told["failed"], told["errors"]) == (0, 0, 0)
    assert told["coverage"]["without"] == []


@pytest.mark.parametrize("path", [STOCK, EVERY_KIND], ids=lambda path: path.name)
def test_no_branch_of_these_rules_is_untested(path, sums):
    """Each pattern, exclusion, level and step, each firing and end, and each silence."""
    _, told = sums(path)
    missed = {rule["rule"]: rule["missed"] for rule in told["coverage"]["branches"]}
    assert {name: branches for name, branches in missed.items() if branches} == {}


def test_every_kind_of_rule_is_among_them():
    """A kind that is added without a test in virtual time fails here."""
    tested = {type(rule.kind) for rule in load(EVERY_KIND).rules}
    assert tested == set(RULES)


@pytest.mark.parametrize("path", [STOCK, EVERY_KIND], ids=lambda path: path.name)
def test_each_rule_has_a_test_that_fires_and_one_that_does_not_at_once(path):
    """Beside the plain ones of the second file, whose quiet lines stand in the same test."""
    config = load(path)
    for rule in config.rules:
        tests = [test for test in config.tests if test.rule == rule.name]
        assert any(test.fires for test in tests), rule.name
        if path == STOCK:
            assert any(test.quiet for test in tests), rule.name
            assert not rule.kind.burns or any(test.resolves for test in tests), rule.name


def test_each_shipped_example_passes_its_tests(capsys):
    """Those that are made to be copied."""
    for path in sorted((ROOT / "config" / "examples").rglob("*.yaml")):
        words = ["test", "-c", str(path), "--min-coverage", "100"]
        assert run_command_line(words) == 0, capsys.readouterr().out


def test_a_test_that_says_another_thing_fails():
    """Each of the shipped ones would: turned over, none passes by accident."""
    config = load(EVERY_KIND)
    runner = Runner(config, SystemClock())
    for test in config.tests:
        if test.quiet:
            continue
        fewer = type(test)(**{**fields_of(test), "fires": test.fires[1:]})
        assert not runner.run(fewer).passed, test.place


def fields_of(test):
    """The fields of a test by their names."""
    return {name: getattr(test, name) for name in test.__struct_fields__}


def test_the_outcome_does_not_depend_on_the_zone_of_the_machine(monkeypatch, tmp_path):
    """A stamp without a zone is read as UTC where the source names none."""
    text = """
sources: {auth: {path: /x, format: syslog}}
rules: [{name: root, match: session}]
sinks: {out: {console: {}}}
tests: [{rule: root, lines: ['+1h Jan  5 01:00:00 web1 su: session'], fires: [{at: +1h}]}]
"""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    config = from_text(text)
    runner = Runner(config, SystemClock())
    assert runner.run(config.tests[0]).passed


def test_a_hundred_tests_take_about_a_second():
    """CPU time, of ten rules with ten tests each."""
    rules = [
        f"{{name: r{n}, match: 'job{n} (?P<what>.+)', by: what, when: 2 in 1m}}" for n in range(10)
    ]
    tests = [
        f"{{rule: r{n}, lines: [job{n} a, job{n} a, other], fires: [{{what: a}}]}}"
        for n in range(10)
        for _ in range(10)
    ]
    config = from_text(
        f"sources: {{app: /x}}\nrules: [{', '.join(rules)}]\nsinks: {{out: {{console: {{}}}}}}\n"
        f"tests: [{', '.join(tests)}]"
    )
    best = 9.0
    for _ in range(3):
        runner = Runner(config, SystemClock())
        before = process_time()
        assert all(runner.run(test).passed for test in config.tests)
        best = min(best, process_time() - before)
    assert best < 1.0


def test_the_page_about_tests_shows_what_is_printed(tmp_path, monkeypatch, capsys):
    """Its example, run as it is told."""
    page = (ROOT / "docs" / "testing-rules.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    screen = page.partition("$ logwatch test\n")[2].partition("```")[0]
    (tmp_path / "logwatch.yaml").write_text(example)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("LOGWATCH_CONFIG", raising=False)
    assert run_command_line(["test"]) == 1
    out = capsys.readouterr().out
    assert out.rpartition(" · ")[0] == screen.rpartition(" · ")[0]


def test_a_wrong_expectation_of_any_kind_is_told_with_its_line():
    """A time or a value that is another one than what came: both are named, and nothing else."""
    config = load(EVERY_KIND)
    kinds = set()
    runner = Runner(config, SystemClock())
    for test in config.tests:
        timed = [entry for entry in test.fires if entry.at is not None and entry.places]
        if not timed:
            continue
        entry = timed[0]
        wrong = type(entry)(**{**fields_of(entry), "at": entry.at + 7})
        fires = tuple(wrong if each is entry else each for each in test.fires)
        outcome = runner.run(type(test)(**{**fields_of(test), "fires": fires}))
        (mismatch,) = outcome.mismatches
        (difference,) = mismatch.differences
        assert (difference.name, difference.place) == ("at", entry.places["at"])
        assert difference.got == offset_text(entry.at, test.start)
        assert any(one.deed == "fired" for row in outcome.rows for one in row.did)
        kinds.add(type(next(rule for rule in config.rules if rule.name == test.rule).kind))
    assert kinds == set(RULES)
