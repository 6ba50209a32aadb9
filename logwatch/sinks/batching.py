"""How many alerts go into one request, when one bad alert can make the receiver refuse them all.

A batch that is refused is tried again one by one, so that only what is refused by itself is given
up. Pure, no I/O.
"""

from __future__ import annotations

from logwatch.records import Outcome, Rejected, Retry


class Batching:
    """The size of the next batch: `most`, or 1 while a refused batch is sent by itself."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._singly = 0

    @property
    def size(self) -> int:
        """Most alerts for the next request."""
        return 1 if self._singly else self._most

    def judged(self, outcome: Outcome, number: int) -> Outcome:
        """What `outcome` of a request with `number` alerts means for them."""
        if isinstance(outcome, Rejected) and number > 1:
            self._singly = number
            return Retry(f"{outcome.reason}; {number} alerts are sent again, each by itself")
        if not isinstance(outcome, Retry):
            self._singly = max(0, self._singly - number)
        return outcome
