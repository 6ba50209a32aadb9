"""`logwatch init`: looks into logs and proposes a configuration for them, all in shadow mode.

Nothing is sent, and nothing but the configuration is written. What is proposed is read by the
configuration's own loader and run over the sample by the daemon's own engine before it is shown:
the counts in it are what those rules find.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import NamedTuple

import msgspec

from logwatch import telemetry
from logwatch.cli.figures import number, size
from logwatch.cli.init_report import Finding, table
from logwatch.cli.journal_sample import journal_samples
from logwatch.cli.json_lines import encoded
from logwatch.cli.log_sample import (
    ALL_BYTES,
    END_BYTES,
    MOST_SIBLINGS,
    Group,
    Sample,
    Unreadable,
    files_of,
    groups_of,
    sample,
)
from logwatch.cli.marking import screen_of
from logwatch.cli.progress import Progress
from logwatch.cli.proposal import PASSES, Proposal, propose
from logwatch.cli.source_names import merged, name_all
from logwatch.cli.surveying import Survey, survey
from logwatch.cli.volume import is_quiet, least_level
from logwatch.clock import Clock, SystemClock
from logwatch.config.schema import MODELINE
from logwatch.errors import Exit, LogwatchError, UsageError
from logwatch.matching.engines import Engines

LEAST_BYTES = 64 * 1024
USUAL_PLACES = ("/var/log", "/srv/*/log", "/srv/*/logs", "/opt/*/log", "/opt/*/logs")
"""Where it looks when nobody says where."""
NO_NEWS = re.compile(
    r"/(?:README|[bw]tmp|lastlog|faillog|tallylog|alternatives\.log|dpkg\.log|fontconfig\.log)"
    r"(?:[-.][^/]*)?$|^/var/log/(?:apt|installer|journal|sa|sysstat)/"
)
"""What stands there and is no text, or the record of what somebody did with packages."""


class WritingError(LogwatchError):
    """Raised when the configuration cannot be written where it was to go."""

    exit = Exit.USAGE


class _Read(NamedTuple):
    """What was read."""

    logs: list[tuple[Group, list[Sample]]]
    journal: list[tuple[Group, list[Sample]]]
    """The parts of it that no log has."""
    findings: list[Finding]
    """What was not read, and why."""


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    telemetry.telemetry.configure(least_level("error"))
    places = options.places or usual_places()
    if not places:
        raise UsageError("which logs?  name files or folders: logwatch init --from /srv/shop/logs")
    if options.write and os.path.lexists(options.write):
        raise UsageError(f"{options.write} is there already; name a new file, or remove that one")
    clock = SystemClock()
    found = _read(places, clock, is_usual=not options.places)
    findings, surveys, proposal = _proposed(found, clock)
    as_json = options.output == "json"
    if proposal is None:
        if as_json:
            print(encoded(_as_json(findings, None, None)))
        else:
            _show(findings)
        return _nothing(findings)
    text = f"{MODELINE}\n{proposal.text}"
    if options.write is not None:
        _write(text, options.write)
    if as_json:
        print(encoded(_as_json(findings, text, options.write)))
        return Exit.DONE
    _show(findings)
    if options.write is None:
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
    _say_next(proposal, options.write, has_files=any(not one.group.journald for one in surveys))
    return Exit.DONE


def _as_json(
    findings: Sequence[Finding], config: str | None, written: str | None
) -> dict[str, object]:
    found = [msgspec.to_builtins(each) for each in findings]
    return {"schema": 1, "findings": found, "written": written, "config": config}


def usual_places() -> list[str]:
    """Folders of this machine in which there are logs, as a rule."""
    return [path for pattern in USUAL_PLACES for path in sorted(glob(pattern))]  # noqa: PTH207 - absolute


def _read(places: Sequence[str], clock: Clock, *, is_usual: bool) -> _Read:
    """The beginning and the end of each log that there is."""
    files, problems = files_of(places)
    if is_usual:
        files = [path for path in files if not NO_NEWS.search(path)]
    found = _Read([], [], [Finding.of_problem(each) for each in problems])
    most = max(LEAST_BYTES, min(END_BYTES, ALL_BYTES // (2 * max(1, len(files)))))
    with Progress("reading", 0, clock) as bar:
        for group in groups_of(files):
            samples = _samples(group, most, found.findings, bar)
            if samples:
                found.logs.append((group, samples))
    if is_usual:
        parts, problems = journal_samples(files)
        found.findings.extend(map(Finding.of_problem, problems))
        found.journal.extend((group, [one]) for group, one in parts)
    return found


def _samples(group: Group, most: int, findings: list[Finding], bar: Progress) -> list[Sample]:
    """What was read of one log; `findings` gets what was not."""
    samples: list[Sample] = []
    for path in group.files[:MOST_SIBLINGS]:
        match sample(path, most):
            case Sample() as one if one.first:
                samples.append(one)
                bar.add(_bytes_of([one]))
            case Unreadable() as problem:
                findings.append(Finding.of_problem(problem))
            case Sample():
                findings.append(Finding(kind="empty", path=path))
    return samples


def _proposed(
    found: _Read, clock: Clock
) -> tuple[list[Finding], Sequence[Survey], Proposal | None]:
    """What there is, in the order in which it is told of, and the configuration for it."""
    logs = [*found.logs, *found.journal]
    read = sum(_bytes_of(samples) for _, samples in logs)
    what = f"{number(len(logs), 'log')}, {size(read)}"
    with Progress(what, (1 + PASSES) * read, clock) as bar:
        surveys = merged([survey(group, samples, bar.add) for group, samples in found.logs])
        surveys += [survey(group, samples, bar.add) for group, samples in found.journal]
        name_all(surveys)
        proposal = propose(surveys, Engines(), bar.add) if surveys else None
    return [*map(Finding.of_survey, surveys), *found.findings], surveys, proposal


def _bytes_of(samples: Sequence[Sample]) -> int:
    return sum(len(block) for one in samples for block in one.blocks)


def _show(findings: Sequence[Finding]) -> None:
    if is_quiet():
        return
    screen = screen_of(sys.stderr)
    screen.write(*table(findings, screen))
    screen.flush()


def _nothing(findings: Sequence[Finding]) -> Exit:
    if any(one.denied for one in findings):
        return Exit.NOT_PERMITTED
    return Exit.NO if any(one.kind == "empty" for one in findings) else Exit.USAGE


def _write(text: str, path: str) -> None:
    try:
        with Path(path).open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        raise WritingError(f"cannot write {path}: {problem.strerror}") from problem


def _say_next(proposal: Proposal, path: str | None, *, has_files: bool) -> None:
    if is_quiet():
        return
    screen = screen_of(sys.stderr)
    where, name = path or "a configuration", path or "logwatch.yaml"
    screen.write(
        f"wrote {where}: {proposal.counted}; every rule is in shadow mode and sends nothing",
        f"next: logwatch replay -c {name} shows what it would have told"
        if has_files
        else f"next: logwatch run -c {name}, and logwatch alerts shows what it would have told",
    )
    screen.flush()
