"""Who is done with a message that others still wait for.

A sink with several receivers tries a message again for those only that have not settled it, and
gives up on them after `MOST_TRIES`, some ten minutes: one receiver's trouble must not gather the
messages of all. What is known here is kept in memory: after a restart all are tried, with the same
`id:seq`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Generic, TypeVar

MOST_MESSAGES = 1000
"""Of more, the oldest is forgotten."""

MOST_TRIES = 20
"""Of a message that somebody took, for those who put it off."""

Verdict = TypeVar("Verdict")


class Settled(Generic[Verdict]):
    """For each message that waits for its next try, the last word of those who have said it."""

    def __init__(self) -> None:
        self._messages: OrderedDict[str, dict[str, Verdict]] = OrderedDict()

    def take(self, message: str) -> dict[str, Verdict]:
        """By receiver, what was said of `message`; it is forgotten with that."""
        return self._messages.pop(message, {})

    def keep(self, message: str, verdicts: Mapping[str, Verdict]) -> None:
        """Remember `verdicts` until `message` is tried again."""
        if verdicts:
            self._messages[message] = dict(verdicts)
            while len(self._messages) > MOST_MESSAGES:
                self._messages.popitem(last=False)
