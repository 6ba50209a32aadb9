"""What was held back and is still owed: episodes that burn, and totals of what is over.

Each is kept under its holder: the mute, silence or inhibiting episode that must end first. Kept of
an episode is its newest message, whole for the first 10,000 of them and without lines beyond. Of
more than 100,000 episodes the further ones are only counted, in the totals of their rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from logwatch.alerts.bundle import Bundle
from logwatch.alerts.mute_settings import Then
from logwatch.clock import Moment
from logwatch.records import NO_CONTEXT, Alert, Status

MOST_EPISODES: Final = 100_000
MOST_WHOLE: Final = 10_000


class Muting(NamedTuple):
    """Why an alert is not told."""

    by: str
    """`mute patch-night`, `silence #3` or `inhibit by outage`."""
    then: Then
    holder: str
    """Names what must end."""
    counts: bool = True
    """Whether events are told of at its end."""


class Kept(Struct, frozen=True, array_like=True, gc=False):
    """An episode that burns and of which something is owed."""

    order: int
    holder: str
    by: str
    then: Then
    told: bool
    """Whether somebody was told, before, that it burns."""
    body: bytes
    """Its newest message."""

    @property
    def alert(self) -> Alert:
        """Its newest message, decoded anew at each call."""
        return _decode_alert(self.body)


class PoolState(Struct, array_like=True):
    """What is known of a pool beside its bundle."""

    by: str
    then: Then
    under: str
    """What must end before it is told: its own holder, or one that hid it then."""
    first: str
    """`id:seq` of the first alert in it."""
    has_events: bool = False


class Pool:
    """What will be told in one message."""

    __slots__ = ("bundle", "state")

    def __init__(self, state: PoolState, bundle: Bundle) -> None:
        self.state = state
        self.bundle = bundle

    def message(self, name: str, now: Moment, host: str) -> Alert:
        """What is told of it; made again after a kill it has the same id.

        `name` is that of the pool; `host` where the daemon runs.
        """
        state, bundle = self.state, self.bundle
        status: Status = "firing" if bundle.burning or state.has_events else "resolved"
        rule = name.rpartition("/")[2]
        what, _, which = state.by.partition(" ")
        return bundle.message(
            kind="mute",
            id=blake2b(f"{name}/{state.first}".encode(), digest_size=8).hexdigest(),
            seq=1,
            status=status,
            by={what: which} | ({"rule": rule} if rule else {}),
            at=now.wall,
            host=host,
            prefix=f"{state.by} is over: ",
        )


_encode = msgspec.msgpack.Encoder().encode
_decode_alert = msgspec.msgpack.Decoder(Alert).decode
_decode_kept = msgspec.msgpack.Decoder(Kept).decode
_decode_pool = msgspec.msgpack.Decoder(PoolState).decode
_EPISODE, _POOL, _PART = "episode/", "pool/", "part/"


class Withheld:
    """Everything that is owed."""

    def __init__(self) -> None:
        self.episodes: dict[str, Kept] = {}
        self.pools: dict[str, Pool] = {}
        """By `holder/rule`; a summary has no rule."""
        self._by_holder: dict[str, dict[str, None]] = {}
        self._order = 0
        self._changed: set[str] = set()
        self._changed_pools: set[str] = set()
        self._pools_gone: dict[str, set[str]] = {}
        """Pools that are no more, with the parts of their bundles."""
        self.version = 0
        """Grows whenever `holders` may be others."""

    def __bool__(self) -> bool:
        return bool(self.episodes or self.pools)

    def keep(self, alert: Alert, muting: Muting, *, told: bool) -> bool:
        """Keep the newest message of an episode; False where it must be counted instead."""
        before, then = self.episodes.get(alert.id), muting.then
        if before is not None:
            order, then = before.order, before.then if then == "drop" else then
        elif len(self.episodes) >= MOST_EPISODES or self._pool_with(alert.id):
            return False
        else:
            self._order = order = self._order + 1
        if len(self.episodes) >= MOST_WHOLE:
            alert = replace(alert, lines=[], context=NO_CONTEXT)
        self._put(alert.id, Kept(order, muting.holder, muting.by, then, told, _encode(alert)))
        return True

    def move(self, episode: str, muting: Muting) -> None:
        """Something else holds this one now; what was promised of it is kept."""
        before = self.episodes[episode]
        then = before.then if muting.then == "drop" else muting.then
        kept = Kept(before.order, muting.holder, muting.by, then, before.told, before.body)
        self._put(episode, kept)

    def move_pool(self, name: str, holder: str) -> None:
        """This pool waits for another end now."""
        self.pools[name].state.under = holder
        self._changed_pools.add(name)
        self.version += 1

    def take(self, episode: str) -> Kept | None:
        """Let go of an episode; None where it was not kept."""
        kept = self.episodes.pop(episode, None)
        if kept is not None:
            self._leave(episode, kept.holder)
            self._changed.add(episode)
        return kept

    def under(self, holder: str) -> tuple[str, ...]:
        """The episodes that `holder` keeps from being told, in the order in which they came."""
        names = self._by_holder.get(holder, {})
        return tuple(sorted(names, key=lambda name: self.episodes[name].order))

    def holders(self) -> set[str]:
        """Everything whose end is waited for."""
        return {*self._by_holder, *(pool.state.under for pool in self.pools.values())}

    def count(self, alert: Alert, muting: Muting, *, burns: bool, is_event: bool) -> None:
        """Count an alert in the totals that are told at the end of its holder."""
        name = f"{muting.holder}/{'' if muting.then == 'summarise' else alert.rule}"
        pool = self.pools.get(name)
        if pool is None:
            state = PoolState(muting.by, muting.then, muting.holder, f"{alert.id}:{alert.seq}")
            pool = self.pools[name] = Pool(state, Bundle())
            self.version += 1
        if pool.state.under != muting.holder or (is_event and not pool.state.has_events):
            self.move_pool(name, muting.holder)
            pool.state.has_events = pool.state.has_events or is_event
        self._changed_pools.add(name)
        pool.bundle.add(alert, burns)

    def end_counted(self, alert: Alert) -> bool:
        """Count the end of an episode that is only counted; False where it is not."""
        pool = self._pool_with(alert.id)
        if pool is not None:
            pool.bundle.add(alert, burns=False)
        return pool is not None

    def drop_pool(self, name: str) -> None:
        """What is in this pool was told, or never will be."""
        pool = self.pools.pop(name)
        self.version += 1
        parts = {part for part, _ in pool.bundle.changes()} | {"", *pool.bundle.burning}
        self._pools_gone.setdefault(name, set()).update(parts)

    def changes(self) -> Iterator[tuple[str, bytes | None]]:
        """Key and body of what changed since the last call; None: it is no more."""
        changed, self._changed = self._changed, set()
        for name in changed:
            kept = self.episodes.get(name)
            yield _EPISODE + name, None if kept is None else _encode(kept)
        gone, self._pools_gone = self._pools_gone, {}
        for name, parts in gone.items():
            yield _POOL + name, None
            for part in parts:
                yield f"{_PART}{name}/{part}", None
        changed, self._changed_pools = self._changed_pools, set()
        for name, pool in self.pools.items():
            if name in changed:
                yield _POOL + name, _encode(pool.state)
            for part, body in pool.bundle.changes():
                yield f"{_PART}{name}/{part}", body

    def restore(self, key: str, body: bytes) -> bool:
        """Take back one of `changes`; False where the key is of another kind.

        Raises msgspec.DecodeError, a ValueError, where the body is none.
        """
        if key.startswith(_EPISODE):
            self._put(key.removeprefix(_EPISODE), _decode_kept(body))
            self._changed.clear()
        elif key.startswith(_POOL):
            name = key.removeprefix(_POOL)
            self.pools.setdefault(name, Pool(_decode_pool(body), Bundle())).state = _decode_pool(
                body
            )
        elif key.startswith(_PART):
            name, _, part = key.removeprefix(_PART).rpartition("/")
            pool = self.pools.setdefault(name, Pool(PoolState("", "hold", "", ""), Bundle()))
            pool.bundle.restore(part, body)
        else:
            return False
        return True

    def begin(self) -> None:
        """All was restored."""
        self._order = max((kept.order for kept in self.episodes.values()), default=0)
        for pool in self.pools.values():
            pool.bundle.begin()

    def _pool_with(self, episode: str) -> Pool | None:
        pools = self.pools.values()
        return next((pool for pool in pools if episode in pool.bundle.burning), None)

    def _put(self, episode: str, kept: Kept) -> None:
        before = self.episodes.get(episode)
        if before is not None and before.holder != kept.holder:
            self._leave(episode, before.holder)
        self.episodes[episode] = kept
        if kept.holder not in self._by_holder:
            self._by_holder[kept.holder] = {}
            self.version += 1
        self._by_holder[kept.holder][episode] = None
        self._changed.add(episode)

    def _leave(self, episode: str, holder: str) -> None:
        names = self._by_holder[holder]
        del names[episode]
        if not names:
            del self._by_holder[holder]
            self.version += 1
