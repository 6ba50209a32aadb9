"""Many patterns at once over a block, with Hyperscan.

A scanner is made from expressions in Hyperscan's syntax and says at which offsets which of them can
end. It can be shared by threads: the compiled database never changes, and each scan borrows a
scratch space of its own, so that there are as many of those as there ever were scans at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Protocol, TypeAlias

BINDING: Any
"""The module `hyperscan`, None where there is no wheel for this Python or machine."""
try:
    BINDING = import_module("hyperscan")
except ImportError:
    BINDING = None

End: TypeAlias = tuple[int, int]
"""Offset just after a match, and the expression's number."""


class Scanner(Protocol):
    """Finds where expressions match in a block."""

    def scan(self, data: bytes) -> list[End]:
        """Where matches end in `data`, ascending; one may be named more than once."""
        ...


MakeScanner: TypeAlias = Callable[[Sequence[bytes]], Scanner]
"""Makes a scanner from expressions; their numbers are their positions. Raises RefusedError."""


class RefusedError(ValueError):
    """Raised when Hyperscan cannot compile an expression; the text is its reason."""


@lru_cache(maxsize=1)
def version() -> str | None:
    """Versions of the binding and of the library in it, None where there is none."""
    if BINDING is None:
        return None
    database = compile_database([b"x"])
    library = database.info().decode().removeprefix("Version: ").split()[0]
    return f"hyperscan {BINDING.__version__} (vectorscan {library})"


def compile_database(expressions: Sequence[bytes]) -> Any:
    """A block-mode database. Raises RefusedError."""
    database = BINDING.Database(mode=BINDING.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=list(expressions),
            ids=list(range(len(expressions))),
            elements=len(expressions),
            flags=BINDING.HS_FLAG_MULTILINE,
        )
    except BINDING.error as error:
        raise RefusedError(str(error)) from error
    return database


_UNCLOSED = b"("


def refused(expressions: Sequence[bytes]) -> dict[int, str]:
    """The numbers of the expressions that cannot be compiled, and why.

    Hyperscan reads all expressions before it builds, and stops at the first bad one without saying
    which. One that is surely bad, put last, therefore shows at little cost whether the others are
    good as far as reading goes; halves of a bad lot are looked at in turn.
    """
    found = _search(expressions, range(len(expressions)), _why_not_read)
    rest = [number for number in range(len(expressions)) if number not in found]
    if rest and _why_not_built([expressions[number] for number in rest]):
        found |= _search(expressions, rest, _why_not_built)
    return found


def _search(
    expressions: Sequence[bytes],
    numbers: Sequence[int],
    why_not: Callable[[Sequence[bytes]], str | None],
) -> dict[int, str]:
    reason = why_not([expressions[number] for number in numbers])
    if reason is None:
        return {}
    if len(numbers) == 1:
        return {numbers[0]: reason}
    half = len(numbers) // 2
    first = _search(expressions, numbers[:half], why_not)
    return first | _search(expressions, numbers[half:], why_not)


def _why_not_read(expressions: Sequence[bytes]) -> str | None:
    reason = _why_not_built([*expressions, _UNCLOSED])
    return None if reason == _why_not_built([_UNCLOSED]) else reason


def _why_not_built(expressions: Sequence[bytes]) -> str | None:
    try:
        compile_database(expressions)
    except RefusedError as error:
        return str(error)
    return None


class HyperscanScanner:
    """A compiled database with the scratch spaces that scans have needed so far."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._spare: list[Any] = []

    @classmethod
    def compiled(cls, expressions: Sequence[bytes]) -> HyperscanScanner:
        """A scanner for `expressions`. Raises RefusedError."""
        return cls(compile_database(expressions))

    def scan(self, data: bytes) -> list[End]:
        """Where matches end in `data`, ascending. Lets go of the GIL but for each match."""
        ends: list[End] = []
        append = ends.append

        def note(number: int, _start: int, end: int, _flags: int, _context: None) -> None:
            append((end, number))

        scratch = self._borrow()
        try:
            self._database.scan(data, match_event_handler=note, scratch=scratch)
        finally:
            self._spare.append(scratch)
        ends.sort()
        return ends

    def _borrow(self) -> Any:
        try:
            return self._spare.pop()  # one step under the GIL: no two threads get the same
        except IndexError:
            return BINDING.Scratch(self._database)
