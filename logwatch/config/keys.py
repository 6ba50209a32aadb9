"""The keys that a configuration file may hold: one struct per map, as people write them.

The walker reads these types, see key_forms.py; `docs/config.md` is their reference.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from logwatch.config.key_forms import Keys, OneOrMany, Pieces, Raw, Window
from logwatch.matching.engine_names import Engine
from logwatch.records import Severity
from logwatch.units import Duration

_COUNT_IN = re.compile(r"\s*(\S+)\s+in\s+(\S.*?)\s*")


def _count_in(text: str, example: str) -> Pieces:
    found = _COUNT_IN.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:60]!r} is not COUNT in DURATION; write {example}")
    return {"count": (found.start(1), found[1]), "in": (found.start(2), found[2])}


class WhenKeys(Keys, frozen=True, rename={"window": "in"}):
    """`when: 5 in 2m`."""

    required: ClassVar = ("in",)
    instead: ClassVar = {"in": ("first", "every")}
    later: ClassVar = {
        "first": "write when: 1 in 1h for the first",
        "every": "write cooldown: 5m to hear of a burning rule again",
    }
    examples: ClassVar = {"count": "5", "in": "2m"}

    count: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    window: Window = 0.0

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`5 in 2m`."""
        word = text.split(maxsplit=1)[0] if text.split() else ""
        return {word: (0, "")} if word in cls.later else _count_in(text, "when: 5 in 2m")


class ClearKeys(Keys, frozen=True, rename={"window": "in"}):
    """`clear: 0 in 15m`."""

    required: ClassVar = ("count", "in")
    examples: ClassVar = {"count": "0", "in": "15m"}

    count: Annotated[int, Meta(ge=0, le=100_000)] = 0
    window: Window = 0.0

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`0 in 15m`."""
        return _count_in(text, "clear: 0 in 15m")


class DefaultKeys(Keys, frozen=True):
    """`defaults:` what a rule has that does not say otherwise."""

    later: ClassVar = {
        "context": "alerts quote the matching lines only",
        "late": "a line counts at its own time, however late it is read",
    }
    examples: ClassVar = {"cooldown": "1m", "severity": "warning"}

    cooldown: Duration = 60.0
    severity: Severity = "warning"


class SourceKeys(Keys, frozen=True):
    """One entry of `sources:`."""

    required: ClassVar = ("path",)
    later: ClassVar = {
        "multiline": "each line is matched by itself",
        "quiet_after": "watch a heartbeat line from outside for now",
        "late": "a line counts at its own time, however late it is read",
        "max_skew": "leave it out",
    }
    examples: ClassVar = {
        "path": "/var/log/app/*.log",
        "exclude": "'*.gz'",
        "format": "syslog",
        "time": "ts",
        "tz": "Europe/Paris",
        "encoding": "latin-1",
        "start": "beginning",
        "max_line": "256KiB",
        "tags": "[shop, backend]",
    }

    path: OneOrMany = ()
    exclude: OneOrMany = ()
    format: str = "plain"
    time: str | None = None
    tz: str | None = None
    encoding: str = "utf-8"
    start: Literal["end", "beginning"] = "end"
    max_line: Annotated[int, Meta(ge=16, le=67_108_864, extra={"unit": "size"})] = 262_144
    tags: OneOrMany = ()

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`app: /var/log/app.log`."""
        return {"path": (0, text)}


_MATCH_TEXT = "until then find the text itself with 'match'"
_ANOTHER_KIND = "until then use a plain rule, or 'when' for a threshold"


