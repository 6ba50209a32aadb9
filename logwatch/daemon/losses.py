"""What was lost of a log, as the alert says it."""

from __future__ import annotations

from typing import assert_never

from logwatch.tailer.state import Loss


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
