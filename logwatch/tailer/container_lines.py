r"""Logs of containers: what Docker's `json-file` driver and the runtimes of Kubernetes (CRI) write.

Each line wraps a line of a program: `{"log":"text\n","stream":"stdout","time":"..."}`, or
`2026-01-05T01:00:00.000000000Z stdout F text`. A long line comes in pieces of 16 KiB: in Docker's
format all but the last lack the `\n` at the end of `log`, in CRI they have the tag `P` for `F`.
Pieces of stdout and stderr may be mixed. Sources: docs.docker.com, JSON File logging driver;
kubernetes/design-proposals-archive, kubelet-cri-logging.md.

Like any framer it has no memory: what is not complete is looked at again with what has come
meanwhile, so an offset is always that of a whole line of a program. A line of `max_line` bytes, or
of 500 pieces, is ended where it is. A line that is not of the format is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import msgspec
from msgspec import Struct

from logwatch.tailer.multiline import JOINT, MAX_LINES, TIMEOUT_SECONDS, Framed, Framer
from logwatch.tailer.settings import Wrapping


class Piece(NamedTuple):
    """A line of such a log."""

    text: bytes
    """Without a newline."""
    is_last: bool
    """Whether it ends a line of the program."""
    stream: str
    time: str
    more: dict[str, str]
    """Further fields, by name."""


class DockerLine(Struct, gc=False):
    """A line of Docker's format."""

    log: str
    stream: str = ""
    time: str = ""
    more: dict[str, str] = msgspec.field(name="attrs", default_factory=dict)


class CriLines(NamedTuple):
    """Whole lines of CRI's format, of which few are looked at."""

    found: list[tuple[bytes, bytes, bytes]]
    """Time, stream, text."""

    def of(self, number: int) -> Piece:
        """One of them."""
        time, stream, text = self.found[number]
        return Piece(text, is_last=True, stream=stream.decode(), time=time.decode(), more={})


class Texts(NamedTuple):
    """Lines of programs, as they were written."""

    data: bytes
    """Each with a newline."""
    starts: Sequence[int]
    """Where each begins in `data`."""
    offsets: Sequence[int]
    """Where its first piece begins in what was unwrapped."""
    pieces: Sequence[Piece | DockerLine] | CriLines
    """That piece; see `piece`."""
    ends: Sequence[int]
    """Where the lines end that its pieces are in, and those mixed with them."""

    def piece(self, number: int) -> Piece | DockerLine:
        """The first piece of a line."""
        pieces = self.pieces
        return pieces.of(number) if isinstance(pieces, CriLines) else pieces[number]


