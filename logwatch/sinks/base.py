"""The contract of a sink: what every file beside this one promises.

A sink hands alerts to the world. It is called by one deliverer thread only, may block within its
own time-outs, and never raises for what a network or a receiver does: it answers with an outcome.
Log text inside an alert is hostile input; each sink neutralises it for its own medium.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from logwatch.records import Alert, Delivered, Notification, Outcome
from logwatch.units import Rate

T = TypeVar("T")

PEOPLE_RATE = Rate(30, 60.0)
"""What a person, and the services by which people are written to, can take: 30 a minute."""


class Sink(Protocol):
    """Where alerts go."""

    @property
    def batch_size(self) -> int:
        """Most notifications that one `deliver` takes; they share one outcome."""
        ...

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """Send all of `batch`, in order, and say what became of it."""
        ...

    def close(self) -> None:
        """Let go of connections and files, after the last `deliver`; a second call does nothing."""
        ...


@runtime_checkable
class Reminding(Protocol):
    """A sink whose receiver forgets what burns unless it hears of it again and again."""

    def remind(self, burning: Sequence[Alert]) -> float:
        """Tell again what burns: the newest message of each open episode that the sink was told of.

        Called at the start and whenever the seconds that it answers with are over, by the thread
        that calls `deliver`. It never raises for what a network or a receiver does; what fails is
        made good the next time.
        """
        ...


@runtime_checkable
class Lasting(Protocol):
    """A sink whose deliveries would go on without the daemon."""

    def cut_short(self) -> None:
        """The daemon ends: end the delivery that goes on, if any, and begin no other.

        Called by another thread than that of `deliver`, which then returns at once.
        """
        ...


def json_lines(batch: Sequence[Notification]) -> bytes:
    """Every message of `batch` as JSON, each with a newline after it."""
    lines: Callable[[], bytes] | None = getattr(batch, "json_lines", None)
    if lines is not None:  # it is in lines already
        return lines()
    return b"".join([notification.body + b"\n" for notification in batch])


def in_turn(items: Iterable[T], send: Callable[[T], Outcome]) -> Outcome:
    """Send one of `items` after the other, up to the first that is not delivered."""
    outcome: Outcome = Delivered()
    for item in items:
        outcome = send(item)
        if not isinstance(outcome, Delivered):
            break
    return outcome


class SinkSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of every kind's settings; the subclass names what its YAML map may hold."""

    files: ClassVar[tuple[str, ...]] = ("path",)
    """Settings that name a file; the loader makes them relative to the file they stand in."""


class SinkKind(Struct, frozen=True, kw_only=True):
    """One entry of the registry: how a kind is spelled, configured and made."""

    name: str
    settings: type[SinkSettings]
    make: Callable[[Any], Sink]
    """Makes the sink from its settings; imports what is heavy only now. Raises SinkError."""
    short: str | None = None
    """The field that a bare scalar stands for: `webhook: https://...` is `{url: https://...}`."""
    schemes: tuple[str, ...] = ()
    """URL schemes that `--to` understands as this kind."""
    from_url: Callable[[str], SinkSettings] | None = None
    """Settings from a `--to` URL. Raises ValueError with a remedy."""
    examine: Callable[[Any], Iterable[str]] | None = None
    """What is wrong with settings that look right, where to find out takes long: for `check`."""
    for_people: bool = False
    """Whether each message takes somebody's attention: many of a backlog come as one digest."""
    rate: Rate | None = None
    """How many messages it takes where the configuration does not say; None: any number."""
