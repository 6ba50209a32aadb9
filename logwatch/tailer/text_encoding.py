"""How the bytes of a file are text, and its lines in the encoding in which they are matched.

The mark at the beginning of a file decides (a byte order mark, Unicode 15.0, section 23.8), else
what the source says. Most files are handed out as they are. One in UTF-16, and one in UTF-8 under a
source of another encoding, is put into the source's own: UTF-8 where that is UTF-16. Offsets stay
those of the file all the same: each line knows where it begins there. A newline is looked for in
whole units of the encoding, for half of another character may look like one.

What cannot be decoded is shown as backslashes, as everywhere. UTF-16 without a mark under a source
that says no more than `utf-16` is taken for little-endian.
"""

from __future__ import annotations

import codecs
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate

from msgspec import Struct

from logwatch.records import Stretch

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
LONGEST_MARK = 3
_WIDE = {"utf-16": "utf-16-le", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be"}
"""What a source may say, and what it means where a file has no mark."""
_NEWLINES = {"utf-16-le": b"\n\0", "utf-16-be": b"\0\n"}
_HIGH_SURROGATES = range(0xD8, 0xDC)


def matched_as(named: str) -> str:
    """The encoding in which the lines of a source are matched that says `named`."""
    return "utf-8" if named in _WIDE else named


def is_wide(named: str) -> bool:
    """Whether this names an encoding with characters of two bytes."""
    return named in _WIDE


class TextEncoding(Struct, frozen=True):
    """What is known of one file."""

    codec: str
    target: str
    """In which its lines are handed out."""
    mark: int = 0
    """Bytes of the mark at its beginning, which belong to no line."""
    newline: bytes = b"\n"
    unit: int = 1
    """Bytes of a newline: every line begins at a multiple of that."""
    is_plain: bool = True
    """Whether its lines are handed out as they are."""

    def stretch(self, raw: bytes, start: int) -> Stretch:
        """`raw`, which is at `start` of the file and begins with a whole unit, as it is matched."""
        if self.is_plain:
            return Stretch(data=raw, start=start)
        recoded = Recoded(raw, start, self)
        return Stretch(data=recoded.data, start=start, places=recoded)

    def whole(self, size: int) -> int:
        """The largest number of bytes in `size` that is whole units, but one unit at least."""
        return max(size - size % self.unit, self.unit)

    def count(self, raw: bytes) -> int:
        """How many newlines there are."""
        return raw.count(b"\n") if self.unit == 1 else sum(1 for _ in self.ends(raw))

    def last_end(self, raw: bytes, start: int = 0, end: int | None = None) -> int:
        """Just behind the last newline from `start` on, where a unit begins; 0: there is none."""
        if self.unit == 1:
            return raw.rfind(b"\n", start, end) + 1
        at = raw.rfind(self.newline, start, end)
        while at >= 0 and (at - start) % self.unit:
            at = raw.rfind(self.newline, start, at + self.unit - 1)
        return at + self.unit if at >= 0 else 0

    def first_end(self, raw: bytes, start: int = 0) -> int:
        """Just behind the first newline from `start` on; 0: there is none."""
        at = raw.find(self.newline, start)
        while at >= 0 and (at - start) % self.unit:
            at = raw.find(self.newline, at + 1)
        return at + self.unit if at >= 0 else 0

    def ends(self, raw: bytes) -> Iterator[int]:
        """Just behind each newline."""
        at = raw.find(self.newline)
        while at >= 0:
            if not at % self.unit:
                yield at + self.unit
            at = raw.find(self.newline, at + 1)

    def whole_characters(self, raw: bytes) -> bytes:
        """The same without a character at its end of which a part is missing yet."""
        if self.unit == 1:
            return raw
        raw = raw[: len(raw) - len(raw) % 2]
        last = raw[-1:] if self.codec == "utf-16-le" else raw[-2:-1]
        return raw[:-2] if last and last[0] in _HIGH_SURROGATES else raw


PLAIN = TextEncoding("utf-8", "utf-8")
"""Of text of which nothing is known."""


class Recoded:
    """Lines of a file that begin at `start` there, in the encoding in which they are matched."""

    def __init__(self, raw: bytes, start: int, encoding: TextEncoding) -> None:
        text = raw.decode(encoding.codec, "backslashreplace")
        self.data = text.encode(encoding.target, "backslashreplace")
        self._raw = raw
        self._start = start
        self._encoding = encoding
        # Only characters of ASCII take the fewest bytes in both.
        only_ascii = raw.isascii() if encoding.unit == 1 else len(self.data) * 2 == len(raw)
        self._unit = encoding.unit if only_ascii else 0
        self._table: LineTable | None = None

    def offset(self, index: int) -> int:
        """Where in the file the line is that begins, or ends, at `data[index]`."""
        if self._unit:
            return self._start + index * self._unit
        return self.table().offset(index)

    def index(self, offset: int) -> int:
        """Where in `data` the first line is that begins at or behind `offset` of the file."""
        if self._unit:
            return min(len(self.data), max(0, -((self._start - offset) // self._unit)))
        return self.table().index(offset)

    def table(self) -> LineTable:
        """All lines; made when it is first asked for."""
        if self._table is None:
            lengths = (len(line) + 1 for line in self.data.split(b"\n")[:-1])
            indices = list(accumulate(lengths, initial=0))
            ends = self._encoding.ends(self._raw)
            offsets = [self._start, *(self._start + end for end in ends)]
            if indices[-1] < len(self.data):
                indices.append(len(self.data))
                offsets.append(self._start + len(self._raw))
            self._table = LineTable(indices, offsets)
        return self._table


class LineTable(Struct, frozen=True):
    """Where lines begin, in what is handed out and in the file; at last, where they end."""

    indices: list[int]
    offsets: list[int]

    def offset(self, index: int) -> int:
        """See `Recoded.offset`."""
        return self.offsets[bisect_right(self.indices, index) - 1]

    def index(self, offset: int) -> int:
        """See `Recoded.index`."""
        return self.indices[min(bisect_left(self.offsets, offset), len(self.indices) - 1)]

    def then(self, other: LineTable) -> LineTable:
        """These lines and those that come behind them."""
        size = self.indices[-1]
        indices = [*self.indices[:-1], *(size + each for each in other.indices)]
        return LineTable(indices, [*self.offsets[:-1], *other.offsets])

    def from_index(self, index: int) -> LineTable:
        """The lines that begin at `index` and behind it."""
        first = bisect_left(self.indices, index)
        return LineTable([each - index for each in self.indices[first:]], self.offsets[first:])


def joined(first: Stretch, second: Stretch) -> Stretch:
    """`second` directly behind `first`, of whole lines."""
    data = first.data + second.data
    if first.places is None or second.places is None:
        return Stretch(data=data, start=first.start)
    return Stretch(data=data, start=first.start, places=_table(first).then(_table(second)))


def behind(lines: Stretch, index: int) -> Stretch:
    """The lines that begin at `data[index]` and behind it."""
    table = None if lines.places is None else _table(lines).from_index(index)
    return Stretch(data=lines.data[index:], start=lines.offset(index), places=table)


def _table(lines: Stretch) -> LineTable:
    places = lines.places
    assert isinstance(places, Recoded | LineTable)
    return places.table() if isinstance(places, Recoded) else places


def recognised(head: bytes, named: str) -> TextEncoding:
    """The encoding of a file that begins so, 3 bytes or all, in a source that says `named`."""
    for mark, codec in _MARKS.items():
        if head.startswith(mark):
            return _encoding(codec, named, len(mark))
    return _encoding(_WIDE.get(named, named), named, 0)


def is_undecided(head: bytes) -> bool:
    """Whether these first bytes may become a mark, or another one, when more of them come."""
    return any(len(head) < len(mark) and mark.startswith(head) for mark in _MARKS)


def as_matched(data: bytes, named: str) -> bytes:
    """All the bytes of a file as they are matched, without a mark."""
    encoding = recognised(data[:LONGEST_MARK], named)
    if encoding.is_plain:
        return data[encoding.mark :]
    return Recoded(data[encoding.mark :], encoding.mark, encoding).data


def read_as_matched(read: Callable[[], bytes], named: str) -> Callable[[], bytes]:
    """What `read` gives, piece by piece until it gives nothing, as it is matched."""
    pieces = _as_matched(read, named)
    return lambda: next(pieces, b"")


def _as_matched(read: Callable[[], bytes], named: str) -> Iterator[bytes]:
    piece = read()
    while is_undecided(piece) and (more := read()):
        piece += more
    encoding = recognised(piece[:LONGEST_MARK], named)
    piece = piece[encoding.mark :] or read()
    decoder = codecs.getincrementaldecoder(encoding.codec)("backslashreplace")
    while True:
        if encoding.is_plain:
            found = piece
        else:
            text = decoder.decode(piece, final=not piece)
            found = text.encode(encoding.target, "backslashreplace")
        if found:
            yield found
        if not piece:
            return
        piece = read()


def _encoding(codec: str, named: str, mark: int) -> TextEncoding:
    newline, target = _NEWLINES.get(codec, b"\n"), matched_as(named)
    return TextEncoding(codec, target, mark, newline, len(newline), codec == target)
