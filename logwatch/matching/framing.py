"""A block cut into pieces that can each be scanned as one text of one-byte characters.

Most pieces are the block itself: ASCII text, and every text in Latin-1, is scanned as it is. Other
text is decoded and folded (alphabet.py), in small pieces, so that one accent does not cost the
decoding of a megabyte. An over-long line is a piece of its own, cut at its longest length.

Records of several lines come with a second writing of the block, `joined`, of the same length, in
which each is one line. Their text is that of their lines, each without a carriage return at its
end; a piece with carriage returns is therefore decoded, too.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import accumulate, product
from typing import NamedTuple

from logwatch.matching.alphabet import LATIN1, fold, fold_record
from logwatch.matching.hits import Found, LineHit

_PIECE = 1 << 14
"""Bytes of text that are looked at for something that is not ASCII."""
_ESCAPES = rb"\u0041 \U00000041 \x41 \101 \N{DIGIT ONE} +AEE- ~{0!~} =41 %41 &#65;"
"""Text in ASCII that some encodings take for other text."""


class Piece(NamedTuple):
    """Whole lines of a block."""

    start: int
    """Offset in the block of the first byte."""
    data: bytes
    text: str | None = None
    """`data` decoded, where it is not scanned as it is."""
    whole: int | None = None
    """For an over-long line, the length of which `data` is the beginning."""
    joined: bytes | None = None
    """`data` with each of its records as one line; None: its lines are the records."""
    scanned: bytes | None = None
    """What to scan, where that is neither `data` nor its text folded."""

    def folded(self) -> bytes:
        """What to scan: one byte for each character."""
        if self.scanned is not None:
            return self.scanned
        return self.data if self.text is None else fold(self.text)

    @property
    def is_straight(self) -> bool:
        """Whether its lines are whole lines of the block, byte for character."""
        return self.text is None and self.whole is None

    def hit(self, start: int, end: int, text: str, found: list[Found]) -> LineHit:
        """A line of this piece, by its offsets in `data`."""
        cut = self.whole is not None
        end = end if self.whole is None else self.whole
        return LineHit(self.start + start, self.start + end, text, cut, found)

    def line_offsets(self) -> list[int]:
        """Where each line begins in `data`. Right even where decoding changed lengths."""
        lines = self.data if self.joined is None else self.joined
        lengths = (len(line) + 1 for line in lines.split(b"\n"))
        return list(accumulate(lengths, initial=0))


class Framing:
    """How blocks in one encoding are cut up. Raises ValueError for an encoding that cannot be."""

    def __init__(self, encoding: str, max_line: int) -> None:
        problem = encoding_problem(encoding)
        if problem:
            raise ValueError(problem)
        self._encoding = codecs.lookup(encoding).name
        self._max_line = max_line
        self.plain_codec = "latin-1" if self._encoding == "iso8859-1" else "ascii"
        """Decodes what is scanned as it is."""

    def decode(self, data: bytes) -> str:
        r"""Text of `data`; bytes that mean nothing become `\xNN`."""
        return data.decode(self._encoding, "backslashreplace")

    def pieces(self, data: bytes, joined: bytes | None = None) -> Iterator[Piece]:
        """The pieces of a block, in order; `joined` where its records have several lines."""
        if joined is not None:
            yield from self._of_records(data, joined)
            return
        for start, end, is_over_long in self._runs(data):
            run = data if (start, end) == (0, len(data)) else data[start:end]
            if is_over_long:
                kept = run[: self._max_line]
                text = None if self._is_plain(kept) else self.decode(kept)
                yield Piece(start, kept, text, len(run))
            elif self._is_plain(run):
                yield Piece(start, run)
            else:
                yield from self._mixed(start, run)

    def _of_records(self, data: bytes, joined: bytes) -> Iterator[Piece]:
        for start, end, is_over_long in self._runs(joined):
            if is_over_long:
                kept = start + min(end - start, self._max_line)
                piece = self._decoded(start, data[start:kept], joined[start:kept])
                yield piece._replace(whole=end - start)
                continue
            while start < end:
                stop = end
                if not self._is_straight(data[start:end]):
                    stop = joined.find(b"\n", start + _PIECE, end) + 1 or end
                part = data[start:stop]
                if self._is_straight(part):
                    yield Piece(start, part, joined=joined[start:stop], scanned=joined[start:stop])
                else:
                    yield self._decoded(start, part, joined[start:stop])
                start = stop  # noqa: PLW2901 - up to where it was looked at

    def _is_straight(self, data: bytes) -> bool:
        return self._is_plain(data) and b"\r" not in data and b"\x0b" not in data

    def _decoded(self, start: int, data: bytes, joined: bytes) -> Piece:
        texts: list[str] = []
        at = 0
        for record in joined.split(b"\n"):
            texts.append(bare(self.decode(data[at : at + len(record)])))
            at += len(record) + 1
        if not joined.endswith(b"\n"):
            texts.append("")  # so that the last one shows even where it is empty: a lone return
        scanned = b"\n".join(map(fold_record, texts))
        return Piece(start, data, "\n".join(texts), joined=joined, scanned=scanned)

    def over_long(self, data: bytes) -> int:
        """How many lines are over-long: only their beginning is looked at."""
        return sum(is_over_long for _, _, is_over_long in self._runs(data))

    def _runs(self, data: bytes) -> Iterator[tuple[int, int, bool]]:
        """Stretches of lines of ordinary length, and over-long lines: from, to, which."""
        run = line = 0
        while len(data) - line > self._max_line:
            newline = data.rfind(b"\n", line, line + self._max_line + 1)
            if newline >= 0:
                line = newline + 1
                continue
            if run < line:
                yield run, line, False
            newline = data.find(b"\n", line)
            end = len(data) if newline < 0 else newline
            yield line, end, True
            run = line = end + 1
        if run < len(data):
            yield run, len(data), False

    def _mixed(self, start: int, run: bytes) -> Iterator[Piece]:
        pending = at = 0  # from `pending` to `at` all is plain
        while at < len(run):
            end = run.find(b"\n", at + _PIECE) + 1 or len(run)
            part = run[at:end]
            if not self._is_plain(part):
                if pending < at:
                    yield Piece(start + pending, run[pending:at])
                yield Piece(start + at, part, self.decode(part))
                pending = end
            at = end
        if pending < at:
            yield Piece(start + pending, run[pending:at])

    def _is_plain(self, data: bytes) -> bool:
        return self._encoding == "iso8859-1" or data.isascii()


def bare(text: str) -> str:
    """The text of a record as rules see it: no line of it ends with a carriage return.

    It ends with no newline either, not even where it was cut behind one.
    """
    return text.replace("\r\n", "\n").removesuffix("\r").rstrip("\n")


def encoding_problem(name: str) -> str | None:
    """Why logs in this encoding cannot be matched, None where they can.

    UTF-8 can, and every encoding of one byte a character of which ASCII is a part.
    """
    try:
        codec = codecs.lookup(name)
        if codec.name == "utf-8":
            return None
        alone = [bytes([byte]).decode(name, "backslashreplace") for byte in range(256)]
        # Two bytes that are one character only where characters can have two.
        of_two = tuple(product(range(128, 256), repeat=2))
        pairs = b"\n".join(map(bytes, of_two)).decode(name, "backslashreplace")
        escapes = _ESCAPES.decode(name, "backslashreplace")
    except (LookupError, UnicodeError):
        return f"unknown encoding {name!r}"
    has_ascii = "".join(alone[:128]) == LATIN1[:128] and "\n" not in alone[128:]
    has_ascii = has_ascii and escapes.encode() == _ESCAPES
    if has_ascii and pairs == "\n".join(alone[one] + alone[two] for one, two in of_two):
        return None
    return f"encoding {name!r} is neither utf-8 nor one byte a character with ASCII in it"
