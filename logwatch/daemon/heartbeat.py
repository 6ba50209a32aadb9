"""Calls a URL while all is well: whoever misses the calls knows that logwatch is dead, or hangs.

A monitoring of one's own is silent in two ways, when nothing is wrong and when it does not run; a
service such as healthchecks.io tells them apart. It is called every so often while each thread gets
on with its work, and not at all while one does not. A call that fails is logged once, until one
succeeds, counted each time, and made again within a quarter of a minute; it harms nothing else.
What is logged names the host and nothing of the path, for who knows the URL can call it.

Source: Healthchecks.io documentation, "Pinging API" (GET, POST and HEAD; 200 is success).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event

from logwatch import telemetry
from logwatch.clock import Clock, Moment
from logwatch.config.heartbeat import HeartbeatSettings
from logwatch.daemon.threads import Worker
from logwatch.records import Delivered, Outcome, Retry
from logwatch.sinks.endpoint import Endpoint
from logwatch.sinks.http_settings import USER_AGENT

AGAIN_SECONDS = 15.0
"""A call that failed, or was withheld, is made again so soon, where `every` is not sooner."""


class Heartbeat(Worker):
    """The thread that calls."""

    def __init__(
        self,
        settings: HeartbeatSettings,
        *,
        troubles: Callable[[Moment], Sequence[str]],
        clock: Clock,
    ) -> None:
        """`troubles`, asked by this thread, names what is not well: threads that do not get on."""
        super().__init__("heartbeat", clock=clock, stop=Event())
        self._settings = settings
        self._troubles = troubles
        self._failing = False
        self._withheld = False
        self._endpoint = Endpoint(
            settings.url,
            timeout=settings.timeout,
            connect_timeout=settings.timeout,
            clock=clock,
        )

    def step(self, now: Moment) -> None:
        """Call, or do not; then wait for the next time."""
        self.stopping.wait(self.beat(now))

    def beat(self, now: Moment) -> float:
        """Call where all is well; seconds until the next time."""
        soon = min(self._settings.every, AGAIN_SECONDS)
        troubles = self._troubles(now)
        if troubles:
            self._say_withheld(troubles)
            return soon
        self._withheld = False
        outcome = self._call()
        self._say(outcome)
        if isinstance(outcome, Delivered):
            return max(0.0, self._settings.every - (self.clock.steady() - now.steady))
        wished = outcome.after if isinstance(outcome, Retry) else None
        return max(soon, wished or 0.0)

    def finish(self) -> None:
        """Hang up."""
        self._endpoint.close()

    def _call(self) -> Outcome:
        method = self._settings.method
        body = b"" if method == "POST" else None
        answer = self._endpoint.send(body, {"User-Agent": USER_AGENT}, method)
        return self._endpoint.outcome(answer)

    def _say_withheld(self, troubles: Sequence[str]) -> None:
        if self._withheld:
            telemetry.count("heartbeat.withheld")
            return
        self._withheld = True
        telemetry.error("heartbeat.withheld", because=list(troubles))

    def _say(self, outcome: Outcome) -> None:
        if isinstance(outcome, Delivered):
            if self._failing:
                telemetry.info("heartbeat.restored", to=self._endpoint.shown)
            self._failing = False
            telemetry.count("heartbeat.sent")
            return
        if self._failing:
            telemetry.count("heartbeat.failed")
            return
        self._failing = True
        telemetry.warning("heartbeat.failed", reason=outcome.reason)
