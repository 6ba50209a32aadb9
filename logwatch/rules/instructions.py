"""What a rule may be told to learn, and what became of it: see lessons.py.

Plain data, which crosses the control socket.
"""

from __future__ import annotations

from msgspec import Struct


class Lesson(Struct, frozen=True, array_like=True):
    """One record, as far as it teaches anything."""

    source: str
    time: float
    """Event time, seconds since the epoch."""
    fields: dict[str, str]


class Instruction(Struct, frozen=True, kw_only=True):
    """What one rule is to learn, to accept or to forget."""

    rule: str
    lessons: tuple[Lesson, ...] = ()
    accept: str | dict[str, str] | None = None
    """A template by its id or text, or the fields of a value."""
    forget: dict[str, str] | None = None
    """The fields of a value."""
    source: str | None = None
    """Whose template is accepted; None: in each source that knows it."""


class Taught(Struct, frozen=True, kw_only=True):
    """What became of an instruction."""

    known_before: int = 0
    known: int = 0
    new: int = 0
    """How many of the lessons showed something that was not known."""
    first_new: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    """What was accepted or forgotten, in words; empty where there is no such thing."""
    problem: str = ""
    """Why nothing was learned; empty where nothing is wrong."""
