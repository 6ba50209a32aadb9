"""Logs of which every line is a hit: a window for each address, or an alert for each line."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.corpus import FIRST_SECOND, address
from bench.report import Result
from bench.rule_sets import FIRST_TEN
from bench.settings import Settings
from bench.subject import Subject

KEYS = 1_000
"""Each fires once, and resolves when the log is read and its window is long over."""
LINES_IN_A_SECOND = 5_000
"""How many lines share a timestamp: every key has several hits a second, so all fire once."""

THRESHOLD = "by: ip\nwhen: 5 in 2m"
CASES = (
    ("by, 5 in 2m, plain", THRESHOLD, "plain", 2 * KEYS),
    ("by, 5 in 2m, syslog", THRESHOLD, "syslog", 2 * KEYS),
    ("an alert a line, plain", "cooldown: 0", "plain", None),
    ("an alert a line, syslog", "cooldown: 0", "syslog", None),
)


def measure(settings: Settings) -> Iterator[Result]:
    """Each case as often as asked for."""
    settings.folder.joinpath("every").mkdir()
    log = settings.folder / "every" / "hits.log"
    _write_log(log, settings.hit_lines)
    single = settings.folder / "every" / "one.log"
    _write_log(single, 1)
    for number, (name, options, log_format, alerts) in enumerate(CASES):
        folder = settings.folder / "every" / str(number)
        rules = FIRST_TEN[:1]
        starter = Subject(folder / "start", single, rules, options=options, log_format=log_format)
        subject = Subject(folder, log, rules, options=options, log_format=log_format)
        starts = [starter.run_once() for _ in range(4)]
        cpu, wall = min(each.cpu for each in starts), min(each.wall for each in starts)
        runs = []
        for _ in range(settings.repeat):
            runs.append(subject.run_once())
            found, wanted = subject.alert_count(), alerts or settings.hit_lines
            assert found == wanted, f"{name}: {found} alerts in place of {wanted}"
        lines = settings.hit_lines
        yield Result(
            "every line a hit",
            {"rule": name, "lines": lines},
            {
                "lines/s": [lines / (each.wall - wall) for each in runs],
                "CPU us/line": [(each.cpu - cpu) / lines * 1e6 for each in runs],
                "peak RSS MB": median(each.peak_bytes for each in runs) / 1e6,
                "foreign cores": median(each.foreign_cores for each in runs),
            },
        )


def _write_log(path: Path, count: int) -> None:
    chance = random.Random(2)
    keys = [address(chance) for _ in range(KEYS)]
    with path.open("w") as file:
        for number in range(count):
            if number % LINES_IN_A_SECOND == 0:
                at = time.gmtime(FIRST_SECOND + number // LINES_IN_A_SECOND)
                stamp = time.strftime("%b %e %H:%M:%S", at)
            file.write(
                f"{stamp} bastion sshd[{number % 9999}]: Failed password for invalid user"
                f" u{number % 77} from {keys[number % KEYS]} port {number % 60_000} ssh2\n"
            )
