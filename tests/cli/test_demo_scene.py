"""The demo's story: what it writes, when, and which stock rules it makes fire."""

import re
from collections import Counter
from datetime import UTC
from pathlib import Path

import pytest
import yaml

from logwatch.cli.demo_scene import GUESSER, Scene, demo_config
from logwatch.conditions import compile_where
from logwatch.config.loader import load
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings

RULES = Path(__file__).parents[2] / "config" / "rules.d"
START = 1_767_571_200.0  # 2026-01-05T00:00:00Z
PROMISED = {
    "ssh-guessing",
    "oom-kill",
    "web-5xx-surge",
    "upstream-down",
    "app-errors",
    "postgres-connections-full",
}
"""The stock rules that the story makes fire, and no others."""


def play(folder, seconds, *, seed=1, step=0.25):
    """The whole story; what was told, with its time."""
    scene = Scene(folder, seed=seed, seconds=seconds)
    told, elapsed = [], 0.0
    while elapsed <= seconds:
        told += [(elapsed, line) for line in scene.step(elapsed, START + elapsed)]
        elapsed += step
    assert scene.over
    return told


def lines_of(folder, source):
    """All lines of a source, rotated files first."""
    path = Path(source.paths[0])
    files = [path.with_name(path.name + ".1"), path]
    return [line for file in files if file.exists() for line in file.read_text().splitlines()]


def config_of(folder):
    """The demo's configuration as the daemon would load it."""
    path = folder / "demo.yaml"
    path.write_text(demo_config(folder, RULES))
    return load(path)


def hits(config, folder):
    """For each rule that matches at all: (time, key) of its lines, as `re` and the parsers find."""
    found = {}
    for source in config.sources:
        parser = make_parser(source.format, ParserSettings(tz=UTC))
        lines = lines_of(folder, source)
        for rule in config.rules:
            if rule.sources is not None and source.name not in rule.sources:
                continue
            for line in lines:
                match = next((m for p in rule.match or ("",) if (m := re.search(p, line))), None)
                fields = parser.parse(line, START).fields
                if not match or not compile_where(rule.where)(fields):
                    continue
                if not any(re.search(p, line) for p in rule.unless):
                    fields |= match.groupdict()
                    key = tuple(fields.get(name) for name in rule.by)
                    found.setdefault(rule.name, []).append((parser.time(line, START), key))
    return found


def most_in_window(times, window):
    """The largest number of times in any (t-window, t]."""
    times = sorted(times)
    return max(sum(time - window < other <= time for other in times) for time in times)


@pytest.mark.parametrize("seconds", [10.0, 30.0, 300.0])
def test_the_stock_rules_fire_as_promised_and_no_others(tmp_path, seconds):
    """Plain rules have a line, thresholds their count within their window, whatever the length."""
    play(tmp_path, seconds)
    config = config_of(tmp_path)
    found = hits(config, tmp_path)
    fired = set()
    for rule in config.rules:
        by_key = {}
        for time, key in found.get(rule.name, []):
            by_key.setdefault(key, []).append(time)
        count, window = getattr(rule.kind, "count", 1), getattr(rule.kind, "window", 1.0)
        if any(most_in_window(times, window) >= count for times in by_key.values()):
            fired.add(rule.name)
    assert fired == PROMISED
    assert {key for _, key in found["ssh-guessing"]} == {(GUESSER,)}


@pytest.mark.parametrize("seconds", [10.0, 300.0])
def test_the_story_is_told_in_order_and_within_its_time(tmp_path, seconds):
    """Guessing, death, 502, rotation, recovery; something happens in each tenth of the middle."""
    told = play(tmp_path, seconds)
    words = [line for _, line in told]
    keys = ["open", "guess", "killed", "502", "rotated", "started again", "postgres", "well again"]
    assert len(words) == len(keys)
    assert all(key in line for key, line in zip(keys, words, strict=True))
    assert told[-1][0] <= 0.8 * seconds


def test_the_access_log_is_rotated_in_the_middle_of_the_failures(tmp_path):
    """By rename and create: 502 is in the old file and in the new one, and no line is in both."""
    play(tmp_path, 30.0)
    old = (tmp_path / "nginx" / "access.log.1").read_text()
    new = (tmp_path / "nginx" / "access.log").read_text()
    assert min(old.count('" 502 '), new.count('" 502 ')) >= 15
    assert (old + new).count('" 502 ') == 60


def test_every_line_is_of_its_format_and_has_the_time_of_its_step(tmp_path):
    """Whole lines with the wall time that was given."""
    scene = Scene(tmp_path, seed=7, seconds=10.0)
    scene.step(10.0, START + 3.0)
    count = Counter()
    for source in config_of(tmp_path).sources:
        parser = make_parser(source.format, ParserSettings(tz=UTC))
        for line in lines_of(tmp_path, source):
            assert parser.time(line, START) == START + 3.0, line
            count[source.name] += 1
    assert min(count.values()) >= 3


def test_the_same_seed_tells_the_same_story_however_often_it_is_asked(tmp_path):
    """Steps of any size write the same lines but for their stamps."""
    texts = []
    for name, seed, steps in (("a", 5, 7), ("b", 5, 1), ("c", 6, 1)):
        folder = tmp_path / name
        scene = Scene(folder, seed=seed, seconds=10.0)
        for number in range(steps):
            scene.step(10.0 * (number + 1) / steps, START)
        texts.append((folder / "nginx" / "access.log").read_text())
    assert texts[0] == texts[1] != texts[2]


def test_nothing_is_written_before_its_time(tmp_path):
    """The files are there at once, and empty; a step back writes nothing."""
    scene = Scene(tmp_path, seed=1, seconds=100.0)
    logs = list(tmp_path.rglob("*.log"))
    assert len(logs) == 6
    assert all(not path.read_text() for path in logs)
    scene.step(50.0, START)
    sizes = [path.stat().st_size for path in logs]
    assert scene.step(40.0, START) == []
    assert [path.stat().st_size for path in logs] == sizes
    assert not scene.over


def test_a_folder_with_an_odd_name_is_quoted(tmp_path):
    """Quotes, blanks and colons in a path do not break the YAML."""
    folder = tmp_path / 'a "b": c'
    document = yaml.safe_load(demo_config(folder, RULES))
    assert document["sources"]["auth"]["path"] == str(folder / "auth.log")
    assert document["include"] == [str(RULES / "*.yaml")]
