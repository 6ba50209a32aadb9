"""Blocks of records of several lines, put together as sources put them together.

What was made for a pattern stands alone, or among other lines, or beside another of its kind. Some
blocks are messages, as from a journal; some are logs of which the tailer's framer makes records.
"""

from __future__ import annotations

from collections.abc import Sequence

from matching.exactness import near
from matching.exactness.choices import Choices, once_in, pick
from matching.exactness.comparison import ENDINGS, encoded

from logwatch.receivers.texts import texts_of
from logwatch.tailer.multiline import Framer, MultilineSettings

# fmt: off
NEWLINES = (
    *["\n"] * 5, "\r\n", "\r\n", "\r\r\n", "\n\n", "\n\r\n", "\n\n\n", "\x0b\n", "\n\x0b",
)
"""What may stand between two lines of a record."""
NEIGHBOURS = (
    "", "\r", " ", "a", "\0", "\tat a.b(C.java:1)", "Traceback (most recent call last):", "é\u2028",
    "KeyError: 'x'", "\x0b", "\x1d", "\x85", "😀", "Caused by: err", "x" * 40,
)
MOST_LINES = 8
SETTINGS = tuple(
    MultilineSettings(max_lines=MOST_LINES, **each)
    for each in (
        {"preset": "indent"}, {"preset": "python"}, {"preset": "java"}, {"start": r"^\S"},
        {"start": "^[^a-mé]"}, {"start": "e"}, {"end": "[a-m]$"}, {"end": "r"},
        {"start": "^[a-f]", "end": "[^a-m]$"},
    )
)
# fmt: on


def record(choices: Choices, text: str, others: Sequence[str], longest: int) -> str:
    """What the pattern `text` matches, or nearly, in a record of one or of several lines."""
    lines = [near.line(choices, text)]
    for _ in range(pick(choices, (0, 1, 1, 2, 2, 4))):
        if once_in(choices, 3):
            more = near.line(choices, text if once_in(choices, 2) else pick(choices, others))
        else:
            more = pick(choices, NEIGHBOURS)
        lines.insert(choices.below(len(lines) + 1), more)
    made = lines[0]
    for each in lines[1:]:
        made += pick(choices, NEWLINES) + each
    return made[:longest]


def block_of_records(
    choices: Choices, texts: Sequence[str], encoding: str, max_line: int, *, framed: bool = True
) -> tuple[bytes, bytes]:
    """The data of records with these texts, and the same with each record as one line.

    Where patterns backtrack badly they must not be `framed`: several could become one.
    """
    parts = [encoded(choices, text, encoding) for text in texts]
    if not (framed and once_in(choices, 3)):
        found = texts_of(parts)
        return found.data, found.data if found.joined is None else found.joined
    data = b"".join(part + pick(choices, ENDINGS) for part in parts)
    data = data.removesuffix(b"\n") if once_in(choices, 3) else data
    framer = Framer(pick(choices, SETTINGS), encoding=encoding, max_line=max_line)
    whole = framer.frame(data, final=True)
    return whole.data, whole.joined
