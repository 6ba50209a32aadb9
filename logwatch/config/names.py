"""Names in a configuration: how they are spelled, and whether what they mean is defined."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct, field

from logwatch.config.problems import Place, Report, shown, suggestion

OWN_PREFIX = "logwatch."
"""Begins the names of the alerts that logwatch raises about itself."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}", re.IGNORECASE | re.ASCII)


class Names(Struct):
    """The names of one section over all files."""

    noun: str
    places: dict[str, Place] = field(default_factory=dict)
    complete: bool = True
    """False when some could not be read, so that a missing one is no news."""

    def __contains__(self, name: str) -> bool:
        return name in self.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def add(self, name: str, place: Place, report: Report) -> bool:
        """Take `name` if it is well formed and new, else report it."""
        if not _NAME.fullmatch(name) or name.startswith(OWN_PREFIX):
            own = name.startswith(OWN_PREFIX)
            report.error(
                place,
                "bad-value",
                f"{shown(name)} cannot name a {self.noun}",
                f"names that begin with {OWN_PREFIX!r} are logwatch's own"
                if own
                else "use letters, digits, '_', '-' and '.', a letter or digit first",
            )
            self.complete = False
            return False
        if name in self.places:
            report.error(
                place,
                "duplicate-key",
                f"{self.noun} {name!r} is defined twice",
                f"first at {self.places[name].short}; give one of them another name",
            )
            return False
        self.places[name] = place
        return True

    def without(self, names: Iterable[str]) -> Names:
        """All but `names`."""
        others = set(names)
        rest = {name: place for name, place in self.places.items() if name not in others}
        return Names(self.noun, rest, self.complete)

    def check(self, name: str, place: Place, report: Report, *, also: Collection[str] = ()) -> bool:
        """Whether `name`, or one of `also`, is defined; reports it when it surely is not."""
        if name in self.places or name in also:
            return True
        if self.complete:
            report.error(
                place,
                "unknown-name",
                f"there is no {self.noun} {shown(name)}",
                suggestion(name, {*self.places, *also}, of=self.noun),
            )
        return False


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """`names`, each once, in order."""
    return tuple(dict.fromkeys(names))
