"""What matching costs, in CPU seconds for each GB (10^9 bytes) of log. Run by hand.

    python tests/bench/bench_matching.py LOG RULES.yaml [RULES.yaml ...] [--repeat 3] [--profile]

RULES.yaml holds `rules: [{name: ..., regex: ...}, ...]`. Without arguments a log and three sets of
10, 1,000 and 5,000 rules are made up, of which about 0.8 % of the lines are hits. The log is
read once before, so that the disk is no part of the figure; blocks are 1 MiB, as the tailer's are.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from logwatch.matching.matcher import Matcher, RulePatterns

_BLOCK = 1 << 20
_WORDS = ("open", "close", "read", "write", "accept", "refuse", "start", "stop", "user", "disk")


def blocks(path: Path) -> Iterator[bytes]:
    """1 MiB at a time, ended at a line."""
    rest = b""
    with path.open("rb") as file:
        while data := file.read(_BLOCK):
            cut = data.rfind(b"\n") + 1
            yield rest + data[:cut]
            rest = data[cut:]
    if rest:
        yield rest


def made_up_rules(count: int) -> list[str]:
    """Patterns of a usual shape, each with its own words."""
    return [
        rf"unit{number:05d}: {_WORDS[number % 10]} (?:failed|refused) for (?P<who>\S+) after \d+ ms"
        for number in range(count)
    ]


def made_up_log(path: Path, megabytes: int) -> None:
    """Lines of mixed services; one of 120 is a hit of the first ten rules."""
    chance = random.Random(1)
    lines = []
    for number in range(8_000 * megabytes):
        word = chance.choice(_WORDS)
        stamp = f"2026-01-05T10:{number // 60 % 60:02d}:{number % 60:02d}Z host{number % 9}"
        if number % 120 == 0:
            unit = chance.randrange(10)
            what = f"{_WORDS[unit]} failed for user{number} after {chance.randrange(900)} ms"
            lines.append(f"{stamp} app[{number}]: unit{unit:05d}: {what}\n")
        else:
            rest = f"{word} of {number:x} in {chance.random():.6f} s, {chance.choice(_WORDS)} 200"
            lines.append(f"{stamp} app[{number}]: unit{chance.randrange(9**5):05d}: {rest}\n")
    path.write_text("".join(lines))


def measure(matcher: Matcher, log: list[bytes]) -> tuple[float, int, int]:
    """CPU seconds, lines taken, and pairs of line and rule."""
    started = time.process_time()
    taken = pairs = 0
    for block in log:
        hits = matcher.match(block)
        taken += len(hits)
        pairs += sum(len(hit.found) for hit in hits)
    return time.process_time() - started, taken, pairs


def report(name: str, patterns: list[str], log: list[bytes], options: argparse.Namespace) -> None:
    """One line of figures for one set of rules."""
    started = time.process_time()
    rules = [RulePatterns(match=(text,)) for text in patterns]
    matcher = Matcher(rules, cache=options.cache, audit=0.01)
    ready = time.process_time() - started
    runs = [measure(matcher, log) for _ in range(options.repeat)]
    size = sum(map(len, log))
    lines = sum(block.count(b"\n") for block in log)
    best, taken, pairs = min(runs)
    print(
        f"{name}: {len(patterns)} rules, {best / size * 1e9:.2f} CPU s/GB "
        f"({', '.join(f'{run[0] / size * 1e9:.2f}' for run in runs)}), "
        f"{taken} of {lines} lines ({taken / lines:.2%}), {pairs} pairs, "
        f"ready in {ready:.2f} CPU s, "
        f"{len(matcher.unfiltered())} unfiltered, {matcher.engine_reason}, "
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB"
    )
    if options.profile:
        profile = cProfile.Profile()
        profile.runcall(measure, matcher, log)
        pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(15)


def main() -> None:
    """Parse the arguments and print one line for each set of rules."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("log", nargs="?", type=Path)
    parser.add_argument("rules", nargs="*", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=50, help="size of the log made up")
    parser.add_argument("--cache", type=Path, help="folder for compiled databases")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    if options.log:
        log = list(blocks(options.log))
        sets = {
            path.name: [
                rule["regex"] for rule in yaml.load(path.read_text(), yaml.CSafeLoader)["rules"]
            ]
            for path in options.rules
        }
    else:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "made-up.log"
            made_up_log(path, options.megabytes)
            log = list(blocks(path))
        sets = {f"made up {count}": made_up_rules(count) for count in (10, 1_000, 5_000)}
    for name, patterns in sets.items():
        report(name, patterns, log, options)


if __name__ == "__main__":
    main()
