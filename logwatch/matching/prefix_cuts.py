"""Where a pattern may be cut, what each part of it is worth, and what it needs behind a cut.

A cut is a place between two pieces. Within a word behind a loop that could run over it, as in
`.*timeout`, there is none: that a line has some `t` somewhere tells nobody anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from logwatch.matching.pattern import PatternError, compile_pattern
from logwatch.matching.pattern_pieces import Piece, Pieces, Sequence

LEAST_LETTERS = 3
"""A shorter word is in so many lines that to have it is no sign of anything."""
NEARLY_ALL = 2 / 3
"""A pattern without a word of its own before its end is nearly matched from this share on."""
MOST_ALTERNATIVES = 20
"""Of a longer list of words, no line nearly matches one."""
_LETTER = 1.0
_MARK = 0.5
_CLASS = 0.25


def weight(piece: Piece) -> float:
    """How much it says of a line that this piece was found in it."""
    if not piece.least:
        return 0.0
    match piece.kind:
        case "literal":
            own = _LETTER if piece.text.isalnum() else _MARK
        case "class" | "reference":
            own = _CLASS
        case "group":
            own = min(map(total, piece.bodies), default=0.0)
        case _:  # a position, or a look ahead or behind
            own = 0.0
    return own * min(piece.least, 8)


def total(sequence: Sequence) -> float:
    """The weight of all its pieces."""
    return sum(map(weight, sequence.pieces))


def cuts(pieces: Pieces, sequence: Sequence) -> list[int]:
    """Numbers of pieces that may be kept of a sequence, ascending, from 0 to all of them."""
    whole = sequence.pieces
    allowed = [0]
    word_end = 0
    for number, before in enumerate(whole, start=1):
        if number >= word_end:
            allowed.append(number)
            if number < len(whole) and could_run_over(pieces, before, whole[number]):
                word_end = _word_end(sequence, number)
    return allowed


def loop_of(piece: Piece) -> Piece | None:
    """The endless repeat of one character that `piece` is or ends with."""
    if piece.kind == "class" and piece.most is None:
        return piece
    if piece.kind == "group" and len(piece.bodies) == 1 and piece.bodies[0].pieces:
        return loop_of(piece.bodies[0].pieces[-1])
    return None


def could_run_over(pieces: Pieces, before: Piece, piece: Piece) -> bool:
    """Whether `before` ends with a loop that takes the character `piece`, too."""
    loop = loop_of(before)
    if loop is None or piece.kind != "literal":
        return False
    try:
        core = compile_pattern(pieces.flags + pieces.pattern[loop.start : loop.core_end])
    except PatternError:
        return False
    return core.match(piece.text) is not None


def literal_run(sequence: Sequence, number: int) -> str:
    """The characters from a piece on up to the first that is no plain one."""
    run = []
    for piece in sequence.pieces[number:]:
        if piece.kind != "literal" or piece.is_repeated:
            break
        run.append(piece.text)
    return "".join(run)


_WORD = re.compile(r"\W*\w*")


def _word_end(sequence: Sequence, number: int) -> int:
    found = _WORD.match(literal_run(sequence, number))
    return number + (found.end() if found else 0)


def near_prefixes(pieces: Pieces) -> tuple[str, ...]:
    """Patterns of which one is found in each line that `pieces` nearly match, () where none do.

    Nearly is: up to the end of the first word of three letters and more, where something comes
    behind that; else two thirds of the whole.
    """
    if len(pieces.alternatives) > MOST_ALTERNATIVES:
        return ()
    found = dict.fromkeys(_near_prefixes(pieces))
    return tuple(found)


def ignoring_case(pieces: Pieces) -> str | None:
    """The pattern for capitals and small letters alike; None where that is no other pattern."""
    if "i" in pieces.flags or not any(map(_has_letter, pieces.alternatives)):
        return None
    return "(?i)" + pieces.pattern


def _has_letter(sequence: Sequence) -> bool:
    return any(
        piece.text.lower() != piece.text.upper() or any(map(_has_letter, piece.bodies))
        for piece in sequence.pieces
    )


def _near_prefixes(pieces: Pieces) -> Iterator[str]:
    for number, sequence in enumerate(pieces.alternatives):
        head = pieces.flags + without(pieces.alternatives[:number])
        for part in _up_to_a_word(pieces.pattern, sequence, is_all=True):
            try:
                compile_pattern(head + part)
            except PatternError:  # it refers to a group that comes later
                continue
            yield head + part


def _up_to_a_word(pattern: str, sequence: Sequence, *, is_all: bool) -> Iterator[str]:
    """The texts of parts of `sequence`, each up to a first word; `is_all`: nothing comes behind."""
    whole, everything = sequence.pieces, total(sequence)
    gained = 0.0
    run = letters = 0
    for number, piece in enumerate(whole):
        following = whole[number + 1] if number + 1 < len(whole) else None
        if _has_word(piece):
            before = pattern[sequence.start : piece.start]
            is_last = is_all and following is None
            yield from _up_to_a_word_inside(pattern, piece, before, is_all=is_last)
            return
        gained += weight(piece)
        letters += _is_letter(piece)
        run = run + 1 if _is_letter(piece) else 0
        ends = run >= LEAST_LETTERS and (following is None or not _is_letter(following))
        enough = is_all and letters >= LEAST_LETTERS and gained >= NEARLY_ALL * everything
        if (ends and not is_all) or ((ends or enough) and gained < everything):
            yield pattern[sequence.start : piece.end]
            return


def _up_to_a_word_inside(pattern: str, piece: Piece, before: str, *, is_all: bool) -> Iterator[str]:
    opening = pattern[piece.start : piece.bodies[0].start]
    for number, body in enumerate(piece.bodies[:MOST_ALTERNATIVES]):
        for part in _up_to_a_word(pattern, body, is_all=is_all):
            yield before + opening + without(piece.bodies[:number]) + part + ")"


def _is_letter(piece: Piece) -> bool:
    return piece.kind == "literal" and piece.text.isalnum() and not piece.is_repeated


def _has_word(piece: Piece) -> bool:
    """Whether each alternative of a group that must be there has a word."""
    if piece.kind != "group" or not piece.least:
        return False
    return all(map(_body_has_word, piece.bodies))


def _body_has_word(body: Sequence) -> bool:
    run = 0
    for piece in body.pieces:
        run = run + 1 if _is_letter(piece) else 0
        if run >= LEAST_LETTERS or _has_word(piece):
            return True
    return False


def without(sequences: tuple[Sequence, ...]) -> str:
    """What stands for alternatives that are left out: groups that take part in no match.

    So those behind them keep their numbers, and what refers to them fails as it did.
    """
    groups = [name for sequence in sequences for name in sequence.groups]
    if not groups:
        return ""
    return "(?:(?!)" + "".join(f"(?P<{name}>)" if name else "()" for name in groups) + ")?"
