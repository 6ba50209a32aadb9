"""Who is told of an alert: the sinks of its routes, and of an episode's end whoever was told of it.

Who was told of which open episode is stored with its newest message, and taken back at a start.
"""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from logwatch.alerts.route import Router
from logwatch.clock import Moment
from logwatch.records import Alert
from logwatch.stamps import rfc3339
from logwatch.store.transaction import Addressed


class Recipients:
    """The routes, and who was told of the episodes that burn."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self.of_event = router.sinks_for
        """Who is told of an alert that is over at once; it may be asked for each line."""
        self._told: dict[str, tuple[str, ...]] = {}

    def take_back(self, episode: str, told: tuple[str, ...]) -> None:
        """These sinks were told, before this start, that `episode` began."""
        self._told[episode] = told

    def told(self, episode: str) -> tuple[str, ...]:
        """The sinks that were told that `episode` began, by a message of its own or of several."""
        return self._told.get(episode, ())

    def tell(self, episode: str, sinks: tuple[str, ...]) -> tuple[str, ...]:
        """These are told, too, that `episode` goes on; gives all that are."""
        told = tuple(dict.fromkeys((*self._told.get(episode, ()), *sinks)))
        self._told[episode] = told
        return told

    def forget(self, episode: str) -> tuple[str, ...] | None:
        """It is over; who was told that it began, None where nothing is known of it."""
        return self._told.pop(episode, None)

    def event(self, alert: Alert, wall: float) -> Addressed:
        """Address an alert that is over at once; `wall` is when it was made."""
        return Addressed(alert, wall, self.of_event(alert))

    def owed(self, told: tuple[str, ...] | None, alert: Alert) -> tuple[str, ...]:
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


def told_of_by(message: Alert) -> set[str]:
    """The episodes of which `message` tells, and whose ends are messages of their own.

    What a mute, or the backlog, held goes on by itself afterwards; a message about it names as
    many of what burns as it quotes. A group or a storm says the end of its own.
    """
    group = message.group
    if group is UNSET or group.kind not in ("mute", "backlog"):
        return {message.id}
    return {message.id, *(each.id for each in group.members)}
