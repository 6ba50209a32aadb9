"""What was noted of many things, for the newest of them only."""

from __future__ import annotations

from collections.abc import Container
from typing import Generic, TypeVar

_Thing = TypeVar("_Thing")
_Note = TypeVar("_Note")


class LastNoted(Generic[_Thing, _Note]):
    """A note for each thing; of more than `most` the one that was noted first is forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._notes: dict[_Thing, _Note] = {}

    def __len__(self) -> int:
        """How many things there are."""
        return len(self._notes)

    def __contains__(self, thing: _Thing) -> bool:
        """Whether there is a note of it."""
        return thing in self._notes

    def get(self, thing: _Thing, otherwise: _Note) -> _Note:
        """The note of a thing, or `otherwise`."""
        return self._notes.get(thing, otherwise)

    def first(self, thing: _Thing, note: _Note) -> _Note:
        """The note of a thing, which is this one where there was none."""
        if thing not in self._notes:
            self.note(thing, note)
        return self._notes[thing]

    def note(self, thing: _Thing, note: _Note) -> None:
        """Let this be the note of a thing from now on, and the thing be the newest."""
        self._notes.pop(thing, None)
        self._notes[thing] = note
        if len(self._notes) > self._most:
            del self._notes[next(iter(self._notes))]

    def keep(self, things: Container[_Thing]) -> None:
        """Forget what was noted of all others."""
        self._notes = {thing: note for thing, note in self._notes.items() if thing in things}
