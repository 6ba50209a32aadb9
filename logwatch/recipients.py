"""Who is told of an alert: the sinks of its routes, and of an episode's end whoever was told of it.

Who was told of which open episode is stored with its newest message, and taken back at a start.
"""

from __future__ import annotations

from msgspec.structs import replace

from logwatch.alerts.route import Router
from logwatch.clock import Moment
from logwatch.records import Alert
from logwatch.stamps import rfc3339
from logwatch.store.writer import Addressed


class Recipients:
    """The routes, and who was told of the episodes that burn."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._told: dict[str, tuple[str, ...]] = {}

    def take_back(self, episode: str, told: tuple[str, ...]) -> None:
        """These sinks were told, before this start, that `episode` began."""
        self._told[episode] = told

    def event(self, alert: Alert, wall: float) -> Addressed:
        """Address an alert that is over at once; `wall` is when it was made."""
        return Addressed(alert, wall, self._router.sinks_for(alert))

    def episode(self, alert: Alert, wall: float) -> Addressed:
        """Address a message of an episode: who was told that it began is told that it is over.

        Its severity and fields may be others by then, and with them the routes.
        """
        before = self._told.pop(alert.id, None)
        if alert.status == "resolved":
            return Addressed(alert, wall, self._owed(before, alert))
        sinks = self._router.sinks_for(alert)
        told = tuple(dict.fromkeys((*(before or ()), *sinks)))
        self._told[alert.id] = told
        return Addressed(alert, wall, sinks, burns=True, told=told)

    def nobody(self, alert: Alert, wall: float, *, burns: bool) -> Addressed:
        """An alert that is kept but not sent; who was told before is told that it is over."""
        before = self._router.known(self._told.get(alert.id, ()))
        if alert.status == "resolved":
            self._told.pop(alert.id, None)
            return Addressed(alert, wall, before)
        if burns:
            self._told[alert.id] = before
        return Addressed(alert, wall, (), burns=burns, told=before)

    def last(self, alert: Alert, told: tuple[str, ...], now: Moment) -> Addressed:
        """Address the end of an episode that no rule keeps open: nobody watches it any more."""
        return Addressed(ended(alert, now), now.wall, self._owed(told, alert))

    def _owed(self, told: tuple[str, ...] | None, alert: Alert) -> tuple[str, ...]:
        """Who is told that an episode is over: nobody where nobody was told that it began.

        Where none of those is a sink any more the routes say it, and where nothing is known.
        """
        if told is not None and not told:
            return ()
        return self._router.known(told or ()) or self._router.sinks_for(alert)


def ended(alert: Alert, now: Moment) -> Alert:
    """The end of the episode of which `alert` is the newest message, for its rule is no more."""
    return replace(
        alert,
        seq=alert.seq + 1,
        status="resolved",
        message=f"no longer watched, for its rule was changed or removed: {alert.message}",
        at=rfc3339(now.wall),
    )
