"""The status as a person reads it: what is wrong first, then how far everything is.

Names and reasons come from logs, disks and receivers, so they are printed through `visible`.
Colour is a help and never the only carrier of meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap
from typing import TextIO

from msgspec import Struct

from logwatch.cli.figures import ago, epoch, number, rough, size
from logwatch.cli.looker import Absence
from logwatch.cli.status_engines import audit_in_words, engines_in_words, slowest_in_words
from logwatch.cli.status_held import held_in_words, silences_in_words
from logwatch.daemon.health import (
    ConfigStatus,
    FileStatus,
    Remark,
    SinkStatus,
    Status,
)
from logwatch.sinks.plain_text import visible

_NARROWEST = 40
_FEWEST_FILES = 5
_AROUND_FILES = 3
"""Lines that the table of files takes beside the files: an empty one, its head, its rest."""
_RED, _YELLOW, _GREEN, _DIM, _BOLD = "31", "33", "32", "2", "1"
_PHASES = {
    "starting": "starting",
    "backlog": "reads what the files held at the start",
    "live": "live",
    "stopping": "stopping",
}
FILE_ORDER = {
    "dead": 0,
    "not answering": 1,
    "error": 2,
    "denied": 3,
    "waiting": 4,
    "following": 5,
}
"""What needs somebody most comes first."""


class Style(Struct, frozen=True, kw_only=True):
    """What the terminal can show."""

    color: bool = False
    well: str = "●"
    trouble: str = "✗"
    note: str = "!"
    remedy: str = "→"
    cut: str = "…"

    @classmethod
    def of(cls, stream: TextIO, *, color: bool) -> Style:
        """The marks that the encoding of `stream` has."""
        try:
            "●✗→…".encode(stream.encoding or "utf-8")
        except (UnicodeEncodeError, LookupError):
            return cls(color=color, well="*", trouble="x", remedy="->", cut="~")
        return cls(color=color)

    def paint(self, text: str, code: str) -> str:
        """`text` in colour, where there is colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text


