"""The export format of the journal: bytes as they come -> entries, at little cost for each.

An entry is its fields, then an empty line. A field is `NAME=text` and a newline; or, where its
value holds a newline or other bytes that are no text, `NAME`, a newline, eight bytes that count
(little-endian), so many bytes, and a newline. Source: systemd.io/JOURNAL_EXPORT_FORMATS.

Of an entry that nobody asks about only the message and the address are looked for. An entry of
more than `MOST_ENTRY` bytes (a core dump may be in one) is passed over and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MOST_ENTRY = 8 * 1024 * 1024
"""Bytes. Journald itself takes entries of many megabytes, if a program sends them."""
MOST_FIELDS = 200
"""Fields of one entry that are told."""

_BEGIN = b"\n\n__CURSOR="
"""The end of an entry and the beginning of the next, wherever that is found."""
_REMARK = b"--"
"""Begins a line that journalctl wrote for a person: `-- No entries --`."""
# A whole entry of which each field is text, or the beginning of one.
_ENTRY = re.compile(rb"(?>(?:[A-Z0-9_]++=[^\n]*+\n)+)\n")
_CURSOR, _TIME, _MESSAGE = b"\n__CURSOR=", b"\n__REALTIME_TIMESTAMP=", b"\nMESSAGE="


class Entry(NamedTuple):
    """One entry of the journal."""

    cursor: str
    time: float
    """Wall time at which the journal took it, in seconds since the epoch."""
    message: bytes
    raw: bytes
    """All of it, as it was exported."""


class ExportReader:
    """Cuts a stream into entries. What is no export format is passed over and counted."""

    def __init__(self) -> None:
        self._rest = b""
        self.passed_over = 0
        """Entries that were too large or made no sense."""
        self._skipping = False

    def feed(self, data: bytes) -> list[Entry]:
        """The entries that are complete with this."""
        data = self._rest + data if self._rest else data
        found: list[Entry] = []
        at = self._past_too_large(data) if self._skipping else 0
        while not self._skipping:
            end, is_text = _end_of_entry(data, at)
            if end is None:
                break
            raw = data[at:end]
            at = end
            entry = _entry(raw, is_text=is_text)
            if entry is not None:
                found.append(entry)
            elif raw != b"\n" and not raw.startswith(_REMARK):
                self.passed_over += 1
        self._rest = data[at:]
        if len(self._rest) > MOST_ENTRY:
            self.passed_over += 1
            self._skipping = True
            self._rest = self._rest[-len(_BEGIN) :]
        return found

    def _past_too_large(self, data: bytes) -> int:
        """Where the next entry begins; the end but for a part of that where it is not there."""
        begin = data.find(_BEGIN)
        self._skipping = begin < 0
        return max(0, len(data) - len(_BEGIN)) if begin < 0 else begin + 2


def _end_of_entry(data: bytes, at: int) -> tuple[int | None, bool]:
    """Just behind the entry that begins at `at`, and whether it is all text."""
    whole = _ENTRY.match(data, at)
    if whole is not None:
        return whole.end(), True
    if data.startswith((b"\n", _REMARK), at):
        return data.find(b"\n", at) + 1 or None, True
    while True:
        if data.startswith(b"\n", at):
            return at + 1, False
        end = data.find(b"\n", at)
        if end < 0:
            return None, False
        if data.find(b"=", at, end) >= 0:
            at = end + 1
            continue
        size = int.from_bytes(data[end + 1 : end + 9], "little")
        if len(data) < end + 10:
            return None, False
        at = end + 9 + size + 1
        if at > len(data):
            return None, False


def _entry(raw: bytes, *, is_text: bool) -> Entry | None:
    """None for what has no address or no time."""
    if is_text:
        cursor, stamp = _value(raw, _CURSOR), _value(raw, _TIME)
        message = _value(raw, _MESSAGE)
    else:
        values = dict[bytes, bytes]()
        for name, value in _fields(raw):
            values.setdefault(name, value)
        cursor, stamp = values.get(b"__CURSOR", b""), values.get(b"__REALTIME_TIMESTAMP", b"")
        message = values.get(b"MESSAGE", b"")
    if not cursor or not stamp.isdigit():
        return None
    return Entry(cursor.decode("ascii", "replace"), int(stamp) / 1e6, message, raw)


def _value(raw: bytes, name: bytes) -> bytes:
    """Of a field in an entry that is all text; `name` is between a newline and a sign."""
    if raw.startswith(name[1:]):  # the first line has no newline before it
        return raw[len(name) - 1 : raw.find(b"\n")]
    at = raw.find(name) + len(name)
    return raw[at : raw.find(b"\n", at)] if at >= len(name) else b""


def value_of(entry: Entry, *names: bytes) -> bytes:
    """The value of the first of these fields that `entry` has; empty where it has none."""
    raw = entry.raw
    for name in names:
        at = raw.find(b"\n%s=" % name)
        if at >= 0:  # one that is not text, or in the text of another, is nobody's host
            begin = at + len(name) + 2
            return raw[begin : raw.find(b"\n", begin)]
    return b""


def fields_of(entry: Entry) -> Iterator[tuple[str, str]]:
    r"""Names and values but for addresses; bytes that are no text as `\xNN`."""
    raw = entry.raw
    if raw.isascii() and _ENTRY.fullmatch(raw):  # nearly always
        lines = raw[:-2].decode("ascii").split("\n", MOST_FIELDS)
        for line in lines[:MOST_FIELDS]:
            if not line.startswith("__"):
                name, _, text = line.partition("=")
                yield name, text
        return
    for key, value in _fields(raw):
        if not key.startswith(b"__"):
            yield key.decode("ascii", "replace"), value.decode("utf-8", "backslashreplace")


def _fields(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(MOST_FIELDS):
        end = raw.find(b"\n", at)
        if end <= at:
            return
        equals = raw.find(b"=", at, end)
        if equals >= 0:
            yield raw[at:equals], raw[equals + 1 : end]
            at = end + 1
            continue
        begin = end + 9
        stop = begin + int.from_bytes(raw[end + 1 : begin], "little")
        yield raw[at:end], raw[begin:stop]
        at = stop + 1
