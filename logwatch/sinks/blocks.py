"""The parts of a message as blocks of lines, in the order in which they are read, cut to a room.

What matters most has its room first: the message, what to do, then the alerts that a message stands
for, the first quoted line, what is around it, and at last what is known besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from logwatch.sinks.plain_text import fit
from logwatch.sinks.words import Quote, Words

Name: TypeAlias = Literal["title", "message", "alerts", "line", "lines", "facts", "actions"]

_IMPORTANCE: tuple[Name, ...] = (
    *("title", "message", "actions"),
    *("alerts", "line", "lines", "facts"),
)


class Block(NamedTuple):
    """Lines that belong together; `line` and `lines` are quoted from a log."""

    name: Name
    lines: tuple[str, ...]

    @property
    def quoted(self) -> bool:
        """Whether it shows lines of a log, for which a medium may have a form of its own."""
        return self.name in ("line", "lines")


def blocks(said: Words) -> list[Block]:
    """What `said` tells beside its title, in the order in which it is read; none is empty."""
    if said.own:
        return [Block("message", tuple(said.text.split("\n")))]
    made = [
        Block("message", () if said.title_says_it else (said.text,)),
        Block("alerts", _alerts(said)),
        Block("line", tuple(_lines(said.samples[:1]))),
        Block("lines", tuple(_more_lines(said))),
        Block("facts", tuple(f"{fact.label}: {fact.value}" for fact in said.facts_and_captures)),
        Block("actions", tuple(f"{fact.label}: {fact.value}" for fact in said.actions)),
    ]
    return [block for block in made if block.lines]


def fitted(
    made: Sequence[Block],
    room: int,
    size: Callable[[str], int] = len,
    *,
    note: str = "",
    overhead: int = 1,
) -> list[Block]:
    """As much of `made`, in its order, as has a `size` of at most `room`.

    Each line costs its size and `overhead`, each block `overhead` more. A title or message is cut
    in its middle, with `note`, to half of the room or, where it is last, to all; of other blocks
    lines are left out, and how many is said.
    """
    kept: dict[Name, Block] = {}
    for block in sorted(made, key=lambda block: _IMPORTANCE.index(block.name)):
        lines = list(block.lines)
        if block.name in ("title", "message"):
            part = room if block is made[-1] else room // 2
            part -= overhead * (len(lines) + 1)
            lines = fit("\n".join(lines), part, note, size).split("\n")
        taken, cost = _taken(lines, room - overhead, size, overhead, note)
        if any(taken):
            kept[block.name] = Block(block.name, tuple(taken))
            room -= cost + overhead
    return [kept[block.name] for block in made if block.name in kept]


def _taken(
    lines: Sequence[str], room: int, size: Callable[[str], int], overhead: int, note: str
) -> tuple[list[str], int]:
    """The first of `lines` that have room and how many have not, or a part of one; their cost."""
    costs = [size(line) + overhead for line in lines]
    if sum(costs) <= room:
        return list(lines), sum(costs)
    room -= size(_left_out(len(lines))) + overhead
    taken = spent = 0
    while taken < len(lines) and spent + costs[taken] <= room:
        spent += costs[taken]
        taken += 1
    if not taken:
        first = fit(lines[0], room - overhead, note, size)
        return ([first], size(first) + overhead) if first else ([], 0)
    more = _left_out(len(lines) - taken)
    return [*lines[:taken], more], spent + size(more) + overhead


def _left_out(number: int) -> str:
    return f"… and {number:,} more"


def as_text(
    said: Words, longest: int, *, size: Callable[[str], int] = len, title: bool = False
) -> str:
    """All of the parts as plain text with a `size` of at most `longest`, the title above or not."""
    made = blocks(said)
    if title:
        made.insert(0, Block("title", (said.title,)))
    elif said.title_says_it:
        made.insert(0, Block("message", (said.text,)))
    kept = fitted(made, longest, size, note=said.how_to_see)
    return "\n\n".join("\n".join(block.lines) for block in kept)


def _alerts(said: Words) -> tuple[str, ...]:
    """Of a message about several alerts: the totals, then some of them."""
    named = [f"{fact.label} {fact.value}" for fact in said.totals]
    totals = (", ".join(named),) if len(named) > 1 else ()
    more = (f"and {said.more_members:,} more",) if said.more_members else ()
    return (*totals, *said.members, *more)


def _lines(quotes: Iterable[Quote]) -> list[str]:
    """Quotes, set in under their place so that they cannot pass for words of ours."""
    return [
        line
        for quote in quotes
        for line in (quote.place, *(f"    {part}" for part in quote.text.split("\n")))
    ]


def _more_lines(said: Words) -> list[str]:
    lines = _lines(said.samples[1:])
    if said.more_samples:
        lines.append(f"and {said.more_samples:,} more")
    for label, near in (("before the first:", said.before), ("after the first:", said.after)):
        if near:
            lines += [label, *_lines(near)]
    return lines
