"""How one sink is doing: what becomes of what it answers, what is kept of it, who must hear of it.

Belongs to the thread of its sink. It is kept over a restart under `NAME`, beside the state of
rules; where the settings of the sink have changed it is tried at once, but the trouble is still the
same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from logwatch import telemetry
from logwatch.outbox.policy import Health, SinkHealth, Terms, Verdict, decide
from logwatch.outbox.trouble import Kept, News, Trouble
from logwatch.records import Outcome, Rejected, Retry, StateChange
from logwatch.rules.self_reports import SelfReport

NAME = "logwatch.sinks"
"""Under which how sinks are doing is kept."""


class _State(Struct, frozen=True, array_like=True):
    identity: str
    health: Health
    trouble: Kept
    reason: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_State).decode


class SinkCondition:
    """How the sink `name` is doing."""

    def __init__(
        self, name: str, *, random: Callable[[], float], terms: Terms, identity: str
    ) -> None:
        """`identity`: the same while the settings of the sink are."""
        self._name = name
        self._random = random
        self._terms = terms
        self._identity = identity
        self.health = SinkHealth(random)
        self._trouble = Trouble(name, fallback=terms.fallback)
        self.reason = ""
        """Of the last failure."""
        self._is_down = False
        self._kept = b""
        """How it was doing when that was last asked for; at first, that all is well."""
        self.change()

    def restore(self, body: bytes, now: float) -> None:
        """Go on from what `change` gave before a restart."""
        try:
            state = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:  # of another version
            telemetry.warning("sink.state_forgotten", sink=self._name, reason=str(problem))
            return
        self._trouble.restore(state.trouble, now)
        kept = state.health
        if state.identity != self._identity:
            kept = Health(0, probing=False, pause_until=0.0, failing_since=kept.failing_since)
        self.health.restore(kept, now)
        self._is_down = self.health.probing
        self.reason = state.reason
        self._kept = body

    def answered(self, outcome: Outcome, attempts: int, now: float) -> Verdict:
        """What becomes of a message, tried `attempts` times before, to which it said `outcome`."""
        terms = self._terms
        if not isinstance(outcome, Retry) or outcome.partly:
            self.health.succeeded()
            self._say_up()
        else:
            self.reason = outcome.reason
            self.health.failed(now, outcome.after)
            self._say_down(outcome)
            if terms.fallback is not None and self.health.has_failed_for(terms.after, now):
                return terms.given_up(outcome.reason)
        if isinstance(outcome, Rejected):
            return terms.given_up(outcome.reason)
        return decide(outcome, attempts, now, self._random)

    def others_stand_in(self, now: float) -> bool:
        """Whether what waits is moved without being tried: the pause goes on for long enough."""
        if self._terms.fallback is None or now >= self.health.pause_until:
            return False
        return self.health.has_failed_for(self._terms.after, now)

    def will_not_get(self, number: int, reason: str) -> None:
        """So many messages were given up, or moved though the sink is well."""
        self._trouble.rejected(number, reason)

    def change(self) -> StateChange | None:
        """What to keep of it, where that is not what it was."""
        reason = self.reason if self.health.failures else ""
        state = _State(self._identity, self.health.dump(), self._trouble.dump(), reason)
        body = _encode(state)
        if body == self._kept:
            return None
        self._kept = body
        return StateChange(NAME, self._name, body)

    def has_news(self, now: float) -> bool:
        """Whether `news` has any."""
        if self.health.failing_since is None and self._trouble.dump().told_of is not None:
            return True
        deadline = self._trouble.deadline(self.health)
        return deadline is not None and now >= deadline

    def news(self, now: float, waiting: int) -> list[SelfReport]:
        """What a person must hear; `waiting`: how many messages wait."""
        found = self._trouble.news(self.health, now, self.reason, waiting)
        return [self._report(each) for each in found]

    def deadlines(self) -> Iterator[float]:
        """Steady times at which there is something to do though nothing comes."""
        news, since = self._trouble.deadline(self.health), self.health.failing_since
        if news is not None:
            yield news
        if self._terms.fallback is not None and since is not None:
            yield since + self._terms.after

    def _report(self, news: News) -> SelfReport:
        return SelfReport(
            what=news.what,
            severity="error",
            message=news.message,
            about_sink=self._name,
            episode=news.episode,
            status=news.status,
        )

    def _say_down(self, outcome: Retry) -> None:
        # One failure among successes is ordinary; one in trouble is paused, and that is news.
        if not self._is_down and self.health.probing:
            self._is_down = True
            telemetry.warning("sink.down", sink=self._name, reason=outcome.reason)

    def _say_up(self) -> None:
        if self._is_down:
            self._is_down = False
            telemetry.info("sink.up", sink=self._name)
