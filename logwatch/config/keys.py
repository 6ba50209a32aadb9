"""The keys that a configuration file may hold: one struct per map, as people write them.

The walker reads these types, see key_forms.py; `docs/config.md` is their reference.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from logwatch.alerts.mute_settings import Then
from logwatch.config.key_forms import Keys, OneOrMany, Pieces, Raw, Window
from logwatch.config.kind_keys import (
    AbsentKeys,
    ClearKeys,
    ContextKeys,
    Count,
    ExpectKeys,
    Mode,
    NewKeys,
    RatioKeys,
    SelectorKeys,
    SpikeKeys,
    StepKeys,
    UniqueKeys,
    ValueKeys,
    WhenKeys,
)
from logwatch.config.multiline import MultilineKeys
from logwatch.config.origin_keys import ORIGINS, JournaldKeys, SyslogKeys
from logwatch.matching.engine_names import Engine
from logwatch.records import Severity
from logwatch.tailer.settings import HeldLimits
from logwatch.units import Duration


class DefaultKeys(Keys, frozen=True):
    """`defaults:` what a rule has that does not say otherwise."""

    examples: ClassVar = {
        "cooldown": "1m",
        "severity": "warning",
        "context": "3",
        "late": "2m",
    }

    cooldown: Duration = 60.0
    severity: Severity = "warning"
    context: ContextKeys = ContextKeys()
    late: Duration = 120.0


class SourceKeys(Keys, frozen=True):
    """One entry of `sources:`."""

    required: ClassVar = ("path",)
    either: ClassVar = {"path": ORIGINS}
    examples: ClassVar = {
        "path": "/var/log/app/*.log",
        "journald": "{units: sshd.service}",
        "syslog": "{udp: 0.0.0.0:514, tcp: 0.0.0.0:601}",
        "stdin": "true",
        "pipe": "/run/logwatchd/app.fifo",
        "exec": "[dmesg, --follow]",
        "exclude": "'*.gz'",
        "archives": "old",
        "format": "syslog",
        "time": "ts",
        "time_format": "'%d/%m/%Y %H:%M:%S'",
        "tz": "Europe/Paris",
        "encoding": "latin-1",
        "start": "beginning",
        "max_line": "256KiB",
        "multiline": "java",
        "tags": "[shop, backend]",
        "late": "2m",
        "quiet_after": "20m",
        "max_skew": "24h",
    }

    path: OneOrMany = ()
    journald: JournaldKeys | None = None
    syslog: SyslogKeys | None = None
    stdin: bool = False
    pipe: str | None = None
    exec: OneOrMany = ()
    exclude: OneOrMany = ()
    archives: OneOrMany = ()
    format: str = "plain"
    time: str | None = None
    time_format: OneOrMany = ()
    tz: str | None = None
    encoding: str = "utf-8"
    start: Literal["end", "beginning"] = "end"
    max_line: Annotated[int, Meta(ge=16, le=67_108_864, extra={"unit": "size"})] = 262_144
    multiline: MultilineKeys | None = None
    tags: OneOrMany = ()
    late: Duration | None = None
    quiet_after: Window | None = None
    max_skew: Window = 86_400.0

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`app: /var/log/app.log`."""
        return {"path": (0, text)}


_ONE_OF_A_KIND = {
    "for": ("'absent'", "absent: {for: 3m}"),
    "of": ("'unique', 'value' or 'ratio'", "unique: {of: port, above: 20, in: 1m}"),
    "above": ("'unique', 'value' or 'ratio'", "unique: {of: port, above: 20, in: 1m}"),
    "below": (
        "'absent', 'unique', 'value' or 'ratio'",
        "value: {avg: request_time, below: 1, in: 5m}",
    ),
    "min": ("'spike', 'value' or 'ratio'", "spike: {up: 3, over: 10m, min: 30}"),
    "learn": ("'new'", "new: {value: user, learn: 7d}"),
    "forget": ("'new'", "new: {value: user, forget: 90d}"),
    "template": ("'new'", "new: {template: message, learn: 24h}"),
    "at_most": ("'new'", "new: {template: message, at_most: 5/h}"),
    "up": ("'spike'", "spike: {up: 3, over: 10m, min: 30}"),
    "down": ("'spike'", "spike: {down: 3, over: 10m, min: 30}"),
    "over": ("'spike'", "spike: {up: 3, over: 10m, min: 30}"),
    "vs": ("'spike'", "spike: {up: 3, over: 10m, vs: previous, min: 30}"),
    "count": ("'when' or 'clear'", "when: {count: 5, in: 2m}"),
    "first": ("'when'", "when: first 5 in 1h"),
    "every": ("'when'", "when: every 5"),
    "max_wait": ("'context'", "context: {before: 5, after: 3, max_wait: 2s}"),
}


