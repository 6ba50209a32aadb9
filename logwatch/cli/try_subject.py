"""What `logwatch try` is asked to try: a rule of the configuration, or a bare pattern."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from logwatch.cli.flag_conditions import check_pattern, condition_of
from logwatch.cli.verdicts import Way, ways_of
from logwatch.config.loader import find_config, load
from logwatch.config.model import Config
from logwatch.config.problems import InvalidConfigError
from logwatch.errors import ConfigError, UsageError
from logwatch.parsers import FORMATS, inner, is_format, is_own
from logwatch.rules.base import PlainMatch, RuleSettings, Threshold
from logwatch.rules.kinds import Cleared
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.settings import SourceSettings
from logwatch.units import format_duration

NOWHERE = Path("/nonexistent")
"""The store of a configuration that has none; nothing is ever written there."""
_NAME_LIKE = re.compile(r"[\w.-]+")


class Subject(NamedTuple):
    """A rule, and where its lines are."""

    config: Config
    rule: RuleSettings
    ways: Sequence[Way]
    sources: Sequence[SourceSettings]
    """The sources that it looks at, at least one."""
    is_configured: bool

    def headline(self) -> str:
        """`ssh-guessing  rules.d/ssh.yaml:8  in auth  by ip  when 5 in 2m`."""
        rule = self.rule
        parts = [rule.name, rule.defined_at]
        if rule.sources is not None:
            parts.append(f"in {', '.join(rule.sources)}")
        if rule.by:
            parts.append(f"by {', '.join(rule.by)}")
        if isinstance(rule.kind, Cleared):
            parts.append("cleared by a line")
        if isinstance(rule.kind, Threshold) and rule.kind.window:
            parts.append(f"when {rule.kind.count} in {format_duration(rule.kind.window)}")
        elif rule.kind.word and not isinstance(rule.kind, Threshold):
            parts.append(rule.kind.word)
        if rule.active is not None:
            parts.append(f"active {rule.active.text}")
        if rule.shadow:
            parts.append("shadow")
        return "  ".join(part for part in parts if part)

    def alone(self, source: SourceSettings) -> Config:
        """A configuration with this source and no other."""
        return replace(self.config, sources=(source,))

    def source_of(self, path: str, followed: Mapping[str, Sequence[str]]) -> SourceSettings:
        """How to read the file at `path`: as the source that follows it, or one named alike."""
        names = followed.get(str(Path(path).absolute()), ())
        for source in self.sources:
            if source.name in names:
                return source
        for source in self.sources:
            if any(is_named_alike(path, one) for one in source.paths):
                return source
        return self.sources[0]

    def followed(self) -> Mapping[str, Sequence[str]]:
        """The files that its sources follow now, each with their names."""
        return Discovery(self.sources).scan().files


def is_named_alike(path: str, pattern: str) -> bool:
    """Whether `path` may be a rotated or copied file of those that `pattern` stands for."""
    return fnmatch(Path(path).name, Path(pattern).name + "*")


def subject_of(options: argparse.Namespace) -> Subject:
    """What is to be tried. Raises UsageError, ConfigError."""
    config = _config(options)
    known = {rule.name: rule for rule in config.rules} if config else {}
    if config is not None and options.what in known:
        return _configured(config, known[options.what], options)
    from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

    near = get_close_matches(options.what, known, 1, cutoff=0.75)
    if near and _NAME_LIKE.fullmatch(options.what):
        raise UsageError(
            f"there is no rule '{options.what}'; did you mean '{near[0]}'?"
            f"  As a pattern it is '(?:{options.what})'"
        )
    return _bare(config, options)


def _config(options: argparse.Namespace) -> Config | None:
    """The configuration; None where there is none, or a broken one that nobody asked for."""
    try:
        return load(find_config(options.config, working_folder=True), sends=False)
    except InvalidConfigError:
        if options.config or _NAME_LIKE.fullmatch(options.what):
            raise
    except ConfigError:
        if options.config:
            raise
    return None


def _configured(config: Config, rule: RuleSettings, options: argparse.Namespace) -> Subject:
    if options.unless or options.where or options.format:
        raise UsageError(
            "--unless, --where and --format are for a bare pattern; the rule has its own"
        )
    ways = ways_of(rule)
    if not ways:
        raise UsageError(f"rule '{rule.name}' hears of other rules, and looks at no lines itself")
    looked_at = {name for way in ways for name in way.selector.sources or ()}
    everywhere = any(way.selector.sources is None for way in ways)
    sources = [one for one in config.sources if everywhere or one.name in looked_at]
    return Subject(config, rule, ways, _chosen(sources, options), is_configured=True)


def _bare(config: Config | None, options: argparse.Namespace) -> Subject:
    """A pattern that every line counts for."""
    own = inner(options.format) if is_own(options.format or "") else None
    for pattern in (options.what, *options.unless, *([own] if own else [])):
        check_pattern(pattern)
    rule = RuleSettings(
        name="pattern",
        match=(options.what,),
        unless=tuple(options.unless),
        where=tuple(map(condition_of, options.where)),
        kind=PlainMatch(),
    )
    if options.format and not is_format(options.format):
        known = " ".join(FORMATS)
        raise UsageError(
            f"there is no format '{options.format}'; there are: {known}, or a pattern: (?P<a>.*)"
        )
    if options.source:
        sources = _chosen(config.sources if config else (), options)
    elif options.where and not options.format:
        raise UsageError("--where needs --format NAME or --source NAME: which fields are there?")
    else:
        sources = [SourceSettings(name="lines", paths=(), format=options.format or "plain")]
    return Subject(
        config or Config(files=(), state=NOWHERE),
        rule,
        ways_of(rule),
        sources,
        is_configured=False,
    )


def _chosen(
    sources: Sequence[SourceSettings], options: argparse.Namespace
) -> Sequence[SourceSettings]:
    if options.source is None:
        return sources or [SourceSettings(name="lines", paths=())]
    found = [source for source in sources if source.name == options.source]
    if not found:
        names = " ".join(source.name for source in sources) or "none"
        raise UsageError(f"there is no such source '{options.source}' for it; there are: {names}")
    return found
