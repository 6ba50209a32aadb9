"""What a rule remembers of its keys, in the order in which they were last seen; few as objects.

There may be a hundred thousand keys, and most hits are of few of them. A state that nobody has
asked for lately is *frozen*: kept as the bytes that the store has of it, which are a fraction of
its objects. It is thawed when somebody asks. Nothing is lost by it: a rule that is restored from
its stored states must go on as if there had been no restart, and so does a key.

Bounds: `MOST_THAWED` states are objects after `settle`, beside those that were changed since.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from logwatch.rules.exact_bytes import exact

MOST_THAWED = 10_000
"""Keys of one rule whose states are objects: 2 or 3 KB each, so some 25 MB. A hit of one that is
not costs about 10 µs more."""

S = TypeVar("S")


class LiveKeys(Generic[S]):
    """Key -> state, and which were changed since `changes` was called last.

    Whoever changes a state says so with `changed.add(key)`, and holds none over a `settle`.
    """

    def __init__(
        self,
        encode: Callable[[S], bytes],
        decode: Callable[[bytes], S],
        burns: Callable[[S], bool],
        *,
        share: float = 1.0,
    ) -> None:
        """`burns`: whether an episode is open in a state.

        `share`: how many of `MOST_THAWED` may be objects, where a state is large.
        """
        self._encode = encode
        self._decode = decode
        self._burns = burns
        self._most_thawed = int(MOST_THAWED * share)
        self._states: OrderedDict[str, S | bytes] = OrderedDict()
        self._thawed: OrderedDict[str, bytes | None] = OrderedDict()
        """Keys of the states that are objects, the one asked for longest ago first, each with its
        bytes, which are those of its state unless it was changed since or was never stored."""
        self._burning: set[str] = set()
        """Frozen keys that burn."""
        self.changed: set[str] = set()

    def __len__(self) -> int:
        return len(self._states)

    def __iter__(self) -> Iterator[str]:
        """Keys, the one seen longest ago first."""
        return iter(self._states)

    def __contains__(self, key: object) -> bool:
        return key in self._states

    def get(self, key: str) -> S | None:
        """The state of `key`, thawed; None where nothing is remembered."""
        state = self._states.get(key)
        return self._thaw(key, state) if isinstance(state, bytes) else state

    def __getitem__(self, key: str) -> S:
        """The state of `key`, thawed. Raises KeyError."""
        state = self._states[key]
        return self._thaw(key, state) if isinstance(state, bytes) else state

    def see(self, key: str) -> S | None:
        """The same, for a record of `key`: it is the one seen last and its state will change."""
        state = self._states.get(key)
        if state is None:
            return None
        self._states.move_to_end(key)
        self.changed.add(key)
        return self._thaw(key, state) if isinstance(state, bytes) else state

    def peek(self, key: str) -> S:
        """The state of `key`, only to look at. Raises KeyError."""
        state = self._states[key]
        return self._decode(state) if isinstance(state, bytes) else state

    def burns(self, key: str) -> bool:
        """Whether an episode of `key` is open. Raises KeyError."""
        state = self._states[key]
        return key in self._burning if isinstance(state, bytes) else self._burns(state)

    def burning(self) -> Iterable[S]:
        """The states of the keys that burn, only to look at."""
        return [self.peek(key) for key in self._states if self.burns(key)]

    def add(self, key: str, state: S) -> None:
        """`key` is new, and the one seen last."""
        self._states[key] = state
        self._thawed[key] = None
        self.changed.add(key)

    def forget(self, key: str) -> None:
        """Nothing is remembered of `key`. Raises KeyError."""
        del self._states[key]
        self._thawed.pop(key, None)
        self._burning.discard(key)
        self.changed.add(key)

    def changes(self) -> Iterator[tuple[str, bytes | None]]:
        """Each key that was changed since the last call, and its state; None: it is forgotten."""
        changed, self.changed = self.changed, set()
        for key in changed:
            state = self._states.get(key)
            if state is None or isinstance(state, bytes):
                yield key, state
            else:
                body = self._thawed[key] = self._encode(state)
                self._thawed.move_to_end(key)
                yield key, body
        self.settle()

    def settle(self) -> None:
        """Nobody holds a state: freeze those beyond the most that are objects."""
        thawed, states = self._thawed, self._states
        while len(thawed) > self._most_thawed:
            key, body = thawed.popitem(last=False)
            state = states[key]
            assert not isinstance(state, bytes)
            if self._burns(state):
                self._burning.add(key)
            if body is None or key in self.changed:
                body = self._encode(state)
            states[key] = exact(body)

    def restore(self, key: str, body: bytes) -> S:
        """Take back what `changes` gave; the state, only to look at.

        Raises ValueError or msgspec.DecodeError where it is none.
        """
        state = self._decode(body)
        self._states[key] = body
        if self._burns(state):
            self._burning.add(key)
        return state

    def arrange(self, keys: Iterable[str]) -> None:
        """Those of these that are still there were seen last, in this order."""
        for key in keys:
            if key in self._states:
                self._states.move_to_end(key)

    def _thaw(self, key: str, body: bytes) -> S:
        state = self._states[key] = self._decode(body)
        self._thawed[key] = body
        self._burning.discard(key)
        return state
