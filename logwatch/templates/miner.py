"""Learns the templates of one source, message by message, and says which are new.

The promise: a message that was learned is never new again for as long as its template is kept or
remembered. The id of a template is made from the first message that showed it and stays when its
text becomes more general. At most `max_templates` are in the tree; that seen least recently makes
room, and is remembered in a few bytes (`memory.py`), up to `max_remembered` of them. What is
forgotten beyond that counts in `forgotten` and is new when it comes again.

State is kept in parts: `changes` gives the bodies that changed since it was last asked, by key, and
`restore` takes them back in any order. A miner that was restored answers as if it had never
stopped.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from logwatch.templates.masks import WILDCARD, Masks
from logwatch.templates.memory import Memory
from logwatch.templates.template import Cluster, Gone, Live, Template, decode, digest_of, encode
from logwatch.templates.tree import Tree


class Seen(NamedTuple):
    """The template of a message, its text at this time, and whether this was its first message."""

    template_id: str
    text: str
    new: bool


class TemplateMiner:
    """The templates of one source. For what the numbers mean see `Tree` and the module."""

    def __init__(
        self,
        masks: Masks | None = None,
        *,
        depth: int = 4,
        similarity: float = 0.5,
        max_children: int = 100,
        max_templates: int = 10_000,
        max_remembered: int = 100_000,
    ) -> None:
        if max_templates < 1:
            raise ValueError("a miner needs room for one template at least")
        self._masks = masks or Masks()
        self._tree = Tree(depth, similarity, max_children)
        self._most = max_templates
        self._clusters: OrderedDict[str, Cluster] = OrderedDict()
        self._memory = Memory(max_remembered)
        self._turn = 0
        self._changed: dict[str, None] = {}
        self._restored: dict[str, Live | Gone] = {}
        self.forgotten = 0

    def __len__(self) -> int:
        self._settle()
        return len(self._clusters)

    def learn(self, message: str, at: float) -> Seen:
        """Take in `message`, whose event time is `at` seconds, and say what it is."""
        self._settle()
        tokens = self._masks.tokens(message)
        cluster, new = self._tree.closest(tokens), False
        if cluster is None:
            cluster, new = self._begin(tokens, at)
        else:
            cluster.generalise(tokens)
        cluster.count += 1
        cluster.first_seen = min(cluster.first_seen, at)
        cluster.last_seen = max(cluster.last_seen, at)
        self._touch(cluster)
        return Seen(cluster.id, cluster.text, new)

    def match(self, message: str) -> Template | None:
        """The template that `learn` would give `message`, as it is now; None for a new one."""
        self._settle()
        tokens = self._masks.tokens(message)
        if (cluster := self._tree.closest(tokens)) is not None:
            return cluster.shown()
        if (known := self._memory.find(tokens)) is None:
            return None
        name, text = known
        return _come_back(name, text, self._memory[name], born=0).shown()

    def templates(self) -> list[Template]:
        """Every template in the tree, in the order in which they came."""
        self._settle()
        return [cluster.shown() for cluster in sorted(self._clusters.values(), key=_born)]

    def accept(self, text_or_id: str, at: float) -> str | None:
        """Take a template as known and give its id: by id, by its text, or by one of its messages.

        A text that was never seen becomes a template now, at `at` seconds, with a count of 0, so
        that it will not be new when it comes. None for an empty text.
        """
        self._settle()
        if (cluster := self._clusters.get(text_or_id)) is not None:
            cluster.accepted = True
            self._changed[cluster.id] = None
            return cluster.id
        if text_or_id in self._memory:
            self._memory.accept(text_or_id)
            self._changed[text_or_id] = None
            return text_or_id
        return self._accept_text(text_or_id, at)

    def changes(self) -> Iterator[tuple[str, bytes | None]]:
        """Key and body of each part that changed since the last call; no body: it is no more."""
        self._settle()
        changed, self._changed = self._changed, {}
        for name in changed:
            yield name, self._body(name)

    def dump(self) -> dict[str, bytes]:
        """Everything, by key. Does not count as a call of `changes`."""
        self._settle()
        live = {name: encode(cluster.kept()) for name, cluster in self._clusters.items()}
        return live | {name: encode(gone) for name, gone in self._memory.items()}

    def restore(self, key: str, body: bytes) -> None:
        """Take back one part. Raises msgspec.DecodeError if it is not one."""
        self._restored[key] = decode(body)

    def load(self, parts: Iterable[tuple[str, bytes]]) -> None:
        """Take back many parts. Raises msgspec.DecodeError if one is none."""
        for key, body in parts:
            self.restore(key, body)

    def _begin(self, tokens: list[str], at: float) -> tuple[Cluster, bool]:
        """A template for `tokens`, which none in the tree fits, and whether it is new."""
        born = self._next_turn()
        known = self._memory.find(tokens)
        if known is None:
            cluster = Cluster(self._fresh_id(tokens), tokens, at=at, born=born)
        else:
            name, text = known
            cluster = _come_back(name, text, self._memory.drop(name), born)
        self._plant(cluster)
        return cluster, known is None

    def _plant(self, cluster: Cluster) -> None:
        crowded_out = self._tree.add(cluster)
        self._clusters[cluster.id] = cluster
        if crowded_out is not None:
            self._evict(crowded_out)
        elif len(self._clusters) > self._most:
            self._evict(next(iter(self._clusters.values())))

    def _evict(self, cluster: Cluster) -> None:
        self._tree.remove(cluster)
        del self._clusters[cluster.id]
        self._changed[cluster.id] = None
        self._forget(self._memory.keep(cluster.id, cluster.remembered(self._next_turn())))

    def _forget(self, names: list[str]) -> None:
        self.forgotten += len(names)
        self._changed.update(dict.fromkeys(names))

    def _next_turn(self) -> int:
        """A number for what happens now; what is kept is put in order by it."""
        self._turn += 1
        return self._turn

    def _touch(self, cluster: Cluster) -> None:
        cluster.touched = self._next_turn()
        self._clusters.move_to_end(cluster.id)
        self._changed[cluster.id] = None

    def _accept_text(self, text: str, at: float) -> str | None:
        """Accept what has this text, else what covers this message, else a new template."""
        cluster = self._with_text(text.split())
        if cluster is None:
            if not (tokens := self._masks.template(text)):
                return None
            cluster = self._with_text(tokens) or self._covering(tokens)
            if cluster is None:
                cluster, _ = self._begin(tokens, at)
        cluster.accepted = True
        self._touch(cluster)
        return cluster.id

    def _with_text(self, tokens: list[str]) -> Cluster | None:
        same = (cluster for cluster in self._clusters.values() if cluster.tokens == tokens)
        return min(same, key=_born, default=None)

    def _covering(self, tokens: list[str]) -> Cluster | None:
        cluster = None if WILDCARD in tokens else self._tree.closest(tokens)
        return cluster if cluster is not None and cluster.covers(tokens) else None

    def _fresh_id(self, tokens: list[str]) -> str:
        """The digest of the first message, and where another has that already, of one more."""
        text = " ".join(tokens)
        name = digest_of(text)
        while name in self._clusters or name in self._memory:
            text += "\n"
            name = digest_of(text)
        return name

    def _body(self, name: str) -> bytes | None:
        if (cluster := self._clusters.get(name)) is not None:
            return encode(cluster.kept())
        return encode(self._memory[name]) if name in self._memory else None

    def _settle(self) -> None:
        """Put what was restored where it was, each in the order of its own turn."""
        if not self._restored:
            return
        restored, self._restored = self._restored, {}
        for key, kept in sorted(restored.items(), key=_turn_of):
            if isinstance(kept, Gone):
                self._turn = max(self._turn, kept.gone)
                self._forget(self._memory.keep(key, kept))
            else:
                self._turn = max(self._turn, kept.touched)
                cluster = _grown(key, kept)
                self._clusters[key] = cluster
                self._tree.add_again(cluster, kept.routed)
        while len(self._clusters) > self._most:
            self._evict(next(iter(self._clusters.values())))


def _turn_of(part: tuple[str, Live | Gone]) -> int:
    kept = part[1]
    return kept.gone if isinstance(kept, Gone) else kept.touched


def _born(cluster: Cluster) -> int:
    return cluster.born


def _grown(name: str, kept: Live) -> Cluster:
    """The template that was kept as `kept` under the id `name`."""
    cluster = Cluster(name, kept.text.split(), at=kept.first_seen, born=kept.born)
    cluster.count, cluster.accepted = kept.count, kept.accepted
    cluster.last_seen, cluster.touched = kept.last_seen, kept.touched
    return cluster


def _come_back(name: str, tokens: list[str], gone: Gone, born: int) -> Cluster:
    """The template that was evicted as `gone`, with its text."""
    cluster = Cluster(name, tokens, at=gone.first_seen, born=born)
    cluster.count, cluster.accepted = gone.count, gone.accepted
    cluster.last_seen = gone.last_seen
    return cluster
