"""How many messages one sink gets: never more than its rate in any span, and nothing is lost.

- The window slides and is exact: a message goes out where fewer than N did in the span before it.
- The last free slot is kept for a digest: what comes beyond is put together in one message, which
  goes out once there is a slot, and span/N after the first that it took in. While alerts keep
  coming, or anything burns of which it told, these are one rolling message: its id stays, its `seq`
  grows. It is `resolved` once all episodes of which it told are over.
- Whoever was told that an episode began, by a message of its own, is told of the rest by messages
  of their own, which wait for slots in order; several that wait of one episode become its newest.
  Where both a digest and these wait, they take turns. What a digest told of ends in a digest.
- More than 100,000 episodes of which only digests told are counted as if each were over at once.

Times are steady seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, field
from msgspec.structs import replace

from logwatch.alerts.bundle import MOST_BURNING, Bundle
from logwatch.alerts.members import with_earlier
from logwatch.clock import Moment
from logwatch.records import Alert, Status
from logwatch.units import Rate

Row: TypeAlias = tuple[tuple[str, ...], bytes | None]
"""A part of the state: its name, and its body; None: it is no more."""


class SinkPace(Struct, frozen=True, kw_only=True):
    """What may be sent to a sink."""

    rate: Rate | None = None
    """None: any number."""
    for_people: bool = False
    """Whether many alerts of a backlog come as one."""


class _Head(Struct, array_like=True):
    """All but the messages that wait."""

    times: list[float] = field(default_factory=list)
    """When messages went out, as far as the window reaches, ascending."""
    since: float | None = None
    """When the first came that waits in the digest."""
    seed: str = ""
    """Names that first one."""
    storm: str = ""
    """Id of the rolling digest."""
    seq: int = 0
    told_at: float = 0.0
    """When it went out last."""
    digest_is_next: bool = True
    """Whose turn it is where both wait."""
    number: int = 0
    """Of the next message that is queued."""
    has_episodes: bool = False
    """Whether the rolling digest told, or will tell, of any."""
    has_events: bool = False
    """Whether any came since its last message."""


class _Queued(Struct, array_like=True):
    number: int
    alert: Alert


_encode = msgspec.msgpack.Encoder().encode
_decode_head = msgspec.msgpack.Decoder(_Head).decode
_decode_queued = msgspec.msgpack.Decoder(_Queued).decode


class Pace:
    """What waits for slots of one sink."""

    def __init__(self, sink: str, rate: Rate | None, *, host: str) -> None:
        self._sink = sink
        self._host = host
        self._rate = rate
        self._room = 0 if rate is None else rate.messages
        self._span = 0.0 if rate is None else rate.span_seconds
        self._kept = 1 if self._room > 1 else 0
        """Slots that are kept for a digest."""
        self._head = _Head()
        self._bundle = Bundle()
        self._queue: dict[str, _Queued] = {}
        """Messages of their own that wait, by id."""
        self._head_changed = False
        self._gone: list[Row] = []
        self._changed: set[str] = set()

    @property
    def waits(self) -> bool:
        """Whether anything waits for a slot."""
        return self._head.since is not None or bool(self._queue)

    @property
    def waiting(self) -> int:
        """How many alerts wait; to look at, from any thread."""
        collected = 0 if self._head.since is None else self._bundle.alerts
        return collected + len(self._queue)

    def offer(self, alert: Alert, burns: bool, now: Moment) -> bool:  # noqa: FBT001 - as Bundle.add
        """Whether `alert` goes out now; else it waits."""
        head = self._head
        if head.since is None and not self._queue:
            if self._rate is None:
                return True
            is_told_in_digests = alert.id in self._bundle.burning
            if not is_told_in_digests and self._free(now.steady) > self._kept:
                self._note_sent(now.steady)
                return True
        if self._is_own(alert, burns=burns):
            self.queue(alert)
        else:
            self._collect(alert, now, burns=burns)
        return False

    def queue(self, alert: Alert) -> None:
        """Let `alert` wait for a slot of its own."""
        before = self._queue.get(alert.id)
        if before is None:
            number, self._head.number = self._head.number, self._head.number + 1
            self._head_changed = True
        else:
            number, alert = before.number, _joined(before.alert, alert)
        self._queue[alert.id] = _Queued(number, alert)
        self._changed.add(alert.id)

    def adopt(self, bundle: Bundle) -> None:
        """A digest told of what burns in `bundle`: a digest tells of the ends, too."""
        if self._rate is not None:
            self._bundle.adopt(bundle)
            self._head_changed = True

    def expire(self, now: Moment) -> Iterator[Alert]:
        """What goes out now."""
        self._free(now.steady)
        while (next_one := self._next(now.steady)) is not None:
            yield self._digest(now) if next_one == "digest" else self._first_of_queue()
            self._note_sent(now.steady)

    def hasten(self, now: float) -> None:
        """Let the digest wait for a slot only, and not for more that it could take in."""
        head = self._head
        if head.since is not None and self._rate is not None:
            head.since = min(head.since, now - self._span / self._room)
            self._head_changed = True

    def deadline(self, now: float) -> float | None:
        """Seconds from `now` until `expire` has something to do, None while nothing waits."""
        if not self.waits:
            return None
        self._free(now)
        frees = [time + self._span for time in islice(self._head.times, self._kept + 1)]
        times = [now, self._digest_due(), *frees]
        return min(at - now for at in times if at >= now and self._next(at) is not None)

    def changes(self) -> Iterator[Row]:
        """What changed since the last call."""
        gone, self._gone = self._gone, []
        yield from gone
        for part, body in self._bundle.changes():
            yield ("digest", part), body
        changed, self._changed = self._changed, set()
        for name in changed:
            queued = self._queue.get(name)
            yield ("queue", name), None if queued is None else _encode(queued)
        if self._head_changed:
            self._head_changed = False
            idle = not (self._head.times or self.waits or self._bundle.burning)
            yield ("head",), None if idle else _encode(self._head)

    def restore(self, name: tuple[str, ...], body: bytes) -> None:
        """Take back one row. Raises msgspec.DecodeError or ValueError where it is none."""
        match name:
            case ("head",):
                self._head = _decode_head(body)
            case ("digest", part):
                self._bundle.restore(part, body)
            case ("queue", episode):
                self._queue[episode] = _decode_queued(body)
            case _:
                raise ValueError(f"{name!r} is no part of what waits for a sink")

    def begin(self) -> None:
        """All rows were restored."""
        self._bundle.begin()
        in_order = sorted(self._queue.items(), key=lambda each: each[1].number)
        self._queue = dict(in_order)
        if self._head.since is None and self._bundle:
            self._head.since = self._head.told_at

    def _is_own(self, alert: Alert, *, burns: bool) -> bool:
        """Whether it tells of an episode that was begun by a message of its own."""
        if alert.id in self._queue:
            return True
        burning = self._bundle.burning
        if alert.id in burning or len(burning) >= MOST_BURNING:
            return False
        # An event is followed by a note at most, which may go with others.
        return alert.status == "resolved" or (burns and alert.status == "updated")

    def _collect(self, alert: Alert, now: Moment, *, burns: bool) -> None:
        head = self._head
        if head.since is None:
            if not self._bundle.burning and now.steady > head.told_at + self._span:
                head.storm, head.has_episodes = "", False
            head.since = now.steady
            head.seed = f"{alert.id}:{alert.seq}"
        head.has_episodes = head.has_episodes or burns or alert.status == "resolved"
        head.has_events = head.has_events or (alert.status == "firing" and not burns)
        self._head_changed = True
        self._bundle.add(alert, burns)

    def _free(self, now: float) -> int:
        """Slots that are free at `now`."""
        head, times, span = self._head, self._head.times, self._span
        if times and times[0] + span <= now:
            del times[: self._over_by(now)]
            self._head_changed = True
        if times and times[-1] > now:  # the clock was set back while nobody ran
            times[:] = [min(each, now) for each in times]
        if head.since is not None and head.since > now:
            head.since = now
        return self._room - len(times)

    def _over_by(self, at: float) -> int:
        """How many of the messages in the window have left it at `at`."""
        return bisect_right(self._head.times, at, key=lambda time: time + self._span)

    def _note_sent(self, now: float) -> None:
        if self._rate is not None:
            self._head.times.append(now)
        self._head_changed = True

    def _digest_due(self) -> float:
        """The earliest time at which the digest may go out."""
        since = self._head.since or 0.0
        return since if self._rate is None else since + self._span / self._room

    def _next(self, at: float) -> Literal["digest", "queued"] | None:
        """What goes out at `at`, if nothing else happens until then."""
        head, free = self._head, self._room
        if self._rate is not None:
            free -= len(head.times) - self._over_by(at)
            if free <= 0:
                return None
        waits, is_next = head.since is not None, head.digest_is_next
        if waits and at >= self._digest_due() and (is_next or not self._queue):
            return "digest"
        is_kept = self._rate is not None and waits and is_next and free <= self._kept
        return "queued" if self._queue and not is_kept else None

    def _digest(self, now: Moment) -> Alert:
        head, bundle = self._head, self._bundle
        if not head.storm:
            text = f"storm\0{self._sink}\0{head.seed}"
            head.storm = blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()
            head.seq = 0
        head.seq += 1
        is_over = head.has_episodes and not (head.has_events or bundle.burning)
        unless_over: Status = "firing" if head.seq == 1 else "updated"
        alert = bundle.message(
            kind="storm",
            id=head.storm,
            seq=head.seq,
            status="resolved" if is_over else unless_over,
            by={},
            at=now.wall,
            host=self._host,
        )
        bundle.told()
        if not bundle.burning:
            self._gone += [(("digest", part), body) for part, body in bundle.changes()]
            self._gone.append((("digest", ""), None))
            self._bundle = Bundle()
        head.since, head.told_at, head.digest_is_next = None, now.steady, False
        head.has_events = False
        if is_over:
            head.storm, head.has_episodes = "", False
        return alert

    def _first_of_queue(self) -> Alert:
        name = next(iter(self._queue))
        self._changed.add(name)
        self._head.digest_is_next = True
        return self._queue.pop(name).alert


def _joined(before: Alert, after: Alert) -> Alert:
    """The newest message of an episode, or a group, with what an earlier one adds to the sums."""
    suppressed = before.suppressed + after.suppressed
    if after.group is UNSET:  # its count says how many there were since the beginning
        return replace(after, suppressed=suppressed)
    if before.group is not UNSET:
        after = with_earlier(after, after.group, before, before.group)
    return replace(after, count=before.count + after.count, suppressed=suppressed)