class ContainerFramer(Framer):
    """Puts pieces together, and with `inner` the lines of which they are."""

    def __init__(self, wrapping: Wrapping, inner: Framer | None, max_line: int) -> None:
        self.timeout = TIMEOUT_SECONDS if inner is None else inner.timeout
        self.max_line = max_line
        self._inner = inner
        self._parse = _docker if wrapping == "docker" else _cri
        self._is_plain = _all_whole_in_docker if wrapping == "docker" else _all_whole_in_cri
        self._unwrap_whole = _docker_texts if wrapping == "docker" else _cri_texts

    def frame(self, data: bytes, *, final: bool = False) -> Framed:
        """See `Framer.frame`: the records of the log, of which each is a line of a program."""
        if self._inner is None and self._is_plain(data):
            return Framed(data, data, frozenset())
        groups, end, cut = self._groups(data, final=final)
        kept = data if end == len(data) else data[:end]
        spans = [(start, stop) for start, stop in groups if data.find(b"\n", start) + 1 < stop]
        if self._inner is not None and kept:
            texts = self.unwrap(kept)
            framed = self._inner.frame(texts.data, final=final and end == len(data))
            end = _behind(texts, len(framed.data), len(kept))
            kept = kept[:end]
            spans = list(_spans(texts, framed, end))
            cut = {texts.offsets[texts.starts.index(each)] for each in framed.cut} | cut
        return Framed(kept, _joined(kept, spans), frozenset(each for each in cut if each < end))

    def unwrap(self, data: bytes) -> Texts:
        """The lines of programs in whole records of such a log."""
        if self._is_plain(data):
            quick = self._unwrap_whole(data)
            if quick is not None:
                return quick
        open_: dict[str, int] = {}
        parts: list[list[bytes]] = []
        firsts: list[Piece] = []
        offsets: list[int] = []
        ends: list[int] = []
        waiting = start = at = lines = 0
        for line in _lines(data):
            piece = self._parse(line)
            lines += 1
            number = open_.pop(piece.stream, None)
            if number is None:
                number = len(parts)
                parts.append([piece.text])
                firsts.append(piece)
                offsets.append(at)
            else:
                parts[number].append(piece.text)
            if not piece.is_last:
                open_[piece.stream] = number
            at = min(at + len(line) + 1, len(data))
            if open_ and self._is_full(at - start, lines):
                open_.clear()
            if not open_:
                ends += [at] * (len(parts) - waiting)
                waiting, start, lines = len(parts), at, 0
        ends += [at] * (len(parts) - waiting)
        texts = [b"".join(each).replace(b"\n", b" ") + b"\n" for each in parts]
        starts, total = [], 0
        for text in texts:
            starts.append(total)
            total += len(text)
        return Texts(b"".join(texts), starts, offsets, firsts, ends)

    def joined(self, data: bytes) -> bytes | None:
        """Unwrapped lines of whole records, each record as one line; None where each line is."""
        return None if self._inner is None else self._inner.frame(data, final=True).joined

    def _is_full(self, size: int, lines: int) -> bool:
        """Whether lines that belong together are ended where they are, for want of room."""
        return size > self.max_line or lines >= MAX_LINES

    def _groups(self, data: bytes, *, final: bool) -> tuple[list[tuple[int, int]], int, set[int]]:
        """Lines that belong together, where what is complete ends, and which were cut."""
        groups: list[tuple[int, int]] = []
        open_: set[str] = set()
        cut: set[int] = set()
        start = at = lines = 0
        for line in _lines(data):
            piece = self._parse(line)
            at = min(at + len(line) + 1, len(data))
            lines += 1
            (open_.discard if piece.is_last else open_.add)(piece.stream)
            if open_ and self._is_full(at - start, lines):
                cut.add(start)
                open_.clear()
            if not open_:
                groups.append((start, at))
                start, lines = at, 0
        if start < at and final:
            groups.append((start, at))
            start = at
        return groups, start, cut


@lru_cache(maxsize=256)
def container_framer(wrapping: Wrapping, inner: Framer | None, max_line: int) -> ContainerFramer:
    """The framer of a source, shared by all its files."""
    return ContainerFramer(wrapping, inner, max_line)


