"""Keys that are remembered only for what may be read late, and so are forgotten before others.

Where one line ends what another began, most keys have nothing open, and there may be very many of
them: what burns must not go for the next of these, however long ago it was seen.
"""

from __future__ import annotations

from typing import TypeVar

from logwatch.rules.base import Now, RuleSettings
from logwatch.rules.keyed import KeyedRule, KeyState

S = TypeVar("S", bound=KeyState)


class SparingRule(KeyedRule[S]):
    """A rule that says after each record whether anything of its key is open."""

    def __init__(self, settings: RuleSettings, state: type[S], *, host: str) -> None:
        super().__init__(settings, state, host=host)
        self._spare: dict[str, None] = {}
        """In the order in which they were seen."""

    def is_spare(self, state: S) -> bool:
        """Whether nothing was open after the latest record of a key."""
        raise NotImplementedError

    def mark(self, key: str, state: S) -> None:
        """A record of `key` was taken."""
        self._spare.pop(key, None)
        if self.is_spare(state):
            self._spare[key] = None

    def begin(self, now: Now) -> None:
        """See `Rule.begin`."""
        super().begin(now)
        self._spare = {key: None for key in self._states if self.is_spare(self._states.peek(key))}

    def dispensable(self) -> str:
        """See `KeyedRule.dispensable`: rather a key of which nothing is open."""
        return next(iter(self._spare), None) or super().dispensable()

    def forget(self, key: str) -> None:
        """See `KeyedRule.forget`."""
        super().forget(key)
        self._spare.pop(key, None)
