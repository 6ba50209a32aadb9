"""How many starts in a row were refused because the disk did not give the store back.

An error of the disk may pass, and the copy of the store is an hour old at most: so the first starts
are refused, and the service manager tries again. Where nothing can be counted none is refused.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from logwatch.store.files import write_whole

MOST_REFUSED = 3
"""Starts in a row; with the unit of logwatch they are five seconds apart."""
_NOTE_NAME = "refused-starts"


def refuse_once_more(path: Path) -> bool:
    """Whether this start is to be refused as well, which is counted beside the store at `path`."""
    note = path.with_name(_NOTE_NAME)
    try:
        number = int(note.read_bytes()) if note.exists() else 0
        if number < MOST_REFUSED:
            write_whole(note, str(number + 1))
    except (OSError, ValueError):
        return False
    return number < MOST_REFUSED


def forget_refusals(path: Path) -> None:
    """The store could be read."""
    with suppress(OSError):  # then fewer are refused another time
        path.with_name(_NOTE_NAME).unlink(missing_ok=True)
