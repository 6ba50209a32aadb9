"""The tree of Drain: from a message to the few templates that it could belong to.

Pinjia He, Jieming Zhu, Zibin Zheng, Michael R. Lyu: "Drain: An Online Log Parsing Approach with
Fixed Depth Tree", ICWS 2017. The first layer goes by the number of tokens, the next ones by the
first tokens, and a leaf holds the templates that are compared token by token. A layer of
`max_children` tokens sends further ones through a wildcard.

What differs from the paper: tokens weigh differently (`similarity.py`); a template that covers a
message comes before one that is only similar; and so that what was seen is found again for as long
as it is kept, the child of the wildcard is looked at too where that of the token has nothing
similar, and a branch without templates is cut off, so that the tree depends on the templates in it
and on nothing that was before. A leaf has a bound, so that the cost of a message has one.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Sequence
from operator import eq

from logwatch.templates.masks import MOST_TOKENS, WILDCARD
from logwatch.templates.similarity import similarity
from logwatch.templates.template import Cluster

MOST_IN_LEAF = 256
"""Templates in one leaf; a further one takes the place of that seen least recently."""


class Node:
    """A place in the tree: the ways on, and the templates that end here, as they came."""

    __slots__ = ("children", "clusters")

    def __init__(self) -> None:
        self.children: dict[str, Node] = {}
        self.clusters: list[Cluster] = []


class Tree:
    """Templates by the number and the first of their tokens.

    `depth` is that of the paper: root, length, `depth - 3` tokens, leaf. `similarity` is the share
    of equal tokens, 0.0 to 1.0, from which a message belongs to a template.
    """

    def __init__(self, depth: int, least_similarity: float, max_children: int) -> None:
        if depth < 3:
            raise ValueError("the depth of the tree is at least 3: root, length and leaf")
        if not 0 < least_similarity <= 1:
            raise ValueError("the similarity is a share above 0 and up to 1")
        self._levels = depth - 3
        self._max_children = max_children
        self._least = least_similarity
        self._lengths: dict[int, Node] = {}

    def closest(self, tokens: list[str]) -> Cluster | None:
        """The template that `tokens` belong to, if there is one."""
        top = self._lengths.get(len(tokens))
        if top is None:
            return None
        for leaf in self._leaves(top, tokens, 0):
            if (found := _closest_in(leaf, tokens, self._least)) is not None:
                return found
        return None

    def add(self, cluster: Cluster) -> Cluster | None:
        """Take in a template on the way of its tokens; the one that has to make room, if any."""
        node = self._lengths.setdefault(len(cluster.tokens), Node())
        route = []
        for token in cluster.tokens[: self._levels]:
            full = len(node.children) >= self._max_children
            way = WILDCARD if full and token not in node.children else token
            route.append(way)
            node = node.children.setdefault(way, Node())
        cluster.route = tuple(route)
        node.clusters.append(cluster)
        if len(node.clusters) <= MOST_IN_LEAF:
            return None
        return min(node.clusters[:-1], key=_touched)

    def add_again(self, cluster: Cluster, routed: int) -> None:
        """Take in a template that was kept, on the way that it had; the oldest comes first."""
        node = self._lengths.setdefault(len(cluster.tokens), Node())
        cluster.route = tuple(
            WILDCARD if routed >> level & 1 else token
            for level, token in enumerate(cluster.tokens[: self._levels])
        )
        for key in cluster.route:
            node = node.children.setdefault(key, Node())
        insort(node.clusters, cluster, key=_born)

    def remove(self, cluster: Cluster) -> None:
        """Take `cluster` out, and every branch that only it kept alive."""
        size = len(cluster.tokens)
        nodes = [self._lengths[size]]
        for key in cluster.route:
            nodes.append(nodes[-1].children[key])
        nodes[-1].clusters.remove(cluster)
        while len(nodes) > 1 and _is_bare(nodes.pop()):
            del nodes[-1].children[cluster.route[len(nodes) - 1]]
        if _is_bare(self._lengths[size]):
            del self._lengths[size]

    def _leaves(self, node: Node, tokens: list[str], level: int) -> Iterator[Sequence[Cluster]]:
        if level == self._levels or level == len(tokens):
            yield node.clusters
            return
        for key in (tokens[level], WILDCARD):
            if (child := node.children.get(key)) is not None:
                yield from self._leaves(child, tokens, level + 1)


def _closest_in(leaf: Sequence[Cluster], tokens: list[str], least: float) -> Cluster | None:
    """The first of those with the fewest wildcards that cover `tokens`, else the most similar."""
    best, fewest, size = None, MOST_TOKENS + 1, len(tokens)
    possible = []
    for cluster in leaf:
        equal, compared = sum(map(eq, cluster.tokens, tokens)), size - cluster.wildcards
        if equal == compared and cluster.wildcards < fewest:
            best, fewest = cluster, cluster.wildcards
        # No weights make it more similar than this share, which is quickly reckoned.
        elif best is None and equal >= least * compared:
            possible.append(cluster)
    return best or _most_similar(possible, tokens, least)


def _most_similar(possible: list[Cluster], tokens: list[str], least: float) -> Cluster | None:
    """The first of the templates that are most similar to `tokens`, from `least` upwards."""
    best, most = None, 0.0
    for cluster in possible:
        share = similarity(cluster.tokens, tokens)
        if share >= least and share > most:
            best, most = cluster, share
    return best


def _is_bare(node: Node) -> bool:
    return not node.children and not node.clusters


def _born(cluster: Cluster) -> int:
    return cluster.born


def _touched(cluster: Cluster) -> int:
    return cluster.touched
