"""What goes over the control socket where something is ordered: see orders.py.

In a module of its own, so that a command that gives an order need not load what carries it out.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType


class Ordered(Struct, frozen=True, kw_only=True):
    """The arguments: something to do, or the ticket of what is being done."""

    order: Any = None
    ticket: int | None = None


class Progress(Struct, frozen=True, kw_only=True):
    """The answer."""

    ticket: int | None = None
    """Ask again with it; None where there is nothing to ask for."""
    result: Raw | UnsetType = UNSET
    """What came of it, as JSON, once it is done and in the store."""
    problem: str = ""
    """Why it was not done."""
    busy: bool = False
    """There is no room for it now: send it again."""
