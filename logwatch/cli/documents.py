"""What `-o json` prints, as types: `logwatch help json COMMAND` gives the JSON Schema of them.

Each type is one object on a line of its own. A field may be added at any time; when one changes its
meaning or goes, `schema` grows. Times are RFC 3339 in UTC unless the name ends in `_seconds`.
Commands whose answers are types already are named by those.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from logwatch.cli.doctor import Report as DoctorReport
from logwatch.cli.looker import Absence
from logwatch.cli.why_rule import Answer as WhyRule
from logwatch.config.problems import Problem
from logwatch.daemon.health import Status
from logwatch.daemon.reload_requests import Verdict as ReloadVerdict
from logwatch.matching.near_miss import NearMiss
from logwatch.records import Alert


class Document(Struct, kw_only=True, frozen=True):
    """One object."""


class CheckSum(Document, frozen=True, tag_field="kind", tag="sum"):
    """The last line for each configuration: what was read, and how many problems there are."""

    schema: int
    file: str
    usable: bool
    files: int
    rules: int
    sources: int
    sinks: int
    routes: int
    tests: int
    errors: int
    warnings: int
    notes: int


class Sent(Document, frozen=True):
    """How a test message went."""

    schema: int
    sink: str
    outcome: Literal["delivered", "not now", "refused"]
    detail: str
    seconds: float
    exchanges: tuple[SentExchange, ...]


class SentExchange(Document, frozen=True):
    """One request; secrets in its address are hidden."""

    method: str
    where: str
    status: int | None
    seconds: float


class Message(Document, frozen=True):
    """What would be sent, and where; secrets are hidden."""

    where: str
    text: str


class NotSent(Document, frozen=True):
    """`send --show`."""

    schema: int
    sink: str
    not_sent: tuple[Message, ...]


class SentAgain(Document, frozen=True):
    """`send --dead`: so many dead letters are in the outbox again."""

    schema: int
    sink: str
    again: int


class InitFinding(Document, frozen=True):
    """One log that was looked into, or could not be."""

    kind: Literal["found", "empty", "cannot"]
    path: str
    name: str
    what: str
    lines_per_second: float | None
    denied: bool


class InitAnswer(Document, frozen=True):
    """What was found, and the configuration for it."""

    schema: int
    findings: tuple[InitFinding, ...]
    written: str | None
    config: str | None


class TestLine(Document, frozen=True, tag_field="kind", tag="test"):
    """One test."""

    schema: int
    rule: str
    file: str
    line: int
    outcome: Literal["passed", "failed", "error"]
    trouble: str | None
    seconds: float
    mismatches: list[dict[str, Any]]
    hints: list[str]
    timeline: list[dict[str, Any]]


class TestSum(Document, frozen=True, tag_field="kind", tag="sum"):
    """All of them."""

    schema: int
    passed: int
    failed: int
    errors: int
    seconds: float
    coverage: dict[str, Any] | UnsetType = UNSET


class CaptureDocument(Document, frozen=True):
    """What a group matched: `line[start:end]`."""

    start: int
    end: int
    text: str


class RefusalDocument(Document, frozen=True):
    """A condition of `where` that does not hold."""

    field: str
    value: str | None
    wanted: str
    is_parsed: bool


class VerdictDocument(Document, frozen=True, kw_only=True):
    """What a rule says of a line."""

    rule: str
    part: int
    outcome: Literal["taken", "excluded", "refused", "missed", "given-up"]
    captures: dict[str, CaptureDocument]
    pattern: int | UnsetType = UNSET
    excluder: dict[str, Any] | UnsetType = UNSET
    refusals: list[RefusalDocument] | UnsetType = UNSET
    near_miss: NearMiss | UnsetType = UNSET
    notes: list[str] | UnsetType = UNSET


class TryLine(VerdictDocument, frozen=True, kw_only=True):
    """One line that is taken, excluded or nearly taken."""

    kind: Literal["taken", "line", "near", "excluded"]
    file: str
    line_number: int
    line: str
    alike: int | UnsetType = UNSET


class TryFiring(Document, frozen=True):
    """What the rule would have made of its matches; times in seconds since the epoch."""

    fired: int
    first: float | None
    last: float | None
    longest_seconds: float | None
    held_by_cooldown: int


class TrySum(Document, frozen=True, tag_field="kind", tag="sum"):
    """All lines."""

    schema: int
    rule: str
    lines: int
    matched: int
    excluded: int
    near_misses: int
    near_misses_ranked: int
    firing: TryFiring | None


class ReplayRule(Document, frozen=True):
    """What one rule would have done."""

    rule: str
    matched: int
    fired: int
    over_time: list[int]
    told: dict[str, int]
    muted: dict[str, int]
    unrouted: int
    held_by_cooldown: int
    hint: str | None


class ReplaySum(Document, frozen=True):
    """What was read, and what each rule would have done; nothing is sent."""

    schema: int
    sources: int
    files: int
    compressed: int
    bytes: int
    lines: int
    first: str | None
    last: str | None
    without_stamps: Any
    left_out: Any
    problems: list[dict[str, str]]
    step_seconds: float | None
    step_start: str | None
    rules: list[ReplayRule]
    sent: int
    against: ReplayDifference | UnsetType = UNSET


class ReplayChange(Document, frozen=True):
    """One rule under two configurations."""

    rule: str
    is_in: Literal["both", "new", "gone"] = msgspec.field(name="is")
    before: int
    now: int
    gone: int
    added: int


class ReplayDifference(Document, frozen=True):
    """`--against`."""

    schema: int
    rules: list[ReplayChange]


class LearnFile(Document, frozen=True):
    """One log that was read."""

    path: str
    source: str
    lines: int
    taken: int
    problem: str | None


class LearnAnswer(Document, frozen=True):
    """What a rule knows now."""

    schema: int
    rule: str
    files: list[LearnFile]
    known_before: int | None
    known: int | None
    new: int
    first_new: list[str]
    unknown: list[str]
    kept: str
    accepted: list[str] | UnsetType = UNSET
    forgotten: list[str] | UnsetType = UNSET


class DeadLetterDocument(Document, frozen=True):
    """`alerts --dead`: what a sink refused for good."""

    sink: str
    attempts: int
    reason: str
    given_up: str | None
    alert: Alert


class SilenceDocument(Document, frozen=True):
    """One silence."""

    number: int
    matchers: list[str]
    author: str
    comment: str
    in_force: bool
    begin: str
    until: str | None
    until_resolved: list[str] | None
    ended: str | None
    ended_by: str
    hid: int


class SilencePreview(Document, frozen=True):
    """What it hides."""

    firing: list[str]
    last_7_days: int
    of: int
    problem: str


class SilenceMade(Document, frozen=True):
    """One that was made, tried or ended."""

    schema: int
    silence: SilenceDocument | None
    preview: SilencePreview | UnsetType = UNSET


class SilenceList(Document, frozen=True):
    """`silence list`."""

    schema: int
    silences: list[SilenceDocument]


class WhyLineVerdict(VerdictDocument, frozen=True, kw_only=True):
    """What a rule says of the line, and what would hide its alert."""

    source: str
    hidden_by: str | None


class WhyLine(Document, frozen=True):
    """`why --line`."""

    schema: int
    line: str
    sources: list[str]
    taken: bool
    verdicts: list[WhyLineVerdict]
    rules_of_other_sources: int


class WhyAlert(Document, frozen=True):
    """`why ID`: the life of one alert."""

    schema: int
    alert: str
    rule: str
    defined_at: str | None
    key: dict[str, str]
    burning: bool
    shadow: bool
    messages: list[dict[str, Any]]
    forgotten: int
    cooldown: str
    firing_before: str | None
    routes: list[dict[str, Any]]
    goes_to: list[str] | None
    told: list[str] | None
    hidden_now: str | None
    within: list[dict[str, Any]]
    moves: list[dict[str, Any]]
    untold: list[str]
    absorbed: list[dict[str, Any]]


class TailLine(Document, frozen=True, tag_field="kind", tag="line"):
    """A line of a log."""

    schema: int
    path: str
    time: str | None
    level: str | None
    text: str
    fields: dict[str, Any]
    rules: list[str]


class TailEvent(Document, frozen=True, tag_field="kind", tag="event"):
    """Something that happened to a file."""

    schema: int
    path: str
    text: str


class TailAlert(Document, frozen=True, tag_field="kind", tag="alert"):
    """An alert that a line led to."""

    schema: int
    path: str
    alert: Alert


DOCUMENTS: dict[str, tuple[type[Struct], ...]] = {
    "tail": (TailLine, TailEvent, TailAlert),
    "init": (InitAnswer,),
    "check": (Problem, CheckSum),
    "test": (TestLine, TestSum),
    "try": (TryLine, TrySum),
    "replay": (ReplaySum, Alert),
    "learn": (LearnAnswer,),
    "status": (Status, Absence),
    "alerts": (Alert, DeadLetterDocument),
    "why": (WhyAlert, WhyRule, WhyLine),
    "silence": (SilenceMade, SilenceList),
    "reload": (ReloadVerdict,),
    "doctor": (DoctorReport,),
    "send": (Sent, NotSent, SentAgain),
}
"""Command -> what a line of its `-o json` or `-o ndjson` may be."""
