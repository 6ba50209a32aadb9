"""`journald`: entries of the journal, from the position that was committed, through `journalctl`.

Nothing is lost at a kill: the cursor of the last entry is committed with what the entries brought
about, and reading goes on behind it. What can be lost is what journald itself forgets (its journal
has a bound) while nobody reads: that is told, with how many entries at most. An entry is read with
its message as text and its fields beside it; its time is when the journal took it.

First the backlog is read by a `journalctl` that ends, so that its end is known, then another one
follows. One that ends before its time is started again behind the last entry, later each time.
"""

from __future__ import annotations

import select
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec.structs import replace

from logwatch import telemetry
from logwatch.clock import Moment
from logwatch.receivers.back_off import BackOff
from logwatch.receivers.base import BLOCK_BYTES, Receiver, newest
from logwatch.receivers.child import Child, StartError, output_of
from logwatch.receivers.export_format import Entry, ExportReader, fields_of
from logwatch.receivers.journal import (
    Cursor,
    JournaldSettings,
    as_syslog,
    everything,
    parse_cursor,
    plain_names,
    wanted,
)
from logwatch.receivers.texts import Texts, texts_of
from logwatch.records import Block, Checkpoint, no_file
from logwatch.tailer.settings import SourceSettings

MOST_ENTRIES = 4096
"""Entries of one block, at most."""
LONGEST_LOOK_SECONDS = 10.0
"""How long one look for the oldest entry that is left may take."""
LONGEST_ENDING_SECONDS = 1.0
"""How long a journalctl that closed its output may go on."""
_ENDING_POLL_SECONDS = 0.02

_Phase: TypeAlias = Literal["finding", "backlog", "following"]
"""What the running `journalctl` is for: to find where to begin, to read what is there, to wait."""


class JournalEnvelopes:
    """What the journal says of the records of one block, beside their text."""

    def __init__(self, entries: Sequence[Entry], texts: Texts, before: str) -> None:
        """`before` is the cursor in front of the first one, empty where there is none."""
        self._entries = entries
        self._starts = texts.starts
        self._size = len(texts.data)
        self._before = before
        self._numbers = [number_of(entry.cursor) for entry in entries]

    def told(self, index: int) -> tuple[float | None, dict[str, str]]:
        """See `Envelopes.told`."""
        entry = self._entries[bisect_right(self._starts, index) - 1]
        fields: dict[str, str] = {}
        for name, value in fields_of(entry):
            key, again = name, 0
            while key in fields:  # the journal allows a field twice
                again += 1
                key = f"{name}.{again}"
            fields[key] = value
        return entry.time, plain_names(fields)

    def cursor(self, index: int) -> str:
        """See `Envelopes.cursor`."""
        number = bisect_right(self._starts, index) - 1
        return self._entries[number - 1].cursor if number else self._before

    def offset(self, index: int) -> int:
        """See `Places.offset`."""
        if index >= self._size:
            return self._numbers[-1] + 1
        return self._numbers[bisect_right(self._starts, index) - 1]

    def index(self, offset: int) -> int:
        """See `Places.index`."""
        number = bisect_left(self._numbers, offset)
        return self._starts[number] if number < len(self._starts) else self._size


def number_of(cursor: str) -> int:
    """The sequence number in a cursor; 0 where there is none."""
    parts = parse_cursor(cursor)
    return parts.number if parts else 0


