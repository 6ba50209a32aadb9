"""What was lost of a log, as the alert says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from logwatch.rules.self_reports import SelfReport
from logwatch.tailer.state import Loss

NAMED = 3
"""Of many logs so many are named."""


def told(path: str, source: str, message: str) -> SelfReport:
    """That something of a log was lost."""
    return SelfReport(
        what="source-lost", severity="error", message=message, path=path, source=source
    )


def in_words(loss: Loss) -> str:
    """Which log, why, and how much of it from where on."""
    match loss.reason:
        case "truncated":
            reason = "was truncated before all of it was read"
        case "gone":
            reason = "was deleted before all of it was read"
        case "compressed":
            reason = "was rotated and compressed in a way that nothing here reads"
        case "damaged":
            reason = "was rotated and compressed, and that file is damaged or cut off"
        case "unreadable":
            reason = "was rotated and cannot be read"
        case "held":
            reason = "was deleted and let go of, for it was held open too long or was too large"
        case _:
            assert_never(loss.reason)
    amount = "an unknown number of" if loss.end is None else f"{max(0, loss.end - loss.start):,}"
    return f"{loss.path} {reason}: {amount} bytes from offset {loss.start:,} on are lost"


def departed_in_words(losses: Sequence[Loss], source: str) -> str:
    """The same of logs of one source that were deleted while nobody looked: of all of them."""
    paths = list(dict.fromkeys(each.path for each in losses))
    if len(paths) == 1:
        return "; ".join(map(in_words, losses))
    named = ", ".join(paths[:NAMED])
    if len(paths) > NAMED:
        named += f" and {len(paths) - NAMED:,} more"
    return (
        f"{len(paths):,} logs of source {source} were deleted while logwatch was down: {named};"
        " what was written to them after they were read last is lost, if anything was, and nobody"
        " can say how much"
    )