class Screen:
    """Lines for one answer after the other."""

    def __init__(self, style: Style, *, every_file: bool = False) -> None:
        self._style = style
        self._every_file = every_file
        self._before: Status | None = None

    def lines(self, known: Status | Absence, now: float, width: int, height: int) -> list[str]:
        """What to show at wall time `now`: no wider than `width`, and no longer than `height`.

        Files are left out, but for a few, where there are too many; nothing else is.
        """
        width = max(width, _NARROWEST)
        if not isinstance(known, Status):
            self._before = None
            return self._absence(known, now, width)
        before, self._before = self._before, known
        above = [
            *self._head(known, before, width),
            *self._remarks("trouble", known.troubles, width),
            *self._remarks("note", known.notes, width),
        ]
        below = [*self._sinks(known, now, width), *self._foot(known, now, width)]
        room = max(_FEWEST_FILES, height - len(above) - len(below) - _AROUND_FILES)
        return [*above, *self._files(known, now, width, room), *below]

    # -- the head ----------------------------------------------------------------------------

    def _head(self, status: Status, before: Status | None, width: int) -> list[str]:
        parts = [f"logwatch {status.version}", status.host, f"pid {status.pid}"]
        parts += [f"up {rough(status.up_seconds)}", _PHASES.get(status.phase, status.phase)]
        rate = _bytes_read(before, status)
        if rate is not None:
            parts.append(f"{size(rate)}/s")
        summary = f"{self._style.well} {_how_well(status)}: {self._sum(status)}"
        code = _GREEN
        if not status.well:
            summary = f"{self._style.trouble} {_things(len(status.troubles))} wrong"
            code = _RED
        head = self._cut(visible("  ".join(parts)), width)
        return [
            self._style.paint(head, _BOLD),
            *(self._style.paint(line, code) for line in wrap(summary, width)),
        ]

    @staticmethod
    def _sum(status: Status) -> str:
        followed = sum(each.status == "following" for each in status.files)
        behind = sum(each.behind for each in status.files)
        waiting = sum(each.waiting or 0 for each in status.sinks)
        parts = [number(followed, "file") + " followed", f"{size(behind)} behind"]
        parts.append(number(waiting, "message") + " waiting")
        if status.queue.messages:
            parts.append(number(status.queue.messages, "block") + " of matches not judged yet")
        if status.burning:
            parts.append(number(status.burning, "alert") + " burning")
        return ", ".join(parts)

    def _remarks(self, kind: str, remarks: Sequence[Remark], width: int) -> list[str]:
        if not remarks:
            return []
        is_trouble = kind == "trouble"
        mark = self._style.trouble if is_trouble else self._style.note
        lines = [""]
        for each in remarks:
            text = visible(f"{mark} {each.about}: {each.text}")
            code = _RED if is_trouble else _YELLOW
            told = wrap(text, width, subsequent_indent="    ", break_on_hyphens=False)
            lines += [self._style.paint(line, code) for line in told]
            if each.remedy:
                text = visible(f"{self._style.remedy} {each.remedy}")
                indent = "    "
                lines += wrap(
                    text,
                    width,
                    initial_indent=indent,
                    subsequent_indent=indent + "  ",
                    break_on_hyphens=False,
                )
        return lines

    # -- tables ------------------------------------------------------------------------------

    def _files(self, status: Status, now: float, width: int, most: int) -> list[str]:
        if not status.files:
            return []
        files = sorted(status.files, key=_file_order)
        shown = files if self._every_file else files[:most]
        rows = [
            (
                each.path,
                each.sources[0],
                f"{each.lines_per_second:,.1f}",
                size(each.behind),
                ago(each.last_read, now),
                self._state(each),
            )
            for each in shown
        ]
        head = ("file", "source", "lines/s", "behind", "last read", "state")
        lines = ["", *self._table(head, rows, width, right=(2, 3, 4))]
        rest = files[len(shown) :]
        if rest:
            behind = sum(each.behind for each in rest)
            text = f"and {len(rest):,} more, {size(behind)} behind; -a lists all"
            lines.append(self._style.paint(text, _DIM))
        return lines

    def _state(self, each: FileStatus) -> str:
        words = {"waiting": "no such file", "denied": "not readable", "error": "in error"}
        if each.status == "following" and each.quiet:
            return f"{self._style.note} quiet"
        older = each.generations - 1
        if each.status == "following" and older > 0:
            return f"following, and {older} rotated"
        return words.get(each.status, each.status)

    def _sinks(self, status: Status, now: float, width: int) -> list[str]:
        if not status.sinks:
            return []
        rows = [
            (
                each.name,
                each.kind,
                f"{each.delivered:,}",
                _count(each.waiting),
                _count(each.given_up),
                _how(each, now),
            )
            for each in status.sinks
        ]
        head = ("sink", "kind", "delivered", "waiting", "given up", "state")
        return ["", *self._table(head, rows, width, right=(2, 3, 4))]

    def _table(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        width: int,
        *,
        right: Sequence[int],
    ) -> list[str]:
        """Columns side by side; the first one is cut where the line would be too long."""
        rows = [[visible(cell) for cell in row] for row in rows]
        widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
        others = sum(widths[1:]) + 2 * (len(head) - 1)
        widths[0] = max(len(head[0]), min(widths[0], max(width - others, 16)))
        lines = []
        for row in (head, *rows):
            cells = [self._cut_head(row[0], widths[0]), *row[1:]]
            padded = [
                cell.rjust(space) if n in right else cell.ljust(space)
                for n, (cell, space) in enumerate(zip(cells, widths, strict=True))
            ]
            lines.append(self._cut("  ".join(padded).rstrip(), width))
        lines[0] = self._style.paint(lines[0], _DIM)
        return lines

    # -- the foot ----------------------------------------------------------------------------

    def _foot(self, status: Status, now: float, width: int) -> list[str]:
        config, queue, process = status.config, status.queue, status.process
        rows = [
            ("rules", f"{config.rules:,}, in {number(config.sources, 'source')}; {_which(config)}"),
            *(("engine", text) for text in engines_in_words(status.engines)),
            ("audit", audit_in_words(status.engines)),
            *(("slowest", text) for text in slowest_in_words(status.engines)),
            *(("silence", text) for text in silences_in_words(status.held, now)),
            *(("held", text) for text in held_in_words(status.held)),
            ("queue", f"{size(queue.bytes)} of {size(queue.limit)}"),
            ("store", f"{status.store.path}, {size(status.store.bytes)}"),
            ("waking", _waking(status)),
            ("process", _process(process.threads, process.resident_bytes, process.cpu_seconds)),
        ]
        lines = [""]
        for name, text in rows:
            told = wrap(
                visible(text),
                width,
                initial_indent=f"{name:<8} ",
                subsequent_indent=" " * 9,
                break_on_hyphens=False,
            )
            lines += [self._style.paint(line[:8], _DIM) + line[8:] for line in told]
        return lines

    # -- nobody there ------------------------------------------------------------------------

    def _absence(self, absence: Absence, now: float, width: int) -> list[str]:
        if absence.pid is None:
            text, remedy = "logwatch is not running", "systemctl start logwatchd, or: logwatch run"
        else:
            text = (
                f"logwatch (pid {absence.pid}) does not answer: it starts, reloads or stops just"
                " now, or it hangs"
            )
            remedy = f"if that goes on: kill -USR1 {absence.pid} makes it log where it is"
        lines = [self._style.paint(line, _RED) for line in wrap(text, width)]
        for each in (_seen(absence, now), f"store {absence.state}"):
            lines += wrap(visible(f"  {each}"), width, subsequent_indent="    ")
        for sink in absence.sinks:
            waits = f"  sink {sink.name}: {number(sink.waiting, 'message')} waiting"
            given_up = f", {sink.given_up:,} given up" if sink.given_up else ""
            lines.append(self._cut(visible(waits + given_up), width))
        lines += wrap(f"  {self._style.remedy} {remedy}", width, subsequent_indent="    ")
        return lines

    # -- widths ------------------------------------------------------------------------------

    def _cut(self, text: str, width: int) -> str:
        return text if len(text) <= width else text[: width - 1] + self._style.cut

    def _cut_head(self, text: str, width: int) -> str:
        """Without its beginning: of a long path the end tells more."""
        return text if len(text) <= width else self._style.cut + text[len(text) - width + 1 :]


