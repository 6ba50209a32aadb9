"""Known answers that a scanner must give on this machine before it is trusted.

Later builds of the library that we use lose matches without a word: at the end of a line, after a
long gap (docs/decisions/0002-hyperscan-pin.md). A build that does so here is not used. Passing
proves nothing about other patterns; it only refuses what is known to be broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from logwatch.matching.literal_scanner import Expression, MakeLiteralScanner
from logwatch.matching.scanner import MakeScanner, RefusedError

_GAPS = (1, 7, 15, 16, 29, 30, 31, 32, 33, 47, 48, 63, 64, 65, 100, 127, 128, 255, 300)

_Probe: TypeAlias = tuple[bytes, bytes, tuple[bytes, ...]]
"""What is scanned for, and the beginnings and ends of lines in which it must be found."""

_PROBES: tuple[_Probe, ...] = (
    (rb"error[^\n]+(?:ok|fail)", b"error", (b"ok", b"fail")),
    (rb"x,[^\n]*,[TF]", b"x,", (b",T", b",F")),
    (rb"^begin[^\n]+end\r?$", b"begin", (b"end", b"end\r")),
    (rb"dev [0-9A-Za-z_]+, sector [0-9]", b"dev ", (b"a, sector 7",)),
    (rb"[0-9]{3}[^\n]*$", b"407", (b"", b"x", b"\r")),
    (rb"[Ww][Aa][Rr][Nn][^\n]*\xe9t\xe9", b"wArn", (b"\xe9t\xe9",)),
)
_DECOYS = (b"erro ok", b"x;,T", b" begin end", b"dev , sector 7", b"warn ete", b"")


PROOF_OF = (repr(_PROBES), repr(_GAPS))
"""What tells one edition of these probes from another."""

_LOTS = (_PROBES[::2], _PROBES[1::2])
"""What is compiled together. All six at once take three times as long as in two lots, and show the
loss that is known only behind longer gaps."""


def failed_probe(make: MakeScanner) -> str | None:
    """What the scanner gets wrong, as a sentence; None where every answer is right."""
    return next(filter(None, (_failed(lot, make) for lot in _LOTS)), None)


def _failed(lot: Sequence[_Probe], make: MakeScanner) -> str | None:
    try:
        scanner = make([pattern for pattern, _, _ in lot])
    except RefusedError as error:
        return f"it refuses a plain pattern: {error}"
    lines, due = _lines(lot)
    block = b"\n".join(lines)
    in_block = {(block.count(b"\n", 0, end), number) for end, number in scanner.scan(block)}
    # The loss that is known shows only where the match is the very end of what is scanned.
    alone = {(at, number) for at, line in enumerate(lines) for _, number in scanner.scan(line)}
    for got in (in_block, alone):
        for wrong, verb in ((due - got, "misses"), (got - due, "finds")):
            if wrong:
                line, number = min(wrong)
                return f"it {verb} {lot[number][0]!r} in {lines[line]!r}"
    return None


def _lines(lot: Sequence[_Probe]) -> tuple[list[bytes], set[tuple[int, int]]]:
    lines = list(_DECOYS)
    due = set()
    for number, (_, first, lasts) in enumerate(lot):
        for gap in _GAPS:
            for last in lasts:
                due.add((len(lines), number))
                lines.append(first + b"a" * gap + last)
    return lines, due


# Texts in, about and across one another, one of them in any case; and where each ends.
_TEXTS = (
    Expression((b"he", b"hers")),
    Expression((b"she", b"his")),
    Expression((b"Error",)),
    Expression((b"warn", b"\xe9t\xe9"), any_case=True),
)
_ANSWERS: tuple[tuple[bytes, list[tuple[int, int]]], ...] = (
    (b"ushers", [(4, 0), (4, 1), (6, 0)]),
    (b"hishe", [(3, 1), (5, 0), (5, 1)]),
    (b"error Error", [(11, 2)]),
    (b"WaRn \xc9T\xe9", [(4, 3), (8, 3)]),
    (b"h e wa\nrn \xc3\xa9t erroR", []),
    (b"", []),
)


def failed_literal_probe(make: MakeLiteralScanner) -> str | None:
    """What a scanner for literals gets wrong, as a sentence; None where it is all right."""
    scanner = make(_TEXTS)
    for gap in _GAPS:
        for text, ends in _ANSWERS:
            due = [(end + gap, number) for end, number in ends]
            got = sorted(scanner.scan(b"." * gap + text))
            if got != due:
                return f"it finds {got} where {due} is right, in {text!r} after {gap} bytes"
    return None
