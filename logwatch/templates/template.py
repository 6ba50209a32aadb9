"""A template as others see it, as the miner grows it, and as a store keeps it.

The body of a kept template is one JSON array that opens with its sort: `live` for one in the tree,
`gone` for one that was evicted and is only remembered. A body that cannot be read raises
`msgspec.DecodeError`; what to do without it is the caller's to say.
"""

from __future__ import annotations

from hashlib import blake2b
from operator import eq

import msgspec

from logwatch.templates.masks import WILDCARD

LIVE, GONE = "live", "gone"


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of message: its words, with masks and `<*>` where they vary.

    `text` may still become more general; `id` stays. Times are the event times given to `learn`, in
    seconds; `count` is the number of messages, 0 for one that was accepted before it was seen.
    """

    id: str
    text: str
    count: int
    first_seen: float
    last_seen: float
    accepted: bool


class Live(msgspec.Struct, array_like=True, tag=LIVE):
    """A template in the tree, as it is kept. `born` and `touched` are turns of the miner.

    `routed` has bit n set where the n-th level of the tree was passed through the wildcard.
    """

    text: str
    count: int
    first_seen: float
    last_seen: float
    accepted: bool
    born: int
    touched: int
    routed: int


class Gone(msgspec.Struct, array_like=True, tag=GONE, frozen=True):
    """An evicted template, as it is remembered and kept: enough to know its messages again.

    `digest` stands for its text, `size` is its number of tokens, and bit n of `wildcards` is set
    where token n is a wildcard. `gone` is the turn of its eviction.
    """

    digest: str
    size: int
    wildcards: int
    count: int
    first_seen: float
    last_seen: float
    accepted: bool
    gone: int


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Live | Gone).decode


def digest_of(text: str) -> str:
    """What stands for `text`, the same in every run: 12 hexadecimal digits."""
    return blake2b(text.encode(), digest_size=6).hexdigest()


class Cluster:
    """A template while it grows: the messages that were found alike, as one list of tokens."""

    __slots__ = (
        "accepted",
        "born",
        "count",
        "first_seen",
        "id",
        "last_seen",
        "route",
        "text",
        "tokens",
        "touched",
        "wildcards",
    )

    def __init__(self, name: str, tokens: list[str], *, at: float, born: int) -> None:
        self.id = name
        self.tokens = tokens
        self.text = " ".join(tokens)
        self.wildcards = tokens.count(WILDCARD)
        self.count = 0
        self.first_seen = self.last_seen = at
        self.accepted = False
        self.born = self.touched = born
        self.route: tuple[str, ...] = ()

    def covers(self, tokens: list[str]) -> bool:
        """Whether `tokens`, as many as its own and without wildcards, are a message of it."""
        equal: int = sum(map(eq, self.tokens, tokens))
        return equal + self.wildcards == len(tokens)

    def generalise(self, tokens: list[str]) -> None:
        """Put a wildcard wherever `tokens`, as many as its own, differ from its own."""
        if self.covers(tokens):
            return
        self.tokens = [
            mine if mine == other else WILDCARD
            for mine, other in zip(self.tokens, tokens, strict=True)
        ]
        self.wildcards = self.tokens.count(WILDCARD)
        self.text = " ".join(self.tokens)

    def shown(self) -> Template:
        """The template as it is now."""
        return Template(
            id=self.id,
            text=self.text,
            count=self.count,
            first_seen=self.first_seen,
            last_seen=self.last_seen,
            accepted=self.accepted,
        )

    def kept(self) -> Live:
        """What a store keeps of it."""
        routed = sum(1 << level for level, key in enumerate(self.route) if key == WILDCARD)
        return Live(
            self.text,
            self.count,
            self.first_seen,
            self.last_seen,
            self.accepted,
            self.born,
            self.touched,
            routed,
        )

    def remembered(self, turn: int) -> Gone:
        """What is remembered of it when it is evicted at `turn`."""
        wildcards = sum(1 << n for n, token in enumerate(self.tokens) if token == WILDCARD)
        return Gone(
            digest_of(self.text),
            len(self.tokens),
            wildcards,
            self.count,
            self.first_seen,
            self.last_seen,
            self.accepted,
            turn,
        )