class RuleKeys(Keys, frozen=True, rename={"sources": "in"}):
    """One entry of `rules:`."""

    required: ClassVar = ("name", "match")
    either: ClassVar = {"match": ("where",)}
    instead: ClassVar = {
        "match": (
            *("absent", "sequence", "expect", "unique", "new"),
            *("spike", "value", "ratio", "all_of", "any_of"),
        )
    }
    later: ClassVar = {
        "absent": "until then let the job itself log when it fails, and match that",
        "sequence": "until then make a rule for its last step",
        "within": "it belongs to sequences; " + _ANOTHER_KIND,
        "expect": "until then let the job itself log when it fails, and match that",
        "unique": "until then count lines: when: 20 in 1m",
        "new": "until then match the values that you know to be bad",
        "spike": "until then give a fixed bound: when: 100 in 5m",
        "value": _MATCH_TEXT,
        "ratio": "until then give a fixed bound: when: 100 in 5m",
        "all_of": "until then route the parts to one sink",
        "any_of": "until then write the patterns as a list under 'match'",
        "absorbs": "until then route the parts to one sink",
        "context": "alerts quote the matching lines only",
        "mode": "until then send the rule to a sink of its own: to: [trial]",
        "active": "until then let the receiver keep the hours",
        "hold": "until then write a longer clear: 0 in 30m",
        "max_keys": "a rule keeps its 100000 latest keys",
        "of": _ANOTHER_KIND,
        "learn": _ANOTHER_KIND,
    }
    examples: ClassVar = {
        "name": "disk-error",
        "in": "auth",
        "match": "'I/O error, dev (?P<dev>\\w+)'",
        "unless": "'dev loop\\d+'",
        "where": "{level: error}",
        "by": "dev",
        "severity": "critical",
        "when": "5 in 2m",
        "clear": "0 in 15m",
        "levels": "{warning: 5, critical: 50}",
        "cooldown": "15m",
        "say": "'{count} failures of {dev}'",
        "labels": "{team: storage}",
        "to": "[ops]",
        "description": "'A disk does not answer.'",
        "runbook": "https://wiki.example.org/disk",
    }

    name: str = ""
    sources: OneOrMany | None = None
    match: OneOrMany = ()
    unless: OneOrMany = ()
    where: dict[str, OneOrMany] | None = None
    by: OneOrMany = ()
    severity: Severity | None = None
    when: WhenKeys | None = None
    clear: ClearKeys | None = None
    levels: dict[Severity, Annotated[int, Meta(ge=1, le=100_000)]] | None = None
    cooldown: Duration | None = None
    say: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    to: OneOrMany = ()
    description: str | None = None
    runbook: str | None = None


class RouteKeys(Keys, frozen=True, rename={"condition": "if"}):
    """One entry of `routes:`."""

    required: ClassVar = ("to",)
    later: ClassVar = {
        "wait": "each alert is sent at once; a rule's 'cooldown' holds repeats back",
        "group": "each alert is sent by itself; a rule's 'by' says what belongs together",
        "updates": "a higher level is told at once",
        "remind": "an alert is told when it fires, grows and resolves",
        "digest": "each alert is sent at once",
        "rate": "a rule's 'cooldown' holds repeats back",
    }
    examples: ClassVar = {"if": "{severity: critical}", "to": "[ops]", "also": "true"}

    condition: dict[str, OneOrMany] = field(default_factory=dict)
    to: OneOrMany = ()
    also: bool = False


class FileKeys(Keys, frozen=True):
    """The top of a file."""

    later: ClassVar = {
        "mutes": "until then route what may wait to a sink of its own",
        "inhibit": "until then route what may wait to a sink of its own",
        "http": "until then read what logwatch says on stderr",
        "templates": "write the words in the rule's 'say'",
    }
    examples: ClassVar = {
        "version": "1",
        "state": "/var/lib/logwatchd",
        "engine": "aho-corasick",
        "audit": "1%",
        "include": "[rules.d/*.yaml]",
        "defaults": "{cooldown: 1m}",
        "sources": "{app: /var/log/app.log}",
        "rules": "[{name: errors, match: 'ERROR'}]",
        "routes": "[{if: {severity: critical}, to: ops}]",
        "sinks": "{out: {console: {}}}",
        "tests": "[{rule: errors, lines: ['+0s ERROR'], fires: [{at: +0s}]}]",
    }

    version: int = 1
    state: str | None = None
    engine: Engine = "auto"
    audit: Annotated[float, Meta(ge=0, le=0.5, extra={"unit": "share"})] = 0.01
    include: OneOrMany = ()
    defaults: DefaultKeys = DefaultKeys()
    sources: Raw = None
    rules: Raw = None
    sinks: Raw = None
    routes: Raw = None
    tests: Raw = None


MAIN_FILE_ONLY = ("state", "engine", "audit", "include", "defaults")
"""Keys of `FileKeys` that an included file may not hold."""
