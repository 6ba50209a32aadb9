"""Conditions on fields: what they cost beside a pattern over the same bytes, and at the worst.

One log a format, about 200 bytes a line, half a percent of it errors. The whole daemon reads it
with one rule: a pattern that finds the errors, also as plain text, and the condition that finds
them. On a tenth of it there are also conditions that no text of a line tells, so that every line is
parsed. By itself it prints one JSON object a case:

    python tests/bench/fields.py [FOLDER] [MEGABYTES]
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

if __name__ == "__main__":  # in place of this folder, as in bench.py
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench import child, settings
from bench.corpus import FIRST_SECOND, address
from bench.report import Result
from doubles.process import environment

LINES_IN_AN_ERROR = 200
"""One line in so many is an error."""
LINES_IN_A_SECOND = 50


class Format(NamedTuple):
    """One format: its lines, and the rules that are measured on them."""

    name: str
    line: Callable[[random.Random, float, bool], str]
    """Makes a line out of the time and whether it is an error."""
    pattern: str
    """A `match` that finds the errors."""
    condition: str
    """A `where` that finds them."""
    worst: tuple[str, ...]
    """Conditions for which every line is parsed, and which none fulfils."""
    written: str = ""
    """As a configuration has it; empty: by its name."""


class Log(NamedTuple):
    """A log that was written."""

    path: Path
    size: int
    lines: int
    errors: int


class Case(NamedTuple):
    """One rule on one log."""

    name: str
    rule: str
    written: str
    """The `format`."""
    log: Log
    alerts: int


def measure(asked: settings.Settings) -> Iterator[Result]:
    """Every rule on every format, as often as asked for; the runs of one format take turns."""
    for form in FORMATS:
        folder = asked.folder / "fields" / form.name
        folder.mkdir(parents=True)
        log = _write_log(folder / "lines.log", form, asked.log_bytes)
        part = _write_log(folder / "part.log", form, asked.log_bytes // 10)
        empty = _write_log(folder / "empty.log", form, 0)
        written = form.written or form.name
        cases = [
            Case("match, as plain text", f"match: '{form.pattern}'", "plain", log, log.errors),
            Case("match", f"match: '{form.pattern}'", written, log, log.errors),
            Case("where", f"where: {form.condition}", written, log, log.errors),
            *(Case(f"where: {one}", f"where: {one}", written, part, 0) for one in form.worst),
        ]
        runs: dict[str, list[child.Spent]] = {case.name: [] for case in cases}
        starts: dict[str, list[child.Spent]] = {case.name: [] for case in cases}
        for _ in range(asked.repeat):
            for case in cases:
                starts[case.name].append(_run(folder, case._replace(log=empty, alerts=0)))
                runs[case.name].append(_run(folder, case))
        yield from _results(form, cases, runs, starts)


def _results(
    form: Format,
    cases: list[Case],
    runs: dict[str, list[child.Spent]],
    starts: dict[str, list[child.Spent]],
) -> Iterator[Result]:
    plain = 0.0
    for case in cases:
        start = min(each.cpu for each in starts[case.name])
        some = runs[case.name]
        seconds = [max(0.0, each.cpu - start) for each in some]
        plain = plain or min(seconds) / case.log.size
        yield Result(
            "fields",
            {"format": form.name, "rule": case.name, "lines": case.log.lines},
            {
                "CPU s/GB": [each / case.log.size * 1e9 for each in seconds],
                "CPU us/line": [each / case.log.lines * 1e6 for each in seconds],
                "times plain text": min(seconds) / case.log.size / plain if plain else 0.0,
                "foreign cores": median(each.foreign_cores for each in some),
            },
        )


def _run(folder: Path, case: Case) -> child.Spent:
    """One `run --once` that begins with nothing. Raises AssertionError for a wrong number."""
    out = folder / "alerts.jsonl"
    out.unlink(missing_ok=True)
    with TemporaryDirectory(dir=folder) as state:
        path = folder / "logwatch.yaml"
        path.write_text(
            f"state: {state}\n"
            f"sources:\n  log: {{path: {case.log.path}, format: {case.written},"
            f" start: beginning, tz: UTC}}\n"
            f"rules: [{{name: one, cooldown: 0, {case.rule}}}]\n"
            f"sinks: {{out: {{jsonl_file: {{path: {out}}}}}}}\n",
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "logwatch", "run", "-c", path, "--once"]
        spent = child.run(command, env=environment())
    found = len(out.read_bytes().splitlines()) if out.exists() else 0
    assert found == case.alerts, f"{case.name}: {found} alerts in place of {case.alerts}"
    return spent


def _write_log(path: Path, form: Format, size: int) -> Log:
    """A new log of about `size` bytes."""
    chance = random.Random(3)
    bodies = [
        [form.line(chance, FIRST_SECOND, is_error) for _ in range(512)]
        for is_error in (False, True)
    ]
    stamp = _STAMPS[form.name]
    first = stamp(FIRST_SECOND)
    lines = errors = written = 0
    with path.open("w", encoding="ascii") as file:
        while written < size:
            now = stamp(FIRST_SECOND + lines / LINES_IN_A_SECOND)
            for _ in range(LINES_IN_A_SECOND):
                is_error = lines % LINES_IN_AN_ERROR == 77
                written += file.write(bodies[is_error][lines % 512].replace(first, now))
                lines += 1
                errors += is_error
    return Log(path, written, lines, errors)


def _iso(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


_STAMPS: dict[str, Callable[[float], str]] = {
    "json": _iso,
    "logfmt": _iso,
    "syslog": lambda at: time.strftime("%b %e %H:%M:%S", time.gmtime(at)),
    "combined": lambda at: time.strftime("%d/%b/%Y:%H:%M:%S", time.gmtime(at)),
    "a pattern": lambda at: time.strftime("%d/%b/%Y:%H:%M:%S", time.gmtime(at)),
}
_WORDS = ("cart", "order", "stock", "price", "login", "search", "mail", "error page", "report")


def _json(chance: random.Random, at: float, is_error: bool) -> str:
    status = 503 if is_error else chance.choice((200, 200, 201, 404))
    return (
        json.dumps(
            {
                "time": f"{_iso(at)}.{chance.randrange(1000):03}Z",
                "level": "error" if is_error else chance.choice(("info", "info", "debug", "warn")),
                "msg": f"{chance.choice(_WORDS)} request served",
                "http": {
                    "method": "GET",
                    "path": f"/api/{chance.randrange(9999)}",
                    "status": status,
                },
                "duration": round(chance.random() / 2, 4),
                "user": str(chance.randrange(10**6)),
                "host": f"web{chance.randrange(9)}",
                "trace": f"{chance.getrandbits(64):016x}",
            },
            separators=(",", ":"),
        )
        + "\n"
    )


def _logfmt(chance: random.Random, at: float, is_error: bool) -> str:
    level = "error" if is_error else chance.choice(("info", "info", "debug", "warn"))
    return (
        f'ts={_iso(at)}.{chance.randrange(1000):03}Z level={level} msg="{chance.choice(_WORDS)}'
        f' request served" method=GET path=/api/{chance.randrange(9999)} status=200'
        f" duration={chance.randrange(1, 500)}ms user={chance.randrange(10**6)}"
        f" host=web{chance.randrange(9)} trace={chance.getrandbits(64):016x}\n"
    )


def _syslog(chance: random.Random, at: float, is_error: bool) -> str:
    stamp = _STAMPS["syslog"](at)
    program = "backupd" if is_error else chance.choice(("sshd", "cron", "kernel", "systemd"))
    return (
        f"{stamp} web{chance.randrange(9)} {program}[{chance.randrange(300, 32768)}]:"
        f" {chance.choice(_WORDS)} connection from {address(chance)} port"
        f" {chance.randrange(65536)} session {chance.getrandbits(128):032x} of user"
        f" u{chance.randrange(9999)} handled by worker {chance.randrange(99)}\n"
    )


def _combined(chance: random.Random, at: float, is_error: bool) -> str:
    status = 503 if is_error else chance.choice((200, 200, 304, 404))
    return (
        f"{address(chance)} - - [{_STAMPS['combined'](at)} +0000]"
        f' "GET /api/{chance.choice(_WORDS[:7])}/{chance.randrange(9999)}?v=1 HTTP/1.1" {status}'
        f' {chance.randrange(99_999)} "https://shop.example/{chance.randrange(999)}"'
        ' "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"\n'
    )


FORMATS = (
    Format(
        "json",
        _json,
        '"level":"error"',
        "{level: error}",
        ("{duration: '> 800ms'}", "{level: '!~ ^(?:error|warn|info|debug)$'}"),
    ),
    Format("logfmt", _logfmt, "level=error", "{level: error}", ("{duration: '> 800ms'}",)),
    Format("syslog", _syslog, r" backupd\[", "{program: backupd}", ("{host: '!= web*'}",)),
    Format("combined", _combined, '" 503 ', "{status: '>= 500'}", ("{method: '!= GET'}",)),
    Format(
        "a pattern",
        _combined,
        '" 503 ',
        "{status: 503}",
        ("{bytes: '>= 100000'}",),
        r"""'^(?P<ip>\S+) \S+ (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>\S+) """
        r"""(?P<path>[^ ?"]+)[^"]*" (?P<status>[0-9]+) (?P<bytes>[0-9]+)'""",
    ),
)


def main(arguments: list[str]) -> None:
    """Measure in FOLDER (a temporary one) on MEGABYTES (200) a log."""
    megabytes = int(arguments[1]) if len(arguments) > 1 else 200
    with TemporaryDirectory(dir=arguments[0] if arguments else None) as folder:
        asked = settings.full(Path(folder), megabytes, repeat=3)
        for result in measure(asked):
            figures = {
                name: value if isinstance(value, float) else min(value)  # type: ignore[type-var] # lists of floats
                for name, value in result.figures.items()
            }
            rounded = {name: round(value, 3) for name, value in figures.items()}
            print(json.dumps({**result.case, **rounded}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
