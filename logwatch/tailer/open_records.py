"""When the last record of a file is complete, which no line behind it tells.

It is when no further line came for the time that its source says, or when the file behind it in the
chain of generations has something: then the writer has gone on. Before the first of these the
offset does not move, so that whoever reads the file anew begins with the whole record.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from logwatch import telemetry
from logwatch.clock import Moment
from logwatch.records import Block
from logwatch.tailer.generation import Generation, Truncated
from logwatch.tailer.multiline import Framer


def read_records(
    generation: Generation,
    later: Iterable[Generation],
    framer: Framer,
    now: Moment,
    *,
    finish: bool,
) -> Block | Truncated | None:
    """The next whole records of `generation`; with `finish`, or of a copy, up to its end.

    `later` are the generations behind it. Raises OSError.
    """
    found = generation.read(finish=finish)
    if found is None and generation.open_end and _is_left(generation, later, framer, now):
        found = generation.read(flush=True)
    if found is None and generation.ended and not generation.open_end:
        found = generation.read(finish=True)
    if isinstance(found, Block) and found.cut:
        telemetry.count("records_cut", len(found.cut))
    return found


def _is_left(
    generation: Generation, later: Iterable[Generation], framer: Framer, now: Moment
) -> bool:
    """Whether the writer has left the record that is not complete."""
    if generation.open_since is None:
        generation.open_since = now.steady
        if generation.in_backlog and generation.seen is not None:
            written = generation.seen[1] / 1e9
            if now.wall - written >= framer.timeout:
                return True
    if now.steady - generation.open_since >= framer.timeout:
        return True
    return any(os.fstat(each.file.fd).st_size > each.offset for each in later)
