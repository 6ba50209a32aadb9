"""What `-o json` prints, as types: `logwatch help json COMMAND` gives the JSON Schema of them.

Each type is one object on a line of its own. A field may be added at any time; when one changes its
meaning or goes, `schema` grows. Times are RFC 3339 in UTC unless the name ends in `_seconds`.
Commands whose answers are types already are named by those.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from logwatch.cli.doctor import Report as DoctorReport
from logwatch.cli.document import Document
from logwatch.cli.looker import Absence
from logwatch.cli.rule_documents import (
    LearnAnswer,
    ReplaySum,
    TestLine,
    TestSum,
    TryLine,
    TrySum,
    WhyAlert,
    WhyLine,
)
from logwatch.cli.why_rule import Answer as WhyRule
from logwatch.config.problems import Problem
from logwatch.daemon.health import Status
from logwatch.daemon.reload_requests import Verdict as ReloadVerdict
from logwatch.records import Alert


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
