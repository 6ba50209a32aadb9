"""What a monitor tells of its log itself, beside what was lost of it (losses.py)."""

from __future__ import annotations

from collections.abc import Sequence

from logwatch import telemetry
from logwatch.matching.troubles import Kind, Trouble
from logwatch.records import Severity
from logwatch.rules.self_reports import SelfReport

_TROUBLES: dict[Kind, tuple[str, Severity]] = {
    "timed-out": ("search-given-up", "warning"),
    "failed": ("search-failed", "error"),
    "quarantined": ("rule-quarantined", "error"),
    "differs": ("engine-differs", "critical"),
    "withheld": ("text-withheld", "error"),
}
"""What each trouble of a matcher is called in an alert, and how bad it is."""


def rewritten(path: str, source: str) -> SelfReport:
    """That a file is no log, for it is not appended to."""
    return SelfReport(
        what="not-append-only",
        severity="warning",
        message=f"{path} is written in place and not appended to: each time it is read from its"
        " start, and alerts about it are marked reread; do not follow it",
        path=path,
        source=source,
    )


def in_matching(trouble: Trouble, names: Sequence[str], path: str, source: str) -> SelfReport:
    """What came up while rules were matched, which is logged too; `names` are those of rules."""
    what, severity = _TROUBLES[trouble.kind]
    rule = "" if trouble.rule is None else names[trouble.rule]
    telemetry.warning(f"matching.{what.replace('-', '_')}", rule=rule, pattern=trouble.pattern)
    return SelfReport(
        what=what,
        severity=severity,
        message=f"rule {rule}: {trouble.message}" if rule else trouble.message,
        path=path,
        source=source,
    )
