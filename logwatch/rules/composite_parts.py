"""What a composite remembers of the rules that it hears, by key."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct, field

from logwatch.records import Alert, AlertLine
from logwatch.rules.exact_bytes import exact
from logwatch.rules.keyed import KeyState
from logwatch.rules.message import headline

MOST_EPISODES = 256
"""Burning episodes of one part that are known by name."""


class Quote(Struct, array_like=True, frozen=True, gc=False):
    """What an alert of the composite says of the latest alert of a part."""

    message: str
    source: str
    path: str
    fields: dict[str, str]
    quoted: list[tuple[str, int, str, str]]
    """Lines, each as path, offset, time and text."""

    @property
    def lines(self) -> list[AlertLine]:
        """The lines as alerts quote them."""
        return [AlertLine(*each) for each in self.quoted]


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Quote).decode


class Part(Struct, array_like=True, gc=False):
    """What is remembered of one of the rules: it holds from `since` until before `until`."""

    since: float
    until: float
    """Infinity while an episode burns."""
    fired: float
    """Event time of its latest firing."""
    alert: str = ""
    """Id of its latest alert."""
    packed: bytes = b""
    """Its quote. There may be very many keys, and few of them are ever told."""
    burning: tuple[str, ...] = ()
    """Ids of its burning episodes."""
    absorbed: tuple[str, ...] = ()
    """Those of them whose firing was told to nobody."""
    more: int = 0
    """Burning episodes beyond those."""

    def holds(self, at: float) -> bool:
        """Whether it burns, or fired lately, at event time `at`."""
        return self.since <= at < self.until

    @property
    def episodes(self) -> int:
        """How many episodes of it are open."""
        return len(self.burning) + self.more

    @property
    def quote(self) -> Quote:
        """What is quoted of it."""
        return _unpack(self.packed)

    def say(self, alert: Alert, most_lines: int) -> None:
        """Let `alert` be what is quoted of it."""
        self.alert = alert.id
        latest = alert.lines[-most_lines:]
        lines = [(each.path, each.offset, each.time, each.text) for each in latest]
        message = headline(alert.message)
        self.packed = exact(_pack(Quote(message, alert.source, alert.path, alert.fields, lines)))


class CompositeState(KeyState, array_like=True, kw_only=True):
    """What is remembered of one key of `by`."""

    parts: dict[str, Part] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    """The parts of the burning episode, or of the last one, in the order in which they joined."""
    waits: float | None = None
    """Enough parts hold: when the cool-down and inactive hours that keep it from firing end."""


def quotes_of(state: CompositeState) -> dict[str, Quote]:
    """What is quoted of each member."""
    return {name: state.parts[name].quote for name in state.members}


def fields_of(state: CompositeState) -> dict[str, str]:
    """The fields of all its members; of a field that several have, the value that came last."""
    fields = [quote.fields for quote in quotes_of(state).values()]
    return {name: value for each in fields for name, value in each.items()}


def parts_in_words(state: CompositeState) -> str:
    """What each member said, under its name."""

    def each() -> Iterator[str]:
        for name, quote in quotes_of(state).items():
            number = state.parts[name].episodes
            several = f" ({number:,} episodes)" if number > 1 else ""
            yield f"{name}{several}: {quote.message}"

    return "; ".join(each())