class RuleKeys(SelectorKeys, frozen=True, rename={"sources": "in"}):
    """One entry of `rules:`."""

    required: ClassVar = ("name", "match")
    either: ClassVar = {"match": ("where",)}
    instead: ClassVar = {
        "match": (
            *("absent", "sequence", "unique", "new", "spike", "value", "ratio"),
            *("all_of", "any_of"),
        )
    }
    elsewhere: ClassVar = _ONE_OF_A_KIND
    examples: ClassVar = SelectorKeys.examples | {
        "name": "disk-error",
        "by": "dev",
        "severity": "critical",
        "when": "5 in 2m",
        "clear": "0 in 15m",
        "levels": "{warning: 5, critical: 50}",
        "absent": "3m",
        "sequence": "[{rule: ssh-guessing}, {match: 'Accepted'}]",
        "within": "10m",
        "expect": "{match: 'finished job={job} ok', within: 2h}",
        "unique": "{of: port, above: 20, in: 1m}",
        "new": "{value: user, learn: 7d}",
        "spike": "{up: 3, over: 10m, min: 30}",
        "value": "{p95: request_time, above: 800ms, in: 5m}",
        "ratio": "{of: {status: '>= 500'}, above: 5%, in: 5m}",
        "all_of": "[slow-checkout, many-errors]",
        "any_of": "[slow-checkout, many-errors]",
        "absorbs": "true",
        "context": "5",
        "mode": "shadow",
        "active": "'Mon-Fri 08:00-18:00 Europe/Paris'",
        "hold": "10m",
        "max_keys": "100000",
        "cooldown": "15m",
        "say": "'{count} failures of {dev}'",
        "labels": "{team: storage}",
        "to": "[ops]",
        "description": "'A disk does not answer.'",
        "runbook": "https://wiki.example.org/disk",
    }

    name: str = ""
    by: OneOrMany = ()
    severity: Severity | None = None
    when: WhenKeys | None = None
    clear: ClearKeys | None = None
    levels: dict[Severity, Count] | None = None
    absent: AbsentKeys | None = None
    sequence: tuple[StepKeys, ...] | None = None
    within: Window | None = None
    expect: ExpectKeys | None = None
    unique: UniqueKeys | None = None
    new: NewKeys | None = None
    spike: SpikeKeys | None = None
    value: ValueKeys | None = None
    ratio: RatioKeys | None = None
    all_of: OneOrMany | None = None
    any_of: OneOrMany | None = None
    absorbs: bool = False
    context: ContextKeys | None = None
    mode: Mode = "live"
    active: str | None = None
    hold: Duration | None = None
    max_keys: Annotated[int, Meta(ge=1, le=10_000_000)] = 100_000
    cooldown: Duration | None = None
    say: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    to: OneOrMany = ()
    description: str | None = None
    runbook: str | None = None


class RouteKeys(Keys, frozen=True, rename={"condition": "if"}):
    """One entry of `routes:`."""

    required: ClassVar = ("to",)
    elsewhere: ClassVar = {
        "rate": ("a sink, beside its kind", "sinks: {out: {console: {}, rate: 10/min}}"),
    }
    examples: ClassVar = {
        "if": "{severity: critical}",
        "to": "[ops]",
        "also": "true",
        "group": "[rule, ip]",
        "wait": "30s",
        "updates": "5m",
        "remind": "4h",
        "digest": "daily 08:00 Europe/Paris",
    }

    condition: dict[str, OneOrMany] = field(default_factory=dict)
    to: OneOrMany = ()
    also: bool = False
    group: OneOrMany | None = None
    wait: Duration | None = None
    updates: Duration | None = None
    remind: Window | None = None
    digest: str | None = None


