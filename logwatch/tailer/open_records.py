"""When the last record of a file is complete, which no line behind it tells.

It is when no further line came for the time that its source says, or when the file behind it in the
chain of generations has something: then the writer has gone on. A record that goes on at the
beginning of that file is one record all the same: one block has both parts, and its two positions
are committed together. The file waits for that, no longer than the time. Before any of this the
offset does not move, so that whoever reads the file anew begins with the whole record.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from logwatch import telemetry
from logwatch.clock import Moment
from logwatch.records import Block
from logwatch.tailer.generation import Generation, Truncated
from logwatch.tailer.multiline import Framed, Framer
from logwatch.tailer.record_generation import RecordGeneration


def read_records(
    generation: RecordGeneration,
    later: Iterable[Generation],
    current: Generation | None,
    framer: Framer,
    now: Moment,
    *,
    finish: bool,
) -> Block | Truncated | None:
    """The next whole records of `generation`; with `finish`, or of a copy, up to its end.

    `later` are the generations behind it, `current` is the one under the path. Raises OSError.
    """
    generation.holds_back = False
    found = generation.read(finish=finish)
    if found is None and generation.open_end:
        found = _settled(generation, tuple(later), current, framer, now)
    if found is None and generation.ended and not generation.open_end:
        found = generation.read(finish=True)
    if not generation.holds_back:
        generation.waits_since = None
    if isinstance(found, Block) and found.cut:
        telemetry.count("records_cut", len(found.cut))
    return found


def _settled(
    generation: RecordGeneration,
    later: Sequence[Generation],
    current: Generation | None,
    framer: Framer,
    now: Moment,
) -> Block | Truncated | None:
    """The record that is not complete, once it is; None: not yet."""
    is_over = _is_over(generation, framer, now)
    following = later[0] if later else None
    # Of files that came between two looks nobody knows for sure which one follows which.
    is_next = len(later) == 1 and following is current
    if is_next and isinstance(following, RecordGeneration) and following.is_untouched:
        lines = following.first_lines(2 * framer.max_line + 2)
        begun = generation.open_record() if lines else None
        if begun is not None:
            if generation.waits_since is None:
                generation.waits_since = now.steady
            is_over |= now.steady - generation.waits_since >= framer.timeout
            framed = framer.frame(begun + lines, final=is_over)
            return _joined(generation, following, framed, len(begun))
        later = later if lines else later[1:]
    if is_over or any(os.fstat(each.file.fd).st_size > each.offset for each in later):
        return generation.read(flush=True)
    return None


def _joined(
    generation: RecordGeneration, following: RecordGeneration, found: Framed, own: int
) -> Block | Truncated | None:
    """The record with what `following` begins with, if that belongs to it.

    `found` has both; its first `own` bytes are of `generation`.
    """
    if not found.data:
        generation.holds_back = True
        return None
    found = found.through(own)
    if rest := found.data[own:]:
        return generation.hand_out(found, own, following.pass_over(rest))
    return generation.read(flush=True)


def _is_over(generation: RecordGeneration, framer: Framer, now: Moment) -> bool:
    """Whether no line came for long."""
    if generation.open_since is None:
        generation.open_since = now.steady
        if generation.in_backlog and generation.seen is not None:
            written = generation.seen[1] / 1e9
            if now.wall - written >= framer.timeout:
                return True
    return now.steady - generation.open_since >= framer.timeout