class JournaldReceiver(Receiver):
    """See the module."""

    def __init__(self, source: SourceSettings, known: Sequence[Checkpoint]) -> None:
        """`known` are its positions in the store; the settings' `start` counts without one."""
        super().__init__(source.address)
        assert isinstance(source.origin, JournaldSettings)
        self._settings = source.origin
        self._text = as_syslog if source.format == "syslog" else _message
        self._last = newest(known)
        """The position behind the last entry that was handed out."""
        self._cursor = (self._last and self._last.cursor) or ""
        finds = source.start == "end" and not self._cursor
        self._phase: _Phase = "finding" if finds else "backlog"
        self._child: Child | None = None
        self._ending_since: float | None = None
        self._reader = ExportReader()
        self._entries: deque[Entry] = deque()
        self._expected = ""
        """The cursor at which the running journalctl was told to begin, until its first entry."""
        self._back_off = BackOff()
        self._caught_up = False
        self._said = ""
        """The last line that journalctl wrote for a person."""
        self._say("following")

    def read(self, now: Moment) -> Block | None:
        """See `Receiver.read`."""
        if self._child is None and not self._start(now):
            return None
        assert self._child is not None
        self._take_in(self._child)
        if self._phase == "finding":
            return self._beginning(self._child, now)
        if self._entries and self._expected:
            self._look_at_first()
        if self._entries:
            self._say("following")
            return self._block()
        if self._has_ended(self._child, now):
            self._go_on(self._child, now)
        return None

    def descriptors(self) -> Mapping[int, int]:
        """See `Receiver.descriptors`."""
        if self._child is None:
            return {}
        return dict.fromkeys(self._child.descriptors, select.POLLIN)

    def next_look(self, now: Moment) -> float | None:
        """See `Receiver.next_look`."""
        if self._child is None:
            return self._back_off.again_at
        return None if self._ending_since is None else now.steady + _ENDING_POLL_SECONDS

    def past_opening(self) -> bool:
        """See `Receiver.past_opening`."""
        return self._caught_up

    def close(self) -> None:
        """See `Receiver.close`."""
        if self._child is not None:
            self._child.end()
            self._child = None

    # One journalctl after another.

    def _command(self) -> list[str]:
        if self._phase == "finding":
            return [*everything(self._settings), "--lines=1"]
        command = wanted(self._settings)
        if self._phase == "following":
            command += ["--follow", "--no-tail"]
        if self._cursor:
            # From that entry itself, to see whether it is still there.
            command.append(f"--cursor={self._cursor}")
        return command

    def _start(self, now: Moment) -> bool:
        if now.steady < self._back_off.again_at:
            return False
        try:
            self._child = Child(self._command())
        except StartError as problem:
            self._failed(str(problem), now)
            return False
        self._reader, self._ending_since = ExportReader(), None
        self._expected = "" if self._phase == "finding" else self._cursor
        self._back_off.began(now.steady)
        return True

    def _take_in(self, child: Child) -> None:
        read = 0
        while read < BLOCK_BYTES and len(self._entries) < MOST_ENTRIES:
            chunk = child.read()
            if not chunk:
                break
            read += len(chunk)
            self._entries.extend(self._reader.feed(chunk))
        for line in child.said():
            self._said = line
            telemetry.info("receivers.program_said", source=self.path, line=line)
        if self._reader.passed_over:
            count, self._reader.passed_over = self._reader.passed_over, 0
            self._lose(f"{count:,} entries of the journal were too large, or made no sense")

    def _has_ended(self, child: Child, now: Moment) -> bool:
        """Whether nothing more comes of it, and it is gone."""
        if not child.output_ended:
            return False
        if child.is_over():
            return True
        if self._ending_since is None:
            self._ending_since = now.steady
        return now.steady - self._ending_since >= LONGEST_ENDING_SECONDS

    def _go_on(self, child: Child, now: Moment) -> None:
        """The next one, if this one did what it was for."""
        self.close()
        if child.status != 0 or self._phase == "following":
            self._failed(self._said or child.how_it_ended(), now)
            return
        if self._expected:  # not even that entry is there, or none is wanted now
            self._look_for(self._expected)
        self._phase, self._caught_up = "following", True
        self._start(now)

    def _failed(self, why: str, now: Moment) -> None:
        seconds = self._back_off.failed(now.steady)
        telemetry.warning(
            "receivers.program_ended", source=self.path, reason=why, again_in_seconds=seconds
        )
        self._say("error", why)

    # Positions.

    def _beginning(self, child: Child, now: Moment) -> Block | None:
        """The journal's end, which is where the source begins: known from now on."""
        if not self._has_ended(child, now):
            return None
        found = list(self._entries)
        self._entries.clear()
        self.close()
        if child.status != 0:
            self._failed(self._said or child.how_it_ended(), now)
            return None
        self._phase = "backlog"
        if not found:  # an empty journal: all that comes is new
            return self.read(now)
        checkpoint = self._behind(found[-1])
        at = checkpoint.offset
        return Block(path=self.path, data=b"", start=at, end=at, checkpoint=checkpoint)

    def _block(self) -> Block:
        """The next entries that have their numbers in one space."""
        before, space = self._cursor, _space(self._entries[0])
        entries: list[Entry] = []
        while self._entries and len(entries) < MOST_ENTRIES and _space(self._entries[0]) == space:
            entries.append(self._entries.popleft())
        texts = texts_of(map(self._text, entries))
        envelopes = JournalEnvelopes(entries, texts, before)
        former, checkpoint = self._last, self._behind(entries[-1])
        is_other = former is not None and former.identity != checkpoint.identity
        block = Block(
            path=self.path,
            data=texts.data,
            start=number_of(entries[0].cursor),
            end=checkpoint.offset,
            checkpoint=checkpoint,
            backlog=not self._caught_up,
            places=envelopes,
            joined=texts.joined,
            envelopes=envelopes,
            also=replace(former, closed=True) if is_other and former else None,
        )
        self._show(checkpoint.offset)
        return block

    def _behind(self, entry: Entry) -> Checkpoint:
        """The position behind `entry`, which was the last one."""
        identity = f"{self.path}:{_space(entry)}.0"
        found = no_file(self.path, identity, number_of(entry.cursor) + 1)
        self._cursor = entry.cursor
        self._last = replace(found, cursor=entry.cursor)
        return self._last

    # What the journal has forgotten.

    def _look_at_first(self) -> None:
        """Whether reading goes on behind the entry that was the last one."""
        expected, self._expected = self._expected, ""
        if parse_cursor(self._entries[0].cursor) == parse_cursor(expected):
            self._entries.popleft()
        else:
            self._look_for(expected)

    def _look_for(self, cursor: str) -> None:
        """Tell what is missing, if the last entry is really gone and not only filtered out."""
        self._expected = ""
        first, last = self._first_from(cursor), parse_cursor(cursor)
        if first is None or last is None or first.space != last.space:
            self._lose(_forgotten("an unknown number of"))
        elif first.number > last.number + 1:
            self._lose(_forgotten(f"up to {first.number - last.number - 1:,}"))

    def _first_from(self, cursor: str) -> Cursor | None:
        """The first entry of all that is there, from `cursor` on."""
        command = [*everything(self._settings), f"--cursor={cursor}", "--lines=1"]
        try:
            output = output_of(command, LONGEST_LOOK_SECONDS)
        except StartError:
            return None
        entries = ExportReader().feed(output)
        return parse_cursor(entries[0].cursor) if entries else None


def _message(entry: Entry) -> bytes:
    return entry.message


def _space(entry: Entry) -> str:
    parts = parse_cursor(entry.cursor)
    return parts.space if parts else "unknown"


def _forgotten(amount: str) -> str:
    return (
        f"the journal has forgotten entries that were not read: {amount} entries are lost;"
        " let journald keep more, see SystemMaxUse= in journald.conf(5)"
    )
