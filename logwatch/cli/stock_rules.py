"""The rules that come with logwatch, and which of them know the lines of a log.

They stand in `config/rules.d` of a checkout, and inside the installed package. Where they are not
found nothing is proposed from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from msgspec.structs import replace

import logwatch
from logwatch.cli.log_blocks import record_blocks
from logwatch.cli.progress import unseen
from logwatch.cli.verdicts import readings_for
from logwatch.config.loader import from_text
from logwatch.config.model import Config
from logwatch.errors import ConfigError
from logwatch.matching.engines import Engines
from logwatch.rules.base import RuleSettings
from logwatch.tailer.settings import SourceSettings

ANY_PROGRAM = frozenset({"messages", "app"})
"""What rules look at that may be true of any log."""
CATCH_ALL = frozenset({"app"})
"""Rules that only these have count errors of any sort: `init` tells one sort from another."""


class StockRule(NamedTuple):
    """One rule, as it is written."""

    file: str
    written: Mapping[str, Any]
    settings: RuleSettings

    @property
    def kinds(self) -> frozenset[str]:
        """The sources and tags that it looks at."""
        named = self.written.get("in", ())
        return frozenset([named] if isinstance(named, str) else named)


def folder() -> Path | None:
    """Where they are; None where they are not."""
    package = Path(logwatch.__file__).parent
    for place in (package / "stock", package.parent / "config"):
        if (place / "logwatch.yaml").is_file() and (place / "rules.d").is_dir():
            return place
    return None


def stock_rules() -> list[StockRule]:
    """All of them, in the order of their files."""
    place = folder()
    if place is None:
        return []
    written = [
        (file.name, rule)
        for file in sorted((place / "rules.d").glob("*.yaml"))
        for rule in _read(file).get("rules", ())
    ]
    # Without their tests, which are no part of what they find.
    alone = _read(place / "logwatch.yaml") | {"rules": [rule for _, rule in written]}
    alone.pop("include", None)
    for file in (place / "sources.d").glob("*.yaml"):
        alone["sources"] |= _read(file).get("sources", {})
    text = yaml.dump(alone, Dumper=yaml.CSafeDumper, sort_keys=False)
    try:
        config = from_text(text, "stock rules")
    except ConfigError:
        return []  # somebody edited them: they are not what they were
    settings = {rule.name: rule for rule in config.rules}
    return [StockRule(name, rule, settings[rule["name"]]) for name, rule in written]


def _read(file: Path) -> dict[str, Any]:
    read = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return read if isinstance(read, dict) else {}


def taken_by(
    rules: Sequence[RuleSettings],
    source: SourceSettings,
    blocks: Sequence[bytes],
    engines: Engines,
    did: Callable[[int], object] = unseen,
) -> tuple[Counter[int], dict[int, str]]:
    """How many lines of `blocks` each of `rules` takes as `run` would, and the first such line.

    By the index of the rule; what is compiled is kept by `engines`, and `did` is told of bytes that
    are done. Raises EngineError.
    """
    counts: Counter[int] = Counter()
    firsts: dict[int, str] = {}
    selectors = [replace(rule.selectors()[0], sources=None) for rule in rules]
    config = Config(files=(), state=Path(), sources=(source,))
    reading = readings_for(config, selectors, engines).of((source.name,))
    for block in record_blocks(blocks, source.framer):
        for hit in reading.matcher.match(block.data, block.joined):
            found = hit.found
            if reading.selection is not None:
                head = reading.head(hit.text)
                taken = reading.selection.take(head, found, arrival=0.0, backlog=True)
                found = [] if taken is None else taken[2]
            for number in {reading.rules[each] for each, _ in found}:
                counts[number] += 1
                firsts.setdefault(number, hit.text)
        did(len(block.data))
    return counts, firsts


def fitting(
    rules: Sequence[StockRule],
    source: SourceSettings,
    blocks: Sequence[bytes],
    engines: Engines,
    did: Callable[[int], object] = unseen,
) -> list[StockRule]:
    """Those that know the lines of `source`; of a service that is known all of its rules."""
    if not rules:
        return []
    counts, _ = taken_by([rule.settings for rule in rules], source, blocks, engines, did)
    found = [rules[number] for number in sorted(counts) if rules[number].kinds != CATCH_ALL]
    # Where strangers write, rules for any program would believe what they write.
    if source.format == "combined":
        found = [rule for rule in found if "access" in rule.kinds]
    elif any("auth" in rule.kinds for rule in found):
        found = [rule for rule in found if not rule.kinds & ANY_PROGRAM]
    services = {(rule.file, rule.kinds) for rule in found if not rule.kinds & ANY_PROGRAM}
    return [rule for rule in rules if rule in found or (rule.file, rule.kinds) in services]