class MuteKeys(Keys, frozen=True, rename={"condition": "if", "begin": "from"}):
    """One entry of `mutes:`."""

    required: ClassVar = ("name",)
    examples: ClassVar = {
        "name": "patch-night",
        "if": "{host: 'web*'}",
        "every": "'Tue 02:00-04:00 Europe/Paris'",
        "from": "2026-01-05T22:00:00+01:00",
        "until": "2026-01-06T04:00:00+01:00",
        "then": "summarise",
    }

    name: str = ""
    condition: dict[str, OneOrMany] = field(default_factory=dict)
    every: str | None = None
    begin: str | None = None
    until: str | None = None
    then: Then = "hold"


class InhibitKeys(Keys, frozen=True, rename={"source": "while", "target": "mute"}):
    """One entry of `inhibit:`."""

    required: ClassVar = ("while", "mute")
    examples: ClassVar = {
        "while": "{rule: outage}",
        "mute": "{source: [web, app]}",
        "same": "[host]",
    }

    source: dict[str, OneOrMany] = field(default_factory=dict)
    target: dict[str, OneOrMany] = field(default_factory=dict)
    same: OneOrMany = ()


class HeldFilesKeys(Keys, frozen=True):
    """What may be kept of deleted files."""

    examples: ClassVar = {"longest": "6h", "most": "2GiB"}

    longest: Window = 86_400.0
    most: Annotated[int, Meta(ge=0, extra={"unit": "size"})] = 10 << 30

    def limits(self) -> HeldLimits:
        """The same for the daemon."""
        return HeldLimits(longest=self.longest, most=self.most)


class FileKeys(Keys, frozen=True):
    """The top of a file."""

    later: ClassVar = {
        "templates": "write the words in the rule's 'say'",
    }
    examples: ClassVar = {
        "version": "1",
        "state": "/var/lib/logwatchd",
        "engine": "aho-corasick",
        "audit": "1%",
        "allowed_roots": "[/var/log, /srv]",
        "held_files": "{longest: 6h, most: 2GiB}",
        "redact": "[stock, 'card=(\\d+)']",
        "include": "[rules.d/*.yaml]",
        "defaults": "{cooldown: 1m}",
        "sources": "{app: /var/log/app.log}",
        "rules": "[{name: errors, match: 'ERROR'}]",
        "routes": "[{if: {severity: critical}, to: ops}]",
        "mutes": "[{name: patch-night, every: 'Tue 02:00-04:00'}]",
        "inhibit": "[{while: {rule: outage}, mute: {source: web}}]",
        "sinks": "{out: {console: {}}}",
        "heartbeat": "https://hc-ping.com/UUID",
        "http": "127.0.0.1:8420",
        "otel": "http://127.0.0.1:4318",
        "tests": "[{rule: errors, lines: ['+0s ERROR'], fires: [{at: +0s}]}]",
    }

    version: int = 1
    state: str | None = None
    engine: Engine = "auto"
    audit: Annotated[float, Meta(ge=0, le=0.5, extra={"unit": "share"})] = 0.01
    allowed_roots: OneOrMany = ()
    held_files: HeldFilesKeys = HeldFilesKeys()
    redact: OneOrMany = ()
    include: OneOrMany = ()
    defaults: DefaultKeys = DefaultKeys()
    sources: Raw = None
    rules: Raw = None
    sinks: Raw = None
    routes: Raw = None
    mutes: Raw = None
    inhibit: Raw = None
    heartbeat: Raw = None
    http: Raw = None
    otel: Raw = None
    tests: Raw = None


MAIN_FILE_ONLY = (
    *("state", "engine", "audit", "allowed_roots", "held_files", "include", "defaults"),
    *("heartbeat", "http", "otel", "redact"),
)
"""Keys of `FileKeys` that an included file may not hold."""