def wall_time(text: str) -> float | None:
    """Seconds since the epoch, of RFC 3339 with any number of digits; None for what is none."""
    try:
        return datetime.fromisoformat(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None


def _lines(data: bytes) -> Iterator[bytes]:
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return iter(lines)


def _line_offsets(data: bytes) -> list[int]:
    """Where each line begins, and the end of the last."""
    return list(accumulate([len(line) + 1 for line in data.split(b"\n")[:-1]], initial=0))


def _behind(texts: Texts, consumed: int, size: int) -> int:
    """Where the log is read on when so much of its text was taken."""
    for start, end in zip(reversed(texts.starts), reversed(texts.ends), strict=True):
        if start < consumed:
            return min(end, size)
    return 0


def _spans(texts: Texts, framed: Framed, end: int) -> Iterator[tuple[int, int]]:
    """The records of the log that have several lines."""
    at = number = 0
    count = len(texts.starts)
    while number < count and texts.offsets[number] < end:
        first = number
        stop = framed.joined.find(b"\n", at) + 1 or len(framed.joined)
        while number < count and (texts.starts[number] < stop or number == first):
            number += 1
        last = texts.offsets[number] if number < count else end
        # Lines that are mixed with those before belong to the same record of the log.
        yield texts.offsets[first], min(max(last, texts.offsets[first] + 1), end)
        at = stop


def _joined(data: bytes, spans: Sequence[tuple[int, int]]) -> bytes:
    parts, at = list[bytes](), 0
    for start, stop in spans:
        if start < at:
            continue
        inside = data[start : stop - 1] if data[stop - 1 : stop] == b"\n" else data[start:stop]
        parts += (data[at:start], inside.replace(b"\n", JOINT))
        at = start + len(inside)
    parts.append(data[at:])
    return b"".join(parts)


# -- Docker --------------------------------------------------------------------------------------


_decode = msgspec.json.Decoder(DockerLine).decode
_decode_lines = msgspec.json.Decoder(DockerLine).decode_lines
_WHOLE = b'\\n","stream":"'
"""The end of a whole line, as Docker writes it: between quotes no other is without a backslash."""


def _all_whole_in_docker(data: bytes) -> bool:
    """Whether it is sure, at little cost, that each line is whole."""
    count = data.count(b"\n")
    return data.endswith(b"\n") and data.count(_WHOLE) == count and b"\\" + _WHOLE not in data


def _docker_texts(data: bytes) -> Texts | None:
    """As `unwrap` where each line is whole, at a third of the cost; None where one is not."""
    try:
        found = _decode_lines(data)
        text = "".join([each.log for each in found])
        encoded = text.encode()
    except (msgspec.MsgspecError, UnicodeError):
        return None
    lines = data.count(b"\n")
    if not len(found) == lines == text.count("\n"):
        return None
    is_ascii = len(encoded) == len(text)
    sizes = [len(each.log) if is_ascii else len(each.log.encode()) for each in found]
    starts = list(accumulate(sizes, initial=0))
    offsets = _line_offsets(data)
    return Texts(encoded, starts[:-1], offsets[:-1], found, offsets[1:])


def _docker(line: bytes) -> Piece:
    try:
        found = _decode(line)
        text = found.log.encode()
    except (msgspec.MsgspecError, UnicodeError):
        return Piece(line, is_last=True, stream="", time="", more={})
    is_last = text.endswith(b"\n")
    return Piece(text[:-1] if is_last else text, is_last, found.stream, found.time, found.more)


# -- CRI -----------------------------------------------------------------------------------------

_CRI = re.compile(rb"([0-9T:.Z+-]{19,40}) (stdout|stderr) ([FP])(?::[^ ]*)? ?(.*)", re.DOTALL)
_CRI_PART = re.compile(rb" std(?:out|err) P[ :]")


def _all_whole_in_cri(data: bytes) -> bool:
    return data.endswith(b"\n") and _CRI_PART.search(data) is None


def _cri(line: bytes) -> Piece:
    found = _CRI.fullmatch(line)
    if found is None:
        return Piece(line, is_last=True, stream="", time="", more={})
    time, stream, tag, text = found.groups()
    return Piece(text, tag == b"F", stream.decode(), time.decode(), {})


_CRI_WHOLE = re.compile(
    rb"^([0-9T:.Z+-]{19,40}) (stdout|stderr) F(?::[^ \n]*)?(?: |$)([^\n]*)\n", re.MULTILINE
)


def _cri_texts(data: bytes) -> Texts | None:
    """As `unwrap` where each line is whole, at a fraction of the cost; None where one is not."""
    found = _CRI_WHOLE.findall(data)
    if len(found) != data.count(b"\n"):
        return None
    texts = [text for _, _, text in found]
    starts = list(accumulate([len(text) + 1 for text in texts], initial=0))
    offsets = _line_offsets(data)
    joined = b"\n".join(texts) + b"\n" if texts else b""
    return Texts(joined, starts[:-1], offsets[:-1], CriLines(found), offsets[1:])
