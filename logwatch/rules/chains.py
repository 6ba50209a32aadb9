"""Records in the order of some steps: t1 <= t2 <= ... <= tn, and tn - t1 <= within.

A chain is looked for through one new record, among what is kept of each step. All chains are
considered and none twice: of two beginnings that later records cannot tell apart, only the better
one goes on, so that the work grows with the number of records and not with that of chains.

The best chain is the one with the latest first record, and of these the one whose last record is
the earliest, then the one before it, and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from logwatch.rules.sight import Order, Sight

Chain: TypeAlias = tuple[Sight, ...]
_Meant: TypeAlias = tuple[tuple[str, str | None], ...]
"""What each reference of a later step has to be equal to."""


class _Beginning(NamedTuple):
    chain: Chain
    backwards: tuple[Order, ...]
    meant: _Meant
    shared: frozenset[tuple[str, int]]
    """Records of it that another step could take as well: none takes part twice."""

    def is_better(self, other: _Beginning) -> bool:
        """Whether whatever completes `other` makes a chain with this one that is no worse."""
        if self.backwards[0] > other.backwards[0]:
            return False
        mine, others = self.backwards[-1], other.backwards[-1]
        return mine > others or (mine == others and self.backwards <= other.backwards)


def best_chain(
    steps: Sequence[Sequence[Sight]],
    number: int,
    new: Sight,
    within: float,
    references: Sequence[Collection[str]] = (),
) -> Chain | None:
    """The best chain with `new` as its step `number`; None where there is none.

    `steps`: what is kept of each step. `references`: for each step, the fields of it that must be
    equal to those of the nearest step before it that has them.
    """
    choices = [*_choices(steps, number, new, within)]
    if not all(choices):
        return None
    names = [references[each] if each < len(references) else () for each in range(len(steps))]
    times = Counter(each.name for choice in choices for each in choice)
    beginnings = [_Beginning((), (), tuple((name, None) for name in _all(names)), frozenset())]
    for choice, own in zip(choices, names, strict=True):
        beginnings = _go_on(beginnings, choice, own, within, times)
    if not beginnings:
        return None
    latest = max(each.backwards[-1] for each in beginnings)
    found = min((each for each in beginnings if each.backwards[-1] == latest), key=_backwards)
    return found.chain


def _backwards(beginning: _Beginning) -> tuple[Order, ...]:
    return beginning.backwards


def _all(names: Iterable[Collection[str]]) -> list[str]:
    return sorted({name for each in names for name in each})


def _choices(
    steps: Sequence[Sequence[Sight]], number: int, new: Sight, within: float
) -> Iterable[list[Sight]]:
    """For each step what may stand in a chain with `new`."""
    for index, kept in enumerate(steps):
        if index == number:
            yield [new]
        elif index < number:
            yield [each for each in kept if new.time - within <= each.time <= new.time]
        else:
            yield [each for each in kept if new.time <= each.time <= new.time + within]


def _go_on(
    beginnings: Iterable[_Beginning],
    choice: Iterable[Sight],
    references: Collection[str],
    within: float,
    times: Counter[tuple[str, int]],
) -> list[_Beginning]:
    """Every beginning with each record that may come next, but for those that are no use."""
    alike: dict[object, list[_Beginning]] = {}
    for beginning in beginnings:
        for each in choice:
            if not _fits(beginning, each, references, within):
                continue
            longer = _longer(beginning, each, shared=times[each.name] > 1)
            others = alike.setdefault((longer.meant, longer.shared), [])
            if any(other.is_better(longer) for other in others):
                continue
            others[:] = [other for other in others if not longer.is_better(other)]
            others.append(longer)
    return [each for others in alike.values() for each in others]


def _fits(beginning: _Beginning, each: Sight, references: Collection[str], within: float) -> bool:
    chain = beginning.chain
    if chain:
        if not chain[-1].time <= each.time or each.time - chain[0].time > within:
            return False
        if each.name in beginning.shared:
            return False
    if not references:
        return True
    fields = each.sample.fields
    return all(
        value is not None and fields.get(name) == value
        for name, value in beginning.meant
        if name in references
    )


def _longer(beginning: _Beginning, each: Sight, *, shared: bool) -> _Beginning:
    fields = each.sample.fields
    return _Beginning(
        (*beginning.chain, each),
        (each.order, *beginning.backwards),
        tuple((name, fields.get(name, value)) for name, value in beginning.meant),
        beginning.shared | {each.name} if shared else beginning.shared,
    )
