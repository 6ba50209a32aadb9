"""What `-o json` prints of rules: `test`, `try`, `replay`, `learn` and `why`; see `documents`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from logwatch.cli.document import Document
from logwatch.matching.near_miss import NearMiss


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
    written_since: list[dict[str, str]]
    goes_to: list[str] | None
    told: list[str] | None
    hidden_now: str | None
    within: list[dict[str, Any]]
    moves: list[dict[str, Any]]
    untold: list[str]
    absorbed: list[dict[str, Any]]
