"""`--as-rule NAME`: the flags of a command line as a configuration with one rule.

What it prints is whole: `logwatch check` accepts it as it is, and `run` tells of the lines that
`--to` would have told of.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from typing import Any

from logwatch.cli.config_draft import dumped
from logwatch.cli.tail_filters import Wanted, wanted_by
from logwatch.cli.tail_folding import Folding
from logwatch.cli.tail_globs import Globs
from logwatch.cli.tail_labels import labels_of
from logwatch.cli.tail_leaves import first_lines
from logwatch.clock import SystemClock
from logwatch.conditions import Condition, written
from logwatch.errors import UsageError

EVERY_LINE = "^"
"""A rule needs a pattern or a condition; this one is in every line."""
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


def as_rule(options: argparse.Namespace, name: str) -> str:
    """The configuration as YAML. Raises UsageError."""
    wanted = wanted_by(options.match, options.exclude, options.level, options.where)
    if wanted is None:
        raise UsageError("--as-rule needs -m, -x, -l or --where: which lines does the rule take?")
    rule: dict[str, Any] = {"name": _NOT_IN_NAMES.sub("-", name).strip("-.") or "tail"}
    rule |= _selector(wanted)
    rule["cooldown"] = options.cooldown
    sinks: dict[str, Any] = {"out": {"console": {}}}
    if options.to is not None:
        rule["to"] = options.to
    sections: list[dict[str, Any]] = [{"sources": _sources(options.files)}, {"rules": [rule]}]
    if options.to is None:
        sections.append({"sinks": sinks})
    return "".join(dumped(section) for section in sections)


def _selector(wanted: Wanted) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if wanted.match or not wanted.where:
        found["match"] = _one_or_many(wanted.match or (EVERY_LINE,))
    if wanted.unless:
        found["unless"] = _one_or_many(wanted.unless)
    if wanted.where:
        found["where"] = _conditions(wanted.where)
    return found


def _conditions(where: Sequence[Condition]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in where:
        if one.field in found:
            raise UsageError(f"--as-rule: a rule has one condition on {one.field!r}, not two")
        found[one.field] = written(one.tests[0])
    return found


def _one_or_many(patterns: Sequence[str]) -> str | list[str]:
    return patterns[0] if len(patterns) == 1 else list(patterns)


def _sources(files: Sequence[str]) -> dict[str, Any]:
    paths = [os.path.abspath(name) for name in files if name != "-"]  # noqa: PTH100 - plain strings
    if not paths:
        raise UsageError("--as-rule needs a file: what does the rule look at?")
    sources: dict[str, Any] = {}
    for path, label in labels_of(paths).items():
        name = _NOT_IN_NAMES.sub("-", label).strip("-.") or "log"
        while name in sources:
            name += "-2"
        sources[name] = {"path": path} | _form(path)
    return sources


def _form(path: str) -> dict[str, str]:
    folding = Folding(full=True)
    found = next(iter(Globs((path,), quiet=True).names()), path)
    folding.learn(first_lines(found), SystemClock().wall())
    form = folding.form
    said = {} if form.format == "plain" else {"format": form.format}
    said |= {} if form.time_field is None else {"time": form.time_field}
    return said | ({} if form.time_format is None else {"time_format": form.time_format})
