"""What a person must be told of how matching fares, and the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, assert_never

from msgspec import Struct

from logwatch.matching.searches import BURST_SECONDS, TIMEOUT_SECONDS, Failing

Kind: TypeAlias = Failing | Literal["differs", "withheld"]

_LONGEST_SHOWN = 120
_REMEDY = "make its repeats exclude each other ([^,]* instead of .*), as `logwatch check` advises"
_REPORT = "write it in another way, and please report it together with the version of Python"


class Trouble(Struct, frozen=True, kw_only=True):
    """Something that happened to one pattern of one rule; told once."""

    kind: Kind
    """ "timed-out": a search was given up; "failed": so was one, for the engine of `re` itself was
    at fault; "quarantined": there are no more searches;
    "differs": the engine was wrong about it, and is not asked about it any more;
    "withheld": it is of `redact`, and what was found in a line is told to nobody."""
    rule: int | None
    """The rule's number in its matcher; None: it is of no rule, and `message` says of what."""
    pattern: str
    """Where a rule differs, all patterns that it looks for."""
    message: str
    """For people: what happened, what is done about it, what to do. The rule is not named in it."""


class Statistics(Struct, frozen=True, kw_only=True):
    """What one matcher has done so far. Where threads meet, a count may be short by a few."""

    cpu_seconds: float
    """Of all threads, for the engine and for `re`, without the audit."""
    blocks: int
    bytes: int
    timeouts: Mapping[int, int]
    """Rule -> searches that were given up, for want of time or for a fault."""
    quarantined: tuple[int, ...]
    """Rules of which a pattern is searched for no more."""
    passed_over: Mapping[int, int]
    """Rule -> lines in which a pattern of it was due and, being in quarantine, not searched for."""
    lines_audited: int
    pairs_audited: int
    """Rule and line: what was asked again of Python's `re`."""
    differences: int
    rule_seconds: Mapping[int, float]
    """Rule -> CPU seconds of its searches in Python's `re`, estimated from a sample."""
    fallback: tuple[int, ...]
    """Rules that the engine was wrong about: all their lines are searched since then."""


def failing(kind: Failing, rule: int, pattern: str, *, is_unless: bool) -> Trouble:
    """A pattern of which searches are given up, in words; `is_unless`: it is in `unless`."""
    remedy = _REPORT if kind == "failed" else _REMEDY
    message = f"the pattern {_shown(pattern)} {_consequence(kind, is_unless=is_unless)}; {remedy}"
    return Trouble(kind=kind, rule=rule, pattern=pattern, message=message)


def withheld(kind: Failing, pattern: str) -> Trouble:
    """A pattern of `redact` that was not searched for in a line, in words."""
    rest = "further lines like that are only counted"
    match kind:
        case "failed":
            why = f"Python's engine failed in one line, so nothing of it is told; {rest}"
        case "timed-out":
            why = f"it took too long on one line, so nothing of it is told; {rest}"
        case "quarantined":
            why = (
                f"it used up {BURST_SECONDS:.0f} s on lines that it is slow on, and nothing is told"
                " of what may be one until logwatch starts again or reads its configuration anew"
            )
        case _:
            assert_never(kind)
    remedy = _REPORT if kind == "failed" else _REMEDY
    message = f"redact: what {_shown(pattern)} would hide cannot be found: {why}; {remedy}"
    return Trouble(kind="withheld", rule=None, pattern=pattern, message=message)


def parted_wrongly(pattern: str) -> Trouble:
    """A pattern of `multiline` in which Python's engine failed, in words."""
    message = (
        f"multiline: the pattern {_shown(pattern)} cannot be searched for in one line: Python's"
        f" engine failed in it, so it counts as not found there, and so in others; {_REPORT}"
    )
    return Trouble(kind="failed", rule=None, pattern=pattern, message=message)


def unread(kind: Failing, pattern: str) -> Trouble:
    """A pattern that is the format of a source, and was not searched for in a line, in words."""
    rest = "further lines like that are only counted"
    match kind:
        case "failed":
            why = f"made Python's engine fail in one line, so it has no fields; {rest}"
        case "timed-out":
            limit = f"{TIMEOUT_SECONDS * 1000:.0f} ms"
            why = f"took longer than {limit} on one line, so it has no fields; {rest}"
        case "quarantined":
            why = (
                f"used up {BURST_SECONDS:.0f} s on lines that it is slow on, and no line has fields"
                " until logwatch starts again or reads its configuration anew"
            )
        case _:
            assert_never(kind)
    remedy = _REPORT if kind == "failed" else _REMEDY
    message = f"format: the pattern {_shown(pattern)} {why}; {remedy}"
    return Trouble(kind=kind, rule=None, pattern=pattern, message=message)


def difference(rule: int, patterns: Sequence[str], engine: str) -> Trouble:
    """An engine that is wrong about a rule, in words."""
    pattern = " or ".join(patterns)
    message = (
        f"the engine {engine} gave another answer than Python's re about a line and"
        f" {_shown(pattern)}. From now on Python looks at every line for this rule, which is exact"
        f" and slower; matches in earlier lines may have been missed. Please report the pattern"
        f" together with what `logwatch status` says of the engine; `logwatch run --engine"
        f" reference` does without it"
    )
    return Trouble(kind="differs", rule=rule, pattern=pattern, message=message)


def _shown(pattern: str) -> str:
    short = pattern if len(pattern) <= _LONGEST_SHOWN else pattern[: _LONGEST_SHOWN - 3] + "..."
    return repr(short)


def _consequence(kind: Failing, *, is_unless: bool) -> str:
    became = "excluded nothing there" if is_unless else "that line was passed over"
    match kind:
        case "failed":
            return (
                f"cannot be searched for in one line: Python's engine failed in it, so {became}."
                " The rule goes on, and further lines like that are only counted"
            )
        case "timed-out":
            return (
                f"took longer than {TIMEOUT_SECONDS * 1000:.0f} ms on one line, so {became}. The"
                " rule goes on, and further lines like that are only counted"
            )
        case "quarantined":
            became = (
                "excludes nothing any more, so the rule may fire too often"
                if is_unless
                else "is not looked for any more, so the rule may miss lines"
            )
            return (
                f"used up {BURST_SECONDS:.0f} s on lines that it is slow on and {became}, until"
                " logwatch starts again or reads its configuration anew. All else goes on"
            )
        case _:
            assert_never(kind)
