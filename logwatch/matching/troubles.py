"""What a person must be told of how matching fares, and the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, assert_never

from msgspec import Struct

from logwatch.matching.searches import BURST_SECONDS, TIMEOUT_SECONDS

Kind: TypeAlias = Literal["timed-out", "quarantined", "differs"]

_LONGEST_SHOWN = 120
_REMEDY = "make its repeats exclude each other ([^,]* instead of .*), as `logwatch check` advises"


class Trouble(Struct, frozen=True, kw_only=True):
    """Something that happened to one pattern of one rule; told once."""

    kind: Kind
    """ "timed-out": a search was given up; "quarantined": there are no more searches;
    "differs": the engine was wrong about it, and is not asked about it any more."""
    rule: int
    """The rule's number in its matcher."""
    pattern: str
    message: str
    """For people: what happened, what is done about it, what to do. The rule is not named in it."""


class Statistics(Struct, frozen=True, kw_only=True):
    """What one matcher has done so far. Where threads meet, a count may be short by a few."""

    blocks: int
    bytes: int
    timeouts: Mapping[int, int]
    """Rule -> searches that were given up for want of time."""
    quarantined: tuple[int, ...]
    """Rules of which a pattern is searched for no more."""
    passed_over: Mapping[int, int]
    """Rule -> lines in which a pattern of it was due and, being in quarantine, not searched for."""


def trouble(kind: Kind, rule: int, pattern: str, *, is_unless: bool) -> Trouble:
    """The trouble in words; `is_unless`: the rule has the pattern in `unless`."""
    shown = pattern if len(pattern) <= _LONGEST_SHOWN else pattern[: _LONGEST_SHOWN - 3] + "..."
    message = f"the pattern {shown!r} {_message(kind, is_unless=is_unless)}"
    return Trouble(kind=kind, rule=rule, pattern=pattern, message=message)


def _message(kind: Kind, *, is_unless: bool) -> str:
    match kind:
        case "timed-out":
            became = "excluded nothing there" if is_unless else "that line was passed over"
            return (
                f"took longer than {TIMEOUT_SECONDS * 1000:.0f} ms on one line, so {became}. The"
                f" rule goes on, and further lines like that are only counted; {_REMEDY}"
            )
        case "quarantined":
            became = (
                "excludes nothing any more, so the rule may fire too often"
                if is_unless
                else "is not looked for any more, so the rule may miss lines"
            )
            return (
                f"used up {BURST_SECONDS:.0f} s on lines that it is slow on and {became}, until"
                f" logwatch starts again or reads its configuration anew. All else goes on;"
                f" {_REMEDY}"
            )
        case "differs":
            return (
                "was judged wrongly by the matching engine on this machine, as a comparison with"
                " Python's re showed. From now on Python looks for it in every line, which is"
                " exact and slower; earlier lines may have been missed. Please report the pattern"
                " and the output of `logwatch status`"
            )
        case _:
            assert_never(kind)