def _how_well(status: Status) -> str:
    """Not more than is known: what was read and is not judged yet may burn."""
    sure = status.phase == "live" and not status.queue.messages
    return "all is well" if sure else "nothing is wrong so far"


def _which(config: ConfigStatus) -> str:
    """`/etc/logwatchd/logwatch.yaml and 2 files more, generation 3`."""
    main = config.files[0] if config.files else "none"
    more = f" and {number(len(config.files) - 1, 'file')} more" if config.files[1:] else ""
    return f"{main}{more}, generation {config.generation:,}"


def _things(count: int) -> str:
    return "1 thing is" if count == 1 else f"{count:,} things are"


def _count(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _file_order(each: FileStatus) -> tuple[int, int, str, str]:
    latest = "".join(chr(0x10FFFF - ord(character)) for character in each.last_read or "")
    return FILE_ORDER.get(each.status, 0), -each.behind, latest or "\U0010ffff", each.path


def _how(each: SinkStatus, now: float) -> str:
    if each.failing_since is None and not each.down:
        return "well"
    words = "down" if each.down else "failing"
    if each.failing_since is not None:
        words += f" for {rough(now - epoch(each.failing_since))}"
    if each.next_try is not None:
        words += f", next try in {rough(epoch(each.next_try) - now)}"
    return words


def _waking(status: Status) -> str:
    waking = status.waking
    if waking.reason:
        return f"by polling: {waking.reason}"
    polled = (
        f", {number(len(waking.polled), 'directory', 'directories')} polled"
        if waking.polled
        else ""
    )
    return f"{waking.mode}, {waking.watched:,} watched{polled}"


def _process(threads: int, resident: int | None, cpu: float) -> str:
    return f"{number(threads, 'thread')}, {size(resident)} of memory, {cpu:,.1f} s of CPU"


def _bytes_read(before: Status | None, status: Status) -> float | None:
    """Bytes a second that were read between two answers of one life; None where nobody knows."""
    if before is None or (before.pid, before.since) != (status.pid, status.since):
        return None
    seconds = status.up_seconds - before.up_seconds
    offsets = {each.path: each.offset for each in before.files}
    read = sum(max(0, each.offset - offsets.get(each.path, 0)) for each in status.files)
    return read / seconds if seconds > 0 else None


def _seen(absence: Absence, now: float) -> str:
    if absence.last_seen is None:
        return "it has never run with this store"
    at = datetime.fromtimestamp(epoch(absence.last_seen)).strftime("%b %d %H:%M:%S")  # noqa: DTZ006 - for eyes
    ago = rough(now - epoch(absence.last_seen))
    if absence.pid is not None:
        return f"it last wrote its store at {at}, {ago} ago"
    if absence.ended_in_order:
        return f"last seen {at}, {ago} ago: it stopped in order"
    return f"last seen {at}, {ago} ago: it was killed, or the machine stopped"
